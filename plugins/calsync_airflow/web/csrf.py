"""Requests that change something come from the page itself, and from the person that it was shown to."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from fastapi import HTTPException, Request

HEADER = "X-Calsync-Form"
FIELD = "form_token"
SAFE = ("GET", "HEAD", "OPTIONS")
LASTS_HOURS = 24
"""As long as a login of Airflow: a form that was left open over lunch can still be sent."""


class Foreign(HTTPException):
    """The request did not come from a page that this person was shown."""

    def __init__(self) -> None:
        super().__init__(403, "This did not come from the calendar sync page. Reload the page and try again.")


def token(user_id: str, at: datetime) -> str:
    """What a form, or htmx by a header, sends along: made of the person, the hour, and Airflow's secret."""
    hour = at.astimezone(UTC).strftime("%Y%m%d%H")
    secret = conf.get_mandatory_value("api", "secret_key")
    return hmac.new(secret.encode(), f"calsync form\n{user_id}\n{hour}".encode(), hashlib.sha256).hexdigest()


def is_token(given: str, user_id: str, at: datetime) -> bool:
    """Whether it is one of this person's, of the last LASTS_HOURS."""
    known = [token(user_id, at - timedelta(hours=back)).encode() for back in range(LASTS_HOURS + 1)]
    return any(hmac.compare_digest(given.encode(), each) for each in known)


def is_same_origin(request: Request) -> bool:
    """By what browsers say, and pages can't change. Old ones say only `Origin`; who says nothing is no browser."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    hosts = {request.headers.get("host"), urlsplit(conf.get("api", "base_url", fallback="")).netloc}
    return bool(origin) and urlsplit(str(origin)).netloc in hosts - {"", None}


async def checked(request: Request, user: GetUserDep) -> None:
    """Before each route of the page. Raises Foreign."""
    if request.method in SAFE:
        return
    given = request.headers.get(HEADER) or str((await request.form()).get(FIELD, ""))
    if not (is_same_origin(request) and is_token(given, user.get_id(), datetime.now(UTC))):
        raise Foreign()
