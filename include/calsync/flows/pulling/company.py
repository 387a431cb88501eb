"""The activities of one company, as a run has to see them: listed, asked for again, probed, or compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.field_sets import FIELD_SET
from include.calsync.core.model import Origin
from include.calsync.core.observations import Observation
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawActivity
from include.calsync.core.records import SetAside
from include.calsync.core.stamps import skew
from include.calsync.errors import FatalError, RecordError
from include.calsync.flows import aside, moves
from include.calsync.flows.names import Names, site_of
from include.calsync.flows.prints import print_of, salt_of
from include.calsync.flows.pulling import observe, probe, renames
from include.calsync.flows.pulling import pace as budget
from include.calsync.flows.pulling import scope as reconcile
from include.calsync.flows.request import UndoOptions
from include.calsync.flows.run import Run, check_lease
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services, rotated
from include.calsync.store import changes, cursors, formers, lookups, mapping, quarantine, runs
from include.calsync.store.transaction import reading

# Answers of one moment may show later; the listing is inclusive, and what repeats is a no-op.
OVERLAP = timedelta(seconds=60)
AGAIN = timedelta(hours=1)


class CompanyPull:
    """The activities of the accounts that share one Pipedrive connection."""

    def __init__(self, services: Services, run: Run, client: PipedriveClient, accounts: list[RunAccount]) -> None:
        self.services, self.run, self.client, self.accounts = services, run, client, accounts
        self.company_id = accounts[0].company_id
        self.users = {account.user_id for account in accounts}
        self.names = Names(client, site_of(services, accounts[0].settings.pipedrive_conn_id))
        self.ids = {account.id for account in accounts}
        self.marking_ids = {account.id for account in accounts if account.policy.may_mark}
        self.salts = {account.id: salt_of(account.policy) for account in accounts}
        self.scope = reconcile.Scope.of(run.request)
        self.seen: set[int] = set()
        self.named: set[int] = set()
        """Activities that are staged, whoever owns them."""
        self.fresh: set[int] = set()
        self.pace = budget.Pace()
        self.since: datetime | None = None
        """From when changes were asked for; None: everything was, or what is in an interval."""
        self.new: Counter[int] = Counter()
        """By owner: activities that no link knows."""

    def pull(self) -> None:
        """Stage what the company shows of these accounts' activities. Raises CalsyncError if it can't be read."""
        started, request = self.services.clock(), self.run.request
        if not request.reconcile:  # which was found affordable when the run was opened
            self.pace = budget.pace_of(self.services, self.run, self.client, self.accounts)
        if request.follows_cursors and not request.dry_run:
            renames.check(self.services, self.run, self.client, self.accounts, self.pace)
        self.fresh = self._set_aside()
        listed: Counter[int] = Counter()
        next_watermark: datetime | None = None
        for page in self._pages():
            if next_watermark is None:
                next_watermark = self.client.server_time or started
            listed.update(int(raw.get("owner_id") or 0) for raw in page)
            self._stage(page)
        self._look_at(list(self._again()))
        self._keep_aside()
        if request.reconcile or (request.follows_cursors and not self.pace.thrifty):
            self._probe()
        for account in self.accounts:
            self._report(account, listed[account.user_id], next_watermark or started)

    def _pages(self) -> Iterator[list[RawActivity]]:
        request = self.run.request
        if request.undo is not None:
            self.named |= self._undone(request.undo)
            yield list(self._by_ids(self.named))
        elif request.retire is not None:
            self.named |= self._of_retired()
            yield list(self._by_ids(self.named))
        elif request.upload is not None:
            for user_id in sorted(self.users):
                yield from self.client.activities(owner_id=user_id, sort_by="id")
        elif request.reconcile:
            yield from reconcile.activity_pages(self.client, self.users, self.scope, self._dated())
        elif request.interval is not None:
            since, until = request.interval
            yield from self.client.activities(updated_since=since, updated_until=until)
        else:
            self.since = self._since()
            yield from self.client.activities(updated_since=self.since)

    def _undone(self, undo: UndoOptions) -> set[int]:
        """The activities that an undo is about."""
        with reading(self.services.engine) as conn:
            entries = changes.of_run(conn, undo.sync_run_id, self.ids, undo.link_id)
            links = lookups.of_ids(conn, {entry.link_id for entry in entries if entry.link_id is not None})
        ids = {entry.activity_id for entry in entries if entry.activity_id is not None}
        return ids | {link.activity_id for link in links}

    def _of_retired(self) -> set[int]:
        """The activities of the accounts' pairs."""
        with reading(self.services.engine) as conn:
            return {link.activity_id for key in self.ids for link in lookups.all_of(conn, key)}

    def _since(self) -> datetime | None:
        """The oldest watermark among the accounts; None asks for everything."""
        if self.run.request.full or any(account.settings_changed for account in self.accounts):
            return None
        marks = []
        with reading(self.services.engine) as conn:
            for account in self.accounts:
                cursor = cursors.get(conn, account.id, "activities")
                watermark = cursor.watermark if cursor is not None else None
                known = watermark - OVERLAP if watermark is not None else account.activities_connected_at
                marks.append(known or self.client.server_time or self.services.clock())
        return min(marks).replace(microsecond=0)

    def _dated(self) -> set[int]:
        """Linked activities that are compared because they are dated in an interval."""
        if self.scope.interval is None:
            return set()
        with reading(self.services.engine) as conn:
            return {key for _, key, *_ in lookups.compared(conn, self.ids, self.scope.interval)}

    def _stage(self, raws: Iterable[RawActivity]) -> None:
        """Stage what may differ from what is known."""
        raws = list(raws)
        same = self._same({int(raw["id"]): raw for raw in raws})
        self.seen |= same
        self._look_at([raw for raw in raws if int(raw["id"]) not in same])

    def _same(self, raws: Mapping[int, RawActivity]) -> set[int]:
        """Those that are what they were when their pair was found equal, and whose names are as well."""
        asked = raws.keys() - self.fresh - self.named
        with reading(self.services.engine) as conn:
            known = lookups.prints(conn, Side.ACTIVITY, self.company_id, asked, self.marking_ids, FIELD_SET)
            mine = {key: of for key, of in known.items() if of[1] in self.salts}
            same = {key for key, (print_, of) in mine.items() if print_of(raws[key], self.salts[of]) == print_}
            shown = lookups.bases(conn, self.company_id, same) if self._reads_names() and same else {}
        bases = {key: base.base_activity for key, base in shown.items() if base.origin == Origin.PIPEDRIVE}
        self.names.learn_by_the_hundred(base["refs"] for base in bases.values())
        return same - {key for key, base in bases.items() if self.names.are_others(base["refs"], base["context"])}

    def _look_at(self, raws: list[RawActivity]) -> None:
        with reading(self.services.engine) as conn:
            bases = lookups.bases(conn, self.company_id, (int(raw["id"]) for raw in raws))
        named = bases.keys() | self.named
        ours = [raw for raw in raws if raw.get("owner_id") in self.users or int(raw["id"]) in named]
        self.seen.update(int(raw["id"]) for raw in ours)
        unknown = (raw for raw in ours if int(raw["id"]) not in bases and not raw.get("is_deleted"))
        self.new.update(int(raw.get("owner_id") or 0) for raw in unknown)
        ahead = skew(self.client.server_time, self.services.clock)
        shown = {key for key, base in bases.items() if base.origin == Origin.PIPEDRIVE and base.state == "active"}
        seen = observe.activities(
            ours,
            bases,
            self.names,
            self.company_id,
            ahead,
            thrifty=self.pace.thrifty,
            fresh=self.fresh,
            anew=shown.intersection(int(raw["id"]) for raw in ours) if self._reads_names() else (),
        )
        homes = {key: base.account_id for key, base in bases.items()}
        self._store([self._with_print(row, homes.get(int(row.item_id))) for row in seen])

    def _with_print(self, row: Observation, account_id: int | None) -> Observation:
        if account_id not in self.salts or row.status != "live":
            return row
        return replace(row, print=print_of(row.raw, self.salts[account_id]))

    def _reads_names(self) -> bool:
        """Whether this comparison asks for names anew: events may show others by now."""
        return self.run.request.reconcile and not budget.saving_names(self.services, self.client, self.accounts)

    def _store(self, rows: list[Observation]) -> None:
        with self.services.engine.begin() as conn:
            runs.observe(conn, self.run.id, rows)

    def _set_aside(self) -> set[int]:
        """Activities that are read again: theirs are the names that may have changed."""
        calendars = {account.id: account.calendar_id or "" for account in self.accounts}
        events: dict[str, list[str]] = defaultdict(list)
        with reading(self.services.engine) as conn:
            due = [row for row in quarantine.set_aside(conn, *self.ids) if self._due(row)]
            for row in due:
                if row.side == Side.EVENT:
                    events[calendars[row.account_id]].append(row.item_id)
            links = [link for place, ids in events.items() for link in lookups.of_events(conn, place, ids)]
        return {int(row.item_id) for row in due if row.side == Side.ACTIVITY} | {link.activity_id for link in links}

    def _again(self) -> Iterator[RawActivity]:
        """Activities that must be read although they may not have changed: set aside, unfinished, perhaps created."""
        wanted = set(self.fresh)
        attempted: dict[int, datetime] = {}
        with reading(self.services.engine) as conn:
            for row in mapping.intents(conn, *self.ids):
                attempted[row.account_id] = min(row.attempted_at, attempted.get(row.account_id, row.attempted_at))
        ahead = skew(self.client.server_time, self.services.clock)
        for account in self.accounts:
            if account.id in attempted:
                since = attempted[account.id] - OVERLAP + ahead
                for page in self.client.activities(owner_id=account.user_id, updated_since=since):
                    yield from page
        with reading(self.services.engine) as conn:
            wanted |= {link.activity_id for link in lookups.unfinished(conn, self.ids, self.marking_ids)}
            wanted |= moves.left_behind(conn, self.accounts, self.services.clock())
            wanted |= {row.activity_id for row in formers.leaving(conn, company_id=self.company_id)}
        yield from self._by_ids(wanted - self.seen)

    def _keep_aside(self) -> None:
        """What was set aside and can't be seen now is read again: new names would be lost otherwise."""
        leased = {account.id: account for account in self.accounts if account.fence is not None}
        now = self.services.clock()
        with reading(self.services.engine) as conn:
            unseen = lookups.of_activities(conn, self.company_id, self.fresh - self.seen)
        for link in unseen:
            account = leased.get(link.account_id)
            if account is not None:
                with self.services.engine.begin() as conn:
                    check_lease(conn, account)
                    item = ("activities", str(link.activity_id))
                    aside.put(conn, link.account_id, item, "not seen", now, failed=False, pause=AGAIN)

    def _by_ids(self, wanted: Iterable[int]) -> Iterator[RawActivity]:
        ids = sorted(set(wanted))
        for start in range(0, len(ids), 100):
            yield from self._some_by_ids(ids[start : start + 100])

    def _some_by_ids(self, ids: list[int]) -> list[RawActivity]:
        """One id that Pipedrive takes for none (in a mark of another app) refuses all that are asked with it."""
        try:
            return self.client.activities_by_ids(ids)
        except (RecordError, FatalError):
            if len(ids) == 1:
                return []
        half = len(ids) // 2
        return self._some_by_ids(ids[:half]) + self._some_by_ids(ids[half:])

    def stage(self, raws: Iterable[RawActivity]) -> None:
        """Stage activities that were read elsewhere."""
        self._stage(raws)

    def stage_ids(self, wanted: Iterable[int]) -> None:
        """Stage these activities, whoever owns them."""
        self.named |= set(wanted)
        self._stage(self._by_ids(self.named))

    def _due(self, row: SetAside) -> bool:
        return bool(row.next_try_at <= self.services.clock()) or self.run.request.full

    def _probe(self) -> None:
        found = probe.probe(
            self.services,
            self.run,
            self.client,
            self.accounts[0].settings.pipedrive_conn_id,
            self.seen,
            {account.id: account.fence for account in self.accounts},
            company_id=self.company_id,
            due=self.scope.interval,
            resting=self._resting(),
        )
        self._stage(found.alive)
        self._store([observe.unread_activity(key, self.company_id, why) for key, why in found.unread.items()])
        self._store([observe.gone(key, self.company_id, "deleted") for key in found.deleted])
        self._store([observe.gone(key, self.company_id, "missing", error=why) for key, why in found.missing.items()])

    def _resting(self) -> set[tuple[str, str]]:
        with reading(self.services.engine) as conn:
            rows = quarantine.set_aside(conn, *self.ids)
        return {(row.side, row.item_id) for row in rows if row.attempts and not self._due(row)}

    def _report(self, account: RunAccount, listed_count: int, next_watermark: datetime) -> None:
        account.counts |= {"activities_listed": listed_count, "activities_new": self.new[account.user_id]}
        if self.client.is_rotated:
            account.notices.append(rotated(account.name, account.settings.pipedrive_conn_id))
        with self.services.engine.begin() as conn:
            check_lease(conn, account)
            runs.set_account(
                conn,
                self.run.id,
                account.id,
                counts=account.counts,
                notices=account.notices,
                activities_pulled=True,
                next_watermark=next_watermark.replace(microsecond=0),
            )
