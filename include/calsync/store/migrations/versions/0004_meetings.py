"""What a meeting is besides one activity and one event: an occurrence of a series, and several people's."""

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
    ("link", "meeting", 1100, "iCalUID, and of an occurrence its original start"),
    ("intent", "meeting", 1100, "as of a link"),
]

STATE = "new: to become an attendee; gone: to be one no longer"


def upgrade() -> None:
    """Add the columns, and the table of copies."""
    for table, name, length, comment in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(length), comment=comment))
    op.create_index("ix_link_meeting", "link", ["company_id", "meeting"])
    op.create_index("uq_intent_meeting", "intent", ["company_id", "meeting"], unique=True)
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "copy",
        sa.Column("id", key, nullable=False),
        sa.Column("account_id", key, nullable=False),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024), nullable=False),
        sa.Column("meeting", sa.String(1100), nullable=False, comment="as of a link"),
        sa.Column("email", sa.String(320), nullable=False, comment="of the account's Pipedrive user"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column(
            "state", sa.String(20), nullable=False, comment="new: to become an attendee; gone: to be one no longer"
        ),
        sa.CheckConstraint("state IN ('new', 'shown', 'gone')", name=op.f("ck_copy_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_copy_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
        sa.UniqueConstraint("account_id", "event_id", name=op.f("uq_copy_account_id_event_id")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_copy_calendar_id_event_id")),
        comment="events of meetings that have their activity through another account's event",
    )
    op.create_index("ix_copy_meeting", "copy", ["company_id", "meeting"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("copy")
    op.drop_index("ix_link_meeting", "link")
    op.drop_index("uq_intent_meeting", "intent")
    for table, name, _, _ in TEXTS:
        op.drop_column(table, name)
