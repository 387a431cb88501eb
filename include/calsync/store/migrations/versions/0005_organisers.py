"""A copy may be the organiser's event, which could not take its meeting's activity over yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COMMENT = "the organiser's, which takes the activity over once it can"


def upgrade() -> None:
    """Add the column."""
    op.add_column("copy", sa.Column("waits", sa.Boolean(), server_default=sa.false(), nullable=False, comment=COMMENT))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("copy", "waits")
