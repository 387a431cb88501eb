"""From an Airflow run to what a flow is asked for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from include.calsync.errors import SettingsError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.calsync.flows.request import RunRequest, UndoOptions, UploadOptions

# By the type's value: its text differs between Airflow's own DagRunType and that of the task SDK.
KINDS = {"scheduled": "scheduled", "backfill": "backfill"}


def run_request(
    context: Context, *, upload: bool = False, reconcile: bool = False, undo: bool = False, retire: bool = False
) -> RunRequest:
    """Return what this DAG run asks for. Raises SettingsError for dates in the wrong order, or an undo of nothing.

    The four ways a run comes about, told apart by its type (the run id may be anything):

    * by the schedule: everything since the cursors; the data interval is only a label
    * as part of a backfill: what lies in the run's data interval; no cursor is read or moved
    * by hand in the UI: has "now" as logical date and an interval, which mean nothing here: all that is new, or
      (`reconcile`) everything
    * by hand through CLI or REST: has neither
    """
    from include.calsync.flows.request import RetireOptions, RunRequest

    params = context["params"]
    named = {"upload": upload, "undo": undo, "retire": retire}
    kind = next((name for name, is_it in named.items() if is_it), KINDS.get(context["dag_run"].run_type, "manual"))
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    return RunRequest(
        dag_id=context["dag"].dag_id,
        kind=kind,
        owner=lease_owner_of(context),
        accounts=params.get("accounts"),
        dry_run=params["dry_run"],
        full=params.get("full", False),
        interval=(start, end) if kind == "backfill" and start and end else None,
        upload=_upload_options(params) if upload else None,
        undo=_undo_options(context) if undo else None,
        retire=RetireOptions(params["account"], params["events"], who_started(context)) if retire else None,
        draft_id=params.get("draft_id"),
        reconcile=reconcile,
        waiting_count=_waiting_count(context) if kind == "backfill" else 0,
    )


def _waiting_count(context: Context) -> int:
    """How many runs of this DAG are queued behind this one: a backfill creates all of its runs at once."""
    ti = context["ti"]
    return int(ti.get_dr_count(dag_id=ti.dag_id, states=["queued"]))


def lease_owner_of(context: Context) -> str:
    """Name this try of this task in this run, as the leases want it."""
    from include.calsync.store.leases import lease_owner

    ti = context["ti"]
    # Run ids are free text, and unique in their DAG only.
    run = quote(f"{ti.dag_id}/{ti.run_id}", safe="/:+")
    return lease_owner(run, f"{ti.task_id}[{ti.map_index}] try {ti.try_number}")


def who_started(context: Context) -> str:
    """The name of who started this run by hand, as Airflow knows it."""
    return getattr(context["dag_run"], "triggering_user_name", None) or "who started the run"


def _undo_options(context: Context) -> UndoOptions:
    from include.calsync.flows.request import UndoOptions

    params = context["params"]
    run_id, link_id, conflict_id = (params[name] for name in ("sync_run_id", "link_id", "conflict_id"))
    if not run_id and link_id is None and conflict_id is None:
        raise SettingsError(
            ["Name what to undo: sync_run_id (it is in the result of each run), link_id or conflict_id."]
        )
    return UndoOptions(run_id or "", who_started(context), link_id, conflict_id, params["conflict_field"])


def _upload_options(params: Any) -> UploadOptions:
    from include.calsync.flows.request import UploadOptions

    due_from, due_to = (date.fromisoformat(params[key]) if params[key] else None for key in ("due_from", "due_to"))
    if due_from and due_to and due_from > due_to:
        raise SettingsError([f"due_from {due_from} is after due_to {due_to}: exchange them."])
    return UploadOptions(
        direction=params["direction"],
        due_from=due_from,
        due_to=due_to,
        types=params["types"],
        include_done=params["include_done"],
    )
