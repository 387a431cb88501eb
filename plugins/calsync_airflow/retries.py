"""Which errors a task try may be repeated after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from include.calsync.errors import AccountBusy, BudgetExhausted, CredentialRefused, FatalError, LeaseLost, SettingsError

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[SettingsError, CredentialRefused, FatalError],
            action=RetryAction.FAIL,
            reason="A person has to correct something first.",
        ),
        RetryRule(exception=BudgetExhausted, action=RetryAction.FAIL, reason="Nothing may be sent for hours."),
        RetryRule(exception=LeaseLost, action=RetryAction.FAIL, reason="Another try took over."),
        RetryRule(
            exception=AccountBusy,
            action=RetryAction.RETRY,
            reason="In use by another run, or a service asked to wait.",
        ),
    ]
)

# Everything else (store or Airflow not reachable, a worker that died) may pass.
DEFAULT_ARGS: dict[str, Any] = {
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": RETRY_POLICY,
}
