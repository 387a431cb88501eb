"""Why an item is, or is not, synced, from the command line and through Airflow's connections."""

from __future__ import annotations

import pytest

from include.scripts import explain
from tests.flows.world import World


@pytest.fixture(autouse=True)
def process_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command sets it; taken back after the test."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")


def test_a_linked_item_is_explained_and_titles_are_shown_if_asked_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.green()
    activity = world.activity("Call the buyer")
    world.green()
    assert explain.main([str(activity["id"])]) == 0
    text = capsys.readouterr().out
    assert "are linked." in text
    assert "buyer" not in text
    assert explain.main([world.the_event()["htmlLink"], "--personal"]) == 0
    assert "Call the buyer" in capsys.readouterr().out


def test_an_unlinked_activity_is_asked_for_through_airflow_s_connections(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = world.activity("Old call")
    world.pass_time(3600)
    world.green()
    monkeypatch.setenv("CALSYNC_LOG_PERSONAL_DATA", "true")
    assert explain.main([str(activity["id"]), "--account", "anna"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Account anna: Not synced: last edited before the account was connected." in text
    assert "Old call" in text


def test_what_nobody_knows_ends_with_1(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.green()
    assert explain.main(["999999"]) == 1
    assert "Not found" in capsys.readouterr().out
    assert explain.main(["two words"]) == 1
    assert "Paste the id of an activity or event" in capsys.readouterr().err
    assert explain.main(["5", "--account", "eve"]) == 1
    assert "--account eve: not configured" in capsys.readouterr().err
