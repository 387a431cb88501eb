"""What may be known of private events: the judge's part of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from include.calsync.core.privacy import NEUTRAL_TITLE
from tests.laws.company import Company
from tests.laws.ledger import Items
from tests.laws.private import WORD
from tests.laws.shown import of_activity, of_event, same_when


class Veil:
    """Which words were never to be seen outside of their calendars."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.known: set[str] = set()
        """Words that stood in an event that was open to all."""

    def leak(self, live: Items, links: list[Row[Any]], entries: list[Row[Any]]) -> str | None:
        """What is known although it must not be."""
        for node, item in live.items():
            if node[0] == "event" and not self.company.hides(node[1], item):
                self.known |= _words(item)
        for row in self.company.pipedrive.activities.values():
            guests = {self.company.confidants.get(each["person_id"], "") for each in row["participants"]}
            found = (_words(row) | guests) - self.known - {""}
            if found:
                return f"private: {sorted(found)} in Pipedrive: {row}"
        for kept in (*links, *entries):
            found = _words([*kept._mapping.values()]) - self.known
            if found:
                return f"private: {sorted(found)} in the store: {kept}"
        return None

    def unequal(self, activity: dict[str, Any], event: dict[str, Any], row: Row[Any]) -> str | None:
        """What is wrong with the pair of a private event. Under `busy` it shows the time, and nothing else."""
        if self.company.hides(row.calendar_id, event) == "skip":
            return f"private: {event} is to be skipped, but has {activity}; link {row}"
        here, there = of_activity(activity), of_event(event)
        if not same_when(here["when"], there["when"]):
            return f"private: {here['when']!r} and {there['when']!r}; link {row}"
        if row.origin == "google":
            told = _words(activity) & _words(event)
            untouched = row.activity_id not in self.company.touched
            if told or (untouched and (here["subject"], here["place"], here["description"]) != (NEUTRAL_TITLE, "", "")):
                return f"private: {activity} tells what {event} is about"
        return None


def _words(item: Any) -> set[str]:
    return set(WORD.findall(json.dumps(item, default=str)))
