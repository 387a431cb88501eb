"""Whole syncs of the peers: the same linked meetings on both sides, of which nothing or one in a hundred was edited.

    python -m tests.checks.peers.whole vdirsyncer compared 100000 FOLDER

Cases: `known` (vdirsyncer only): all etags are those of the last sync, so nothing is read; `compared`: all of both
sides is read, hashed and compared; `changed`: one in a hundred was edited on the first side, and is written to the
second. `prepared` makes in FOLDER what the last sync remembered. The outcome is how many items were written.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.checks.peers.items import calendar, edition, line
from tests.checks.peers.measured import measured, tell

Prepare = Callable[[str, int, Path], Callable[[], int]]


def vdirsyncer(case: str, count: int, folder: Path) -> Callable[[], int]:
    """Its `sync` with two of its own memory storages, and its status in SQLite on disk. The texts are in memory."""
    from vdirsyncer.storage.memory import MemoryStorage
    from vdirsyncer.sync import sync
    from vdirsyncer.sync.status import SqliteStatus
    from vdirsyncer.vobject import Item

    def storage(side: str) -> Any:
        made: Any = MemoryStorage()
        made.instance_name = side
        for number in range(count):
            edited = edition(number, case) if side == "first" else 0
            etag = f"{number}-{edited}" + ("-lost" if case == "compared" else "")
            made.items[f"item{number:08d}"] = (etag, Item(calendar(number, edited)))
        return made

    first, second, status = storage("first"), storage("second"), folder / "vdirsyncer.db"
    if case != "prepared":
        status = Path(shutil.copy(status, folder / f"{case}.db"))

    def work() -> int:
        state = SqliteStatus(str(status))
        asyncio.run(sync(first, second, state))
        state.close()
        return sum("-" not in etag for etag, _ in second.items.values())  # the storage gives etags of its own

    return work


def item_synchronizer(case: str, count: int, folder: Path) -> Callable[[], int]:
    """Its `Synchronizer`. What changed it is told by its caller, so reading and hashing both sides is written here."""
    from bidict import bidict
    from bubop import logger
    from item_synchronizer import AlwaysFirstRS, Synchronizer
    from item_synchronizer.helpers import SideChanges

    logger.remove()
    first, second, known = folder / f"{case}-first", folder / f"{case}-second", folder / "item_synchronizer.json"
    _write_lines(first, case, count)
    _write_lines(second, "prepared", count)

    def read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
        items, digests = {}, {}
        with path.open(encoding="utf-8") as lines:
            for text in lines:
                item = json.loads(text)
                items[item["id"]] = item
                digests[item["id"]] = _digest(item)
        return items, digests

    def work() -> int:
        (items_a, digests_a), (items_b, digests_b) = read(first), read(second)
        if case == "prepared":
            known.write_text(json.dumps([digests_a, digests_b]), encoding="utf-8")
        bases_a, bases_b = json.loads(known.read_text(encoding="utf-8"))
        written: list[str] = []

        def update(key: str, item: Any) -> None:
            items_b[key] = item
            digests_b[key] = _digest(item)
            written.append(key)

        def refuse(*_: Any) -> Any:
            raise AssertionError("nothing was added or deleted")

        def changes(bases: Mapping[str, str], digests: Mapping[str, str]) -> Any:
            edited = {key for key, value in digests.items() if key in bases and bases[key] != value}
            return SideChanges(digests.keys() - bases.keys(), edited, bases.keys() - digests.keys())

        Synchronizer(
            A_to_B=bidict({key: key for key in bases_a}),
            inserter_to_A=refuse,
            inserter_to_B=refuse,
            updater_to_A=refuse,
            updater_to_B=update,
            deleter_to_A=refuse,
            deleter_to_B=refuse,
            converter_to_A=dict,
            converter_to_B=dict,
            item_getter_A=items_a.__getitem__,
            item_getter_B=items_b.__getitem__,
            resolution_strategy=AlwaysFirstRS(),
            catch_exceptions=False,
        ).sync(changes(bases_a, digests_a), changes(bases_b, digests_b))
        (folder / f"{case}.json").write_text(json.dumps([digests_a, digests_b]), encoding="utf-8")
        return len(written)

    return work


def diffsync(case: str, count: int, folder: Path) -> Callable[[], int]:
    """Its `sync_to` of two adapters. It remembers no base: it compares two sides, and the first one wins."""
    import structlog
    from diffsync import Adapter, DiffSyncModel

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    first, second = folder / f"{case}-first", folder / f"{case}-second"
    _write_lines(first, case, count)
    _write_lines(second, "prepared", count)
    written = 0

    class Meeting(DiffSyncModel):  # type: ignore[misc]
        _modelname = "meeting"
        _identifiers = ("id",)
        _attributes = ("subject", "start", "end", "place", "description", "busy")
        id: str
        subject: str
        start: str
        end: str
        place: str
        description: str
        busy: bool

        def update(self, attrs: Any) -> Any:
            nonlocal written
            written += 1
            return super().update(attrs)

    class Side(Adapter):  # type: ignore[misc]
        meeting = Meeting
        top_level = ("meeting",)

        def read(self, path: Path) -> None:
            with path.open(encoding="utf-8") as lines:
                for text in lines:
                    self.add(Meeting(**json.loads(text)))

    def work() -> int:
        here, there = Side(), Side()
        here.read(first)
        there.read(second)
        here.sync_to(there)
        return written

    return work


def _write_lines(path: Path, case: str, count: int) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.writelines(line(number, edition(number, case)) + "\n" for number in range(count))


def _digest(item: Any) -> str:
    return hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()


PEERS: Mapping[str, Prepare] = {
    "vdirsyncer": vdirsyncer,
    "item-synchronizer": item_synchronizer,
    "diffsync": diffsync,
}


def main() -> None:
    name, case, count, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    logging.disable(logging.ERROR)
    figure, written = measured(PEERS[name](case, count, folder))
    tell(dataclasses.replace(figure, outcome=f"{written} written"))


if __name__ == "__main__":
    main()
