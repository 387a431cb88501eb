"""Writes to Google Calendar: insert with our own id, patch and delete with If-Match."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.decide import Action
from include.calsync.core.fields import beside, event_body, event_view, without_nulls
from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.merge import Changes, Merged
from include.calsync.core.model import Origin
from include.calsync.core.planning import late
from include.calsync.core.planning.wanted import Wanted, changes_json
from include.calsync.core.policy import Side
from include.calsync.core.raw import Body, Raw, RawEvent
from include.calsync.core.records import Columns, Former, Link, Payload
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence
from include.calsync.core.stamps import skew, stamp
from include.calsync.errors import (
    AccountError,
    FatalError,
    NotFound,
    PreconditionFailed,
    RecordError,
)
from include.calsync.flows.applying.letting_go import end_pair, let_go
from include.calsync.flows.applying.mark_writes import put_mark
from include.calsync.flows.applying.writes import Desk
from include.calsync.flows.applying.zones import zoned
from include.calsync.flows.moves import MOVES, client_of, hand_over
from include.calsync.flows.pairs import pair_of, with_event
from include.calsync.store import mapping, runs

log = logging.getLogger(__name__)


class EventWrites:
    """One account's writes to its calendar."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def handlers(self) -> dict[str, Callable[[PlanRow], None]]:
        """What to call for each action."""
        return {
            Action.MERGE: self.merge,
            Action.ADOPT: self.merge,
            Action.MARK: self.mark,
            Action.DELETE_EVENT: self.remove,
            Action.REMOVE_EVENT: self.remove,
            Action.LET_GO: lambda row: let_go(self.desk, row),
        }

    # Change.

    def merge(self, row: PlanRow) -> None:
        """Write the event's part of a merge; if the activity's part is outstanding, the row passes on to it."""
        desk = self.desk
        if desk.is_obsolete(row):
            desk.drop(row)
            return
        link = desk.link_of(row)
        payload, wanted, anew = row.payload, desk.wanted(row), None
        desk.log_lost(row, wanted.merged.conflicts)
        try:
            answer = self._patch(row, wanted, payload)
        except PreconditionFailed:
            current = desk.get_event(row.named_event)
            desk.review(row, current)
            begun = desk.event_now(row, link, current)._replace(intended=True)
            if late.decides(begun) is not Action.MERGE:  # it is gone, declined, or a series by now
                raise
            if shows(current, wanted.merged) and self._is_marked(row, current):
                answer = current  # our own patch, whose answer was lost
            elif "decided" in payload:  # a person decided about the event as it was
                raise
            else:
                known = wanted.merged.conflicts
                wanted, anew = desk.wanted_now(with_event(payload, current, self._edited_at(current)), link)
                payload = anew["payload"]
                desk.log_lost(row, [conflict for conflict in wanted.merged.conflicts if conflict not in known])
                answer = self._patch(row, wanted, payload, anew)
        if wanted.merged.activity_changes:
            passed = {**(anew or {}), "side": "activities", "payload": {**payload, "event_answer": answer}}
            with desk.commit() as conn:
                desk.log_write(conn, row)
                runs.set_row(conn, row.id, **passed)
        else:
            desk.settle(row, payload, pair_of(payload, link), wanted.merged, {"events": answer})

    def _patch(self, row: PlanRow, wanted: Wanted, payload: Payload, anew: Columns | None = None) -> RawEvent:
        """The event with the merge written to it. `payload`: what it shows now. `anew`: what the row says of that."""
        desk, merged = self.desk, wanted.merged
        body = self._body(merged.event_changes, payload["event_raw"])
        before, after = dict(wanted.before[Side.EVENT]), changes_json(merged.event_changes)
        known, mine = read_mark(payload["event_raw"] or {}), self._wanted_mark(row)
        marked = self._marked(body, row.named_activity, row.named_event, mine.origin)
        if not self._is_marked(row, payload["event_raw"] or {}):
            body = marked
            before["mark"], after["mark"] = known and known.properties(), mine.properties()
        if not body:
            return dict(payload["event_raw"])
        if known == mine:
            body = marked  # which installation it is, along with what is written anyway
        action = row.action if merged.event_changes else str(Action.MARK)
        with desk.commit() as conn:
            if row.link_id is not None and {"title", "description"} & set(merged.event_changes):
                mapping.set_link(conn, row.link_id, intended=merged.written.to_json())
            if anew is not None:
                runs.set_row(conn, row.id, **anew)
            values = {"action": action, "before": before, "after": after}
            desk.note(conn, row, side=Side.EVENT, seen=payload["etag"], **values)

        def patch(members: Body) -> RawEvent:
            mails = desk.send_updates() if merged.event_changes else "none"
            own = desk.calendar_id, row.named_event
            return desk.google.patch_event(*own, members, etag=payload["etag"], send_updates=mails)

        with desk.sending(row):
            answer = zoned(desk, body, patch)
        return desk.veiled(answer)

    def _insert(self, body: Body) -> RawEvent:
        return self.desk.google.insert_event(self.desk.calendar_id, body, send_updates=self.desk.send_updates())

    def _is_marked(self, row: PlanRow, event: RawEvent) -> bool:
        """Whether an event has the properties that it should have: an occurrence none, they would make it differ."""
        return is_occurrence(event) or read_mark(event) == self._wanted_mark(row)

    def _wanted_mark(self, row: PlanRow) -> Mark:
        return self.desk.mark(row.named_activity, row.named_event, Origin(row.payload["origin"]))

    def mark(self, row: PlanRow) -> None:
        """Put our properties on an event that lacks them."""
        desk = self.desk
        link = desk.link_of(row)
        if link is None:
            desk.drop(row)
            return
        wanted = desk.mark(link.activity_id, link.event_id, Origin(link.origin))
        answer = put_mark(desk, row, wanted)
        with desk.commit() as conn:
            mapping.set_link(conn, link.id, marked=True, etag=answer.get("etag"), event_raw=answer)
            desk.confirm(conn, row)

    # Remove.

    def remove(self, row: PlanRow) -> None:
        """Delete the event: intent first, so that its tombstone is known as our echo.

        What both show now goes into the store before that, and from there into the log: a person may have edited it.
        """
        desk = self.desk
        link = desk.link_of(row)
        if link is None:
            desk.drop(row)
            return
        if row.payload.get("takes_back"):
            self._take_back(row, link)
            return
        last = row.payload["event_raw"]
        with desk.commit() as conn:
            shown = {"event_raw": last, "activity_raw": row.payload["activity_raw"]}
            ours = {"account_id": desk.account.id, "state": "removing", "cause": row.payload["cause"]}
            mapping.set_link(conn, link.id, **ours, **shown)
            desk.note(conn, row, side=Side.EVENT, before=last, calendar_id=link.calendar_id)
        try:
            self._delete(row, link, row.payload["etag"])
        except PreconditionFailed:
            current = desk.veiled(self._home(link).get_event(link.calendar_id, link.event_id))
            desk.review(row, current)
            live = current.get("status") != "cancelled"
            if live and late.decides(desk.event_now(row, link, current)) != row.action:
                desk.leave_to_next_run(row, link)
                raise
            if live:
                last = current
                with desk.commit() as conn:
                    mapping.set_link(conn, link.id, event_raw=last)
                    desk.note(conn, row, side=Side.EVENT, before=last, calendar_id=link.calendar_id)
                self._delete(row, link, current["etag"])
        with desk.commit() as conn:
            mapping.end_link(conn, link.id, desk.services.clock())
            desk.confirm(conn, row, before=last)
            if row.payload["cause"] in MOVES:
                hand_over(conn, link, row.payload["activity"]["owner_id"], desk.account, desk.services.clock())

    def _take_back(self, row: PlanRow, link: Link) -> None:
        """Delete an event that a run had made, as its undo asks, and the pair stays, apart; or because its account is
        retired, and the pair ends."""
        desk, last = self.desk, row.payload["event_raw"]
        with desk.commit() as conn:
            mapping.set_link(conn, link.id, state="detached", cause=row.payload["cause"], event_raw=last)
            desk.note(conn, row, side=Side.EVENT, before=last)
        try:
            self._delete(row, link, row.payload["etag"])
        except PreconditionFailed:
            with desk.commit() as conn:
                mapping.set_link(conn, link.id, state=link.state, cause=link.cause)
            raise
        with desk.commit() as conn:
            if row.payload.get("retires"):
                end_pair(desk, conn, link)
            desk.confirm(conn, row, before=last)

    def _home(self, link: Link | Former) -> GoogleCalendarClient:
        """Who may write to the link's calendar: it may be the one of an account that rests."""
        desk = self.desk
        if link.calendar_id == desk.calendar_id:
            return desk.google
        return client_of(desk.services, desk.account.company_id, link.calendar_id) or desk.google

    def _delete(self, row: PlanRow, link: Link | Former, etag: str | None) -> None:
        """Delete the event. One that was deleted already needs no entry in the log."""
        desk = self.desk
        try:
            with desk.sending(row):
                mails, ids = desk.send_updates(), (link.calendar_id, link.event_id)
                deleted = self._home(link).delete_event(*ids, etag=etag, send_updates=mails)
        except (AccountError, FatalError, NotFound, RecordError) as error:
            if link.calendar_id != desk.calendar_id:  # nobody may write there any more: the event stays
                log.warning("account %s: event %s can't be removed: %s", desk.account.name, link.event_id, error)
                return
            if not isinstance(error, NotFound) or self._is_there(link.event_id):
                raise
            return
        if not deleted:
            with desk.commit() as conn:
                desk.drop_write(conn, row)

    def _is_there(self, event_id: str) -> bool:
        """What a 404 meant. If the event can't be read either but the calendar still answers, it is gone for good."""
        desk = self.desk
        try:
            return bool(desk.get_event(event_id).get("status") != "cancelled")
        except NotFound:
            desk.google.get_calendar(desk.calendar_id)
            return False

    # Bodies.

    def _body(self, changes: Changes, raw: Raw | None = None) -> Body:
        zone = ((raw or {}).get("start") or {}).get("timeZone") or self.desk.policy.zone
        return event_body(changes, zone=zone, default_duration=self.desk.policy.default_duration)

    def _marked(self, body: Body, activity_id: int, own_id: str, origin: Origin) -> Body:
        """The body with our mark, beside what else is ours."""
        mine = (body.get("extendedProperties") or {}).get("private") or {}
        mark = self.desk.mark(activity_id, own_id, origin).properties()["private"]
        return {**body, "extendedProperties": {"private": {**mine, **mark}}}

    def _edited_at(self, event: RawEvent) -> datetime | None:
        return stamp(event.get("updated"), skew(self.desk.google.server_time, self.desk.services.clock))


def shows(event: RawEvent, merged: Merged) -> bool:
    """Whether an event shows all that a merge wanted to write."""
    view = event_view(event)
    body = event_body(merged.event_changes, zone="UTC", default_duration=timedelta(0))
    wanted = event_view({**event, **without_nulls(body)})
    ours = beside(event)
    return all(
        ours[name] == value if name in ours else getattr(view, name) == getattr(wanted, name)
        for name, value in merged.event_changes.items()
    )
