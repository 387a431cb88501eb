"""The four ways a DAG run comes about, and what each asks the flow for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType  # what tasks are given

from calsync_airflow.asked import lease_owner_of, run_request
from include.calsync.errors import SettingsError
from include.calsync.flows.request import RunRequest, UploadOptions
from include.calsync.store.leases import owner_run

START = datetime(2026, 11, 1, tzinfo=UTC)
INTERVAL = (START, START + timedelta(minutes=5))
SYNC = {"accounts": None, "dry_run": False, "full": False}
QUEUED = {("calendar_sync", "queued"): 7, ("calendar_reconcile", "queued"): 3}
UPLOAD = {
    "accounts": ["anna"],
    "direction": "both",
    "due_from": "2026-11-01",
    "due_to": None,
    "types": ["call"],
    "include_done": False,
    "dry_run": True,
}


def context(run_type: str, interval: tuple[datetime, datetime] | None, params: dict[str, Any] = SYNC, **ti: Any) -> Any:
    given = {"dag_id": "calendar_sync", "run_id": "manual__1", "task_id": "plan", "map_index": -1, "try_number": 1}
    dates = {"data_interval_start": interval[0], "data_interval_end": interval[1]} if interval else {}
    return {
        "dag": SimpleNamespace(dag_id="calendar_sync"),
        "dag_run": SimpleNamespace(run_type=run_type),
        "ti": SimpleNamespace(
            **{**given, **ti}, get_dr_count=lambda **which: QUEUED[which["dag_id"], *which["states"]]
        ),
        "params": params,
        **dates,
    }


@pytest.mark.parametrize(
    ("run_type", "interval", "kind", "kept"),
    [
        (DagRunType.SCHEDULED, INTERVAL, "scheduled", None),
        (DagRunType.BACKFILL, INTERVAL, "backfill", INTERVAL),
        (DagRunType.MANUAL, INTERVAL, "manual", None),  # the UI: "now" as logical date
        (DagRunType.MANUAL, None, "manual", None),  # CLI and REST
        (DagRunType.OPERATOR_TRIGGERED, None, "manual", None),
    ],
)
def test_kind_and_interval(
    run_type: DagRunType,
    interval: tuple[datetime, datetime] | None,
    kind: str,
    kept: tuple[datetime, datetime] | None,
) -> None:
    request = run_request(context(run_type, interval), upload=False)
    assert (request.kind, request.interval, request.upload) == (kind, kept, None)


@pytest.mark.parametrize(
    ("run_type", "interval", "kind", "kept", "waiting_count"),
    [
        (DagRunType.SCHEDULED, INTERVAL, "scheduled", None, 0),
        (DagRunType.BACKFILL, INTERVAL, "backfill", INTERVAL, 7),
        (DagRunType.MANUAL, INTERVAL, "manual", None, 0),  # the UI: compares everything all the same
        (DagRunType.MANUAL, None, "manual", None, 0),
    ],
)
def test_what_a_comparison_is_asked_for(
    run_type: DagRunType,
    interval: tuple[datetime, datetime] | None,
    kind: str,
    kept: tuple[datetime, datetime] | None,
    waiting_count: int,
) -> None:
    params = {"accounts": ["anna"], "dry_run": False}
    request = run_request(context(run_type, interval, params), reconcile=True)
    assert (request.reconcile, request.kind, request.interval, request.full) == (True, kind, kept, False)
    assert (request.waiting_count, request.accounts) == (waiting_count, ["anna"])
    assert RunRequest.from_json(request.to_json()) == request


def test_params_of_a_sync() -> None:
    params = {"accounts": ["anna"], "dry_run": True, "full": True, "draft_id": 7}
    request = run_request(context("manual", None, params), upload=False)
    assert (request.dag_id, request.accounts, request.dry_run, request.full) == ("calendar_sync", ["anna"], True, True)
    assert request.draft_id == 7
    assert RunRequest.from_json(request.to_json()) == request


def test_params_of_an_upload() -> None:
    request = run_request(context("manual", INTERVAL, UPLOAD), upload=True)
    assert (request.kind, request.accounts, request.dry_run, request.full) == ("upload", ["anna"], True, False)
    assert request.upload == UploadOptions("both", date(2026, 11, 1), None, ["call"], False)


def test_dates_in_the_wrong_order_are_refused() -> None:
    params = {**UPLOAD, "due_from": "2026-11-02", "due_to": "2026-11-01"}
    with pytest.raises(SettingsError, match="due_from 2026-11-02 is after due_to 2026-11-01"):
        run_request(context("manual", None, params), upload=True)


def test_lease_owner_tells_runs_of_both_dags_and_their_tries_apart() -> None:
    mine: dict[str, Any] = {"run_id": "by hand, ä"}
    sync = lease_owner_of(context("manual", None, **mine))
    again = lease_owner_of(context("manual", None, **mine, try_number=2))
    upload = lease_owner_of(context("manual", None, **mine, dag_id="upload_unsynced_activities"))
    assert len({sync, again, upload}) == 3
    assert owner_run(sync) == owner_run(again) != owner_run(upload)
