"""What a pair says of itself, as facts: its link, and what was seen of its two sides."""

from __future__ import annotations

from include.calsync.core.model import Change, Origin
from include.calsync.core.observations import Observation, is_lost, is_vanished
from include.calsync.core.planning.facts import NONE, Part, Shown, State, Why
from include.calsync.core.records import LinkHead
from include.calsync.core.words import WITHDRAWN, Absence

# Causes that end by themselves when the activity comes back into the account's scope.
SCOPE_CAUSES = frozenset({"no_date", "other_type", "other_owner", "done"})
SHOWN = {Change.UNCHANGED: Shown.SAME, Change.UPDATED: Shown.EDITED, Change.DELETED: Shown.DELETED}


def of_link(link: LinkHead) -> Part:
    """What the link says."""
    ended = link.state in (State.DETACHED, State.REMOVING)
    return {
        "state": State(link.state),
        "why": why_of(link.cause) if ended else NONE,
        "cause": link.cause or NONE,
        "origin": Origin(link.origin),
        "intended": link.intended is not None,
        "marked": bool(link.marked),
    }


def why_of(cause: str | None) -> Why:
    """The kind of a link's cause."""
    if cause in SCOPE_CAUSES:
        return Why.SCOPE
    if cause in WITHDRAWN:
        return Why.WITHDRAWN
    return Why(cause) if cause in ("event_deleted", "activity_deleted") else Why.OTHER


def shown_activity(activity: Observation | None, change: Change) -> Shown:
    """What was seen of an activity."""
    if activity is None:
        return Shown.UNSEEN
    return {"missing": Shown.MISSING, "unreadable": Shown.UNREADABLE}.get(activity.status, SHOWN[change])


def shown_event(event: Observation | None, change: Change) -> Shown:
    """What was seen of an event."""
    if event is None:
        return Shown.UNSEEN
    if event.error == Absence.LONG_PAST:
        return Shown.LONG_PAST
    if is_vanished(event):
        return Shown.VANISHED
    if event.status == "missing":
        return Shown.MISSING if is_lost(event) else Shown.UNSEEN
    return Shown.UNREADABLE if event.status == "unreadable" else SHOWN[change]
