"""${message}."""
# ruff: noqa: E501 -- lists of words stay on one line

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """TODO: say what this step adds, and how rows that stand already get it."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """TODO: say what is lost."""
    ${downgrades if downgrades else "pass"}
