"""What people do to private events, as rules of the state machine. What they write there has a word of its own."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.flows.world import day
from tests.laws.company import times, with_text
from tests.laws.people import DAYS, LENGTHS, PAUSE, PICK, TIMES
from tests.laws.series import Series

WORD = re.compile(r"hush\d+x")
"""What only a private event's owner knows. Its guest is a person in Pipedrive."""


class Private(Series):
    """Anna and Bert have things to do that are nobody's business."""

    def __init__(self) -> None:
        super().__init__()
        self._words = (f"hush{number}x" for number in itertools.count(1))

    @rule(day_=DAYS, time=TIMES, length=LENGTHS, where=st.sampled_from(["anna", "bert"]), guest=st.booleans(),
          pause=PAUSE)  # fmt: skip
    def add_private_event(self, day_: int, time: str | None, length: int, where: str, guest: bool, pause: int) -> None:
        company, word = self.company, next(self._words)
        fields: dict[str, Any] = times(day(day_), time, timedelta(minutes=length) if time else timedelta(days=1))
        fields |= {"visibility": "private", "location": f"Clinic {word}", "description": f"About {word}"}
        if guest:
            mail = f"{word}@x.example"
            company.confidants[company.pipedrive.add_person("Doctor", email=mail)["id"]] = word
            fields["attendees"] = [{"email": mail}]
        company.person_adds_event(company.calendars[where], f"Visit {word}", **fields)
        company.pass_time(pause)

    @rule(n=PICK, private=st.booleans(), pause=PAUSE)
    def veil(self, n: int, private: bool, pause: int) -> None:
        """An event is marked private, or no longer is."""
        found = self._pick_event(n, private=not private)
        if found is None:
            return
        node, event = found
        visibility = "private" if private else "default"
        self.company.rearranged = True
        self.company.person_edits_event(node[1], event, visibility, {}, visibility=visibility)
        self.company.pass_time(pause)

    @rule(n=PICK, what=st.sampled_from(["title", "place", "text"]), pause=PAUSE)
    def whisper(self, n: int, what: str, pause: int) -> None:
        """The owner of a private event writes something into it."""
        found = self._pick_event(n, private=True)
        if found is None:
            return
        (node, event), text = found, f"Secret {next(self._words)}"
        field, member = {"title": ("subject", "summary"), "place": ("place", "location"),
                         "text": ("description", "description")}[what]  # fmt: skip
        written = with_text(event, text) if what == "text" else text
        self.company.person_edits_event(node[1], event, f"private {what}", {field: text}, **{member: written})
        self.company.pass_time(pause)

    def _pick_event(self, n: int, *, private: bool) -> tuple[Any, dict[str, Any]] | None:
        live = self.company.live()
        nodes = [
            node
            for node, item in live.items()
            if node[0] == "event" and self._is_own(node, item) and (item.get("visibility") == "private") is private
        ]
        return (nodes[n % len(nodes)], live[nodes[n % len(nodes)]]) if nodes else None
