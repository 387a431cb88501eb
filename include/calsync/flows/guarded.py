"""The guard over a plan: too many deletions or edits of one account are held until a person decides."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from include.calsync.core.decide import DESTRUCTIVE, Action
from include.calsync.core.guard import Limit, message
from include.calsync.flows.run import Run, RunAccount
from include.calsync.flows.services import Services
from include.calsync.store.tables import change_log
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)
WINDOW = timedelta(hours=24)


def limits_of(account: RunAccount) -> list[float]:
    """The account's limits, as stored with a hold."""
    settings = account.settings
    return [
        settings.max_delete_ratio,
        settings.max_delete_count,
        settings.max_change_ratio,
        settings.max_change_count,
    ]


def guard(services: Services, run: Run, rows: list[dict[str, Any]], link_counts: dict[int, int]) -> None:
    """Mark the rows over a limit as held, each with the hold that it belongs to."""
    for account in run.working():
        settings = account.settings
        mine = [row for row in rows if row["account_id"] == account.id and row["state"] == "planned"]
        groups = [
            (
                Limit("max_delete", settings.max_delete_ratio, settings.max_delete_count),
                "deletions",
                [row for row in mine if row["action"] in DESTRUCTIVE],
                [str(action) for action in DESTRUCTIVE],
                None,
            )
        ]
        if not account.settings_changed:
            limit = Limit("max_change", settings.max_change_ratio, settings.max_change_count)
            for changes, written, what in (
                ("activity_changes", "activities", "edits made in Google"),
                ("event_changes", "events", "edits made in Pipedrive"),
            ):
                edits = [row for row in mine if row["action"] == Action.MERGE and row["payload"].get(changes)]
                groups.append((limit, what, edits, [str(Action.MERGE)], written))
        for limit, what, candidates, actions, written in groups:
            recent = _recent_count(services, account.id, actions, written) if candidates else 0
            if candidates and limit.exceeded(len(candidates), recent, link_counts.get(account.id, 0)):
                _hold(account, limit, candidates, message(limit, what, len(candidates), recent, link_counts[account.id]))


def _hold(account: RunAccount, limit: Limit, rows: list[dict[str, Any]], text: str) -> None:
    hold = {"rule": limit.rule, "message": f"account {account.name}: {text}", "limits": limits_of(account)}
    log.error("%s", hold["message"])
    for row in rows:
        row["state"], row["hold"] = "held", hold
        row["payload"]["limits"] = limits_of(account)
    account.notices.append(str(hold["message"]))


def _recent_count(services: Services, account_id: int, actions: list[str], side: str | None) -> int:
    column = change_log.c
    query = (
        select(func.count())
        .select_from(change_log)
        .where(
            column.account_id == account_id,
            column.action.in_(actions),
            column.at > services.clock() - WINDOW,
        )
    )
    if side is not None:
        query = query.where(column.side == side)
    with reading(services.engine) as conn:
        return int(conn.execute(query).scalar_one())
