"""Pure decisions: stages, deadlines, eligibility, conflicts of interest, permissions, quality."""
