"""The stored mapping and everything around it, as SQLAlchemy tables.

Text from outside is an `Identifier` or `Words`, and so always fits; a `String` is one of our own.
Whatever the code believes, the database itself refuses a second link, a cursor ahead of its plan, a rewritten log.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
)

from include.calsync.core.words import KINDS
from include.calsync.store.account_tables import account as account
from include.calsync.store.account_tables import account_day as account_day
from include.calsync.store.account_tables import account_draft as account_draft
from include.calsync.store.account_tables import account_version as account_version
from include.calsync.store.few import FEW
from include.calsync.store.limit_tables import budget_reset as budget_reset
from include.calsync.store.limit_tables import lease as lease
from include.calsync.store.limit_tables import pause as pause
from include.calsync.store.limit_tables import rate_slot as rate_slot
from include.calsync.store.limit_tables import token_budget as token_budget
from include.calsync.store.log_tables import alert as alert
from include.calsync.store.log_tables import change_log as change_log
from include.calsync.store.log_tables import log_guard as log_guard
from include.calsync.store.log_tables import open_write as open_write
from include.calsync.store.metadata import Key, OptionalJson, one_of, only
from include.calsync.store.metadata import metadata as metadata
from include.calsync.store.oauth_tables import oauth_attempt as oauth_attempt
from include.calsync.store.oauth_tables import oauth_token as oauth_token
from include.calsync.store.types import Identifier, Prose, UtcDateTime, Words

directory = Table(
    "directory",
    metadata,
    Column("scope", Identifier(300), primary_key=True, comment="connection and what was asked"),
    Column("fingerprint", String(64), nullable=False, comment="of host and credential: another one is another company"),
    Column("content", JSON, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    comment="slow-moving facts that would cost a request per run: company, users, types, calendars",
)

deployment = Table(
    "deployment",
    metadata,
    Column("key", String(20), primary_key=True),
    Column("id", String(64), nullable=False),
    comment="one row: the installation that the store belongs to; a copy of the store is found out by it",
)

sync_run = Table(
    "sync_run",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("dag_id", Identifier(250), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("request", JSON, nullable=False),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("planned_at", UtcDateTime, comment="once: what was read is not read again, the plan not made again"),
    Column("finished_at", UtcDateTime),
    Column("summary", OptionalJson),
    Column("quiet", Boolean, nullable=False, server_default=false(), comment="nothing to tell: its records go first"),
    one_of("kind", "scheduled", "manual", "backfill", "upload", "undo", "retire"),
)

run_account = Table(
    "run_account",
    metadata,
    Column("run_id", ForeignKey("sync_run.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True, index=True),
    Column("settings", JSON, nullable=False, comment="the account as configured for this run"),
    Column("fence", Integer),
    Column("state", String(20), nullable=False, server_default="ok"),
    Column("error", Prose()),
    Column("notices", JSON, nullable=False, comment="what the operator should read although nothing failed"),
    Column("next_watermark", UtcDateTime, comment="becomes the cursor at close"),
    Column("next_sync_token", Prose(), comment="becomes the cursor at close"),
    Column("params_digest", String(64), comment="of the parameters that the sync token was made with"),
    Column("counts", JSON, nullable=False),
    Column("activities_pulled", Boolean, nullable=False, server_default=false(), comment="all of them are staged"),
    Column("events_pulled", Boolean, nullable=False, server_default=false(), comment="all of them are staged"),
    Column("planned", Boolean, nullable=False, server_default=false(), comment="what was staged is in the stored plan"),
    one_of("state", "ok", "busy", "failed"),
    comment="one account's part in one run: what it saw, where its cursors may move to",
)

run_usage = Table(
    "run_usage",
    metadata,
    Column("id", Key, primary_key=True),
    Column("run_id", ForeignKey("sync_run.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("pipedrive_requests", Integer, nullable=False),
    Column("google_requests", Integer, nullable=False),
    Column("pipedrive_tokens", Integer, nullable=False),
    comment="what each task of a run asked of the services",
)

cursor = Table(
    "cursor",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("side", String(20), primary_key=True),
    Column("watermark", UtcDateTime),
    Column("sync_token", Prose()),
    Column("params_digest", String(64), comment="a sync token is only valid with the parameters it was made with"),
    Column("run_id", String(36), nullable=False, comment="may not have planned rows left (trigger)"),
    Column("saved_at", UtcDateTime, nullable=False),
    one_of("side", "activities", "events"),
    CheckConstraint("(watermark IS NULL) <> (sync_token IS NULL)", name="one_kind"),
)

observation = Table(
    "observation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("run_id", ForeignKey("sync_run.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", BigInteger, comment="null: an activity of the company that no account of the run owns"),
    Column("side", String(20), nullable=False),
    Column("scope", Identifier(1024), nullable=False, comment="company of an activity, calendar of an event"),
    Column("item_id", Identifier(1024), nullable=False),
    Column("status", String(20), nullable=False),
    Column("view", OptionalJson, comment="canonical form; null if deleted or unreadable"),
    Column("raw", OptionalJson),
    Column("stamp", UtcDateTime, comment="last edit, corrected by the service's clock against ours"),
    Column("error", Prose(), comment="why it can't be read"),
    Column("print", String(32), comment="as of a link; none: no link of the run's accounts is compared by it"),
    one_of("side", "activities", "events"),
    one_of("status", "live", "deleted", "missing", "unreadable"),
    Index("ix_observation_item", "run_id", "side", "item_id"),
    comment="staging: what this run's pull saw",
)

PRINT = "of an object that shows what the base does, and of the rules it was compared by; none: none was seen yet"
link = Table(
    "link",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("company_id", Identifier(40), nullable=False),
    Column("activity_id", BigInteger, nullable=False),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("state", String(20), nullable=False, server_default="active"),
    Column("cause", String(60), comment="why it is not active"),
    Column("base_activity", JSON, nullable=False),
    Column("base_event", JSON, nullable=False),
    Column("activity_digest", String(64), nullable=False),
    Column("event_digest", String(64), nullable=False),
    Column("rendered", JSON, nullable=False, comment="title and block last written to the event"),
    Column("intended", OptionalJson, comment="title and block about to be written; kept until that is confirmed"),
    Column("activity_raw", OptionalJson, comment="last full object, for re-creation and undo"),
    Column("event_raw", OptionalJson),
    Column("etag", Identifier(200)),
    Column("marked", Boolean, nullable=False, comment="the event carries our properties"),
    Column("due_at", UtcDateTime, comment="for the probe: soonest due first"),
    Column("probed_at", UtcDateTime),
    Column("missing_since_run", String(36), comment="the run in which a direct GET first gave 404"),
    Column("missing_rights", String(64), comment="digest of the credential's rights at that time"),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("series_id", Identifier(1024), comment="of an occurrence: its series"),
    Column(
        "original_start", Identifier(40), comment="of an occurrence: where its series put it, in the series' own zone"
    ),
    Column("meeting", Identifier(1100), comment="iCalUID, and of an occurrence its original start"),
    Column("vanished_since_run", String(36), comment="the run that first saw the series without this occurrence"),
    Column("field_set", Integer, nullable=False, server_default="1", comment="of the fields that the base knows"),
    Column("activity_print", String(32), comment=PRINT),
    Column("event_print", String(32), comment=PRINT),
    Column("is_past", Boolean, nullable=False, server_default=false(), comment="for the probe: due, and over"),
    *(Column(f"{kind}_ref", Identifier(40), comment="what the activity hangs on") for kind in KINDS),
    Column("subject_key", Words(255), comment="to search for: the subject, folded; none: the activity is private"),
    UniqueConstraint("company_id", "activity_id"),
    UniqueConstraint("calendar_id", "event_id"),
    one_of("origin", "pipedrive", "google"),
    one_of("state", "active", "detached", "removing", "held"),
    CheckConstraint("(state = 'active') = (cause IS NULL)", name="cause"),
    Index("ix_link_account", "account_id", "state"),
    Index("ix_link_due", "account_id", "due_at"),
    Index("ix_link_meeting", "company_id", "meeting"),
    Index("ix_link_subject", "account_id", "subject_key", "due_at"),
    *(Index(f"ix_link_{name}", *columns, **only(condition)) for name, (columns, condition) in FEW.items()),
    comment="the stored mapping: one activity paired with one event, and what both showed when last equal",
)

LEAVES = "leaves"
"""Says that a former link's event is still to be removed."""

