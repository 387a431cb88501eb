"""Airflow on several workers, one of which dies, with a database that crashes, in the middle of an upload.

    python -m tests.checks.cluster                             # make cluster: 5,000 activities of 20 users
    python -m tests.checks.cluster --activities 500 --users 8  # a quick look

PostgreSQL (Airflow's database and the mapping's), a broker, Airflow's components, two Celery workers and both sandbox
services are started and stopped by it, on loopback. Of one worker every process gets SIGKILL, and it stays away;
PostgreSQL is ended without a checkpoint and comes back. Then the run, or the next, must complete the upload.
Exits 0 only if nothing is double or lost on both services and in the mapping, and a further run writes nothing.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from include.calsync.store.engine import create_store_engine, migrate
from include.scripts.demo.company import Company
from include.scripts.demo.home import ROOT, USER, Home, free_port, make_home
from include.scripts.demo.processes import DemoError, Processes
from include.scripts.demo.rest import Airflow
from include.scripts.demo.tables import table
from tests.checks import environment
from tests.checks.cluster.company import loads
from tests.checks.cluster.components import Machine
from tests.checks.cluster.judge import Verdict, judge
from tests.checks.cluster.servers import PostgreSQL, start_broker
from tests.checks.cluster.settings import MACHINE_NAME, MACHINES_MODULE, cluster_settings

FOLDER = ROOT / ".calsync" / "cluster-home"
LOCKS = (ROOT / "requirements-cluster.txt", Path(__file__).with_name("requirements.txt"))
DAG = "upload_unsynced_activities"
COMPONENTS = {
    "api-server": ["api-server", "--workers", "1"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
WORKERS = ("worker-1", "worker-2")
SLOTS = 2
KILLED_AT, CRASHED_AT = 0.2, 0.4
"""Parts of the upload after which a worker dies and PostgreSQL crashes."""
DOWN_S = 5.0
START_TIMEOUT_S, RUN_TIMEOUT_S = 300.0, 1500.0
started_at = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - started_at:5.1f} s] {text}", flush=True)


def main() -> int:
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            return Cluster(stack, options).story()
    except DemoError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--activities", type=int, default=5_000)
    parser.add_argument("--users", type=int, default=20, help="each with an account and a calendar (default: 20)")
    parser.add_argument("--shards", type=int, default=4, help="tasks of a step that run at once (default: 4)")
    parser.add_argument("--latency-ms", type=float, default=50.0, help="after which both services answer")
    return parser.parse_args()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


class Cluster:
    """What runs, and what is done to it. `stack` ends all of it."""

    def __init__(self, stack: ExitStack, options: argparse.Namespace) -> None:
        self.options = options
        interpreter = environment.python("cluster", *LOCKS)
        self.airflow_command = [str(interpreter), "-m", "airflow"]
        shutil.rmtree(FOLDER, ignore_errors=True)
        load = loads(options.activities, options.users)
        self.company = Company(0, 0, load, latency_s=options.latency_ms / 1000)
        stack.enter_context(self.company.sandbox)
        self.postgresql = PostgreSQL()
        stack.callback(self.postgresql.stop)
        self.postgresql.start()
        say("PostgreSQL runs: databases airflow and calsync")
        self.servers = Processes({}, FOLDER / "machines" / "broker", FOLDER / "logs" / "components")
        stack.callback(self.servers.stop)
        broker = start_broker(self.servers, interpreter, free_port(6379))
        settings = cluster_settings(self.postgresql.url("airflow"), broker, options.shards)
        self.home = make_home(FOLDER, free_port(8080), self.company.accounts_yaml(), settings)
        (FOLDER / "config" / f"{MACHINES_MODULE}.py").write_text(MACHINE_NAME)
        self.control = self._machine(stack, self.home, "control")
        self.workers = [self._machine(stack, self.home, name) for name in WORKERS]
        self.airflow = Airflow(self.home.url)

    def _machine(self, stack: ExitStack, home: Home, name: str) -> Machine:
        machine = Machine(name, home.env, FOLDER / "machines", FOLDER / "logs" / "components")
        stack.callback(machine.stop)
        return machine

    def story(self) -> int:
        """Start, upload, kill, crash, judge. Returns the exit code."""
        self._start()
        verdict = self._run(self._strike)
        if not verdict.good:
            say("the next run")
            verdict = self._run(lambda: None)
        for line in verdict.other[:20]:
            print(f"  wrong: {line}")
        before = self._writes()
        last = self._run(lambda: None)
        written = self._writes() - before
        say(f"a further run wrote {written} times")
        restarts = Counter[str]()
        for machine in (self.control, *self.workers):
            restarts += machine.restarts
        say(f"components that ended and were started again: {dict(restarts) or 'none'}")
        good = verdict.good and last.good and not written
        say("nothing is double or lost" if good else "WRONG: see above")
        return 0 if good else 1

    # Starting.

    def _start(self) -> None:
        self.control.run("migrate-airflow", [*self.airflow_command, "db", "migrate"])
        engine = create_store_engine(self.postgresql.url("calsync").render_as_string(hide_password=False))
        migrate(engine)
        engine.dispose()
        say("both databases are migrated")
        for name, command in COMPONENTS.items():
            self.control.start(name, [*self.airflow_command, *command])
        for worker in self.workers:
            pid = ["--pid", str(worker.cwd / "pid"), "--skip-serve-logs"]
            slots = ["--celery-hostname", f"{worker.name}@%h", "--concurrency", str(SLOTS)]
            worker.start(worker.name, [*self.airflow_command, "celery", "worker", *slots, *pid])
        self._wait("Airflow's components", lambda: self._healthy(), START_TIMEOUT_S)
        self.airflow.login(USER, self.home.password)
        store = {"conn_type": "postgres", "host": self.postgresql.socket, "schema": "calsync", "login": "postgres"}
        for conn_id, fields in (self.company.connections() | {"calsync_db": store}).items():
            self.airflow.connect(conn_id, fields)
        self._wait("the DAG", lambda: DAG in self.airflow.dag_ids(), START_TIMEOUT_S)
        say(f"Airflow runs with CeleryExecutor, and {len(self.workers)} workers of {SLOTS} slots")

    def _healthy(self) -> bool:
        health = self.airflow.health()
        return all(health.get(part) == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def _wait(self, what: str, done: Callable[[], bool], timeout_s: float) -> None:
        """Wait, and start again what ends meanwhile. While the database is away Airflow's API answers with errors."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                if done():
                    return
            except requests.RequestException:
                pass
            for machine in (self.control, *self.workers):
                machine.check()
            self.servers.check()
            if time.monotonic() > deadline:
                raise DemoError(f"{what} not ready after {timeout_s:.0f} s; logs: {self.control.logs}")
            time.sleep(0.5)

    # Uploading.

    def _run(self, strike: Callable[[], None]) -> Verdict:
        """One run to its end, and what is there then."""
        begun = time.monotonic()
        run_id = self.airflow.trigger(DAG, {})
        self.airflow.unpause(DAG)
        say(f"{DAG} started")
        self._struck: set[str] = set()

        def ended() -> bool:
            strike()
            return self.airflow.state(DAG, run_id) in ("success", "failed")

        self._wait(f"a run of {DAG}", ended, RUN_TIMEOUT_S)
        say(f"the run ended after {time.monotonic() - begun:.0f} s: {self.airflow.state(DAG, run_id)}")
        self._show_tries(run_id)
        verdict = judge(self.company, self.options.activities, self.postgresql.url("calsync"))
        say(str(verdict))
        return verdict

    def _strike(self) -> None:
        part = self._event_count() / self.options.activities
        if part >= KILLED_AT and "worker" not in self._struck:
            self._struck.add("worker")
            worker = self.workers[-1]
            count = worker.kill()
            say(f"{worker.name} killed with its {count} processes; {self._event_count()} events were made")
        if part >= CRASHED_AT and "database" not in self._struck:
            self._struck.add("database")
            made = self._event_count()
            away_s = self.postgresql.crash(DOWN_S)
            say(f"PostgreSQL crashed and was away for {away_s:.1f} s; {made} events were made")

    def _event_count(self) -> int:
        google = self.company.google
        return sum(len(google.calendars[account.email].order) for account in self.company.sample.accounts)

    def _writes(self) -> int:
        services = (self.company.sandbox.pipedrive, self.company.sandbox.google)
        return sum(
            request.method != "GET" and request.operation != "token"
            for service in services
            for request in list(service.requests)
        )

    def _show_tries(self, run_id: str) -> None:
        tries = [each for task in self.airflow.tasks(DAG, run_id) for each in self.airflow.tries(DAG, run_id, task)]
        by_worker = Counter(str(each["hostname"] or "none") for each in tries)
        say("tries of tasks by worker: " + ", ".join(f"{name} {count}" for name, count in sorted(by_worker.items())))
        repeated = [
            each for each in tries if each["max_tries"] and (each["try_number"] > 1 or each["state"] == "failed")
        ]
        if repeated:
            print(table(("task", "try", "on", "state", "seconds"), map(_row, repeated)), flush=True)


def _row(each: dict[str, Any]) -> tuple[Any, ...]:
    name = each["task_id"] if each["map_index"] < 0 else f"{each['task_id']}[{each['map_index']}]"
    return name, each["try_number"], each["hostname"] or "none", each["state"] or "", f"{each['duration'] or 0:.0f}"


if __name__ == "__main__":
    sys.exit(main())
