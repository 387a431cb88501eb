"""Small pages on which a person plays the user of both services: look, create, edit, delete.

`GET /_sandbox/` on each service. Plain forms, which work without JavaScript and by curl. They act through the states'
public methods, so the request log, the token budget and the faults know nothing of them.
"""

from __future__ import annotations

from include.sandbox.base import Service
from include.sandbox.calendar_pages import CalendarPages
from include.sandbox.pipedrive.pages import ActivityPages


def install(pipedrive: Service, google: Service) -> None:
    """Gives both services their pages, each with a link to the other."""
    pipedrive.pages = ActivityPages(pipedrive, "Pipedrive", google, "Google Calendar")
    google.pages = CalendarPages(google, "Google Calendar", pipedrive, "Pipedrive")
