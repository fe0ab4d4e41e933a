"""Pairs of nominations and assessors that operations set."""
# ruff: noqa: E501 -- lists of words stay on one line

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, empty: nothing was pinned or forbidden before."""
    op.create_table(
        "pairrule",
        sa.Column("nomination_id", sa.String(length=40), nullable=False),
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("set_by", sa.String(length=20), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('pinned', 'forbidden')", name=op.f("ck_pairrule_pair_kind")),
        sa.CheckConstraint(
            "reason IN ('illness', 'leave', 'workload', 'technical_fault', 'reasonable_adjustment', 'organisation_delay', 'board_request', 'other')",
            name=op.f("ck_pairrule_steer_reason"),
        ),
        sa.CheckConstraint(
            "starts_with(nomination_id, cohort_id || '-')", name=op.f("ck_pairrule_nomination_of_the_same_cohort")
        ),
        sa.ForeignKeyConstraint(
            ["assessor_id", "cohort_id"],
            ["assessor.id", "assessor.cohort_id"],
            name=op.f("fk_pairrule_assessor_id_cohort_id_assessor"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_pairrule_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["nomination_id"], ["nomination.id"], name=op.f("fk_pairrule_nomination_id_nomination")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_pairrule_set_by_person")),
        sa.PrimaryKeyConstraint("nomination_id", "assessor_id", name=op.f("pk_pairrule")),
    )
    op.create_index(op.f("ix_pairrule_cohort_id"), "pairrule", ["cohort_id"], unique=False)


def downgrade() -> None:
    """Drop it: what was pinned and forbidden is lost, and the audit trail keeps that it was."""
    op.drop_index(op.f("ix_pairrule_cohort_id"), table_name="pairrule")
    op.drop_table("pairrule")
