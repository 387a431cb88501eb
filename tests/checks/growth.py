"""Growth on paper: what 10, 1,000 and 100,000 users cost, from measured costs and documented quotas.

    python -m tests.checks.growth          # make bench ARGS=--growth: prints the tables of docs/growth.md
    python -m tests.checks.growth --docs   # writes them into the page

Nothing is measured here. What was measured elsewhere, and what is assumed of users, are the parameters below.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from include.calsync.clients.google_calendar import EVENTS_PER_PAGE, PROJECT_PER_SECOND
from include.calsync.clients.pipedrive import OPERATIONS, PAGE_SIZE
from include.calsync.flows.pulling.pace import FULL_RUN_TOKENS, USUAL_INTERVAL_S

PAGE = Path(__file__).resolve().parents[2] / "docs" / "growth.md"
DAY_S = 86_400
GOOGLE_DAY_REQUESTS = 1_000_000
"""Of a project. Source: Google's page of the Calendar API's quotas, November 2026; it can't be raised."""
DAY_TOKENS_PER_SEAT = 30_000
"""Of a company on the smallest plan. Source: Pipedrive's page of rate limits, November 2026."""
SIZES = (10, 1_000, 100_000)


@dataclass(frozen=True)
class Costs:
    """Measured on 2 busy cores, SQLite, services on loopback; seconds are of CPU. Where nothing else is said: by
    `make bench`."""

    start_s: float = 3.0
    """Imports of the four tasks that a quiet run starts, Airflow's own left out: an estimate, put together from what
    single modules take (python -X importtime)."""
    run_s: float = 0.36
    """A quiet run of one account with 1,000 links, without its imports."""
    account_s: float = 0.063
    """Each further account of a quiet run: 50 accounts take 3.4 s (tests/checks/runner.py)."""
    write_s: float = 0.0098
    """A planned and confirmed write: upload of 3,000 activities of 50 users, by one process."""
    pair_bytes: int = 9_800
    """A pair with both sides' last state and the log entry of its creation: 500 uploaded activities."""
    quiet_bytes: int = 2_600
    """The records of an account in a quiet run, kept for a day: 50 KiB of 20 accounts."""


@dataclass(frozen=True)
class Habits:
    """Assumed of each user, for nobody knows: change them, and compute again."""

    pairs: int = 500
    writes_per_day: int = 10
    """Half of them to each side."""
    seats_per_company: int = 1_000


