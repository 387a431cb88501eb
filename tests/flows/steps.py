"""One run, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from include.calsync.flows.applying.apply import upsert_activities, upsert_events
from include.calsync.flows.closing.close import Summary, close
from include.calsync.flows.opening.open_run import open_run
from include.calsync.flows.planning.plan import plan
from include.calsync.flows.pulling.pull import pull_activities, pull_events
from include.calsync.store.tables import run_account
from tests.flows.world import World


class Steps:
    """A run taken step by step."""

    def __init__(self, world: World, owner: str | None = None, **options: Any) -> None:
        self.world = world
        request = world.request(**options)
        self.owner = owner or request.owner
        self.services = world.services()
        self.id = open_run(self.services, request)

    def pull(self) -> Steps:
        self.shards = pull_activities(self.services, self.id, self.owner)
        for shard in self.shards:
            pull_events(self.services, self.id, shard, self.owner)
        return self

    def plan(self) -> Steps:
        plan(self.services, self.id, self.owner)
        return self

    def apply(self) -> Steps:
        for shard in self.shards:
            upsert_events(self.services, self.id, shard, self.owner)
            upsert_activities(self.services, self.id, shard, self.owner)
        return self

    def close(self, broken: Sequence[str] = ()) -> Summary:
        return close(self.services, self.id, self.owner, broken)

    def state(self) -> str:
        with self.world.engine.connect() as conn:
            query = select(run_account.c.state).where(run_account.c.run_id == self.id)
            return str(conn.execute(query).scalar_one())
