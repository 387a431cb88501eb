"""What a run of the bench has measured so far: an hour is long, and a later one can go on from there."""

from __future__ import annotations

import dataclasses
import json

from tests.checks.peers.measured import ROOT
from tests.checks.targets.line import Line

FILE = ROOT / ".calsync" / "bench.json"


def read() -> dict[str, list[Line]]:
    """By work, its lines; {}: nothing was measured yet."""
    if not FILE.exists():
        return {}
    return {name: [Line(**line) for line in lines] for name, lines in json.loads(FILE.read_text()).items()}


def write(known: dict[str, list[Line]]) -> None:
    """Keep all that is known. What stands beside other programs is not: its picture needs all figures of one run."""
    FILE.parent.mkdir(exist_ok=True)
    alone = {name: [dataclasses.asdict(line) for line in lines] for name, lines in known.items() if name != "beside"}
    FILE.write_text(json.dumps(alone, indent=1))
