"""Seconds from the trigger of a run with nothing to do to its success, under Airflow's LocalExecutor.

    python -m tests.checks.runs                      # make bench ARGS=--runs: 1, 50 and 500 accounts
    python -m tests.checks.runs --accounts 1 --times 5

Airflow runs as in `make demo`: four components, LocalExecutor, SQLite. The sandbox is another process and answers after
250 ms, as the real services do. Each account has two linked pairs, and nobody edits anything. Beside it runs a DAG of
the same shape whose tasks do nothing: what it takes is Airflow's own. Exits 1 if a run fails, or writes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from include.scripts.demo.components import WORK_FOLDER, start, wait
from include.scripts.demo.home import ROOT, Home, free_port, make_home
from include.scripts.demo.processes import DemoError, Processes, kill_all_in
from include.scripts.demo.rest import Airflow
from include.scripts.demo.tables import table
from tests.checks.bench import PROCESSES, Options, ask, serve
from tests.checks.targets.line import Line

if TYPE_CHECKING:
    from tests.checks.runner import Addresses

FOLDER = ROOT / ".calsync" / "runs"
SIZES, TIMES, LATENCY_MS = (1, 50, 500), 5, 250.0
PAIRS_PER_ACCOUNT = 2
RUN_TIMEOUT_S = 900.0
TASKS = ("pull_activities", "pull_events", "plan", "close")
DAGS = {"calendar_sync", "upload_unsynced_activities", "empty"}


class Bench:
    """One Airflow and one sandbox; the accounts become more from size to size."""

    def __init__(self, airflow: Airflow, processes: Processes, sandbox: Any, options: Options) -> None:
        self.airflow, self.processes, self.sandbox, self.options = airflow, processes, sandbox, options

    def measure(self, home: Home, account_count: int, run_count: int) -> list[list[str]]:
        """Bring everything of so many accounts over, and let runs with nothing to do follow. Returns table rows."""
        (home.folder / "accounts.yaml").write_text(accounts_yaml(self.options.mails[:account_count]), encoding="utf-8")
        self.run("upload_unsynced_activities")
        self.run("calendar_sync")
        rows = []
        for dag_id in ("empty", "calendar_sync"):
            runs = []
            for _ in range(run_count):
                ask(self.sandbox, "requests")
                runs.append(self.run(dag_id) | {"requests": ask(self.sandbox, "requests")})
            rows.append(row(dag_id, account_count, runs))
        return rows

    def run(self, dag_id: str) -> dict[str, Any]:
        """One run to its end: seconds in all, and of each task. Raises DemoError if it fails."""
        run_id = self.airflow.trigger(dag_id, {})
        state = ""

        def ended() -> bool:
            nonlocal state
            state = self.airflow.state(dag_id, run_id)
            return state in ("success", "failed")

        wait(self.processes, f"a run of {dag_id}", ended, RUN_TIMEOUT_S)
        if state != "success":
            raise DemoError(f"{dag_id} failed: {self.airflow.result(dag_id, run_id)}")
        found = self.airflow.run(dag_id, run_id)
        tasks: Counter[str] = Counter()
        for task in self.airflow.tasks(dag_id, run_id):
            tasks[task["task_id"]] += task["duration"] or 0
        return {"seconds": seconds(found["queued_at"], found["end_date"]), "tasks": tasks}


def seconds(begin: str, end: str) -> float:
    """Between two of Airflow's times."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def accounts_yaml(mails: Iterable[str]) -> str:
    """The accounts file."""
    accounts = [
        {"name": mail.partition("@")[0], "pipedrive_user": mail, "google_user": mail, "calendar": "primary"}
        for mail in mails
    ]
    return yaml.safe_dump({"accounts": accounts})


def row(dag_id: str, account_count: int, runs: list[dict[str, Any]]) -> list[str]:
    """Medians of the runs. Raises DemoError if one of them wrote."""
    requests: Counter[str] = runs[-1]["requests"]
    for run in runs:
        wrote = [each for each in run["requests"] if each.split()[1] != "GET" and "/token" not in each]
        if wrote:
            raise DemoError(f"a run with nothing to do wrote: {wrote}")
    asked = sum(count for label, count in requests.items() if "/token" not in label)
    tasks = [statistics.median(run["tasks"][task] for run in runs) for task in TASKS]
    whole = [run["seconds"] for run in runs]
    figures = [statistics.median(whole), min(whole), max(whole), *tasks]
    return [dag_id, str(account_count), *(f"{figure:.1f}" for figure in figures), str(asked)]


