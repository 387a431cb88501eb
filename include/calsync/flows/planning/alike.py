"""Pairs that are linked because they look the same, and that another sync may have made: they are named."""

from __future__ import annotations

from collections.abc import Iterable

from include.calsync.core.decide import Action
from include.calsync.core.model import ActivityView
from include.calsync.core.planning.rule import Reason
from include.calsync.core.run_records import NewRow
from include.calsync.core.twins import is_made_of
from include.calsync.flows.planning.creations import created_at
from include.calsync.flows.run_account import RunAccount

NAMED_COUNT = 5


def tell(accounts: Iterable[RunAccount], rows: Iterable[NewRow]) -> None:
    """Name the pairs of the plan that are linked for their looks, and whose items came within minutes of each other."""
    found = [
        row for row in rows if row.action == Action.ADOPT and row.reason == Reason.LOOKS_THE_SAME and _is_made(row)
    ]
    for account in accounts:
        mine = [row for row in found if row.account_id == account.id]
        if not mine:
            continue
        pairs = [f"activity {row.activity_id} and event {row.event_id}" for row in mine[:NAMED_COUNT]]
        more = f", and {len(mine) - NAMED_COUNT} more" if len(mine) > NAMED_COUNT else ""
        account.notices.append(
            f"account {account.name}: switch other syncs of this calendar off, maybe Pipedrive's own calendar sync. "
            f"{_some(len(mine))} linked because both items look the same, and one of them seems to be made by another "
            f"app: they were created within minutes of each other. Linked: {', '.join(pairs)}{more}."
        )


def _some(count: int) -> str:
    return "1 pair was" if count == 1 else f"{count} pairs were"


def _is_made(row: NewRow) -> bool:
    payload = row.payload
    activity_at = created_at(payload["activity_raw"], "add_time", "update_time", payload["activity_stamp"])
    event_at = created_at(payload["event_raw"], "created", "updated", payload["event_stamp"])
    if activity_at is None or event_at is None:
        return False
    return is_made_of(activity_at, event_at, bare=not any(ActivityView.from_json(payload["activity"]).refs))
