"""Our properties on an event: how they are written, and logged."""

from __future__ import annotations

from include.calsync.core.decide import Action
from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawEvent
from include.calsync.core.run_records import PlanRow
from include.calsync.flows.applying.writes import Desk


def put_mark(desk: Desk, row: PlanRow, wanted: Mark, event: RawEvent | None = None) -> RawEvent:
    """The event (by default the row's) with our properties on it; logged with the next commit."""
    shown = {**(row.payload["event_raw"] or {}), "etag": row.payload["etag"]} if event is None else event
    known = read_mark(shown)
    if known == wanted:  # an earlier write arrived, although nobody heard of it
        return shown
    marks = {"before": {"mark": known and known.properties()}, "after": {"mark": wanted.properties()}}
    ids = {"activity_id": wanted.activity_id, "event_id": wanted.event_id}
    with desk.commit() as conn:
        desk.note(conn, row, side=Side.EVENT, seen=shown.get("etag"), action=str(Action.MARK), **marks, **ids)
    with desk.sending(row):
        answer = desk.google.patch_event(
            desk.calendar_id,
            wanted.event_id,
            {"extendedProperties": wanted.properties()},
            etag=shown.get("etag"),
            send_updates="none",  # nobody sees our properties
        )
    return desk.veiled(answer)
