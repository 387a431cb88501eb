"""Answers when something is not as it should be: a page that says what to do, or a fragment of it for htmx.

Who asks for no HTML, such as a monitor, gets FastAPI's own answers.
"""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from calsync_airflow.web.access import Forbidden
from calsync_airflow.web.airflow_side import SwitchedOff
from calsync_airflow.web.csrf import Foreign
from calsync_airflow.web.view import View
from include.calsync.errors import CalsyncError

SAID = {401: "signed_out", 403: "forbidden", 404: "not_found", 409: "changed", 429: "too_many"}
"""By status, what `error_part.html` says."""
log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Let the app answer so."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unclear)
    app.add_exception_handler(SQLAlchemyError, _unanswered)
    app.add_exception_handler(CalsyncError, _unanswered)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not _wants_html(request):
        return await http_exception_handler(request, error)
    if isinstance(error, SwitchedOff):
        return _answer(request, 409, "switched_off", dag=error.dag_id)
    if isinstance(error, Forbidden):
        return _answer(request, 403, "forbidden", permission=error.permission)
    what = "foreign" if isinstance(error, Foreign) else SAID.get(error.status_code, "wrong")
    return _answer(request, error.status_code, what)


async def _unclear(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not _wants_html(request):
        return await request_validation_exception_handler(request, error)
    return _answer(request, 422, "wrong")


def _unanswered(request: Request, error: Exception) -> Response:
    # What a driver says may hold the database's address.
    log.warning("The page could not be built: %s.", type(error).__name__)
    return _answer(request, 503, "unanswered")


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") or request.headers.get("hx-request") == "true"


def _answer(request: Request, status: int, what: str, *, permission: str = "", dag: str = "") -> Response:
    view = View(request, None)
    template = "error_part.html" if view.is_fragment else "error.html"
    return view.bare(template, status, what=what, permission=permission, dag=dag)
