"""Close: move the cursors, say what happened, and fail if something did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, TriggerRule
from airflow.sdk.exceptions import AirflowException

from calsync_airflow import RUN_NOTE
from calsync_airflow.asked import lease_owner_of
from calsync_airflow.operators.pull import SYNC_RUN_ID
from calsync_airflow.services import open_services

if TYPE_CHECKING:
    from airflow.sdk import Context


class CloseRunOperator(BaseOperator):
    """Ends a sync run, whatever happened before: always runs, never retries, and is the task that turns a run red.

    XCom `return_value`: the run's result, also when the task then fails. Under RUN_NOTE: its totals in words, which the
    plugin makes the run's note in Airflow, as no task can write that.

    :param opened_by: id of the task that opened the run
    """

    def __init__(self, *, opened_by: str, **kwargs: Any) -> None:
        kwargs |= {"trigger_rule": TriggerRule.ALL_DONE, "retries": 0}
        super().__init__(**kwargs)
        self.opened_by = opened_by

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the result. Raises AirflowException naming every account, item or task that failed."""
        from calsync_airflow.alerts import tell_if_possible
        from calsync_airflow.metrics import emit
        from include.calsync.flows.closing.close import close

        ti = context["ti"]
        broken = _broken_tasks(context)
        sync_run_id = ti.xcom_pull(task_ids=self.opened_by, key=SYNC_RUN_ID)
        if sync_run_id is None:
            raise AirflowException(f"No sync run was opened: read the log of task {self.opened_by}.")
        with open_services() as services:
            summary = close(services, sync_run_id, lease_owner_of(context), broken)
            if not summary.result.get("dry_run"):
                tell_if_possible(services, context)
                emit(services, summary.result)
        if summary.note:
            ti.xcom_push(key=RUN_NOTE, value=summary.note)
        if summary.failure:
            # Before raising: a failed task's return value is lost otherwise.
            ti.xcom_push(key="return_value", value=summary.result)
            raise AirflowException(summary.failure)
        return summary.result


def _broken_tasks(context: Context) -> list[str]:
    """Ids of this run's tasks that failed (mapped ones with their number): this task would turn the run green."""
    ti = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return sorted(task for task, state in states.items() if state == "failed")
