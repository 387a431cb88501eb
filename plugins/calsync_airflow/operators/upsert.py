"""Apply: carry the plan out, one operator per side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from calsync_airflow.asked import lease_owner_of
from calsync_airflow.operators import ShardOperator
from calsync_airflow.services import open_services

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.calsync.flows.services import Services


class _UpsertOperator(ShardOperator):
    def execute(self, context: Context) -> dict[str, Any]:
        """Return counts. A dry run skips the task."""
        if context["params"]["dry_run"]:
            raise AirflowSkipException("Dry run: the plan is in the log of the task before; nothing is written.")
        with open_services() as services:
            return self.upsert(services, lease_owner_of(context))

    def upsert(self, services: Services, owner: str) -> dict[str, Any]:
        raise NotImplementedError


class UpsertEventsOperator(_UpsertOperator):
    """Writes one shard's planned changes to Google Calendar.

    :param sync_run_id: the run
    :param shard: names of the accounts
    """

    def upsert(self, services: Services, owner: str) -> dict[str, Any]:
        """Return counts."""
        from include.calsync.flows.applying.apply import upsert_events

        return upsert_events(services, self.sync_run_id, self.shard, owner)


class UpsertActivitiesOperator(_UpsertOperator):
    """Writes one shard's planned changes to Pipedrive.

    :param sync_run_id: the run
    :param shard: names of the accounts
    """

    def upsert(self, services: Services, owner: str) -> dict[str, Any]:
        """Return counts."""
        from include.calsync.flows.applying.apply import upsert_activities

        return upsert_activities(services, self.sync_run_id, self.shard, owner)
