"""What the peers' whole syncs work on: the same meetings on both sides, in the form that each peer takes.

Standard library only. A meeting says what the product's sample activity says: subject, time, place, description of a
few sentences, busy. `edition` 1 is an edit of edition 0.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SENTENCE = "Talk about the offer and the next steps. "
CHANGED_EVERY = 100


def edition(number: int, case: str) -> int:
    """Of an item on the first side: each hundredth is edited in the case `changed`."""
    return int(case == "changed" and number % CHANGED_EVERY == 0)


def meeting(number: int, edition: int = 0) -> dict[str, Any]:
    """Plain JSON values."""
    start = FIRST + timedelta(minutes=30 * (number % 20_000))
    return {
        "id": f"item{number:08d}",
        "subject": f"Call {number}" + (" moved" if edition else ""),
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
        "place": "Room 1",
        "description": SENTENCE * (number % 4),
        "busy": True,
    }


def line(number: int, edition: int = 0) -> str:
    """A meeting as a line of JSON."""
    return json.dumps(meeting(number, edition))


def calendar(number: int, edition: int = 0) -> str:
    """A meeting as iCalendar (RFC 5545), as a CalDAV server answers it."""
    shown = meeting(number, edition)
    start, end = (datetime.fromisoformat(shown[name]).strftime("%Y%m%dT%H%M%SZ") for name in ("start", "end"))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//peers//EN",
        "BEGIN:VEVENT",
        f"UID:{shown['id']}",
        "DTSTAMP:20260301T000000Z",
        f"DTSTART:{start}",
        f"DTEND:{end}",
        f"SUMMARY:{shown['subject']}",
        f"LOCATION:{shown['place']}",
        f"DESCRIPTION:{shown['description']}",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        "SEQUENCE:0",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines)
