"""Links by what a run saw of them, or because they are open: what a run costs follows what changed, not how many links
there are. Every question has an index; those of the few links have their own (`few`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Column, Connection, Select, bindparam, func, or_, select, update

from include.calsync.core.policy import Side
from include.calsync.core.records import ActivityBase, LinkHead
from include.calsync.store.columns import KEYS_PER_QUERY, columns_of, parts, records
from include.calsync.store.few import few
from include.calsync.store.tables import link

Due = tuple[datetime, datetime] | None
"""An interval that begins of links lie in, the end not included; None: any."""
COMPARED_STATES = frozenset({"active", "held"})
"""Of links whose two sides are compared."""
_HEAD = columns_of(LinkHead, link)
_HEADS = select(*_HEAD).order_by(link.c.id)
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_PLACE: BindParameter[Any] = bindparam("place")
_OF_IDS = _HEADS.where(link.c.id.in_(_KEYS))
_OF_ACTIVITIES = _HEADS.where(link.c.company_id == _PLACE, link.c.activity_id.in_(_KEYS))
_OF_EVENTS = _HEADS.where(link.c.calendar_id == _PLACE, link.c.event_id.in_(_KEYS))
_OF_MEETINGS = _HEADS.where(link.c.company_id == _PLACE, link.c.meeting.in_(_KEYS))
_BASES = select(*columns_of(ActivityBase, link)).where(link.c.company_id == _PLACE, link.c.activity_id.in_(_KEYS))
_OF_SERIES = _HEADS.where(link.c.calendar_id == _PLACE, link.c.series_id.in_(_KEYS), few("series"))


# By what was seen.


def of_ids(conn: Connection, link_ids: Iterable[int]) -> list[LinkHead]:
    """The heads of these links, by id like all that follow."""
    return _heads_of(conn, _OF_IDS, "", link_ids)


def of_activities(conn: Connection, company_id: str, activity_ids: Iterable[int]) -> list[LinkHead]:
    """The links of these activities, whichever account they belong to."""
    return _heads_of(conn, _OF_ACTIVITIES, company_id, activity_ids)


def of_events(conn: Connection, calendar_id: str, event_ids: Iterable[str]) -> list[LinkHead]:
    """The links of these events."""
    return _heads_of(conn, _OF_EVENTS, calendar_id, event_ids)


def of_series(conn: Connection, calendar_id: str, series_ids: Iterable[str]) -> list[LinkHead]:
    """The links of the occurrences of these series."""
    return _heads_of(conn, _OF_SERIES, calendar_id, series_ids)


def of_meetings(conn: Connection, company_id: str, meetings: Iterable[str]) -> list[LinkHead]:
    """The links of these meetings, in whichever calendar."""
    return _heads_of(conn, _OF_MEETINGS, company_id, meetings)


def bases(conn: Connection, company_id: str, activity_ids: Iterable[int]) -> dict[int, ActivityBase]:
    """What these activities showed when last equal, by id; of those that are linked."""
    asked = parts(activity_ids)
    rows = (conn.execute(_BASES, {"place": company_id, "keys": part}) for part in asked)
    return {each.activity_id: each for part in rows for each in records(ActivityBase, part)}


def has_series(conn: Connection, calendar_id: str) -> bool:
    """Whether any occurrence of a series of this calendar is linked."""
    query = select(link.c.id).where(link.c.calendar_id == calendar_id, few("series"))
    return conn.execute(query.limit(1)).first() is not None


def _heads_of(conn: Connection, query: Select[Any], place: str, keys: Iterable[int | str]) -> list[LinkHead]:
    rows = (conn.execute(query, {"place": place, "keys": part}) for part in parts(sorted(set(keys))))
    return [each for part in rows for each in records(LinkHead, part)]


# What is open.


def unfinished(conn: Connection, account_ids: Collection[int], marking_ids: Collection[int]) -> list[LinkHead]:
    """Links in the middle of which a run stopped. `marking_ids`: accounts whose events are to carry our properties."""
    stopped = _some(conn, "unfinished", link.c.account_id.in_(account_ids))
    return stopped + _some(conn, "unmarked", link.c.account_id.in_(marking_ids))


def apart(conn: Connection, account_ids: Collection[int]) -> list[LinkHead]:
    """Held links of these accounts."""
    return _some(conn, "apart", link.c.account_id.in_(account_ids))


def doubted(conn: Connection, account_ids: Collection[int]) -> list[LinkHead]:
    """Links of these accounts whose activity was not found."""
    return _some(conn, "doubted", link.c.account_id.in_(account_ids))


def vanished(conn: Connection, calendar_id: str) -> list[LinkHead]:
    """Links of this calendar whose occurrence its series did not show."""
    return _some(conn, "vanished", link.c.calendar_id == calendar_id)


def of_accounts(conn: Connection, account_ids: Collection[int], since: datetime) -> list[LinkHead]:
    """The active links of these accounts that are due from then on, or have no date."""
    due = or_(link.c.due_at.is_(None), link.c.due_at >= since)
    mine = link.c.account_id.in_(account_ids), link.c.state == "active"
    return records(LinkHead, conn.execute(_HEADS.where(*mine, due)))


def all_of(conn: Connection, account_id: int) -> list[LinkHead]:
    """All links of this account, by when they are due."""
    query = _HEADS.where(link.c.account_id == account_id).order_by(None).order_by(link.c.due_at, link.c.id)
    return records(LinkHead, conn.execute(query))


def due_at(conn: Connection, account_id: int, at: datetime) -> list[LinkHead]:
    """The account's active links that are due at this moment."""
    mine = link.c.account_id == account_id, link.c.due_at == at, link.c.state == "active"
    return records(LinkHead, conn.execute(_HEADS.where(*mine)))


