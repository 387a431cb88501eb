"""Says after each of our runs that did something, or found nothing to do, that it is over: an event of an asset.

Other DAGs start on it (`schedule=[Asset("calsync_runs")]`). A run in which one account failed is red, and a failed task
emits no event; the others were synced all the same. So a listener emits it, which Airflow calls where it finds that a
run is over (in the scheduler), within that transaction. If no DAG refers to the asset, nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from calsync_airflow.run_notes import left_by_close

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

RUNS = "calsync_runs"
"""Name of the asset."""
COUNTED = ("created", "updated", "deleted", "adopted", "held", "quarantined")


@hookimpl
def on_dag_run_success(dag_run: DagRun) -> None:
    """The run is green."""
    _emit(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun) -> None:
    """The run is red."""
    _emit(dag_run)


def _emit(dag_run: DagRun) -> None:
    """Emit the event, unless the run was dry, or not one account was synced."""
    from airflow.assets.manager import asset_manager
    from airflow.models.asset import AssetModel
    from sqlalchemy import select

    with left_by_close(dag_run, "return_value") as (session, result):
        if not result or result["dry_run"] or "ok" not in (each["state"] for each in result["accounts"].values()):
            return
        asset = session.scalars(select(AssetModel).where(AssetModel.name == RUNS)).first()
        if asset is None:
            return
        close = dag_run.get_task_instance("close", session=session)
        with session.begin_nested():  # what fails here must not undo what the scheduler does
            asset_manager.register_asset_change(task_instance=close, asset=asset, extra=totals(result), session=session)


def totals(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's result says in numbers; no names, of accounts neither."""
    accounts = result["accounts"].values()
    sides = {
        side: {kind: sum(each[side][kind] for each in accounts) for kind in COUNTED}
        for side in ("activities", "events")
    }
    states = Counter(each["state"] for each in accounts)
    return {
        "sync_run_id": result["sync_run_id"],
        "accounts": {state: states[state] for state in ("ok", "busy", "failed")},
        **sides,
    }
