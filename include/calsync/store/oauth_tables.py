"""The tables of consents: links to consent pages, and tokens that processes share. No secret in them is readable."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from include.calsync.store.metadata import metadata, one_of
from include.calsync.store.types import Identifier, Prose, UtcDateTime

oauth_attempt = Table(
    "oauth_attempt",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", String(20), nullable=False),
    Column("account", Identifier(200), comment="by name: it may not be stored yet; none: of the company"),
    Column("person", Identifier(320), nullable=False, comment="who has to consent; empty: whoever does"),
    Column("asked_by", Identifier(320), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("ticket_digest", String(64), nullable=False, unique=True),
    Column("state_digest", String(64), unique=True, comment="taken once"),
    Column("browser_digest", String(64)),
    Column("verifier", Prose(), comment="encrypted"),
    Column("used_at", UtcDateTime),
    Column("error", Prose()),
    one_of("service", "google", "pipedrive"),
    comment="links to consent pages; dropped a day after they expired",
)

oauth_token = Table(
    "oauth_token",
    metadata,
    Column("key", String(64), primary_key=True, comment="of the client and the refresh token that the consent gave"),
    Column("access_token", Prose(), comment="encrypted"),
    Column("refresh_token", Prose(), comment="encrypted; the one that the service gave last"),
    Column("expires_at", UtcDateTime),
    Column("renewing_until", UtcDateTime, comment="somebody asks the service for another one"),
    comment="tasks can't write into Airflow's connections, and a service may replace its refresh token at each use",
)
