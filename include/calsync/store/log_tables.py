"""The tables of what was written, of what is being written, and of what somebody is told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint, false

from include.calsync.store.metadata import Key, OptionalJson, metadata, one_of, only
from include.calsync.store.types import Identifier, Prose, UtcDateTime, Words

change_log = Table(
    "change_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("run_id", String(36), nullable=False, index=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("link_id", BigInteger),
    Column("company_id", Identifier(40), nullable=False),
    Column("activity_id", BigInteger),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024)),
    Column("side", String(20), nullable=False, comment="where it was written"),
    Column("action", String(40), nullable=False),
    Column("reason", Words(200), nullable=False),
    Column("actor", Words(200), comment="who decided it; none: the sync by itself"),
    Column("before", OptionalJson),
    Column("after", OptionalJson),
    Column("lost", OptionalJson, comment="values that lost a conflict, by field"),
    one_of("side", "events", "activities", "store"),
    Index("ix_change_log_recent", "account_id", "action", "at"),
    Index("ix_change_log_activity", "company_id", "activity_id"),
    Index("ix_change_log_event", "calendar_id", "event_id"),
    Index("ix_change_log_lost", "run_id", **only("lost IS NOT NULL")),
    comment="append-only (trigger)",
)

log_guard = Table(
    "log_guard",
    metadata,
    Column("key", String(20), primary_key=True),
    Column("before", UtcDateTime, comment="entries from before then may be deleted"),
    Column("erasing", Boolean, nullable=False, server_default=false(), comment="texts may be blanked"),
    comment="what the transaction that put it here may do to the change log (trigger); no transaction leaves it",
)

open_write = Table(
    "open_write",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("link_id", BigInteger),
    Column("company_id", Identifier(40), nullable=False),
    Column("activity_id", BigInteger),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024)),
    Column("side", String(20), nullable=False, comment="where it is written"),
    Column("action", String(40), nullable=False),
    Column("reason", Words(200), nullable=False),
    Column("actor", Words(200), comment="who decided it; none: the sync by itself"),
    Column("before", OptionalJson),
    Column("after", OptionalJson),
    Column("seen", Identifier(200), comment="etag or update time of the item before the write"),
    one_of("side", "events", "activities"),
    comment="a write about to be sent: committed before the request, and gone with its entry in the change log",
)

alert = Table(
    "alert",
    metadata,
    Column("id", Key, primary_key=True),
    Column("notifier", Identifier(300), nullable=False, comment="its place in the accounts file, and its path"),
    Column("kind", String(40), nullable=False),
    Column("subject", Identifier(300), nullable=False, comment="what it is about: an account, a hold, a connection"),
    Column("text", Prose(), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Column("over_at", UtcDateTime, comment="it is told once more, and gone then"),
    Column("taken_until", UtcDateTime, comment="a task is telling it"),
    UniqueConstraint("notifier", "kind", "subject"),
    comment="what somebody is to be told of, once by each notifier",
)
