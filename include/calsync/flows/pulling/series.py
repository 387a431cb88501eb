"""Series of one calendar, as a pull sees them: expanded by Google to single occurrences, never computed here.

Listings show whole series and their exceptions (`singleEvents=false`, as sync tokens want it). A series that is new or
changed is expanded within the account's window. A linked occurrence that its living series no longer has only raises
the question: the series may have been moved or split, and the occurrence have another id (see `rekeying`). If nothing
takes its place, the next run asks for it directly, and what is then not found beside a series that answers is deleted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.core.decide import too_old
from include.calsync.core.fields import event_view, unsupported
from include.calsync.core.model import Change, EventView
from include.calsync.core.observations import Observation
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import LinkHead
from include.calsync.core.run_records import Held
from include.calsync.core.series import Window, capped, is_occurrence, is_series, span
from include.calsync.core.stamps import skew, stamp
from include.calsync.core.words import Absence
from include.calsync.errors import NotFound, ServiceError
from include.calsync.flows.pulling import observe
from include.calsync.flows.pulling.known import KnownEvents
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.flows.trouble import ITEMS, Troubles
from include.calsync.store import mapping
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)

BACK = timedelta(days=30)
# Asked for beyond the window, so that what lies at its edge is surely answered.
MARGIN = timedelta(days=2)
MAX_OCCURRENCES = 500
# Up to so many series are expanded one by one; for more, one listing of the whole window is cheaper.
ONE_BY_ONE = 10


def window_of(run: Run, account: RunAccount) -> Window:
    """Where occurrences are synced: 30 days back and `horizon_days` ahead, or what an upload or a backfill names.

    No backfill goes further back than a scheduled run ever did.
    """
    now, request = run.started_at, run.request
    start, end = now - BACK, now + timedelta(days=account.settings.horizon_days)
    if request.upload is not None and request.upload.due_from is not None:
        start = min(start, datetime.combine(request.upload.due_from, time(), UTC))
    if request.reconcile and request.interval is not None:
        connected = account.events_connected_at or now
        since, until = request.interval
        start, end = max(since, min(start, connected - BACK)), min(until, end)
    return Window(start, end)


class SeriesPull:
    """The series of one calendar in one run: first `sift` what is listed, then stage `occurrences`, then `lost`."""

    def __init__(
        self,
        services: Services,
        run: Run,
        client: GoogleCalendarClient,
        account: RunAccount,
        known: KnownEvents,
        *,
        first: bool,
    ) -> None:
        """`first`: the account has no cursor, so that the mapping may have been lost: nothing is too old to be seen."""
        self.services, self.run, self.client, self.account = services, run, client, account
        self.calendar_id = account.calendar_id or ""
        self.window = window_of(run, account)
        self.anew = first or run.request.upload is not None
        self.known = known
        self.listed: dict[str, RawEvent] = {}
        self.ended: set[str] = set()
        open_ = {row.link_id for row in known.held if not _is_held_as_deleted(row)}
        missed = [link for link in known.vanished if link.state == "active" or link.id in open_]
        self.wanted = {link.series_id for link in missed if link.series_id}
        self.answered: dict[str, set[str]] = {}
        self.failed: dict[str, str] = {}
        self.troubles = Troubles()
        self.done: set[str] = set()
        self.skipped: Counter[str] = Counter()

    # What the listing shows.

    def sift(self, raws: Iterable[RawEvent]) -> Iterator[RawEvent]:
        """Keep the series; what is left are items of their own. A link to what has become a series sees it as one."""
        raws = list(raws)
        self.known.learn(raw["id"] for raw in raws)
        for raw in raws:
            key, known = raw["id"], self.known.is_known_series(raw["id"])
            if raw.get("status") == "cancelled":
                self.listed.pop(key, None)
                if known:
                    self.ended.add(key)
            elif is_series(raw) or known:
                self.ended.discard(key)
                self.listed[key] = raw
            if not is_series(raw) or self.known.is_single(key):
                yield raw

    def look_for(self, event_id: str) -> bool:
        """An occurrence was not found: ask its series. False: it is none that is linked."""
        self.known.learn([event_id])
        series_id = self.known.series_of(event_id)
        if series_id is not None:
            self.wanted.add(series_id)
        return series_id is not None

    def covers(self, raw: RawEvent) -> bool:
        """Whether an unlinked occurrence lies in the window. One whose time can't be read has to be told of."""
        try:
            return self.window.overlaps(event_view(raw).when)
        except ValueError:
            return True

    # Expansion.

    def occurrences(self) -> Iterator[RawEvent]:
        """The occurrences of all series that were listed or asked for: linked ones, and those of the window."""
        self._ask_for_series()
        new = [key for key in sorted(self.listed) if key not in self.done]
        self.done.update(new)
        wanted = [key for key in new if is_series(self.listed[key]) and self._is_worth(key)]
        for series_id, raws in self._expanded(wanted):
            self.answered[series_id] = {raw["id"] for raw in raws}
            concerning = [raw for raw in raws if self._is_linked(raw) or self.covers(raw)]
            kept, over = capped(concerning, MAX_OCCURRENCES, self._is_linked)
            if over:
                most = f"the first {MAX_OCCURRENCES} are synced"
                self._tell(f"series {series_id} has more occurrences within horizon_days than are synced: {most}")
            yield from kept
        self.answered.update({key: set() for key in new if not is_series(self.listed[key])})  # single events by now

    def _is_linked(self, raw: RawEvent) -> bool:
        return self.known.series_of(raw["id"]) is not None

    def _ask_for_series(self) -> None:
        for series_id in sorted(self.wanted - set(self.listed) - self.ended):
            self.wanted.discard(series_id)
            try:
                list(self.sift([self.client.get_event(self.calendar_id, series_id)]))
            except NotFound:
                continue  # no proof of anything; its pairs wait
            except ITEMS as error:
                self._fail(series_id, error)

    def _is_worth(self, series_id: str) -> bool:
        """Whether to ask for its occurrences; if not, it is counted with the reason."""
        raw = self.listed[series_id]
        if self.known.is_known_series(series_id) or self.known.is_single(series_id):
            return True
        stamps = (stamp(raw.get("updated")), stamp(raw.get("created")))
        connected = self.account.events_connected_at
        reason = unsupported({**raw, "recurrence": None})
        if reason is None and not self.anew and connected and too_old(stamps, connected):
            reason = "before_connected"
        if reason is None and not (
            self.anew or self.account.policy.may_create(Side.ACTIVITY) or self.known.has_series()
        ):
            reason = "mode"
        if reason is not None:
            self.skipped[reason] += 1
        return reason is None

    def _expanded(self, series_ids: list[str]) -> Iterator[tuple[str, list[RawEvent]]]:
        if self.window.start >= self.window.end:
            return
        bounds = {"time_min": self.window.start - MARGIN, "time_max": self.window.end + MARGIN}
        if len(series_ids) > ONE_BY_ONE:
            found: dict[str, list[RawEvent]] = {key: [] for key in series_ids}
            for page in self.client.expanded(self.calendar_id, **bounds):
                for raw in page:
                    if is_occurrence(raw) and raw["recurringEventId"] in found:
                        found[raw["recurringEventId"]].append(raw)
            yield from found.items()
            return
        for series_id in series_ids:
            try:
                pages = list(self.client.instances(self.calendar_id, series_id, **bounds))
            except (NotFound, *ITEMS) as error:
                self._fail(series_id, error)
            else:
                self.troubles.none()
                yield series_id, [raw for page in pages for raw in page if is_occurrence(raw)]

    def _fail(self, series_id: str, error: ServiceError) -> None:
        """What became of its occurrences is not known: it is set aside, and asked for again."""
        self.troubles.met(error)
        log.warning("account %s: series %s can't be read: %s", self.account.name, series_id, error)
        self.failed[series_id] = str(error)

    def _tell(self, text: str) -> None:
        notice = f"account {self.account.name}: {text}"
        log.warning("%s", notice)
        self.account.notices.append(notice)

    # What is gone.

    def lost(self, seen: set[str]) -> list[Observation]:
        """Observations of linked occurrences that no answer showed. `seen`: ids that were staged otherwise."""
        rows: list[Observation] = []
        if self.run.request.upload is not None:
            return rows
        for series_id, error in self.failed.items():
            rows.append(self._gone(series_id, error, "unreadable"))
        for series_id in sorted(self.ended):
            rows += [self._ended(link, view) for link, view in self._with_bases(self._links(series_id))]
            rows += [self._gone(row.event_id, Absence.ENDED) for row in self.known.intents_of(series_id)]
            rows += [self._gone(event_id, Absence.ENDED) for event_id in self._copies(series_id)]
        for series_id, present in sorted(self.answered.items()):
            absent = [link for link in self._links(series_id) if link.event_id not in present | seen]
            inside = [link for link, view in self._with_bases(absent) if self._is_inside(link, view)]
            rows += [self._vanished(link) for link in inside]
            intended = [row.event_id for row in self.known.intents_of(series_id)]
            gone = [event_id for event_id in intended if event_id not in present | seen]
            rows += [self._gone(event_id, Absence.VANISHED, "missing") for event_id in gone]
            starts = self._copies(series_id).items()
            left = [event_id for event_id, start in starts if self.window.holds_start(start)]
            rows += [self._gone(event_id, Absence.VANISHED) for event_id in left if event_id not in present | seen]
        for told in (self.failed, self.ended, self.answered):
            told.clear()
        return rows

    def _links(self, series_id: str) -> list[LinkHead]:
        return self.known.of_series.get(series_id, [])

    def _copies(self, series_id: str) -> Mapping[str, str]:
        return self.known.copies_of_series.get(series_id, {})

    def _with_bases(self, links: list[LinkHead]) -> list[tuple[LinkHead, EventView]]:
        with reading(self.services.engine) as conn:
            whole = mapping.whole(conn, [link.id for link in links if link.state != "removing"])
        return [(link, EventView.from_json(whole[link.id].base_event)) for link in links if link.id in whole]

    def _is_inside(self, link: LinkHead, view: EventView) -> bool:
        """What left the window, or never was in it, is not missed."""
        return self.window.holds(view.when) and self.window.holds_start(link.original_start or "")

    def _ended(self, link: LinkHead, view: EventView) -> Observation:
        """What took place long ago stays, as the record that it is."""
        past = span(view.when)[1] <= self.window.start
        return self._gone(link.event_id, Absence.LONG_PAST if past else Absence.ENDED)

    def _vanished(self, link: LinkHead) -> Observation:
        """Missing at first; in a later run it is asked for by its id."""
        if link.vanished_since_run in (None, self.run.id) or link.state == "detached":
            return self._gone(link.event_id, Absence.VANISHED, "missing")
        try:
            raw = self.client.get_event(self.calendar_id, link.event_id)
        except NotFound:
            return self._gone(link.event_id, Absence.VANISHED)
        except ITEMS as error:
            self.troubles.met(error)
            return observe.unread_event(self.account.id, link.event_id, self.calendar_id, error)
        ahead = skew(self.client.server_time, self.services.clock)
        row = observe.event(self.account.id, raw, self.calendar_id, ahead, self.account.policy.private_events)
        return replace(row, error=row.error or Absence.VANISHED) if row.status == "deleted" else row

    def _gone(self, event_id: str, why: str, status: str = "deleted") -> Observation:
        return observe.gone_event(self.account.id, event_id, self.calendar_id, status, why)


def _is_held_as_deleted(row: Held) -> bool:
    """Whether the event of what is held is proven to be gone; what another version held is not read."""
    if row.format != ROW_FORMAT:
        return False
    return bool(row.payload.get("changes", {}).get("event") == Change.DELETED)