former = Table(
    "former",
    metadata,
    Column("id", Key, primary_key=True),
    Column("company_id", Identifier(40), nullable=False),
    Column("activity_id", BigInteger, nullable=False),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("base_activity", JSON, nullable=False),
    Column("base_event", JSON, nullable=False),
    Column("activity_digest", String(64), nullable=False),
    Column("event_digest", String(64), nullable=False),
    Column("rendered", JSON, nullable=False),
    Column("intended", OptionalJson),
    Column("activity_raw", OptionalJson),
    Column("event_raw", OptionalJson),
    Column("ended_at", UtcDateTime, nullable=False, index=True),
    Column("leaves", Boolean, nullable=False, server_default=false(), comment="the event is still to be removed"),
    Column("field_set", Integer, nullable=False, server_default="1", comment="of the fields that the base knows"),
    UniqueConstraint("calendar_id", "event_id"),
    one_of("origin", "pipedrive", "google"),
    Index("ix_former_activity", "company_id", "activity_id"),
    Index("ix_former_leaves", "company_id", **only(LEAVES)),
    comment="what a link held last that ended: from this one side is made anew when the other comes back",
)

intent = Table(
    "intent",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("run_id", String(36), nullable=False),
    Column("company_id", Identifier(40), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024), nullable=False),
    Column("subject", Prose(), nullable=False),
    Column("when", JSON, nullable=False),
    Column("attempted_at", UtcDateTime, nullable=False, comment="server time"),
    Column("series_id", Identifier(1024), comment="as of a link"),
    Column("original_start", Identifier(40), comment="as of a link"),
    Column("meeting", Identifier(1100), comment="as of a link"),
    UniqueConstraint("calendar_id", "event_id"),
    Index("uq_intent_meeting", "company_id", "meeting", unique=True),
    comment="an activity about to be created for an event: committed before the POST, gone with the link",
)

