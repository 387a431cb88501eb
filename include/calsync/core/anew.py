"""What is made anew is made whole (law 2): from the last full object of its own side, never from the poorer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from include.calsync.core.fields import EVENT
from include.calsync.core.raw import Body, Raw

_KEPT = (
    *(column for half in EVENT.values() for column in half.columns if column != "attendeesOmitted"),
    "conferenceData", "attachments", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests",
)  # fmt: skip
_GUEST = ("email", "displayName", "optional", "additionalGuests", "comment", "resource", "responseStatus")
_ATTACHMENT = ("fileUrl", "title", "mimeType", "iconLink")


def event_members(last: Raw, calendar_id: str, *, stays: bool) -> Body:
    """The members of an insert (Calendar API v3, Events) that make an event again what it was.

    `calendar_id`: where it is made. `stays`: it is made in its old calendar; in a colleague's neither the one who had
    it is asked to come, nor are the reminders kept, which are each user's own.
    """
    out = {name: last[name] for name in _KEPT if last.get(name) is not None}
    if "attendees" in out:
        out["attendees"] = _guests(last["attendees"], calendar_id, stays=stays)
    if "conferenceData" in out:
        out["conferenceData"] = _conference(last["conferenceData"])
    if "attachments" in out:
        out["attachments"] = [{k: each[k] for k in _ATTACHMENT if each.get(k)} for each in last["attachments"]]
    if stays and last.get("reminders"):
        out["reminders"] = last["reminders"]
    return {name: value for name, value in out.items() if value not in ({}, [], None)}


def _guests(shown: Iterable[object], calendar_id: str, *, stays: bool) -> list[Body]:
    people = [each for each in shown if isinstance(each, Mapping) and each.get("email")]
    asked = [each for each in people if stays or not (each.get("self") or each.get("organizer"))]
    own = calendar_id.casefold()
    others = [each for each in asked if stays or str(each["email"]).casefold() != own]
    return [{name: each[name] for name in _GUEST if each.get(name) is not None} for each in others]


def _conference(shown: object) -> Body:
    """A conference that was made is copied as it is; one that is only asked for is none yet."""
    if not isinstance(shown, Mapping) or not shown.get("entryPoints"):
        return {}
    return {name: value for name, value in shown.items() if name != "createRequest"}


def unanswered(members: Body) -> Body:
    """For another time than the guests answered for."""
    guests = [{k: v for k, v in each.items() if k != "responseStatus"} for each in members.get("attendees", ())]
    return members | ({"attendees": guests} if guests else {})
