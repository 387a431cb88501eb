"""Who may see and do what. Routes of a plugin are public unless each says otherwise; all of it is said here.

A route says `dependencies=[needs(Right.X)]`; a template asks `view.may("x")`. What a right is, Airflow decides
(`_CHECKS`), never the name of a role.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager, ResourceMethod
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, bearer_scheme, get_user, requires_access_dag
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials

SYNC, RECONCILE, UPLOAD = "calendar_sync", "calendar_reconcile", "upload_unsynced_activities"
APPROVE, UNDO = "approve_held_changes", "undo_sync_run"
TOKEN = "CALSYNC_HEALTH_TOKEN"
HEADER = "X-Calsync-Token"

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)]


# The page.


class Right(StrEnum):
    """What a person may do on the page."""

    LOOK = "look"
    """See states and counts. Whoever may do anything else may do this, too: all pages ask for it."""
    CONTENTS = "contents"
    """Read what people typed: subjects and values. Those of one's own account may always be read: `is_own`."""
    SYNC = "sync"
    UPLOAD = "upload"
    DECIDE = "decide"
    UNDO = "undo"
    SETTINGS = "settings"
    CONNECT = "connect"


Check = Callable[[BaseAuthManager[Any], BaseUser], bool]


def _dag(method: ResourceMethod, dag_id: str, entity: DagAccessEntity = DagAccessEntity.RUN) -> Check:
    def allowed(manager: BaseAuthManager[Any], user: BaseUser) -> bool:
        team = DagModel.get_team_name(dag_id) if conf.getboolean("core", "multi_team", fallback=False) else None
        details = DagDetails(id=dag_id, team_name=team)
        return manager.is_authorized_dag(method=method, access_entity=entity, details=details, user=user)

    return allowed


def _variables(manager: BaseAuthManager[Any], user: BaseUser) -> bool:
    return manager.is_authorized_variable(method="PUT", user=user)


def _connections(manager: BaseAuthManager[Any], user: BaseUser) -> bool:
    return all(manager.is_authorized_connection(method=method, user=user) for method in ("POST", "PUT"))


_CHECKS: dict[Right, tuple[Check, str]] = {
    Right.LOOK: (_dag("GET", SYNC), f"can read on DAG Runs, {SYNC}"),
    Right.CONTENTS: (_dag("POST", SYNC), f"can create on DAG Runs, {SYNC}"),
    Right.SYNC: (_dag("POST", SYNC), f"can create on DAG Runs, {SYNC}"),
    Right.UPLOAD: (_dag("POST", UPLOAD), f"can create on DAG Runs, {UPLOAD}"),
    Right.DECIDE: (_dag("PUT", APPROVE, DagAccessEntity.HITL_DETAIL), f"can edit on HITL Detail, {APPROVE}"),
    Right.UNDO: (_dag("POST", UNDO), f"can create on DAG Runs, {UNDO}"),
    Right.SETTINGS: (_variables, "can edit on Variables"),
    Right.CONNECT: (_connections, "can create on Connections, can edit on Connections"),
}
"""By right: what Airflow is asked, and how Airflow calls that permission."""


class Forbidden(HTTPException):
    """A right is missing: 403, with the Airflow permission that it takes."""

    def __init__(self, right: Right) -> None:
        self.permission = _CHECKS[right][1]
        super().__init__(403, self.permission)


def may(user: BaseUser, right: Right) -> bool:
    """Whether Airflow lets this person do it."""
    return _CHECKS[right][0](get_auth_manager(), user)


def rights_of(user: BaseUser) -> frozenset[Right]:
    """All that this person may do."""
    return frozenset(right for right in Right if may(user, right))


def is_own(user: BaseUser, google_user: str) -> bool:
    """Whether the account of this Google user is this person's: by name or e-mail in Airflow."""
    names = user.get_id(), user.get_name(), getattr(user, "username", None), getattr(user, "email", None)
    return google_user.lower() in {str(name).lower() for name in names if name}


def needs(right: Right) -> Any:
    """The dependency that a route states: who lacks the right gets 403, who is not logged in 401."""
    return Depends(_GUARDS[right])


def _guard(right: Right) -> Callable[[BaseUser], None]:
    def guard(user: GetUserDep) -> None:
        if not may(user, right):
            raise Forbidden(right)

    return guard


def everybody() -> None:
    """For what holds nothing of anybody: the page's own scripts and styles."""


_GUARDS = {right: _guard(right) for right in Right}


# The health address.


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


GUARDS: frozenset[Callable[..., Any]] = frozenset({*_GUARDS.values(), everybody, reads_health})
"""One of these stands before each route (a test walks them)."""
