"""What tasks share while they run: leases and request limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.calsync.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite only counts up an INTEGER key.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, parents first."""
    _create_lease()
    _create_rate_slot()
    _create_pause()
    _create_token_budget()


def downgrade() -> None:
    """Drop the tables, children first."""
    for table in (
        "token_budget",
        "pause",
        "rate_slot",
        "lease",
    ):
        op.drop_table(table)


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("owner", sa.String(1024), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_lease_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_lease"),
    )


def _create_rate_slot() -> None:
    op.create_table(
        "rate_slot",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("slice_start", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", "slice_start", name="pk_rate_slot"),
    )


def _create_pause() -> None:
    op.create_table(
        "pause",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_pause"),
    )


def _create_token_budget() -> None:
    op.create_table(
        "token_budget",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer()),
        sa.PrimaryKeyConstraint("key", "day", name="pk_token_budget"),
    )
