"""Links of occurrences whose series was moved, split or shortened, before anything is decided about them.

Google names an occurrence after its series and original start, so the same meeting may have another id now. Its link
gets that id, and is then merged like any other. Computed with the plan and stored with it; a dry run stores nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from include.calsync.core.model import EventView
from include.calsync.core.observations import Observation, is_vanished
from include.calsync.core.records import Columns, Intent, LinkHead, with_columns
from include.calsync.core.series import Occurrence, is_occurrence, is_series, rekey, series_columns, start_text
from include.calsync.core.words import Absence
from include.calsync.store import changes, mapping, quarantine
from include.calsync.store.changes import log_rekey
from include.calsync.store.transaction import Connection


class Rekeying:
    """Which links and intents belong to another event now. `links`, `intents`: new columns, by id."""

    def __init__(
        self, conn: Connection, links: list[LinkHead], intents: list[Intent], events: Mapping[str, Observation]
    ) -> None:
        """`links`: heads. `events`: what was seen, by calendar and id."""
        self.conn, self.events = conn, events
        self.links: dict[int, Columns] = {}
        self.intents: dict[int, Columns] = {}
        self._heads, self._intents = {link.id: link for link in links}, intents
        calendars: dict[str, list[LinkHead | Intent]] = defaultdict(list)
        both: list[LinkHead | Intent] = [*links, *intents]
        for row in both:
            calendars[row.calendar_id].append(row)
        known = {(row.calendar_id, row.event_id) for row in both}
        for calendar_id, rows in calendars.items():
            self._one_calendar(calendar_id, rows, known)

    def _one_calendar(self, calendar_id: str, rows: list[LinkHead | Intent], known: set[tuple[str, str]]) -> None:
        gone = [row for row in rows if self._is_lost(row)]
        if not gone:
            return
        titles = self._titles(gone)
        lost = {row.event_id: one for row in gone if (one := self._lost(row, titles[row.event_id])) is not None}
        series = {one.series_id for one in lost.values()}
        unlinked = (
            row for row in self.events.values() if row.scope == calendar_id and (calendar_id, row.item_id) not in known
        )
        found = [one for row in unlinked if (one := _found(row, series)) is not None]
        out = rekey(
            lost.values(), found, living=self._living(rows), known={row.series_id for row in rows if row.series_id}
        )
        for row in rows:
            if row.event_id in out:
                target = self._intent_columns if isinstance(row, Intent) else self._link_columns
                target(row, out[row.event_id])

    def _seen(self, row: LinkHead | Intent) -> Observation | None:
        return self.events.get(f"{row.calendar_id}/{row.event_id}")

    def _is_lost(self, row: LinkHead | Intent) -> bool:
        """Whether a linked occurrence is not there under its id, or a linked event has become a series."""
        seen = self._seen(row)
        if seen is None or (not isinstance(row, Intent) and row.state == "removing"):
            return False
        if row.series_id is None:
            return is_series(seen.raw)
        return (seen.status == "deleted" and seen.error in (None, Absence.ENDED, Absence.VANISHED)) or is_vanished(seen)

    def _lost(self, row: LinkHead | Intent, title: str) -> Occurrence | None:
        seen = self.events[f"{row.calendar_id}/{row.event_id}"]
        start = row.original_start if row.series_id else start_text(seen.raw.get("start"))
        if start is None:
            return None
        series_id = row.series_id or row.event_id
        return Occurrence(row.event_id, series_id, start, title, doubtful=bool(row.series_id) and seen.error is None)

    def _titles(self, rows: list[LinkHead | Intent]) -> dict[str, str]:
        """What their events were called when last equal."""
        whole = mapping.whole(self.conn, [row.id for row in rows if not isinstance(row, Intent)])
        titles = {row.event_id: EventView.from_json(row.base_event).title for row in whole.values()}
        return titles | {row.event_id: str(row.subject) for row in rows if isinstance(row, Intent)}

    def _living(self, rows: Iterable[LinkHead | Intent]) -> dict[str, date]:
        days: dict[str, date] = {}
        for row in rows:
            seen = self._seen(row)
            if row.series_id and row.original_start and seen is not None and seen.status == "live":
                day = date.fromisoformat(row.original_start[:10])
                days[row.series_id] = max(day, days.get(row.series_id, day))
        return days

    def _link_columns(self, row: LinkHead | Intent, one: Occurrence) -> None:
        seen = self.events[f"{row.calendar_id}/{one.event_id}"]
        # An occurrence carries no properties of ours; a single event has yet to get them.
        self.links[row.id] = {
            "event_id": one.event_id,
            **series_columns(seen.raw),
            "marked": is_occurrence(seen.raw),
            "vanished_since_run": None,
        }

    def _intent_columns(self, row: LinkHead | Intent, one: Occurrence) -> None:
        seen = self.events[f"{row.calendar_id}/{one.event_id}"]
        self.intents[row.id] = {"event_id": one.event_id, **series_columns(seen.raw)}

    def moved(self, link: LinkHead) -> LinkHead:
        """The link as it will be stored."""
        return with_columns(link, self.links.get(link.id))

    def moved_intent(self, row: Intent) -> Intent:
        return with_columns(row, self.intents.get(row.id))

    def remember(self, conn: Connection, run_id: str, now: datetime, account_ids: Iterable[int]) -> None:
        """Store the new ids, and which occurrences were missed for the first time or are there again."""
        mine = set(account_ids)
        for row in self._intents:
            columns = self.intents.get(row.id)
            if columns is not None:
                mapping.set_intent(conn, row.id, **columns)
                changes.rename_event(conn, row.calendar_id, row.event_id, columns["event_id"])
        for link in self._heads.values():
            if link.account_id not in mine:
                continue
            if link.id in self.links:
                self._store(conn, link, run_id, now)
                continue
            seen = self._seen(link)
            if is_vanished(seen) and link.vanished_since_run is None and link.state in ("active", "held"):
                mapping.set_link(conn, link.id, vanished_since_run=run_id)
            elif seen is not None and seen.status == "live" and link.vanished_since_run is not None:
                mapping.set_link(conn, link.id, vanished_since_run=None)

    def _store(self, conn: Connection, link: LinkHead, run_id: str, now: datetime) -> None:
        columns = self.links[link.id]
        mapping.set_link(conn, link.id, **columns)
        quarantine.take_back(conn, account_id=link.account_id, side="events", item_id=link.event_id)
        log_rekey(conn, link, columns, run_id=run_id, at=now, reason="the series of this occurrence was changed")


def _found(row: Observation, series: set[str]) -> Occurrence | None:
    """An unlinked occurrence, or the single event that a series became."""
    if row.status != "live" or is_series(row.raw):
        return None
    title = EventView.from_json(row.view).title
    columns = series_columns(row.raw)
    if columns["series_id"] and columns["original_start"]:
        return Occurrence(row.item_id, columns["series_id"], columns["original_start"], title)
    start = start_text(row.raw.get("start"))
    return Occurrence(row.item_id, row.item_id, start, title) if row.item_id in series and start else None
