"""The events of one account's calendar, as a run has to see them: listed, asked for again, or compared."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from include.calsync.clients.google_calendar import EventListing, GoogleCalendarClient
from include.calsync.core.decide import too_old
from include.calsync.core.fields import event_view, unsupported
from include.calsync.core.marks import read_mark
from include.calsync.core.moved_times import move_activity
from include.calsync.core.observations import Observation
from include.calsync.core.policy import Side
from include.calsync.core.privacy import unwanted
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import Columns, LinkHead
from include.calsync.core.series import is_occurrence, is_series
from include.calsync.core.stamps import skew, stamp
from include.calsync.core.when import due_at
from include.calsync.core.words import Absence
from include.calsync.errors import NotFound, SyncTokenExpired, UnusableCalendar
from include.calsync.flows import deployment
from include.calsync.flows.pulling import observe
from include.calsync.flows.pulling import scope as reconcile
from include.calsync.flows.pulling.company import CompanyPull
from include.calsync.flows.pulling.known import KnownEvents
from include.calsync.flows.pulling.series import SeriesPull
from include.calsync.flows.request import UndoOptions
from include.calsync.flows.rights import check_right
from include.calsync.flows.run import Run, check_lease
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services, rotated
from include.calsync.flows.trouble import ITEMS
from include.calsync.store import changes, cursors, directory, lookups, runs
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)

# Events.list refuses an updatedMin that lies too far back; 29 days were measured.
UPDATED_MIN_KEPT = timedelta(days=21)

# Google was seen to leave the token out now and then; more often than that costs time, and somebody should know.
TOKENS_MISSED = 3


class CalendarPull:
    """The events of one account's calendar."""

    def __init__(self, services: Services, run: Run, client: GoogleCalendarClient, account: RunAccount) -> None:
        self.services, self.run, self.client, self.account = services, run, client, account
        self.calendar_id = account.calendar_id or ""
        self.ours = services.environment.deployments
        self.known = KnownEvents(services.engine, account)
        with reading(services.engine) as conn:
            self.cursor = cursors.get(conn, account.id, "events")
            self.others = deployment.remembered(conn, account.id)
            self.pulled = runs.observed_ids(conn, run.id, "activities") if run.request.reconcile else set()
        self.scope = reconcile.Scope.of(run.request)
        self.first = self.cursor is None and run.request.follows_cursors
        self.series = SeriesPull(services, run, client, account, self.known, first=self.first)
        self.again = self._set_aside()
        self.seen: set[str] = set()
        self.shown: dict[str, str | None] = {}
        """Live events that were seen: which other installation wrote each, if one did."""
        self.skipped: Counter[str] = Counter()
        self.listed_count = self.new_count = 0
        self.named: list[int] = []
        self.doubted: set[str] = set()
        """Linked events whose activity another event names: are they still there?"""
        self.alike: list[RawEvent] = []

    def pull(self) -> None:
        """Stage what the calendar shows. Raises CalsyncError if the account can't be read."""
        if not self.calendar_id:  # a dry run of an account whose calendar is yet to be created
            self._done({})
            return
        try:
            token = self._list()
        except NotFound as error:
            raise UnusableCalendar(
                f"account {self.account.name}: the calendar is gone, or no longer shared with the connection "
                f"{self.account.settings.google_conn_id}. Share it with the right to make changes to events, or "
                "correct `calendar`."
            ) from error
        self._look_at(self._again())
        self._stage_series()
        self._stage_named()
        self._refuse_others()
        if self.run.request.follows_cursors:
            self._miss_token(token)
        if self.client.is_rotated:
            self.account.notices.append(rotated(self.account.name, self.account.settings.google_conn_id))
        listed = {"events_listed": self.listed_count, "events_new": self.new_count}
        counts = self.account.counts | listed | {"skipped": dict(self.skipped)}
        self.account.counts = counts
        self._done(
            {
                "counts": counts,
                "notices": self.account.notices,
                "next_sync_token": token,
                "params_digest": self.client.list_digest,
            }
        )

    def _done(self, found: Columns) -> None:
        """Everything is staged; a try that was taken over has no say in that."""
        with self.services.engine.begin() as conn:
            check_lease(conn, self.account)
            runs.set_account(conn, self.run.id, self.account.id, events_pulled=True, **found)

    def _miss_token(self, token: str | None) -> None:
        """Without a sync token the cursor stays, and the next run reads the same again. If that goes on, say so."""
        scope, now = f"no_sync_token:{self.account.id}", self.services.clock()
        with reading(self.services.engine) as conn:
            known = directory.read(conn, scope) or {"runs": 0}
        missed_count = 0 if token is not None else int(known["runs"]) + 1
        if missed_count != known["runs"] and not self.run.request.dry_run:
            with self.services.engine.begin() as conn:
                directory.keep(conn, scope, "", {"runs": missed_count}, now)
        if missed_count >= TOKENS_MISSED:
            self.account.notices.append(
                f"account {self.account.name}: nothing is missed, but each run reads more of the calendar than it "
                f"needs: Google has given no sync token for {missed_count} runs"
            )

    def _refuse_others(self) -> None:
        """Remember the events of other installations, durably: their tombstones don't say whose they were."""
        found = {event_id: other for event_id, other in self.shown.items() if other is not None}
        known = {event_id: other for event_id, other in self.others.items() if event_id not in self.shown} | found
        if known != self.others and not self.run.request.dry_run:
            with self.services.engine.begin() as conn:
                deployment.remember(conn, self.account.id, known, self.services.clock())
        deployment.refuse_others(found, self.ours[0])

    def _list(self) -> str | None:
        request = self.run.request
        if request.undo is not None:
            self._look_at(self._by_ids(self._undone(request.undo)))
            return None
        if request.retire is not None:
            self._list_linked()
            return None
        if request.reconcile:
            self._list_compared()
            return None
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
            notice = f"account {self.account.name}: Google's sync token expired; the calendar was read in full"
            log.warning(notice)
            self.account.notices.append(notice)
            self.account.counts["sync_token_expired"] = True
            return self._pages()

    def _undone(self, undo: UndoOptions) -> set[str]:
        """The events that an undo is about, as far as they are in this calendar."""
        with reading(self.services.engine) as conn:
            entries = changes.of_run(conn, undo.sync_run_id, [self.account.id], undo.link_id)
            links = lookups.of_ids(conn, {entry.link_id for entry in entries if entry.link_id is not None})
        mine = [(entry.calendar_id, entry.event_id) for entry in entries]
        mine += [(link.calendar_id, link.event_id) for link in links]
        return {event_id for place, event_id in mine if place == self.calendar_id and event_id is not None}

    def _list_linked(self) -> None:
        """The events of the account's pairs, all of them."""
        with reading(self.services.engine) as conn:
            links = lookups.all_of(conn, self.account.id)
        linked = {link.event_id for link in links if link.calendar_id == self.calendar_id}
        self.again |= linked  # also those that are as they were
        self._walk(self.client.list_events(self.calendar_id), lambda raw: raw["id"] in linked)
        self._look_at(self._by_ids(linked - self.seen))

    def _full(self) -> bool:
        return self.run.request.full or self.account.settings_changed

    def _token(self) -> str | None:
        if self.cursor is None or self.cursor.params_digest != self.client.list_digest:
            return None
        return str(self.cursor.sync_token)

    def _list_interval(self, since: datetime, until: datetime) -> None:
        def changed(raw: RawEvent) -> bool:
            at = stamp(raw.get("updated"))
            # A deleted event may have nothing but its id.
            return since <= at < until if at is not None else raw["id"] in self.known.links

        near = self.services.clock() - since < UPDATED_MIN_KEPT
        self._walk(self.client.list_events(self.calendar_id, updated_min=since if near else None), changed)

    def _list_compared(self) -> None:
        """What is dated in scope, and those of the links concerned that are not there."""
        dated = self._concerned() if self.scope.interval is not None else set()
        listing = self.scope.list_events(self.client, self.calendar_id)
        self._walk(listing, lambda raw: raw["id"] in dated or is_series(raw) or self.scope.holds_event(raw))
        self._stage_series()
        if self.scope.interval is not None:
            self.named += [link.activity_id for link in self.known.links.values() if self._moved_in(link)]
        self._look_at(self._by_ids(self._concerned() - self.seen, lost=True))

    def _concerned(self) -> set[str]:
        """Linked events to compare, but for those that were seen, and occurrences: of these the series tells."""
        with reading(self.services.engine) as conn:
            compared = lookups.compared(conn, [self.account.id], self.scope.interval)
            found = {event_id for _, _, event_id, series_id in compared if not series_id and event_id not in self.seen}
            moved = lookups.of_activities(conn, self.account.company_id, self.pulled) if self.scope.interval else []
        mine = (link for link in moved if link.account_id == self.account.id and not link.series_id)
        return found | {link.event_id for link in mine if link.state in lookups.COMPARED_STATES}

    def _moved_in(self, link: LinkHead) -> bool:
        """Whether only the event is dated in the interval: its activity is read as well."""
        mine = link.account_id == self.account.id and link.event_id in self.seen
        return mine and link.activity_id not in self.pulled and not self.scope.holds(link.due_at)

    def _pages(self, sync_token: str | None = None) -> str | None:
        listing = self.client.list_events(self.calendar_id, sync_token=sync_token)
        self._walk(listing)
        return listing.next_sync_token

    def _walk(self, listing: EventListing, concerns: Callable[[RawEvent], bool] = lambda _: True) -> None:
        """Stage what a listing shows that concerns this run, and that may differ from what is known."""
        for page in listing.pages():
            self.known.learn(raw["id"] for raw in page if not raw.get("updated"))
            concerning = [raw for raw in page if concerns(raw)]
            self.listed_count += len(concerning)
            same = self.known.same(concerning, self.again)
            self.seen |= same
            self._look_at(raw for raw in concerning if raw["id"] not in same)
        check_right(listing.access_role, self.account.settings.mode)

    def _look_at(self, raws: Iterable[RawEvent]) -> None:
        ahead = skew(self.client.server_time, self.services.clock)
        found = list(self.series.sift(raws))
        marks = ((raw["id"], read_mark(raw)) for raw in found if raw["id"] not in self.known.links)
        self.known.learn_activities(
            mark.activity_id for key, mark in marks if mark is not None and mark.event_id == key
        )
        rows = []
        for raw in found:
            if raw.get("status") != "cancelled":
                self.shown[raw["id"]] = deployment.other_of(raw, self.account.company_id, self.ours)
            reason = self._skip(raw)
            if reason:
                self.skipped[reason] += 1
            elif reason is None:
                veil = self.account.policy.private_events
                row = observe.event(self.account.id, raw, self.calendar_id, ahead, veil)
                doubtful = raw.get("status") == "cancelled" and raw["id"] in self.others
                row = replace(row, status="missing", error=Absence.OTHERS) if doubtful else row
                rows.append(replace(row, print=self.known.print_of(raw)) if row.status == "live" else row)
                self.seen.add(raw["id"])
                self.new_count += row.status == "live" and raw["id"] not in self.known.links
                self._note_named(raw)
        self._store(rows)

    def _learn_named(self, raws: Iterable[RawEvent]) -> None:
        """Another event of this calendar may be linked to the activity that an unlinked one names."""
        marks = ((raw["id"], read_mark(raw)) for raw in raws)
        named = [mark.activity_id for key, mark in marks if mark is not None and mark.event_id == key]
        self.known.learn_activities(named)

    def _note_named(self, raw: RawEvent) -> None:
        """Which activities, and which other event, must be read to tell what the event's mark means."""
        mark, link = read_mark(raw), self.known.links.get(raw["id"])
        if mark is None or mark.event_id != raw["id"]:
            return
        if link is not None:
            if mark.company_id == self.account.company_id and mark.activity_id != link.activity_id:
                self.named += [mark.activity_id, link.activity_id]
            return
        self.named.append(mark.activity_id)
        if mark.activity_id in self.known.events_of:
            self.doubted.add(self.known.events_of[mark.activity_id])

    def _store(self, rows: list[Observation]) -> None:
        with self.services.engine.begin() as conn:
            runs.observe(conn, self.run.id, rows)

    def _skip(self, raw: RawEvent) -> str | None:
        """None: stage it. A reason: count it. "": nobody needs to hear of it."""
        if self.known.is_known(raw["id"]) or self.run.request.reaches_resting:
            return None
        if raw.get("status") == "cancelled":
            return ""
        if is_occurrence(raw) and not self.series.covers(raw):
            return ""
        reason = unsupported(raw) or unwanted(raw, self.account.policy.private_events)
        mark = read_mark(raw)
        if mark is not None and mark.event_id == raw["id"]:
            return reason if mark.company_id == self.account.company_id else "other_company"
        connected = self.account.events_connected_at
        stamps = (stamp(raw.get("updated")), stamp(raw.get("created")))
        if self.run.request.upload is None and connected and too_old(stamps, connected):
            if not (self.first and is_occurrence(raw) and reason is None):
                return "before_connected"
            self.alike.append(raw)
        return reason

    def _stage_series(self) -> None:
        """The occurrences of the series that were listed, and what became of linked ones that are not among them."""
        self._look_at(self.series.occurrences())
        self._store(self.series.lost(self.seen))
        self.skipped.update(self.series.skipped)
        self.series.skipped.clear()
        if self.alike:
            self._stage_alike()

    def _stage_alike(self) -> None:
        """After a loss of the mapping only equal content tells whose occurrences are: they carry no properties."""
        client = self.services.pipedrive(self.account.settings.pipedrive_conn_id)
        company = CompanyPull(self.services, self.run, client, [self.account])
        dues = (due_at(move_activity(event_view(raw).when, None, None)) for raw in self.alike)
        begins = {at for at in dues if at is not None}
        # What lies at the window's edge began before it.
        scope = reconcile.Scope((min(begins), self.series.window.end))
        for page in reconcile.activity_pages(client, [self.account.user_id], scope, []):
            company.stage(raw for raw in page if reconcile.activity_begin(raw) in begins)

    def _stage_named(self) -> None:
        """Unlinked events may name their activity: read those, so that the pairs can be found again."""
        if self.named:
            client = self.services.pipedrive(self.account.settings.pipedrive_conn_id)
            CompanyPull(self.services, self.run, client, [self.account]).stage_ids(self.named)

    def _set_aside(self) -> set[str]:
        """Events that are read again: they, or their activities, were set aside, and their time has come."""
        now = self.services.clock()
        due = [row for row in self.known.aside if row.next_try_at <= now or self.run.request.full]
        self.known.learn_activities(int(row.item_id) for row in due if row.side == Side.ACTIVITY)
        activities = {int(row.item_id) for row in due if row.side == Side.ACTIVITY}
        events = {row.item_id for row in due if row.side == Side.EVENT}
        return events | {event_id for key, event_id in self.known.events_of.items() if key in activities}

    def _again(self) -> Iterator[RawEvent]:
        """Events that must be read although they may not have changed."""
        unfinished = {link.event_id for link in self.known.unfinished if link.calendar_id == self.calendar_id}
        wanted = self.again | unfinished | self.known.intents.keys() | self.known.leaving
        yield from self._by_ids(wanted - self.seen - self.doubted - self._resting())
        yield from self._by_ids(self.doubted - self.seen, lost=True)

    def _resting(self) -> set[str]:
        """Events in quarantine whose time has not come: they are not asked for by their id."""
        if self.run.request.full:
            return set()
        now, events = self.services.clock(), (row for row in self.known.aside if row.side == Side.EVENT)
        return {row.item_id for row in events if row.attempts and row.next_try_at > now}

    def _by_ids(self, wanted: Iterable[str], *, lost: bool = False) -> Iterator[RawEvent]:
        """These events. One that is not found proves nothing: the pair waits, or (`lost`) a person decides.

        One that is not answered is set aside alone.
        """
        for event_id in sorted(wanted):
            try:
                raw = self.client.get_event(self.calendar_id, event_id)
            except NotFound:
                if not self.series.look_for(event_id) and lost:
                    self._store([observe.lost_event(self.account.id, event_id, self.calendar_id)])
            except ITEMS as error:
                self.series.troubles.met(error)
                self._store([observe.unread_event(self.account.id, event_id, self.calendar_id, error)])
            else:
                self.series.troubles.none()
                yield raw
