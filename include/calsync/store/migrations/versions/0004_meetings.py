"""Columns for what a meeting is besides one activity and one event: an occurrence of a series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Table, column, length, comment.
TEXTS = [
    ("link", "series_id", 1024, "of an occurrence: its series"),
    ("link", "original_start", 40, "of an occurrence: where its series put it, in the series' own zone"),
    ("link", "vanished_since_run", 36, "the run that first saw the series without this occurrence"),
    ("intent", "series_id", 1024, "as of a link"),
    ("intent", "original_start", 40, "as of a link"),
]


def upgrade() -> None:
    """Add the columns."""
    for table, name, length, comment in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(length), comment=comment))


def downgrade() -> None:
    """Drop them."""
    for table, name, _, _ in TEXTS:
        op.drop_column(table, name)
