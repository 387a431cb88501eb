"""The guard over new items: too many in one run, and copies that another sync makes of ours, are held.

An upload is what a person asked for, so it is not guarded; it is also the way to bring over what was held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.adopt import span_of
from include.calsync.core.decide import Action
from include.calsync.core.guard import Limit, message
from include.calsync.core.marks import read_mark
from include.calsync.core.model import ActivityView, EventView, When
from include.calsync.core.moved_times import move_activity, move_event
from include.calsync.core.policy import Side
from include.calsync.core.raw import Raw
from include.calsync.core.run_records import HeldCreation, NewHold, NewRow
from include.calsync.core.stamps import stamp
from include.calsync.core.twins import AT_ONCE, Doubt, Item, Known, doubt_of
from include.calsync.core.when import due_at
from include.calsync.flows.creation_limits import MAX_CREATE, create_limits
from include.calsync.flows.planning.guarded import CHANGED, CHANGED_TEXT
from include.calsync.flows.planning.seen import Seen, activity_key, event_key
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import changes, holds, lookups, mapping
from include.calsync.store.transaction import Connection

log = logging.getLogger(__name__)
CREATED = {str(Action.CREATE_EVENT): Side.EVENT, str(Action.CREATE_ACTIVITY): Side.ACTIVITY}
"""By action: the side on which we create."""
TWIN = "twin"
ONE = {Side.ACTIVITY: "activity", Side.EVENT: "event"}


@dataclass(frozen=True)
class _New:
    """A new item about to get its partner."""

    row: NewRow
    item: Item
    when: When
    alone: bool
    """Whether it may be another sync's work: a copy that a person made of our event is not."""

    @property
    def due(self) -> datetime | None:
        return due_at(self.when if self.item.side is Side.ACTIVITY else move_activity(self.when, None, None))


def guard_creations(conn: Connection, run: Run, seen: Seen, rows: list[NewRow], now: datetime) -> list[HeldCreation]:
    """Mark new items as held, each with its hold; drop those from the plan that are held already.

    What a person approved goes on, what was rejected stays where it is. Returns: what is held no more.
    """
    if run.request.upload is not None:
        return []
    over: list[HeldCreation] = []
    dropped: set[int] = set()
    accounts = run.working()
    rows_of: dict[int, list[NewRow]] = {account.id: [] for account in accounts}
    for row in rows:
        if row.account_id in rows_of:
            rows_of[row.account_id].append(row)
    held: dict[int, list[HeldCreation]] = {account.id: [] for account in accounts}
    for known in holds.held_creations(conn, *held):
        held[known.account_id].append(known)
    for account in accounts:
        guard = _AccountGuard(conn, account, seen, rows_of[account.id], held[account.id], now)
        guard.as_decided()
        guard.twins()
        guard.limits()
        dropped |= guard.dropped
        over += guard.over()
    rows[:] = [row for row in rows if id(row) not in dropped]
    return over


