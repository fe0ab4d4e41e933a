"""The letter that says why a nominee is not given the time they asked for."""
# ruff: noqa: E501 -- lists of words stay on one line

from alembic import op

revision = "0005"
down_revision = "0004"

_BEFORE = "'invitation', 'endorsement_request', 'consent_reminder', 'application_open', 'application_reminder', 'application_received', 'deadline_moved'"
_AFTER = "'lapsed', 'ineligible', 'withdrawn', 'deferred', 'readmitted', 'paused', 'resumed', 'offer', 'offer_reminder', 'offer_expired', 'scoring_open', 'scoring_reminder', 'scoring_overdue', 'evidence_request', 'stood_down', 'admitted', 'reserved', 'not_admitted', 'promoted', 'feedback', 'reserve_list_closed'"


def upgrade() -> None:
    """Let letters of this kind be owed."""
    _allow(f"{_BEFORE}, 'more_time_refused', {_AFTER}")


def downgrade() -> None:
    """Forbid them again; those that are owed go, since nothing could write them, and the audit trail keeps that they were."""
    op.execute("DELETE FROM outboxmessage WHERE template = 'more_time_refused'")
    _allow(f"{_BEFORE}, {_AFTER}")


def _allow(words: str) -> None:
    name = op.f("ck_outboxmessage_template")
    op.drop_constraint(name, "outboxmessage", type_="check")
    op.create_check_constraint(name, "outboxmessage", f"template IN ({words})")
