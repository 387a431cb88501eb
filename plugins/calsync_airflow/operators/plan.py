"""Plan and guard: decide every write before the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias, BaseOperator

from calsync_airflow.asked import lease_owner_of
from calsync_airflow.services import open_services

if TYPE_CHECKING:
    from airflow.sdk import Context
    from pydantic import JsonValue


HOLDS = Asset("calsync_holds")
"""Has an event whenever something is held that no person was asked about yet; it starts `approve_held_changes`."""
HOLDS_OPENED = AssetAlias("calsync_holds_opened")


class PlanSyncOperator(BaseOperator):
    """Compares both sides with their base, stores the plan and shows it in the log.

    XCom `return_value`: the accounts of which something is to be written, in shards. Of none, nothing follows: Airflow
    skips the writing tasks without starting them.

    :param sync_run_id: the run
    """

    template_fields: Sequence[str] = ("sync_run_id",)

    def __init__(self, *, sync_run_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"outlets": [HOLDS_OPENED]})
        self.sync_run_id = sync_run_id

    def execute(self, context: Context) -> list[list[str]]:
        """Return the shards."""
        from include.calsync.flows import holds
        from include.calsync.flows.planning.plan import plan

        with open_services() as services:
            shards = plan(services, self.sync_run_id, lease_owner_of(context))
            unasked: list[JsonValue] = [hold.id for hold in holds.waiting(services, unasked=True)]
        if unasked:  # the task that then says so, `close`, fails: its asset events would be lost
            context["outlet_events"][HOLDS_OPENED].add(HOLDS, extra={"hold_ids": unasked})
        return shards
