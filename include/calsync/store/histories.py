"""What is known of one item: its links, what was written, what was decided last, what waits. Nothing is changed here.

An activity is found in all companies, an event in all calendars that an account has or had. There is an index for
each question.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.core.policy import Side
from include.calsync.core.records import Former, KnownAccount, Link, SetAside
from include.calsync.core.run_records import Decision, Entry, StoredHold
from include.calsync.store import tables
from include.calsync.store.columns import columns_of, record_of, records
from include.calsync.store.holds import REVIEW
from include.calsync.store.tables import (
    account,
    change_log,
    held_creation,
    held_item,
    hold,
    link,
    plan_row,
    quarantine,
    sync_run,
)

Item = tuple[Side, str]
"""Side and id."""
_FORMER = columns_of(Former, tables.former)
_LINK = columns_of(Link, link)
_ENTRY = columns_of(Entry, change_log)
_DECISION = columns_of(Decision, plan_row, sync_run)
_HOLD = columns_of(StoredHold, hold)
_ASIDE = columns_of(SetAside, quarantine)
_CONFIGURED = columns_of(ConfiguredAccount, account)
_KNOWN_COUNT = len(fields(KnownAccount))
"""The first columns of the former."""
_IS_TOLD = and_(hold.c.state != "lapsed", hold.c.rule != REVIEW)
# All that there are or were: so the indexes, which begin with them, are used.
_COMPANIES = select(account.c.company_id).where(account.c.company_id.is_not(None)).distinct()
_CALENDARS = select(account.c.calendar_id).where(account.c.calendar_id.is_not(None)).distinct()


def accounts(conn: Connection) -> list[KnownAccount]:
    """All accounts that there are or were, by id; those that are configured, or were, with their settings."""
    rows = conn.execute(select(*_CONFIGURED).order_by(account.c.id))
    return [ConfiguredAccount(*row) if row.settings is not None else KnownAccount(*row[:_KNOWN_COUNT]) for row in rows]


def links(conn: Connection, item: Item) -> list[Link]:
    """The links of the item, by id."""
    place = link.c.company_id.in_(_COMPANIES) if item[0] is Side.ACTIVITY else link.c.calendar_id.in_(_CALENDARS)
    query = select(*_LINK).where(place, _names(item, link.c.activity_id, link.c.event_id))
    return records(Link, conn.execute(query.order_by(link.c.id)))


def former(conn: Connection, item: Item) -> Former | None:
    """What the last pair of the item held that ended."""
    row = tables.former.c
    place = row.company_id.in_(_COMPANIES) if item[0] is Side.ACTIVITY else row.calendar_id.in_(_CALENDARS)
    query = select(*_FORMER).where(place, _names(item, row.activity_id, row.event_id))
    return record_of(Former, conn.execute(query.order_by(row.ended_at.desc()).limit(1)).first())


def entries(conn: Connection, item: Item, known: Collection[KnownAccount], *, limit: int) -> list[Entry]:
    """What was written to the item, or because of it, in the places of these accounts: the latest first."""
    row, activity = change_log.c, item[0] is Side.ACTIVITY
    places = {each.company_id if activity else each.calendar_id for each in known} - {None}
    place = row.company_id if activity else row.calendar_id
    query = select(*_ENTRY).where(place.in_(sorted(map(str, places))), _names(item, row.activity_id, row.event_id))
    found = records(Entry, conn.execute(query))  # in no order: SQLite would go through the whole log by its ids
    return sorted(found, key=lambda entry: -entry.id)[:limit]


def decisions(conn: Connection, *items: Item) -> list[Decision]:
    """What was decided last about these items for each account, in runs that were no dry ones; by account."""
    row = plan_row.c
    mine = or_(*(_names(item, row.activity_id, row.event_id) for item in items)), row.state != "shown"
    last = select(func.max(row.id)).where(*mine).group_by(row.account_id)
    query = select(*_DECISION).join(sync_run, sync_run.c.id == row.run_id).where(row.id.in_(last))
    return records(Decision, conn.execute(query.order_by(row.account_id)))


def holds(conn: Connection, items: Collection[Item], link_ids: Collection[int]) -> list[StoredHold]:
    """The holds that keep back what would become of these links, or of the items while they are new."""
    pairs = select(held_item.c.hold_id).where(held_item.c.link_id.in_(link_ids))
    row = held_creation.c
    ids = select(account.c.id)  # so that the unique index is used
    mine = or_(*(and_(row.side == side, row.item_id == key) for side, key in items))
    new = select(row.hold_id).where(row.account_id.in_(ids), mine)
    query = select(*_HOLD).where(or_(hold.c.id.in_(pairs), hold.c.id.in_(new)), _IS_TOLD)
    return records(StoredHold, conn.execute(query.order_by(hold.c.id)))


def kept_back(conn: Connection, item: Item) -> dict[int, tuple[StoredHold | None, SetAside | None]]:
    """What keeps the item back while it is new, by account: a hold, and why it is set aside."""
    row, new = quarantine.c, held_creation.c
    aside = and_(row.account_id == account.c.id, row.side == item[0], row.item_id == item[1])
    creation = and_(new.account_id == account.c.id, new.side == item[0], new.item_id == item[1])
    of_account = account.outerjoin(quarantine, aside).outerjoin(held_creation, creation)
    query = select(account.c.id, *_HOLD, *_ASIDE)
    query = query.select_from(of_account.outerjoin(hold, and_(hold.c.id == new.hold_id, _IS_TOLD)))
    found = {}
    for account_id, *values in conn.execute(query.where(or_(hold.c.id.is_not(None), row.since.is_not(None)))):
        held, apart = values[: len(_HOLD)], values[len(_HOLD) :]
        found[account_id] = (
            StoredHold(*held) if held[0] is not None else None,
            SetAside(*apart) if apart[0] is not None else None,
        )
    return found


def set_aside(conn: Connection, items: Collection[Item]) -> list[SetAside]:
    """Which of these items are in quarantine, or to be read again."""
    row = quarantine.c
    mine = or_(*(and_(row.side == side, row.item_id == key) for side, key in items))
    # All accounts, so that the primary key is used.
    query = select(*_ASIDE).where(row.account_id.in_(select(account.c.id)), mine)
    return records(SetAside, conn.execute(query.order_by(row.since, row.side, row.item_id)))


def _names(item: Item, activity_id: Column[Any], event_id: Column[Any]) -> ColumnElement[bool]:
    """Whether a row names the item."""
    if item[0] is Side.EVENT:
        return event_id == item[1]
    return activity_id == int(item[1])
