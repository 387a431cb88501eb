"""One run in a process of its own, for a test that kills it: `victim.py ARGUMENTS`, as `arguments` makes them."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from include.calsync.store.engine import create_store_engine
from tests.flows.world import World

FIRST_NUMBER = 1000
"""Of this process's runs; those of the test itself stay below."""


def arguments(world: World) -> str:
    """What another process must know of a world."""
    return json.dumps(
        {
            "pipedrive": world.sandbox.pipedrive.url,
            "google": world.sandbox.google.url,
            "key": world.google.service_account_key(),
            "tokens": world.tokens,
            "store_url": world.store_url,
            "folder": str(world.folder),
            "offset_s": world.offset.total_seconds(),
        }
    )


def seen_from_outside(known: dict[str, Any]) -> World:
    """The world with nothing but addresses and credentials: its services run in the process of the test."""
    world = World.__new__(World)
    urls = {name: SimpleNamespace(url=known[name]) for name in ("pipedrive", "google")}
    state: dict[str, Any] = {
        "sandbox": SimpleNamespace(**urls),
        "google": SimpleNamespace(service_account_key=lambda: known["key"]),
        "tokens": known["tokens"],
        "folder": Path(known["folder"]),
        "offset": timedelta(seconds=known["offset_s"]),
        "resend_after_s": 120.0,
        "engine": create_store_engine(known["store_url"]),
        "_numbers": itertools.count(FIRST_NUMBER),
        "_clients": {},
        "_begun": set(),
        "_passing": threading.Lock(),
        "accounts": [],
    }
    vars(world).update(state)
    return world


if __name__ == "__main__":
    seen_from_outside(json.loads(sys.argv[1])).sync()
