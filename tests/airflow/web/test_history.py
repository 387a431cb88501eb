"""History on the page: runs with what they wrote, conflicts with both values, an undo that is tried out first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from include.calsync.flows.page.history import Conflict, Did, Line
from include.calsync.store.page_history import Count, Run
from include.calsync.store.tables import change_log
from include.sandbox.base import Fault
from tests.airflow.test_runs import run
from tests.airflow.web.conftest import GERMAN, People, counted, plain
from tests.airflow.web.test_holds import world
from tests.airflow.web.test_items import runs_of
from tests.flows.test_deletions import pairs
from tests.flows.world import ANNA, World

__all__ = ["run", "world"]  # fixtures
HTMX = {"hx-request": "true"}


def lines(text: str) -> list[str]:
    """The runs that wrote something, as the list says them."""
    return [" ".join(each.split()) for each in re.findall(r"</svg>(\d+ [^<]*) <span class=\"hint\">", text)]


def run_ids(text: str) -> list[str]:
    return re.findall(r'<details id="run-(.*?)">', text)


def edited(world: World, mine: dict[str, Any] | None = None, theirs: dict[str, Any] | None = None) -> None:
    """Three pairs, one of them edited on both sides, one private; and a run that had nothing to do."""
    pairs(world, 3)
    world.pass_time(600)
    link = world.links()[0]
    world.pipedrive.edit_activity(link.activity_id, subject="Pipedrive's", **(mine or {}))
    world.pass_time(600)
    world.google.edit_event(world.calendar, link.event_id, summary="Google's <b>", **(theirs or {}))
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
    assert re.search(
        r"Call 2 event created · anna \w+ \d+ \w+, 09:00–09:30 · because: new activity", plain(f"<main{part}")
    )
    assert "Call 1" not in part, "its event is private now"
    assert "Call 2" in part
    page = user.show(f"history/{latest}").text
    assert re.search(
        r"Subject: <span class=\"diff\"><del>Pipedrive&#39;s</del> <ins>Google&#39;s &lt;b&gt;</ins>", page
    )
    assert user.show("history/none").status_code == 404


def test_a_value_that_could_not_be_taken_is_not_said_to_be(people: People, world: World, airflow_dags: None) -> None:
    edited(world)
    user = people("USER")
    (path,) = re.findall(r'action="/calsync/(conflicts/\d+/other)"', user.show("history").text)
    world.pipedrive.edit_activity(world.links()[0].activity_id, subject="Newer")
    world.undo(conflict_id=int(path.split("/")[1]), conflict_field="subject")
    for asked in ({}, {"side": "activities"}):
        text = user.show("history", **asked).text
        assert path in text
        assert "taken by" not in text


def test_a_run_that_did_several_things_names_each() -> None:
    run = Run("r", "calendar_sync", "manual", datetime.now(UTC), None, False, {})
    did = [("events", "remove_event", 121), ("events", "create_event", 2), ("activities", "merge", 1)]
    did += [("events", "let_go", 3), ("activities", "finish_activity", 1)]
    line = Line(run, [Count("r", 1, side, action, n) for side, action, n in did], ["anna"])
    wanted = {("events", Did.DELETED): 121, ("", Did.CHANGED): 5, ("events", Did.CREATED): 2}
    assert list(line.kinds.items()) == list(wanted.items())


def test_both_values_of_a_conflict_are_shown(people: People, world: World) -> None:
    edited(world)
    text = people("USER").show("history").text
    assert re.search(r"<h2 id=\"conflicts-title\">\d conflict", text)
    version = r'"version( kept)?"><span class="side(?: activity)?">(\w+), edited [^<]*(\d\d:\d\d)</span><p>(.*?)</p>'
    mine, theirs = re.findall(version, text)
    assert (mine[:2], mine[3]) == (("", "Pipedrive"), "Pipedrive&#39;s")
    assert (theirs[:2], theirs[3]) == ((" kept", "Google"), "Google&#39;s &lt;b&gt;")
    minutes = [int(at[:2]) * 60 + int(at[3:]) for at in (mine[2], theirs[2])]
    assert (minutes[1] - minutes[0]) % 1440 in (9, 10, 11), "each when it was edited"
    assert '<details id="conflicts-' not in text
    assert "kept: the newer edit" in text
    assert "Pipedrive&#39;s" not in people("VIEWER").show("history").text
    assert "Pipedrive&#39;s" in people("VIEWER", name=ANNA).show("history").text, "of one's own account"


@pytest.mark.parametrize(("seconds", "is_close"), [(59, True), (-59, True), (60, False), (-60, False), (None, False)])
def test_edits_within_a_minute_are_not_said_to_be_newer(seconds: int | None, is_close: bool) -> None:
    at = datetime.now(UTC)
    later = None if seconds is None else at + timedelta(seconds=seconds)
    assert Conflict("place", "A", "B", "activities", "newest", at, later, None).is_close == is_close


def test_further_conflicts_of_a_pair_are_folded(people: People, world: World) -> None:
    edited(world, {"location": "Mine"}, {"location": "Theirs"})
    text = people("USER").show("history").text
    assert "2 conflicts<" in text
    (rest,) = re.findall(r'<details id="conflicts-\d+">(.*?)</details>', text, re.DOTALL)
    assert "1 more Place Place Pipedrive, edited" in plain(f"<main{rest}")
    assert ("Theirs" in rest, "Google&#39;s" in rest) == (True, False)
    assert rest.count("/other") == 1
    assert "kept: the newer edit" in rest


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
    ("asked", "count"),
    [({"what": "created"}, 1), ({"what": "conflicts"}, 1), ({"side": "activities"}, 1), ({"what": "deleted"}, 0)],
)
def test_runs_are_found_by_what_they_did(people: People, world: World, asked: dict[str, str], count: int) -> None:
    edited(world)
    text = people("USER").show("history", **asked).text
    assert len(run_ids(text)) == count
    assert ("No run fits." in text) == (count == 0)
    assert "nothing to do" not in text


def test_only_what_people_typed_is_a_conflict(people: People, world: World) -> None:
    """A text that was too long for the other side lost as well, but against nobody."""
    edited(world)
    with world.engine.begin() as conn:
        lost = conn.execute(select(change_log.c.lost).where(change_log.c.lost.is_not(None))).scalars().all()
        values = {"lost": [{**lost[0][0], "why": "adopting", "activity": '"newest"'}], "id": 999}
        row = dict(conn.execute(select(change_log).limit(1)).mappings().one()) | values
        conn.execute(insert(change_log).values(**row))
    text = people("USER").show("history", what="conflicts").text
    assert len(run_ids(text)) == 1
    assert row["run_id"] not in run_ids(text)
    assert "1 conflict<" in text


def refused(world: World) -> None:
    """Google refuses two new events; one of them is set aside with a pair, one without."""
    pairs(world, 2)
    world.pass_time(600)
    for method in ("POST", "PATCH"):
        fault = Fault(kind="status", status=400, reason="invalid", method=method, path="/events", times=0)
        world.sandbox.google.faults.add(fault)
    world.activity("Alone")
    world.pipedrive.edit_activity(world.links()[0].activity_id, subject="Edited")
    world.sync()
    world.sandbox.google.faults.clear()


def test_what_is_set_aside_is_listed_and_tried_again(people: People, world: World, airflow_dags: None) -> None:
    refused(world)
    user = people("USER")
    text = user.show("history").text
    assert "2 items set aside" in plain(text)
    assert 'href="/calsync/history?what=aside"' in text
    user.show("history", what="aside")
    with counted() as queries:
        text = user.show("history", what="aside").text
    assert 3 < len(queries) <= 8, queries
    shown = re.findall(r'<a href="/calsync/items/(.*?)"><strong>(.*?)</strong>', text)
    (alone,) = [each["id"] for each in world.activities() if each["subject"] == "Alone"]
    paired = (str(world.links()[0].id), "Call 0")
    assert sorted(shown) == [paired, (f"activities/{alone}?account=1", f"Activity {alone}")]
    assert plain(text).count("failed once · next try in") == 2
    german = people("USER", **GERMAN).show("history", what="aside").text
    assert "Sieh dir dieses Element an: Google Calendar lehnt" in german
    assert 'lang="en"' not in german
    assert "Nothing is set aside." in user.show("history", what="aside", side="events", account=9).text
    viewer = people("VIEWER").show("history", what="aside").text
    assert "Call 0" not in viewer
    assert "aside/retry" not in viewer
    asked = {"account": 1, "side": "activities", "item_id": alone}
    assert people("VIEWER").submit("aside/retry", **asked).status_code == 403
    assert user.submit("aside/retry", **asked | {"item_id": "9"}).status_code == 404
    answer = user.submit("aside/retry", **asked)
    assert (answer.status_code, answer.headers["location"]) == (303, "/calsync/history?what=aside&done=item_syncing")
    assert {"accounts": ["anna"]} in runs_of("calendar_sync")
    world.green()
    assert "Alone" in [event["summary"] for event in world.events()], "its time had not come otherwise"
    assert len(re.findall("aside/retry", user.show("history", what="aside").text)) == 1


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
    german = people("USER", **GERMAN).get(f"/calsync/{path}").text
    assert "es wurde seither bearbeitet" in german
    assert 'lang="en"' not in german
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
