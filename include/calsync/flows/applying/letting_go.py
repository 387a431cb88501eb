"""Events that stay when their account is retired: they are no installation's any more, and their pairs end."""

from __future__ import annotations

import dataclasses

from include.calsync.core.marks import DEPLOYMENT, read_mark
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import Link
from include.calsync.core.run_records import PlanRow
from include.calsync.errors import PreconditionFailed
from include.calsync.flows.applying.writes import Desk
from include.calsync.store import holds, mapping
from include.calsync.store.transaction import Connection


def let_go(desk: Desk, row: PlanRow) -> None:
    """Take the name of this installation off the event, and end the pair. What else a person did to it is no matter.

    The rest of our mark stays: it says whose event it is, so that nobody takes it for a new one.
    """
    link = desk.link_of(row)
    if link is None:
        desk.drop(row)
        return
    event = {**row.payload["event_raw"], "etag": row.payload["etag"]}
    try:
        answer = _take_name_off(desk, row, event)
    except PreconditionFailed:
        current = desk.get_event(row.named_event)
        desk.review(row, current)
        answer = current if current.get("status") == "cancelled" else _take_name_off(desk, row, current)
    with desk.commit() as conn:
        mapping.set_link(conn, link.id, event_raw=answer)
        end_pair(desk, conn, link)
        desk.confirm(conn, row)


def end_pair(desk: Desk, conn: Connection, link: Link) -> None:
    """End a pair of an account that is retired, and what waits for a person about it."""
    holds.release(conn, link.id)
    mapping.end_link(conn, link.id, desk.services.clock())


def _take_name_off(desk: Desk, row: PlanRow, event: RawEvent) -> RawEvent:
    mark = read_mark(event)
    if mark is None or not mark.deployment:
        return event
    nameless = dataclasses.replace(mark, deployment="")
    marks = {"before": {"mark": mark.properties()}, "after": {"mark": nameless.properties()}}
    with desk.commit() as conn:
        desk.note(conn, row, side=Side.EVENT, seen=event.get("etag"), **marks)
    with desk.sending(row):
        # Calendar API v3, guide "Extended properties": null deletes one.
        body = {"extendedProperties": {"private": {DEPLOYMENT: None}}}
        etag = event.get("etag")
        answer = desk.google.patch_event(desk.calendar_id, row.named_event, body, etag=etag, send_updates="none")
    return desk.veiled(answer)
