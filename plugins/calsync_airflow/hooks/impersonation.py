"""Credentials that act as another service account, made by Airflow's Google provider.

A module of its own: importing the provider's base hook takes a second and more of CPU, in each task that does it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.google.common.hooks.base_google import GoogleBaseHook


class _Hook(GoogleBaseHook):
    def __init__(self, conn_id: str, scopes: list[str]) -> None:
        super().__init__(gcp_conn_id=conn_id)
        self._scopes = scopes

    @property
    def scopes(self) -> list[str]:
        return self._scopes


def impersonated(conn_id: str, scopes: list[str]) -> Any:
    """Return credentials along the connection's `impersonation_chain`. Raises what the provider raises."""
    return _Hook(conn_id, scopes).get_credentials()
