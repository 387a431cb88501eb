"""Forget a person: what the store keeps of the items that name them is blanked, as far as nothing depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.calsync.core.persons import Person
from include.calsync.store import account_erasure, erasure
from include.calsync.store.transaction import Engine, reading


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind were blanked, or would be, and how many stay for now."""

    blanked: Mapping[str, int]
    stays: Mapping[str, int]


def forget(engine: Engine, person: Person, *, do: bool) -> Forgotten:
    """Blank what is kept of the person, in one transaction. Without `do` only count it."""
    with engine.begin() if do else reading(engine) as conn:
        found = erasure.items(conn, person)
        stays = {**erasure.stays(conn, found, person), "accounts": account_erasure.accounts(conn, person)}
        blanked = {
            "log": erasure.log_entries(conn, found, do=do),
            "deciders": erasure.deciders(conn, person, do=do),
            "plans": erasure.plans(conn, found, do=do),
            "ended": erasure.ended_pairs(conn, found, do=do),
            "looked_up": erasure.looked_up(conn, person, do=do),
            "settings": account_erasure.settings(conn, person, do=do),
            "runs": account_erasure.runs(conn, person, do=do),
            "links": account_erasure.links(conn, person, do=do),
            "savers": account_erasure.savers(conn, person, do=do),
            "notices": erasure.notices(conn, person, do=do),
        }
    return Forgotten(blanked, stays)
