"""What people do to series, as rules of the state machine. To the judge each occurrence is an item of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.flows.world import day
from tests.laws.company import Company, times
from tests.laws.people import DAYS, LENGTHS, NEW_SUBJECTS, PAUSE, PICK, SUBJECTS, TIMES, People
from tests.laws.shown import of_event

RULES = st.sampled_from(["FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;COUNT=3", "FREQ=DAILY;INTERVAL=2;COUNT=4"])
EDITS = ["retitle", "move", "move", "shorten", "delete", "split", "split", "prolong"]
MOST = 2
"""So many living series at a time, so that an example stays small."""


class Series(People):
    """Anna and Bert and their standing meetings. One occurrence is edited and cancelled as any event is."""

    @rule(title=SUBJECTS, rules=RULES, day_=DAYS, time=TIMES, length=LENGTHS,
          where=st.sampled_from(["anna", "anna", "bert"]), pause=PAUSE)  # fmt: skip
    def add_series(
        self, title: str, rules: str, day_: int, time: str | None, length: int, where: str, pause: int
    ) -> None:
        if len(living(self.company)) < MOST:
            add(self.company, self.company.calendars[where], title, rules, day_, time, length)
            self.company.pass_time(pause)

    @rule(n=PICK, at=PICK, what=st.sampled_from(EDITS), title=NEW_SUBJECTS, day_=DAYS, time=TIMES, pause=PAUSE)
    def change_series(self, n: int, at: int, what: str, title: str, day_: int, time: str | None, pause: int) -> None:
        found = living(self.company)
        if not found:
            return
        calendar, event = found[n % len(found)]
        change(self.company, calendar, event, what, at, title, day_, time)
        self.company.pass_time(pause)

    @rule(seed=st.integers(0, 9999), count=st.integers(1, 4))
    def rearrange(self, seed: int, count: int) -> None:
        """Several changes of series, and of their occurrences, at once. They follow from the seed."""
        random = Random(seed)
        for number in range(count):
            found = living(self.company)
            if not found:
                first = random.randint(1, 3)
                add(self.company, self.company.calendar, "Jour fixe", "FREQ=DAILY;COUNT=3", first, "11:00", 60)
                continue
            calendar, event = random.choice(found)
            title, time = f"Round {seed}.{number}", random.choice(["09:00", "22:45", None])
            if random.random() < 0.4:
                self._one_occurrence(random, calendar, event, title)
            else:
                what = random.choice(EDITS)
                change(self.company, calendar, event, what, random.randrange(6), title, random.randint(1, 3), time)
            self.company.pass_time(random.choice([0, 0, 1, 90]))

    def _one_occurrence(self, random: Random, calendar: str, event: dict[str, Any], title: str) -> None:
        company, one = self.company, random.choice(self.company.google.instances(calendar, event["id"]))
        linked = {row.event_id: row.activity_id for row in company.links() if row.calendar_id == calendar}
        activity = company.live().get(("activity", linked.get(one["id"])))
        chance = random.random()
        if chance < 0.3:
            company.person_deletes_event(calendar, one)
        elif chance < 0.5:
            company.person_edits_event(calendar, one, "title", {"subject": title}, summary=title)
        elif activity is not None and chance < 0.6:
            company.person_deletes_activity(activity)
        elif activity is not None:
            company.person_edits_activity(activity, "subject", subject=title)


def add(
    company: Company, calendar: str, title: str, rules: str, day_: int, time: str | None, length: int, *guests: str
) -> None:
    """Somebody makes a series."""
    span = timedelta(minutes=length) if time else timedelta(days=1)
    fields = times(day(day_), time, span) | {"recurrence": [f"RRULE:{rules}"]}
    fields |= {"attendees": [{"email": each} for each in guests]} if guests else {}
    event = company.event(title, calendar, **fields)
    company.did("create series", ("event", calendar, event["id"]), rules)
    for one in company.google.instances(calendar, event["id"]):
        company.ledger.made(("event", calendar, one["id"]), of_event(one), company.log_end())


def living(company: Company) -> list[tuple[str, dict[str, Any]]]:
    """(calendar, series) of all series that still have occurrences, as those who organise them have them."""
    return [
        (calendar, event)
        for calendar in (*company.everywhere, company.customer)
        for event in company.events(calendar)
        if event.get("recurrence") and not company.is_copy(calendar, event)
        if company.google.instances(calendar, event["id"])
    ]


def change(
    company: Company, calendar: str, event: dict[str, Any], what: str, at: int, title: str, day_: int, time: str | None
) -> None:
    """Somebody changes a whole series, or all of it from one occurrence on."""
    google, key = company.google, event["id"]
    ones = google.instances(calendar, key)
    one = ones[at % len(ones)]
    if what == "split" and one is ones[0]:
        what = "retitle"  # all that follow the first are all
    moved = _moved(event, day_, time)
    acts: dict[str, Callable[[], Any]] = {
        "retitle": lambda: google.edit_event(calendar, key, summary=title),
        "move": lambda: google.edit_event(calendar, key, **moved),
        "shorten": lambda: google.edit_event(calendar, key, recurrence=_counted(event, 1 + at % 2)),
        "prolong": lambda: google.edit_event(calendar, key, recurrence=_counted(event, 5)),
        "delete": lambda: google.delete_event(calendar, key),
        "split": lambda: google.split_series(calendar, one["id"], **({"summary": title} if at % 2 else {})),
    }
    before = company.organised()
    acts[what]()
    after = company.organised()
    company.did(f"series: {what}", ("event", calendar, key), one["id"])
    for node in before.keys() - after.keys():
        company.ledger.removed(node, of_event(before[node]))
    for node in after.keys() - before.keys():
        company.ledger.births[node] += 1
        company.ledger.deleted.discard(node)
    for node in before.keys() & after.keys():
        was, now = of_event(before[node]), of_event(after[node])
        typed = {"subject": now["subject"] or None, "when": None} if was != now else {}
        company.ledger.edited(node, was, typed, company.log_end())


def _moved(event: dict[str, Any], day_: int, time: str | None) -> dict[str, Any]:
    """Another day or time of day; the length stays, unless it becomes a whole day's meeting or no longer is one."""
    old = event["start"].get("date") or event["start"]["dateTime"]
    start = date.fromisoformat(old[:10]) + timedelta(days=day_ - 2)
    length = timedelta(minutes=30)
    if "T" in old and time:
        length = datetime.fromisoformat(event["end"]["dateTime"]) - datetime.fromisoformat(old)
    fields = times(start.isoformat(), time, length)
    clear = {"date": None, "dateTime": None, "timeZone": None}
    return {side: clear | value for side, value in fields.items()}


def _counted(event: dict[str, Any], count: int) -> list[str]:
    """The series' rule with another end."""
    rule = event["recurrence"][0].removeprefix("RRULE:")
    kept = [part for part in rule.split(";") if not part.startswith(("COUNT=", "UNTIL="))]
    return [f"RRULE:{';'.join(kept)};COUNT={count}"]
