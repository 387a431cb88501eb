"""Find an item: searching, a pair with what was written to it, and what is none, in a store that real runs filled."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from include.calsync.core.model import Origin
from include.calsync.core.policy import Mode, Policy
from include.calsync.flows.page.pair_rows import flow_of
from include.calsync.store.tables import change_log, link, plan_row, quarantine, sync_run
from include.sandbox.base import Fault
from tests.airflow.web.conftest import People, counted, plain
from tests.flows.world import ANNA, NOW, World


@pytest.fixture
def pair(world: World) -> dict[str, Any]:
    world.green()
    activity = world.activity("Straße & <b>Call</b>", location="Hafen 12")
    world.green()
    return activity


def link_id(world: World) -> int:
    with world.engine.connect() as conn:
        return int(conn.execute(select(link.c.id)).scalar_one())


def test_a_pair_is_found_by_id_address_and_subject(people: People, world: World, pair: dict[str, Any]) -> None:
    user, where = people("USER"), f"/calsync/items/{link_id(world)}"
    event = world.the_event()
    page = f"https://acme.pipedrive.com/activities/list?activity={pair['id']}#dialog/activity/edit"
    for text in (str(pair["id"]), f" {page} ", event["htmlLink"], event["id"]):
        answer = user.submit("items/find", q=text)
        assert (answer.status_code, answer.headers.get("location")) == (303, where), text
    for text in ("strasse", "STRASSE &  <B>", "straße"):
        assert f'href="{where}"' in user.submit("items/find", q=text).text, text
    for text in ("%", "_traße", "other", "s"):
        found = user.submit("items/find", q=text)
        assert (found.status_code, f'href="{where}"' in found.text) == (200, False), text
    assert "&lt;b&gt;Call" in user.submit("items/find", q="strasse").text


def test_subjects_are_found_only_where_one_may_read(people: People, world: World, pair: dict[str, Any]) -> None:
    where = f"items/{link_id(world)}"
    for name, may in (("olga", False), (ANNA, True)):
        viewer = people("VIEWER", name=name)
        assert (where in viewer.submit("items/find", q="strasse").text) == may
        assert (viewer.submit("items/find", q=str(pair["id"])).headers["location"] == f"/calsync/{where}") == may
        assert viewer.show(where).status_code == (200 if may else 403)
    assert people("USER").show("items/999").status_code == 404


def test_a_private_one_is_found_by_id_alone_and_tells_no_more_than_its_time(people: People, world: World) -> None:
    world.green()
    activity = world.activity("Secret plan", private=True)
    world.green()
    user = people("USER")
    assert "items/1" not in user.submit("items/find", q="secret").text
    answer = user.submit("items/find", q=str(activity["id"]))
    text = plain(user.get(answer.headers["location"]).text)
    assert "Private item" in text
    assert "When" in text
    assert "Secret" not in text


def test_a_pair_shows_both_sides_why_and_what_was_written(people: People, world: World, pair: dict[str, Any]) -> None:
    user, path = people("USER"), f"items/{link_id(world)}"
    world.pass_time(120)
    world.edit_event(world.the_event(), location="Online")
    world.green()
    user.show(path)
    with counted() as queries:
        page = user.show(path).text
    assert len(queries) <= 8, queries
    text = plain(page)
    today = f"{NOW.day} {NOW:%b}"
    assert f'A pair of <a href="/calsync/accounts/1">anna</a>, born in Pipedrive on {today}.' in page
    assert f"Linked since {today}. Both sides as they were" in text
    assert "Place Online both ways Online" in text
    assert "Activity 1 Direction Event in “Sales”" in text
    assert "Straße &amp; &lt;b&gt;Call&lt;/b&gt;" in text
    assert "because: new" in text
    assert "The event is the account’s own: edits flow both ways." in text
    assert re.search(r"Pipedrive: change activity .*Place: Hafen 12 Online .*because: edited in Google", text)


def test_a_pair_is_looked_at_as_it_is_now(people: People, world: World, pair: dict[str, Any]) -> None:
    user, path = people("USER", name="ove"), f"items/{link_id(world)}"
    assert f'hx-get="/calsync/{path}/now"' in user.show(path).text
    with world.requests() as asked:
        text = plain(user.show(f"{path}/now").text)
    assert (asked.total(), world.writes()) == (2, 0), asked
    assert "nothing was edited since they were last made equal" in text
    assert "on its way" not in text
    world.edit_event(world.the_event(), location="Online", summary="<i>New</i> title")
    world.pipedrive.edit_activity(pair["id"], note="Budget is tight", subject="Other")
    part = user.get(f"/calsync/{path}/now", headers={"hx-request": "true"}).text
    assert "<html" not in part
    text = plain(f"<main{part}")
    assert "2 edits on their way" in text
    assert "3 fields were edited since" in text
    assert "Place Hafen 12 next run Online" in text
    assert "Subject Other both edited &lt;i&gt;New&lt;/i&gt; title" in text
    assert "Internal note Budget is tight stays not shown: the account’s settings leave it out" in text
    assert part.count('class="differs"') == 3
    world.anna_is(mode="to_google", include_note=True)
    world.green()
    world.edit_event(world.the_event(), location="Mine", attendees=[{"email": "lena@nordwind.example"}])
    text = plain(user.show(f"{path}/now").text)
    assert "Place Hafen 12 stays Mine" in text
    assert "The account is one way, to Google: nothing is written to Pipedrive." in text
    assert "Budget is tight stays not shown: the event has guests" in text
    assert "Guests Pipedrive keeps its own list stays lena@nordwind.example" in text
    assert "on its way" not in text
    assert people("VIEWER").show(f"{path}/now").status_code == 403
    assert user.show("items/999/now").status_code == 404


def test_a_side_that_does_not_answer_stays_as_it_was(people: People, world: World, pair: dict[str, Any]) -> None:
    user, path = people("USER", name="odo"), f"items/{link_id(world)}"
    world.edit_event(world.the_event(), location="Online")
    world.pipedrive.edit_activity(pair["id"], location="Hafen 13")
    world.sandbox.google.faults.add(Fault(kind="status", status=403, reason="forbidden", path="/events", times=0))
    text = plain(user.show(f"{path}/now").text)
    german = plain(people("USER", name="odo", **{"accept-language": "de"}).show(f"{path}/now").text)
    world.sandbox.google.faults.clear()
    assert "Google: Nicht lesbar: Verbindung google_calendar_default: Gib den Kalender" in german
    assert "Not both services showed their side" in text
    assert re.search("Google: It could not be read: .* Its side is shown as it was", text)
    assert "Place Hafen 13 next run Hafen 12" in text
    world.google.delete_event(world.calendar, world.the_event()["id"])
    assert "Google: It is deleted." in plain(user.show(f"{path}/now").text)
    found = [user.show(f"{path}/now").status_code for _ in range(10)]
    assert (found[0], found[-1]) == (200, 429), "so often a minute"


def test_what_became_private_is_not_told(people: People, world: World, pair: dict[str, Any]) -> None:
    world.edit_event(world.the_event(), visibility="private", summary="Secret", location="Hidden")
    text = plain(people("USER", name="oda").show(f"items/{link_id(world)}/now").text)
    assert "Private item" in text
    assert not [word for word in ("Secret", "Hidden", "Hafen", "Straße") if word in text]


@pytest.mark.parametrize(
    ("mode", "event", "flow"),
    [
        ("all_events", {}, "own"),
        ("pipedrive_only", {}, "own"),
        ("to_google", {}, "to_google"),
        ("to_pipedrive", {}, "to_pipedrive"),
        ("all_events", {"organizer": {"email": "boss@other.example"}}, "foreign"),
        ("to_google", {"locked": True}, "foreign"),
        ("all_events", {"visibility": "private", "calsyncVeiled": True}, "veiled"),
    ],
)
def test_what_decides_which_way_fields_go(mode: str, event: dict[str, Any], flow: str) -> None:
    assert flow_of(Policy(1, "UTC", Mode(mode)).of_pair(event, Origin.PIPEDRIVE)) == flow


def test_what_is_on_its_way_is_told(people: People, world: World, pair: dict[str, Any]) -> None:
    user, path = people("USER"), f"items/{link_id(world)}"
    with world.engine.connect() as conn:
        run_id = conn.execute(select(plan_row.c.run_id)).scalar_one()
    for state, ended_at, chip, said in (
        ("planned", None, "being written", "The run is at work on it."),
        ("planned", NOW, "linked", "That run ended before it was written: the next one decides anew."),
        ("deferred", NOW, "put off", "It was put off: the next run tries again."),
        ("failed", NOW, "failed", "It failed: a later run tries again."),
        ("confirmed", NOW, "linked", None),
    ):
        with world.engine.begin() as conn:
            conn.execute(update(plan_row).values(state=state))
            conn.execute(update(sync_run).where(sync_run.c.id == run_id).values(finished_at=ended_at))
        page = user.show(path).text
        assert f"{chip} A pair of" in plain(page), state
        assert (f'href="/calsync/history/{run_id}">Show the run' in page) == (said is not None), state
        assert (said or chip) in plain(page), state


def test_in_german_nothing_is_left_in_english(people: People, world: World, pair: dict[str, Any]) -> None:
    german = people("USER", **{"accept-language": "de"})
    text = german.show(f"items/{link_id(world)}").text
    assert "Beide Seiten, wie sie waren" in text
    assert "neuer Termin. Grund: neue Aktivität." in plain(text)
    assert re.search("Google: neuer Termin .* Grund: neue Aktivität", plain(text))
    assert "because" not in text
    assert 'lang="en"' not in text
    world.pass_time(3600)
    other = world.activity("Old call", due_date="2020-01-01")
    look = german.show(f"items/activities/{other['id']}").text
    assert "Der nächste Lauf, der es liest, tut dies: neuer Termin. Grund: neue Aktivität." in plain(look)
    assert 'lang="en"' not in look


def test_the_value_that_lost_is_shown(people: People, world: World, pair: dict[str, Any]) -> None:
    world.pass_time(120)
    world.edit_event(world.the_event(), location="Mine")
    world.pass_time(300)
    world.pipedrive.edit_activity(pair["id"], location="Yours")
    world.green()
    assert "Not taken, Place: Mine (Pipedrive won: it was edited last)" in plain(
        people("USER").show(f"items/{link_id(world)}").text
    )


def runs_of(dag_id: str) -> list[dict[str, Any]]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        return [dict(run.conf or {}) for run in session.scalars(select(DagRun).where(DagRun.dag_id == dag_id))]


def test_what_a_run_wrote_is_taken_back_after_trying_it_out(
    people: People, world: World, pair: dict[str, Any], airflow_dags: None
) -> None:
    user, path = people("USER"), f"items/{link_id(world)}"
    (run_id,) = re.findall(r'undo/preview".*?name="run_id" value="([^"]+)"', user.show(path).text)
    asked = {"sync_run_id": run_id, "link_id": link_id(world)}
    for step in ("undo", "undo/preview"):
        assert people("VIEWER", name=ANNA).submit(f"{path}/{step}", run_id=run_id).status_code == 403
        assert user.submit(f"{path}/{step}", run_id="other").status_code == 404
    assert 'name="run_id"' not in people("VIEWER", name=ANNA).show(path).text
    answer = user.submit(f"{path}/undo/preview", run_id=run_id)
    assert (answer.status_code, asked | {"dry_run": True} in runs_of("undo_sync_run")) == (303, True)
    trial = answer.headers["location"]
    assert trial.startswith(f"/calsync/{path}/undo/{run_id}?since=")
    waiting = user.get(trial, headers={"hx-request": "true"})
    assert (waiting.status_code, f'hx-get="{trial}"' in waiting.text) == (200, True)
    world.undo(run_id, dry_run=True)
    assert user.get(trial, headers={"hx-request": "true"}).status_code == 200, "that was the whole run's"
    world.undo(run_id, link_id=link_id(world), dry_run=True)
    tried = user.get(trial, headers={"hx-request": "true"})
    assert (tried.status_code, "1 change goes back to what was there before" in tried.text) == (286, True)
    (action,) = re.findall(r'<form method="post" action="/calsync/(.*?)">', tried.text)
    assert world.events(), "nothing is written yet"
    answer = user.submit(action, run_id=run_id)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calsync/{path}?done=taking_back")
    assert asked | {"dry_run": False} in runs_of("undo_sync_run")
    assert user.show(f"{path}/undo/other", since=0).status_code == 404


def test_what_was_set_aside_is_tried_again_now(
    people: People, world: World, pair: dict[str, Any], airflow_dags: None
) -> None:
    item = {"account_id": 1, "side": "events", "item_id": world.the_event()["id"], "reason": "refused", "attempts": 3}
    later = NOW.replace(year=NOW.year + 1)
    with world.engine.begin() as conn:
        conn.execute(insert(quarantine).values(**item, next_try_at=later, since=NOW))
    user, path = people("USER"), f"items/{link_id(world)}"
    assert "set aside" in plain(user.show(path).text)
    assert "It failed 3 times" in plain(user.show(path).text)
    assert "Try again now" in user.show(path).text
    assert user.submit(f"{path}/retry").headers["location"] == f"/calsync/{path}?done=item_syncing"
    with world.engine.connect() as conn:
        assert conn.execute(select(quarantine.c.next_try_at)).scalar_one() < later
    assert {"accounts": ["anna"]} in runs_of("calendar_sync")


def test_nothing_is_started_that_airflow_has_switched_off(
    people: People, world: World, pair: dict[str, Any], airflow_dags: None
) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.execute(update(DagModel).values(is_paused=True))
    user, path = people("USER"), f"items/{link_id(world)}"
    (run_id,) = re.findall(r'name="run_id" value="([^"]+)"', user.show(path).text)
    refused = user.submit(f"{path}/retry")
    assert refused.status_code == 409
    assert "calendar_sync is switched off in Airflow." in refused.text
    assert 'href="/dags/calendar_sync"' in refused.text
    for step in ("undo", "undo/preview"):
        assert user.submit(f"{path}/{step}", run_id=run_id).status_code == 409


def test_what_is_no_pair_is_looked_at(people: People, world: World) -> None:
    activity = world.activity("Old call")
    world.pass_time(3600)
    world.green()
    user = people("USER", name="otto")
    answer = user.submit("items/find", q=str(activity["id"]))
    assert answer.headers["location"] == f"/calsync/items/activities/{activity['id']}"
    with world.requests() as asked:
        text = plain(user.get(answer.headers["location"]).text)
    assert "not linked" in text
    assert "Not synced: last edited before the account was connected." in text
    assert "Old call" in text
    assert asked, "it is read live"
    own = people("VIEWER", name=ANNA).show(f"items/activities/{activity['id']}").text
    assert "Old call" in own
    assert people("VIEWER", name="oskar").show(f"items/activities/{activity['id']}").status_code == 403
    assert user.show("items/activities/x").status_code == 422
    assert user.show("items/activities/5", account=99).status_code == 404
    assert "Not found" in plain(user.show("items/events/nothing", account=1).text)
    found = [user.show("items/activities/5").status_code for _ in range(10)]
    assert (found[0], found[-1]) == (200, 429), "so often a minute"


def test_what_was_a_pair_tells_what_was_written_and_by_which_run(
    people: People, world: World, pair: dict[str, Any]
) -> None:
    event = world.the_event()
    world.add_colleague("bert")
    world.pass_time(300)
    world.green()
    world.pipedrive.delete_activity(pair["id"])
    for _ in range(2):  # so many runs must miss it
        world.pass_time(300)
        world.green()
    where = f"items/activities/{pair['id']}"
    shown = people("USER").show(where).text
    text = plain(shown)
    assert "not linked" in text
    assert "Google: remove event" in text
    assert "Hafen 12 (empty)" in text, "the place that it had"
    assert "etag" not in text
    runs = re.findall(r'href="/calsync/history/([^"]+)"', shown.partition('id="hi"')[2])
    with world.engine.connect() as conn:
        assert runs == list(conn.execute(select(change_log.c.run_id).order_by(change_log.c.id.desc())).scalars())
    assert "Google: remove event" in plain(people("USER").show(f"items/events/{event['id']}").text)
    assert "Google: remove event" in plain(people("VIEWER", name=ANNA).show(where).text)
    others = plain(people("VIEWER", name="bert@acme.example").show(where).text)
    assert "Google: remove event" not in others
    assert "Nothing was written to it" in others


def test_a_linked_item_leads_to_its_pair(people: People, world: World, pair: dict[str, Any]) -> None:
    event = world.the_event()
    with world.requests() as asked:
        for where in (f"items/activities/{pair['id']}", f"items/events/{event['id']}"):
            answer = people("USER").show(where)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/calsync/items/{link_id(world)}")
    assert not asked


def test_an_event_is_asked_for_in_its_calendar_which_no_address_names(people: People, world: World) -> None:
    event = world.event("Old event")
    world.pass_time(3600)
    world.green()
    where = people("USER", name="ottilie").submit("items/find", q=event["htmlLink"]).headers["location"]
    assert where == f"/calsync/items/events/{event['id']}?account=1"
    assert "Old event" in people("USER", name="ottilie").get(where).text
