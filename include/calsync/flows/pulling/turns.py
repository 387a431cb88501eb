"""Whose turn it is to be asked for by id: of one request per run, who gets a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from include.calsync.clients.pipedrive import IDS_PER_REQUEST
from include.calsync.core.records import LinkHead
from include.calsync.core.words import REJECTED, UNPROVEN_EVENTS
from include.calsync.store import lookups
from include.calsync.store.transaction import Connection

# Of the ids asked for; the rest go to upcoming activities. With 180 of those each is still asked every other run.
PAST_SHARE = 10
# An all-day activity is stored as due at midnight UTC, and its day lasts longer than that.
ALL_DAY = timedelta(hours=36)
NEVER = datetime(1, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


def whose_turn(
    conn: Connection, company_id: str, account_ids: Collection[int], seen: Collection[int], now: datetime
) -> list[LinkHead]:
    """Links of these accounts to ask for now. Reads no more of them than have a chance."""
    held = lookups.apart(conn, account_ids)
    sound = [link for link in held if is_provable(link) and link.missing_since_run is None]
    for past in (False, True):
        unasked = lookups.longest_unasked(conn, company_id, account_ids, past=past)
        sound += lookups.of_ids(conn, _candidates(unasked, seen, now, past=past))
    return turn(sound, [link for link in held if not is_provable(link)], seen, now)


def _candidates(
    links: Iterable[tuple[int, int, datetime | None]], seen: Collection[int], now: datetime, *, past: bool
) -> list[int]:
    """As many as one request may hold of each kind: seen or not, due or over."""
    out: list[int] = []
    room: Counter[tuple[bool, bool]] = Counter()
    for link_id, activity_id, due_at in links:
        kind = activity_id in seen, past or not _is_upcoming(due_at, now)
        room[kind] += 1
        if room[kind] <= IDS_PER_REQUEST:
            out.append(link_id)
        if room[False, past] == IDS_PER_REQUEST:
            break
    return out


def turn(sound: list[LinkHead], held: list[LinkHead], seen: Collection[int], now: datetime) -> list[LinkHead]:
    """Whom to ask: upcoming ones, those not listed anyway first, then longest unasked, then soonest due.

    A small share, and what room is left, goes to past and held ones.
    """

    def order(link: LinkHead) -> tuple[bool, datetime, datetime]:
        return link.activity_id in seen, link.probed_at or NEVER, link.due_at or FAR

    upcoming = sorted((link for link in sound if _is_upcoming(link.due_at, now)), key=order)
    past = sorted((link for link in sound if not _is_upcoming(link.due_at, now)), key=order)
    room = max(PAST_SHARE, IDS_PER_REQUEST - len(upcoming))
    asked = _rotated(held, now)[: room // 2 if past else room]
    asked += past[: room - len(asked)]
    return upcoming[: IDS_PER_REQUEST - len(asked)] + asked


def _rotated(held: list[LinkHead], now: datetime) -> list[LinkHead]:
    """Another beginning each few minutes: what is not found leaves no trace to sort by."""
    start = int(now.timestamp() // 300) * PAST_SHARE // 2 % max(len(held), 1)
    return held[start:] + held[:start]


def _is_upcoming(due_at: datetime | None, now: datetime) -> bool:
    if due_at is None or due_at >= now:
        return True
    return due_at >= now - ALL_DAY and due_at.hour == due_at.minute == 0


def is_provable(link: LinkHead) -> bool:
    """Whether it is of interest that the activity was deleted; that ends the hold of a pair whose event is lost."""
    return bool(link.state == "active" or (link.state == "held" and link.cause in {*UNPROVEN_EVENTS, REJECTED}))
