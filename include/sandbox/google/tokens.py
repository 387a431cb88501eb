"""Sync tokens and page tokens: opaque to clients, rows of a table here. Source: guide "Synchronize resources
efficiently"."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.sandbox.google.errors import GoogleError, invalid
from include.sandbox.google.options import Options

FORBIDDEN_WITH_SYNC_TOKEN = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin",
                             "timeMax", "updatedMin")  # fmt: skip
SAME_WITH_SYNC_TOKEN = ("singleEvents", "eventTypes", "maxAttendees", "showHiddenInvitations", "timeZone")
"""Parameters that must be those of the first request ("undefined behaviour" otherwise; refused here)."""
FREE_BETWEEN_PAGES = (
    "pageToken",
    "maxResults",
    "prettyPrint",
    "quotaUser",
    "fields",
    "alt",
    "key",
    "userIp",
    "oauth_token",
)

Shape = tuple[Any, ...]


@dataclass(frozen=True)
class SyncToken:
    resource: str
    """A calendar's id, or ``calendarList``."""
    email: str
    shape: Shape
    change: int
    """The last change that the client has been shown."""
    made: datetime


@dataclass(frozen=True)
class PageToken:
    resource: str
    email: str
    shape: Shape
    key: int
    """Where the next page goes on: the place of an event …"""
    done_count: int
    """… of which so many rows were already shown."""
    snapshot: int
    """The last change when the listing began: what its sync token will stand for."""


class Tokens:
    def __init__(self, options: Callable[[], Options], now: Callable[[], datetime]) -> None:
        self._options = options
        self._now = now
        self._sync: dict[str, SyncToken] = {}
        self._pages: dict[str, PageToken] = {}

    def new_sync(self, resource: str, email: str, shape: Shape, change: int) -> str:
        name = f"C{secrets.token_urlsafe(18)}="
        self._sync[name] = SyncToken(resource, email, shape, change, self._now())
        return name

    def sync(self, name: str, resource: str, email: str, shape: Shape) -> SyncToken:
        """Raises GoogleError 410 ``fullSyncRequired`` (expired or unknown), 400 (of something else)."""
        token = self._sync.get(name)
        days = self._options().sync_token_days
        if token is None or (days is not None and self._now() - token.made > timedelta(days=days)):
            raise GoogleError(410, "fullSyncRequired")
        if (token.resource, token.email, token.shape) != (resource, email, shape):
            if self._options().foreign_sync_token_status == 410:
                raise GoogleError(410, "fullSyncRequired")
            raise invalid("Invalid sync token value.", location="syncToken")
        return token

    def expire(self, resource: str | None = None, email: str | None = None) -> None:
        """Forgets sync tokens: those of one calendar, of one user, or all."""
        gone = [
            name
            for name, token in self._sync.items()
            if resource in (None, token.resource) and email in (None, token.email)
        ]
        for name in gone:
            del self._sync[name]

    def new_page(self, token: PageToken) -> str:
        name = f"P{secrets.token_urlsafe(18)}="
        self._pages[name] = token
        return name

    def page(self, name: str, resource: str, email: str, shape: Shape) -> PageToken:
        """Raises GoogleError 400 for an unknown token, and for one of a listing with other parameters."""
        token = self._pages.get(name)
        if token is None or (token.resource, token.email, token.shape) != (resource, email, shape):
            raise invalid("Invalid page token value.", location="pageToken")
        return token


def check_sync_request(params: dict[str, Any], forbidden: tuple[str, ...], never_false: tuple[str, ...]) -> None:
    """What may not be sent beside ``syncToken``. Raises GoogleError 400."""
    for name in forbidden:
        if name in params:
            raise invalid(f"Sync token cannot be used with {name}.", location=name)
    for name in never_false:
        if params.get(name) is False:
            raise invalid(f"Sync token cannot be used with {name}=false.", location=name)


def listing_shape(params: dict[str, Any]) -> Shape:
    """What must not change between the pages of one listing."""
    return tuple(sorted((name, value) for name, value in params.items() if name not in FREE_BETWEEN_PAGES))


def sync_shape(params: dict[str, Any]) -> Shape:
    """What must not change between a first listing and its incremental ones; a flag left out is false."""
    return tuple(params.get(name) or None for name in SAME_WITH_SYNC_TOKEN)
