"""The first steps: what is there, until the first account has synced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from include.calsync.flows.page import lists
from include.calsync.flows.page.account import parsed
from include.calsync.flows.page.connections import GOOGLE, PIPEDRIVE
from include.calsync.flows.page.lists import Person
from include.calsync.store import page_accounts as store
from include.calsync.store import page_lists
from include.calsync.store.directory import check_scope
from include.calsync.store.page_accounts import Head
from include.calsync.store.transaction import Engine, reading

SERVICES = {"pipedrive": ("pipedrive_conn_id", PIPEDRIVE), "google": ("google_conn_id", GOOGLE)}
"""By service: the setting that names a connection to it, and the one that is used without that."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """How far a new installation is. `company`, `people_count`, `suggested`: as Pipedrive told a run, or a check.

    `suggested`: people who have no account. `works`: by service, whether a connection to it works, by the last check or
    by a run; None: nobody knows yet. `waits_for_consent`: there is an OAuth app of Google's, and nobody's consent.
    """

    account_count: int
    has_synced: bool
    company: str
    people_count: int
    suggested: Sequence[Person]
    works: Mapping[str, bool | None]
    waits_for_consent: bool


def read(engine: Engine) -> Welcome:
    """Three queries."""
    with reading(engine) as conn:
        heads = store.heads(conn)
        used = {service: _used(heads, *setting) for service, setting in SERVICES.items()}
        scopes = {service: [check_scope(service, conn_id) for conn_id in ids] for service, ids in used.items()}
        checks = page_lists.known(conn, [scope for each in scopes.values() for scope in each])
    known = lists.read(engine, PIPEDRIVE)
    has_synced = any(head.last_success_at is not None for head in heads)
    found = {service: [checks[each][0]["works"] for each in mine if each in checks] for service, mine in scopes.items()}
    works = {service: has_synced or _any(each) for service, each in found.items()}
    suggested = known.without_account((head.settings or {}).get("pipedrive_user") for head in heads)
    waits = works["google"] is None and bool(found["google"])
    return Welcome(len(heads), has_synced, known.company, len(known.people), suggested, works, waits)


def _used(heads: Iterable[Head], setting: str, default: str) -> set[str]:
    """Ids of the connections that accounts use, and of the one that a new account would."""
    accounts = [settings for head in heads if (settings := parsed(head)) is not None]
    return {default, *(str(getattr(each, setting)) for each in accounts)}


def _any(found: Sequence[bool | None]) -> bool | None:
    return True if True in found else False if False in found else None
