"""One of several processes at one database: `worker.py COMMAND URL JSON-ARGUMENTS`.

Prints "ready", waits for a line, runs the command, prints its result as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from include.calsync.errors import AccountBusy
from include.calsync.store import schema
from include.calsync.store.engine import create_store_engine, migrate
from include.calsync.store.leases import Leases
from include.calsync.store.limits import StoreLimiter


class _Clock:
    """The machine's clock; remembers what it said last."""

    seen = datetime.now(UTC)

    def __call__(self) -> datetime:
        self.seen = datetime.now(UTC)
        return self.seen


def run_migrate(engine: Engine) -> None:
    migrate(engine)


def die_in_migration(engine: Engine) -> None:
    with schema._exclusive(engine) as connection:
        schema._upgrade(connection)
        assert connection.execute(text("SELECT count(*) FROM link")).scalar() == 0
        os.kill(os.getpid(), signal.SIGKILL)


def acquire(engine: Engine, account_id: int, owner: str) -> int | None:
    try:
        return Leases(engine, _Clock()).acquire(account_id, owner)
    except AccountBusy:
        return None


def permits(engine: Engine, key: str, per_second: float, count: int) -> list[float]:
    clock = _Clock()
    limiter = StoreLimiter(engine, clock, time.sleep)
    given = []
    for _ in range(count):
        limiter.acquire({key: per_second})
        given.append(clock.seen.timestamp())
    return given


def spend(engine: Engine, key: str, times: int) -> None:
    limiter = StoreLimiter(engine, _Clock(), time.sleep)
    for _ in range(times):
        limiter.spend(key, 2, None)


COMMANDS = {f.__name__: f for f in (run_migrate, die_in_migration, acquire, permits, spend)}


def main() -> None:
    command, url, arguments = sys.argv[1:]
    values: list[Any] = json.loads(arguments)
    _say("ready")
    sys.stdin.readline()
    _say(json.dumps(COMMANDS[command](create_store_engine(url), *values)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
