"""What the store knows of one calendar's events: read as they are met, as a calendar may have many more than change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from include.calsync.core.field_sets import FIELD_SET
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawEvent
from include.calsync.core.records import Intent, LinkHead
from include.calsync.core.series import is_occurrence, is_series
from include.calsync.flows.prints import print_of, salt_of
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import copies, formers, holds, lookups, mapping, quarantine
from include.calsync.store.transaction import Connection, Engine, reading


class KnownEvents:
    """Heads of links by event and by series, intents, copies, what is held, and what is still to be removed.

    Of links and copies only those that were learned.
    """

    def __init__(self, engine: Engine, account: RunAccount) -> None:
        self.engine, self.account = engine, account
        self.calendar_id = account.calendar_id or ""
        self.salt = salt_of(account.policy)
        self.marking_ids = [account.id] if account.policy.may_mark else []
        self.links: dict[str, LinkHead] = {}
        self.of_series: dict[str, list[LinkHead]] = defaultdict(list)
        """Links of occurrences."""
        self.events_of: dict[int, str] = {}
        """By activity."""
        self.copies: dict[str, str] = {}
        """The meeting of each event that is a copy."""
        self.copies_of_series: dict[str, dict[str, str]] = defaultdict(dict)
        """Of occurrences that are copies, by series and event: their original start."""
        with reading(engine) as conn:
            self.intents = {row.event_id: row for row in mapping.intents(conn, account.id)}
            self.aside = quarantine.set_aside(conn, account.id)
            self.held = holds.held_items(conn, account.id)
            self.creations = {row.item_id for row in holds.held_creations(conn, account.id) if row.side == Side.EVENT}
            self.leaving = {row.event_id for row in formers.leaving(conn, calendar_ids=[self.calendar_id])}
            self.vanished = lookups.vanished(conn, self.calendar_id)
            self.unfinished = lookups.unfinished(conn, [account.id], self.marking_ids)
        self._add([*self.vanished, *self.unfinished])
        self._asked: set[str] = set()
        self._has_series: bool | None = None

    def learn(self, event_ids: Iterable[str]) -> None:
        """Read what is known of these events, and of the occurrences of those that are, or were, series."""
        ids = set(event_ids) - self._asked
        if not ids:
            return
        self._asked |= ids
        with reading(self.engine) as conn:
            self._add(lookups.of_events(conn, self.calendar_id, ids))
            self._add(lookups.of_series(conn, self.calendar_id, ids))
            found = copies.of_events(conn, self.calendar_id, ids)
        for copy in found:
            self.copies[copy.event_id] = copy.meeting
            if copy.series_id:
                self.copies_of_series[copy.series_id][copy.event_id] = copy.meeting.rpartition(" ")[2]

    def learn_activities(self, activity_ids: Iterable[int]) -> None:
        """Read the links of these activities in this calendar."""
        with reading(self.engine) as conn:
            found = lookups.of_activities(conn, self.account.company_id, activity_ids)
        self._add(link for link in found if link.calendar_id == self.calendar_id)

    def _add(self, links: Iterable[LinkHead]) -> None:
        for link in links:
            if link.event_id not in self.links:
                self.links[link.event_id], self.events_of[link.activity_id] = link, link.event_id
                if link.series_id:
                    self.of_series[link.series_id].append(link)

    def is_known(self, event_id: str) -> bool:
        """Whether an event that was learned is staged whatever it says."""
        known = (self.links, self.intents, self.copies, self.creations, self.leaving)
        return any(event_id in each for each in known)

    def series_of(self, event_id: str) -> str | None:
        """The series of a linked occurrence, or of one for which an activity may have been created."""
        row = self.links.get(event_id) or self.intents.get(event_id)
        return row.series_id if row is not None else None

    def is_single(self, event_id: str) -> bool:
        """Whether it is linked, or may be, as an event of its own."""
        row = self.links.get(event_id) or self.intents.get(event_id)
        return row is not None and row.series_id is None

    def intents_of(self, series_id: str) -> list[Intent]:
        """Activities that may have been created for occurrences of a series."""
        return [row for row in self.intents.values() if row.series_id == series_id]

    def is_known_series(self, series_id: str) -> bool:
        """Whether an event that was learned has, or had, occurrences that are known."""
        return bool(self.of_series.get(series_id) or self.copies_of_series.get(series_id) or self.intents_of(series_id))

    def has_series(self) -> bool:
        """Whether any occurrence of this calendar is linked."""
        if self._has_series is None:
            with reading(self.engine) as conn:
                self._has_series = lookups.has_series(conn, self.calendar_id)
        return self._has_series

    def same(self, raws: Iterable[RawEvent], but: Collection[str]) -> set[str]:
        """Ids of the events that are what they were when their pair was found equal. Occurrences and series are never
        among them: what became of one tells of the others."""
        single = {raw["id"]: raw for raw in raws if not is_series(raw) and not is_occurrence(raw)}
        with reading(self.engine) as conn:
            known = self._prints(conn, [key for key in single if key not in but])
        return {key for key, known_print in known.items() if self.print_of(single[key]) == known_print}

    def print_of(self, raw: RawEvent) -> str:
        """By which the event is compared the next time."""
        return print_of(raw, self.salt)

    def _prints(self, conn: Connection, event_ids: list[str]) -> dict[str, str]:
        found = lookups.prints(conn, Side.EVENT, self.calendar_id, event_ids, self.marking_ids, FIELD_SET)
        return {key: of[0] for key, of in found.items() if of[1] == self.account.id}
