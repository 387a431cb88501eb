"""The last look before a tombstone is acted on: a live event with our mark makes it none (law 3)."""

from __future__ import annotations

import logging

from include.calsync.core.marks import ACTIVITY, read_mark
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import Link
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import series_columns
from include.calsync.core.words import ANOTHER_EVENT
from include.calsync.flows import aside
from include.calsync.flows.applying.writes import Desk
from include.calsync.store import holds, mapping, runs
from include.calsync.store.changes import log_rekey

log = logging.getLogger(__name__)


def lives_on(desk: Desk, row: PlanRow, link: Link) -> bool:
    """Whether another live event of the calendar carries our mark for the activity of a deleted one.

    Then the link follows it, and the next run looks at both again. A run that listed only a part may not have seen it.
    """
    if row.payload["cause"] != "event_deleted" or link.calendar_id != desk.calendar_id:
        return False
    event = _live_event(desk, link)
    if event is None:
        return False
    log.warning("account %s: event %s is gone, and %s is there", desk.account.name, link.event_id, event["id"])
    anew = {"event_id": event["id"], "state": "active", "cause": None, "marked": True, **series_columns(event)}
    now, item = desk.services.clock(), ("events", str(event["id"]))
    with desk.commit() as conn:
        holds.release(conn, link.id)
        mapping.set_link(conn, link.id, **anew)
        log_rekey(conn, link, anew, run_id=desk.run.id, at=now, reason=ANOTHER_EVENT)
        aside.put(conn, desk.account.id, item, ANOTHER_EVENT, now, failed=False)
        runs.set_row(conn, row.id, action="wait", state="deferred", error=ANOTHER_EVENT)
    return True


def _live_event(desk: Desk, link: Link) -> RawEvent | None:
    for page in desk.google.marked_events(desk.calendar_id, ACTIVITY, str(link.activity_id)):
        for event in page:
            mark = read_mark(event)
            own = mark is not None and (mark.company_id, mark.activity_id) == (link.company_id, link.activity_id)
            if own and mark is not None and mark.event_id == event["id"] != link.event_id:
                return event
    return None
