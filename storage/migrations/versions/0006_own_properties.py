"""What assessors agreed to say of themselves, so that panels are mixed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, empty: nobody was asked before."""
    op.create_table(
        "ownproperty",
        sa.Column("assessor_id", sa.String(length=20), nullable=False),
        sa.Column("cohort_id", sa.String(length=32), nullable=False),
        sa.Column("property", sa.String(length=32), nullable=False),
        sa.Column("agreed_by", sa.String(length=20), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "property IN ('woman', 'ethnic_minority', 'disabled')", name=op.f("ck_ownproperty_assessor_property")
        ),
        sa.ForeignKeyConstraint(["agreed_by"], ["person.id"], name=op.f("fk_ownproperty_agreed_by_person")),
        sa.ForeignKeyConstraint(
            ["assessor_id", "cohort_id"],
            ["assessor.id", "assessor.cohort_id"],
            name=op.f("fk_ownproperty_assessor_id_cohort_id_assessor"),
        ),
        sa.PrimaryKeyConstraint("assessor_id", "cohort_id", "property", name=op.f("pk_ownproperty")),
    )


def downgrade() -> None:
    """Drop it: what was said is gone, and has to be asked for anew."""
    op.drop_table("ownproperty")
