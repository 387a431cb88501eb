"""What runs take whose cost depends on how many links there are: quiet ones, comparisons, many edits at once."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.checks.peers.measured import Figure, middle
from tests.checks.peers.product import Company
from tests.checks.targets.line import Line

FEW, MANY = 1_000, 1_000_000
EDITED = 10_000
COMPARED, COMPARED_MANY = 100_000, 400_000


def quiet(few: int, many: int, runs: int) -> Iterator[Line]:
    """A run with cursors, in which nobody edited anything, beside few and beside many links."""
    with tempfile.TemporaryDirectory() as folder, Company(Path(folder), few) as company:
        one = middle([company.run("known") for _ in range(runs)])
        multiply(Path(folder) / "calsync.db", many)
        other = middle([company.run("known") for _ in range(runs)])
    more = 100 * (other.cpu_s / one.cpu_s - 1)
    yield Line(
        f"quiet run, {few:,} and {many:,} links: CPU of all steps",
        f"{one.cpu_s:.2f} s and {other.cpu_s:.2f} s ({more:+.0f} %)",
        "within 20 %",
        more <= 20,
    )
    written = other.counts["updates of links"]
    yield Line("… statements that change links", f"{written}", "1", written <= 1)


def multiply(database: Path, count: int) -> None:
    """Copy the store's links until there are so many, all of them of the past, as most links are.

    Neither service has the copies. So that the probe never comes to them they count as just probed, and a hundred of
    those that there are count as of the past, too.
    """
    with sqlite3.connect(database) as conn:
        conn.execute("UPDATE link SET is_past = 1, due_at = '2026-01-01T00:00:00.000000+00:00' WHERE id <= 100")
        names = [row[1] for row in conn.execute("PRAGMA table_info(link)") if row[1] != "id"]
        known, last_id = conn.execute("SELECT count(*), max(activity_id) FROM link").fetchone()
        other = {
            "activity_id": f"activity_id + {last_id} * (n.value + 1)",
            "event_id": "event_id || 'v' || n.value",
            "meeting": "meeting || n.value",
            "due_at": "'2026-01-01T00:00:00.000000+00:00'",
            "is_past": "1",
            "probed_at": "'2999-01-01T00:00:00.000000+00:00'",
        }
        copied = ", ".join(other.get(name, name) for name in names)
        rounds = (count - known) // known
        numbers = f"WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value + 1 < {rounds})"
        conn.execute(f"{numbers} INSERT INTO link ({', '.join(names)}) SELECT {copied} FROM link, n")
    conn.close()


def compared(calsync: Figure, vdirsyncer: Figure, many: int) -> Iterator[Line]:
    """The full comparison beside vdirsyncer's, as the bench beside peers measured both; then of so many links."""
    own, aim = calsync.cpu_s - calsync.http_cpu_s, vdirsyncer.cpu_s / 2
    yield Line(
        "full comparison, nothing edited: CPU without HTTP",
        f"{own:.1f} s ({calsync.cpu_s:.1f} s with it); vdirsyncer {vdirsyncer.cpu_s:.1f} s",
        f"half of vdirsyncer's: {aim:.1f} s",
        own <= aim,
    )
    yield Line("… memory added", f"{calsync.memory_added:.0f} MiB", "200 MiB at most", calsync.memory_added <= 200)
    with tempfile.TemporaryDirectory() as folder, Company(Path(folder), many) as company:
        figure = company.run("compared")
    grown = figure.memory_added / max(calsync.memory_added, 1) - 1
    yield Line(
        f"… of {many:,} links",
        f"{figure.cpu_s:.0f} s of CPU, {figure.memory_added:.0f} MiB ({100 * grown:+.0f} %)",
        "50 % more memory at most",
        grown <= 0.5,
    )


def edited(count: int) -> Iterator[Line]:
    """A run in which each of so many pairs was edited on one side: its plan."""
    with tempfile.TemporaryDirectory() as folder, Company(Path(folder), count) as company:
        figure = company.run("planned")
    seconds = figure.parts["plan"]
    yield Line(f"plan of {count:,} edited pairs", f"{seconds:.1f} s", "3 s", seconds <= 3)
