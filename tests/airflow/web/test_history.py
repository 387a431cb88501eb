"""History on the page: runs with what they wrote, conflicts with both values, an undo that is tried out first."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.airflow.test_runs import run
from tests.airflow.web.conftest import People, counted
from tests.airflow.web.test_holds import world
from tests.flows.test_deletions import pairs
from tests.flows.world import ANNA, World

__all__ = ["run", "world"]  # fixtures
HTMX = {"hx-request": "true"}


def lines(text: str) -> list[str]:
    """The runs that wrote something, as the list says them."""
    return [" ".join(each.split()) for each in re.findall(r"</svg>(\d+ [^<]*) <span class=\"hint\">", text)]


def run_ids(text: str) -> list[str]:
    return re.findall(r'<details id="run-(.*?)">', text)


def edited(world: World) -> None:
    """Three pairs, one of them edited on both sides, one private; and a run that had nothing to do."""
    pairs(world, 3)
    world.pass_time(600)
    link = world.links()[0]
    world.pipedrive.edit_activity(link.activity_id, subject="Pipedrive's")
    world.pass_time(600)
    world.google.edit_event(world.calendar, link.event_id, summary="Google's <b>")
    private = world.links()[1]
    world.google.edit_event(world.calendar, private.event_id, visibility="private")
    world.green()
    world.green()


def test_runs_are_listed_with_what_they_wrote(people: People, world: World) -> None:
    edited(world)
    user = people("USER")
    user.show("history")
    with counted() as queries:
        text = user.show("history").text
    assert 3 < len(queries) <= 8, queries
    assert lines(text)[-1] == "3 events created"
    assert "runs, nothing to do" in text or "run, nothing to do" in text
    latest, first = run_ids(text)[0], run_ids(text)[-1]
    part = user.get(f"/calsync/history/{first}", headers=HTMX).text
    assert "<html" not in part
    assert part.count("event created · anna") == 3
    assert "Call 1" not in part, "its event is private now"
    assert "Call 2" in part
    page = user.show(f"history/{latest}").text
    assert re.search(
        r"Subject: <span class=\"diff\"><del>Pipedrive&#39;s</del> <ins>Google&#39;s &lt;b&gt;</ins>", page
    )
    assert user.show("history/none").status_code == 404


def test_both_values_of_a_conflict_are_shown(people: People, world: World) -> None:
    edited(world)
    text = people("USER").show("history").text
    assert re.search(r"<h2 id=\"conflicts-title\">\d conflict", text)
    found = re.findall(r'<div class="version( kept)?"><span class="side(?: activity)?">(\w+)</span><p>(.*?)</p>', text)
    assert found == [("", "Pipedrive", "Pipedrive&#39;s"), (" kept", "Google", "Google&#39;s &lt;b&gt;")]
    assert "kept: the newer edit" in text
    assert "Pipedrive&#39;s" not in people("VIEWER").show("history").text
    assert "Pipedrive&#39;s" in people("VIEWER", name=ANNA).show("history").text, "of one's own account"


def test_the_other_value_of_a_conflict_is_taken(people: People, world: World, airflow_dags: None) -> None:
    edited(world)
    user, viewer = people("USER"), people("VIEWER")
    (path,) = re.findall(r'action="/calsync/(conflicts/\d+/other)"', user.show("history").text)
    assert "/other" not in viewer.show("history").text
    assert viewer.submit(path, field="subject").status_code == 403
    answer = user.submit(path, field="subject")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calsync/history?done=taking_other")
    conflict_id = int(path.split("/")[1])
    assert started() == {"conflict_id": conflict_id, "conflict_field": "subject", "dry_run": False}
    world.undo(conflict_id=conflict_id, conflict_field="subject")
    (activity,) = [each for each in world.activities() if each["id"] == world.links()[0].activity_id]
    assert activity["subject"] == "Pipedrive's"
    text = user.show("history", done="taking_other").text
    assert "Both sides get the other value" in text
    assert "taken by olga" in text
    assert "olga took the other value of a conflict" in text
    assert "/other" not in text


@pytest.mark.parametrize(
    ("asked", "count"), [({"what": "created"}, 1), ({"side": "activities"}, 1), ({"what": "deleted"}, 0)]
)
def test_runs_are_found_by_what_they_did(people: People, world: World, asked: dict[str, str], count: int) -> None:
    edited(world)
    text = people("USER").show("history", **asked).text
    assert len(run_ids(text)) == count
    assert ("No run fits." in text) == (count == 0)
    assert "nothing to do" not in text


def test_older_runs_are_on_the_next_pages(people: People, world: World) -> None:
    world.green()
    for number in range(23):
        world.activity(f"Call {number}")
        world.pass_time(60)
        world.green()
    user = people("USER")
    first = user.show("history").text
    older = re.search(r'href="/calsync/(history\?before=\d+)"', first)
    assert older is not None
    second = user.get(f"/calsync/{older[1]}").text
    assert (len(run_ids(first)), len(run_ids(second))) == (20, 3)
    assert not {*run_ids(first)} & {*run_ids(second)}


def test_an_undo_is_tried_out_first(people: People, world: World, airflow_dags: None) -> None:
    pairs(world, 3)
    user = people("USER")
    run_id = run_ids(user.show("history").text)[0]
    answer = user.submit("undo/preview", run_id=run_id)
    assert answer.status_code == 303
    path = answer.headers["location"].removeprefix("/calsync/")
    assert path.startswith(f"undo/{run_id}?since=")
    assert started() == {"sync_run_id": run_id, "link_id": None, "dry_run": True}
    waiting = user.get(f"/calsync/{path}", headers=HTMX)
    assert (waiting.status_code, "tick2 from:body" in waiting.text) == (200, True)
    world.edit_event(world.events()[0], summary="Edited since")
    undo(world, run_id, dry_run=True)
    tried = user.get(f"/calsync/{path}", headers=HTMX)
    assert (tried.status_code, "2 changes go back to what was there before" in tried.text) == (286, True)
    assert "it was edited since" in tried.text
    assert user.submit("undo", run_id=run_id).headers["location"] == "/calsync/history?done=undoing"
    assert started() == {"sync_run_id": run_id, "link_id": None, "dry_run": False}
    undo(world, run_id, dry_run=False)
    assert len(world.events()) == 1
    text = user.show("history").text
    assert lines(text)[0] == "2 events deleted"
    assert "Undone by olga" in text
    viewer = people("VIEWER")
    assert "Undo run" not in viewer.show("history").text
    for path in ("undo", "undo/preview"):
        assert "can create on DAG Runs, undo_sync_run" in viewer.submit(path, run_id=run_id).text


def started() -> Any:
    """What the last run of the undo DAG was started with; it is taken away again."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        run = session.query(DagRun).filter(DagRun.dag_id == "undo_sync_run").one()
        conf, by = run.conf, run.triggering_user_name
        session.delete(run)
    assert by == "olga"
    return conf


def undo(world: World, run_id: str, *, dry_run: bool) -> None:
    world.undo(run_id, dry_run=dry_run)
