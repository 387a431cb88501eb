"""The web application that Airflow's API server mounts under `/calsync`."""

from __future__ import annotations

from fastapi import FastAPI

from calsync_airflow.web import health

app = FastAPI(title="calsync", docs_url=None, redoc_url=None, openapi_url=None)
app.include_router(health.router)
