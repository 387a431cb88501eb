"""Starts everything, shows one upload and one two-way sync, and keeps Airflow running until Ctrl-C.

    python -m include.scripts.demo            # make demo
    python -m include.scripts.demo --once     # make demo ARGS=--once: exits 0 if both sides are equal, else 1

Everything is in `.calsync/demo`, which the next start empties, and listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from include.scripts.demo.company import Company
from include.scripts.demo.components import START_TIMEOUT_S, WORK_FOLDER, start, wait
from include.scripts.demo.home import DEFAULT_FOLDER, MARK, USER, Home, free_port, make_home
from include.scripts.demo.judge import differences, paired_events
from include.scripts.demo.people import work
from include.scripts.demo.processes import DemoError, Processes, kill_all_in
from include.scripts.demo.rest import Airflow
from include.scripts.demo.tables import result_table, skipped, table

DAGS = {"calendar_reconcile", "calendar_sync", "upload_unsynced_activities"}
ENDED = ("success", "failed", "upstream_failed", "skipped", "up_for_retry")
RUN_TIMEOUT_S = 900.0
LEFT = ("ben",)
"""Accounts that the accounts file does not have: they are left to be added on the page."""
started_at = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - started_at:5.1f} s] {text}", flush=True)


def main() -> int:
    options = _options()
    folder = options.home.resolve()
    signal.signal(signal.SIGINT, _interrupt)  # also where it is ignored, as in a shell script's background
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        with _only_one(folder):
            return _demo(folder, once=options.once)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130 if options.once else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the two runs; exit 0 if both sides are equal, else 1"
    )
    parser.add_argument(
        "--home", type=Path, default=DEFAULT_FOLDER, help="emptied at the start (default: .calsync/demo)"
    )
    return parser.parse_args()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two demos can't share a folder; what a killed one left behind in it is ended."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError("a demo is already running in this checkout: end it with Ctrl-C first") from None
        kill_all_in(folder / WORK_FOLDER)
        _empty(folder)
        yield


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise DemoError(f"{folder} holds something that no demo made: name another folder with --home")
    shutil.rmtree(folder, ignore_errors=True)


def _demo(folder: Path, *, once: bool) -> int:
    company = Company(free_port(8765), free_port(8766), left=LEFT)
    with company.sandbox:
        say(f"sandbox: Pipedrive at {company.sandbox.pipedrive.url}, Google Calendar at {company.sandbox.google.url}")
        home = make_home(folder, free_port(8080), company.accounts_yaml())
        processes = Processes(home.env, folder / WORK_FOLDER, folder / "logs" / "components")
        try:
            airflow = start(processes, home, lambda: _connections(company), DAGS, say)
            equal = _show(airflow, processes, company)
            if not once:
                _stay(home, company, processes)
            return 0 if equal else 1
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C would leave processes behind
            say("stopping")
            processes.stop()


def _connections(company: Company) -> dict[str, dict[str, Any]]:
    found = company.connections()
    found["google_calendar_default"]["login"] = company.first.email  # whose calendar the Test button opens
    return found


def _show(airflow: Airflow, processes: Processes, company: Company) -> bool:
    """The two runs and their effect. Returns whether both sides are equal at the end."""
    connected_at = datetime.now(UTC).replace(microsecond=0)
    before = _holdings(company)
    good = _run(airflow, processes, "upload_unsynced_activities")
    edits = work(company)
    say("meanwhile people worked on both sides:")
    print(table(("who", "where", "what"), [(edit.person, edit.where, edit.what) for edit in edits]))
    good = _run(airflow, processes, "calendar_sync", by_schedule=True) and good
    print()
    seen = [(edit.what, edit.becomes, "yes" if edit.arrived() else "NO") for edit in edits]
    print(table(("what people did", "becomes on the other side", "there"), seen))
    print()
    after = _holdings(company)
    rows = [(*key, count, after[key]) for key, count in before.items()]
    print(table(("account", "holds", "before", "after"), rows))
    found = [line for account in company.accounts for line in differences(company, account, connected_at)]
    found += [f"not on the other side: {edit.what}" for edit in edits if not edit.arrived()]
    print()
    for line in found:
        print(f"  ✗ {line}")
    say("both sides are equal" if not found else f"both sides differ in {len(found)} points")
    return good and not found


def _holdings(company: Company) -> dict[tuple[str, str], int]:
    out = {}
    for account in company.accounts:
        out[account.name, "activities with a date"] = len(company.activities(account))
        events = company.occurrences(account)
        paired = sum(map(len, paired_events(company, account).values()))
        out[account.name, "events with an activity"] = paired
        out[account.name, "other events"] = len(events) - paired
    return out


def _run(airflow: Airflow, processes: Processes, dag_id: str, *, by_schedule: bool = False) -> bool:
    """One run by the scheduler, its tasks and its result shown. Returns whether it succeeded."""
    begun = time.monotonic()
    if not by_schedule:
        airflow.trigger(dag_id, {})
    airflow.unpause(dag_id)  # a DAG with a schedule gets the run of the last interval at once
    say(f"{dag_id} started")
    wait(processes, f"a run of {dag_id}", lambda: airflow.first_run(dag_id) is not None, START_TIMEOUT_S)
    run_id = str(airflow.first_run(dag_id))
    shown: set[tuple[str, str, int]] = set()

    def finished() -> bool:
        for task in airflow.tasks(dag_id, run_id):
            mapped = "" if task["map_index"] < 0 else f" ({task['rendered_map_index']})"
            name = f"{task['task_id']}{mapped}"
            seen = (name, task["state"] or "", task["try_number"])
            if seen[1] in ENDED and seen not in shown:
                shown.add(seen)
                say(f"  {name}: {seen[1]}, {task['duration'] or 0:.1f} s")
        return airflow.state(dag_id, run_id) in ("success", "failed")

    wait(processes, f"a run of {dag_id}", finished, RUN_TIMEOUT_S)
    state, result = airflow.state(dag_id, run_id), airflow.result(dag_id, run_id)
    requests = ", ".join(f"{count} {name}" for name, count in result.get("api_requests", {}).items())
    say(f"{dag_id}: {state} after {time.monotonic() - begun:.1f} s; requests: {requests}")
    print(f"  the run's note: {airflow.run(dag_id, run_id)['note']}")
    print(result_table(result))
    reasons = skipped(result)
    if reasons:
        print(f"  skipped: {reasons}")
    if state != "success":
        print(f"  task logs: {processes.env['AIRFLOW_HOME']}/logs/dag_id={dag_id}")
    for name, account in result.get("accounts", {}).items():
        if account.get("error"):
            print(f"  {name}: {account['error']}")
    return state == "success"


def _stay(home: Home, company: Company, processes: Processes) -> None:
    print(f"""
  Airflow           {home.url}   login {USER} / {home.password}
  Calendar sync     {home.url}/calsync/   or: Calendar, in Airflow's menu
  Pipedrive         {company.sandbox.pipedrive.url}/_sandbox/
  Google Calendar   {company.sandbox.google.url}/_sandbox/week

  The connections are under Admin > Connections: the button with the zigzag tests them.
  {_to_add(company)}
  Edit an activity and an event on those two pages, then trigger calendar_sync in Airflow, or wait for the next five
  minutes. calendar_reconcile compares everything: unpause it, and the log of its task plan tells what drifted.
  For `airflow` commands in another terminal:  . {home.folder / MARK}
  Ctrl-C ends everything.
""", flush=True)  # fmt: skip
    while True:
        processes.check()
        time.sleep(1)


def _to_add(company: Company) -> str:
    """What is left to do on the page."""
    return " ".join(
        f"{account.user_name} is left to add on the page (Accounts > Add account): {account.email} on both sides."
        for account in company.left
    )


if __name__ == "__main__":
    sys.exit(main())