def _some(conn: Connection, name: str, mine: Any) -> list[LinkHead]:
    return records(LinkHead, conn.execute(_HEADS.where(mine, few(name))))


# Whom to ask for.


def end(conn: Connection, company_id: str, before: datetime) -> None:
    """Active links that were due before then are past. Who moves one (`mapping.set_link`) makes it an upcoming one."""
    over = link.c.company_id == company_id, link.c.due_at < before, few("coming")
    conn.execute(update(link).where(*over).values(is_past=True))


def longest_unasked(
    conn: Connection, company_id: str, account_ids: Collection[int], *, past: bool
) -> Iterator[tuple[int, int, datetime | None]]:
    """Link, activity, and when it is due: of the active links, `past` ones or others, whose activity is not in doubt.
    First those that were never asked for, then the longest unasked, then the soonest due. Whoever reads on pays."""
    mine = link.c.company_id == company_id, few("past" if past else "upcoming")
    sound = link.c.account_id.in_(account_ids), link.c.missing_since_run.is_(None)
    query = select(link.c.id, link.c.activity_id, link.c.due_at).where(*mine, *sound)
    query = query.order_by(link.c.probed_at, link.c.due_at).execution_options(yield_per=KEYS_PER_QUERY)
    for never in (link.c.probed_at.is_(None), link.c.probed_at.is_not(None)):
        yield from conn.execute(query.where(never)).tuples()


# What a comparison asks.


def compared(conn: Connection, account_ids: Collection[int], due: Due) -> Iterator[tuple[int, int, str, str | None]]:
    """Link, activity, event and series of the accounts' active and held links that begin then."""
    mine = link.c.account_id.in_(account_ids), link.c.state.in_(COMPARED_STATES)
    query = select(link.c.id, link.c.activity_id, link.c.event_id, link.c.series_id).where(*mine)
    if due is not None:
        query = query.where(link.c.due_at >= due[0], link.c.due_at < due[1])
    for row in conn.execute(query.execution_options(yield_per=KEYS_PER_QUERY)):
        yield row[0], row[1], row[2], row[3]


def prints(
    conn: Connection, side: Side, place: str, keys: Iterable[int | str], marking_ids: Collection[int], field_set: int
) -> dict[Any, tuple[str, int]]:
    """Of pairs about which nothing is open, by id of an activity (`place`: its company) or an event (its calendar): the
    print of what was seen of it, and the account. `marking_ids`, `field_set`: whose and which bases are complete."""
    name, key, scope = _SIDES[side]
    known = link.c[f"{name}_print"]
    settled = (
        link.c.state == "active",
        link.c.intended.is_(None),
        or_(link.c.marked, link.c.account_id.not_in(marking_ids)),
        link.c.missing_since_run.is_(None),
        link.c.vanished_since_run.is_(None),
        link.c.field_set == field_set,
        known.is_not(None),
    )
    query = select(key, known, link.c.account_id).where(scope == _PLACE, key.in_(_KEYS), *settled)
    found: dict[Any, tuple[str, int]] = {}
    for part in parts(keys):
        found |= {row[0]: (row[1], row[2]) for row in conn.execute(query, {"place": place, "keys": part})}
    return found


_SIDES: dict[Side, tuple[str, Column[Any], Column[Any]]] = {
    Side.ACTIVITY: ("activity", link.c.activity_id, link.c.company_id),
    Side.EVENT: ("event", link.c.event_id, link.c.calendar_id),
}


def live_counts(conn: Connection, account_ids: Collection[int]) -> dict[int, int]:
    """How many links that are not detached each account has."""
    mine = link.c.account_id.in_(account_ids), link.c.state != "detached"
    query = select(link.c.account_id, func.count()).where(*mine).group_by(link.c.account_id)
    return dict(conn.execute(query).tuples().all())
