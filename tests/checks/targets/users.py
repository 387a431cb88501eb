"""What uploads and runs of several users take. The sandbox is another process, and shares the machine's cores."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.checks.bench import PROCESSES, Options, ask, serve
from tests.checks.peers.measured import measured
from tests.checks.targets.line import Line

# The product is imported where it runs.
if TYPE_CHECKING:
    from tests.checks.runner import Addresses, Runner

ANSWER_MS = 250.0
"""What a request to Google really takes."""
USER_PER_S, PROJECT_PER_S = 10.0, 166.7
RUNS_A_DAY = 288


@dataclass(frozen=True)
class Sandbox:
    """Both services, with so many users and activities."""

    conn: Any
    addresses: Addresses
    options: Options

    def requests(self) -> Counter[str]:
        """Since the last time, by label."""
        found: Counter[str] = ask(self.conn, "requests")
        return found


@contextmanager
def sandbox(activities: int, users: int, *, limited: bool, latency_ms: float = ANSWER_MS) -> Iterator[Sandbox]:
    """The services in a process of their own."""
    options = Options(activities, users, limited, latency_ms)
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=serve, args=(there, options), daemon=True)
    process.start()
    try:
        yield Sandbox(here, here.recv(), options)
    finally:
        process.terminate()
        process.join()


def in_process(work: Any, *arguments: Any) -> Any:
    """What `work(*arguments)` returns, in a process of its own."""
    with PROCESSES.Pool(1) as pool:
        return pool.apply(work, arguments)


def runner_of(folder: str, addresses: Addresses, options: Options) -> Runner:
    """The product, as it is configured for these users."""
    from tests.checks.runner import Runner

    logging.basicConfig(level=logging.ERROR)
    runner = Runner(Path(folder), addresses, limited=options.limited)
    runner.write_accounts(
        [
            {"name": mail.partition("@")[0], "pipedrive_user": mail, "google_user": mail, "calendar": "primary"}
            for mail in options.mails
        ]
    )
    return runner


# Uploads within the quotas.


def one_user(count: int) -> Iterator[Line]:
    """An upload of one user, as fast as Google's quota allows."""
    with sandbox(count, 1, limited=True) as services, tempfile.TemporaryDirectory() as folder:
        rate, _ = uploaded(services, folder, 1)
        refused = sum(n for label, n in services.requests().items() if "(403)" in label)
    part = rate / USER_PER_S
    yield Line(
        f"upload of {count:,} activities, 1 user, answers after {ANSWER_MS:.0f} ms",
        f"{rate:.1f} events a second: {100 * part:.0f} % of the quota, {refused} refused",
        "95 %, none refused",
        part >= 0.95 and not refused,
    )


def many_users(count: int, users: int) -> Iterator[Line]:
    """An upload of many users by one worker's process, then by two."""
    for processes, aim in ((1, 0.9), (2, 0.95)):
        with sandbox(count, users, limited=True) as services, tempfile.TemporaryDirectory() as folder:
            rate, cpu_ms = uploaded(services, folder, processes)
        yield Line(
            f"… {users} users, {processes} process{'es' if processes > 1 else ''}",
            f"{rate:.0f} events a second, {cpu_ms:.1f} ms of CPU each",
            f"{100 * aim:.0f} % of {PROJECT_PER_S:.0f}/s" + (", or 4 ms each" if processes == 1 else ""),
            rate >= aim * PROJECT_PER_S or (processes == 1 and cpu_ms <= 4),
        )


def uploaded(services: Sandbox, folder: str, processes: int) -> tuple[float, float]:
    """Events a second, and milliseconds of CPU for each, of the task that writes them, in so many processes."""
    from include.calsync.flows.request import RunRequest, UploadOptions
    from include.calsync.flows.sync import sync

    runner = runner_of(folder, services.addresses, services.options)
    owner = f"bench-{time.time_ns()} task"
    request = RunRequest("upload_unsynced_activities", "upload", owner, upload=UploadOptions())
    done: list[tuple[int, float, float, float]] = []

    def do(step: Any, *arguments: Any) -> Any:
        if step.__name__ != "upsert_events":
            return step(runner._services(), *arguments)
        run_id, names, owner = arguments
        shards = [names[first::processes] for first in range(processes)]
        with PROCESSES.Pool(processes) as pool:
            asked = [(folder, services.addresses, services.options, run_id, shard, owner) for shard in shards]
            done.extend(pool.starmap(write, asked, chunksize=1))
        return None

    summary = sync(request, do)
    runner.close()
    if summary.failure:
        sys.exit(summary.failure)
    written = sum(each[0] for each in done)
    seconds = max(each[2] for each in done) - min(each[1] for each in done)
    return written / seconds, 1000 * sum(each[3] for each in done) / written


