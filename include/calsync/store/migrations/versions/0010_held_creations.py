"""New items can be held, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "held_creation",
        sa.Column("id", key, nullable=False),
        sa.Column("hold_id", key, nullable=False),
        sa.Column("account_id", key, nullable=False),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("item_id", sa.String(1024), nullable=False),
        sa.CheckConstraint("side IN ('activities', 'events')", name=op.f("ck_held_creation_side")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_creation_account_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_held_creation_hold_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_creation")),
        sa.UniqueConstraint("account_id", "side", "item_id", name=op.f("uq_held_creation_account_id_side_item_id")),
        comment="new items that are not created on the other side until a person decides",
    )
    op.create_index("ix_held_creation_hold_id", "held_creation", ["hold_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("held_creation")
