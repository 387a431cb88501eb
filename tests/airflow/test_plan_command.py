"""The stored plan of a run, from the command line: as the log of task plan names it."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest

from include.sandbox.server import Sandbox
from include.scripts import plan
from tests.airflow.conftest import Connect
from tests.flows.world import World, day


@pytest.fixture
def world(sandbox: Sandbox, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as the command sets it; taken back after the test
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "calsync.db"))
    return World(sandbox, tmp_path, f"sqlite:///{tmp_path / 'calsync.db'}")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["plan", *arguments])
    return plan.main()


def synced(world: World) -> str:
    """A run with an edit of each side. Returns its id."""
    world.green()
    world.activity("=cmd()", location="Secret place")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], location="Other place", subject="=cmd()|'x")
    world.event("Lunch", start={"date": day(2)}, end={"date": day(3)})
    return str(world.sync().result["sync_run_id"])


def test_it_shows_the_plan_and_what_became_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = synced(world)
    assert run(monkeypatch, run_id) == 0
    text = capsys.readouterr().out
    assert text.startswith("calendar_sync (")
    assert "  anna: 2 changes\n" in text
    assert "edited in Pipedrive" in text
    assert "new activity" in text
    assert text.count("carried out") == 2
    assert [word for word in ("place:", "Secret", "Other", "Lunch", "cmd") if word in text] == []


def test_values_are_whole_where_they_may_be_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALSYNC_LOG_PERSONAL_DATA", "true")
    assert run(monkeypatch, synced(world), "--csv") == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    edited, new = sorted((dict(zip(head, row, strict=True)) for row in rows), key=lambda row: row["what"])
    assert (edited["account"], edited["what"], edited["state"]) == ("anna", "change event", "carried out")
    assert "place: Secret place → Other place" in edited["change"]
    assert edited["change"].startswith("'="), "a spreadsheet would run it"
    assert (new["what"], new["change"], new["because"]) == ("new activity", "Lunch", "new event")


def test_a_run_that_is_not_kept_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "no such run") == 1
    assert "no sync run no such run is kept" in capsys.readouterr().err


def test_before_the_first_run_there_is_nothing(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    connect("calsync_db", conn_type="sqlite", host=str(tmp_path / "none.db"))
    assert run(monkeypatch, "1") == 1
    assert "Start a run first" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
