"""Series: which occurrence an event is, and which occurrence a link belongs to after its series was changed.

An instance id names its series and original start (Google Calendar API v3 guide "Recurring events"), so a series that
is split or moved gives its occurrences new ids although they are the same meetings. Nothing here computes recurrence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from include.calsync.core.meetings import meeting_of
from include.calsync.core.model import When
from include.calsync.core.raw import Raw, RawEvent
from include.calsync.core.when import known_zone

# "This and following" gives the new series the old id and the moment of the cut.
_CUT = re.compile(r"_R\d{8}(T\d{6}Z?)?(?=$|@)")
NEAR = timedelta(days=7)
LAST = datetime.max.replace(tzinfo=UTC)


def is_series(raw: Raw | None) -> bool:
    """Whether a raw event is a whole series."""
    return bool((raw or {}).get("recurrence"))


def is_occurrence(raw: Raw | None) -> bool:
    """Whether a raw event is one occurrence of a series."""
    return bool((raw or {}).get("recurringEventId"))


def series_columns(raw: Raw | None) -> dict[str, str | None]:
    """`series_id` and `original_start` of a raw event (None for an event that is no occurrence), and its `meeting`."""
    raw = raw or {}
    meeting = meeting_of(raw)
    if not is_occurrence(raw):
        return {"series_id": None, "original_start": None, "meeting": meeting}
    start = start_text(raw.get("originalStartTime"))
    return {"series_id": str(raw["recurringEventId"]), "original_start": start, "meeting": meeting}


def start_text(value: Raw | None) -> str | None:
    """A `start` or `originalStartTime` as ISO text in its own zone, so that it begins with the local date.

    None: there is none, or it means nothing.
    """
    if not isinstance(value, Mapping):
        return None
    try:
        if value.get("date"):
            return date.fromisoformat(str(value["date"])).isoformat()
        at = datetime.fromisoformat(str(value.get("dateTime")))
        if value.get("timeZone") and at.tzinfo is not None:
            at = at.astimezone(known_zone(str(value["timeZone"])))
    except (ValueError, OverflowError):
        return None
    return at.isoformat()


@dataclass(frozen=True, slots=True)
class Window:
    """Between which instants occurrences are synced."""

    start: datetime
    end: datetime

    def overlaps(self, when: When) -> bool:
        """Whether some of it lies inside."""
        first, last = span(when)
        return first < self.end and (last > self.start or first >= self.start)

    def holds(self, when: When) -> bool:
        """Whether it begins inside."""
        return self.start <= span(when)[0] < self.end

    def holds_start(self, text: str) -> bool:
        """Whether an original start (`start_text`) lies inside; one that means nothing does not."""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return False
        return self.start <= (at if at.tzinfo else at.replace(tzinfo=UTC)) < self.end


def span(when: When) -> tuple[datetime, datetime]:
    """First and last instant; days are taken in UTC. Nothing lasts longer than the calendar."""
    if when.day is not None:
        first, length = datetime.combine(when.day, time(), UTC), timedelta(days=when.days)
    else:
        assert when.start is not None
        first, length = when.start, when.duration or timedelta(0)
    return first, first + min(length, LAST - first)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence (or the single event that a series became). `start`: its original start, as `start_text`."""

    event_id: str
    series_id: str
    start: str
    title: str = ""
    doubtful: bool = False
    """Of a lost one: it is cancelled, which a person may just as well have done to it alone."""

    @property
    def day(self) -> date:
        """The day on which its series put it, in the series' own zone."""
        return date.fromisoformat(self.start[:10])

    @property
    def order(self) -> tuple[date, str, str]:
        """By place in the series."""
        return self.day, self.start, self.event_id


def family(series_id: str) -> str:
    """The id that all parts of a split series have in common."""
    return _CUT.sub("", series_id)


