"""A customer invites the reps, one or both, once or again and again, as rules of the state machine."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.flows.world import day
from tests.laws.company import times
from tests.laws.ledger import Node
from tests.laws.people import DAYS, LENGTHS, NEW_SUBJECTS, PAUSE, PICK, SUBJECTS, TIMES, New, change_event
from tests.laws.series import MOST, RULES, add, living
from tests.laws.together import Together

INVITED = st.sampled_from([("anna", "bert"), ("anna", "bert"), ("anna",), ("bert",)])
CHANGES = ["title", "time", "place", "text", "invite", "invite", "cancel"]


class Customers(Together):
    """Kim, whose calendar nobody syncs, organises meetings; each rep asked has a copy."""

    @rule(title=SUBJECTS, invited=INVITED, day_=DAYS, time=TIMES, length=LENGTHS, pause=PAUSE)
    def customer_invites(
        self, title: str, invited: tuple[str, ...], day_: int, time: str | None, length: int, pause: int
    ) -> None:
        company = self.company
        fields = times(day(day_), time, timedelta(minutes=length) if time else timedelta(days=1))
        company.person_adds_event(company.customer, title, attendees=self._asked(invited), **fields)
        company.pass_time(pause)

    @rule(title=SUBJECTS, invited=INVITED, rules=RULES, day_=DAYS, time=TIMES, length=LENGTHS, pause=PAUSE)
    def customer_begins_series(
        self, title: str, invited: tuple[str, ...], rules: str, day_: int, time: str | None, length: int, pause: int
    ) -> None:
        if len(living(self.company)) < MOST:
            guests = [each["email"] for each in self._asked(invited)]
            add(self.company, self.company.customer, title, rules, day_, time, length, *guests)
            self.company.pass_time(pause)

    def _asked(self, invited: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"email": self._primary(name)} for name in invited]

    @rule(n=PICK, what=st.sampled_from(CHANGES), invited=INVITED, title=NEW_SUBJECTS, day_=DAYS, time=TIMES,
          length=LENGTHS, pause=PAUSE)  # fmt: skip
    def customer_changes(
        self, n: int, what: str, invited: tuple[str, ...], title: str, day_: int, time: str | None, length: int,
        pause: int,
    ) -> None:  # fmt: skip
        """One event or one occurrence; whole series change as any others do."""
        company = self.company
        found = list(company.live_events(company.customer).items())
        if not found:
            return
        node, event = found[n % len(found)]
        if what == "cancel":
            company.person_deletes_event(company.customer, event)
        elif what == "invite":
            self._invite(node, event, invited)
        else:
            change_event(company, node, event, what, New(title, f"At {title}", f"About {title}", day_, time, length))
        company.pass_time(pause)

    def _invite(self, node: Node, event: dict[str, Any], invited: tuple[str, ...]) -> None:
        """These and no others are asked to come; who was asked already keeps his answer."""
        company = self.company
        known = {each["email"]: each for each in event.get("attendees", ())}
        asked = [known.get(each["email"], each) for each in self._asked(invited)]
        company.person_edits_event(node[1], event, "invite", {}, attendees=asked)
        for calendar in (company.calendar, company.bert_calendar):
            copy: Node = ("event", calendar, node[2])
            if calendar not in {each["email"] for each in asked}:
                company.declined.add(copy)
            elif calendar not in known:
                company.declined.discard(copy)

    @rule(seed=st.integers(0, 9999), count=st.integers(2, 6))
    def customers_day(self, seed: int, count: int) -> None:
        """Much of it at once. It follows from the seed."""
        random = Random(seed)
        for number in range(count):
            title, n = f"Visit {seed}.{number}", random.randrange(100)
            invited = random.choice([("anna", "bert"), ("anna",), ("bert",)])
            when = (random.randint(1, 3), random.choice(["09:00", "22:45", None]), 60, 0)
            chance = random.random()
            if chance < 0.2:
                self.customer_invites(title, invited, *when)
            elif chance < 0.3:
                self.customer_begins_series(title, invited, "FREQ=DAILY;COUNT=3", *when)
            elif chance < 0.7:
                self.customer_changes(n, random.choice(CHANGES), invited, title, *when)
            else:
                self.reply(n, random.choice(["declined", "accepted", "deleted"]), 0)
            self.company.pass_time(random.choice([0, 0, 1, 20, 90]))
