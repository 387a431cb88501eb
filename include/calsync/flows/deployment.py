"""Installations: a store belongs to one, and says so on the events that it writes.

Two installations that serve one calendar take each other's removals for a person's. So a copy of a store stops before
its first request, and an account whose calendar shows another installation's events stops before its plan is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from include.calsync.core.marks import read_mark
from include.calsync.core.raw import Raw
from include.calsync.errors import OthersWrite, SettingsError
from include.calsync.flows.services import Services
from include.calsync.store import deployments
from include.calsync.store.directory import keep, read
from include.calsync.store.transaction import Connection, reading

SHOWN_EVENTS = 3


def check_store(services: Services, *, read_only: bool) -> None:
    """Claim a store that belongs to nobody yet, or to an installation that this one stands for.

    Raises SettingsError if it is another's.
    """
    ours = services.environment.deployments
    with reading(services.engine) as conn:
        known = deployments.owner(conn)
    if known is not None and known not in ours:
        text = (
            f"The calsync database belongs to the installation {known}, and this Airflow is {ours[0]}. Is this a copy? "
            "Give it a database of its own (connection calsync_db), and other calendars. Is it the same installation, "
            f"moved or configured anew? Set CALSYNC_DEPLOYMENT={known} here. Nothing was requested."
        )
        raise SettingsError([text])
    if known != ours[0] and not read_only:
        with services.engine.begin() as conn:
            deployments.claim(conn, ours[0])


def other_of(event: Raw, company_id: str, ours: Iterable[str]) -> str | None:
    """The other installation that wrote this event for the same company; None: there is none.

    Events without that property are older than it, and count as ours; one that a person copied says nothing.
    """
    mark = read_mark(event)
    if mark is None or mark.company_id != company_id or mark.event_id != event.get("id"):
        return None
    return mark.deployment if mark.deployment and mark.deployment not in ours else None


def remembered(conn: Connection, account_id: int) -> dict[str, str]:
    """Events of the account's calendar that another installation had written to when they were last seen."""
    return dict(read(conn, f"others:{account_id}") or {})


def remember(conn: Connection, account_id: int, events: Mapping[str, str], at: datetime) -> None:
    """As `remembered`."""
    keep(conn, f"others:{account_id}", "", dict(events), at)


def refuse_others(found: Mapping[str, str], ours: str) -> None:
    """Raises OthersWrite if a calendar shows events of other installations (event id → installation)."""
    if not found:
        return
    names = sorted(set(found.values()))
    events = ", ".join(sorted(found)[:SHOWN_EVENTS]) + (", …" if len(found) > SHOWN_EVENTS else "")
    raise OthersWrite(
        f"another installation of calsync writes to this calendar: {', '.join(names)} (this one is {ours}). Nothing is "
        "synced here until only one does. Switch the account off there, or give one of them another calendar. Then set "
        f"CALSYNC_DEPLOYMENT={','.join([ours, *names])} here, to take its events over. Events: {events}."
    )
