"""The watchdog: look whether all goes on, and tell whom the accounts file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from calsync_airflow.alerts import tell
from calsync_airflow.services import open_services

if TYPE_CHECKING:
    from airflow.sdk import Context


class TellAlertsOperator(BaseOperator):
    """Finds what somebody is to be told of, and tells it. Asks no service, and changes no account."""

    def execute(self, context: Context) -> None:
        """Raises AirflowException if something could not be sent, SettingsError if the accounts file is wrong."""
        from calsync_airflow.metrics import emit
        from include.calsync.store.engine import migrate

        with open_services() as services:
            migrate(services.engine)
            emit(services)
            unsent_count = tell(services, context)
        if unsent_count:
            raise AirflowException(f"Correct what the log names: {unsent_count} alerts could not be sent.")
