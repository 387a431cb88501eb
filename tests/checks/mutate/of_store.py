"""Mutations of the store: leases, the mapping, runs, cursors, constraints and triggers."""

from __future__ import annotations

from tests.checks.mutate.mutation import Mutation

LEASES, LAWS, SCHEMA = "tests/store/test_leases.py", "tests/store/test_laws.py", "tests/store/test_schema.py"

STORE = [
    Mutation(
        "store/leases.py",
        'free = lease.c.expires_at <= bindparam("now")\n',
        'free = lease.c.expires_at >= bindparam("now")\n',
        "a held account is taken over, a dead run's never (law 11)",
        LEASES,
    ),
    Mutation(
        "store/leases.py",
        "or_(lease.c.fence <= since, and_(",
        "or_(lease.c.fence >= since, and_(",
        "a run goes on with what it read although another did its work meanwhile (law 11)",
        "tests/flows/test_leases.py -k slept_while",
    ),
    Mutation(
        "store/leases.py",
        '"fence": lease.c.fence + 1},\n',
        '"fence": lease.c.fence},\n',
        "a try that was taken over may go on writing (law 11)",
        LEASES,
    ),
    Mutation(
        "store/leases.py",
        "return and_(lease.c.account_id == account_id, lease.c.fence == fence)",
        "return and_(lease.c.account_id == account_id, lease.c.fence >= fence)",
        "an older fencing number is good enough (law 11)",
        LEASES,
    ),
    Mutation(
        "store/mapping.py",
        "upsert.put(conn, intent, row,",
        "upsert.put(conn, intent, row | {'run_id': 'r'},",
        "a retried task creates an activity twice (law 1)",
        "tests/store/test_races.py",
    ),
    Mutation(
        "store/holds.py",
        'hold.c.state == "open", ~rest)',
        'hold.c.state == "open")',
        "one restored item ends the hold of all others (law 8)",
        "tests/store/test_mapping.py",
    ),
    Mutation(
        "store/mapping.py",
        "mine = or_(link.c.company_id.in_(list(company_ids)), link.c.calendar_id.in_(list(calendar_ids)))",
        "mine = link.c.company_id.in_(list(company_ids))",
        "events of the mapping are taken for new ones (law 1)",
        "tests/flows/test_deletions.py -k deleted_event",
    ),
    Mutation(
        "store/runs.py",
        "plan_row.c.account_id == account_id, _PLANNED",
        "plan_row.c.account_id == account_id, ~_PLANNED",
        "rows that nobody carried out don't stop the cursor (law 7)",
        "tests/flows/test_cursors.py -k left_rows",
    ),
    Mutation(
        "store/runs.py",
        ".values(activities_pulled=False, events_pulled=False))",
        ".values(activities_pulled=True, events_pulled=True))",
        "a run that slept too long takes its dropped staging for nothing to do (law 7)",
        "tests/flows/test_undone_work.py -k slept",
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        "AND run_account.activities_pulled AND run_account.events_pulled AND run_account.planned",
        "AND run_account.activities_pulled AND run_account.events_pulled",
        "the database lets a cursor move for a run that planned nothing (law 7)",
        "tests/store/test_laws.py",
    ),
    Mutation(
        "flows/closing/close.py",
        "    if not account.planned:\n",
        "    if account.planned is None:\n",
        "a run without a plan forgets what was set aside (law 7)",
        "tests/flows/test_undone_work.py -k set_aside",
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        '    "cursors_last_update": f"BEFORE UPDATE ON cursor WHEN {UNDONE}",\n',
        "",
        "the database lets a cursor run ahead of its plan (law 7, SQLite)",
        LAWS,
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        "AND plan_row.account_id = NEW.account_id AND",
        "AND",
        "one account's rows stop the cursors of all (law 6)",
        LAWS,
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        '"BEFORE UPDATE OR DELETE ON change_log',
        '"BEFORE UPDATE ON change_log',
        "the change log can be shortened (law 12, PostgreSQL)",
        LAWS,
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        '    "append_only_delete": f"BEFORE DELETE ON change_log WHEN NOT {OLD_ENTRY}",\n',
        "",
        "the change log can be shortened (law 12, SQLite)",
        LAWS,
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        'sa.UniqueConstraint("company_id", "activity_id", name=op.f("uq_link_company_id_activity_id"))',
        'sa.UniqueConstraint("company_id", "activity_id", "event_id", name=op.f("uq_link_company_id_activity_id"))',
        "the database lets an activity have two links (law 1)",
        LAWS,
    ),
    Mutation(
        "store/migrations/versions/0001_schema.py",
        'op.create_index("uq_intent_meeting", "intent", ["company_id", "meeting"], unique=True)',
        'op.create_index("uq_intent_meeting", "intent", ["company_id", "meeting"])',
        "two runs may be about to create the activity of one meeting (law 1)",
        "tests/store/test_mapping.py -k not_both",
    ),
]
