"""Renamed deals, leads, persons and organizations, and new phones and addresses, on their way into titles and blocks.

An activity's update time does not move when what it hangs on is renamed. So once an hour (once a day while tokens are
scarce) everything of the kinds in use that was updated since is listed, and compared by name with the links' bases. A
kind that can't be listed is told of, and tried again; no sync stops for a name. Only events of ours show names. Their
activities are set aside, durably, to be read with fresh names; many of them, part by part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.raw import Json
from include.calsync.core.stamps import stamp
from include.calsync.core.words import KINDS, NAMES, Absence
from include.calsync.errors import CredentialRefused, FatalError, NotFound, RecordError, RetryableError
from include.calsync.flows import aside
from include.calsync.flows.names import shown_names
from include.calsync.flows.pulling.pace import Pace
from include.calsync.flows.run import Run, check_lease
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import directory, mapping
from include.calsync.store.budgets import budget_of
from include.calsync.store.transaction import Connection, reading

EACH, SELDOM = timedelta(hours=1), timedelta(hours=24)
# A link may be stored long after its names were read, and was not yet there to be compared.
OVERLAP = timedelta(hours=1)
PAGES_PER_RUN = 20
LISTINGS = {"archived_deal": "deal"} | {kind: kind for kind in KINDS}
"""What is listed, and the kind that it shows. Archived deals are in a listing of their own; archived leads in none."""
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
    troubles: list[str] = field(default_factory=list)
    complete: bool = True


def check(services: Services, run: Run, client: PipedriveClient, accounts: list[RunAccount], pace: Pace) -> None:
    """If it is time: set the activities aside whose events show an old name."""
    company_id, now = accounts[0].company_id, services.clock()
    scope = f"names:{company_id}"
    with reading(services.engine) as conn:
        known = directory.read(conn, scope)
    if known is None:
        since = dict.fromkeys(LISTINGS, (client.server_time or now).isoformat())
        _save(services, accounts, scope, {"since": since, "checked_at": now.isoformat()}, [])
        return
    left = budget_of(services.engine, client.key, now).remaining
    due_at = datetime.fromisoformat(known["checked_at"]) + (SELDOM if pace.thrifty else EACH)
    if now < due_at or (left is not None and left < LEAST_TOKENS):
        return
    with reading(services.engine) as conn:
        used = mapping.kinds_shown(conn, company_id, held_for=Absence.HIDDEN)
    listed = _list(services, client, known["since"], used)
    for account in accounts:
        account.notices += [f"account {account.name}: {text}" for text in listed.troubles]
    with reading(services.engine) as conn:
        outdated = list(_outdated(conn, company_id, listed.names)) if listed.names else []
    checked_at = now.isoformat() if listed.complete else known["checked_at"]
    _save(services, accounts, scope, {"since": listed.since, "checked_at": checked_at}, outdated)


def _list(services: Services, client: PipedriveClient, since: Mapping[str, str], used: Collection[str]) -> _Listed:
    out = _Listed()
    for listing, kind in LISTINGS.items():
        if kind not in used:  # the first link of this kind will know the names of its day
            out.since[listing] = ((client.server_time or services.clock()) - OVERLAP).isoformat()
            continue
        out.since[listing] = since.get(listing, since[kind])
        try:
            _walk(services, client, listing, out)
        except (NotFound, FatalError, RecordError, CredentialRefused, RetryableError) as error:
            what = listing.replace("_", " ")
            out.troubles.append(f"new names of {what}s are not shown: {error}")
    return out


def _walk(services: Services, client: PipedriveClient, listing: str, out: _Listed) -> None:
    start, kind = datetime.fromisoformat(out.since[listing]), LISTINGS[listing]
    pages, last, at = client.updated(listing, start), None, None
    for number, page in enumerate(pages, 1):
        at = at or client.server_time or services.clock()
        out.names |= {(kind, str(row["id"])): shown_names(kind, row) for row in page if not row.get("is_deleted")}
        # A deal that nobody edited yet has no `update_time`: the last one that is known tells how far this came.
        last = next((known for row in reversed(page) if (known := stamp(row.get("update_time")))), last)
        # Leads come in no promised order, so that there is no place to stop at.
        if number >= PAGES_PER_RUN and last is not None and kind != "lead":
            break
    reached = last if next(pages, None) else None
    out.complete = out.complete and reached is None
    until = max(reached, start + ONE_SECOND) if reached else (at or services.clock()) - OVERLAP
    out.since[listing] = until.isoformat()


def _keys(refs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Kind and id of what an activity hangs on."""
    deal, person, organization = refs
    return ("deal" if deal.isdigit() else "lead", deal), ("person", person), ("organization", organization)


def _outdated(
    conn: Connection, company_id: str, names: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterator[tuple[int, int]]:
    """Account and activity of the links whose base shows another name than was listed."""
    for account_id, activity_id, base in mapping.bases_shown(conn, company_id, names, held_for=Absence.HIDDEN):
        shown = base["context"]
        if any(shown.get(part) != name for key in _keys(base["refs"]) for part, name in names.get(key, {}).items()):
            yield account_id, activity_id


def _save(
    services: Services,
    accounts: list[RunAccount],
    scope: str,
    content: Json,
    outdated: list[tuple[int, int]],
) -> None:
    """The position, and what is to be read again, in one transaction."""
    now = services.clock()
    with services.engine.begin() as conn:
        for account in sorted(accounts, key=lambda account: account.id):
            check_lease(conn, account)
        for number, (account_id, activity_id) in enumerate(outdated):
            _read_again(conn, account_id, activity_id, now, APART * (number // PER_RUN))
        directory.keep(conn, scope, "", content, now)


def _read_again(conn: Connection, account_id: int, activity_id: int, now: datetime, pause: timedelta) -> None:
    """What is set aside anyway is read with fresh names when its time comes."""
    item = ("activities", str(activity_id))
    if not aside.is_known(conn, account_id, item):
        aside.put(conn, account_id, item, NAMES, now, failed=False, pause=pause)
