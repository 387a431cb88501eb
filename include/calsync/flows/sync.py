"""One run, all its steps in their order.

Airflow's tasks are these steps, each in a process of its own; tests and scripts take them one after the other here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from include.calsync.flows.applying.apply import upsert_activities, upsert_events
from include.calsync.flows.closing.close import Summary, close
from include.calsync.flows.opening.open_run import open_run
from include.calsync.flows.planning.plan import plan
from include.calsync.flows.pulling.pull import pull_activities, pull_events
from include.calsync.flows.request import RunRequest

Do = Callable[..., Any]
"""Carries a step out: `do(step, *arguments)`, where the step takes the services first."""


def sync(request: RunRequest, do: Do, broken: Sequence[str] = ()) -> Summary:
    """Run all steps. `broken`: names of those that failed, as `do` finds them; the last step reads it.

    Returns: what `close` says, also of a run that must not be green.
    """
    run_id: str = do(open_run, request)
    shards: list[list[str]] = do(pull_activities, run_id, request.owner)
    for shard in shards:
        do(pull_events, run_id, shard, request.owner)
    at_work: list[list[str]] = do(plan, run_id, request.owner) or []
    for step in (upsert_events, upsert_activities):
        for shard in at_work:
            do(step, run_id, shard, request.owner)
    summary: Summary = do(close, run_id, request.owner, broken)
    return summary
