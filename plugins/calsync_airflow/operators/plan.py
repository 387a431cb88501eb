"""Plan and guard: decide every write before the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from calsync_airflow.asked import lease_owner_of
from calsync_airflow.services import open_services

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanSyncOperator(BaseOperator):
    """Compares both sides with their base, stores the plan and shows it in the log.

    XCom `return_value`: the accounts of which something is to be written, in shards. Of none, nothing follows: Airflow
    skips the writing tasks without starting them.

    :param sync_run_id: the run
    """

    template_fields: Sequence[str] = ("sync_run_id",)

    def __init__(self, *, sync_run_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sync_run_id = sync_run_id

    def execute(self, context: Context) -> list[list[str]]:
        """Return the shards."""
        from include.calsync.flows.planning.plan import plan

        with open_services() as services:
            return plan(services, self.sync_run_id, lease_owner_of(context))
