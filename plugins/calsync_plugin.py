"""calsync's plugin for Airflow."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from calsync_airflow import run_events, run_notes


class CalsyncPlugin(AirflowPlugin):
    """Writes the notes of our runs, says that they are over, and answers under `/calsync`: page and health address."""

    name = "calsync"
    listeners = [run_notes, run_events]  # noqa: RUF012 - as Airflow declares it
    external_views = [  # noqa: RUF012
        # Inside Airflow's frame. Longer names are cut.
        {"name": "Calendar", "href": "calsync/", "url_route": "calsync", "nav_top_level": True},
        # Without a route it is a plain link: the page opens unframed, in a new tab.
        {"name": "Calendar (own tab)", "href": "calsync/", "category": "browse"},
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The web application. Only who asks for it, which is the API server, loads its code."""
        from calsync_airflow.web.app import app

        return [{"name": "calsync", "app": app, "url_prefix": "/calsync"}]
