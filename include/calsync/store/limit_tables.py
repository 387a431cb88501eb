"""The tables of request limits, pauses, daily budgets and leases."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

from include.calsync.store.metadata import metadata
from include.calsync.store.types import Identifier, Prose, UtcDateTime

rate_slot = Table(
    "rate_slot",
    metadata,
    Column("key", Identifier(300), primary_key=True),
    Column("slice_start", UtcDateTime, primary_key=True),
    Column("used", Float, nullable=False),
)

pause = Table(
    "pause",
    metadata,
    Column("key", Identifier(300), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Prose(), nullable=False),
    Column("length_s", Float, comment="so far away is its end at most: whoever set it may have a clock that is ahead"),
    Column("rested_until", UtcDateTime, comment="end of the last rest that grows"),
    Column("rests_count", Integer, nullable=False, server_default="0", comment="of those in a row"),
)

token_budget = Table(
    "token_budget",
    metadata,
    Column("key", Identifier(300), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("spent", Integer, nullable=False),
    Column("remaining", Integer),
    Column("seen_at", UtcDateTime, comment="when the service said what remains"),
)

budget_reset = Table(
    "budget_reset",
    metadata,
    Column("key", Identifier(300), primary_key=True),
    Column("minute", Integer, comment="of the day in UTC; null: not known yet"),
    Column("learnt_at", UtcDateTime),
    Column("exhausted_since", UtcDateTime, comment="since when it was found used up; null: there is some"),
    comment="when a company's daily budget comes back",
)

lease = Table(
    "lease",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("owner", Identifier(1024), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
