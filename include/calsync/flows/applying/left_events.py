"""Events whose activity goes to another calendar: the new one is made first, then the old one is removed.

What is still to be removed is noted with the pair's former link, in the transaction that re-points the link.
"""

from __future__ import annotations

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.conflicts import Conflict, Why
from include.calsync.core.decide import Action
from include.calsync.core.field_sets import completed
from include.calsync.core.fields import MERGED, event_name, event_view
from include.calsync.core.planning.wanted import value_json
from include.calsync.core.policy import Side
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import Former, Link
from include.calsync.core.run_records import PlanRow
from include.calsync.errors import CalsyncError, LeaseLost, PreconditionFailed, RateLimited, TooLate
from include.calsync.flows.applying.event_writes import EventWrites
from include.calsync.flows.applying.writes import Desk
from include.calsync.flows.moves import client_of
from include.calsync.store import formers, mapping, runs
from include.calsync.store.leases import check_fence
from include.calsync.store.transaction import Connection, reading

NAMES = tuple(map(event_name, MERGED))
TIMES = ("when",)


def _elsewhere(desk: Desk, conn: Connection, row: PlanRow) -> Link | None:
    """The row's link, if its event is in another account's calendar."""
    link = mapping.get_link(conn, row.link_id) if row.link_id is not None else None
    return link if link is not None and link.calendar_id != desk.calendar_id else None


def refuse_if_changed(desk: Desk, row: PlanRow) -> None:
    """See that the event that is to leave another calendar is as it was planned; nothing happens for other rows.

    Raises PreconditionFailed if it is not, and TooLate if it can't be read or another run has its account: the next run
    decides again. It is no trouble of this account.
    """
    if row.link_id is None:
        return
    with reading(desk.services.engine) as conn:
        link = _elsewhere(desk, conn, row)
    if link is None:
        return
    client = client_of(desk.services, desk.account.company_id, link.calendar_id)
    if client is None:
        raise TooLate("the calendar that the event is in can't be reached: the event stays until it can")
    try:
        current = client.get_event(link.calendar_id, link.event_id)
    except CalsyncError as error:
        raise TooLate(f"the event stays in its calendar until that answers: {error}") from error
    if current.get("status") == "cancelled" or current.get("etag") != row.payload["etag"]:
        raise PreconditionFailed("the event was edited before it could go over: the next run decides again")
    with desk.services.engine.begin() as conn:  # a lease is looked at with its row locked
        _hold(desk, conn, link)


def _hold(desk: Desk, conn: Connection, link: Link) -> None:
    """Raises TooLate unless the link's account is this run's, too."""
    fence = runs.fence_of(conn, desk.run.id, link.account_id)
    try:
        check_fence(conn, link.account_id, fence if fence is not None else -1)
    except LeaseLost as error:
        raise TooLate("another run has the account whose event goes to another calendar") from error


def intend(desk: Desk, conn: Connection, row: PlanRow, event_id: str) -> None:
    """Note the new event before it is made, if the link's is in another calendar: the activity may be given back."""
    link = _elsewhere(desk, conn, row)
    if link is not None:
        formers.intend(conn, link.id, desk.services.clock(), desk.calendar_id, event_id)


def leave(desk: Desk, conn: Connection, row: PlanRow) -> None:
    """Note that the link's event is still to be removed, if it is in another calendar; then the link may go."""
    link = _elsewhere(desk, conn, row)
    if link is None:
        return
    _hold(desk, conn, link)
    shown = {name: row.payload[name] for name in ("event_raw", "activity_raw")}
    mapping.set_link(conn, link.id, **shown)
    formers.remember(conn, link.id, desk.services.clock(), leaves=True)
    formers.arrived(conn, link.company_id, link.activity_id, desk.calendar_id)


class LeftEvents(EventWrites):
    """One account's removals of events that are in another calendar by now."""

    def remove(self, row: PlanRow) -> None:
        """Delete the event, if the one that takes its place is there. What was typed into it meanwhile goes along."""
        desk = self.desk
        with reading(desk.services.engine) as conn:
            former = formers.of_event(conn, desk.calendar_id, row.named_event)
        if former is None or not former.leaves:
            raise TooLate("its activity's new event is not there yet: the old one stays until it is")
        try:
            self._remove(row, former)
        except RateLimited as error:
            raise TooLate(f"the old event stays until its calendar takes changes: {error}") from error

    def _remove(self, row: PlanRow, former: Former) -> None:
        desk, then, last = self.desk, former.event_raw or {}, row.payload["event_raw"]
        for is_last in (False, True):
            self._bring_over(row, then, last)
            then = last
            with desk.commit() as conn:
                desk.note(conn, row, side=Side.EVENT, before=last)
            try:
                self._delete(row, former, last.get("etag"))
                break
            except PreconditionFailed:
                last = desk.get_event(former.event_id)
                desk.review(row, last)
                if is_last:
                    raise
                if last.get("status") == "cancelled":
                    break
        with desk.commit() as conn:
            formers.left(conn, former.calendar_id, former.event_id)
            desk.confirm(conn, row, before=last)

    # What was typed into the old event meanwhile.

    def _bring_over(self, row: PlanRow, then: RawEvent, now: RawEvent) -> None:
        """Write what a person typed into the old event to the new one, from where the next run takes it.

        `then`: as it went over. What was typed into both stays as it is in the new one, and the log has the other.
        """
        desk, names = self.desk, TIMES if is_veiled(now) else NAMES
        old, typed = event_view(then), event_view(now)
        changes = {name: getattr(typed, name) for name in names if getattr(typed, name) != getattr(old, name)}
        with reading(desk.services.engine) as conn:
            link = mapping.link_of_activity(conn, desk.account.company_id, row.named_activity)
        if not changes or link is None:
            return
        client, current = self._there(link)
        if current.get("status") == "cancelled":
            return
        new = event_view(current)
        base = completed(link.base_event, new, link.field_set)
        lost = [name for name in changes if getattr(new, name) not in (getattr(old, name), getattr(base, name))]
        values = [(name, getattr(new, name), changes.pop(name)) for name in lost]
        desk.log_lost(row, [Conflict(*each, Side.ACTIVITY, Why.MOVED) for each in values])
        if not changes:
            return
        shown = [{name: value_json(getattr(view, name)) for name in changes} for view in (new, typed)]
        ids = {"calendar_id": link.calendar_id, "event_id": link.event_id, "link_id": link.id}
        with desk.commit() as conn:
            known = {"action": str(Action.MERGE), "before": shown[0], "after": shown[1], **ids}
            desk.note(conn, row, side=Side.EVENT, seen=current.get("etag"), **known)
        if "description" in changes:
            changes["description"] = str(now.get("description") or "")
        body, etag, mails = self._body(changes, now), current.get("etag"), desk.send_updates()
        with desk.sending(row):
            client.patch_event(link.calendar_id, link.event_id, body, etag=etag, send_updates=mails)
        with desk.commit() as conn:
            desk.log_write(conn, row)
            formers.set_event(conn, desk.calendar_id, row.named_event, now)

    def _there(self, link: Link) -> tuple[GoogleCalendarClient, RawEvent]:
        """The client of the new event's calendar, and the event. Raises TooLate if it can't be read."""
        client = client_of(self.desk.services, link.company_id, link.calendar_id)
        try:
            if client is not None:
                return client, client.get_event(link.calendar_id, link.event_id)
        except CalsyncError as error:
            raise TooLate(f"the old event stays until its new calendar answers: {error}") from error
        raise TooLate("the old event stays until its new calendar can be reached")
