"""How deletions in Pipedrive are found: there is no feed of them, so linked ids are asked for in rotation.

Absence from a listing only raises the question; a direct GET answers it. A 404 counts as a deletion if two runs in
a row see it while the credential's rights are the same: lost visibility looks alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.errors import NotFound
from include.calsync.flows.run import Run
from include.calsync.flows.services import Services
from include.calsync.store import mapping
from include.calsync.store.leases import check_fence

PROBE_SIZE = 100  # ids that one request of GET /api/v2/activities?ids= takes
SUSPECTS_PER_RUN = 25
UPCOMING = timedelta(days=1)


@dataclass
class Found:
    """What became of the ids that were asked for."""

    alive: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)


def probe(
    services: Services,
    run: Run,
    client: PipedriveClient,
    links: list[Row[Any]],
    seen: set[int],
    fences: Mapping[int, int | None],
) -> Found:
    """Ask for the links whose turn it is, and follow up those that are missing."""
    active = [link for link in links if link.state == "active"]
    chosen = _turn(active, services.clock())
    alive = client.activities_by_ids([link.activity_id for link in chosen]) if chosen else []
    present = {int(raw["id"]) for raw in alive} | seen
    found = Found(alive=[raw for raw in alive if int(raw["id"]) not in seen])
    suspects = [link for link in active if link.missing_since_run and link.activity_id not in present]
    doubted = {link.id for link in suspects}
    suspects += [link for link in chosen if link.activity_id not in present and link.id not in doubted]
    changes: dict[int, dict[str, Any]] = {link.id: {"probed_at": services.clock()} for link in chosen}
    cleared = [link for link in active if link.missing_since_run and link.activity_id in present]
    for link in cleared:
        changes.setdefault(link.id, {}).update(missing_since_run=None, missing_rights=None)
    if suspects:
        _follow_up(client, run, suspects[:SUSPECTS_PER_RUN], found, changes)
    if not run.request.dry_run:
        _remember(services, {link.id: link.account_id for link in active}, changes, fences)
    return found


def _turn(links: list[Row[Any]], now: datetime) -> list[Row[Any]]:
    """Upcoming ones first, longest unasked first, then soonest due; what room is left goes to past ones."""
    far = datetime(9999, 1, 1, tzinfo=UTC)
    never = datetime(1, 1, 1, tzinfo=UTC)

    def turn(link: Row[Any]) -> tuple[bool, datetime, datetime]:
        past = link.due_at is not None and link.due_at < now - UPCOMING
        return past, link.probed_at or never, link.due_at or far

    return sorted(links, key=turn)[:PROBE_SIZE]


def _follow_up(
    client: PipedriveClient, run: Run, suspects: list[Row[Any]], found: Found, changes: dict[int, dict[str, Any]]
) -> None:
    rights = _rights(client)
    for link in suspects:
        change = changes.setdefault(link.id, {})
        try:
            raw = client.activity(link.activity_id)
        except NotFound:
            if link.missing_since_run not in (None, run.id) and link.missing_rights == rights:
                found.deleted.append(link.activity_id)
            elif link.missing_rights != rights:
                change.update(missing_since_run=run.id, missing_rights=rights)
            continue
        change.update(missing_since_run=None, missing_rights=None)
        if raw.get("is_deleted"):
            found.deleted.append(link.activity_id)
        else:
            found.alive.append(raw)


def _rights(client: PipedriveClient) -> str:
    me = client.me()
    text = json.dumps([me.get(key) for key in ("id", "company_id", "role_id", "access", "is_admin")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _remember(
    services: Services,
    accounts: Mapping[int, int],
    changes: dict[int, dict[str, Any]],
    fences: Mapping[int, int | None],
) -> None:
    with services.engine.begin() as conn:
        for account_id in {accounts[link_id] for link_id in changes}:
            fence = fences.get(account_id)
            if fence is not None:
                check_fence(conn, account_id, fence)
        for link_id, values in changes.items():
            if values:
                mapping.set_link(conn, link_id, **values)
