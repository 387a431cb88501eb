"""Renamed deals, leads, persons and organizations, and new phones and addresses, on their way into titles and blocks.

An activity's update time does not move when what it hangs on is renamed. So once an hour (once a day while tokens are
scarce) everything that was updated since is listed, and compared by name with the links' bases. Only events of ours
show names. Their activities are set aside, durably, to be read with fresh names; many of them, part by part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.model import Origin
from include.calsync.flows import aside, observe
from include.calsync.flows.budget import Pace
from include.calsync.flows.names import KINDS, shown_names
from include.calsync.flows.refresh import NAMES
from include.calsync.flows.run import Run, RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import directory
from include.calsync.store.leases import check_fence
from include.calsync.store.limits import budget_of
from include.calsync.store.tables import link
from include.calsync.store.transaction import reading

EACH, SELDOM = timedelta(hours=1), timedelta(hours=24)
# A link may be stored long after its names were read, and was not yet there to be compared.
OVERLAP = timedelta(hours=1)
PAGES_PER_RUN = 20
PER_RUN = 500
"""Activities that are read again at once; the next ones follow after `APART`."""
APART = timedelta(minutes=5)
ONE_SECOND = timedelta(seconds=1)
LEAST_TOKENS = 200
"""With fewer left of the day nobody asks for names."""


@dataclass
class _Listed:
    """What was listed: names by kind and id, and where each kind's next listing starts."""

    names: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    complete: bool = True


def check(services: Services, run: Run, client: PipedriveClient, accounts: list[RunAccount], pace: Pace) -> None:
    """If it is time: set the activities aside whose events show an old name."""
    company_id, now = accounts[0].company_id, services.clock()
    scope = f"names:{company_id}"
    with reading(services.engine) as conn:
        known = directory.read(conn, scope)
    if known is None:
        since = dict.fromkeys(KINDS, (client.server_time or now).isoformat())
        _save(services, accounts, scope, {"since": since, "checked_at": now.isoformat()}, [])
        return
    left = budget_of(services.engine, client.key, now).remaining
    due_at = datetime.fromisoformat(known["checked_at"]) + (SELDOM if pace.thrifty else EACH)
    if now < due_at or (left is not None and left < LEAST_TOKENS):
        return
    listed = _list(services, client, known["since"])
    with reading(services.engine) as conn:
        outdated = list(_outdated(conn, company_id, listed.names)) if listed.names else []
    checked_at = now.isoformat() if listed.complete else known["checked_at"]
    _save(services, accounts, scope, {"since": listed.since, "checked_at": checked_at}, outdated)


def _list(services: Services, client: PipedriveClient, since: Mapping[str, str]) -> _Listed:
    out = _Listed()
    for kind in KINDS:
        start = datetime.fromisoformat(since[kind])
        pages, last, at = client.updated(kind, start), None, None
        # Leads come in no promised order, so that there is no place to stop at.
        for page in islice(pages, None if kind == "lead" else PAGES_PER_RUN):
            at = at or client.server_time or services.clock()
            out.names |= {(kind, str(row["id"])): shown_names(kind, row) for row in page if not row.get("is_deleted")}
            last = page[-1] if page else last
        rest = next(pages, None)
        reached = observe.stamp(last.get("update_time")) if rest and last else None
        out.complete = out.complete and reached is None
        out.since[kind] = (
            max(reached, start + ONE_SECOND) if reached else (at or services.clock()) - OVERLAP
        ).isoformat()
    return out


def _outdated(
    conn: Connection, company_id: str, names: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[tuple[int, int]]:
    """Account and activity of the links whose base shows another name than was listed."""
    column = link.c
    mine = column.company_id == company_id, column.state == "active", column.origin == str(Origin.PIPEDRIVE)
    query = select(column.account_id, column.activity_id, column.base_activity).where(*mine).order_by(column.due_at)
    for row in conn.execute(query.execution_options(yield_per=1000)):
        shown = row.base_activity["context"]
        deal, person, organization = row.base_activity["refs"]
        keys = (("deal" if deal.isdigit() else "lead", deal), ("person", person), ("organization", organization))
        if any(shown.get(part) != name for key in keys for part, name in names.get(key, {}).items()):
            yield row.account_id, row.activity_id


def _save(
    services: Services,
    accounts: list[RunAccount],
    scope: str,
    content: dict[str, Any],
    outdated: list[tuple[int, int]],
) -> None:
    """The position, and what is to be read again, in one transaction."""
    now = services.clock()
    with services.engine.begin() as conn:
        for account in sorted(accounts, key=lambda account: account.id):
            if account.fence is not None:
                check_fence(conn, account.id, account.fence)
        for number, (account_id, activity_id) in enumerate(outdated):
            _read_again(conn, account_id, activity_id, now, APART * (number // PER_RUN))
        directory.keep(conn, scope, "", content, now)


def _read_again(conn: Connection, account_id: int, activity_id: int, now: datetime, pause: timedelta) -> None:
    """What is set aside anyway is read with fresh names when its time comes."""
    item = ("activities", str(activity_id))
    if not aside.is_known(conn, account_id, item):
        aside.put(conn, account_id, item, NAMES, now, failed=False, pause=pause)
