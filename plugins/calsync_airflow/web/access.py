"""Who may see what. Routes of a plugin are public unless each says otherwise; all of it is said here."""

from __future__ import annotations

import hmac
import os
from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user, requires_access_dag
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials

SYNC = "calendar_sync"
TOKEN = "CALSYNC_HEALTH_TOKEN"
HEADER = "X-Calsync-Token"

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]


async def _reader(request: Request, bearer: Bearer) -> BaseUser | None:
    """Airflow's user; None: a monitor with the token. Raises HTTPException (401, 403) for anybody else."""
    given = (request.headers.get(HEADER), bearer.credentials if bearer is not None else None)
    if any(_is_token(each) for each in given):
        return None
    return await get_user(request, None, bearer)


def _is_token(given: str | None) -> bool:
    """In a time that tells nothing. Without a token in the environment nothing is one."""
    wanted = os.environ.get(TOKEN, "").strip()
    return bool(wanted and given) and hmac.compare_digest(str(given).encode(), wanted.encode())


def reads_health(request: Request, reader: Annotated[BaseUser | None, Depends(_reader)]) -> None:
    """Monitors with the token, and who may see the sync's runs in Airflow. Raises HTTPException (403) for others."""
    if reader is not None:
        requires_access_dag("GET", DagAccessEntity.RUN, SYNC)(request, reader)
