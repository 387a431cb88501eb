"""The few calls of Airflow's REST API that the demo makes, as anybody's script would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT_S = 120.0


class Airflow:
    """A logged-in session. `url` has no slash at its end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the outside world is none for loopback

    def health(self) -> dict[str, str]:
        """State by component; empty while the server does not answer."""
        try:
            answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=5)
            return {name: str(part["status"]) for name, part in answer.json().items()}
        except (requests.RequestException, ValueError):
            return {}

    def login(self, user: str, password: str) -> None:
        answer = self._session.post(
            f"{self.url}/auth/token", json={"username": user, "password": password}, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def connect(self, conn_id: str, fields: Mapping[str, Any]) -> None:
        """Store a connection. Port 0: the UI's Test button sends it for none, and Airflow 3.3 compares the two."""
        extra = json.dumps(fields["extra"]) if "extra" in fields else None
        self._call("POST", "/connections", {"connection_id": conn_id, "port": 0, **fields, "extra": extra})

    def dag_ids(self) -> set[str]:
        return {str(dag["dag_id"]) for dag in self._call("GET", "/dags")["dags"]}

    def import_errors(self) -> list[str]:
        return [
            f"{each['filename']}: {each['stack_trace']}" for each in self._call("GET", "/importErrors")["import_errors"]
        ]

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run; returns its id."""
        return str(self._call("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def first_run(self, dag_id: str) -> str | None:
        """Id of the DAG's earliest run."""
        runs = self._call("GET", f"/dags/{dag_id}/dagRuns?order_by=run_after&limit=1")["dag_runs"]
        return str(runs[0]["dag_run_id"]) if runs else None

    def state(self, dag_id: str, run_id: str) -> str:
        return str(self.run(dag_id, run_id)["state"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """The run as Airflow describes it: `state`, `queued_at`, `end_date`, …"""
        return dict(self._call("GET", _run(dag_id, run_id)))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        answer = self._call("GET", f"{_run(dag_id, run_id)}/taskInstances")
        return sorted(answer["task_instances"], key=lambda task: (task["start_date"] or "9", task["map_index"]))

    def tries(self, dag_id: str, run_id: str, task: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All tries of one of the tasks that `tasks` returns."""
        index = "" if task["map_index"] < 0 else f"/{task['map_index']}"
        path = f"{_run(dag_id, run_id)}/taskInstances/{task['task_id']}{index}/tries"
        return list(self._call("GET", path)["task_instances"])

    def result(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """What task `close` returned; empty if it returned nothing."""
        path = f"{_run(dag_id, run_id)}/taskInstances/close/xcomEntries/return_value"
        answer = self._session.get(f"{self.url}/api/v2{path}", timeout=TIMEOUT_S)
        return dict(answer.json()["value"]) if answer.ok else {}

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/api/v2{path}", json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
