"""An event is removed after the one that takes its place was made: what is still to be removed is remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: no former pair's event is to be removed."""
    comment = "the event is still to be removed"
    column: sa.Column[bool] = sa.Column(
        "leaves", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment
    )
    op.add_column("former", column)


def downgrade() -> None:
    """Drop it."""
    op.drop_column("former", "leaves")
