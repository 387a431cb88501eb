"""The store remembers to which installation it belongs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "deployment",
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deployment")),
        comment="one row: the installation that the store belongs to; a copy of the store is found out by it",
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("deployment")
