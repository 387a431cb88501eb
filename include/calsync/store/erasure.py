"""What the store keeps of a person: found in its JSON, and blanked. It reads whole tables, as nobody asks this often.

The facts of the log stay (when, which item, which action, why); what was written does not. What pairs hold, and what is
still to be done, stays as well: it is counted, and goes with the items themselves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from include.calsync.core.persons import BLANK, Person
from include.calsync.store import histories
from include.calsync.store.columns import parts
from include.calsync.store.tables import (
    account,
    change_log,
    copy,
    directory,
    former,
    held_creation,
    held_item,
    hold,
    link,
    log_guard,
    plan_row,
    run_account,
    sync_run,
)

Places = dict[str, set[Any]]
"""Ids by company or calendar."""
_RAWS = ("base_activity", "base_event", "activity_raw", "event_raw")
_LOGGED = ("before", "after", "lost")


@dataclass
class Items:
    """The items that are about a person: activities by company, events by calendar."""

    activities: Places = field(default_factory=lambda: defaultdict(set))
    events: Places = field(default_factory=lambda: defaultdict(set))

    def add(
        self, company_id: str | None, activity_id: int | None, calendar_id: str | None, event_id: str | None
    ) -> None:
        """Both items of a pair, as far as they are known."""
        if company_id and activity_id is not None:
            self.activities[company_id].add(activity_id)
        if calendar_id and event_id:
            self.events[calendar_id].add(event_id)


def items(conn: Connection, person: Person) -> Items:
    """The items about which anything is kept that names the person."""
    found = Items()
    for table, names in ((link, _RAWS), (former, _RAWS), (change_log, _LOGGED)):
        ids = (table.c.company_id, table.c.activity_id, table.c.calendar_id, table.c.event_id)
        for row in _about(conn, table, names, person, *ids):
            found.add(*row)
    places = {each.id: each for each in histories.accounts(conn)}
    mine = (plan_row.c.account_id, plan_row.c.activity_id, plan_row.c.event_id)
    for account_id, activity_id, event_id in _about(conn, plan_row, ("payload", "conflicts"), person, *mine):
        place = places[account_id]
        found.add(place.company_id, activity_id, place.calendar_id, event_id)
    return found


def _about(
    conn: Connection, table: Table, names: Iterable[str], person: Person, *wanted: Column[Any]
) -> Iterator[tuple[Any, ...]]:
    columns = [table.c[name] for name in names]
    for row in conn.execute(select(*wanted, *columns).where(_hinted(person, *columns))):
        if any(person.is_in(value) for value in row[len(wanted) :]):
            yield tuple(row[: len(wanted)])


# What is blanked. Each returns how many there are, and with `do` blanks them.


def log_entries(conn: Connection, found: Items, *, do: bool) -> int:
    """What was written to the items."""
    kept = or_(*(cast(change_log.c[name], Text).is_not(None) for name in _LOGGED))
    ids = _ids(conn, change_log, found, kept)
    if do and ids:
        conn.execute(insert(log_guard).values(key="forget", erasing=True))
        for part in parts(ids):
            conn.execute(update(change_log).where(change_log.c.id.in_(part)).values(before=None, after=None, lost=None))
        conn.execute(delete(log_guard).where(log_guard.c.key == "forget"))
    return len(ids)


def deciders(conn: Connection, person: Person, *, do: bool) -> int:
    """Entries and holds that say that the person decided them."""
    mine = func.lower(change_log.c.actor) == person.address
    count = int(conn.execute(select(func.count()).select_from(change_log).where(mine)).scalar_one())
    if do and count:
        conn.execute(insert(log_guard).values(key="forget", erasing=True))
        conn.execute(update(change_log).where(mine).values(actor=BLANK))
        conn.execute(delete(log_guard).where(log_guard.c.key == "forget"))
    theirs = func.lower(hold.c.decided_by) == person.address
    held = int(conn.execute(select(func.count()).select_from(hold).where(theirs)).scalar_one())
    if do and held:
        conn.execute(update(hold).where(theirs).values(decided_by=BLANK))
    return count + held


def ended_pairs(conn: Connection, found: Items, *, do: bool) -> int:
    """What ended pairs held, but for those whose event is still to be removed."""
    ids = _ids(conn, former, found, ~former.c.leaves)
    return _delete(conn, former, ids, do=do)


def plans(conn: Connection, found: Items, *, do: bool) -> int:
    """Plan rows that are carried out, or never will be, and still say what they wrote."""
    ids: set[int] = set()
    for where in _plan_places(found):
        query = select(plan_row.c.id).join(account, account.c.id == plan_row.c.account_id)
        ids |= set(conn.execute(query.where(where, plan_row.c.format > 0, plan_row.c.state != "planned")).scalars())
    if do:
        for part in parts(ids):
            emptied: dict[str, Any] = {"payload": {}, "conflicts": None, "error": None, "format": 0}
            conn.execute(update(plan_row).where(plan_row.c.id.in_(part)).values(**emptied))
    return len(ids)


def looked_up(conn: Connection, person: Person, *, do: bool) -> int:
    """Users of companies, who has an address, and whose calendars are whose: they are looked up again when needed."""
    row = directory.c
    keys: set[str] = set()
    companies = select(row.scope, row.content).where(row.scope.startswith("pipedrive:"))
    if person.address:
        keys |= {scope for scope, content in conn.execute(companies) if person.is_in(content)}
        name = hashlib.sha256(person.address.encode()).hexdigest()[:32]
        keys |= set(conn.execute(select(row.scope).where(row.scope.like(f"person:%:{name}"))).scalars())
        listed = (
            row.scope.startswith("calendars:"),
            func.lower(row.scope).endswith(f":{person.address}", autoescape=True),
        )
        keys |= set(conn.execute(select(row.scope).where(*listed)).scalars())
    if do:
        conn.execute(delete(directory).where(row.scope.in_(keys)))
    return len(keys)


def notices(conn: Connection, person: Person, *, do: bool) -> int:
    """Results and notices of runs that name the address."""
    if not person.address:
        return 0
    count = 0
    key = run_account.c
    named = select(key.run_id, key.account_id, key.notices, key.error).where(_hinted(person, key.notices, key.error))
    for run_id, account_id, told, error in list(conn.execute(named)):
        count += 1
        values = {"notices": _blanked(person, told), "error": _blanked(person, error)}
        if do:
            conn.execute(update(run_account).where(key.run_id == run_id, key.account_id == account_id).values(**values))
    run = sync_run.c
    for run_id, summary in list(conn.execute(select(run.id, run.summary).where(_hinted(person, run.summary)))):
        count += 1
        if do:
            conn.execute(update(sync_run).where(run.id == run_id).values(summary=_blanked(person, summary)))
    return count


# What stays.


def stays(conn: Connection, found: Items, person: Person) -> dict[str, int]:
    """How many pairs, and how much that is still to be done, keep what they hold."""
    links = _ids(conn, link, found, link.c.id.is_not(None))
    copies = select(func.count()).select_from(copy).where(func.lower(copy.c.email) == person.address)
    held = [list(_about(conn, table, ("payload",), person, table.c.id)) for table in (held_item, held_creation)]
    leaving = _ids(conn, former, found, former.c.leaves)
    rows = select(plan_row.c.id).join(account, account.c.id == plan_row.c.account_id)
    planned = [rows.where(where, plan_row.c.state == "planned") for where in _plan_places(found)]
    unfinished = {row_id for query in planned for row_id in conn.execute(query).scalars()}
    return {
        "pairs": len(links),
        "attendees": int(conn.execute(copies).scalar_one()) if person.address else 0,
        "held": sum(map(len, held)),
        "unfinished": len(leaving) + len(unfinished),
    }


def _ids(conn: Connection, table: Table, found: Items, also: ColumnElement[bool]) -> set[int]:
    """Ids of the rows about these items."""
    ids: set[int] = set()
    sides = ((found.activities, "company_id", "activity_id"), (found.events, "calendar_id", "event_id"))
    for places, place, item in sides:
        for name, keys in places.items():
            for part in parts(sorted(keys)):
                mine = table.c[place] == name, table.c[item].in_(part), also
                ids |= set(conn.execute(select(table.c.id).where(*mine)).scalars())
    return ids


def _plan_places(found: Items) -> Iterator[ColumnElement[bool]]:
    """Which plan rows, joined with their accounts, are about these items."""
    for company_id, activity_ids in found.activities.items():
        for part in parts(sorted(activity_ids)):
            yield and_(account.c.company_id == company_id, plan_row.c.activity_id.in_(part))
    for calendar_id, event_ids in found.events.items():
        for keys in parts(sorted(event_ids)):
            yield and_(account.c.calendar_id == calendar_id, plan_row.c.event_id.in_(keys))


def _delete(conn: Connection, table: Table, ids: set[int], *, do: bool) -> int:
    if do:
        for part in parts(ids):
            conn.execute(delete(table).where(table.c.id.in_(part)))
    return len(ids)


def _hinted(person: Person, *columns: Column[Any]) -> ColumnElement[bool]:
    texts = [func.lower(cast(column, Text)) for column in columns]
    return or_(*(text.contains(hint, autoescape=True) for text in texts for hint in person.hints()))


def _blanked(person: Person, value: Any) -> Any:
    if isinstance(value, str):
        return person.blanked(value)
    if isinstance(value, list):
        return [_blanked(person, each) for each in value]
    if isinstance(value, dict):
        return {name: _blanked(person, each) for name, each in value.items()}
    return value