class _AccountGuard:
    """One account's new items, and those that it held before."""

    def __init__(
        self,
        conn: Connection,
        account: RunAccount,
        seen: Seen,
        rows: Iterable[NewRow],
        held: Iterable[HeldCreation],
        now: datetime,
    ) -> None:
        self.conn, self.account, self.seen, self.now = conn, account, seen, now
        self.held = {(row.side, row.item_id): row for row in held}
        mine = (row for row in rows if row.state == "planned")
        self.new = [self._new(row) for row in mine if row.action in CREATED and row.link_id is None]
        self.dropped: set[int] = set()
        self.stays: set[tuple[str, str]] = set()

    def _new(self, row: NewRow) -> _New:
        payload = row.payload
        if row.action == Action.CREATE_EVENT:
            activity, raw = ActivityView.from_json(payload["activity"]), payload["activity_raw"]
            assert activity.when is not None
            at = created_at(raw, "add_time", "update_time", payload["activity_stamp"])
            bare = not any(activity.refs)
            return _New(row, Item(Side.ACTIVITY, activity.subject, at or self.now, bare), activity.when, True)
        event, raw = EventView.from_json(payload["event"]), payload["event_raw"]
        at = created_at(raw, "created", "updated", payload["event_stamp"])
        return _New(row, Item(Side.EVENT, event.title, at or self.now), event.when, read_mark(raw) is None)

    # What a person decided.

    def as_decided(self) -> None:
        """Let what was approved go on, if it is as it was then; what was rejected is left out without a word."""
        changed = []
        for new in list(self.new):
            known = self.held.get(_key(new.row))
            if known is None or known.state == "open":
                continue
            self.new.remove(new)
            if known.state == "rejected":
                self._keep([new])
            elif _is_as_held(new.row, known):
                new.row.payload["decided"] = {"hold": known.hold_id, "by": known.decided_by}
                self.stays.add(_key(new.row))  # until it is carried out
            else:
                changed.append(new)
        self._hold(CHANGED, changed, lambda found: f"{len(found)} {CHANGED_TEXT}")

    # Copies of another sync.

    def twins(self) -> None:
        """Hold what another sync made of our pairs. Once one is known to be at work, less is enough."""
        doubts = [(new, doubt_of(new.item, self._pairs_of(new))) for new in self.new if new.alone]
        warned = any(row.rule == TWIN and row.state != "approved" for row in self.held.values())
        warned = warned or any(doubt is Doubt.SURE for _, doubt in doubts)
        found = [new for new, doubt in doubts if doubt is Doubt.SURE or (warned and doubt is Doubt.LIKE)]
        self._hold(TWIN, found, self._twin_text)

    def _twin_text(self, found: Sequence[_New]) -> str:
        ids = ", ".join(f"{ONE[new.item.side]} {_key(new.row)[1]}" for new in found)
        return (
            f"{len(found)} new items held: they have the time and the title of pairs that are in sync, and came within "
            "minutes of what was created for those. Another sync seems to work on this calendar, maybe Pipedrive's own "
            "calendar sync. Switch it off, then delete its copies. What is no copy: change its title or time, or bring "
            f"it over with upload_unsynced_activities. Held: {ids}."
        )

    def _pairs_of(self, new: _New) -> list[Known]:
        """The account's pairs of the same time."""
        near = lookups.due_at(self.conn, self.account.id, new.due) if new.due is not None else []
        if not near:
            return []
        created = self._created_of({link.id for link in near}, new.item.at)
        when = new.when
        if new.item.side is Side.ACTIVITY:
            when = move_event(when, None, None, self.account.policy.default_duration)
        out = []
        for link in mapping.whole(self.conn, [link.id for link in near]).values():
            event, activity = EventView.from_json(link.base_event), ActivityView.from_json(link.base_activity)
            if span_of(event.when) == span_of(when):
                side, at = created.get(link.id, (None, None))
                out.append(Known(activity.subject, event.title, side, at))
        return out

    def _created_of(self, link_ids: set[int], at: datetime) -> dict[int, tuple[Side, datetime]]:
        """What we created around that time for these links, by link."""
        first, last = at - AT_ONCE - timedelta(minutes=1), at + AT_ONCE
        made = changes.made_between(self.conn, self.account.id, list(CREATED), first, last)
        return {link_id: (CREATED[action], when) for link_id, action, when in made if link_id in link_ids}

    # Too many.

    def limits(self) -> None:
        """Hold all that is new if it is too much for one run. The occurrences of a series count once.

        What an account finds when it begins, or begins again with other settings, is expected.
        """
        limits, rest = create_limits(self.account.settings), [new for new in self.new if new.row.hold is None]
        rest = [new for new in rest if id(new.row) not in self.dropped]
        again = [new for new in rest if self._is_held(new, MAX_CREATE) and self.held[_key(new.row)].limits == limits]
        fresh = [new for new in rest if new not in again]
        self._keep(again)
        units = {(new.row.payload.get("event_raw") or {}).get("recurringEventId") or _key(new.row) for new in fresh}
        limit = Limit(MAX_CREATE, self.account.settings.max_create_ratio, self.account.settings.max_create_count)
        if self.account.begins or not units:
            return
        link_count = lookups.live_counts(self.conn, [self.account.id]).get(self.account.id, 0)
        if not limit.exceeded(len(units), 0, link_count):
            return
        text = message(limit, "creations", len(fresh), 0, link_count)
        hint = " Or bring them over with upload_unsynced_activities. Is another sync at work on this calendar?"
        self._hold(MAX_CREATE, fresh, lambda _: text + hint)

    # Holding.

    def _is_held(self, new: _New, rule: str) -> bool:
        known = self.held.get(_key(new.row))
        return known is not None and known.rule == rule

    def _keep(self, again: Iterable[_New]) -> None:
        for new in again:
            self.dropped.add(id(new.row))
            self.stays.add(_key(new.row))

    def _hold(self, rule: str, found: Sequence[_New], text: Callable[[Sequence[_New]], str]) -> None:
        again = [new for new in found if rule == TWIN and self._is_held(new, rule)]
        self._keep(again)
        fresh = [new for new in found if new not in again]
        if not fresh:
            return
        hold = NewHold(rule, f"account {self.account.name}: {text(fresh)}", create_limits(self.account.settings))
        log.error("%s", hold.message)
        self.account.notices.append(hold.message)
        for new in fresh:
            new.row.state, new.row.hold = "held", hold
            self.stays.add(_key(new.row))

    def over(self) -> list[HeldCreation]:
        """Items that are held no more: planned now, linked, or gone."""
        planned = {_key(new.row) for new in self.new} - self.stays
        linked = self._linked()
        return [row for key, row in self.held.items() if key in planned | linked or self._is_gone(row)]

    def _linked(self) -> set[tuple[str, str]]:
        """Held items that have a partner by now."""
        activities = [int(row.item_id) for row in self.held.values() if row.side == Side.ACTIVITY]
        events = [row.item_id for row in self.held.values() if row.side == Side.EVENT]
        links = lookups.of_activities(self.conn, self.account.company_id, activities)
        links += lookups.of_events(self.conn, self.account.calendar_id or "", events)
        mine = [each for each in (*links, *self.seen.links) if each.account_id == self.account.id]
        live = [link for link in mine if link.state != "detached"]
        return {("activities", str(link.activity_id)) for link in live} | {("events", link.event_id) for link in live}

    def _is_gone(self, row: HeldCreation) -> bool:
        rows, key = self.seen.activities, activity_key(self.account.company_id, row.item_id)
        if row.side == "events":
            rows, key = self.seen.events, event_key(self.account.calendar_id or "", row.item_id)
        return key in rows and rows[key].status == "deleted"


def _is_as_held(row: NewRow, known: HeldCreation) -> bool:
    """Whether the item still shows what it did when it was held."""
    shown = "activity" if row.action == Action.CREATE_EVENT else "event"
    return bool(row.payload[shown] == known.payload.get(shown))  # type: ignore[literal-required]


def held_key(row: NewRow) -> tuple[str, str]:
    """Side and id of the new item that a row would give a partner."""
    return _key(row)


def _key(row: NewRow) -> tuple[str, str]:
    if row.action == Action.CREATE_EVENT:
        return "activities", str(row.activity_id)
    return "events", str(row.event_id)


def created_at(raw: Raw, created: str, edited: str, edited_at: str | None) -> datetime | None:
    """When an item was created, by our clock, which `edited_at` has of its last edit."""
    at, last = stamp(raw.get(created)), stamp(raw.get(edited))
    if at is None or last is None or edited_at is None:
        return at
    return at - (last - datetime.fromisoformat(edited_at))
