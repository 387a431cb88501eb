"""What the form of an account offers to choose from: the company's users and activity types, as runs knew them last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.calsync.store import page_lists as store
from include.calsync.store.directory import calendars_scope
from include.calsync.store.transaction import Engine, reading


@dataclass(frozen=True, slots=True)
class Person:
    """A user of Pipedrive."""

    id: int
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Lists:
    """`people`: by address; `types`: key and name; `calendars`: id and name. Empty: nobody has asked yet.

    `as_of`, `calendars_as_of`: the age of types and calendars.
    """

    people: Sequence[Person]
    types: Sequence[tuple[str, str]]
    company: str
    as_of: datetime | None
    calendars: Sequence[tuple[str, str]]
    calendars_as_of: datetime | None

    def without_account(self, taken: Iterable[object]) -> list[Person]:
        """Whom none of the accounts is for. `taken`: what their setting `pipedrive_user` is."""
        known = {str(each).strip().casefold() for each in taken}
        return [each for each in self.people if known.isdisjoint((str(each.id), each.email.casefold()))]

    def person(self, user_id: int) -> Person | None:
        """The user with this id."""
        return next((each for each in self.people if each.id == user_id), None)


def read(engine: Engine, conn_id: str, google: tuple[str, str] = ("", "")) -> Lists:
    """One query. `conn_id`: of the connection to Pipedrive; `google`: of the one to Google, and the Google user."""
    scope = calendars_scope(*google)
    with reading(engine) as conn:
        found = store.known(conn, (f"pipedrive:{conn_id}", f"types:{conn_id}", scope))
    nothing: tuple[Any, datetime | None] = {}, None
    company, _ = found.get(f"pipedrive:{conn_id}", nothing)
    types, as_of = found.get(f"types:{conn_id}", nothing)
    people = [
        Person(int(user["id"]), str(user["email"]), str(user.get("name") or user["email"]))
        for user in company.get("users", ())
        if user.get("id") and user.get("email") and not user.get("is_deleted") and user.get("active_flag") is not False
    ]
    named = sorted((str(key), str(name or key)) for key, name in types.items())
    calendars, asked_at = found.get(scope, ((), None))
    listed = sorted(((str(each[0]), str(each[1])) for each in calendars), key=lambda each: each[1].casefold())
    people.sort(key=lambda each: each.email)
    return Lists(people, named, str(company.get("domain") or ""), as_of, listed, asked_at)
