"""Metrics: how the accounts are, and what a run did, as numbers. Labels are names of accounts, never texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from include.calsync.core.raw import Json
from include.calsync.flows.services import Services
from include.calsync.store import alerts, holds
from include.calsync.store.budgets import budget_of
from include.calsync.store.transaction import reading

SIDES = ("activities", "events")
WRITTEN = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Metric:
    """One number. `adds`: it counts up; else it is how things are now."""

    name: str
    value: float
    labels: Mapping[str, str]
    adds: bool = False


def of_state(services: Services) -> list[Metric]:
    """How the accounts that are not paused are now, and what is left of the day's tokens. No service is asked."""
    now = services.clock()
    with reading(services.engine) as conn:
        accounts = alerts.healths(conn)
        held = Counter(hold.account_id for hold in holds.open_holds(conn))
        keys = alerts.budget_keys(conn, now - timedelta(days=1))
    found = []
    for account in accounts:
        values: dict[str, float] = {
            "failed": account.state == "failed",
            "holds": held[account.id],
            "quarantine": account.quarantined_count,
        }
        if account.succeeded_at is not None:
            values["lag_s"] = (now - account.succeeded_at).total_seconds()
        labels = {"account": account.name}
        found += [Metric(f"calsync.account.{name}", float(value), labels) for name, value in values.items()]
    for key in keys:
        left = budget_of(services.engine, key, now).remaining
        if left is not None:
            found.append(Metric("calsync.tokens_left", left, {"budget": key.replace(":", "_")}))
    return found


def of_run(result: Json) -> Iterator[Metric]:
    """What a run did, from its result."""
    for account, did in result["accounts"].items():
        for side in SIDES:
            labels = {"account": account, "side": side}
            yield Metric("calsync.account.items", did[side]["listed"], labels, adds=True)
            for what in WRITTEN:
                yield Metric("calsync.account.writes", did[side][what], {**labels, "what": what}, adds=True)
    for service, count in result["api_requests"].items():
        yield Metric("calsync.requests", count, {"service": service}, adds=True)
    yield Metric("calsync.tokens", result["pipedrive_tokens"], {}, adds=True)
