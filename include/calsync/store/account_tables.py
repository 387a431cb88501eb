"""The tables of accounts: who they are, how they are set, how their runs went."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from include.calsync.store.metadata import Key, OptionalJson, metadata, one_of
from include.calsync.store.types import Identifier, Prose, UtcDateTime, Words

account = Table(
    "account",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Identifier(200), nullable=False, unique=True),
    Column("company_id", Identifier(40)),
    Column("user_id", BigInteger),
    Column("calendar_id", Identifier(1024)),
    Column("settings_digest", String(64), comment="of the settings that the last full pull was made with"),
    Column("mode", String(20), comment="of the last run; another one rebases the links"),
    Column("activities_connected_at", UtcDateTime),
    Column("events_connected_at", UtcDateTime),
    Column("state", String(20), nullable=False, server_default="ok"),
    Column("error", Prose()),
    Column("busy_since", UtcDateTime, comment="the first run in a row that could not work on it"),
    Column("failure", String(20), comment="why it has failed: of which kind; null: it has not"),
    Column("resynced_at", UtcDateTime, comment="when a sync token had expired last, so that all was read"),
    Column("settings", OptionalJson, comment="as a person wrote them; null: of a name that is configured no more"),
    Column("source", String(10), comment="who may change them: a person on the page, or who writes the accounts file"),
    Column("source_line", Integer, comment="in the accounts file"),
    Column("version", Integer, nullable=False, server_default="0", comment="of the settings; grows with each change"),
    Column("updated_at", UtcDateTime),
    Column("updated_by", Words(200), comment="the user's name in Airflow; of the file: that it was"),
    Column("removed_at", UtcDateTime, comment="removed on the page, or gone from the file: it is paused"),
    Column("last_run_id", String(36), comment="in which it took part last; may be kept no more"),
    Column("last_success_at", UtcDateTime, comment="when a run that syncs got through last"),
    Column("failing_since", UtcDateTime),
    UniqueConstraint("company_id", "user_id", "calendar_id"),
    one_of("state", "ok", "failed", "paused"),
    one_of("source", "file", "page"),
    CheckConstraint("(settings IS NULL) = (source IS NULL)", name="configured"),
    comment="a Pipedrive user paired with a calendar; (company, user, calendar) is its identity, the name is not",
)

account_version = Table(
    "account_version",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by", Words(200), nullable=False, comment="as `updated_by` of the account"),
    Column("settings", JSON, nullable=False),
    comment="what an account's settings were, the present ones included: to restore, and as the base of a merge",
)

account_draft = Table(
    "account_draft",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", ForeignKey("account.id"), index=True, comment="null: of a new account"),
    Column("base_version", Integer, nullable=False, comment="of the settings that were changed; 0: of a new account"),
    Column("settings", JSON, nullable=False),
    Column("by", Words(200), nullable=False, comment="the user's name in Airflow"),
    Column("expires", UtcDateTime, nullable=False, index=True),
    comment="settings to be tried out by a dry run before they are saved",
)

account_day = Table(
    "account_day",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("day", String(10), primary_key=True, comment="in UTC"),
    *(Column(f"activities_{done}", Integer, nullable=False) for done in ("created", "updated", "deleted")),
    *(Column(f"events_{done}", Integer, nullable=False) for done in ("created", "updated", "deleted")),
    Column("conflicts", Integer, nullable=False),
    comment="what the runs of a day did for an account; a day without a write has no row",
)
