"""The activities of one company, as a run has to see them: listed, asked for again, probed, or compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.model import Origin
from include.calsync.core.observations import Observation
from include.calsync.core.raw import RawActivity
from include.calsync.core.records import LinkHead, SetAside, is_unfinished
from include.calsync.core.stamps import skew
from include.calsync.errors import FatalError, RecordError
from include.calsync.flows import aside, moves
from include.calsync.flows.names import Names, site_of
from include.calsync.flows.pulling import observe, probe, renames
from include.calsync.flows.pulling import pace as budget
from include.calsync.flows.pulling import scope as reconcile
from include.calsync.flows.run import Run, check_lease
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services, rotated
from include.calsync.store import cursors, formers, mapping, quarantine, runs
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
        with reading(services.engine) as conn:
            rows = mapping.heads(conn, company_ids=[self.company_id])
        self.links: dict[int, LinkHead | None] = {row.activity_id: row for row in rows}
        self.scope = reconcile.Scope.of(run.request)
        self.seen: set[int] = set()
        self.fresh: set[int] = set()
        self.pace = budget.Pace()

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
        self._stage(self._again())
        self._keep_aside()
        if request.reconcile or (request.follows_cursors and not self.pace.thrifty):
            self._probe()
        for account in self.accounts:
            self._report(account, listed[account.user_id], next_watermark or started)

    def _pages(self) -> Iterator[list[RawActivity]]:
        request = self.run.request
        if request.upload is not None:
            for user_id in sorted(self.users):
                yield from self.client.activities(owner_id=user_id, sort_by="id")
        elif request.reconcile:
            linked = [link.activity_id for link in self._compared()]
            yield from reconcile.activity_pages(self.client, self.users, self.scope, linked)
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
                watermark = cursor.watermark if cursor is not None else None
                known = watermark - OVERLAP if watermark is not None else account.activities_connected_at
                marks.append(known or self.client.server_time or self.services.clock())
        return min(marks).replace(microsecond=0)

    def _stage(self, raws: Iterable[RawActivity]) -> None:
        ours = [raw for raw in raws if raw.get("owner_id") in self.users or int(raw["id"]) in self.links]
        self.seen.update(int(raw["id"]) for raw in ours)
        ahead = skew(self.client.server_time, self.services.clock)
        linked = (self.links.get(int(raw["id"])) for raw in ours)
        with reading(self.services.engine) as conn:
            bases = mapping.bases(conn, (link.id for link in linked if link is not None))
        seen = observe.activities(
            ours,
            bases,
            self.names,
            self.company_id,
            ahead,
            thrifty=self.pace.thrifty,
            fresh=self.fresh,
            anew=self._anew(ours),
        )
        self._store(seen)

    def _anew(self, raws: Iterable[RawActivity]) -> set[int]:
        """Of a comparison: the activities whose events show names, which may be others by now."""
        if not self.run.request.reconcile:
            return set()
        links = [link for raw in raws if (link := self.links.get(int(raw["id"]))) is not None]
        shown = {each.activity_id for each in links if each.origin == Origin.PIPEDRIVE and each.state == "active"}
        return shown if shown and not budget.saving_names(self.services, self.client, self.accounts) else set()

    def _store(self, rows: list[Observation]) -> None:
        with self.services.engine.begin() as conn:
            runs.observe(conn, self.run.id, rows)

    def _set_aside(self) -> set[int]:
        """Activities that are read again: theirs are the names that may have changed."""
        with reading(self.services.engine) as conn:
            rows = [row for account in self.accounts for row in quarantine.set_aside(conn, account.id)]
        due = {(row.side, row.item_id) for row in rows if self._due(row)}
        linked = {link.activity_id for link in self._known() if ("events", link.event_id) in due}
        return linked | {int(item_id) for side, item_id in due if side == "activities"}

    def _again(self) -> Iterator[RawActivity]:
        """Activities that must be read although they may not have changed: set aside, unfinished, perhaps created."""
        wanted: set[int] = set()
        for account in self.accounts:
            with reading(self.services.engine) as conn:
                rows = quarantine.set_aside(conn, account.id)
                open_intents = mapping.intents(conn, account.id)
            wanted |= {int(row.item_id) for row in rows if row.side == "activities" and self._due(row)}
            if open_intents:
                ahead = skew(self.client.server_time, self.services.clock)
                since = min(row.attempted_at for row in open_intents) - OVERLAP + ahead
                for page in self.client.activities(owner_id=account.user_id, updated_since=since):
                    yield from page
            events = {row.item_id for row in rows if row.side == "events" and self._due(row)}
            for link in self._known():
                unfinished = link.account_id == account.id and is_unfinished(link, account.policy)
                if unfinished or link.event_id in events:
                    wanted.add(link.activity_id)
        with reading(self.services.engine) as conn:
            wanted |= moves.left_behind(conn, self.accounts, self._known(), self.services.clock())
            wanted |= {row.activity_id for row in formers.leaving(conn, company_id=self.company_id)}
        yield from self._by_ids(wanted - self.seen)

    def _keep_aside(self) -> None:
        """What was set aside and can't be seen now is read again: new names would be lost otherwise."""
        leased = {account.id: account for account in self.accounts if account.fence is not None}
        unseen, now = self.fresh - self.seen, self.services.clock()
        for link in self._known() if unseen else ():
            account = leased.get(link.account_id)
            if account is not None and link.activity_id in unseen:
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
        ids = set(wanted)
        self.links = dict.fromkeys(ids) | self.links
        self._stage(self._by_ids(ids))

    def _known(self) -> list[LinkHead]:
        return [link for link in self.links.values() if link is not None]

    def _due(self, row: SetAside) -> bool:
        return bool(row.next_try_at <= self.services.clock()) or self.run.request.full

    def _compared(self) -> list[LinkHead]:
        mine = [link for link in self._known() if link.account_id in self.ids]
        return reconcile.concerned(mine, self.scope, self.seen)

    def _probe(self) -> None:
        complete = self.run.request.reconcile
        mine = self._compared() if complete else [link for link in self._known() if link.account_id in self.ids]
        fences = {account.id: account.fence for account in self.accounts}
        conn_id = self.accounts[0].settings.pipedrive_conn_id
        found = probe.probe(
            self.services,
            self.run,
            self.client,
            conn_id,
            mine,
            self.seen,
            fences,
            complete=complete,
            resting=self._resting(),
        )
        self._stage(found.alive)
        self._store([observe.unread_activity(key, self.company_id, why) for key, why in found.unread.items()])
        self._store([observe.gone(key, self.company_id, "deleted") for key in found.deleted])
        self._store([observe.gone(key, self.company_id, "missing", error=why) for key, why in found.missing.items()])

    def _resting(self) -> set[tuple[str, str]]:
        with reading(self.services.engine) as conn:
            rows = [row for account in self.accounts for row in quarantine.set_aside(conn, account.id)]
        return {(row.side, row.item_id) for row in rows if row.attempts and not self._due(row)}

    def _report(self, account: RunAccount, listed_count: int, next_watermark: datetime) -> None:
        account.counts["activities_listed"] = listed_count
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
