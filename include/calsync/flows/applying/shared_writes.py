"""Writes that shared meetings need: a copy takes an activity over, reps become attendees."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from include.calsync.core.fields import event_view
from include.calsync.core.model import ActivityView, EventView, digest
from include.calsync.core.policy import Side
from include.calsync.core.privacy import unwanted
from include.calsync.core.raw import Body, Raw, RawActivity, RawEvent
from include.calsync.core.records import Columns, Link
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence, series_columns
from include.calsync.core.written import Written
from include.calsync.errors import NotFound, RetryableError
from include.calsync.flows import aside
from include.calsync.flows.applying.writes import Desk, promptly
from include.calsync.store import copies, holds, mapping

Person = Raw
"""An attendee: its address, and maybe its name."""


def attend(desk: Desk, row: PlanRow) -> None:
    """Add reps to the activity's attendees and take others off; what people wrote there stays."""
    link = desk.link_of(row)
    if link is None:
        desk.drop(row)
        return
    current = promptly(lambda: _attended(desk, row))
    with desk.commit() as conn:
        if link.activity_raw:  # our own write is no change
            known = {name: current[name] for name in ("update_time", "attendees") if name in current}
            mapping.set_link(conn, link.id, activity_raw=link.activity_raw | known)
        copies.attended(conn, link.company_id, link.meeting)
        desk.confirm(conn, row)


def _attended(desk: Desk, row: PlanRow) -> RawActivity:
    """The activity with the attendees that it should have."""
    current = desk.pipedrive.activity(row.named_activity)
    not_after = desk.not_after()
    wanted = with_reps(current.get("attendees") or [], row.payload["add"], row.payload["remove"])
    if wanted is None:
        return current
    with desk.commit() as conn:
        after = {"attendees": [each["email"] for each in row.payload["add"]]}
        desk.note(conn, row, side=Side.ACTIVITY, seen=current.get("update_time"), before={}, after=after)
    with desk.sending(row):
        answer = desk.pipedrive.update_activity(row.named_activity, {"attendees": wanted}, not_after=not_after)
    return desk.listed(answer, None)


def with_reps(shown: Sequence[Person], add: Sequence[Person], remove: Sequence[Person]) -> list[Body] | None:
    """The new list of attendees; None: it is right as it is."""
    gone = {_address(each) for each in remove} - {_address(each) for each in add}
    left = [dict(each) for each in shown if _address(each) not in gone]
    there = {_address(each) for each in left}
    new = [{"email": each["email"], "name": each["name"]} for each in add if _address(each) not in there | {""}]
    return left + new if new or len(left) != len(shown) else None


def _address(person: Person) -> str:
    return str(person.get("email") or person.get("email_address") or "").casefold()


def take_over(desk: Desk, row: PlanRow) -> RawEvent | None:
    """Give the activity to this account, and its link this account's event. What differs is merged by the next run.

    The rep who had it becomes an attendee, if the meeting is still in that calendar. An activity that was given to
    somebody else meanwhile is not written: only its event is another one, and the next run finds that it left.

    Returns: this account's event, to be marked at once; None if the next run has to read the pair again anyway.
    """
    link = desk.link_of(row)
    if link is None:
        desk.drop(row)
        return None
    event = _copy(desk, row.payload["copy"])
    activity = promptly(lambda: _given(desk, row))
    values, event_base = _taken(desk, link, event, activity)
    equal = event_view(event) == event_base
    with desk.commit() as conn:
        holds.release(conn, link.id)
        mapping.set_link(conn, link.id, **values)
        copies.drop(conn, desk.account.id, event["id"])
        if row.payload["left"]:
            copies.put(conn, row.payload["left"], attends=True)
        desk.confirm(conn, row)
        now = desk.services.clock()
        aside.hand_on(conn, link.account_id, desk.account.id, ("activities", str(link.activity_id)), now)
        if not equal:  # no listing shows it again
            item = ("events", str(event["id"]))
            aside.put(conn, desk.account.id, item, "differs from the event that had the activity", now, failed=False)
    return event if equal else None


def _given(desk: Desk, row: PlanRow) -> RawActivity:
    """The activity with this account's user as owner, and who had it among the attendees; or as somebody gave it."""
    activity, not_after = desk.pipedrive.activity(row.named_activity), desk.not_after()
    if activity["owner_id"] not in (row.payload["holder"], desk.account.user_id):
        return activity
    owner_id, left = desk.account.user_id, row.payload["left"]
    beside = with_reps(activity.get("attendees") or [], [left] if left else [], [desk.account.rep])
    if activity["owner_id"] == owner_id and beside is None:
        return activity
    body = {"owner_id": owner_id} | ({} if beside is None else {"attendees": beside})
    seen, before = activity.get("update_time"), {"owner_id": activity["owner_id"]}
    with desk.commit() as conn:
        desk.note(conn, row, side=Side.ACTIVITY, seen=seen, before=before, after={"owner_id": owner_id})
    with desk.sending(row):
        answer = desk.pipedrive.update_activity(row.named_activity, body, seen_update_time=seen, not_after=not_after)
    return desk.listed(answer, (activity.get("attendees") or []) if beside is None else None)


def _taken(desk: Desk, link: Link, event: RawEvent, activity: RawActivity) -> tuple[Columns, EventView]:
    """The link's values with this account's event, and what was agreed of that."""
    base = dataclasses.replace(ActivityView.from_json(link.base_activity), owner_id=activity["owner_id"])
    # Whether anybody else is asked to come is no field that is merged: it is as this event has it.
    shown = EventView.from_json(link.base_event)
    # A title that was emptied where it could not be written back is an edit here.
    title = shown.title or Written.from_json(link.rendered).title.text
    event_base = dataclasses.replace(shown, guests=event_view(event).guests, title=title)
    values = {
        "account_id": desk.account.id,
        "calendar_id": desk.calendar_id,
        "event_id": event["id"],
        "state": "active",
        "cause": None,
        "base_activity": base.to_json(),
        "activity_digest": digest(base),
        "base_event": event_base.to_json(),
        "event_digest": digest(event_base),
        "activity_raw": activity,
        "event_raw": event,
        "etag": event.get("etag"),
        "marked": is_occurrence(event),
        "updated_at": desk.services.clock(),
        **series_columns(event),
    }
    return values, event_base


def _copy(desk: Desk, event_id: str) -> RawEvent:
    try:
        event = desk.get_event(event_id)
    except NotFound:
        event = {"status": "cancelled"}
    if event.get("status") != "cancelled" and not unwanted(event, desk.policy.private_events):
        return event
    with desk.commit() as conn:
        copies.leave(conn, desk.account.id, event_id)
    raise RetryableError("this calendar's copy of the meeting is gone as well; the next run looks for another one")
