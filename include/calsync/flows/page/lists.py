"""What the form of an account offers to choose from: the company's users and activity types, as runs knew them last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.calsync.store import page_lists as store
from include.calsync.store.directory import calendars_scope
from include.calsync.store.transaction import Engine, reading


@dataclass(frozen=True, slots=True)
class Lists:
    """`users`: address and name; `types`: key and name; `calendars`: id and name. Empty: nobody has asked yet.

    `as_of`, `calendars_as_of`: the age of types and calendars.
    """

    users: Sequence[tuple[str, str]]
    types: Sequence[tuple[str, str]]
    company: str
    as_of: datetime | None
    calendars: Sequence[tuple[str, str]]
    calendars_as_of: datetime | None


def read(engine: Engine, conn_id: str, google: tuple[str, str] = ("", "")) -> Lists:
    """One query. `conn_id`: of the connection to Pipedrive; `google`: of the one to Google, and the Google user."""
    scope = calendars_scope(*google)
    with reading(engine) as conn:
        found = store.known(conn, (f"pipedrive:{conn_id}", f"types:{conn_id}", scope))
    nothing: tuple[Any, datetime | None] = {}, None
    company, _ = found.get(f"pipedrive:{conn_id}", nothing)
    types, as_of = found.get(f"types:{conn_id}", nothing)
    users = [
        (str(user["email"]), str(user.get("name") or user["email"]))
        for user in company.get("users", ())
        if user.get("email") and not user.get("is_deleted") and user.get("active_flag") is not False
    ]
    named = sorted((str(key), str(name or key)) for key, name in types.items())
    calendars, asked_at = found.get(scope, ((), None))
    listed = sorted(((str(each[0]), str(each[1])) for each in calendars), key=lambda each: each[1].casefold())
    return Lists(sorted(users), named, str(company.get("domain") or ""), as_of, listed, asked_at)
