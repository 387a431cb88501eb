"""The screen Connections: which Airflow connections the accounts use, and how many accounts each serves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.calsync.flows.page.account import parsed
from include.calsync.settings import Account
from include.calsync.store import directory, page_accounts
from include.calsync.store.transaction import Engine, reading

PIPEDRIVE = Account.model_fields["pipedrive_conn_id"].default
GOOGLE = Account.model_fields["google_conn_id"].default


@dataclass(frozen=True, slots=True)
class Used:
    """An Airflow connection by its id, and how many accounts use it."""

    conn_id: str
    account_count: int


@dataclass(frozen=True, slots=True)
class Connections:
    """By service, the ones that are used; without any account the default ones."""

    pipedrive: Sequence[Used]
    google: Sequence[Used]

    def ids(self, service: str) -> set[str]:
        """Of `pipedrive` or `google`: the ids that may be checked."""
        used = {"pipedrive": self.pipedrive, "google": self.google}[service]
        return {each.conn_id for each in used}


def note_check(engine: Engine, service: str, conn_id: str, now: datetime, *, works: bool) -> None:
    """Keep what a check of a connection found, for the first steps."""
    with engine.begin() as conn:
        directory.keep(conn, directory.check_scope(service, conn_id), "", {"works": works}, now)


def read(engine: Engine) -> Connections:
    """One query."""
    with reading(engine) as conn:
        accounts = [settings for head in page_accounts.heads(conn) if (settings := parsed(head)) is not None]
    return Connections(
        pipedrive=_used([each.pipedrive_conn_id for each in accounts], PIPEDRIVE),
        google=_used([each.google_conn_id for each in accounts], GOOGLE),
    )


def _used(conn_ids: Sequence[str], default: str) -> list[Used]:
    counts = Counter(conn_ids)
    return [Used(conn_id, counts[conn_id]) for conn_id in sorted({*counts, default})]