def lines() -> Iterator[Line]:
    """For the whole bench: runs of all sizes, beside Airflow's own share."""
    rows = measured(SIZES, TIMES, LATENCY_MS)
    show(rows)
    own = {row[1]: row[2] for row in rows if row[0] == "empty"}
    for dag_id, accounts, median, *_ in rows:
        if dag_id == "calendar_sync":
            one = accounts == "1"
            yield Line(
                f"trigger to success, nothing edited, LocalExecutor, {accounts} account{'' if one else 's'}",
                f"{median} s (a DAG of empty tasks: {own[accounts]} s)",
                "8 s" if one else "",
                float(median) <= 8 if one else None,
            )


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=--runs", description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", default=",".join(map(str, SIZES)), help="how many, one size after the other")
    parser.add_argument("--times", type=int, default=TIMES, help="runs of each size (default: 5)")
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS)
    given = parser.parse_args(arguments)
    try:
        show(measured(sorted(int(each) for each in given.accounts.split(",")), given.times, given.latency_ms))
    except DemoError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def measured(sizes: Sequence[int], times: int, latency_ms: float) -> list[list[str]]:
    """Rows of the table. Raises DemoError if a run fails, or writes."""
    options = Options(max(sizes) * PAIRS_PER_ACCOUNT, max(sizes), limited=False, latency_ms=latency_ms)
    here, there = PROCESSES.Pipe()
    PROCESSES.Process(target=serve, args=(there, options), daemon=True).start()
    return _measured(here, here.recv(), options, sizes, times)


def show(rows: list[list[str]]) -> None:
    """Print the table, with how busy the machine was."""
    heads = ("DAG", "accounts", "median, s", "least", "most", *TASKS, "requests")
    print(table(heads, rows))
    print(f"{os.cpu_count()} cores; load of the machine {os.getloadavg()[0]:.1f}")


def _measured(sandbox: Any, addresses: Addresses, options: Options, sizes: Sequence[int], runs: int) -> list[list[str]]:
    kill_all_in(FOLDER / WORK_FOLDER)
    shutil.rmtree(FOLDER, ignore_errors=True)
    home = make_home(FOLDER, free_port(8080), accounts_yaml(options.mails[:1]))
    # Only runs that are triggered count.
    env = home.env | {"AIRFLOW__CORE__DAGS_FOLDER": str(_dags(FOLDER)), "CALSYNC_SCHEDULE": "0 0 29 2 *"}
    processes = Processes(env, FOLDER / WORK_FOLDER, FOLDER / "logs" / "components")
    try:
        airflow = start(processes, home, lambda: _connections(addresses), DAGS, say)
        for dag_id in DAGS:
            airflow.unpause(dag_id)
        bench = Bench(airflow, processes, sandbox, options)
        rows = []
        for size in sizes:
            rows += bench.measure(home, size, runs)
            say(f"measured with {size} accounts")
        return rows
    finally:
        processes.stop()


def say(text: str) -> None:
    """What was reached, with the time of day."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def _dags(folder: Path) -> Path:
    """The product's DAGs and the empty one, in one folder."""
    dags = folder / "dags"
    dags.mkdir()
    for path in (*(ROOT / "dags").glob("*.py"), Path(__file__).with_name("empty.py")):
        (dags / path.name).symlink_to(path)
    return dags


def _connections(addresses: Addresses) -> dict[str, dict[str, Any]]:
    google = {"keyfile_dict": addresses.service_account_key, "api_endpoint": addresses.google_url}
    return {
        "pipedrive_default": {
            "conn_type": "pipedrive",
            "host": addresses.pipedrive_url,
            "password": addresses.api_token,
        },
        "google_calendar_default": {"conn_type": "google_calendar", "extra": google},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
