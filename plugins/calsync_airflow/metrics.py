"""Metrics through Airflow's own interface: to StatsD, Datadog or OpenTelemetry, as Airflow is configured."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from include.calsync.core.raw import Json
    from include.calsync.flows.services import Services

log = logging.getLogger(__name__)


def emit(services: Services, result: Json | None = None) -> None:
    """Say how the accounts are, and what the run of this result did. What goes wrong is logged, and fails nothing."""
    from include.calsync.flows import metrics

    try:
        for metric in [*metrics.of_state(services), *(metrics.of_run(result) if result else ())]:
            labels = dict(metric.labels)
            if not metric.adds:
                stats.gauge(metric.name, metric.value, tags=labels)
            elif metric.value:
                stats.incr(metric.name, int(metric.value), tags=labels)
    except Exception as error:  # noqa: BLE001 - the run itself is done
        log.error("Metrics could not be sent (%s).", type(error).__name__)
