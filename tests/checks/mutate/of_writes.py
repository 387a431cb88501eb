"""Mutations of the flows that write: apply, both kinds of writes, and what they share."""

from __future__ import annotations

from tests.checks.mutate.mutation import Mutation

LOST, DELETIONS, EDITS, RUNS = (f"tests/flows/test_{x}.py" for x in ("lost_answers", "deletions", "edits", "runs"))
MEANWHILE = "tests/flows/test_edits_meanwhile.py"

WRITES = [
    Mutation(
        "flows/applying/apply.py",
        "        recover(self.desk)\n",
        "",
        "a write whose process died has no entry in the change log (law 12)",
        "tests/flows/test_log.py -k belongs_to",
    ),
    Mutation(
        "flows/applying/open_writes.py",
        "return Outcome.REFUSED if untouched and same else Outcome.UNKNOWN",
        "return Outcome.UNKNOWN",
        "a write that never happened has an entry (law 12)",
        "tests/flows/test_log.py -k nobody_touched",
    ),
    Mutation(
        "store/pruning.py",
        'where(plan_row.c.state != "planned")',
        "where(plan_row.c.id > 0)",
        "a dead run that is started again later moves its cursors (law 7)",
        "tests/flows/test_pruning.py -k taken_for_done",
    ),
    Mutation(
        "flows/applying/apply.py",
        "Defect) as error:\n            return self._set_aside(row, error, failed=True)",
        "Defect) as error:\n            return self._set_aside(row, error, failed=False)",
        "a poisoned item is never in quarantine, and the run is green (law 6)",
        "tests/flows/test_isolation.py -k refused_item",
    ),
    Mutation(
        "flows/applying/apply.py",
        "            aside.put(conn, self.account.id, item, str(error), now, failed=failed)\n",
        "",
        "an item that failed is not tried again, although the cursor moves on (law 7)",
        "tests/flows/test_isolation.py -k refused_item",
    ),
    Mutation(
        "flows/applying/apply.py",
        "            self.account.fence = fence\n",
        "",
        "an upload commits without the fence (law 11)",
        "tests/flows/test_fences.py -k taken_over",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        'self._delete(row, link, row.payload["etag"])',
        "self._delete(row, link, None)",
        "an event edited since it was listed is deleted (law 2)",
        f"{MEANWHILE} -k being_deleted",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        "body, send_updates=self.desk.send_updates()",
        'body, send_updates="all"',
        "guests are mailed about each new event (law 9)",
        "tests/flows/test_mails.py",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        'mails = desk.send_updates() if merged.event_changes else "none"',
        'mails = "all" if merged.event_changes else "none"',
        "guests are mailed about each edit (law 9)",
        "tests/flows/test_mails.py",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        "mails, ids = desk.send_updates(), (link.calendar_id, link.event_id)",
        'mails, ids = "all", (link.calendar_id, link.event_id)',
        "guests are mailed about each deletion (law 9)",
        "tests/flows/test_mails.py",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        '{"account_id": desk.account.id, "state": "removing", "cause": row.payload["cause"]}',
        '{"account_id": desk.account.id}',
        "our own deletion comes back as a person's, and deletes the activity (law 3)",
        f"{LOST} -k as_before",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        "            desk.google.get_calendar(desk.calendar_id)\n",
        "            return\n",
        "lost access counts as a deletion that succeeded (law 3)",
        "tests/flows/test_access.py -k in_the_middle",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        "if live and late.decides(desk.event_now(row, link, current)) != row.action:",
        "if live and False:",
        "an event edited while it is being deleted is deleted (law 2)",
        f"{MEANWHILE} -k being_deleted",
    ),
    Mutation(
        "flows/applying/event_writes.py",
        "if shows(current, wanted.merged) and self._is_marked",
        "if self._is_marked",
        "an event edited meanwhile counts as written (law 2)",
        f"{MEANWHILE} -k edited_between",
    ),
    Mutation(
        "flows/applying/activity_creation.py",
        "            mapping.intend(\n",
        "            (lambda *_, **__: None)(\n",
        "an activity is created without a note of it (law 1)",
        f"{LOST} -k lost_is_linked",
    ),
    Mutation(
        "flows/applying/activity_creation.py",
        "            if not error.unknown_outcome:  # surely not created\n",
        "            if error.unknown_outcome:\n",
        "the note of an activity that may exist is thrown away (law 1)",
        f"{LOST} -k lost_is_linked",
    ),
    Mutation(
        "flows/applying/activity_creation.py",
        '        if copies.is_taken(conn, company_id, columns["meeting"], desk.calendar_id):\n',
        "        if company_id is None:\n",
        "two runs that see a new meeting at the same time create an activity each (law 1)",
        "tests/flows/test_shared.py -k same_time",
    ),
    Mutation(
        "flows/applying/activity_removals.py",
        '            if row.payload["cause"] in moves.MOVES:\n                self._hand_over(conn, row, link)\n',
        "",
        "who is given an activity whose event was deleted never sees it (law 5)",
        "tests/flows/test_moves.py -k while_its_event_is_deleted",
    ),
    Mutation(
        "flows/applying/shared_writes.py",
        "        if not equal:  # no listing shows it again\n",
        "        if equal:\n",
        "what an organiser edited before a copy took over never arrives (law 5)",
        "tests/flows/test_takeovers.py -k copy_takes_over_arrives",
    ),
    Mutation(
        "flows/applying/apply.py",
        '["store", "activities"]',
        '["activities", "store"]',
        "what was read undoes what a write has kept since (law 4)",
        "tests/flows/test_shared.py -k settled_at_once",
    ),
    Mutation(
        "flows/applying/activity_removals.py",
        "        self._ask_again(row, link, current)\n",
        "        pass\n",
        "an activity edited while it is being deleted is deleted (law 2)",
        f"{MEANWHILE} -k being_deleted",
    ),
    Mutation(
        "flows/applying/activity_writes.py",
        "mapping.set_link(conn, link_id, marked=True, etag=",
        "mapping.set_link(conn, link_id, marked=False, etag=",
        "an event is marked twice (law 4)",
        "tests/flows/test_round_trip.py",
    ),
    Mutation(
        "flows/applying/writes.py",
        "            check_lease(conn, self.account)\n",
        "",
        "a try that was taken over commits all the same (law 11)",
        "tests/flows/test_leases.py -k zombie",
    ),
    Mutation(
        "flows/applying/writes.py",
        "        if conflicts:\n",
        "        if not conflicts:\n",
        "what lost a conflict is nowhere (law 2)",
        f"{EDITS} -k loser",
    ),
]
