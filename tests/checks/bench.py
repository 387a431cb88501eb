"""Measures. Figures are printed, never judged.

    python -m tests.checks.bench                                # make bench: all of it, an hour: tests/checks/targets
    python -m tests.checks.bench --upload                       # an upload of 10,000 activities, and quiet syncs
    python -m tests.checks.bench --upload --activities 500 --no-limits   # a quick look, without waiting for quotas
    python -m tests.checks.bench --peers                        # other programs beside it: tests/checks/peers
    python -m tests.checks.bench --runs                         # seconds of quiet runs under Airflow: tests/checks/runs
    python -m tests.checks.bench --growth                       # what many users cost: tests/checks/growth.py
    python -m tests.checks.bench --page                         # the page's routes with 500 accounts: tests/checks/page

Of an upload: the sandbox is another process, answers after 50 ms, and refuses what exceeds the documented limits. Each
run of the product is a process of its own too, so time and memory are the product's. Google allows 600 requests per
minute and user: 10,000 events take one user 17 minutes at the least, four users 5. Exits 1 if events are missing or a
sync writes.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The product and the sandbox are imported where they run: a child starts with its parent's peak memory.
if TYPE_CHECKING:
    from include.sandbox.pipedrive.state import PipedriveState
    from tests.checks.runner import Addresses

PROCESSES = multiprocessing.get_context("spawn")
SPAN_DAYS = 90
PERSON_COUNT, DEAL_COUNT, ORGANIZATION_COUNT = 200, 150, 50
MIB = 1024 * 1024


@dataclass(frozen=True)
class Options:
    """What is measured."""

    activities: int
    users: int
    limited: bool
    latency_ms: float

    @property
    def mails(self) -> list[str]:
        return [f"user{number}@acme.example" for number in range(1, self.users + 1)]


@dataclass
class Measured:
    """One run of the product. `steps`: seconds by step; memory in MiB, before the first step and at the peak."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    memory_before: float = 0.0
    memory_peak: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None
    requests: Counter[str] = field(default_factory=Counter)


def main() -> int:
    if sys.argv[1:2] == ["--peers"]:
        from tests.checks.peers.__main__ import main as beside_peers

        return beside_peers(sys.argv[2:])
    if sys.argv[1:2] == ["--runs"]:
        from tests.checks.runs.__main__ import main as under_airflow

        return under_airflow(sys.argv[2:])
    if sys.argv[1:2] == ["--growth"]:
        from tests.checks.growth import main as on_paper

        return on_paper(sys.argv[2:])
    if sys.argv[1:2] == ["--page"]:
        from tests.checks.page.__main__ import main as of_the_page

        return of_the_page(sys.argv[2:])
    if sys.argv[1:2] != ["--upload"]:
        from tests.checks.targets.__main__ import main as all_of_it

        return all_of_it(sys.argv[1:])
    options = _options(sys.argv[2:])
    here, there = PROCESSES.Pipe()
    sandbox = PROCESSES.Process(target=serve, args=(there, options), daemon=True)
    sandbox.start()
    addresses = here.recv()
    limits = "within the documented limits" if options.limited else "without limits"
    print(
        f"{options.activities} activities of {options.users} users, answers after {options.latency_ms:g} ms, {limits}, "
        "store: SQLite",
        flush=True,
    )
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("upload", "first sync", "quiet sync"):
            measured = _measure(name, Path(folder), addresses, options)
            measured.requests = ask(here, "requests")
            show(name, measured)
            problems += _problems(name, measured)
    event_count = ask(here, "events")
    print(f"\n{event_count} events in the calendars")
    if event_count != options.activities:
        problems.append(f"{event_count} events for {options.activities} activities")
    for problem in problems:
        print(f"wrong: {problem}")
    return 1 if problems else 0


def _options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="make bench ARGS=--upload", description=__doc__.partition("\n")[0])
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=4, help="each with an account and a calendar (default: 4)")
    parser.add_argument("--no-limits", action="store_true", help="neither side knows quotas: what the product can do")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    given = parser.parse_args(arguments)
    return Options(given.activities, given.users, not given.no_limits, given.latency_ms)


def _problems(name: str, measured: Measured) -> list[str]:
    problems = [f"{name}: {measured.failure}"] if measured.failure else []
    written = {operation: n for operation, n in measured.requests.items() if operation.split()[1] != "GET"}
    if name != "upload" and any("/token" not in operation for operation in written):
        problems.append(f"{name}: it wrote although nobody edited anything: {written}")
    return problems


# The sandbox's process.


