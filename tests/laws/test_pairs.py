"""Every edit of an activity against every edit of its event, each on a pair of its own, all in one company."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.flows.world import day
from tests.laws.company import times
from tests.laws.ledger import Node
from tests.laws.machine import Laws
from tests.laws.people import ACTIVITY_EDITS, EVENT_EDITS, New, change_activity, change_event
from tests.proofs import WHOLE

HERE = [*ACTIVITY_EDITS, "delete"]
THERE = [*EVENT_EDITS, "delete"]
ORDERS = ("activity first", "event first", "a run in between")
CASES = [(born, order) for order in ORDERS for born in ("pipedrive", "google")]
if not WHOLE:
    CASES = CASES[::5]  # each birth
NO_LIMITS = {"max_change_count": 9999, "max_delete_count": 9999, "max_create_count": 9999}


@pytest.mark.parametrize(("born", "order"), CASES)
def test_every_edit_against_every_other(born: str, order: str) -> None:
    laws = Laws()
    try:
        laws.connect(skew=(0, 0), limited=False, settings=[NO_LIMITS], careful=False)
        laws.configure(change=NO_LIMITS, name="bert")
        _make(laws, born)
        laws.scheduled_run(pause=90)
        laws.laws_hold()
        pairs = _pairs(laws)
        edits = [lambda: _edit_activities(laws, pairs), lambda: _edit_events(laws, pairs)]
        for edit in reversed(edits) if order == "event first" else edits:
            edit()
            if order == "a run in between":
                laws.scheduled_run(pause=90)
                laws.laws_hold()
            laws.company.pass_time(90)
        laws.scheduled_run(pause=0)
        laws.laws_hold()
        laws.settle(now=0)
    finally:
        laws.broken = True  # judged already
        laws.teardown()


def _names() -> list[tuple[str, str, str]]:
    return [(f"{here} and {there}", here, there) for here in HERE for there in THERE]


def _make(laws: Laws, born: str) -> None:
    company = laws.company
    for number, (name, _, _) in enumerate(_names()):
        time = f"{number // 60 + 6:02}:{number % 60:02}"
        if born == "pipedrive":
            company.person_adds_activity(
                subject=name, due_date=day(5), due_time=time, location="Here", deal_id=company.deals[0]
            )
        else:
            fields = times(day(5), time, timedelta(minutes=30))
            company.person_adds_event(company.calendar, name, location="Here", **fields)


def _pairs(laws: Laws) -> dict[str, tuple[int, Node]]:
    subjects = {row["id"]: row["subject"] for row in laws.company.activities()}
    return {
        subjects[row.activity_id]: (row.activity_id, ("event", row.calendar_id, row.event_id))
        for row in laws.company.links()
    }


def _new(side: str, number: int) -> New:
    return New(f"{side} {number}", f"{side} street {number}", f"{side} text {number}", 3, "19:00")


def _edit_activities(laws: Laws, pairs: dict[str, tuple[int, Node]]) -> None:
    company = laws.company
    for number, (name, here, _) in enumerate(_names()):
        row: dict[str, Any] = company.pipedrive.activities[pairs[name][0]]
        if row["is_deleted"]:
            continue
        if here == "delete":
            company.person_deletes_activity(row)
        else:
            change_activity(company, row, here, _new("Here", number))


def _edit_events(laws: Laws, pairs: dict[str, tuple[int, Node]]) -> None:
    company = laws.company
    for number, (name, _, there) in enumerate(_names()):
        node = pairs[name][1]
        event = company.google.event(node[1], node[2])
        if event["status"] == "cancelled":
            continue
        if there == "delete":
            company.person_deletes_event(node[1], event)
        else:
            change_event(company, node, event, there, _new("There", number))
