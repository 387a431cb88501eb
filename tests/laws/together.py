"""Meetings of colleagues, and accounts that come and go, as rules of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.flows.world import day
from tests.laws.company import times
from tests.laws.ledger import Node
from tests.laws.people import DAYS, LENGTHS, PAUSE, PICK, SUBJECTS, TIMES
from tests.laws.private import Private

NAMES = st.sampled_from(["anna", "bert"])


class Together(Private):
    """Anna and Bert meet. Where an event has a colleague as guest, it is in his calendar, too."""

    @rule(title=SUBJECTS, organiser=NAMES, day_=DAYS, time=TIMES, length=LENGTHS, pause=PAUSE)
    def meet(self, title: str, organiser: str, day_: int, time: str | None, length: int, pause: int) -> None:
        company = self.company
        (guest,) = {company.calendar, company.bert_calendar} - {self._primary(organiser)}
        fields = times(day(day_), time, timedelta(minutes=length) if time else timedelta(days=1))
        company.person_adds_event(self._primary(organiser), title, attendees=[{"email": guest}], **fields)
        company.pass_time(pause)

    def _primary(self, name: str) -> str:
        return self.company.calendar if name == "anna" else self.company.bert_calendar

    @rule(n=PICK, pause=PAUSE)
    def ask_colleague(self, n: int, pause: int) -> None:
        """Somebody asks the colleague to come to what is in the calendar already."""
        found = self._pick("event", n)
        if found is None or "recurringEventId" in found[1] or found[0][1] == self.company.other_calendar:
            return
        node, event = found
        (guest,) = {self.company.calendar, self.company.bert_calendar} - {node[1]}
        asked = [each for each in event.get("attendees", ()) if each["email"] != guest] + [{"email": guest}]
        self.company.person_edits_event(node[1], event, "colleague", {}, attendees=asked)
        self.company.pass_time(pause)

    @rule(n=PICK, what=st.sampled_from(["declined", "accepted", "deleted"]), pause=PAUSE)
    def reply(self, n: int, what: str, pause: int) -> None:
        """The guest answers, or deletes his copy, which declines."""
        copies = self._copies()
        if not copies:
            return
        node = copies[n % len(copies)]
        if what == "deleted":
            self.company.google.delete_event(node[1], node[2])
        else:
            self.company.google.rsvp(node[1], node[2], what)
        if what == "accepted":
            self.company.declined.discard(node)
        else:
            self.company.declined.add(node)
        self.company.did(f"copy {what}", node)
        self.company.pass_time(pause)

    def _copies(self) -> list[Node]:
        live = self.company.live()
        return [node for node, item in live.items() if node[0] == "event" and self.company.is_copy(node[1], item)]

    @rule(seed=st.integers(0, 9999), count=st.integers(2, 6))
    def office_day(self, seed: int, count: int) -> None:
        """Much of it at once. It follows from the seed."""
        random = Random(seed)
        for _ in range(count):
            self._act(random, f"Round {seed}")
            self.company.pass_time(random.choice([0, 0, 1, 20, 90]))

    def _act(self, random: Random, title: str) -> None:
        n, name = random.randrange(100), random.choice(["anna", "bert"])
        when = (random.randint(1, 3), random.choice(["09:00", "22:45", None]), 60)
        acts: list[Callable[[], None]] = [
            lambda: self.meet(title, name, *when, 0),
            lambda: self.ask_colleague(n, 0),
            lambda: self.reply(n, random.choice(["declined", "accepted", "deleted"]), 0),
            lambda: self.add_private_event(*when, name, n % 2 == 0, 0),
            lambda: self.veil(n, random.random() < 0.5, 0),
            lambda: self.whisper(n, random.choice(["title", "place", "text"]), 0),
        ]
        random.choice(acts)()

    # Accounts.

    @rule(name=NAMES, what=st.sampled_from(["enable", "disable", "file", "calendar"]), pause=PAUSE)
    def change_account(self, name: str, what: str, pause: int) -> None:
        """An account is disabled for a while, taken out of the file and put back, or gets another calendar and back."""
        acts = {"file": lambda: self._come_and_go(name), "calendar": self._switch_calendar}
        self.company.rearranged = True
        if what in acts:
            acts[what]()
        else:
            self.company.account(name=name, enabled=what == "enable")
            self.company.did(f"{what}d", None, name)
        self.company.pass_time(pause)

    def _come_and_go(self, name: str) -> None:
        if self.company.away:
            self.company.put_back()
        else:
            self.company.take_out(name)
        self.company.did("taken out" if self.company.away else "put back", None, name)

    def _switch_calendar(self) -> None:
        company = self.company
        back = company.calendars["anna"] == company.other_calendar
        if back:
            company.switch("anna", company.calendar, "primary")
        else:
            company.switch("anna", company.other_calendar, company.other_calendar)
        company.did("calendar: back" if back else "calendar: other", None, "anna")
