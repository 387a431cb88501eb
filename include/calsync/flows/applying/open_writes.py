"""Writes whose outcome nobody heard: what their items show now tells whether they need an entry in the change log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from include.calsync.core.fields import BESIDE, activity_view, event_view
from include.calsync.core.marks import read_mark
from include.calsync.core.model import Context
from include.calsync.core.planning.wanted import value_json
from include.calsync.core.policy import Side
from include.calsync.core.raw import Raw, RawActivity, RawEvent
from include.calsync.core.run_records import OpenWrite
from include.calsync.core.stamps import skew, stamp
from include.calsync.core.text import plain
from include.calsync.errors import CredentialRefused, NotFound, Unreadable
from include.calsync.flows.trouble import ITEMS, Troubles
from include.calsync.store import changes, mapping
from include.calsync.store.transaction import Connection, reading

if TYPE_CHECKING:
    from include.calsync.flows.applying.writes import Desk

log = logging.getLogger(__name__)
UNKNOWN = "; unknown whether it arrived"
REASON_LENGTH = 200
# Stamps are whole seconds, and the clocks of the service and ours may disagree a little.
STAMP_ROUNDING = timedelta(seconds=30)


class Outcome(Enum):
    """What became of a write."""

    HAPPENED = "happened"
    REFUSED = "did not happen"
    UNKNOWN = "somebody edited the item since"


def recover(desk: Desk) -> None:
    """Settle the account's open writes; to be called before anything else is written.

    An item that can't be read now is looked at again in the next run.
    """
    with reading(desk.services.engine) as conn:
        left = changes.open_writes(conn, desk.account.id)
    troubles = Troubles()
    for write in left:
        try:
            if write.side == "activities" and write.activity_id is None:
                _settle_creation(desk, write)
            else:
                settle(desk, write, _read(desk, write))
        except CredentialRefused as error:
            if not desk.access.refuses_only_the_item(error, Side(write.side)):
                raise
            _stays_open(desk, error)
        except ITEMS as error:
            troubles.met(error)
            _stays_open(desk, error)
        else:
            troubles.none()


def _stays_open(desk: Desk, error: Exception) -> None:
    log.warning("account %s: the outcome of a write stays open: %s", desk.account.name, error)


def settle(desk: Desk, write: OpenWrite, current: Raw | None) -> None:
    """Judge a write by the item as it is now (None: it is gone), and log it if it may have happened."""
    ahead = skew(desk.google.server_time, desk.services.clock) if write.side == "events" else timedelta(0)
    outcome = outcome_of(write, current, ahead)
    with desk.commit() as conn:
        if outcome is Outcome.REFUSED:
            changes.drop(conn, write.id)
        elif outcome is Outcome.HAPPENED:
            changes.confirm(conn, write.id)
        else:
            changes.confirm(conn, write.id, reason=write.reason[: REASON_LENGTH - len(UNKNOWN)] + UNKNOWN)


def outcome_of(write: OpenWrite, current: Raw | None, ahead: timedelta = timedelta(0)) -> Outcome:
    """What became of a write, by the item as it is now. When in doubt it is logged, and the entry says so.

    `ahead`: the service's clock before ours.
    """
    gone = current is None or current.get("status") == "cancelled" or bool(current.get("is_deleted"))
    if write.after is None:
        return Outcome.HAPPENED if gone else Outcome.REFUSED
    if write.before is None:
        return _created(write, current, ahead)
    if current is None or gone:
        return Outcome.UNKNOWN
    shown = _shown(write.side, current)
    if all(shown(name) == _as_shown(name, value) for name, value in write.after.items()):
        return Outcome.HAPPENED
    untouched = write.seen == current.get("etag" if write.side == "events" else "update_time")
    same = all(shown(name) == value for name, value in write.before.items())
    return Outcome.REFUSED if untouched and same else Outcome.UNKNOWN


def _created(write: OpenWrite, current: Raw | None, ahead: timedelta) -> Outcome:
    """The id of a deleted event stays taken: an older one is not what was created."""
    created = stamp((current or {}).get("created"), ahead)
    if current is None or (created is not None and created < write.at - STAMP_ROUNDING):
        return Outcome.REFUSED
    return Outcome.HAPPENED


def _settle_creation(desk: Desk, write: OpenWrite) -> None:
    """Pipedrive gave no id: the intent finds the activity and makes it a link, or ends."""
    with desk.commit() as conn:
        link = mapping.link_of_event(conn, write.calendar_id, write.named_event)
        if link is not None:
            changes.confirm(conn, write.id, activity_id=link.activity_id, link_id=link.id)
        elif not _is_intended(conn, write):
            changes.drop(conn, write.id)


def _is_intended(conn: Connection, write: OpenWrite) -> bool:
    return any(row.event_id == write.event_id for row in mapping.intents(conn, write.account_id))


def _read(desk: Desk, write: OpenWrite) -> RawActivity | RawEvent | None:
    try:
        if write.side == "events":
            return desk.google.get_event(write.calendar_id, write.named_event)
        return desk.pipedrive.activity(write.named_activity)
    except NotFound:
        return None


def _shown(side: str, current: Raw) -> Callable[[str], Any]:
    """A field of the item as the log writes it."""
    try:
        view = event_view(current) if side == "events" else activity_view(current, Context())
    except Unreadable:
        view = None

    def field(name: str) -> Any:
        if name in BESIDE:
            return BESIDE[name].read(current)
        if name == "mark":
            mark = read_mark(current)
            return mark.properties() if mark is not None else None
        return value_json(getattr(view, name, None))

    return field


def _as_shown(name: str, value: Any) -> Any:
    """A value that was sent as a view shows it: descriptions are sent as HTML, and shown as text."""
    return plain(value) if name == "description" else value
