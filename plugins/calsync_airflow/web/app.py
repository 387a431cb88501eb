"""The web application that Airflow's API server mounts under `/calsync`."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from calsync_airflow.web import assets, csrf, errors, headers, health
from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.routes import (
    account,
    account_edit,
    account_life,
    account_review,
    accounts,
    aside,
    connect,
    consent,
    history,
    holds,
    items,
    upload,
    welcome,
)

SCREENS = (
    *(welcome.router, accounts.router, account.router, account_edit.router, account_review.router),
    *(account_life.router, upload.router, items.router),
    *(history.router, aside.router, holds.router, connect.router, consent.router),
)
"""Each asks for the right to look, and for a form's token where it changes something, whatever its routes ask for."""


def create_app() -> FastAPI:
    """The application with all its routes."""
    made = FastAPI(title="calsync", docs_url=None, redoc_url=None, openapi_url=None)
    made.include_router(health.router)
    made.include_router(assets.router)
    page = APIRouter(dependencies=[needs(Right.LOOK), Depends(csrf.checked)])
    for router in SCREENS:
        page.include_router(router)
    made.include_router(page)
    errors.add_handlers(made)
    made.add_middleware(headers.SafeHeaders)
    return made


app = create_app()
