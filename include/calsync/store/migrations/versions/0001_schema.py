"""The whole schema: accounts, runs, the mapping, plans, holds, the log of writes, limits; and what guards the laws."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.calsync.store.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # which only counts up an INTEGER key

# Laws that no constraint can express: cursors move only for what a run is known to have done (7), and the change log
# is only appended to (12).
UNDONE = """NOT EXISTS (
    SELECT 1 FROM run_account
    WHERE run_account.run_id = NEW.run_id AND run_account.account_id = NEW.account_id
        AND run_account.activities_pulled AND run_account.events_pulled AND run_account.planned
) OR EXISTS (
    SELECT 1 FROM plan_row
    WHERE plan_row.run_id = NEW.run_id AND plan_row.account_id = NEW.account_id AND plan_row.state = 'planned'
)"""
CURSORS_LAST = "law 7, cursors last: this run has not pulled, planned and carried out all of this account"
APPEND_ONLY = "law 12, explainable: the change log is append-only"
# What no erasure may touch. Who keeps the log short, or blanks texts in it, says so in `log_guard` first.
FACTS = (
    "id", "at", "run_id", "account_id", "link_id", "company_id", "activity_id", "calendar_id", "event_id", "side",
    "action", "reason",
)  # fmt: skip
OLD_ENTRY = 'EXISTS (SELECT 1 FROM log_guard WHERE OLD.at < log_guard."before")'
BLANKED = "EXISTS (SELECT 1 FROM log_guard WHERE log_guard.erasing) AND " + " AND ".join(
    f"OLD.{name} IS NOT DISTINCT FROM NEW.{name}" for name in FACTS
)

SQLITE_TRIGGERS = {
    "cursors_last_insert": f"BEFORE INSERT ON cursor WHEN {UNDONE}",
    "cursors_last_update": f"BEFORE UPDATE ON cursor WHEN {UNDONE}",
    "append_only_update": f"BEFORE UPDATE ON change_log WHEN NOT ({BLANKED.replace('IS NOT DISTINCT FROM', 'IS')})",
    "append_only_delete": f"BEFORE DELETE ON change_log WHEN NOT {OLD_ENTRY}",
}

# TRUNCATE deletes no rows as triggers see it, hence the last one.
POSTGRESQL_TRIGGERS = {
    "cursors_last": "BEFORE INSERT OR UPDATE ON cursor FOR EACH ROW EXECUTE FUNCTION calsync_cursors_last()",
    "append_only": "BEFORE UPDATE OR DELETE ON change_log FOR EACH ROW EXECUTE FUNCTION calsync_append_only()",
    "append_only_truncate": "BEFORE TRUNCATE ON change_log EXECUTE FUNCTION calsync_append_only()",
}


KINDS = ("deal", "person", "organization", "lead")
PRINT = "of an object that shows what the base does, and of the rules it was compared by; none: none was seen yet"


def upgrade() -> None:
    """Create the tables, parents first, and the triggers."""
    _create_account()
    _create_account_day()
    _create_account_draft()
    _create_account_version()
    _create_alert()
    _create_budget_reset()
    _create_deployment()
    _create_directory()
    _create_former()
    _create_log_guard()
    _create_oauth()
    _create_pause()
    _create_rate_slot()
    _create_sync_run()
    _create_token_budget()
    _create_change_log()
    _create_copy()
    _create_cursor()
    _create_hold()
    _create_intent()
    _create_lease()
    _create_link()
    _create_observation()
    _create_open_write()
    _create_plan_row()
    _create_quarantine()
    _create_run_account()
    _create_run_usage()
    _create_held_creation()
    _create_held_item()
    _create_triggers()


def downgrade() -> None:
    """Drop the tables, children first, and the functions; the triggers go with the tables."""
    for table in (
        "held_item",
        "held_creation",
        "run_usage",
        "run_account",
        "quarantine",
        "plan_row",
        "open_write",
        "observation",
        "link",
        "lease",
        "intent",
        "hold",
        "cursor",
        "copy",
        "change_log",
        "token_budget",
        "sync_run",
        "rate_slot",
        "pause",
        "log_guard",
        "former",
        "directory",
        "deployment",
        "budget_reset",
        "alert",
        "oauth_token",
        "oauth_attempt",
        "account_version",
        "account_draft",
        "account_day",
        "account",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("calsync_cursors_last", "calsync_append_only"):
            op.execute(f"DROP FUNCTION {function}()")


def _create_triggers() -> None:
    """On both databases a violation is an integrity error that names the law."""
    if op.get_bind().dialect.name == "sqlite":
        for name, when in SQLITE_TRIGGERS.items():
            message = CURSORS_LAST if name.startswith("cursors_last") else APPEND_ONLY
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    op.execute(_function("calsync_cursors_last", f"IF {UNDONE} THEN {_raise(CURSORS_LAST)} END IF; RETURN NEW;"))
    may_delete = f"IF TG_OP = 'DELETE' THEN IF {OLD_ENTRY} THEN RETURN OLD; END IF; END IF;"
    may_blank = f"IF TG_OP = 'UPDATE' THEN IF {BLANKED} THEN RETURN NEW; END IF; END IF;"
    op.execute(_function("calsync_append_only", f"{may_delete} {may_blank} {_raise(APPEND_ONLY)}"))
    for name, when in POSTGRESQL_TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when}")


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("company_id", sa.String(40)),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("calendar_id", sa.String(1024)),
        sa.Column("settings_digest", sa.String(64), comment="of the settings that the last full pull was made with"),
        sa.Column("mode", sa.String(20), comment="of the last run; another one rebases the links"),
        sa.Column("activities_connected_at", UtcDateTime()),
        sa.Column("events_connected_at", UtcDateTime()),
        sa.Column("state", sa.String(20), server_default="ok", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("busy_since", UtcDateTime(), comment="the first run in a row that could not work on it"),
        sa.Column("failure", sa.String(20), comment="why it has failed: of which kind; null: it has not"),
        sa.Column("resynced_at", UtcDateTime(), comment="when a sync token had expired last, so that all was read"),
        sa.Column(
            "settings",
            sa.JSON(none_as_null=True),
            comment="as a person wrote them; null: of a name that is configured no more",
        ),
        sa.Column(
            "source",
            sa.String(10),
            comment="who may change them: a person on the page, or who writes the accounts file",
        ),
        sa.Column("source_line", sa.Integer(), comment="in the accounts file"),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="of the settings; grows with each change",
        ),
        sa.Column("updated_at", UtcDateTime()),
        sa.Column("updated_by", sa.String(200), comment="the user's name in Airflow; of the file: that it was"),
        sa.Column("removed_at", UtcDateTime(), comment="removed on the page, or gone from the file: it is paused"),
        sa.Column("last_run_id", sa.String(36), comment="in which it took part last; may be kept no more"),
        sa.Column("last_success_at", UtcDateTime(), comment="when a run that syncs got through last"),
        sa.Column("failing_since", UtcDateTime()),
        sa.CheckConstraint("state IN ('ok', 'failed', 'paused')", name=op.f("ck_account_state")),
        sa.CheckConstraint("source IN ('file', 'page')", name=op.f("ck_account_source")),
        sa.CheckConstraint("(settings IS NULL) = (source IS NULL)", name=op.f("ck_account_configured")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "company_id", "user_id", "calendar_id", name=op.f("uq_account_company_id_user_id_calendar_id")
        ),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
        comment="a Pipedrive user paired with a calendar; (company, user, calendar) is its identity, the name is not",
    )


def _create_oauth() -> None:
    op.create_table(
        "oauth_attempt",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("service", sa.String(20), nullable=False),
        sa.Column("account", sa.String(200), comment="by name: it may not be stored yet; none: of the company"),
        sa.Column("person", sa.String(320), nullable=False, comment="who has to consent; empty: whoever does"),
        sa.Column("asked_by", sa.String(320), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ticket_digest", sa.String(64), nullable=False),
        sa.Column("state_digest", sa.String(64), comment="taken once"),
        sa.Column("browser_digest", sa.String(64)),
        sa.Column("verifier", sa.Text(), comment="encrypted"),
        sa.Column("used_at", UtcDateTime()),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("service IN ('google', 'pipedrive')", name=op.f("ck_oauth_attempt_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_attempt")),
        sa.UniqueConstraint("state_digest", name=op.f("uq_oauth_attempt_state_digest")),
        sa.UniqueConstraint("ticket_digest", name=op.f("uq_oauth_attempt_ticket_digest")),
        comment="links to consent pages; dropped a day after they expired",
    )
    op.create_index(op.f("ix_oauth_attempt_expires_at"), "oauth_attempt", ["expires_at"])
    op.create_table(
        "oauth_token",
        sa.Column(
            "key",
            sa.String(64),
            nullable=False,
            comment="of the client and the refresh token that the consent gave",
        ),
        sa.Column("access_token", sa.Text(), comment="encrypted"),
        sa.Column("refresh_token", sa.Text(), comment="encrypted; the one that the service gave last"),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("renewing_until", UtcDateTime(), comment="somebody asks the service for another one"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_oauth_token")),
        comment="tasks can't write into Airflow's connections, and a service may replace its refresh token at each use",
    )


def _create_alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", KEY, nullable=False),
        sa.Column("notifier", sa.String(300), nullable=False, comment="its place in the accounts file, and its path"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column(
            "subject", sa.String(300), nullable=False, comment="what it is about: an account, a hold, a connection"
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime()),
        sa.Column("over_at", UtcDateTime(), comment="it is told once more, and gone then"),
        sa.Column("taken_until", UtcDateTime(), comment="a task is telling it"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("notifier", "kind", "subject", name=op.f("uq_alert_notifier_kind_subject")),
        comment="what somebody is to be told of, once by each notifier",
    )


def _create_account_day() -> None:
    op.create_table(
        "account_day",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("day", sa.String(10), nullable=False, comment="in UTC"),
        sa.Column("activities_created", sa.Integer(), nullable=False),
        sa.Column("activities_updated", sa.Integer(), nullable=False),
        sa.Column("activities_deleted", sa.Integer(), nullable=False),
        sa.Column("events_created", sa.Integer(), nullable=False),
        sa.Column("events_updated", sa.Integer(), nullable=False),
        sa.Column("events_deleted", sa.Integer(), nullable=False),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_day_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_account_day")),
        comment="what the runs of a day did for an account; a day without a write has no row",
    )


def _create_account_draft() -> None:
    op.create_table(
        "account_draft",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, comment="null: of a new account"),
        sa.Column(
            "base_version",
            sa.Integer(),
            nullable=False,
            comment="of the settings that were changed; 0: of a new account",
        ),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False, comment="the user's name in Airflow"),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_draft_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_draft")),
        comment="settings to be tried out by a dry run before they are saved",
    )
    op.create_index(op.f("ix_account_draft_account_id"), "account_draft", ["account_id"])
    op.create_index(op.f("ix_account_draft_expires"), "account_draft", ["expires"])


def _create_account_version() -> None:
    op.create_table(
        "account_version",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False, comment="as `updated_by` of the account"),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_version_account_id")),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_account_version")),
        comment="what an account's settings were, the present ones included: to restore, and as the base of a merge",
    )
    op.create_index(op.f("ix_account_version_at"), "account_version", ["at"])


def _create_budget_reset() -> None:
    op.create_table(
        "budget_reset",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("minute", sa.Integer(), comment="of the day in UTC; null: not known yet"),
        sa.Column("learnt_at", UtcDateTime()),
        sa.Column("exhausted_since", UtcDateTime(), comment="since when it was found used up; null: there is some"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budget_reset")),
        comment="when a company's daily budget comes back",
    )


def _create_deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deployment")),
        comment="one row: the installation that the store belongs to; a copy of the store is found out by it",
    )


def _create_directory() -> None:
    op.create_table(
        "directory",
        sa.Column("scope", sa.String(300), nullable=False, comment="connection and what was asked"),
        sa.Column(
            "fingerprint",
            sa.String(64),
            nullable=False,
            comment="of host and credential: another one is another company",
        ),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_directory")),
        comment="slow-moving facts that would cost a request per run: company, users, types, calendars",
    )


def _create_former() -> None:
    op.create_table(
        "former",
        sa.Column("id", KEY, nullable=False),
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
        sa.Column("intended", sa.JSON()),
        sa.Column("activity_raw", sa.JSON()),
        sa.Column("event_raw", sa.JSON()),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column(
            "leaves",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="the event is still to be removed",
        ),
        sa.Column(
            "field_set", sa.Integer(), server_default="1", nullable=False, comment="of the fields that the base knows"
        ),
        sa.CheckConstraint("origin IN ('pipedrive', 'google')", name=op.f("ck_former_origin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_former_calendar_id_event_id")),
        comment="what a link held last that ended: from this one side is made anew when the other comes back",
    )
    op.create_index("ix_former_activity", "former", ["company_id", "activity_id"])
    _create_few("former", "leaves", ["company_id"], "leaves")
    op.create_index(op.f("ix_former_ended_at"), "former", ["ended_at"])


def _create_pause() -> None:
    op.create_table(
        "pause",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "length_s",
            sa.Float(),
            comment="so far away is its end at most: whoever set it may have a clock that is ahead",
        ),
        sa.Column("rested_until", UtcDateTime(), comment="end of the last rest that grows"),
        sa.Column("rests_count", sa.Integer(), server_default="0", nullable=False, comment="of those in a row"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pause")),
    )


def _create_rate_slot() -> None:
    op.create_table(
        "rate_slot",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("slice_start", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", "slice_start", name=op.f("pk_rate_slot")),
    )


def _create_sync_run() -> None:
    op.create_table(
        "sync_run",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column(
            "planned_at", UtcDateTime(), comment="once: what was read is not read again, the plan not made again"
        ),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("summary", sa.JSON()),
        sa.Column(
            "quiet",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="nothing to tell: its records go first",
        ),
        sa.CheckConstraint(
            "kind IN ('scheduled', 'manual', 'backfill', 'upload', 'undo', 'retire')", name=op.f("ck_sync_run_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_run")),
    )
    op.create_index(op.f("ix_sync_run_started_at"), "sync_run", ["started_at"])


def _create_token_budget() -> None:
    op.create_table(
        "token_budget",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer()),
        sa.Column("seen_at", UtcDateTime(), comment="when the service said what remains"),
        sa.PrimaryKeyConstraint("key", "day", name=op.f("pk_token_budget")),
    )


def _create_change_log() -> None:
    op.create_table(
        "change_log",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("link_id", sa.BigInteger()),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("activity_id", sa.BigInteger()),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024)),
        sa.Column("side", sa.String(20), nullable=False, comment="where it was written"),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(200), comment="who decided it; none: the sync by itself"),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("lost", sa.JSON(), comment="values that lost a conflict, by field"),
        sa.CheckConstraint("side IN ('events', 'activities', 'store')", name=op.f("ck_change_log_side")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_change_log_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_log")),
        comment="append-only (trigger)",
    )
    op.create_index("ix_change_log_activity", "change_log", ["company_id", "activity_id"])
    op.create_index("ix_change_log_event", "change_log", ["calendar_id", "event_id"])
    op.create_index("ix_change_log_recent", "change_log", ["account_id", "action", "at"])
    op.create_index(op.f("ix_change_log_run_id"), "change_log", ["run_id"])
    # After the one of all runs: of two that fit equally SQLite takes the later one.
    _create_few("change_log", "lost", ["run_id"], "lost IS NOT NULL")


def _create_log_guard() -> None:
    op.create_table(
        "log_guard",
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("before", UtcDateTime(), comment="entries from before then may be deleted"),
        sa.Column("erasing", sa.Boolean(), server_default=sa.false(), nullable=False, comment="texts may be blanked"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_log_guard")),
        comment="what the transaction that put it here may do to the change log (trigger); no transaction leaves it",
    )


def _create_copy() -> None:
    op.create_table(
        "copy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024), nullable=False),
        sa.Column("meeting", sa.String(1100), nullable=False, comment="as of a link"),
        sa.Column("email", sa.String(320), nullable=False, comment="of the account's Pipedrive user"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column(
            "state", sa.String(20), nullable=False, comment="new: to become an attendee; gone: to be one no longer"
        ),
        sa.Column(
            "waits",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="the organiser's, which takes the activity over once it can",
        ),
        sa.Column("series_id", sa.String(1024), comment="as of a link"),
        sa.CheckConstraint("state IN ('new', 'shown', 'gone')", name=op.f("ck_copy_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_copy_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy")),
        sa.UniqueConstraint("account_id", "event_id", name=op.f("uq_copy_account_id_event_id")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_copy_calendar_id_event_id")),
        comment="events of meetings that have their activity through another account's event",
    )
    op.create_index("ix_copy_meeting", "copy", ["company_id", "meeting"])
    op.create_index("ix_copy_series", "copy", ["calendar_id", "series_id"])
    _create_few("copy", "unsettled", ["company_id"], "state != 'shown'")


def _create_cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("watermark", UtcDateTime()),
        sa.Column("sync_token", sa.Text()),
        sa.Column(
            "params_digest", sa.String(64), comment="a sync token is only valid with the parameters it was made with"
        ),
        sa.Column("run_id", sa.String(36), nullable=False, comment="may not have planned rows left (trigger)"),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("side IN ('activities', 'events')", name=op.f("ck_cursor_side")),
        sa.CheckConstraint("(watermark IS NULL) <> (sync_token IS NULL)", name=op.f("ck_cursor_one_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cursor_account_id")),
        sa.PrimaryKeyConstraint("account_id", "side", name=op.f("pk_cursor")),
    )


def _create_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "limits", sa.JSON(), nullable=False, comment="as configured then: a person who changes them approves"
        ),
        sa.Column("state", sa.String(20), server_default="open", nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False, comment="when it was opened"),
        sa.Column("asked_by", sa.String(500), comment="the Airflow run that asks a person, under Required Actions"),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("decided_by", sa.String(200), comment="the user's name in Airflow"),
        sa.CheckConstraint("state IN ('open', 'approved', 'rejected', 'lapsed')", name=op.f("ck_hold_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_account_id"), "hold", ["account_id"])
    op.create_index(op.f("ix_hold_opened_at"), "hold", ["opened_at"])
    op.create_index(op.f("ix_hold_run_id"), "hold", ["run_id"])


def _create_intent() -> None:
    op.create_table(
        "intent",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("when", sa.JSON(), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=False, comment="server time"),
        sa.Column("series_id", sa.String(1024), comment="as of a link"),
        sa.Column("original_start", sa.String(40), comment="as of a link"),
        sa.Column("meeting", sa.String(1100), comment="as of a link"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intent_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_intent_calendar_id_event_id")),
        comment="an activity about to be created for an event: committed before the POST, gone with the link",
    )
    op.create_index(op.f("ix_intent_account_id"), "intent", ["account_id"])
    op.create_index("uq_intent_meeting", "intent", ["company_id", "meeting"], unique=True)


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("owner", sa.String(1024), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lease_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_lease")),
    )


def _create_link() -> None:
    op.create_table(
        "link",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), server_default="active", nullable=False),
        sa.Column("cause", sa.String(60), comment="why it is not active"),
        sa.Column("base_activity", sa.JSON(), nullable=False),
        sa.Column("base_event", sa.JSON(), nullable=False),
        sa.Column("activity_digest", sa.String(64), nullable=False),
        sa.Column("event_digest", sa.String(64), nullable=False),
        sa.Column("rendered", sa.JSON(), nullable=False, comment="title and block last written to the event"),
        sa.Column("intended", sa.JSON(), comment="title and block about to be written; kept until that is confirmed"),
        sa.Column("activity_raw", sa.JSON(), comment="last full object, for re-creation and undo"),
        sa.Column("event_raw", sa.JSON()),
        sa.Column("etag", sa.String(200)),
        sa.Column("marked", sa.Boolean(), nullable=False, comment="the event carries our properties"),
        sa.Column("due_at", UtcDateTime(), comment="for the probe: soonest due first"),
        sa.Column("probed_at", UtcDateTime()),
        sa.Column("missing_since_run", sa.String(36), comment="the run in which a direct GET first gave 404"),
        sa.Column("missing_rights", sa.String(64), comment="digest of the credential's rights at that time"),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("series_id", sa.String(1024), comment="of an occurrence: its series"),
        sa.Column(
            "original_start",
            sa.String(40),
            comment="of an occurrence: where its series put it, in the series' own zone",
        ),
        sa.Column("meeting", sa.String(1100), comment="iCalUID, and of an occurrence its original start"),
        sa.Column(
            "vanished_since_run", sa.String(36), comment="the run that first saw the series without this occurrence"
        ),
        sa.Column(
            "field_set", sa.Integer(), server_default="1", nullable=False, comment="of the fields that the base knows"
        ),
        sa.Column("activity_print", sa.String(32), comment=PRINT),
        sa.Column("event_print", sa.String(32), comment=PRINT),
        sa.Column(
            "is_past", sa.Boolean(), server_default=sa.false(), nullable=False, comment="for the probe: due, and over"
        ),
        *(sa.Column(f"{kind}_ref", sa.String(40), comment="what the activity hangs on") for kind in KINDS),
        sa.Column(
            "subject_key", sa.String(255), comment="to search for: the subject, folded; none: the activity is private"
        ),
        sa.CheckConstraint("(state = 'active') = (cause IS NULL)", name=op.f("ck_link_cause")),
        sa.CheckConstraint("origin IN ('pipedrive', 'google')", name=op.f("ck_link_origin")),
        sa.CheckConstraint("state IN ('active', 'detached', 'removing', 'held')", name=op.f("ck_link_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_link_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("calendar_id", "event_id", name=op.f("uq_link_calendar_id_event_id")),
        sa.UniqueConstraint("company_id", "activity_id", name=op.f("uq_link_company_id_activity_id")),
        comment="the stored mapping: one activity paired with one event, and what both showed when last equal",
    )
    op.create_index("ix_link_account", "link", ["account_id", "state"])
    op.create_index("ix_link_due", "link", ["account_id", "due_at"])
    op.create_index("ix_link_meeting", "link", ["company_id", "meeting"])
    op.create_index("ix_link_subject", "link", ["account_id", "subject_key", "due_at"])
    _create_few("link", "unfinished", ["account_id"], "state = 'removing' OR intended IS NOT NULL")
    _create_few("link", "unmarked", ["account_id", "state"], "state = 'active' AND NOT marked")
    _create_few("link", "apart", ["account_id", "state"], "state = 'held'")
    _create_few("link", "doubted", ["account_id"], "missing_since_run IS NOT NULL")
    _create_few("link", "vanished", ["calendar_id"], "vanished_since_run IS NOT NULL")
    _create_few("link", "series", ["calendar_id", "series_id"], "series_id IS NOT NULL")
    _create_few("link", "upcoming", ["company_id", "probed_at", "due_at"], "state = 'active' AND NOT is_past")
    _create_few("link", "past", ["company_id", "probed_at", "due_at"], "state = 'active' AND is_past")
    _create_few("link", "coming", ["company_id", "due_at"], "state = 'active' AND NOT is_past")
    for kind in KINDS:
        _create_few("link", kind, ["company_id", f"{kind}_ref"], f"{kind}_ref IS NOT NULL")


def _create_few(table: str, name: str, columns: list[str], condition: str) -> None:
    """An index of the rows that meet a condition."""
    few = sa.text(condition)
    op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=few, postgresql_where=few)


def _create_observation() -> None:
    op.create_table(
        "observation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger(), comment="null: an activity of the company that no account of the run owns"
        ),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("scope", sa.String(1024), nullable=False, comment="company of an activity, calendar of an event"),
        sa.Column("item_id", sa.String(1024), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("view", sa.JSON(), comment="canonical form; null if deleted or unreadable"),
        sa.Column("raw", sa.JSON()),
        sa.Column("stamp", UtcDateTime(), comment="last edit, corrected by the service's clock against ours"),
        sa.Column("error", sa.Text(), comment="why it can't be read"),
        sa.Column(
            "print", sa.String(32), comment="as of a link; none: no link of the run's accounts is compared by it"
        ),
        sa.CheckConstraint("side IN ('activities', 'events')", name=op.f("ck_observation_side")),
        sa.CheckConstraint(
            "status IN ('live', 'deleted', 'missing', 'unreadable')", name=op.f("ck_observation_status")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_observation_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        comment="staging: what this run's pull saw",
    )
    op.create_index("ix_observation_item", "observation", ["run_id", "side", "item_id"])
    op.create_index(op.f("ix_observation_run_id"), "observation", ["run_id"])


def _create_open_write() -> None:
    op.create_table(
        "open_write",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("link_id", sa.BigInteger()),
        sa.Column("company_id", sa.String(40), nullable=False),
        sa.Column("activity_id", sa.BigInteger()),
        sa.Column("calendar_id", sa.String(1024), nullable=False),
        sa.Column("event_id", sa.String(1024)),
        sa.Column("side", sa.String(20), nullable=False, comment="where it is written"),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(200), comment="who decided it; none: the sync by itself"),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("seen", sa.String(200), comment="etag or update time of the item before the write"),
        sa.CheckConstraint("side IN ('events', 'activities')", name=op.f("ck_open_write_side")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_open_write_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_write")),
        comment="a write about to be sent: committed before the request, and gone with its entry in the change log",
    )
    op.create_index(op.f("ix_open_write_account_id"), "open_write", ["account_id"])


def _create_plan_row() -> None:
    op.create_table(
        "plan_row",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("link_id", sa.BigInteger()),
        sa.Column("activity_id", sa.BigInteger()),
        sa.Column("event_id", sa.String(1024)),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("side", sa.String(20), nullable=False, comment="the operator that carries it out"),
        sa.Column("state", sa.String(20), server_default="planned", nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column(
            "payload",
            sa.JSON(),
            nullable=False,
            comment="what the action needs: views, raw objects, what it will write",
        ),
        sa.Column("conflicts", sa.JSON()),
        sa.Column("rule", sa.String(120), comment="the rule that decided it; none: no rule did"),
        sa.Column(
            "format",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="of the payload; tasks of another version leave it alone; 0: the payload was dropped",
        ),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("side IN ('events', 'activities', 'store')", name=op.f("ck_plan_row_side")),
        sa.CheckConstraint(
            "state IN ('planned', 'confirmed', 'held', 'deferred', 'quarantined', 'failed', 'shown')",
            name=op.f("ck_plan_row_state"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_row_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_plan_row_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_row")),
        comment="what a run is going to do, row by row; the same rows are shown by a dry run",
    )
    op.create_index("ix_plan_row_work", "plan_row", ["run_id", "account_id", "state"])
    op.create_index("ix_plan_row_activity", "plan_row", ["activity_id"])
    op.create_index("ix_plan_row_event", "plan_row", ["event_id"])
    full = sa.text("format > 0 AND state != 'planned'")
    op.create_index("ix_plan_row_full", "plan_row", ["id"], sqlite_where=full, postgresql_where=full)


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("item_id", sa.String(1024), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="0: not in quarantine, only to be read again"),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.CheckConstraint("side IN ('activities', 'events')", name=op.f("ck_quarantine_side")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quarantine_account_id")),
        sa.PrimaryKeyConstraint("account_id", "side", "item_id", name=op.f("pk_quarantine")),
        comment="items set aside after errors, and items to be read again in the next run",
    )


def _create_run_account() -> None:
    op.create_table(
        "run_account",
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False, comment="the account as configured for this run"),
        sa.Column("fence", sa.Integer()),
        sa.Column("state", sa.String(20), server_default="ok", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column(
            "notices", sa.JSON(), nullable=False, comment="what the operator should read although nothing failed"
        ),
        sa.Column("next_watermark", UtcDateTime(), comment="becomes the cursor at close"),
        sa.Column("next_sync_token", sa.Text(), comment="becomes the cursor at close"),
        sa.Column("params_digest", sa.String(64), comment="of the parameters that the sync token was made with"),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column(
            "activities_pulled",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="all of them are staged",
        ),
        sa.Column(
            "events_pulled", sa.Boolean(), server_default=sa.false(), nullable=False, comment="all of them are staged"
        ),
        sa.Column(
            "planned",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="what was staged is in the stored plan",
        ),
        sa.CheckConstraint("state IN ('ok', 'busy', 'failed')", name=op.f("ck_run_account_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_run_account_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_run_account_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_run_account")),
        comment="one account's part in one run: what it saw, where its cursors may move to",
    )
    op.create_index(op.f("ix_run_account_account_id"), "run_account", ["account_id"])


def _create_run_usage() -> None:
    op.create_table(
        "run_usage",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("pipedrive_requests", sa.Integer(), nullable=False),
        sa.Column("google_requests", sa.Integer(), nullable=False),
        sa.Column("pipedrive_tokens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_run.id"], name=op.f("fk_run_usage_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_usage")),
        comment="what each task of a run asked of the services",
    )
    op.create_index(op.f("ix_run_usage_run_id"), "run_usage", ["run_id"])


def _create_held_creation() -> None:
    op.create_table(
        "held_creation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("hold_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("side", sa.String(20), nullable=False),
        sa.Column("item_id", sa.String(1024), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False, comment="of the row that would have created it"),
        sa.CheckConstraint("side IN ('activities', 'events')", name=op.f("ck_held_creation_side")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_creation_account_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_held_creation_hold_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_creation")),
        sa.UniqueConstraint("account_id", "side", "item_id", name=op.f("uq_held_creation_account_id_side_item_id")),
        comment="new items that are not created on the other side until a person decides",
    )
    op.create_index(op.f("ix_held_creation_hold_id"), "held_creation", ["hold_id"])


def _create_held_item() -> None:
    op.create_table(
        "held_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("hold_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("side", sa.String(20), comment="as the row's, like what follows; none: of the first format"),
        sa.Column("reason", sa.String(200)),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("conflicts", sa.JSON()),
        sa.Column("rule", sa.String(120)),
        sa.Column(
            "format",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="of the payload; tasks of another version leave it alone; 0: the payload was dropped",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_item_account_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_held_item_hold_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_item")),
        sa.UniqueConstraint("link_id", name=op.f("uq_held_item_link_id")),
        comment="exactly what a person is asked to approve",
    )
    op.create_index(op.f("ix_held_item_hold_id"), "held_item", ["hold_id"])
