"""The screen Connections: which Airflow connections the accounts use, and how many accounts each serves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from include.calsync.flows.page.account import parsed
from include.calsync.settings import Account
from include.calsync.store import directory, page_accounts, page_lists
from include.calsync.store.transaction import Connection, Engine, reading

PIPEDRIVE = Account.model_fields["pipedrive_conn_id"].default
GOOGLE = Account.model_fields["google_conn_id"].default


@dataclass(frozen=True, slots=True)
class Used:
    """An Airflow connection by its id, how many accounts use it, and what the last check found, if there was one."""

    conn_id: str
    account_count: int
    worked: bool | None = None
    """None, and checked: it is an OAuth app that waits for consents."""
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connections:
    """By service, the ones that are used; without any account the default ones."""

    pipedrive: Sequence[Used]
    google: Sequence[Used]

    def ids(self, service: str) -> set[str]:
        """Of `pipedrive` or `google`: the ids that may be checked."""
        used = {"pipedrive": self.pipedrive, "google": self.google}[service]
        return {each.conn_id for each in used}


def note_check(engine: Engine, service: str, conn_id: str, now: datetime, *, works: bool | None) -> None:
    """Keep what a check of a connection found, for the first steps. None: an OAuth app that waits for consents."""
    with engine.begin() as conn:
        directory.keep(conn, directory.check_scope(service, conn_id), "", {"works": works}, now)


def read(engine: Engine) -> Connections:
    """Three queries."""
    with reading(engine) as conn:
        accounts = [settings for head in page_accounts.heads(conn) if (settings := parsed(head)) is not None]
        return Connections(
            pipedrive=_used(conn, "pipedrive", [each.pipedrive_conn_id for each in accounts], PIPEDRIVE),
            google=_used(conn, "google", [each.google_conn_id for each in accounts], GOOGLE),
        )


def _used(conn: Connection, service: str, conn_ids: Sequence[str], default: str) -> list[Used]:
    counts = Counter(conn_ids)
    scopes = {conn_id: directory.check_scope(service, conn_id) for conn_id in sorted({*counts, default})}
    known = page_lists.known(conn, scopes.values())
    return [_with_check(Used(conn_id, counts[conn_id]), known.get(scope)) for conn_id, scope in scopes.items()]


def _with_check(used: Used, found: tuple[Any, datetime] | None) -> Used:
    return used if found is None else replace(used, worked=found[0]["works"], checked_at=found[1])
