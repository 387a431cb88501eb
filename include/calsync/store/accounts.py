"""Accounts: who they are, since when they are connected, how the last runs went, and which of them rest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from include.calsync.core.records import KnownAccount
from include.calsync.errors import Failure
from include.calsync.store.columns import columns_of, parts, record_of, records
from include.calsync.store.tables import account, cursor, run_account, sync_run
from include.calsync.store.upsert import insert

_KNOWN = columns_of(KnownAccount, account)
_TOLD = (~sync_run.c.dry_run, run_account.c.settings["google_user"].as_string().is_not(None))
"""Of settings in a run that was real; where a person was forgotten they are blanked."""
SETTINGS_COUNT = 500
"""How many runs are looked through for one that found the account."""
RESUMED = "resumed"
"""In place of a digest of settings: those of the last run are no longer known to hold."""


# Who they are.


def get(conn: Connection, account_id: int) -> KnownAccount:
    """The account of this id, which there is."""
    return KnownAccount(*conn.execute(select(*_KNOWN).where(account.c.id == account_id)).one())


def named(conn: Connection, name: str) -> KnownAccount | None:
    """The account of this name."""
    return _first(conn, account.c.name == name)


def of_ids(conn: Connection, *, company_id: str, user_id: int, calendar_id: str) -> KnownAccount | None:
    """The account of this identity, whatever its name is."""
    row = account.c
    return _first(conn, row.company_id == company_id, row.user_id == user_id, row.calendar_id == calendar_id)


def _first(conn: Connection, *where: ColumnElement[bool]) -> KnownAccount | None:
    return record_of(KnownAccount, conn.execute(select(*_KNOWN).where(*where)).first())


def of_names(conn: Connection, names: Collection[str]) -> list[KnownAccount]:
    """The accounts of these names."""
    return records(KnownAccount, conn.execute(select(*_KNOWN).where(account.c.name.in_(names))))


def id_of_name(conn: Connection, name: str) -> int:
    """The account of this name, which may be a new row, or one that another run is just making."""
    row = account.c
    conn.execute(insert(conn.dialect.name, account).values(name=name).on_conflict_do_nothing(index_elements=[row.name]))
    return int(conn.execute(select(row.id).where(row.name == name)).scalar_one())


def add(conn: Connection, *, name: str, company_id: str, user_id: int, calendar_id: str | None) -> int | None:
    """A new account. Returns its id; None: another run was just quicker."""
    values = {"name": name, "company_id": company_id, "user_id": user_id, "calendar_id": calendar_id}
    made = insert(conn.dialect.name, account).values(**values).on_conflict_do_nothing().returning(account.c.id)
    known = conn.execute(made).scalar()
    return None if known is None else int(known)


def claim(conn: Connection, account_id: int, *, company_id: str, user_id: int, calendar_id: str | None) -> None:
    """Give an account that is nothing but a name its identity."""
    _set(conn, account_id, company_id=company_id, user_id=user_id, calendar_id=calendar_id)


def rename(conn: Connection, account_id: int, name: str) -> None:
    """The account goes by another name now."""
    _set(conn, account_id, name=name)


def try_rename(conn: Connection, account_id: int, name: str) -> bool:
    """As `rename`; False: another transaction was just quicker to give the name away, and nothing was done."""
    try:
        with conn.begin_nested():
            rename(conn, account_id, name)
    except IntegrityError:
        return False
    return True


def retire(conn: Connection, known: KnownAccount) -> None:
    """The name is another account's from now on: this one rests, and is called after it (see `followed_until`)."""
    _set(conn, known.id, name=f"{known.name}~{known.id}", state="paused")


def followed_until(conn: Connection, known: KnownAccount) -> datetime | None:
    """Until when the user's activities were followed with the calendars that this account had before; None: it had
    none, or nothing was followed."""
    row = account.c
    same = (
        row.company_id == known.company_id,
        row.user_id == known.user_id,
        row.name.startswith(f"{known.name}~", autoescape=True),
    )
    query = select(func.max(cursor.c.watermark)).join(account, row.id == cursor.c.account_id)
    return conn.execute(query.where(cursor.c.side == "activities", *same)).scalar()


def set_connected_at(conn: Connection, account_id: int, **sides: datetime) -> None:
    """Since when the account is connected: `activities_connected_at`, `events_connected_at`, or both."""
    _set(conn, account_id, **sides)


def _set(conn: Connection, account_id: int, **values: Any) -> None:
    conn.execute(update(account).where(account.c.id == account_id).values(**values))


# How the last runs went.


def fail(conn: Connection, account_id: int, error: str, failure: Failure) -> None:
    """The account has failed, until a run gets through; one that rests goes on resting."""
    at_work = account.c.id == account_id, account.c.state != "paused"
    conn.execute(update(account).where(*at_work).values(state="failed", error=error, failure=str(failure)))


def finish(conn: Connection, account_id: int, *, settings_digest: str, mode: str, error: str | None) -> None:
    """A run got through with these settings."""
    values = {"settings_digest": settings_digest, "mode": mode, "state": "ok", "error": error, "failure": None}
    _set(conn, account_id, **values)


def resynced(conn: Connection, account_id: int, at: datetime) -> None:
    """A sync token had expired, so that the calendar was read in full."""
    _set(conn, account_id, resynced_at=at)


