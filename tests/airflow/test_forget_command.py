"""Forgetting a person, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sandbox.server import Sandbox
from include.scripts import forget
from tests.airflow.conftest import Connect
from tests.flows.world import World

LENA = "lena@nordwind.example"


def test_it_counts_first_and_blanks_if_told_so(
    sandbox: Sandbox,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as the command sets it; taken back after the test
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "calsync.db"))
    world = World(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}")
    world.green()
    world.event("Meet Lena", attendees=[{"email": LENA}])
    world.green()
    assert forget.main([LENA]) == 0
    counted = capsys.readouterr().out
    assert counted.startswith("To be blanked (nothing is done without --yes):\n")
    assert "       2  entries of the log of writes: their values\n" in counted
    assert "Stays for now:\n       1  pairs of items that live." in counted
    assert any(row.after for row in world.changes())
    assert forget.main([LENA, "--yes"]) == 0
    assert capsys.readouterr().out == counted.replace("To be blanked (nothing is done without --yes):", "Blanked:")
    assert not any(row.after for row in world.changes())
    assert forget.main(["17"]) == 1
    assert "person:17" in capsys.readouterr().err
