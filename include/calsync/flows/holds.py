"""What waits for a person: shown item by item, approved or rejected, and asked about anew after a week.

A decision is stored here and carried out by the next run: it does exactly what was held, if the items are as they were.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.decide import Action
from include.calsync.core.model import ActivityView, EventView, When
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Side
from include.calsync.core.privacy import is_private
from include.calsync.core.records import Payload
from include.calsync.core.run_records import Held, HeldCreation, StoredHold
from include.calsync.core.words import MISSING, REJECTED
from include.calsync.errors import CalsyncError
from include.calsync.flows import aside
from include.calsync.flows.services import Services
from include.calsync.flows.told import some
from include.calsync.store import accounts as known_accounts
from include.calsync.store import holds, mapping
from include.calsync.store.transaction import Connection, reading

EXPIRES = timedelta(days=7)
"""A decision is about items as they were: after so long they are read again, and a person is asked anew."""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """One item of a hold, as a person sees it. `title`: None: it is not to be shown. `fields`: those that would be
    written."""

    action: str
    activity_id: int | None
    event_id: str | None
    when: When | None
    title: str | None
    fields: tuple[str, ...]
    because: str


WHAT: dict[str, tuple[str, str]] = {
    Action.DELETE_ACTIVITY: ("delete {} in Pipedrive", "activity"),
    Action.FINISH_ACTIVITY: ("mark {} as done", "activity"),
    Action.DELETE_EVENT: ("delete {} in Google Calendar", "event"),
    Action.REMOVE_EVENT: ("take {} out of the calendar", "event"),
    Action.MERGE: ("carry over the edits of {}", "pair"),
    Action.CREATE_EVENT: ("make {} in Google Calendar", "event"),
    Action.CREATE_ACTIVITY: ("make {} in Pipedrive", "activity"),
    Action.DETACH: ("sync {} no more", "pair"),
}
"""What an approval does, by action."""
INSTEAD: dict[str, str] = {
    Action.DELETE_ACTIVITY: "make their events anew",
    Action.FINISH_ACTIVITY: "make their events anew",
    Action.DELETE_EVENT: "make their activities anew",
    Action.REMOVE_EVENT: "leave the events where they are",
    Action.MERGE: "put back what was edited",
    Action.CREATE_EVENT: "leave the activities where they are, without an event",
    Action.CREATE_ACTIVITY: "leave the events where they are, without an activity",
    Action.DETACH: "keep the pairs",
}
"""What a rejection does."""


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold with its items. `plan_hash`: of exactly these: who approves may name it."""

    hold: StoredHold
    account: str
    lines: tuple[HeldLine, ...]
    plan_hash: str

    @property
    def approved(self) -> str:
        """What the next run does if it is approved."""
        counts = Counter(line.action for line in self.lines)
        return ", ".join(WHAT[action][0].format(some(count, WHAT[action][1])) for action, count in counts.items())

    @property
    def rejected(self) -> str:
        """What the next run does if it is rejected."""
        return ", ".join(dict.fromkeys(INSTEAD[line.action] for line in self.lines))


def waiting(services: Services, *, unasked: bool = False) -> list[StoredHold]:
    """The open holds, oldest first. `unasked`: only those that nobody was asked about."""
    with reading(services.engine) as conn:
        return holds.open_holds(conn, unasked=unasked)


def ask(services: Services, hold_id: int, by: str, *, again: bool = False) -> bool:
    """Take it on to ask a person about the hold. False: it is decided, or another Airflow run asks (unless `again`).

    Args:
        by: the Airflow run that asks.
    """
    with services.engine.begin() as conn:
        return holds.ask(conn, hold_id, by, again=again)


def show(services: Services, hold_id: int) -> HoldView:
    """A hold as it is now. Titles only if the logs may have personal data. Raises CalsyncError if there is none."""
    personal = services.environment.log_personal_data
    with reading(services.engine) as conn:
        hold = _known(conn, hold_id)
        items, creations = holds.items_of(conn, hold_id), holds.creations_of(conn, hold_id)
        links = mapping.whole(conn, [row.link_id for row in items])
        account = known_accounts.get(conn, hold.account_id)
    lines = []
    for row in items:
        link = links[row.link_id]
        lines.append(_line(row.action, row.payload, link.activity_id, link.event_id, row.reason or "", personal))
    lines += [_new_line(new, personal) for new in creations]
    return HoldView(hold, account.name, tuple(lines), _hash(items, creations))


