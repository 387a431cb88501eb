"""The terms of one pair: what may flow in it, by the kind of event that it has. The account's mode limits it further.

| event | its content | the activity's content | lives and dies with |
|---|---|---|---|
| one's own | follows the activity | follows the event | each other |
| organised by somebody else, or a locked copy | is never written | follows the event | the event |
| veiled (core.privacy), born in Google | only its time is written | follows what the veil shows | the event |
| veiled, born in Pipedrive | only its time is written | only its time is written | each other |
"""

from __future__ import annotations

from dataclasses import dataclass

from include.calsync.core.fields import MERGED, has_guests, is_foreign
from include.calsync.core.guests import outside_guests
from include.calsync.core.model import Origin
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Raw

ALL = frozenset(MERGED)
NOTHING: frozenset[str] = frozenset()
TIMES = frozenset({"when"})


@dataclass(frozen=True, slots=True)
class Terms:
    """Fields that may be written to each side, and what else depends on the kind of event."""

    to_event: frozenset[str] = ALL
    to_activity: frozenset[str] = ALL
    mark: bool = True
    """Whether the event may carry our properties: on an occurrence they would make it an exception of its series."""
    follows: bool = False
    """The activity lives and dies with the event, and nothing that happens to it touches the event."""
    veiled: bool = False
    guests: bool = False
    """Somebody else reads the event: no internal note."""
    outside: bool = False
    """Somebody from outside the company reads it: nothing of the contact's data either."""


OWN = Terms()


def terms_of(event: Raw, *, calendar_id: str, origin: Origin, own: frozenset[str] = frozenset()) -> Terms:
    """The terms of a pair with this raw event, veiled if it has to be. `own`: what colleagues are known by."""
    foreign = is_foreign(event, calendar_id)
    veiled, google = is_veiled(event), origin is Origin.GOOGLE
    to_event = NOTHING if foreign else TIMES if veiled else ALL
    return Terms(
        to_event=to_event,
        to_activity=TIMES if veiled and not google else ALL,
        mark=not event.get("recurringEventId"),
        follows=foreign or (veiled and google),
        veiled=veiled,
        guests=foreign or has_guests(event),
        outside=bool(outside_guests(event, own)),
    )
