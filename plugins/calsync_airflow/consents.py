"""Consent and Airflow: where the OAuth app stands, the key for secrets, and the connection that is written.

For Airflow's API server, which may write connections; tasks may not.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.session import create_session
from sqlalchemy import select

from calsync_airflow.hooks.connections import StrictHook, text
from calsync_airflow.hooks.google_calendar import GoogleCalendarHook
from calsync_airflow.hooks.pipedrive import PipedriveHook
from calsync_airflow.hooks.tokens import decrypt, encrypt
from include.calsync.clients.oauth import App, google_app, pipedrive_app
from include.calsync.core.consents import GOOGLE
from include.calsync.errors import AccountError
from include.calsync.flows.consent import Connected, Consents
from include.calsync.flows.services import utc_now

if TYPE_CHECKING:
    from sqlalchemy import Engine

APP_CONNECTIONS = {"google": GoogleCalendarHook.default_conn_name, "pipedrive": PipedriveHook.default_conn_name}
# Our names of the service's addresses -> where the connection has others than the service's own.
GOOGLE_ADDRESSES = {"page_url": "auth_uri", "token_url": "token_uri", "api_url": "api_endpoint"}
PIPEDRIVE_ADDRESSES = {"page_url": "authorize_url", "token_url": "token_url"}


def consents(engine: Engine) -> Consents:
    """Return the links of this store, their secrets encrypted with Airflow's key."""
    return Consents(engine, clock=utc_now, encrypt=encrypt, decrypt=decrypt)


def app_of(service: str, conn_id: str | None = None) -> App:
    """Return the OAuth app that a connection names, the service's default one if none is given.

    Raises AccountError that says what to fill in.
    """
    conn_id = conn_id or APP_CONNECTIONS[service]
    try:
        extra = StrictHook.get_connection(conn_id).extra_dejson
    except AirflowNotFoundException:
        extra = {}
    client_id, client_secret = text(extra, "client_id"), text(extra, "client_secret")
    if not client_id or not client_secret:
        raise AccountError(f"Connection {conn_id}: fill in client_id and client_secret of your OAuth app.")
    names = GOOGLE_ADDRESSES if service == GOOGLE else PIPEDRIVE_ADDRESSES
    given = {ours: text(extra, theirs).rstrip("/") for ours, theirs in names.items()}
    addresses = {ours: address for ours, address in given.items() if address}
    return (google_app if service == GOOGLE else pipedrive_app)(client_id, client_secret, **addresses)


def connection_of(service: str, account: str | None) -> str:
    """Return the id of the connection that a consent makes: one per account at Google, the company's at Pipedrive."""
    return f"calsync_google_{account}" if service == GOOGLE else APP_CONNECTIONS[service]


def save(found: Connected) -> None:
    """Write the connection into Airflow's database, over what a former consent left there.

    Raises AccountError for one that the environment defines: that goes before the database's.
    """
    conn_id = connection_of(found.attempt.service, found.attempt.account)
    if (variable := f"AIRFLOW_CONN_{conn_id.upper()}") in os.environ:
        raise AccountError(f"Remove {variable} from the environment: it goes before what is written here.")
    with create_session() as session:
        known = session.scalars(select(Connection).where(Connection.conn_id == conn_id)).one_or_none()
        kept: dict[str, Any] = {}
        if known is not None:
            kept = {name: getattr(known, name) for name in ("description", "login", "schema", "port")}
            kept |= {"host": known.host, "extra": known.extra_dejson}
            # Made anew: Airflow takes no password away, and the API token in it is not used any more.
            session.delete(known)
            session.flush()
        kept |= {"host": found.host or kept.get("host"), "extra": {**kept.get("extra", {}), **found.extra}}
        session.add(Connection(conn_id=conn_id, conn_type=found.conn_type, **kept))
