"""Cursors move only for what a run is known to have done: pulled both sides, planned, carried the plan out (law 7).

Before, a run without a plan looked like one that had nothing to do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.calsync.store.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEFT = """EXISTS (
    SELECT 1 FROM plan_row
    WHERE plan_row.run_id = NEW.run_id AND plan_row.account_id = NEW.account_id AND plan_row.state = 'planned'
)"""
UNDONE = f"""NOT EXISTS (
    SELECT 1 FROM run_account
    WHERE run_account.run_id = NEW.run_id AND run_account.account_id = NEW.account_id
        AND run_account.activities_pulled AND run_account.events_pulled AND run_account.planned
) OR {LEFT}"""

REFUSED = "law 7, cursors last: this run has not pulled, planned and carried out all of this account"
REFUSED_BEFORE = "law 7, cursors last: this run still has planned rows for this account"

FLAGS = {
    "activities_pulled": "all of them are staged",
    "events_pulled": "all of them are staged",
    "planned": "what was staged is in the stored plan",
}


def upgrade() -> None:
    """Add what the steps of a run tell of themselves, and let the triggers ask for it."""
    once = "once: what was read is not read again, the plan not made again"
    op.add_column("sync_run", sa.Column("planned_at", UtcDateTime(), comment=once))
    for name, comment in FLAGS.items():
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), server_default=sa.false(), nullable=False, comment=comment
        )
        op.add_column("run_account", flag)
    _replace_triggers(UNDONE, REFUSED)


def downgrade() -> None:
    """Ask only for planned rows again, and drop the columns."""
    _replace_triggers(LEFT, REFUSED_BEFORE)
    for name in FLAGS:
        op.drop_column("run_account", name)
    op.drop_column("sync_run", "planned_at")


def _replace_triggers(condition: str, message: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER cursors_last_{event}")
            op.execute(f"CREATE TRIGGER cursors_last_{event} BEFORE {event} ON cursor WHEN {condition} {refuse}")
        return
    refuse = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
    op.execute(
        "CREATE OR REPLACE FUNCTION calsync_cursors_last() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN {refuse} END IF; RETURN NEW; END $$"
    )
