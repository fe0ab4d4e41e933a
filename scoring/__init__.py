"""What scores mean: means, quality assurance flags, the audit sample, the proposed order, agreement.

No score is adjusted for an assessor's severity. On panels of three like these, real data show next to no severity
to correct (Gallo's 72 grant panels, doi 10.6084/m9.figshare.12728087: the variance between reviewers is estimated
as zero), and a naive correction would have exchanged 5 of the 25 best. Uncertainty is shown instead.
"""
