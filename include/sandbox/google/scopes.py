"""The scopes of the Calendar API: which methods each opens, and what the consent page says of it.

Sources: discovery document of Calendar v3 (`auth.oauth2.scopes` and the `scopes` of each method).
"""

from __future__ import annotations

SCOPE = "https://www.googleapis.com/auth/"

_READ_EVENTS = ("calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly", "calendar.events.owned",
                "calendar.events.owned.readonly", "calendar.events.freebusy", "calendar.events.public.readonly",
                "calendar.app.created")  # fmt: skip
_WRITE_EVENTS = ("calendar", "calendar.events", "calendar.events.owned", "calendar.app.created")
_WRITE_CALENDARS = ("calendar", "calendar.calendars", "calendar.app.created")
_READ_LIST = ("calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly")

SCOPES: dict[str, tuple[str, ...]] = {
    "events.list": _READ_EVENTS,
    "events.get": _READ_EVENTS,
    "events.instances": _READ_EVENTS,
    "events.insert": _WRITE_EVENTS,
    "events.patch": _WRITE_EVENTS,
    "events.update": _WRITE_EVENTS,
    "events.delete": _WRITE_EVENTS,
    "calendars.get": (*_WRITE_CALENDARS, "calendar.readonly", "calendar.calendars.readonly"),
    "calendars.insert": _WRITE_CALENDARS,
    "calendars.patch": _WRITE_CALENDARS,
    "calendars.update": _WRITE_CALENDARS,
    "calendars.delete": _WRITE_CALENDARS,
    "calendarList.list": _READ_LIST,
    "calendarList.get": (*_READ_LIST, "calendar.app.created"),
    "calendarList.insert": ("calendar", "calendar.calendarlist"),
}

TEXTS: dict[str, str] = {
    "calendar": "See, edit, share, and permanently delete all the calendars you can access using Google Calendar",
    "calendar.app.created": "Make secondary Google calendars, and see, create, change, and delete events on them",
    "calendar.calendarlist.readonly": "See the list of Google calendars you're subscribed to",
    "calendar.calendars.readonly": "See the title, description, default time zone, and other properties of Google "
    "calendars you have access to",
    "calendar.events": "View and edit events on all your calendars",
    "calendar.readonly": "See and download any calendar you can access using your Google Calendar",
}

KNOWN = frozenset(scope for allowed in SCOPES.values() for scope in allowed)
"""Short names of all scopes that any method takes."""


def short(scopes: str) -> frozenset[str]:
    """A space-separated list of scopes as short names, unknown ones included."""
    return frozenset(each.removeprefix(SCOPE) for each in scopes.split())


def spelled(scopes: frozenset[str]) -> str:
    """The same in full, as tokens and redirects name them."""
    return " ".join(sorted(SCOPE + each for each in scopes))
