"""Links that are older than `meeting` learn theirs from the event that they keep: a colleague's copy is known by it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LINKS_PER_QUERY = 500
LONGEST = 1100
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
link = sa.table("link", sa.column("id"), sa.column("meeting"), sa.column("event_raw", sa.Text()))


def upgrade() -> None:
    """Fill it in, part by part."""
    conn, last = op.get_bind(), 0
    raw = sa.cast(link.c.event_raw, sa.Text())
    query = sa.select(link.c.id, raw).where(link.c.meeting.is_(None), link.c.event_raw.is_not(None))
    while rows := conn.execute(query.where(link.c.id > last).order_by(link.c.id).limit(LINKS_PER_QUERY)).all():
        last = rows[-1][0]
        for link_id, text in rows:
            meeting = _meeting(json.loads(text))
            if meeting:
                conn.execute(sa.update(link).where(link.c.id == link_id).values(meeting=meeting))


def downgrade() -> None:
    """What was filled in does no harm."""


def _meeting(event: Any) -> str:
    """iCalUID, and of an occurrence its original start in UTC; "" if it can't be known."""
    event = event if isinstance(event, Mapping) else {}
    uid = CONTROL.sub("", str(event.get("iCalUID") or ""))
    if not uid:
        return ""
    found = uid if not event.get("recurringEventId") else f"{uid} {_start(event.get('originalStartTime'))}"
    return found if len(found) <= LONGEST else ""


def _start(value: Any) -> str:
    value = value if isinstance(value, Mapping) else {}
    if value.get("date"):
        return str(value["date"])
    try:
        return datetime.fromisoformat(str(value.get("dateTime"))).astimezone(UTC).isoformat()
    except ValueError:
        return str(value.get("dateTime"))
