"""The mapping: links, and the intents that become links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from include.calsync.core.model import Origin
from include.calsync.core.records import Intent, Link
from include.calsync.core.text import search_key
from include.calsync.core.words import KINDS
from include.calsync.store import formers, upsert
from include.calsync.store.columns import columns_of, parts, record_of, records
from include.calsync.store.errors import Taken
from include.calsync.store.few import few
from include.calsync.store.tables import held_item, intent, link

WHOLE = columns_of(Link, link)
_INTENT = columns_of(Intent, intent)
MEETING_OF = ("meeting", "company_id", "calendar_id", "event_id")
_GET = select(*WHOLE).where(link.c.id == bindparam("link_id"))
_OF_ACTIVITY = select(*WHOLE).where(
    link.c.company_id == bindparam("company_id"), link.c.activity_id == bindparam("activity_id")
)
_OF_EVENT = select(*WHOLE).where(
    link.c.calendar_id == bindparam("calendar_id"), link.c.event_id == bindparam("event_id")
)
_ADD = insert(link).returning(link.c.id)
_SET = update(link).where(link.c.id == bindparam("link_id"))


def whole(conn: Connection, link_ids: Iterable[int]) -> dict[int, Link]:
    """These links with all they hold, by id."""
    found = (records(Link, conn.execute(select(*WHOLE).where(link.c.id.in_(part)))) for part in parts(link_ids))
    return {each.id: each for part in found for each in part}


def get_link(conn: Connection, link_id: int) -> Link | None:
    """One link; None if it is gone."""
    return record_of(Link, conn.execute(_GET, {"link_id": link_id}).first())


def link_of_activity(conn: Connection, company_id: str, activity_id: int) -> Link | None:
    """The link of an activity."""
    return record_of(Link, conn.execute(_OF_ACTIVITY, {"company_id": company_id, "activity_id": activity_id}).first())


def link_of_event(conn: Connection, calendar_id: str, event_id: str) -> Link | None:
    """The link of an event."""
    return record_of(Link, conn.execute(_OF_EVENT, {"calendar_id": calendar_id, "event_id": event_id}).first())


def add_link(conn: Connection, **values: Any) -> int:
    """Store a new link; the schema refuses a second one for the same activity or event."""
    if "meeting" in values:
        values["meeting"] = own_meeting(conn, **{name: values[name] for name in MEETING_OF})
    formers.forget(conn, values["calendar_id"], values["event_id"])
    return int(conn.execute(_ADD, _with_what_follows(values)).scalar_one())


def set_link(conn: Connection, link_id: int, **values: Any) -> None:
    """Change a link."""
    if values.get("meeting") is not None:
        mine = conn.execute(select(link.c.company_id, link.c.calendar_id, link.c.event_id).where(link.c.id == link_id))
        place = {**mine.one()._mapping, **values}
        values["meeting"] = own_meeting(conn, **{name: place[name] for name in MEETING_OF})
    conn.execute(_SET, {"link_id": link_id, **_with_what_follows(values)})


def _with_what_follows(values: dict[str, Any]) -> dict[str, Any]:
    """New columns of a link, and those that are no longer true by them."""
    out = dict(values)
    if "due_at" in values:
        out["is_past"] = False
    for side in ("activity", "event"):
        if f"{side}_digest" in values:
            out.setdefault(f"{side}_print", None)
    if "base_activity" in values:
        shown = values["base_activity"]
        out["subject_key"] = None if shown.get("private") else search_key(str(shown.get("subject") or ""))
        deal, person, organization = shown.get("refs") or ("", "", "")
        named = {"deal": deal if deal.isdigit() else "", "lead": "" if deal.isdigit() else deal}
        named |= {"person": person, "organization": organization}
        out |= {f"{kind}_ref": named[kind] or None for kind in KINDS}
    return out


def set_links(conn: Connection, link_ids: Iterable[int], **values: Any) -> None:
    """Change several links alike."""
    for part in parts(link_ids):
        conn.execute(update(link).where(link.c.id.in_(part)).values(**values))


def touch(conn: Connection, changes: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Change many links, each otherwise, in few statements; no digest, date or meeting is among the columns."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for link_id, values in changes:
        alike[tuple(sorted(values))].append({"link_id": link_id, **{f"new_{name}": values[name] for name in values}})
    for names, rows in alike.items():
        conn.execute(_SET.values({name: bindparam(f"new_{name}") for name in names}), rows)


def own_meeting(conn: Connection, meeting: str | None, company_id: str, calendar_id: str, event_id: str) -> str | None:
    """The meeting of an event, unless another event of its calendar is, or may be, the link of it (law 1).

    Two events of one calendar may carry one iCalUID: then the first that gets an activity is what copies in other
    calendars are copies of, and the other is a meeting that nobody shares.
    """
    if meeting is None:
        return None
    place = {"of_company": company_id, "of_meeting": meeting, "in_calendar": calendar_id, "but_event": event_id}
    return None if conn.execute(_TAKEN, place).first() else meeting


_TAKEN = union_all(
    *(
        select(table.c.id).where(
            table.c.company_id == bindparam("of_company"),
            table.c.meeting == bindparam("of_meeting"),
            table.c.calendar_id == bindparam("in_calendar"),
            table.c.event_id != bindparam("but_event"),
        )
        for table in (link, intent)
    )
).limit(1)


def end_link(conn: Connection, link_id: int, at: datetime) -> None:
    """The pair is none any more. What it held is kept, as one of its sides may come back."""
    formers.remember(conn, link_id, at)
    drop_link(conn, link_id)


def drop_link(conn: Connection, link_id: int) -> None:
    """Forget a link; the change log keeps its story."""
    conn.execute(delete(held_item).where(held_item.c.link_id == link_id))
    conn.execute(delete(link).where(link.c.id == link_id))


def intents(conn: Connection, *account_ids: int) -> list[Intent]:
    """Activities of these accounts that may have been created although no link says so."""
    query = select(*_INTENT).where(intent.c.account_id.in_(account_ids))
    return records(Intent, conn.execute(query.order_by(intent.c.id)))


def intend(conn: Connection, *, calendar_id: str, event_id: str, **values: Any) -> None:
    """Note that an activity is about to be created for this event; a repeated attempt moves the time.

    Raises Taken if its meeting may have one already: then nothing else can be done in this transaction.
    """
    row = {"calendar_id": calendar_id, "event_id": event_id, **values}
    try:
        upsert.put(conn, intent, row, key=["calendar_id", "event_id"])
    except IntegrityError as error:
        raise Taken from error


def set_intent(conn: Connection, intent_id: int, **values: Any) -> None:
    """Change an intent."""
    conn.execute(update(intent).where(intent.c.id == intent_id).values(**values))


def was_intended(conn: Connection, calendar_id: str, event_id: str, run_id: str) -> bool:
    """Whether this run attempted the creation already: an earlier try of its task, which died."""
    same = (intent.c.calendar_id == calendar_id, intent.c.event_id == event_id, intent.c.run_id == run_id)
    return conn.execute(select(intent.c.id).where(*same)).first() is not None


def drop_intent(conn: Connection, calendar_id: str, event_id: str) -> None:
    """The creation is linked, or was refused for certain."""
    conn.execute(delete(intent).where(intent.c.calendar_id == calendar_id, intent.c.event_id == event_id))


# What the links are asked before a run begins.


def changed_count(conn: Connection, company_ids: Collection[str], since: datetime) -> int:
    """How many links of these companies were changed since then."""
    changed = link.c.updated_at >= since, link.c.company_id.in_(company_ids)
    return int(conn.execute(select(func.count()).where(*changed)).scalar_one())


def counts(conn: Connection, account_ids: Collection[int], due_from: datetime | None = None) -> dict[int, int]:
    """How many links each of these accounts has, by account. `due_from`: only what is due from then on."""
    counted = select(link.c.account_id, func.count().label("links_count")).where(link.c.account_id.in_(account_ids))
    if due_from is not None:
        counted = counted.where(link.c.due_at >= due_from)
    return {row.account_id: row.links_count for row in conn.execute(counted.group_by(link.c.account_id))}


def missed_count(conn: Connection, account_ids: Collection[int], due: tuple[datetime, datetime] | None = None) -> int:
    """How many active links of these accounts miss their activity. `due`: of those that are due in between."""
    mine = link.c.account_id.in_(account_ids)
    missed = select(func.count()).where(mine, link.c.missing_since_run.is_not(None), link.c.state == "active")
    if due is not None:
        missed = missed.where(link.c.due_at >= due[0], link.c.due_at < due[1])
    return int(conn.execute(missed).scalar_one())


# Links whose events show names.


def _showing(company_id: str, held_for: str) -> tuple[ColumnElement[bool], ...]:
    row = link.c
    shown = or_(row.state == "active", and_(row.state == "held", row.cause == held_for))
    return row.company_id == company_id, shown, row.origin == str(Origin.PIPEDRIVE)


def kinds_shown(conn: Connection, company_id: str, *, held_for: str) -> set[str]:
    """On what any activity hangs whose event is ours: of active links, and of those that are `held_for` this."""
    shown = select(link.c.id).where(*_showing(company_id, held_for)).limit(1)
    return {kind for kind in KINDS if conn.execute(shown.where(few(kind))).first() is not None}


def bases_shown(
    conn: Connection, company_id: str, refs: Iterable[tuple[str, str]], *, held_for: str
) -> list[tuple[int, int, Any]]:
    """Account, activity and base of the activity (JSON) of those of these links that hang on one of `refs` (kind and
    id), soonest due first."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for kind, ref in refs:
        wanted[kind].append(ref)
    query = select(link.c.id, link.c.account_id, link.c.activity_id, link.c.base_activity, link.c.due_at)
    query = query.where(*_showing(company_id, held_for))
    found: dict[int, Row[Any]] = {}
    for kind, keys in wanted.items():
        for part in parts(keys):
            hanging = query.where(few(kind), link.c[f"{kind}_ref"].in_(part))
            found |= {row.id: row for row in conn.execute(hanging)}
    rows = sorted(found.values(), key=lambda row: (row.due_at is None, row.due_at, row.id))
    return [(row.account_id, row.activity_id, row.base_activity) for row in rows]