def decide(services: Services, hold_id: int, *, approve: bool, by: str, plan_hash: str | None = None) -> None:
    """Store what a person decided. The next run carries it out.

    Args:
        by: the person's name in Airflow.
        plan_hash: of what the person saw.

    Raises:
        CalsyncError: it is decided already, or over, or not what the person saw.
    """
    now = services.clock()
    with services.engine.begin() as conn:
        hold = _known(conn, hold_id)
        items, creations = holds.items_of(conn, hold_id), holds.creations_of(conn, hold_id)
        if plan_hash is not None and plan_hash != _hash(items, creations):
            raise CalsyncError(f"Look at hold {hold_id} again: some of its items changed since it was shown.")
        if not holds.decide(conn, hold_id, state="approved" if approve else "rejected", by=by, at=now):
            raise CalsyncError(f"Nothing was changed: {_over(hold)}")
        for new in creations if approve else ():
            _read_again(conn, hold.account_id, (new.side, new.item_id), now)
        for row in items if not approve else ():
            if row.payload.get("unproven") == MISSING:
                mapping.set_link(conn, row.link_id, cause=REJECTED)


def expire(conn: Connection, account_id: int, now: datetime) -> None:
    """Let go what nobody decided for a week: it is read and decided anew, and if it is still too much a person is asked
    again."""
    for hold in holds.expired(conn, account_id, now - EXPIRES):
        items, creations = holds.items_of(conn, hold.id), holds.creations_of(conn, hold.id)
        links = mapping.whole(conn, [row.link_id for row in items])
        for link in links.values():
            _read_again(conn, account_id, ("activities", str(link.activity_id)), now)
            _read_again(conn, account_id, ("events", link.event_id), now)
            holds.release(conn, link.id)
        for row in creations:
            _read_again(conn, account_id, (row.side, row.item_id), now)
        holds.release_creations(conn, creations)


def _read_again(conn: Connection, account_id: int, item: tuple[str, str], now: datetime) -> None:
    aside.put(conn, account_id, item, "a person decided, or nobody did for a week", now, failed=False)


def _known(conn: Connection, hold_id: int) -> StoredHold:
    hold = holds.get(conn, hold_id)
    if hold is None:
        raise CalsyncError(f"Look under Required Actions which holds there are: there is no hold {hold_id}.")
    return hold


def _over(hold: StoredHold) -> str:
    if hold.state == "lapsed":
        return f"hold {hold.id} is over; its items changed, and were decided anew."
    return f"hold {hold.id} was {hold.state} by {hold.decided_by} at {hold.decided_at:%Y-%m-%d %H:%M} UTC."


def _hash(items: list[Held], creations: list[HeldCreation]) -> str:
    """Of what would be done, whatever the order."""
    known = [[str(row.link_id), row.action, row.payload] for row in items]
    known += [[row.side, row.item_id, row.payload] for row in creations]
    texts = sorted(json.dumps(each, sort_keys=True) for each in known)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _new_line(row: HeldCreation, personal: bool) -> HeldLine:
    if row.side == Side.ACTIVITY:
        return _line(Action.CREATE_EVENT, row.payload, int(row.item_id), None, "new activity", personal)
    return _line(Action.CREATE_ACTIVITY, row.payload, None, row.item_id, "new event", personal)


def _line(
    action: str, payload: Payload, activity_id: int | None, event_id: str | None, because: str, personal: bool
) -> HeldLine:
    activity = ActivityView.from_json(payload["activity"]) if payload.get("activity") else None
    event = EventView.from_json(payload["event"]) if payload.get("event") else None
    when = (activity.when if activity is not None else None) or (event.when if event is not None else None)
    hidden = not personal or (activity is not None and activity.private) or is_private(payload.get("event_raw") or {})
    shown = activity.subject if activity is not None else event.title if event is not None else None
    fields = [f"{name} ({side})" for side in Side for name in changes_of(payload, side)]
    return HeldLine(str(action), activity_id, event_id, when, None if hidden else shown, tuple(fields), because)