def rekey(
    lost: Iterable[Occurrence], found: Iterable[Occurrence], *, living: Mapping[str, date], known: Iterable[str] = ()
) -> dict[str, Occurrence]:
    """By event id of a lost occurrence: the one that it became. One-to-one, the same for the same values.

    Args:
        lost: linked occurrences that their series no longer has.
        found: unlinked occurrences that there are.
        living: the last day on which a series still has a linked occurrence.
        known: series that have links.

    Looked for in the same series, then in what was cut off it, then in a new series of the same title that begins
    where the old one ends. Equal local date of the original start comes first, then the nearest within 7 days.
    """
    return _Rekeying(sorted(lost, key=_order), sorted(found, key=_order), living, frozenset(known)).run()


def _order(one: Occurrence) -> tuple[date, str, str]:
    return one.order


@dataclass
class _Rekeying:
    lost: list[Occurrence]
    found: list[Occurrence]
    living: Mapping[str, date]
    known: frozenset[str]
    out: dict[str, Occurrence] = field(default_factory=dict)

    def run(self) -> dict[str, Occurrence]:
        self.changed = {one.series_id for one in self.lost if not one.doubtful}
        by_series: dict[str, list[Occurrence]] = defaultdict(list)
        for one in self.lost:
            by_series[one.series_id].append(one)
        for belongs in (self._same, self._cut_off, self._follows):
            for series_id, group in by_series.items():
                self._match(group, [one for one in self.found if belongs(series_id, group, one)])
        return self.out

    def _same(self, series_id: str, group: list[Occurrence], one: Occurrence) -> bool:
        return one.series_id == series_id

    def _cut_off(self, series_id: str, group: list[Occurrence], one: Occurrence) -> bool:
        return one.series_id != series_id and family(one.series_id) == family(series_id)

    def _follows(self, series_id: str, group: list[Occurrence], one: Occurrence) -> bool:
        if one.series_id in self.known or one.event_id == one.series_id or series_id not in self.changed:
            return False
        last = self.living.get(series_id)
        first = min(each.day for each in group if not each.doubtful)
        return one.title in {each.title for each in group} and (last is None or last < min(one.day, first))

    def _match(self, group: list[Occurrence], candidates: list[Occurrence]) -> None:
        taken = {one.event_id for one in self.out.values()}
        free = [one for one in candidates if one.event_id not in taken]
        open_ones = [one for one in group if one.event_id not in self.out]
        sure = [one for one in open_ones if not one.doubtful]
        free = self._pair(sure, free)
        doubtful = [one for one in open_ones if one.doubtful]
        series_id = group[0].series_id
        if series_id in self.changed:
            self._pair(doubtful, free)
        elif series_id not in self.living:
            self._pair(doubtful, free, near=timedelta(0))

    def _pair(self, lost: Sequence[Occurrence], free: list[Occurrence], near: timedelta = NEAR) -> list[Occurrence]:
        """Nearest first; what is left of `free`."""
        distances = [
            (abs(there.day - here.day), at, to)
            for at, here in enumerate(lost)
            for to, there in enumerate(free)
            if abs(there.day - here.day) <= near
        ]
        gone: set[int] = set()
        used: set[int] = set()
        for _, at, to in sorted(distances):
            if at not in gone and to not in used:
                gone.add(at)
                used.add(to)
                self.out[lost[at].event_id] = free[to]
        return [one for to, one in enumerate(free) if to not in used]


def capped(
    raws: Iterable[RawEvent], limit: int, is_exempt: Callable[[RawEvent], bool]
) -> tuple[list[RawEvent], set[str]]:
    """Occurrences, the earliest `limit` of each series (and all exempt ones); and the series that have more."""
    counts: Counter[str] = Counter()
    kept: list[RawEvent] = []
    over: set[str] = set()
    for raw in sorted(raws, key=lambda raw: (start_text(raw.get("originalStartTime")) or "", str(raw["id"]))):
        series_id = str(raw["recurringEventId"])
        live = raw.get("status") != "cancelled"
        counts[series_id] += live
        if live and counts[series_id] > limit:
            over.add(series_id)
            if not is_exempt(raw):
                continue
        kept.append(raw)
    return kept, over
