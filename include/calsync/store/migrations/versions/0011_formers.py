"""What is made anew is made whole: what a link held last is kept when it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.calsync.store.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "former",
        sa.Column("id", key, nullable=False),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("base_activity", sa.JSON(), nullable=False),
        sa.Column("base_event", sa.JSON(), nullable=False),
        sa.Column("activity_digest", sa.String(64), nullable=False),
        sa.Column("event_digest", sa.String(64), nullable=False),
        sa.Column("rendered", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.JSON(none_as_null=True)) for name in ("intended", "activity_raw", "event_raw")),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("origin IN ('pipedrive', 'google')", name=op.f("ck_former_origin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_former_calendar_id_event_id")),
        comment="what a link held last that ended: from this one side is made anew when the other comes back",
    )
    op.create_index("ix_former_activity", "former", ["company_id", "activity_id"])
    op.create_index("ix_former_ended_at", "former", ["ended_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("former")
