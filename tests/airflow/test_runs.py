"""Whole DAG runs over HTTP against the sandbox, as `airflow dags test` makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from sqlalchemy import create_engine, select

from calsync_airflow.operators.pull import PullActivitiesOperator
from include.calsync.errors import AccountBusy
from include.calsync.store.tables import sync_run
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect

ANNA = "anna@acme.example"
GREEN = {
    "pull_activities": "success",
    "pull_events": "success",
    "plan": "success",
    "upsert_events": "success",
    "upsert_activities": "success",
    "close": "success",
}


@dataclass(frozen=True)
class Outcome:
    state: str
    tasks: dict[str, str]
    tries: dict[str, int]
    names: dict[str, str]
    """Of mapped tasks, as Airflow shows them."""
    result: Any
    note: str | None
    xcoms: str


@dataclass(frozen=True)
class Company:
    """Anna and her calendar on both sides, connected."""

    sandbox: Sandbox
    accounts_file: Path
    secrets: list[str]

    def accounts(self, *lines: str) -> None:
        self.accounts_file.write_text("accounts:\n" + "".join(f"  - {line}\n" for line in lines))

    def titles(self) -> list[str]:
        return sorted(event["summary"] for event in self.sandbox.google.state.events(ANNA).values())

    def subjects(self) -> list[str]:
        return sorted(row["subject"] for row in self.sandbox.pipedrive.state.live_activities())

    def meeting(self, subject: str = "Call") -> None:
        self.sandbox.pipedrive.state.add_activity(subject, due_date="2026-11-25", due_time="10:00", duration="00:30")

    def event(self, summary: str = "Lunch") -> None:
        at = {"start": {"dateTime": "2026-11-26T12:00:00+01:00"}, "end": {"dateTime": "2026-11-26T13:00:00+01:00"}}
        self.sandbox.google.state.add_event(ANNA, summary=summary, **at)


def account(name: str, **fields: Any) -> str:
    return json.dumps({"name": name, "pipedrive_user": ANNA, "google_user": ANNA, "calendar": "primary", **fields})


@pytest.fixture
def company(sandbox: Sandbox, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    user = sandbox.pipedrive.state.add_user("Anna Müller", ANNA)
    sandbox.google.state.add_user(ANNA)
    token, key = sandbox.pipedrive.state.token_for(user["id"]), sandbox.google.state.service_account_key()
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    extra = {"keyfile_dict": key, "api_endpoint": sandbox.google.url}
    connect("google_calendar_default", conn_type="google_calendar", extra=extra)
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "calsync.db"))
    monkeypatch.setenv("CALSYNC_ACCOUNTS_FILE", str(tmp_path / "accounts.yaml"))
    made = Company(sandbox, tmp_path / "accounts.yaml", [token, key["private_key"].splitlines()[1]])
    made.accounts(account("anna"))
    return made


@pytest.fixture
def run(root: Path, airflow_database: None) -> Callable[..., Outcome]:
    """`run(dag_id, **params)`: one DAG run, to its end."""

    def start(dag_id: str = "calendar_sync", **conf: Any) -> Outcome:
        from airflow.models.dagrun import DagRun
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        finished: Any = DagBag(root / "dags").dags[dag_id].test(run_conf=conf)
        tasks, close = finished.get_task_instances(), finished.get_task_instance("close")
        with create_session() as session:
            mine = XComModel.run_id == finished.run_id, XComModel.dag_id == dag_id
            xcoms = session.scalars(select(XComModel.value).where(*mine)).all()
            note = session.scalars(select(DagRun).where(DagRun.id == finished.id)).one().note
        return Outcome(
            state=str(finished.state),
            tasks={ti.task_id: str(ti.state) for ti in tasks},
            tries={ti.task_id: ti.try_number for ti in tasks},
            note=note,
            names={ti.task_id: str(ti.rendered_map_index) for ti in tasks if ti.map_index >= 0},
            result=close.xcom_pull(task_ids="close") if close is not None else None,
            xcoms=json.dumps(xcoms),
        )

    return start


def test_a_sync_brings_both_ways_and_then_rests(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.meeting()
    company.event()
    outcome = run()
    assert (outcome.state, outcome.tasks) == ("success", GREEN)
    assert outcome.names == dict.fromkeys(("pull_events", "upsert_events", "upsert_activities"), "anna")
    assert company.titles() == company.subjects() == ["Call", "Lunch"]
    assert outcome.note == "Google: 1 new. Pipedrive: 1 new. 1 account."
    anna = outcome.result["accounts"]["anna"]
    assert (anna["state"], anna["activities"]["created"], anna["events"]["created"]) == ("ok", 1, 1)
    company.sandbox.pipedrive.reset_requests()
    company.sandbox.google.reset_requests()
    quiet = run()
    # Airflow skips what it has no account for, and starts no process to find out.
    assert (quiet.state, quiet.tasks) == (
        "success",
        {**GREEN, "upsert_events": "skipped", "upsert_activities": "skipped"},
    )
    assert (quiet.tries["upsert_events"], quiet.tries["upsert_activities"]) == (0, 0)
    seen = [*company.sandbox.pipedrive.requests, *company.sandbox.google.requests]
    assert {request.method for request in seen if request.path != "/token"} == {"GET"}


def test_dry_run_skips_the_writes_and_is_green(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.meeting()
    outcome = run(dry_run=True)
    assert outcome.state == "success"
    assert outcome.tasks == {**GREEN, "upsert_events": "skipped", "upsert_activities": "skipped"}
    assert outcome.result["dry_run"] is True
    assert outcome.note == "Dry run, nothing was written. Google: 1 new. 1 account."
    assert company.titles() == []


def test_an_undo_begins_with_a_dry_run(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.meeting()
    made = run().result["sync_run_id"]
    plan = run("undo_sync_run", sync_run_id=made)
    assert (plan.result["dry_run"], plan.result["accounts"]["anna"]["events"]["deleted"]) == (True, 1)
    assert company.titles() == ["Call"]
    done = run("undo_sync_run", sync_run_id=made, dry_run=False)
    assert (done.state, done.result["accounts"]["anna"]["events"]["deleted"]) == ("success", 1)
    assert [each["status"] for each in company.sandbox.google.state.events(ANNA).values()] == ["cancelled"]
    assert company.subjects() == ["Call"]
    assert run("undo_sync_run").state == "failed", "nothing is named"


def test_a_retirement_begins_with_a_dry_run(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.meeting()
    run()
    assert run("retire_account", account="anna").state == "failed", "it takes part"
    company.accounts(account("anna", enabled=False))
    run()
    plan = run("retire_account", account="anna", events="remove")
    assert (plan.result["dry_run"], plan.result["accounts"]["anna"]["events"]["deleted"]) == (True, 1)
    assert company.titles() == ["Call"]
    done = run("retire_account", account="anna", events="remove", dry_run=False)
    assert (done.state, done.result["accounts"]["anna"]["events"]["deleted"]) == ("success", 1)
    assert [each["status"] for each in company.sandbox.google.state.events(ANNA).values()] == ["cancelled"]
    assert company.subjects() == ["Call"]


def test_a_comparison_mends_what_no_sync_sees(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.meeting()
    run()
    state = company.sandbox.pipedrive.state
    (row,) = state.live_activities()
    company.sandbox.pipedrive.clock.advance(3600)
    company.sandbox.google.clock.advance(3600)
    state.put_raw_activity(row["id"], subject="Call back", update_time=row["update_time"])
    shown = run("calendar_reconcile", dry_run=True)
    assert shown.tasks == {**GREEN, "upsert_events": "skipped", "upsert_activities": "skipped"}
    outcome = run("calendar_reconcile")
    assert (outcome.state, outcome.tasks) == ("success", GREEN)
    drift = {"missing": 0, "extra": 0, "differing": 1, "orphaned": 0}
    assert [each.result["accounts"]["anna"]["drift"] for each in (shown, outcome)] == [drift, drift]
    assert company.titles() == ["Call back"]
    assert run("calendar_reconcile", accounts=["anna"]).result["accounts"]["anna"]["drift"]["differing"] == 0


def test_upload_brings_what_was_there_before(company: Company, run: Callable[..., Outcome]) -> None:
    company.sandbox.pipedrive.clock.advance(-7 * 86400)
    company.meeting("Old call")
    company.sandbox.pipedrive.clock.advance(7 * 86400)
    run()
    assert company.titles() == []
    outcome = run("upload_unsynced_activities", due_from="2026-11-25", due_to="2026-11-25", types=["call"])
    assert (outcome.state, outcome.tasks) == ("success", GREEN)
    assert company.titles() == ["Old call"]


def test_failed_account_turns_close_red_after_its_result(company: Company, run: Callable[..., Outcome]) -> None:
    run()
    company.sandbox.pipedrive.state.add_user("Ben", "ben@acme.example")
    company.accounts(
        account("anna"),
        account("ben", pipedrive_user="ben@acme.example", google_user="ben@acme.example", google_conn_id="nowhere"),
    )
    company.meeting()
    outcome = run()
    assert outcome.state == "failed"
    assert outcome.tasks == {**GREEN, "close": "failed"}
    assert outcome.tries["close"] == 1
    assert outcome.note == "Google: 1 new. Failed: ben. 2 accounts."
    states = {name: found["state"] for name, found in outcome.result["accounts"].items()}
    assert states == {"anna": "ok", "ben": "failed"}
    assert "Connection nowhere is missing" in outcome.result["accounts"]["ben"]["error"]
    assert "AIRFLOW_CONN_NOWHERE" in outcome.result["accounts"]["ben"]["error"]
    assert company.titles() == ["Call"]


def test_wrong_settings_fail_at_once_without_a_request(
    company: Company, run: Callable[..., Outcome], capfd: pytest.CaptureFixture[str]
) -> None:
    company.accounts(account("anna", mode="sideways"))
    outcome = run()
    assert outcome.tries["pull_activities"] == 1
    assert outcome.tasks == {
        "pull_activities": "failed",
        "pull_events": "upstream_failed",
        "plan": "upstream_failed",
        "upsert_events": "upstream_failed",
        "upsert_activities": "upstream_failed",
        "close": "failed",
    }
    assert (company.sandbox.pipedrive.requests, company.sandbox.google.requests) == ([], [])
    assert "No sync run was opened: read the log of task pull_activities." in capfd.readouterr().out


def test_broken_task_is_named_by_close(
    company: Company, root: Path, airflow_database: None, capfd: pytest.CaptureFixture[str]
) -> None:
    dag = DagBag(root / "dags").dags["calendar_sync"]
    dag.get_task("plan").retries = 0
    dag.get_task("plan").sync_run_id = "no such run"  # type: ignore[union-attr]
    finished: Any = dag.test()
    assert str(finished.state) == "failed"
    assert "Tasks failed, read their logs: plan." in capfd.readouterr().out
    assert finished.get_task_instance("close").xcom_pull(task_ids="close")["sync_run_id"]


def test_secrets_are_in_no_log_and_no_xcom(
    company: Company, run: Callable[..., Outcome], capfd: pytest.CaptureFixture[str]
) -> None:
    run()
    company.meeting()
    outcome = run()
    written = "".join(capfd.readouterr()) + outcome.xcoms
    assert "pull_activities" in written
    assert [secret for secret in company.secrets if secret in written] == []


class _Try:
    """As much of a task instance as an operator sees."""

    dag_id, task_id, map_index, max_tries = "calendar_sync", "pull_activities", -1, 2

    def __init__(self, run_id: str, number: int) -> None:
        self.run_id = run_id
        self.try_number = number
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def _pull(run_id: str, run_type: str, number: int, *, reconcile: bool = False) -> Any:
    context: Any = {
        "ti": _Try(run_id, number),
        "dag": type("Dag", (), {"dag_id": "calendar_sync"}),
        "dag_run": type("Run", (), {"run_type": run_type}),
        "params": {"accounts": None, "dry_run": False, "full": False},
    }
    return PullActivitiesOperator(task_id="pull_activities", reconcile=reconcile).execute(context)


def test_busy_account_is_tried_again_for_a_person_but_not_for_the_schedule(company: Company) -> None:
    assert _pull("first run", "manual", 1) == [["anna"]]
    assert _pull("second run", "scheduled", 1) == [[]]
    for number in (1, 2):
        with pytest.raises(AccountBusy):
            _pull("third run", "manual", number)
    assert _pull("third run", "manual", 3) == [[]]
    with create_engine(f"sqlite:///{company.accounts_file.with_name('calsync.db')}").connect() as conn:
        owners = [row["owner"] for row in conn.execute(select(sync_run.c.request)).scalars()]
    assert len([each for each in owners if "third" in each]) == 1, "what was refused is no run under way"


def test_a_comparison_waits_for_a_sync_even_by_schedule(company: Company) -> None:
    """Its next run is a day away."""
    assert _pull("first run", "manual", 1) == [["anna"]]
    for number in (1, 2):
        with pytest.raises(AccountBusy):
            _pull("nightly", "scheduled", number, reconcile=True)
    assert _pull("nightly", "scheduled", 3, reconcile=True) == [[]]


def test_second_try_takes_over_from_the_first(company: Company) -> None:
    assert _pull("first run", "manual", 1) == [["anna"]]
    assert _pull("first run", "manual", 2) == [["anna"]]