def took_part(conn: Connection, run_id: str, at: datetime, ids: Collection[int], succeeded: Collection[int]) -> None:
    """The run is over: how the accounts that took part in it are from now on. `succeeded`: those that are synced."""
    row = account.c
    since = case((row.state == "failed", func.coalesce(row.failing_since, at)), else_=None)
    for part in parts(ids):
        conn.execute(update(account).where(row.id.in_(part)).values(last_run_id=run_id, failing_since=since))
    for part in parts(succeeded):
        conn.execute(update(account).where(row.id.in_(part)).values(last_success_at=at))


def busy(conn: Connection, account_id: int, now: datetime) -> None:
    """A run could not work on the account: since now, unless it is known since when."""
    known = func.coalesce(account.c.busy_since, now)
    # Whoever noted it may have had a clock that was ahead.
    _set(conn, account_id, busy_since=case((known > now, now), else_=known))


def busy_no_more(conn: Connection, account_id: int) -> None:
    """A run got through."""
    _set(conn, account_id, busy_since=None)


def busy_since(conn: Connection, account_id: int) -> datetime | None:
    """Since when no run gets through."""
    return conn.execute(select(account.c.busy_since).where(account.c.id == account_id)).scalar()


# Those that rest.


def pause_others(conn: Connection, names: Collection[str]) -> None:
    """Only the accounts of these names take part from now on."""
    others = account.c.name.notin_(names), account.c.state != "paused"
    conn.execute(update(account).where(*others).values(state="paused"))


def is_paused(conn: Connection, account_id: int) -> bool:
    """Whether it is one that took no part of late."""
    paused = account.c.id == account_id, account.c.state == "paused"
    return conn.execute(select(account.c.id).where(*paused)).first() is not None


def rest(conn: Connection, account_id: int) -> None:
    """It takes no part until it is resumed."""
    _set(conn, account_id, state="paused")


def resume(conn: Connection, account_id: int) -> None:
    """If it is paused it takes part again, as if its settings had changed: it reads everything once."""
    paused = account.c.id == account_id, account.c.state == "paused"
    conn.execute(update(account).where(*paused).values(state="ok", error=None, settings_digest=RESUMED))


def paused(conn: Connection) -> set[int]:
    """Ids of the accounts that are configured no more."""
    return set(conn.execute(select(account.c.id).where(account.c.state == "paused")).scalars())


def paused_names(conn: Connection) -> list[str]:
    """Names of the accounts that are configured no more."""
    query = select(account.c.name).where(account.c.state == "paused").order_by(account.c.name)
    return list(conn.execute(query).scalars())


def begin_anew(conn: Connection, account_id: int) -> None:
    """Nothing of the account is to be gone on with: connected again, it begins as a new one does."""
    conn.execute(delete(cursor).where(cursor.c.account_id == account_id))
    begun = {"activities_connected_at": None, "events_connected_at": None, "settings_digest": None, "mode": None}
    _set(conn, account_id, **begun, error=None, failure=None, busy_since=None)


def resting(
    conn: Connection, *, company_ids: Collection[str], names: Collection[str], but: Collection[int]
) -> list[tuple[int, int]]:
    """Id and Pipedrive user of the accounts of these companies that are paused or go by one of these names, `but`
    these."""
    row = account.c
    rests = (row.state == "paused") | row.name.in_(names)
    query = select(row.id, row.user_id).where(row.company_id.in_(company_ids), row.id.not_in(but), rests)
    return [(each.id, each.user_id) for each in conn.execute(query)]


def elsewhere(
    conn: Connection, *, company_ids: Collection[str], names: Collection[str], ids: Collection[int], but_mode: str
) -> set[tuple[str, int]]:
    """Company and Pipedrive user of the accounts of these companies that are not paused, whose last mode was another
    than `but_mode`, and that are none of these by name or id."""
    row = account.c
    here, shows = row.id.in_(ids) | row.name.in_(names), row.mode.is_distinct_from(str(but_mode))
    query = select(row.company_id, row.user_id)
    found = conn.execute(query.where(row.company_id.in_(company_ids), row.state != "paused", shows, ~here))
    return {(each.company_id, each.user_id) for each in found}


def of_user(conn: Connection, company_id: str, user_id: int) -> list[int]:
    """Ids of the accounts of one Pipedrive user, whether or not they take part in a run."""
    mine = account.c.company_id == company_id, account.c.user_id == user_id
    return list(conn.execute(select(account.c.id).where(*mine).order_by(account.c.id)).scalars())


def last_settings(conn: Connection, company_id: str, calendar_id: str) -> dict[str, Any] | None:
    """The settings of a calendar's account (JSON, as `runs.add_account` took them) when it last took part."""
    mine = select(account.c.id).where(account.c.company_id == company_id, account.c.calendar_id == calendar_id)
    query = select(run_account.c.settings).join(sync_run, sync_run.c.id == run_account.c.run_id)
    query = query.where(run_account.c.account_id.in_(mine), *_TOLD).order_by(sync_run.c.started_at.desc())
    return conn.execute(query).scalars().first()


def settings_then(conn: Connection, account_id: int) -> dict[str, Any] | None:
    """The settings of an account (JSON, as `runs.add_account` took them) when it last took part, and was found; else
    when it last took part. None: no such run is kept."""
    query = select(run_account.c.settings).join(sync_run, sync_run.c.id == run_account.c.run_id)
    query = query.where(run_account.c.account_id == account_id, *_TOLD)
    query = query.order_by(sync_run.c.started_at.desc())
    known = conn.execute(query.limit(SETTINGS_COUNT)).scalars().all()
    return next((each for each in known if each.get("_resolved")), known[0] if known else None)
