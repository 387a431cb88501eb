"""Upload: counted first, then brought over; runs that the page starts are carried out on the sandbox."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

import pytest
from sqlalchemy import Engine, func, select, update

from calsync_airflow.web.access import UPLOAD
from include.calsync.flows import sync
from include.calsync.flows.page.upload import Phase, UploadRun
from include.calsync.flows.request import UploadOptions
from include.calsync.store.page_runs import Group
from include.calsync.store.tables import account_day, lease, plan_row, sync_run
from tests.airflow.web.conftest import Browser, People, counted, plain
from tests.airflow.web.team import fill
from tests.flows.world import World, day

MINUTE = timedelta(minutes=1)
SOME = {"confirmed": 40, "planned": 80}


@pytest.fixture
def old(world: World) -> World:
    """Three activities, one of them without a date, and an event that one of them is, all older than the account."""
    world.activity("Old call", due_date=day(3))
    world.activity("Same", type="meeting", due_date=day(5))
    world.activity("Some day", due_date=None, due_time=None)
    begin, end = f"{day(5)}T09:00:00Z", f"{day(5)}T09:30:00Z"
    world.event("Same", start={"dateTime": begin}, end={"dateTime": end})
    world.pass_time(3600)
    world.green()
    return world


def started() -> Any:
    """The latest upload that the page asked Airflow for."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.dag_id == UPLOAD).order_by(DagRun.id)).all()
        return runs[-1].run_id, dict(runs[-1].conf or {})


