"""Links to Pipedrive's pages: where they lead, and which are pasted into a text."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from urllib.parse import urlsplit

_LINK = re.compile(
    r"https?://(?P<host>[a-z0-9.:-]+)/(?:(?P<kind>deal|person|organization)/(?P<id>[1-9][0-9]{0,17})"
    r"|leads/inbox/(?P<lead>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))(?![\w-])",
    re.ASCII | re.IGNORECASE,
)


def pasted(text: str, hosts: Collection[str]) -> dict[str, str]:
    """The first deal, lead, person and organization whose page on one of `hosts` is linked: kind to id."""
    found: dict[str, str] = {}
    for link in _LINK.finditer(html.unescape(text)):
        if link["host"].lower() in hosts:
            found.setdefault((link["kind"] or "lead").lower(), link["id"] or link["lead"].lower())
    return found


API_HOST = "api.pipedrive.com"
"""Answers for every company, and opens no page."""


def site(base_url: str, domain: str) -> str:
    """Where people open a company's pages; "" if that is not known. `domain`: `company_domain` of GET /users/me."""
    base = base_url.strip().rstrip("/")
    host = (urlsplit(base).hostname or "").lower()
    if host.endswith(".pipedrive.com") and domain:
        return f"https://{domain.lower()}.pipedrive.com"
    return "" if host == API_HOST else base


def hosts_of(base_url: str, domain: str) -> set[str]:
    """Where a company's pages are: at the address it is asked at, and at its own."""
    own = {f"{domain.lower()}.pipedrive.com"} if domain else set()
    return own | ({base_url.partition("://")[2].partition("/")[0].lower()} - {API_HOST})
