"""What people call calendars, so that the page can say it: as runs saw them, and as a form asked last."""

from __future__ import annotations

from include.calsync.core.raw import RawItem
from include.calsync.flows.services import Services
from include.calsync.store.directory import Directory, calendar_scope, calendars_scope

SHOWN = 100
"""How many calendars of a person are offered."""
WRITERS = ("owner", "writer")


def note(directory: Directory, entry: RawItem) -> None:
    """Keep the name of a calendar, of which Google said this. One that is named after its owner has none."""
    name = _name(entry)
    if name and name != entry["id"]:
        directory.note(calendar_scope(str(entry["id"])), {"name": name})


def ask(services: Services, conn_id: str, google_user: str) -> list[tuple[str, str]]:
    """Id and name of the calendars that this Google user may write to, asked now and kept for the form.

    Raises AccountError, ServiceError.
    """
    client = services.google(conn_id, google_user)
    entries = [each for each in client.calendars() if each.get("accessRole") in WRITERS and not each.get("deleted")]
    found = [(str(each["id"]), _name(each) or str(each["id"])) for each in entries[:SHOWN]]
    directory = Directory(services.engine, services.clock, read_only=False)
    directory.get(calendars_scope(conn_id, google_user), client.fingerprint, lambda: found, fresh=True)
    return found


def _name(entry: RawItem) -> str:
    return str(entry.get("summaryOverride") or entry.get("summary") or "")
