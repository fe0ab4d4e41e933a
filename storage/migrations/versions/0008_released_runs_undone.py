"""A released run can be undone: who did it and why, seats that were taken back, and the letter that says so."""
# ruff: noqa: E501 -- lists of words stay on one line

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_STAGES = "'seated', 'offered', 'accepted', 'submitted', 'returned', 'declined', 'expired', 'replaced', 'stood_down'"
_REASONS = "'illness', 'leave', 'workload', 'technical_fault', 'reasonable_adjustment', 'organisation_delay', 'board_request', 'other'"
_STATUSES = "'proposed', 'released', 'discarded'"
_BEFORE = "'invitation', 'endorsement_request', 'consent_reminder', 'application_open', 'application_reminder', 'application_received', 'deadline_moved', 'more_time_refused', 'lapsed', 'ineligible', 'withdrawn', 'deferred', 'readmitted', 'paused', 'resumed', 'offer', 'offer_reminder', 'offer_expired', 'scoring_open', 'scoring_reminder', 'scoring_overdue', 'evidence_request', 'stood_down'"
_AFTER = "'admitted', 'reserved', 'not_admitted', 'promoted', 'feedback', 'reserve_list_closed'"


def upgrade() -> None:
    """Let runs be undone and seats be taken back; nothing that is stored changes."""
    op.add_column("allocationrun", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("allocationrun", sa.Column("undone_by", sa.String(length=20), nullable=True))
    op.add_column("allocationrun", sa.Column("undone_reason", sa.String(length=32), nullable=True))
    op.add_column("allocationrun", sa.Column("undone_panels", sa.Integer(), nullable=True))
    op.add_column("allocationrun", sa.Column("kept_panels", sa.Integer(), nullable=True))
    _allow_first("allocationrun", "steer_reason", f"undone_reason IN ({_REASONS})")
    _allow("allocationrun", "run_status", f"status IN ({_STATUSES}, 'undone')")
    _allow("assessment", "assessment_stage", f"stage IN ({_STAGES}, 'taken_back')")
    _allow("outboxmessage", "template", f"template IN ({_BEFORE}, 'taken_back', {_AFTER})")


def downgrade() -> None:
    """Forbid them again: an undone run counts as discarded, a seat taken back as no longer needed, the letters go."""
    op.execute("UPDATE allocationrun SET status = 'discarded' WHERE status = 'undone'")
    op.execute("UPDATE assessment SET stage = 'stood_down' WHERE stage = 'taken_back'")
    op.execute("DELETE FROM outboxmessage WHERE template = 'taken_back'")
    _allow("allocationrun", "run_status", f"status IN ({_STATUSES})")
    _allow("assessment", "assessment_stage", f"stage IN ({_STAGES})")
    _allow("outboxmessage", "template", f"template IN ({_BEFORE}, {_AFTER})")
    op.drop_constraint(op.f("ck_allocationrun_steer_reason"), "allocationrun", type_="check")
    for column in ("undone_at", "undone_by", "undone_reason", "undone_panels", "kept_panels"):
        op.drop_column("allocationrun", column)


def _allow(table: str, name: str, words: str) -> None:
    named = op.f(f"ck_{table}_{name}")
    op.drop_constraint(named, table, type_="check")
    op.create_check_constraint(named, table, words)


def _allow_first(table: str, name: str, words: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, words)