UNSETTLED = "state != 'shown'"
"""Says that somebody is still to be told of a copy."""

copy = Table(
    "copy",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("company_id", Identifier(40), nullable=False),
    Column("calendar_id", Identifier(1024), nullable=False),
    Column("event_id", Identifier(1024), nullable=False),
    Column("meeting", Identifier(1100), nullable=False, comment="as of a link"),
    Column("email", Identifier(320), nullable=False, comment="of the account's Pipedrive user"),
    Column("name", Words(200), nullable=False),
    Column("state", String(20), nullable=False, comment="new: to become an attendee; gone: to be one no longer"),
    Column(
        "waits",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="the organiser's, which takes the activity over once it can",
    ),
    Column("series_id", Identifier(1024), comment="as of a link"),
    UniqueConstraint("account_id", "event_id"),
    UniqueConstraint("calendar_id", "event_id"),
    one_of("state", "new", "shown", "gone"),
    Index("ix_copy_meeting", "company_id", "meeting"),
    Index("ix_copy_series", "calendar_id", "series_id"),
    Index("ix_copy_unsettled", "company_id", **only(UNSETTLED)),
    comment="events of meetings that have their activity through another account's event",
)

FORMAT = "of the payload; tasks of another version leave it alone; 0: the payload was dropped"
FULL = "format > 0 AND state != 'planned'"
"""Says that a row's payload may be dropped once it is old."""

plan_row = Table(
    "plan_row",
    metadata,
    Column("id", Key, primary_key=True),
    Column("run_id", ForeignKey("sync_run.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("link_id", BigInteger),
    Column("activity_id", BigInteger),
    Column("event_id", Identifier(1024)),
    Column("action", String(40), nullable=False),
    Column("side", String(20), nullable=False, comment="the operator that carries it out"),
    Column("state", String(20), nullable=False, server_default="planned"),
    Column("reason", Words(200), nullable=False),
    Column("payload", JSON, nullable=False, comment="what the action needs: views, raw objects, what it will write"),
    Column("conflicts", OptionalJson),
    Column("rule", String(120), comment="the rule that decided it; none: no rule did"),
    Column("format", Integer, nullable=False, server_default="1", comment=FORMAT),
    Column("error", Prose()),
    one_of("side", "events", "activities", "store"),
    one_of("state", "planned", "confirmed", "held", "deferred", "quarantined", "failed", "shown"),
    Index("ix_plan_row_work", "run_id", "account_id", "state"),
    Index("ix_plan_row_activity", "activity_id"),
    Index("ix_plan_row_event", "event_id"),
    Index("ix_plan_row_full", "id", **only(FULL)),
    comment="what a run is going to do, row by row; the same rows are shown by a dry run",
)

hold = Table(
    "hold",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("run_id", String(36), nullable=False, index=True),
    Column("rule", String(40), nullable=False),
    Column("message", Prose(), nullable=False),
    Column("limits", JSON, nullable=False, comment="as configured then: a person who changes them approves"),
    Column("state", String(20), nullable=False, server_default="open"),
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("item_count", Integer, nullable=False, comment="when it was opened"),
    Column("asked_by", Identifier(500), comment="the Airflow run that asks a person, under Required Actions"),
    Column("decided_at", UtcDateTime),
    Column("decided_by", Words(200), comment="the user's name in Airflow"),
    one_of("state", "open", "approved", "rejected", "lapsed"),
)

held_item = Table(
    "held_item",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hold_id", ForeignKey("hold.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("link_id", BigInteger, nullable=False, unique=True),
    Column("action", String(40), nullable=False),
    Column("side", String(20), comment="as the row's, like what follows; none: of the first format"),
    Column("reason", Words(200)),
    Column("payload", JSON, nullable=False),
    Column("conflicts", OptionalJson),
    Column("rule", String(120)),
    Column("format", Integer, nullable=False, server_default="1", comment=FORMAT),
    comment="exactly what a person is asked to approve",
)

held_creation = Table(
    "held_creation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("hold_id", ForeignKey("hold.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("side", String(20), nullable=False),
    Column("item_id", Identifier(1024), nullable=False),
    Column("payload", JSON, nullable=False, comment="of the row that would have created it"),
    UniqueConstraint("account_id", "side", "item_id"),
    one_of("side", "activities", "events"),
    comment="new items that are not created on the other side until a person decides",
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("side", String(20), primary_key=True),
    Column("item_id", Identifier(1024), primary_key=True),
    Column("reason", Prose(), nullable=False),
    Column("attempts", Integer, nullable=False, comment="0: not in quarantine, only to be read again"),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    one_of("side", "activities", "events"),
    comment="items set aside after errors, and items to be read again in the next run",
)
