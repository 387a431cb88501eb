"""Pull: Pipedrive once per connection, Google once per calendar, into staging. Nothing is decided here."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.decide import too_old
from include.calsync.core.fields import unsupported
from include.calsync.core.marks import read_mark
from include.calsync.core.policy import Side
from include.calsync.errors import AccountError, CalsyncError, NotFound, SyncTokenExpired
from include.calsync.flows import budget, observe, probe
from include.calsync.flows.names import Names
from include.calsync.flows.run import Run, RunAccount, at_work, fail_account, resume
from include.calsync.flows.services import Services
from include.calsync.store import cursors, mapping, runs
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)

# Answers of one moment may show later; the listing is inclusive, and what repeats is a no-op.
OVERLAP = timedelta(seconds=60)
# Events.list refuses an updatedMin that lies too far back; 29 days were measured.
UPDATED_MIN_KEPT = timedelta(days=21)
PARALLEL_CALENDARS = 8


def pull_activities(services: Services, run_id: str, owner: str) -> list[list[str]]:
    """Stage the activities that changed, those that must be looked at again, and what became of missing ones.

    Returns: the names of the accounts that go on, in shards.
    """
    run = resume(services, run_id, owner)
    with services.engine.begin() as conn:
        runs.forget_observations(conn, run.id, "activities")
    by_connection: dict[str, list[RunAccount]] = defaultdict(list)
    for account in run.working():
        by_connection[account.settings.pipedrive_conn_id].append(account)
    with at_work(services, run):
        for conn_id, accounts in by_connection.items():
            try:
                CompanyPull(services, run, services.pipedrive(conn_id), accounts).pull()
            except CalsyncError as error:
                for account in accounts:
                    fail_account(services, run, account, error)
    return shards([account.name for account in run.working()], services)


def shards(names: list[str], services: Services) -> list[list[str]]:
    """Names dealt out to parallel tasks: SQLite takes one writer, so one shard."""
    if services.engine.dialect.name == "sqlite":
        count = 1
    else:
        count = services.environment.shards or min(8, 1 + len(names) // 10)
    count = max(1, min(count, len(names) or 1))
    return [names[i::count] for i in range(count)]


def is_unfinished(link: Row[Any], account: RunAccount) -> bool:
    """Whether a run stopped in the middle of this pair: both sides must be read again."""
    unmarked = not link.marked and account.policy.may_write(Side.EVENT)
    return link.state == "removing" or (link.state == "active" and (link.intended is not None or unmarked))


class CompanyPull:
    """The activities of the accounts that share one Pipedrive connection."""

    def __init__(self, services: Services, run: Run, client: PipedriveClient, accounts: list[RunAccount]) -> None:
        self.services, self.run, self.client, self.accounts = services, run, client, accounts
        self.company_id = accounts[0].company_id
        self.users = {account.user_id for account in accounts}
        self.names = Names(client)
        self.ids = {account.id for account in accounts}
        with reading(services.engine) as conn:
            rows = mapping.heads(conn, company_ids=[self.company_id])
        self.links: dict[int, Row[Any] | None] = {row.activity_id: row for row in rows}
        self.seen: set[int] = set()
        self.pace = budget.Pace()

    def pull(self) -> None:
        started = self.services.clock()
        self.pace = budget.pace_of(self.services, self.run, self.client, self.accounts)
        listed: Counter[int] = Counter()
        next_watermark: datetime | None = None
        for page in self._pages():
            if next_watermark is None:
                next_watermark = self.client.server_time or started
            listed.update(int(raw.get("owner_id") or 0) for raw in page)
            self._stage(page)
        self._stage(self._again())
        if self.run.request.upload is None and self.run.request.interval is None and not self.pace.thrifty:
            self._probe()
        for account in self.accounts:
            self._report(account, listed[account.user_id], next_watermark or started)

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        request = self.run.request
        if request.upload is not None:
            for user_id in sorted(self.users):
                yield from self.client.activities(owner_id=user_id, sort_by="id")
        elif request.interval is not None:
            since, until = request.interval
            yield from self.client.activities(updated_since=since, updated_until=until)
        else:
            yield from self.client.activities(updated_since=self._since())

    def _since(self) -> datetime | None:
        """The oldest watermark among the accounts; None asks for everything."""
        if self.run.request.full or any(account.settings_changed for account in self.accounts):
            return None
        marks = []
        with reading(self.services.engine) as conn:
            for account in self.accounts:
                cursor = cursors.get(conn, account.id, "activities")
                known = cursor.watermark - OVERLAP if cursor else account.activities_connected_at
                marks.append(known or self.client.server_time or self.services.clock())
        return min(marks).replace(microsecond=0)

    def _stage(self, raws: Iterable[dict[str, Any]]) -> None:
        ours = [raw for raw in raws if raw.get("owner_id") in self.users or int(raw["id"]) in self.links]
        self.seen.update(int(raw["id"]) for raw in ours)
        ahead = observe.skew(self.client.server_time, self.services.clock)
        linked = (self.links.get(int(raw["id"])) for raw in ours)
        with reading(self.services.engine) as conn:
            bases = mapping.bases(conn, (link.id for link in linked if link is not None))
        rows = observe.activities(ours, bases, self.names, self.company_id, ahead, thrifty=self.pace.thrifty)
        self._store(rows)

    def _store(self, rows: list[dict[str, Any]]) -> None:
        staged = [{**row, "run_id": self.run.id, "account_id": None} for row in rows]
        with self.services.engine.begin() as conn:
            runs.observe(conn, staged)

    def _again(self) -> Iterator[dict[str, Any]]:
        """Activities that must be read although they may not have changed: set aside, unfinished, perhaps created."""
        wanted: set[int] = set()
        for account in self.accounts:
            with reading(self.services.engine) as conn:
                aside = mapping.set_aside(conn, account.id)
                open_intents = mapping.intents(conn, account.id)
            wanted |= {int(row.item_id) for row in aside if row.side == "activities" and self._due(row)}
            if open_intents:
                ahead = observe.skew(self.client.server_time, self.services.clock)
                since = min(row.attempted_at for row in open_intents) - OVERLAP + ahead
                for page in self.client.activities(owner_id=account.user_id, updated_since=since):
                    yield from page
            events = {row.item_id for row in aside if row.side == "events" and self._due(row)}
            for link in self._known():
                if link.account_id == account.id and (is_unfinished(link, account) or link.event_id in events):
                    wanted.add(link.activity_id)
        yield from self._by_ids(wanted - self.seen)

    def _by_ids(self, wanted: Iterable[int]) -> Iterator[dict[str, Any]]:
        ids = sorted(set(wanted))
        for start in range(0, len(ids), 100):
            yield from self.client.activities_by_ids(ids[start : start + 100])

    def stage_ids(self, wanted: Iterable[int]) -> None:
        """Stage these activities, whoever owns them."""
        ids = set(wanted)
        self.links = dict.fromkeys(ids) | self.links
        self._stage(self._by_ids(ids))

    def _known(self) -> list[Row[Any]]:
        return [link for link in self.links.values() if link is not None]

    def _due(self, row: Row[Any]) -> bool:
        return bool(row.next_try_at <= self.services.clock()) or self.run.request.full

    def _probe(self) -> None:
        mine = [link for link in self._known() if link.account_id in self.ids]
        fences = {account.id: account.fence for account in self.accounts}
        conn_id = self.accounts[0].settings.pipedrive_conn_id
        found = probe.probe(self.services, self.run, self.client, conn_id, mine, self.seen, fences)
        self._stage(found.alive)
        self._store([observe.gone(key, self.company_id, "deleted") for key in found.deleted])
        self._store([observe.gone(key, self.company_id, "missing", error=why) for key, why in found.missing.items()])

    def _report(self, account: RunAccount, listed_count: int, next_watermark: datetime) -> None:
        account.counts["activities_listed"] = listed_count
        with self.services.engine.begin() as conn:
            runs.set_account(
                conn,
                self.run.id,
                account.id,
                counts=account.counts,
                notices=account.notices,
                next_watermark=next_watermark.replace(microsecond=0),
            )


def pull_events(services: Services, run_id: str, shard: list[str], owner: str) -> dict[str, int]:
    """Stage the events that changed, calendar by calendar. Returns how many were listed, by account."""
    run = resume(services, run_id, owner, shard)
    with services.engine.begin() as conn:
        runs.forget_observations(conn, run.id, "events", [account.id for account in run.accounts])

    def pull(account: RunAccount) -> None:
        try:
            client = services.google(account.settings.google_conn_id, account.settings.google_user)
            _CalendarPull(services, run, client, account).pull()
        except CalsyncError as error:
            fail_account(services, run, account, error)

    with at_work(services, run), ThreadPoolExecutor(PARALLEL_CALENDARS) as pool:
        list(pool.map(pull, run.working()))
    return {account.name: account.counts.get("events_listed", 0) for account in run.accounts}


class _CalendarPull:
    """The events of one account's calendar."""

    def __init__(self, services: Services, run: Run, client: GoogleCalendarClient, account: RunAccount) -> None:
        self.services, self.run, self.client, self.account = services, run, client, account
        self.calendar_id = account.calendar_id or ""
        with reading(services.engine) as conn:
            rows = mapping.heads(conn, company_ids=[], calendar_ids=[self.calendar_id])
            self.links = {row.event_id: row for row in rows}
            self.intents = {row.event_id for row in mapping.intents(conn, account.id)}
            self.aside = mapping.set_aside(conn, account.id)
            self.cursor = cursors.get(conn, account.id, "events")
        self.seen: set[str] = set()
        self.skipped: Counter[str] = Counter()
        self.listed_count = 0
        self.marked: list[int] = []

    def pull(self) -> None:
        if not self.calendar_id:
            return  # a dry run of an account whose calendar is yet to be created
        try:
            token = self._list()
        except NotFound as error:
            raise AccountError(
                f"account {self.account.name}: the calendar is gone, or no longer shared with the connection "
                f"{self.account.settings.google_conn_id}. Share it with the right to make changes to events, or "
                "correct `calendar`."
            ) from error
        self._stage(self._again())
        self._stage_marked()
        counts = self.account.counts | {"events_listed": self.listed_count, "skipped": dict(self.skipped)}
        self.account.counts = counts
        with self.services.engine.begin() as conn:
            runs.set_account(
                conn,
                self.run.id,
                self.account.id,
                counts=counts,
                notices=self.account.notices,
                next_sync_token=token,
                params_digest=self.client.list_digest,
            )

    def _list(self) -> str | None:
        request = self.run.request
        if request.interval is not None:
            self._list_interval(*request.interval)
            return None
        if request.upload is not None:
            self._pages()
            return None
        token = None if self._full() else self._token()
        try:
            return self._pages(sync_token=token)
        except SyncTokenExpired:
            if token is None:
                raise
            notice = f"account {self.account.name}: Google's sync token expired; the calendar was read in full"
            log.warning(notice)
            self.account.notices.append(notice)
            return self._pages()

    def _full(self) -> bool:
        return self.run.request.full or self.account.settings_changed

    def _token(self) -> str | None:
        if self.cursor is None or self.cursor.params_digest != self.client.list_digest:
            return None
        return str(self.cursor.sync_token)

    def _list_interval(self, since: datetime, until: datetime) -> None:
        near = self.services.clock() - since < UPDATED_MIN_KEPT
        listing = self.client.list_events(self.calendar_id, updated_min=since if near else None)
        for page in listing.pages():
            self.listed_count += len(page)
            inside = [raw for raw in page if (at := observe.stamp(raw.get("updated"))) and since <= at < until]
            self._stage(inside)

    def _pages(self, sync_token: str | None = None) -> str | None:
        listing = self.client.list_events(self.calendar_id, sync_token=sync_token)
        for page in listing.pages():
            self.listed_count += len(page)
            self._stage(page)
        self._check_access(listing.access_role)
        return listing.next_sync_token

    def _check_access(self, role: str | None) -> None:
        needed = ("writer", "owner") if self.account.policy.mode != "to_pipedrive" else ("reader", "writer", "owner")
        if role is not None and role not in needed:
            raise CalsyncError(
                f"the Google calendar is shared with the right «{role}» only. "
                "Share it with the right to make changes to events."
            )

    def _stage(self, raws: Iterable[dict[str, Any]]) -> None:
        ahead = observe.skew(self.client.server_time, self.services.clock)
        rows = []
        for raw in raws:
            reason = self._skip(raw)
            if reason:
                self.skipped[reason] += 1
            elif reason is None:
                rows.append(observe.event(raw, self.calendar_id, ahead))
                self.seen.add(raw["id"])
                mark = read_mark(raw) if raw["id"] not in self.links else None
                if mark is not None and mark.event_id == raw["id"]:
                    self.marked.append(mark.activity_id)
        staged = [{**row, "run_id": self.run.id, "account_id": self.account.id} for row in rows]
        with self.services.engine.begin() as conn:
            runs.observe(conn, staged)

    def _skip(self, raw: dict[str, Any]) -> str | None:
        """None: stage it. A reason: count it. "": nobody needs to hear of it."""
        if raw["id"] in self.links or raw["id"] in self.intents:
            return None
        if raw.get("status") == "cancelled":
            return ""
        reason = unsupported(raw, self.calendar_id)
        mark = read_mark(raw)
        if mark is not None and mark.event_id == raw["id"]:
            return reason if mark.company_id == self.account.company_id else "other_company"
        connected = self.account.events_connected_at
        stamps = (observe.stamp(raw.get("updated")), observe.stamp(raw.get("created")))
        if self.run.request.upload is None and connected and too_old(stamps, connected):
            return "before_connected"
        return reason

    def _stage_marked(self) -> None:
        """Unlinked events that name their activity: read those, so that the pairs can be found again."""
        if self.marked:
            client = self.services.pipedrive(self.account.settings.pipedrive_conn_id)
            CompanyPull(self.services, self.run, client, [self.account]).stage_ids(self.marked)

    def _again(self) -> Iterator[dict[str, Any]]:
        """Events that must be read although they may not have changed."""
        now = self.services.clock()
        due = [row for row in self.aside if row.next_try_at <= now or self.run.request.full]
        wanted = {row.item_id for row in due if row.side == "events"} | self.intents
        activities = {row.item_id for row in due if row.side == "activities"}
        for link in self.links.values():
            if is_unfinished(link, self.account) or str(link.activity_id) in activities:
                wanted.add(link.event_id)
        for event_id in sorted(wanted - self.seen):
            try:
                yield self.client.get_event(self.calendar_id, event_id)
            except NotFound:
                continue  # no proof of anything; the pair waits
