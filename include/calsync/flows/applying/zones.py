"""Time zones that Google refuses: one may be new in the database of zones. The times are right in UTC, too."""

from __future__ import annotations

import re
from collections.abc import Callable

from include.calsync.core.raw import Body, RawEvent
from include.calsync.core.when import in_utc, zone_of
from include.calsync.errors import RecordError
from include.calsync.flows.applying.writes import Desk

# "Invalid time zone definition for start time."
ABOUT_ZONES = re.compile(r"time ?zone", re.IGNORECASE)


def zoned(desk: Desk, body: Body, write: Callable[[Body], RawEvent]) -> RawEvent:
    """The answer to a write of an event. If it is refused for its zone, it is sent once more, shown in UTC."""
    zone = zone_of(body)
    if zone in desk.refused_zones:
        return write(in_utc(body))
    try:
        return write(body)
    except RecordError as error:
        if zone is None or error.status != 400 or not ABOUT_ZONES.search(str(error)):
            raise
        refused = error
    try:
        answer = write(in_utc(body))
    except RecordError:
        raise refused from None  # it was something else
    desk.tell_zone(zone)
    return answer
