"""Rows know the shape that they are stored in, and what is held is a whole row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FORMAT = "of the payload; tasks of another version leave it alone"


def upgrade() -> None:
    """Add the columns. Rows of before are of the first format."""
    for table in ("plan_row", "held_item"):
        op.add_column(table, sa.Column("format", sa.Integer(), nullable=False, server_default="1", comment=FORMAT))
    side = "as the row's, like what follows; none: of the first format"
    op.add_column("held_item", sa.Column("side", sa.String(20), comment=side))
    op.add_column("held_item", sa.Column("reason", sa.String(200)))
    op.add_column("held_item", sa.Column("conflicts", sa.JSON()))
    op.add_column("held_item", sa.Column("rule", sa.String(120)))


def downgrade() -> None:
    """Drop them."""
    for name in ("rule", "conflicts", "reason", "side", "format"):
        op.drop_column("held_item", name)
    op.drop_column("plan_row", "format")
