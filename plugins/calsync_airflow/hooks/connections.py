"""Reading Airflow connections, strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowRuntimeError, ErrorType

from include.calsync.errors import AccountError

if TYPE_CHECKING:
    from airflow.sdk import Connection


class StrictHook(BaseHook):
    """A hook for which "not defined" means not defined, and which takes no extra that isn't a JSON object."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return the connection.

        Raises AirflowNotFoundException if it is proven absent, AirflowException if Airflow could not say, AccountError
        if its extra can't be used.
        """
        try:
            conn = super().get_connection(conn_id)
        except AirflowNotFoundException:
            _prove_absence(conn_id)
            raise
        _check_extra(conn_id, conn.extra)
        return conn


def _check_extra(conn_id: str, extra: object) -> None:
    """Raise AccountError unless the extra is a JSON object: for Airflow broken JSON is none, and a list an object."""
    try:
        usable = extra in (None, "") or isinstance(json.loads(extra), dict)  # type: ignore[arg-type]
    except (ValueError, TypeError, RecursionError):
        usable = False
    if not usable:
        raise AccountError(f'Connection {conn_id}: write the extra as a JSON object, like {{"delegate": true}}.')


def _prove_absence(conn_id: str) -> None:
    """Raise AirflowException unless Airflow's API server itself says that there is no such connection.

    Inside a task, Airflow 3.3 reports a failing API server as "not defined", too. Taken at its word, that would
    send a run to the default database instead of the configured one.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    comms = getattr(task_runner, "SUPERVISOR_COMMS", None)
    if comms is None:
        return
    try:
        answer = comms.send(GetConnection(conn_id=conn_id))
    except AirflowRuntimeError as error:
        answer = error.error
    if not (isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND):
        raise AirflowException(f"Airflow could not read connection {conn_id}. Try again when its API server answers.")


def text(extra: Mapping[str, Any], key: str) -> str:
    """Return an extra field as stripped text; "" if it is missing or null."""
    value = extra.get(key)
    return "" if value is None else str(value).strip()


def flag(extra: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """Return an extra field as a boolean; connections written as URIs hold it as text."""
    value = text(extra, key).lower()
    return default if value == "" else value not in ("false", "no", "off", "0")


def oauth_fields(extra: Mapping[str, Any], conn_id: str) -> tuple[str, str, str] | None:
    """Return (client_id, client_secret, refresh_token), or None if no refresh token is given.

    Raises AccountError that names the missing ones.
    """
    names = ("client_id", "client_secret", "refresh_token")
    values = [text(extra, name) for name in names]
    if not values[2]:
        return None
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise AccountError(f"Connection {conn_id}: fill in {' and '.join(missing)}, or remove refresh_token.")
    return values[0], values[1], values[2]
