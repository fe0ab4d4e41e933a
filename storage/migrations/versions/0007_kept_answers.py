"""Answers to forms that one can go back to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "keptanswer",
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("own_words", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("page", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("browser", "key", name=op.f("pk_keptanswer")),
    )
    op.create_index("ix_keptanswer_kept", "keptanswer", ["kept_at"], unique=False)


def downgrade() -> None:
    """Drop it: nobody can go back to an answer of before."""
    op.drop_index("ix_keptanswer_kept", table_name="keptanswer")
    op.drop_table("keptanswer")
