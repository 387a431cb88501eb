"""Pull: open the run and stage what both services show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, XComArg

from calsync_airflow.asked import lease_owner_of, run_request
from calsync_airflow.operators import ShardOperator
from calsync_airflow.services import open_services
from include.calsync.errors import AccountBusy

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.calsync.flows.services import Services

SYNC_RUN_ID = "sync_run_id"
"""XCom key under which `PullActivitiesOperator` says which run it opened."""


class PullActivitiesOperator(BaseOperator):
    """Opens a sync run and pulls the activities.

    XCom: `return_value` is the shards, a list of lists of account names; `sync_run_id` comes under its own key,
    because Airflow maps tasks over a return value only.

    :param upload: whether the DAG's params are those of an upload
    :param reconcile: whether to read what there is, instead of what changed
    :param undo: whether the DAG's params are those of an undo
    :param retire: whether the DAG's params are those of a retirement
    """

    def __init__(
        self,
        *,
        upload: bool = False,
        reconcile: bool = False,
        undo: bool = False,
        retire: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.upload = upload
        self.reconcile = reconcile
        self.undo = undo
        self.retire = retire

    @property
    def opened(self) -> Any:
        """Stands for the id of the opened run among the arguments of later tasks."""
        return XComArg(self, key=SYNC_RUN_ID)

    def execute(self, context: Context) -> list[list[str]]:
        """Return the shards.

        Raises SettingsError before any request if the settings are wrong; AccountBusy, as long as Airflow will try
        again, for a run that finds an account in use and whose next one does not come at once.
        """
        from include.calsync.flows.opening.open_run import open_run
        from include.calsync.flows.pulling.pull import pull_activities

        ti = context["ti"]
        asked = {"upload": self.upload, "undo": self.undo, "retire": self.retire}
        request = run_request(context, reconcile=self.reconcile, **asked)
        with open_services() as services:
            sync_run_id = open_run(services, request)
            # At once, so that the run is closed whatever happens next.
            ti.xcom_push(key=SYNC_RUN_ID, value=sync_run_id)
            patient = request.reconcile or request.kind in ("manual", "backfill", "undo", "retire")
            if patient and ti.try_number <= ti.max_tries:
                _refuse_busy(services, sync_run_id)
            return pull_activities(services, sync_run_id, request.owner)


def _refuse_busy(services: Services, sync_run_id: str) -> None:
    """Raise AccountBusy if another run works on an account of this one."""
    from include.calsync.store import runs
    from include.calsync.store.engine import reading

    with reading(services.engine) as conn:
        busy = [str(row.error) for row in runs.accounts(conn, sync_run_id) if row.state == "busy"]
    if busy:
        raise AccountBusy("; ".join(busy))


class PullEventsOperator(ShardOperator):
    """Pulls the events of one shard's calendars.

    :param sync_run_id: the run
    :param shard: names of the accounts
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Return counts."""
        from include.calsync.flows.pulling.pull import pull_events

        with open_services() as services:
            return pull_events(services, self.sync_run_id, self.shard, lease_owner_of(context))
