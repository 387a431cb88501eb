"""Whose turn it is to be asked for by id: of one request per run, who gets a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.calsync.clients.pipedrive import IDS_PER_REQUEST
from include.calsync.core.records import LinkHead

# Of the ids asked for; the rest go to upcoming activities. With 180 of those each is still asked every other run.
PAST_SHARE = 10
# An all-day activity is stored as due at midnight UTC, and its day lasts longer than that.
ALL_DAY = timedelta(hours=36)
NEVER = datetime(1, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


def turn(sound: list[LinkHead], held: list[LinkHead], seen: set[int], now: datetime) -> list[LinkHead]:
    """Whom to ask: upcoming ones, those not listed anyway first, then longest unasked, then soonest due.

    A small share, and what room is left, goes to past and held ones.
    """

    def order(link: LinkHead) -> tuple[bool, datetime, datetime]:
        return link.activity_id in seen, link.probed_at or NEVER, link.due_at or FAR

    upcoming = sorted((link for link in sound if _is_upcoming(link, now)), key=order)
    past = sorted((link for link in sound if not _is_upcoming(link, now)), key=order)
    room = max(PAST_SHARE, IDS_PER_REQUEST - len(upcoming))
    asked = _rotated(held, now)[: room // 2 if past else room]
    asked += past[: room - len(asked)]
    return upcoming[: IDS_PER_REQUEST - len(asked)] + asked


def _rotated(held: list[LinkHead], now: datetime) -> list[LinkHead]:
    """Another beginning each few minutes: what is not found leaves no trace to sort by."""
    start = int(now.timestamp() // 300) * PAST_SHARE // 2 % max(len(held), 1)
    return held[start:] + held[:start]


def _is_upcoming(link: LinkHead, now: datetime) -> bool:
    due: datetime | None = link.due_at
    if due is None or due >= now:
        return True
    return due >= now - ALL_DAY and due.hour == due.minute == 0
