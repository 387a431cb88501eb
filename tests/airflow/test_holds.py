"""Asking a person, under Airflow: one question per hold, answered through Airflow's own API, and stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, select, update

from include.calsync.store.tables import hold
from tests.airflow.test_connections_page import api
from tests.airflow.test_runs import ANNA, Company, Outcome, account, company, run

__all__ = ["api", "company", "run"]  # fixtures

DAG_ID = "approve_held_changes"
Run = Callable[..., Outcome]


def hold_deletions(company: Company, run: Run) -> None:
    """Three pairs whose events were deleted by hand: too many."""
    company.accounts(account("anna", max_delete_count=1, max_delete_ratio=0.1))
    run()
    for number in range(3):
        company.event(f"Lunch {number}")
    run()
    state = company.sandbox.google.state
    for event_id in list(state.events(ANNA)):
        state.delete_event(ANNA, event_id)
    assert run().state == "failed"


def store(company: Company) -> Engine:
    return create_engine(f"sqlite:///{company.accounts_file.with_name('calsync.db')}")


def states(company: Company) -> list[tuple[str, str | None]]:
    with store(company).connect() as conn:
        return [(row.state, row.decided_by) for row in conn.execute(select(hold).order_by(hold.c.id))]


@contextmanager
def a_person(api: TestClient, *answers: str) -> Iterator[list[dict[str, Any]]]:
    """Answers under Required Actions, one question after the other, while a run waits. Yields the questions."""
    asked: list[dict[str, Any]] = []
    deadline = time.monotonic() + 120

    def answer() -> None:
        while len(asked) < len(answers) and time.monotonic() < deadline:
            time.sleep(0.2)
            url = f"/api/v2/dags/{DAG_ID}/dagRuns/~/hitlDetails"
            for detail in api.get(url, params={"response_received": False}).raise_for_status().json()["hitl_details"]:
                ti = detail["task_instance"]
                if ti["state"] != "awaiting_input":  # an answer before that is stored, but wakes nobody (Airflow 3.3)
                    continue
                path = f"/api/v2/dags/{DAG_ID}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}"
                chosen = {"chosen_options": [answers[len(asked)]], "params_input": {}}
                response = api.patch(f"{path}/{ti['map_index']}/hitlDetails", json=chosen)
                if response.status_code == 200:
                    asked.append(detail)

    person = threading.Thread(target=answer)
    person.start()
    try:
        yield asked
    finally:
        person.join()


def test_a_person_is_asked_and_the_next_run_does_it(company: Company, run: Run, api: TestClient) -> None:
    hold_deletions(company, run)
    assert states(company) == [("open", None)]
    with a_person(api, "Reject") as asked:
        assert run(DAG_ID).tasks == {"find_holds": "success", "decide": "success"}
    (question,) = asked
    assert question["subject"] == "anna: delete 3 activities in Pipedrive?"
    assert question["body"].count("| remove activity |") == 3
    assert "Lunch" not in question["body"]
    assert states(company) == [("rejected", "Anonymous")]
    assert run().state == "success"
    live = [each for each in company.sandbox.google.state.events(ANNA).values() if each["status"] != "cancelled"]
    assert sorted(event["summary"] for event in live) == company.subjects() == ["Lunch 0", "Lunch 1", "Lunch 2"]


def test_a_question_ends_once_nothing_is_to_be_decided(company: Company, run: Run) -> None:
    """It looks every quarter of an hour; until then, and as long as the hold waits, it stays open."""
    hold_deletions(company, run)
    looks: list[float] = []
    over = threading.Event()

    def quarters_of_an_hour_pass() -> None:
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from airflow.utils.state import TaskInstanceState

        scheduler = SchedulerJobRunner(Job())
        waiting = TaskInstance.dag_id == DAG_ID, TaskInstance.state == TaskInstanceState.AWAITING_INPUT
        while not over.is_set() and len(looks) < 2:
            time.sleep(0.2)
            with create_session() as session:
                for ti in session.scalars(select(TaskInstance).where(*waiting)):
                    assert ti.trigger_timeout is not None
                    looks.append((ti.trigger_timeout - datetime.now(UTC)) / timedelta(minutes=1))
                    ti.trigger_timeout = datetime.now(UTC) - timedelta(seconds=1)
                    if len(looks) == 2:  # it asked again; now somebody decides elsewhere
                        with store(company).begin() as conn:
                            conn.execute(update(hold).values(state="approved", decided_by="olga"))
            scheduler.check_awaiting_input_timeouts()

    clock = threading.Thread(target=quarters_of_an_hour_pass)
    clock.start()
    try:
        outcome = run(DAG_ID)
    finally:
        over.set()
        clock.join()
    assert outcome.tasks == {"find_holds": "success", "decide": "skipped"}
    assert [round(each) for each in looks] == [15, 15]
    assert states(company) == [("approved", "olga")]


def test_a_hold_is_decided_at_once(company: Company, run: Run) -> None:
    hold_deletions(company, run)
    assert run(DAG_ID, hold_id=1, decision="approve").tasks == {"find_holds": "success", "decide": "skipped"}
    assert states(company) == [("approved", "dag_test")]
    assert run(DAG_ID, hold_id=1, decision="reject").state == "failed"
    assert states(company)[0][0] == "approved"
    assert run(DAG_ID).tasks == {"find_holds": "success", "decide": "skipped"}, "nothing is open: nobody is asked"
