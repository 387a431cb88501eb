"""Is anything double or lost? Judged from both services and the mapping, with no code of the product."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import URL, create_engine, text

from include.sandbox.sample import SampleAccount
from include.scripts.demo.company import Company, Row, activity_id
from include.scripts.demo.judge import differences

Pair = tuple[int, str, str]
"""Activity, calendar, event."""


@dataclass
class Verdict:
    """What was counted. `other`: everything else that is wrong, one line each."""

    events: int = 0
    double: int = 0
    lost: int = 0
    links: int = 0
    links_wrong: int = 0
    other: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.double or self.lost or self.links_wrong or self.other)

    def __str__(self) -> str:
        counted = f"events made {self.events}, double {self.double}, lost {self.lost}"
        return f"{counted}; mapping: {self.links} links, {self.links_wrong} wrong"


class Snapshot(Company):
    """A company that nobody changes any more: each of its accounts is read once, however often it is looked at."""

    def __init__(self, company: Company) -> None:
        vars(self).update(vars(company))
        self._events = {account.name: company.events(account) for account in company.sample.accounts}
        self._activities = {account.name: company.activities(account) for account in company.sample.accounts}

    def events(self, account: SampleAccount) -> list[Row]:
        return self._events[account.name]

    def activities(self, account: SampleAccount) -> list[Row]:
        return self._activities[account.name]


def judge(company: Company, activities: int, mapping: URL) -> Verdict:
    """Compare what the services hold with the `activities` that were there, and with the mapping."""
    company = Snapshot(company)
    held = _held(company)
    by_activity = Counter(activity for activity, _, _ in held)
    rows = {row["id"] for account in company.sample.accounts for row in company.activities(account)}
    found = Verdict(events=len(held))
    found.double = sum(count - 1 for count in by_activity.values()) + max(0, len(rows) - activities)
    found.lost = len(rows - by_activity.keys()) + max(0, activities - len(rows))
    links = _links(mapping)
    found.links = len(links)
    found.links_wrong = (Counter(held) - Counter(links)).total() + (Counter(links) - Counter(held)).total()
    later = datetime.max.replace(tzinfo=UTC)
    found.other = [line for account in company.sample.accounts for line in differences(company, account, later)]
    return found


def _held(company: Company) -> list[Pair]:
    """Each live event with the activity that it says it belongs to; 0 if it says none."""
    return [
        (activity_id(event) or 0, account.email, event["id"])
        for account in company.sample.accounts
        for event in company.events(account)
    ]


def _links(mapping: URL) -> list[Pair]:
    engine = create_engine(mapping.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT activity_id, calendar_id, event_id FROM link WHERE state = 'active'"))
        links = [(int(row.activity_id), str(row.calendar_id), str(row.event_id)) for row in found]
    engine.dispose()
    return links