def serve(conn: Connection, options: Options) -> None:
    """Run the sandbox; say its addresses, then answer `ask`."""
    from include.sandbox.server import Sandbox
    from tests.checks.runner import Addresses

    sandbox = Sandbox(latency_s=options.latency_ms / 1000)
    google, pipedrive = sandbox.google.state, sandbox.pipedrive.state
    google.quotas.on = pipedrive.options.burst_enabled = options.limited
    _fill(pipedrive, options)
    for mail in options.mails:
        google.add_user(mail)
    with sandbox, suppress(EOFError):  # until whoever asks is gone
        conn.send(Addresses.of(sandbox.pipedrive.url, sandbox.google.url))
        while True:
            match conn.recv():
                case "requests":
                    conn.send(Counter(_label(each) for each in (*sandbox.pipedrive.requests, *sandbox.google.requests)))
                    sandbox.pipedrive.reset_requests()
                    sandbox.google.reset_requests()
                case "events":
                    calendars = [google.events(mail).values() for mail in options.mails]
                    conn.send(sum(event["status"] != "cancelled" for events in calendars for event in events))


def _label(request: Any) -> str:
    refused = "" if 200 <= request.status < 300 else f" ({request.status})"
    path = "/token" if request.operation == "token" else request.operation
    return f"{request.service} {request.method} {path}{refused}"


def _fill(pipedrive: PipedriveState, options: Options) -> None:
    """A company whose activities are a day old, so that only an upload brings them over."""
    draw = random.Random(7)
    now = datetime.now(UTC)
    users = [pipedrive.add_user(mail.partition("@")[0], mail)["id"] for mail in options.mails]
    organizations = [pipedrive.add_organization(f"Company {n}")["id"] for n in range(ORGANIZATION_COUNT)]
    persons = [
        pipedrive.add_person(f"Person {n}", org_id=draw.choice(organizations))["id"] for n in range(PERSON_COUNT)
    ]
    deals = [pipedrive.add_deal(f"Deal {n}", person_id=draw.choice(persons))["id"] for n in range(DEAL_COUNT)]
    for number in range(options.activities):
        due = now + timedelta(minutes=draw.randrange(-SPAN_DAYS * 1440, SPAN_DAYS * 1440))
        pipedrive.add_activity(
            f"Call {number}",
            at=now - timedelta(days=1),
            type=draw.choice(["call", "meeting", "task"]),
            owner_id=users[number % len(users)],
            deal_id=draw.choice([*deals, None]),
            person_id=draw.choice(persons),
            org_id=draw.choice(organizations),
            due_date=due.date().isoformat(),
            due_time=draw.choice([due.strftime("%H:%M"), None]),
            duration=draw.choice(["00:30", "01:00", None]),
            public_description="<p>Talk about the <b>offer</b> and the next steps.</p>" * draw.randrange(4),
        )


def ask(conn: Connection, question: str) -> Any:
    """Ask the sandbox's process: `requests` since the last time, by label; or how many `events` there are."""
    conn.send(question)
    return conn.recv()


# The product's processes.


def _measure(name: str, folder: Path, addresses: Addresses, options: Options) -> Measured:
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_run, args=(there, name, folder, addresses, options))
    process.start()
    there.close()
    try:
        measured: Measured = here.recv()
    except EOFError:
        sys.exit(f"bench: {name} died; see above")
    process.join()
    return measured


def _run(conn: Connection, name: str, folder: Path, addresses: Addresses, options: Options) -> None:
    from tests.checks.runner import Runner

    logging.basicConfig(level=logging.ERROR)
    runner = Runner(folder, addresses, limited=options.limited)
    runner.write_accounts(
        [
            {"name": mail.partition("@")[0], "pipedrive_user": mail, "google_user": mail, "calendar": "primary"}
            for mail in options.mails
        ]
    )
    measured = Measured(memory_before=_peak_mib())
    begun, cpu = time.monotonic(), time.process_time()
    summary = runner.upload() if name == "upload" else runner.sync()
    measured.seconds, measured.cpu_s = time.monotonic() - begun, time.process_time() - cpu
    measured.memory_peak, measured.steps = _peak_mib(), runner.seconds
    measured.result, measured.failure = summary.result, summary.failure
    runner.close()
    conn.send(measured)


def _peak_mib() -> float:
    """Peak resident memory of this process; Linux counts it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MIB if sys.platform == "darwin" else 1024)


def show(name: str, measured: Measured) -> None:
    """Print one run's figures."""
    from include.scripts.demo.tables import table

    created = sum(account["events"]["created"] for account in measured.result["accounts"].values())
    print(
        f"\n{name}: {measured.seconds:.1f} s, {measured.cpu_s:.1f} s of CPU, "
        f"peak memory {measured.memory_peak:.0f} MiB ({measured.memory_before:.0f} MiB after the imports), "
        f"{measured.requests.total()} requests, {created} events created"
    )
    print(table(("step", "seconds"), ((step, f"{seconds:.1f}") for step, seconds in measured.steps.items())))
    print(table(("request", "count"), sorted(measured.requests.items())), flush=True)


if __name__ == "__main__":
    sys.exit(main())