@dataclass(frozen=True)
class Growth:
    """An installation of so many users, which syncs at an interval and compares everything every night."""

    users: int
    interval_s: float = USUAL_INTERVAL_S
    costs: Costs = Costs()
    habits: Habits = Habits()

    @property
    def runs(self) -> int:
        """Per day."""
        return int(DAY_S / self.interval_s)

    @property
    def companies(self) -> int:
        return ceil(self.users / self.habits.seats_per_company)

    @property
    def google_requests(self) -> int:
        """Per day: a listing per run and user, each night the whole calendar; a read and a write for each write."""
        nightly = ceil(self.habits.pairs / EVENTS_PER_PAGE)
        return self.users * (self.runs + nightly + self.habits.writes_per_day // 2 * 2)

    @property
    def projects(self) -> int:
        """Google projects, so that neither the day's requests nor those of one run in its interval are too many."""
        by_day = ceil(self.google_requests / GOOGLE_DAY_REQUESTS)
        return max(by_day, ceil(self.listing_s / self.interval_s))

    @property
    def listing_s(self) -> float:
        """How long one project's limit makes the listings of one run last."""
        return self.users / PROJECT_PER_SECOND

    @property
    def tokens(self) -> int:
        """Of a company's day: runs with listing, probe and names; pages at night; a read and a write for each write."""
        seats = min(self.users, self.habits.seats_per_company)
        write = OPERATIONS["activities.get"].tokens + OPERATIONS["activities.update"].tokens
        pages = ceil(self.habits.pairs / PAGE_SIZE) * OPERATIONS["activities.list"].tokens
        return self.runs * FULL_RUN_TOKENS + seats * (pages + self.habits.writes_per_day // 2 * write)

    @property
    def budget_ratio(self) -> float:
        """The share of the company's daily budget on the smallest plan."""
        return self.tokens / (DAY_TOKENS_PER_SEAT * min(self.users, self.habits.seats_per_company))

    @property
    def cpu_s(self) -> float:
        """Of one quiet run, and of the writes that fall to its interval."""
        writes = self.users * self.habits.writes_per_day / self.runs
        return self.costs.start_s + self.costs.run_s + self.users * self.costs.account_s + writes * self.costs.write_s

    @property
    def workers(self) -> int:
        """Of two cores, busy to a half at most."""
        return ceil(self.cpu_s / self.interval_s)

    @property
    def database_bytes(self) -> float:
        """Pairs, and a day's records of runs, as if all of them were quiet."""
        return self.users * (self.habits.pairs * self.costs.pair_bytes + self.runs * self.costs.quiet_bytes)

    @property
    def year_bytes(self) -> float:
        """What the log grows in a year, at most: as if each write cost as much as a new pair."""
        return self.users * self.habits.writes_per_day * 365 * self.costs.pair_bytes


def users_of_one_project(interval_s: float) -> int:
    """How many users one Google project's day suffices for."""
    return GOOGLE_DAY_REQUESTS * 1_000 // Growth(1_000, interval_s).google_requests


def users_of_one_run() -> int:
    """Up to how many users a quiet run ends within its interval on one core."""
    costs = Costs()
    each = costs.account_s + Habits().writes_per_day * costs.write_s * USUAL_INTERVAL_S / DAY_S
    return int((USUAL_INTERVAL_S - costs.start_s - costs.run_s) / each)


def tables() -> str:
    """The generated part of the page, as Markdown."""
    found = [Growth(users) for users in SIZES]
    first = _table(("", *(f"{each.users:,} users" for each in found)), _lines(found))
    slower = [dataclasses.replace(found[-1], interval_s=interval) for interval in (300, 900, 3600)]
    second = _table(("100,000 users", *(f"every {each.interval_s / 60:.0f} min" for each in slower)), _lines(slower))
    five, quarter, hour = (users_of_one_project(interval) for interval in (USUAL_INTERVAL_S, 900, 3600))
    breaks = (
        f"* One Google project's day suffices for {five:,} users with a run every five minutes, for {quarter:,} every\n"
        f"  quarter of an hour, and for {hour:,} every hour.\n"
        f"* A quiet run of {users_of_one_run():,} users keeps one core busy for five minutes."
    )
    return f"{first}\n\n{breaks}\n\n{second}"


def _lines(found: list[Growth]) -> list[tuple[str, ...]]:
    return [
        ("runs a day", *(f"{each.runs:,}" for each in found)),
        ("companies", *(f"{each.companies:,}" for each in found)),
        ("Pipedrive: tokens a day and company", *(f"{each.tokens:,}" for each in found)),
        ("… of its budget on the smallest plan", *(f"{each.budget_ratio:.1%}" for each in found)),
        ("Google: requests a day", *(f"{each.google_requests:,}" for each in found)),
        ("… of one project's day", *(f"{each.google_requests / GOOGLE_DAY_REQUESTS:.1%}" for each in found)),
        ("listings of one run, one project", *(f"{each.listing_s:,.1f} s" for each in found)),
        ("Google projects", *(f"{each.projects:,}" for each in found)),
        ("CPU of one run with its writes", *(f"{each.cpu_s:,.1f} s" for each in found)),
        ("workers of two cores, half busy", *(f"{each.workers:,}" for each in found)),
        ("database", *(_size(each.database_bytes) for each in found)),
        ("… its log's growth in a year, at most", *(_size(each.year_bytes) for each in found)),
    ]


def _table(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in heads[1:]))
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rule, *lines))


def _size(count: float) -> str:
    """Bytes in words."""
    for unit in ("KB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:,.0f} {unit}"
    return f"{count / 1000:,.1f} TB"


def filled(page: str) -> str:
    """The page with its generated part made anew."""
    begin, end = "<!-- computed -->", "<!-- end -->"
    part = re.compile(f"(?<={begin}\n).*(?={end})", re.DOTALL)
    return part.sub(lambda _: f"\n{tables()}\n\n", page)


def main(arguments: list[str]) -> int:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=--growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--docs", action="store_true", help="write them into docs/growth.md")
    if parser.parse_args(arguments).docs:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(tables())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
