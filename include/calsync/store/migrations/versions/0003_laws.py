"""Laws that no constraint can express: cursors last (7), and a change log that is only appended to (12)."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CURSORS_LAST = "law 7, cursors last: this run still has planned rows for this account"
APPEND_ONLY = "law 12, explainable: the change log is append-only"

PLANNED_ROWS_LEFT = """EXISTS (
    SELECT 1 FROM plan_row
    WHERE plan_row.run_id = NEW.run_id AND plan_row.account_id = NEW.account_id AND plan_row.state = 'planned'
)"""

SQLITE_TRIGGERS = {
    "cursors_last_insert": f"BEFORE INSERT ON cursor WHEN {PLANNED_ROWS_LEFT}",
    "cursors_last_update": f"BEFORE UPDATE ON cursor WHEN {PLANNED_ROWS_LEFT}",
    "append_only_update": "BEFORE UPDATE ON change_log",
    "append_only_delete": "BEFORE DELETE ON change_log",
}

# TRUNCATE deletes no rows as triggers see it, hence the second one.
POSTGRESQL_TRIGGERS = {
    "cursors_last": "BEFORE INSERT OR UPDATE ON cursor FOR EACH ROW EXECUTE FUNCTION calsync_cursors_last()",
    "append_only": "BEFORE UPDATE OR DELETE ON change_log FOR EACH ROW EXECUTE FUNCTION calsync_append_only()",
    "append_only_truncate": "BEFORE TRUNCATE ON change_log EXECUTE FUNCTION calsync_append_only()",
}


def upgrade() -> None:
    """Create the triggers and an index; on both databases a violation is an integrity error that names the law."""
    op.create_index("ix_change_log_activity", "change_log", ["company_id", "activity_id"])
    if op.get_bind().dialect.name == "sqlite":
        for name, when in SQLITE_TRIGGERS.items():
            message = CURSORS_LAST if name.startswith("cursors_last") else APPEND_ONLY
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    refuse = f"IF {PLANNED_ROWS_LEFT} THEN {_raise(CURSORS_LAST)} END IF;"
    op.execute(_function("calsync_cursors_last", f"{refuse} RETURN NEW;"))
    op.execute(_function("calsync_append_only", _raise(APPEND_ONLY)))
    for name, when in POSTGRESQL_TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when}")


def downgrade() -> None:
    """Drop the triggers and the index."""
    op.drop_index("ix_change_log_activity", "change_log")
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
        return
    for function in ("calsync_cursors_last", "calsync_append_only"):
        op.execute(f"DROP FUNCTION {function}() CASCADE")


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
