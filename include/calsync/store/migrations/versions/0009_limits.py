"""Pauses that grow and that no wrong clock prolongs, when a daily budget comes back, since when an account is busy."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from include.calsync.store.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Table, column, type, options.
COLUMNS: list[tuple[str, str, Any, dict[str, Any]]] = [
    (
        "pause",
        "length_s",
        sa.Float(),
        {"comment": "so far away is its end at most: whoever set it may have a clock that is ahead"},
    ),
    ("pause", "rested_until", UtcDateTime(), {"comment": "end of the last rest that grows"}),
    ("pause", "rests_count", sa.Integer(), {"nullable": False, "server_default": "0", "comment": "of those in a row"}),
    ("token_budget", "seen_at", UtcDateTime(), {"comment": "when the service said what remains"}),
    (
        "account",
        "busy_since",
        UtcDateTime(),
        {"comment": "the first run in a row that could not work on it"},
    ),
]


def upgrade() -> None:
    """Add the columns, and the table of budgets."""
    for table, name, kind, options in COLUMNS:
        op.add_column(table, sa.Column(name, kind, **options))
    op.create_table(
        "budget_reset",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("minute", sa.Integer(), comment="of the day in UTC; null: not known yet"),
        sa.Column("learnt_at", UtcDateTime()),
        sa.Column("exhausted_since", UtcDateTime(), comment="since when it was found used up; null: there is some"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budget_reset")),
        comment="when a company's daily budget comes back",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("budget_reset")
    for table, name, _, _ in COLUMNS:
        op.drop_column(table, name)
