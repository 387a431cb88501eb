"""Bases know which fields they were made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
TABLES = ("link", "former")


def upgrade() -> None:
    """Add the number; what is there was made with the first set."""
    for table in TABLES:
        comment = "of the fields that the base knows"
        op.add_column(table, sa.Column("field_set", sa.Integer(), nullable=False, server_default="1", comment=comment))


def downgrade() -> None:
    """Drop it."""
    for table in TABLES:
        op.drop_column(table, "field_set")
