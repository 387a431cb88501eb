"""The DAGs as Airflow sees them: which there are, their forms, graphs and retries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from calsync_airflow.operators.upsert import UpsertEventsOperator
from calsync_airflow.retries import RETRY_POLICY
from include.calsync import errors
from include.calsync.environment import Environment
from include.calsync.flows.request import RunRequest
from include.calsync.flows.sync import sync

GRAPH = {
    "pull_activities": set(),
    "pull_events": {"pull_activities"},
    "plan": {"pull_activities", "pull_events"},
    "upsert_events": {"pull_activities", "plan"},
    "upsert_activities": {"pull_activities", "plan", "upsert_events"},
    "close": {"upsert_activities"},
}


@pytest.fixture(scope="module")
def dags(root: Path) -> dict[str, DAG]:
    bag = DagBag(root / "dags")
    assert bag.import_errors == {}
    return dict(bag.dags)


DAGS = ["calendar_reconcile", "calendar_sync", "retire_account", "undo_sync_run", "upload_unsynced_activities"]
OTHERS = ["approve_held_changes", "calendar_sync_watchdog"]


@pytest.fixture(params=DAGS)
def dag(request: pytest.FixtureRequest, dags: dict[str, DAG]) -> DAG:
    return dags[request.param]


def test_inventory_of_dag_ids(dags: dict[str, DAG]) -> None:
    assert sorted(dags) == sorted(DAGS + OTHERS)


def test_graph(dag: DAG) -> None:
    assert {task.task_id: task.upstream_task_ids for task in dag.tasks} == GRAPH


def test_the_tasks_are_the_steps_of_a_run_in_their_order(dag: DAG) -> None:
    steps: list[str] = []

    def note(step: Callable[..., object], *_: object) -> list[list[str]]:
        steps.append(step.__name__)
        return [["anna"]]

    sync(RunRequest(dag.dag_id, "manual", "owner"), note)
    assert steps[0] == "open_run"  # the first task opens the run and pulls
    assert steps[1:] == [task.task_id for task in dag.topological_sort()]


def test_only_steps_of_shards_are_mapped(dag: DAG) -> None:
    mapped = {task.task_id for task in dag.tasks if task.is_mapped}
    assert mapped == {"pull_events", "upsert_events", "upsert_activities"}


def test_close_always_runs_and_never_retries(dag: DAG) -> None:
    close = dag.get_task("close")
    assert (close.trigger_rule, close.retries) == (TriggerRule.ALL_DONE, 0)
    others = [task for task in dag.tasks if task is not close]
    assert {(task.trigger_rule, task.retries) for task in others} == {(TriggerRule.ALL_SUCCESS, 2)}
    assert all(task.retry_policy is RETRY_POLICY for task in others)


def test_docstring_is_the_runbook_and_names_every_param(dag: DAG) -> None:
    assert dag.doc_md is not None
    assert [name for name in dag.params if f"| `{name}`" not in dag.doc_md and f", `{name}`" not in dag.doc_md] == []


def test_one_active_run_and_no_catchup(dag: DAG) -> None:
    assert (dag.max_active_runs, dag.catchup) == (1, False)


def test_each_task_says_what_it_is_for(dag: DAG) -> None:
    assert [task.task_id for task in dag.tasks if not task.doc_md] == []


def test_dags_are_found_by_owner_and_tags(dags: dict[str, DAG]) -> None:
    assert {task.owner for dag in dags.values() for task in dag.tasks} == {"calsync"}
    found = {dag_id: dag.tags for dag_id, dag in dags.items()}
    assert all({"calsync", "pipedrive", "google calendar"} < tags for tags in found.values())
    assert len({frozenset(tags) for tags in found.values()}) == len(found)


WRITES = ("upsert_events", "upsert_activities")
UNLIMITED = timedelta.max


def test_time_limits_end_what_hangs_and_no_lawful_upload(dags: dict[str, DAG]) -> None:
    upload_of_100_000 = timedelta(seconds=100_000 / 10)
    for dag in dags.values():
        limits = {task.task_id: task.execution_timeout or timedelta(0) for task in dag.tasks}
        assert min(limits.values()) > timedelta(0), dag.dag_id
        # Several such accounts of one shard, one after the other.
        assert min([limits[name] for name in WRITES if name in limits], default=UNLIMITED) >= 8 * upload_of_100_000
        # The limit of a task strikes first: it names the task, and the task is tried again.
        assert dag.dagrun_timeout is not None
        assert sum(limits.values(), timedelta(0)) <= dag.dagrun_timeout


@pytest.mark.parametrize(
    ("shard", "name"),
    [
        ([], "no account"),
        (["anna"], "anna"),
        (["anna", "ben", "cem"], "anna, ben, cem"),
        (["anna", "ben", "cem", "dora", "emil"], "anna, ben, cem and 2 more"),
        (["a" * 300], "a" * 250),
    ],
)
def test_a_mapped_task_carries_the_names_of_its_accounts(shard: list[str], name: str) -> None:
    task = UpsertEventsOperator(task_id="upsert_events", sync_run_id="1", shard=shard)
    assert task.names == name


def test_serializes(dag: DAG) -> None:
    back = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert set(back.task_dict) == set(GRAPH)


def _interval(dag: DAG) -> timedelta:
    """Return the length of the data interval of a run at 10:00, as the scheduler computes it."""
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 29, 10))
    return timedelta(seconds=(interval.end - interval.start).total_seconds())


def test_sync_has_data_intervals_of_five_minutes(dags: dict[str, DAG]) -> None:
    assert _interval(dags["calendar_sync"]) == timedelta(minutes=5)


def test_the_comparison_is_daily_at_half_past_two(dags: dict[str, DAG]) -> None:
    dag = dags["calendar_reconcile"]
    assert _interval(dag) == timedelta(days=1)
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    end = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 29, 10)).end
    assert end == pendulum.datetime(2026, 3, 29, 2, 30)


def test_schedule_comes_from_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_SCHEDULE", "7 */2 * * *")
    assert _interval(DagBag(root / "dags" / "calendar_sync.py").dags["calendar_sync"]) == timedelta(hours=2)


def test_default_schedule_is_the_documented_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_SCHEDULE", Environment().schedule)
    named = DagBag(root / "dags" / "calendar_sync.py").dags["calendar_sync"]
    monkeypatch.setenv("CALSYNC_SCHEDULE", "")
    unnamed = DagBag(root / "dags" / "calendar_sync.py").dags["calendar_sync"]
    assert DagSerialization.to_dict(named)["dag"]["timetable"] == DagSerialization.to_dict(unnamed)["dag"]["timetable"]


def test_upload_is_started_by_hand_only(dags: dict[str, DAG]) -> None:
    assert dags["upload_unsynced_activities"].schedule is None


RECONCILE_DEFAULTS = {"accounts": None, "dry_run": False}
SYNC_DEFAULTS = {"accounts": None, "dry_run": False, "full": False, "draft_id": None}
UPLOAD_DEFAULTS = {
    "accounts": None,
    "direction": "to_google",
    "due_from": None,
    "due_to": None,
    "types": None,
    "include_done": True,
    "dry_run": False,
}


RETIRE_DEFAULTS = {"events": "keep", "dry_run": True}


def test_only_what_has_a_schedule_and_writes_waits_until_somebody_switches_it_on(dags: dict[str, DAG]) -> None:
    waits = {name for name, dag in dags.items() if dag.is_paused_upon_creation is not False}
    assert waits == {"calendar_sync", "calendar_reconcile"}


def test_params_and_their_defaults(dags: dict[str, DAG]) -> None:
    assert dags["calendar_reconcile"].params.dump() == RECONCILE_DEFAULTS
    assert dags["calendar_sync"].params.dump() == SYNC_DEFAULTS
    assert dags["upload_unsynced_activities"].params.dump() == UPLOAD_DEFAULTS
    asked = {name: dags["retire_account"].params.get_param(name) for name in ("account", *RETIRE_DEFAULTS)}
    assert not asked.pop("account").has_value, "whoever starts it names the account"
    assert {name: param.value for name, param in asked.items()} == RETIRE_DEFAULTS


def test_a_dry_run_of_a_scheduled_dag_warns_of_the_box_that_unpauses_it(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        described = str(dag.params.get_param("dry_run").description) if "dry_run" in dag.params else ""
        warns = bool(dag.schedule) and "dry_run" in dag.params
        assert ("`airflow dags test`" in described) == warns, dag.dag_id
        assert ("A dry run of a paused DAG" in str(dag.doc_md)) == warns, dag.dag_id


@pytest.mark.parametrize(
    "given",
    [
        {"accounts": ["anna", "ben"], "dry_run": True, "full": True},
        {"dry_run": True, "draft_id": 7},
        {"accounts": None},
    ],
)
def test_sync_form_takes(dags: dict[str, DAG], given: dict[str, object]) -> None:
    params = dags["calendar_sync"].params
    assert {name: params.get_param(name).resolve(value) for name, value in given.items()} == given


@pytest.mark.parametrize(
    ("dag_id", "name", "value"),
    [
        ("calendar_sync", "accounts", "anna"),
        ("calendar_sync", "accounts", [1]),
        ("calendar_sync", "dry_run", "yes"),
        ("calendar_sync", "full", None),
        ("calendar_sync", "draft_id", "7"),
        ("calendar_reconcile", "accounts", "anna"),
        ("calendar_reconcile", "dry_run", "yes"),
        ("upload_unsynced_activities", "direction", "sideways"),
        ("upload_unsynced_activities", "due_from", "tomorrow"),
        ("upload_unsynced_activities", "due_to", "2026-02-30"),
        ("upload_unsynced_activities", "types", "call"),
        ("upload_unsynced_activities", "include_done", None),
        ("retire_account", "account", ""),
        ("retire_account", "account", None),
        ("retire_account", "events", "forget"),
        ("retire_account", "dry_run", None),
    ],
)
def test_forms_refuse(dags: dict[str, DAG], dag_id: str, name: str, value: object) -> None:
    param = dags[dag_id].params.get_param(name)
    with pytest.raises(ParamValidationError):
        param.resolve(value)


def _decision(error: Exception) -> str:
    return RETRY_POLICY.evaluate(error, try_number=1, max_tries=2).action.value


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (errors.SettingsError(["accounts.yaml:1: wrong"]), "fail"),
        (errors.CredentialRefused("refused", status=401), "fail"),
        (errors.FatalError("wrong request", status=400), "fail"),
        (errors.BudgetExhausted("used up"), "fail"),
        (errors.LeaseLost("taken over"), "fail"),
        (errors.AccountBusy("in use"), "retry"),
        (errors.RetryableError("no answer"), "default"),
        (errors.RateLimited("slow down"), "default"),
        (ConnectionError("store"), "default"),
    ],
)
def test_what_is_tried_again(error: Exception, decision: str) -> None:
    assert _decision(error) == decision


def test_waits_are_minutes_not_hours(dag: DAG) -> None:
    assert {task.retry_delay for task in dag.tasks} == {timedelta(minutes=1)}
