"""What people do to both sides, as rules of the state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.flows.world import day
from tests.laws.company import Company, times, with_text
from tests.laws.ledger import Node
from tests.laws.shown import of_event, words

# Small alphabets: people use the same words and times, so that keys collide.
SUBJECTS = st.sampled_from(["Call", "Lunch", "Call > back", "Ümläut 🎉", "Roof"])
NEW_SUBJECTS = SUBJECTS | st.integers(1, 99).map(lambda n: f"Topic {n}")
PLACES = st.sampled_from(["Bar", "Room 7"]) | st.integers(1, 99).map(lambda n: f"Street {n}")
TEXTS = st.sampled_from(["Agenda", "a < b & c", "<b>Prices</b>"]) | st.integers(1, 99).map(lambda n: f"Text {n}")
DAYS = st.integers(1, 3)
TIMES = st.sampled_from(["09:00", "11:00", "22:45", None])
LENGTHS = st.sampled_from([30, 60, 90])
ACTIVITY_EDITS = [
    "subject", "move", "retime", "all-day", "length", "place", "text", "busy", "type", "done", "owner", "deal",
    "undate",
]  # fmt: skip
EVENT_EDITS = [
    "title", "subject in title", "damage", "empty title", "time", "place", "text", "all text", "busy", "guest",
]  # fmt: skip
PICK = st.integers(0, 5)
PAUSE = st.sampled_from([0, 0, 1, 40, 90, 400, 4000])


class People(RuleBasedStateMachine):
    """Anna, Bert and Carl at work. Items are picked by number from what is there."""

    company: Company

    # Picking.

    def _pick(self, kind: str, number: int) -> tuple[Node, dict[str, Any]] | None:
        live = self.company.live()
        nodes = [node for node in live if node[0] == kind and self._is_own(node, live[node])]
        return (nodes[number % len(nodes)], live[nodes[number % len(nodes)]]) if nodes else None

    def _is_own(self, node: Node, item: dict[str, Any]) -> bool:
        """Whether who picks it may change it."""
        guest = node[0] == "event" and self.company.is_copy(node[1], item)
        return node not in self.company.foreign and not guest

    # People in Pipedrive.

    @rule(
        subject=SUBJECTS, day_=DAYS, time=TIMES, length=LENGTHS | st.none(), place=PLACES | st.none(),
        text=TEXTS | st.none(), type_=st.sampled_from(["call", "meeting", "task"]),
        owner=st.sampled_from([0, 0, 0, 1, 2]), deal=st.integers(0, 2), person=st.booleans(), pause=PAUSE,
    )  # fmt: skip
    def add_activity(
        self, subject: str, day_: int, time: str | None, length: int | None, place: str | None, text: str | None,
        type_: str, owner: int, deal: int, person: bool, pause: int,
    ) -> None:  # fmt: skip
        company = self.company
        company.person_adds_activity(
            subject=subject,
            due_date=day(day_),
            due_time=time,
            duration=f"{length // 60:02}:{length % 60:02}" if time and length else None,
            location=place,
            public_description=text,
            type=type_,
            owner_id=(company.anna, company.bert, company.carl)[owner],
            deal_id=company.deals[deal - 1] if deal else None,
            person_id=company.people[0] if person else None,
        )
        company.pass_time(pause)

    @rule(
        n=PICK,
        what=st.sampled_from(ACTIVITY_EDITS), subject=NEW_SUBJECTS, place=PLACES | st.just(""),
        text=TEXTS | st.just(""), day_=DAYS, time=TIMES, flag=st.booleans(), pause=PAUSE,
    )  # fmt: skip
    def edit_activity(
        self,
        n: int,
        what: str,
        subject: str,
        place: str,
        text: str,
        day_: int,
        time: str | None,
        flag: bool,
        pause: int,
    ) -> None:
        found = self._pick("activity", n)
        if found is None:
            return
        new = New(subject, place, text, day_, time, flag=flag)
        change_activity(self.company, found[1], what, new)
        self.company.pass_time(pause)

    @rule(n=PICK, pause=PAUSE)
    def delete_activity(self, n: int, pause: int) -> None:
        found = self._pick("activity", n)
        if found is not None:
            self.company.person_deletes_activity(found[1])
            self.company.pass_time(pause)

    @rule(n=PICK)
    def restore_activity(self, n: int) -> None:
        dead = self.company.dead("activity")
        if dead:
            self.company.person_restores_activity(dead[n % len(dead)])

    @rule(kind=st.sampled_from(["deal", "person"]), name=st.sampled_from(["Tower", "Roof", "Call", "X > Y"]))
    def rename(self, kind: str, name: str) -> None:
        number = self.company.deals[0] if kind == "deal" else self.company.people[0]
        self.company.person_renames(kind, number, name)

    @rule(kind=st.sampled_from(["activity", "deal"]), n=PICK)
    def hide(self, kind: str, n: int) -> None:
        found = self._pick("activity", n)
        if kind == "deal":
            self.company.person_hides(kind, self.company.deals[n % 2])
        elif found is not None:
            self.company.person_hides(kind, found[1]["id"])

    @precondition(lambda self: self.company.hidden)
    @rule()
    def show_again(self) -> None:
        self.company.person_shows_again()

    @rule(seed=st.integers(0, 9999), count=st.integers(2, 8))
    def busy_day(self, seed: int, count: int) -> None:
        """Many edits, anywhere. They follow from the seed, and every text occurs once."""
        random = Random(seed)
        for number in range(count):
            new = New(
                f"Plan {seed}.{number}",
                f"Alley {seed}.{number}",
                f"Words {seed}.{number}",
                random.randint(1, 3),
                random.choice(["09:00", "15:10", None]),
                random.choice([30, 60]),
                flag=random.random() < 0.5,
            )
            self._one_edit(random, new)
            self.company.pass_time(random.choice([0, 0, 1, 20, 90]))

    def _one_edit(self, random: Random, new: New) -> None:
        kind = random.choice(["activity", "event"])
        chance = random.random()
        found, dead = self._pick(kind, random.randrange(1000)), self.company.dead(kind)
        if chance < 0.05 and dead:
            node = random.choice(dead)
            restore = (
                self.company.person_restores_activity if kind == "activity" else self.company.person_restores_event
            )
            restore(node)
        elif found is None:
            return
        elif kind == "activity" and chance < 0.12:
            self.company.person_deletes_activity(found[1])
        elif kind == "activity":
            change_activity(self.company, found[1], random.choice(ACTIVITY_EDITS), new)
        elif chance < 0.12:
            self.company.person_deletes_event(found[0][1], found[1])
        else:
            change_event(self.company, *found, random.choice(EVENT_EDITS), new)

    # People in Google.

    @rule(
        title=SUBJECTS | st.just(""), day_=DAYS, time=TIMES, length=LENGTHS, place=PLACES | st.none(),
        text=TEXTS | st.none(), where=st.sampled_from(["anna", "anna", "bert"]), free=st.booleans(), pause=PAUSE,
    )  # fmt: skip
    def add_event(
        self, title: str, day_: int, time: str | None, length: int, place: str | None, text: str | None, where: str,
        free: bool, pause: int,
    ) -> None:  # fmt: skip
        fields: dict[str, Any] = times(
            day(day_), time, timedelta(minutes=length) if time else timedelta(days=length // 30)
        )
        fields |= {"location": place} if place else {}
        fields |= {"description": text} if text else {}
        fields |= {"transparency": "transparent"} if free else {}
        self.company.person_adds_event(self.company.calendars[where], title, **fields)
        self.company.pass_time(pause)

    @rule(
        n=PICK, what=st.sampled_from(EVENT_EDITS), subject=NEW_SUBJECTS, place=PLACES | st.just(""),
        text=TEXTS | st.just(""), day_=DAYS, time=TIMES, length=LENGTHS, flag=st.booleans(), pause=PAUSE,
    )  # fmt: skip
    def edit_event(
        self, n: int, what: str, subject: str, place: str, text: str, day_: int, time: str | None, length: int,
        flag: bool, pause: int,
    ) -> None:  # fmt: skip
        found = self._pick("event", n)
        if found is None:
            return
        new = New(subject, place, text, day_, time, length, flag=flag)
        change_event(self.company, *found, what, new)
        self.company.pass_time(pause)

    @rule(n=PICK, pause=PAUSE)
    def delete_event(self, n: int, pause: int) -> None:
        found = self._pick("event", n)
        if found is not None:
            self.company.person_deletes_event(found[0][1], found[1])
            self.company.pass_time(pause)

    @rule(n=PICK)
    def restore_event(self, n: int) -> None:
        dead = self.company.dead("event")
        if dead:
            self.company.person_restores_event(dead[n % len(dead)])

    @rule(n=PICK, really=st.integers(0, 3))
    def copy_event(self, n: int, really: int) -> None:
        found = self._pick("event", n)
        if found is not None and really == 0:
            self.company.person_copies_event(found[0][1], found[1])

    @rule(title=SUBJECTS)
    def invite(self, title: str) -> None:
        if not self.company.foreign:
            self.company.somebody_invites_anna(self.company.calendar, title)

    @precondition(lambda self: self.company.foreign)
    @rule(n=PICK, answer=st.sampled_from(["accepted", "declined"]))
    def answer(self, n: int, answer: str) -> None:
        nodes = list(self.company.foreign)
        self.company.person_answers(nodes[n % len(nodes)], answer)

    @precondition(lambda self: self.company.foreign)
    @rule(n=PICK, day_=DAYS, time=TIMES, length=LENGTHS)
    def organiser_moves(self, n: int, day_: int, time: str | None, length: int) -> None:
        nodes = list(self.company.foreign)
        self.company.organiser_moves(nodes[n % len(nodes)], **times(day(day_), time, timedelta(minutes=length)))


@dataclass(frozen=True)
class New:
    """Values to choose from for an edit."""

    subject: str
    place: str
    text: str
    day: int
    time: str | None
    length: int = 60
    flag: bool = True


def change_activity(company: Company, row: dict[str, Any], what: str, new: New) -> None:
    """Somebody edits an activity in one of the ways of ACTIVITY_EDITS."""
    date = row["due_date"] or day(new.day)
    fields: dict[str, dict[str, Any]] = {
        "subject": {"subject": new.subject},
        "move": {"due_date": day(new.day)},
        "retime": {"due_date": date, "due_time": new.time or "15:30"},
        "all-day": {"due_date": date, "due_time": None, "duration": None},
        "length": {"duration": "01:15"} if row["due_time"] else {"due_date": day(new.day)},
        "place": {"location": new.place or None},
        "text": {"public_description": new.text or None},
        "busy": {"busy": new.flag},
        "type": {"type": "task" if new.flag else "call"},
        "done": {"done": new.flag},
        "owner": {"owner_id": (company.anna, company.bert, company.carl)[new.day - 1]},
        "deal": {"deal_id": company.deals[0] if new.flag else None},
        "undate": {"due_date": None, "due_time": None, "duration": None},
    }
    company.person_edits_activity(row, what, **fields[what])


def change_event(company: Company, node: Node, event: dict[str, Any], what: str, new: New) -> None:
    """Somebody edits an event in one of the ways of EVENT_EDITS."""
    length = timedelta(minutes=new.length)
    typed, patch = _retitled(company, node, event, what, new.subject) or _changed(
        what, event, new, times(day(new.day), new.time, length)
    )
    company.person_edits_event(node[1], event, what, typed, **patch)


Change = tuple[dict[str, Any], dict[str, Any]]
"""What counts as typed, and the patch."""


def _retitled(company: Company, node: Node, event: dict[str, Any], what: str, subject: str) -> Change | None:
    if what not in ("title", "subject in title", "damage", "empty title"):
        return None
    title = str(event.get("summary") or "")
    prefix = _prefix(company, node, title)
    if what == "empty title":
        return {"subject": None}, {"summary": ""}
    if what == "subject in title" and prefix:
        return {"subject": subject}, {"summary": prefix + subject}
    if what == "damage" and len(prefix) > 4:
        return {}, {"summary": title[1:]}
    return {"subject": subject}, {"summary": subject}


def _prefix(company: Company, node: Node, title: str) -> str:
    """What stands before the subject in a title that we wrote."""
    for row in company.links():
        if (row.calendar_id, row.event_id) == node[1:] and row.origin == "pipedrive":
            prefix = str(row.rendered["title"]["mark"] + row.rendered["title"]["prefix"])
            return prefix if prefix and title.startswith(prefix) else ""
    return ""


def _changed(what: str, event: dict[str, Any], new: New, when: dict[str, Any]) -> Change:
    if what == "time":
        return {"when": of_event({**event, **when})["when"]}, when
    if what == "place":
        return {"place": new.place or None}, {"location": new.place}
    if what == "text":
        return {"description": words(new.text) or None}, {"description": with_text(event, new.text)}
    if what == "all text":
        return {"description": words(new.text) or None}, {"description": new.text}
    if what == "guest":
        return {}, {"attendees": [{"email": "eva@x.example"}] if new.flag else []}
    return {"busy": not new.flag}, {"transparency": "transparent" if new.flag else "opaque"}