def carry_out(world: World) -> None:
    """What Airflow does with it."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    run_id, conf = started()
    owner = f"{quote(f'{UPLOAD}/{run_id}', safe='/:+')} plan[-1] try 1"
    options = world.upload_options(direction=conf["direction"], types=conf["types"])
    asked = {"accounts": conf["accounts"], "dry_run": conf["dry_run"], "upload": options, "owner": owner}
    assert world.sync(dag_id=UPLOAD, kind="upload", **asked).failure is None
    with create_session() as session:
        session.execute(update(DagRun).where(DagRun.run_id == run_id).values(state="success"))


def form(**fields: str) -> dict[str, str]:
    return {"account": "1", "direction": "to_google", "due_from": "", "due_to": "", **fields}


def follow(user: Browser, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return plain(user.get(answer.headers["location"]).text)


def test_it_is_counted_then_brought_over(people: People, old: World, airflow_dags: None) -> None:
    user = people("USER")
    assert "First it is counted." in plain(user.show("upload").text)
    answer = user.submit("upload/count", **form())
    where = answer.headers["location"]
    run_id, conf = started()
    assert unquote(where) == f"/calsync/upload?run={run_id}"
    asked = {
        "accounts": ["anna"],
        "direction": "to_google",
        "due_from": None,
        "due_to": None,
        "types": None,
        "dry_run": True,
    }
    assert conf == asked
    assert "waits for Airflow" in follow(user, answer)
    poll = f"/calsync/runs/{quote(run_id, safe='')}/progress"
    assert user.get(poll).status_code == 200

    carry_out(old)
    over = user.get(poll)
    assert (over.status_code, "hx-get" in over.text, "<html" in over.text) == (286, False, False)
    text = follow(user, answer)
    assert "2 activities from" in text
    assert "1 new event : 1 call" in text
    assert "1 will be linked" in text
    assert "1 stays out" in text
    assert len(old.events()) == 1, "nothing is written"
    with counted() as queries:
        user.get(where)
    assert len(queries) <= 8, queries

    (name,) = re.findall(r'name="account" value="([^"]+)"', user.get(where).text)
    answer = user.submit("upload", **form(account=name))
    carry_out(old)
    text = follow(user, answer)
    assert "2 of 2 activities" in text
    assert re.search(r"New 1 Linked 1 was there already Left out 1 Errors 0", text)
    assert "Upload 2" not in text
    assert len(old.events()) == 2
    page = user.get(answer.headers["location"]).text
    (written,) = re.findall(r'href="/calsync/(history/[^"]+)"', page)
    assert "event created" in user.show(written).text
    assert user.submit("undo/preview", run_id=written.removeprefix("history/")).status_code == 303


def test_what_is_not_right_is_said_beside_its_field(people: People, old: World, airflow_dags: None) -> None:
    user = people("USER")
    for wrong, field, text in (
        ({"account": "99"}, "account", "Choose an account."),
        ({"due_from": "soon"}, "due_from", "This is no date."),
        ({"due_from": day(2), "due_to": day(1)}, "due_to", "This is before the first day."),
        ({"direction": "up"}, "direction", "Choose a direction."),
    ):
        answer = user.submit("upload/count", **form(**wrong))
        assert answer.status_code == 422
        assert re.search(rf'id="{field}-error">.*{re.escape(text)}', answer.text), field
    old.anna_is(mode="to_google")
    old.green()
    assert "doesn’t allow this direction" in user.submit("upload", **form(direction="to_pipedrive")).text


def test_an_account_leads_to_its_upload(people: People, store: Engine) -> None:
    fill(store)
    user = people("USER")
    assert "/calsync/upload?account=1" in user.show("accounts/1").text
    assert '<option value="1" selected>' in user.show("upload", account=1).text
    assert "upload?account" not in people("VIEWER").show("accounts/1").text
    assert user.show("upload", account=99).status_code == 200


def test_who_may_upload(people: People, old: World, airflow_dags: None) -> None:
    viewer, user = people("VIEWER"), people("USER")
    assert viewer.show("upload").status_code == 403
    assert viewer.submit("upload", **form()).status_code == 403
    assert "Upload" not in plain(viewer.show("accounts").text)
    assert user.show("upload", run="none").status_code == 404
    assert user.show("runs/none/progress").status_code == 404


def test_a_run_without_a_plan_has_failed(people: People, old: World, airflow_dags: None) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    user = people("USER")
    answer = user.submit("upload", **form())
    with create_session() as session:
        session.execute(update(DagRun).where(DagRun.run_id == started()[0]).values(state="failed"))
    assert "It stopped before it knew what to do. Nothing was written." in follow(user, answer)


def test_some_types_alone(people: People, old: World, airflow_dags: None) -> None:
    user = people("USER")
    offered = re.findall(r'<input type="checkbox" name="types" value="(\w+)"', user.show("upload").text)
    assert {"call", "lunch", "meeting"} <= set(offered)
    answer = user.submit("upload/count", **form(), types=["lunch", "meeting, task"])
    assert started()[1]["types"] == ["lunch", "meeting", "task"]
    carry_out(old)
    shown = user.get(answer.headers["location"]).text
    assert "1 activity from" in plain(shown), "the call is left out"
    assert "1 new event" not in plain(shown)
    assert re.findall(r'<input type="hidden" name="types" value="(\w+)"', shown) == ["lunch", "meeting", "task"]
    assert re.findall(r'name="types" value="(\w+)" checked', shown) == ["lunch", "meeting", "task"], "so it was counted"


def test_a_second_upload_is_not_started_while_one_is_under_way(people: People, old: World, airflow_dags: None) -> None:
    user = people("USER")
    first = user.submit("upload", **form()).headers["location"]
    assert "An upload is under way." in user.show("upload").text
    assert "An upload is under way." not in user.get(first).text, "it is shown itself"
    run_id, _ = started()
    refused = user.submit("upload", **form())
    assert (refused.status_code, "Not started: an upload is under way." in refused.text) == (409, True)
    assert quote(run_id, safe="") in refused.text
    assert started()[0] == run_id
    assert user.submit("upload/count", **form()).status_code == 303, "counting disturbs nothing"


def test_an_upload_can_be_stopped_before_it_begins(people: People, old: World, airflow_dags: None) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    user = people("USER")
    where = user.submit("upload", **form()).headers["location"]
    run_id, _ = started()
    stop = f"runs/{quote(run_id, safe='')}/stop"
    assert f'action="/calsync/{stop}"' in user.get(where).text
    assert people("VIEWER").submit(stop).status_code == 403
    assert user.submit("runs/none/stop").status_code == 404
    assert unquote(user.submit(stop).headers["location"]) == f"/calsync/upload?run={run_id}"
    with create_session() as session:
        assert session.scalar(select(DagRun.state).where(DagRun.run_id == run_id)) == "failed"
    text = plain(user.get(where).text)
    assert "stopped" in text
    assert "It was stopped before anything was written." in text
    assert user.submit(stop).status_code == 303, "it has ended already"


def test_a_stopped_upload_is_closed_and_counted_and_the_next_one_goes_on(
    people: People, old: World, airflow_dags: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = people("USER")
    where = user.submit("upload", **form()).headers["location"]
    run_id, _ = started()
    monkeypatch.setattr(sync, "close", stopped_before_the_end)
    with pytest.raises(InterruptedError):
        carry_out(old)
    with old.engine.begin() as conn:  # as if it had been stopped before the last one
        last = select(func.max(plan_row.c.id)).where(plan_row.c.state == "confirmed").scalar_subquery()
        conn.execute(update(plan_row).where(plan_row.c.id == last).values(state="planned"))
        owner = f"{quote(f'{UPLOAD}/{run_id}', safe='/:+')} upsert_events[0] try 1"
        fence = conn.execute(update(lease).values(owner=owner).returning(lease.c.fence)).scalar_one()
        before = conn.execute(select(func.sum(account_day.c.events_created))).scalar() or 0
    assert user.submit(f"runs/{quote(run_id, safe='')}/stop").status_code == 303
    text = plain(user.get(where).text)
    assert "1 of 2 activities" in text
    assert "It ended before all was done." in text
    with old.engine.connect() as conn:
        run = conn.execute(select(sync_run).where(sync_run.c.kind == "upload")).one()
        now = conn.execute(select(func.sum(account_day.c.events_created))).scalar_one()
        assert conn.execute(select(lease.c.fence)).scalar_one() > fence, "a task that lives commits nothing"
    assert run.finished_at is not None
    assert run.summary["stopped_by"] == "olga"
    assert run.summary["accounts"]["anna"]["events"]["created"] == now - before == 1
    monkeypatch.undo()
    old.pass_time(600)
    user.submit("upload", **form())
    carry_out(old)
    assert len(old.events()) == 2
    old.assert_quiet()


def stopped_before_the_end(*_: Any) -> None:
    raise InterruptedError


def test_how_long_it_goes_on_is_told_by_its_pace() -> None:
    now = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
    groups = [Group("events", "create_event", state, "call", n, None, None) for state, n in SOME.items()]
    given: Any = {"airflow_id": "r", "run_id": "s", "dry_run": False, "started_at": now, "names": ["anna"], "parts": []}
    run = UploadRun(
        **given, phase=Phase.WRITING, options=UploadOptions(), groups=groups, read_count=0, planned_at=now - MINUTE
    )
    assert run.remaining(now) == 2 * MINUTE
    assert replace(run, phase=Phase.DONE).remaining(now) is None
    few = [replace(each, count=1) for each in groups]
    assert replace(run, groups=few).remaining(now) is None, "too few are done"