def write(
    folder: str, addresses: Addresses, options: Options, run_id: str, names: list[str], owner: str
) -> tuple[int, float, float, float]:
    """One task's part: how much it wrote, when it began and ended, and its seconds of CPU."""
    from include.calsync.flows.applying.apply import upsert_events

    runner = runner_of(folder, addresses, options)
    services = runner._services()
    begun, cpu = time.time(), time.process_time()
    outcome = upsert_events(services, run_id, names, owner)
    ended, used = time.time(), time.process_time() - cpu
    runner.close()
    return outcome["done"], begun, ended, used


# Memory of uploads.


def upload_memory(few: int, many: int) -> Iterator[Line]:
    """The peak of an upload's planning. What writes loads 200 rows of an account at a time, however many there are."""
    peaks = []
    for count in (few, many):
        with sandbox(count, 4, limited=False, latency_ms=0) as services, tempfile.TemporaryDirectory() as folder:
            peaks.append(in_process(_dry_upload, folder, services.addresses, services.options))
    ratio = peaks[1] / peaks[0]
    yield Line(
        f"upload of {few:,} and of {many:,}: peak memory until the plan is stored",
        f"{peaks[0]:.0f} and {peaks[1]:.0f} MiB ({ratio:.1f} ×)",
        "1.5 ×",
        ratio <= 1.5,
    )


def _dry_upload(folder: str, addresses: Addresses, options: Options) -> float:
    from include.calsync.flows.request import RunRequest, UploadOptions
    from include.calsync.flows.sync import sync

    runner = runner_of(folder, addresses, options)
    services = runner._services()
    request = RunRequest("upload_unsynced_activities", "upload", "bench task", dry_run=True, upload=UploadOptions())
    figure, summary = measured(lambda: sync(request, lambda step, *arguments: step(services, *arguments)))
    runner.close()
    if summary.failure:
        sys.exit(summary.failure)
    return figure.memory_before + figure.memory_added


# Quiet runs of many accounts.


def many_accounts(count: int) -> Iterator[Line]:
    """A quiet run: its requests, and how long its pulls take."""
    with sandbox(2 * count, count, limited=False) as services, tempfile.TemporaryDirectory() as folder:
        for work in ("upload", "sync", "sync"):
            in_process(_run, folder, services.addresses, services.options, work)
        services.requests()
        seconds = in_process(_run, folder, services.addresses, services.options, "sync")
        asked = sum(n for label, n in services.requests().items() if "/token" not in label)
    pulls = seconds["pull_activities"] + seconds["pull_events"]
    aim = f"{1 + count} or {2 + count}"
    yield Line(f"quiet run of {count} accounts: requests", f"{asked}", aim, asked <= 2 + count)
    yield Line(f"… its pulls, answers after {ANSWER_MS:.0f} ms", f"{pulls:.1f} s", "20 s", pulls <= 20)


def _run(folder: str, addresses: Addresses, options: Options, work: str) -> dict[str, float]:
    runner = runner_of(folder, addresses, options)
    summary = runner.upload() if work == "upload" else runner.sync()
    runner.close()
    if summary.failure:
        sys.exit(summary.failure)
    return runner.seconds


def records(accounts: int, runs: int) -> Iterator[Line]:
    """What quiet runs leave in the store. Their records go after a day: more than a day of them is never there."""
    few = sandbox(2 * accounts, accounts, limited=False, latency_ms=0)
    with few as services, tempfile.TemporaryDirectory() as folder:
        for work in ("upload", "sync"):
            in_process(_run, folder, services.addresses, services.options, work)
        per_run = in_process(_quiet_bytes, folder, services.addresses, services.options, runs)
    mib = per_run * RUNS_A_DAY / 2**20
    yield Line(
        f"records of {accounts} accounts' quiet runs, after 90 days or any other time",
        f"{mib:.1f} MiB ({per_run / 1024:.0f} KiB a run, kept for a day)",
        "20 MiB",
        mib <= 20,
    )


def _quiet_bytes(folder: str, addresses: Addresses, options: Options, runs: int) -> float:
    from include.calsync.flows.request import RunRequest
    from include.calsync.flows.sync import sync

    runner = runner_of(folder, addresses, options)

    def used() -> int:
        with runner.engine.connect() as conn:
            pages, free, size = (
                int(conn.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * size

    before = used()
    for number in range(runs):
        request = RunRequest("calendar_sync", "scheduled", f"quiet-{number} task")
        services = runner._services()
        summary = sync(request, lambda step, *arguments, services=services: step(services, *arguments))
        if summary.failure:
            sys.exit(summary.failure)
    grown = used() - before
    runner.close()
    return grown / runs
