"""The settings that make of the demo's Airflow one with CeleryExecutor: the same DAGs, the same code."""

from __future__ import annotations

import base64
import secrets

from sqlalchemy import URL

MACHINES_MODULE = "cluster_machine"
"""In Airflow's folder `config`, which is on its path: what stands for a machine tells its name."""
MACHINE_NAME = 'import os\n\n\ndef name() -> str:\n    return os.environ.get("CLUSTER_MACHINE", "elsewhere")\n'

HEARTBEATS_MISSED_S = 60
"""After so long a task of a dead worker is given to another. Airflow's default is 300, and would do as well."""


def cluster_settings(airflow: URL, broker: str, shards: int) -> dict[str, str]:
    """Environment variables that go before those of one machine."""
    sections = {
        "CORE": {
            "EXECUTOR": "CeleryExecutor",
            "PARALLELISM": "32",
            # All components need the same: with it they read the connections that are stored.
            "FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "HOSTNAME_CALLABLE": f"{MACHINES_MODULE}.name",
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": _url(airflow, "postgresql+psycopg2")},
        "CELERY": {
            "BROKER_URL": broker,
            "RESULT_BACKEND": "db+" + _url(airflow, "postgresql+psycopg2"),
        },
        "SCHEDULER": {
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEATS_MISSED_S),
            "TASK_INSTANCE_HEARTBEAT_SEC": "5",
        },
    }
    named = {
        f"AIRFLOW__{section}__{key}": value for section, values in sections.items() for key, value in values.items()
    }
    return named | {"CALSYNC_SHARDS": str(shards), "CALSYNC_DEPLOYMENT": "cluster"}


def _url(url: URL, driver: str) -> str:
    return url.set(drivername=driver).render_as_string(hide_password=False)
