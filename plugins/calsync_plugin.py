"""calsync's plugin for Airflow."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from calsync_airflow import run_notes


class CalsyncPlugin(AirflowPlugin):
    """Writes the notes of our runs."""

    name = "calsync"
    listeners = [run_notes]  # noqa: RUF012 - as Airflow declares it
