"""Held changes on the page: shown, approved, rejected, out of date; the question under Required Actions ends."""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from include.calsync.flows.page import holds
from include.calsync.store.tables import account, held_item, hold
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.airflow.test_runs import Outcome, run
from tests.airflow.web.conftest import GERMAN, Browser, People, counted
from tests.airflow.web.team import add_hold
from tests.flows.test_deletions import pairs
from tests.flows.test_holds import ANYTHING, delete_activities, delete_events, held
from tests.flows.world import ANNA, World

__all__ = ["run"]  # a fixture


@pytest.fixture
def world(tmp_path: Path, connect: Connect) -> Iterator[World]:
    """The small company, whose store the page shows."""
    path = tmp_path / "calsync.db"
    connect("calsync_db", conn_type="sqlite", host=str(path))
    with Sandbox(seed=1) as sandbox:
        made = World(sandbox, tmp_path, f"sqlite:///{path}")
        yield made
        made.engine.dispose()


def deletions(world: World, count: int = 3) -> None:
    """So many activities were deleted in Pipedrive: too many."""
    world.anna_is(**ANYTHING)
    pairs(world, count + 2)
    delete_activities(world, count)
    held(world, full=True)


def fields(text: str, path: str) -> dict[str, str]:
    """The hidden fields of the form that leads there."""
    form = re.search(rf'action="/calsync/{path}">(.*?)</form>', text, re.S)
    assert form, path
    return dict(re.findall(r'name="(\w+)" value="(.*?)"', form[1]))


def state(world: World) -> tuple[str, str | None]:
    with world.engine.connect() as conn:
        row = conn.execute(select(hold.c.state, hold.c.decided_by).order_by(hold.c.id.desc())).first()
    assert row is not None
    return row.state, row.decided_by


def test_nothing_is_held(people: People, world: World) -> None:
    text = people("VIEWER").show("holds").text
    assert "Nothing is held" in text
    assert people("VIEWER").show("holds/1").status_code == 404


def test_what_is_held_is_shown_with_both_outcomes_and_restored(people: People, world: World) -> None:
    deletions(world)
    user = people("USER")
    user.show("holds")
    with counted() as queries:
        text = user.show("holds").text
    assert 3 < len(queries) <= 8, queries
    assert "3 events of anna would be deleted" in text
    assert "Their activities were deleted in Pipedrive. That is 60% of 5 pairs. The limit is 10% and 1" in text
    assert re.findall(r'<span class="what"><a href="/calsync/items/\d+">(Call \d)', text) == [
        "Call 0",
        "Call 1",
        "Call 2",
    ]
    assert 'aria-label="1 open"' in text
    (pair, *_) = re.findall(r'href="/calsync/(items/\d+)">Call', text)
    item = user.show(pair).text
    assert "kept back" in item
    assert 'more deletions than the account allows. <a href="/calsync/holds/1">Decide</a>' in item
    answer = user.submit("holds/1/reject", **fields(text, "holds/1/reject"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/calsync/holds?done=rejected")
    assert state(world) == ("rejected", "olga")
    text = user.show("holds", done="rejected").text
    assert "Rejected. The next run puts it back." in text
    assert "with the next run" in text
    for _ in range(3):
        world.pass_time(300)
        world.green()
    assert (len(world.activities()), len(world.events())) == (5, 5)
    assert "restored" in user.show("holds").text
    assert "olga rejected this" in user.show("holds/1").text


def test_a_removal_is_asked_about_twice(people: People, world: World) -> None:
    deletions(world)
    user = people("USER")
    link = re.search(r'<a class="btn btn-danger-quiet" href="/calsync/(.*?)" hx-get', user.show("holds").text)
    assert link is not None
    assert link[1] == "holds/1/approve"
    plain = user.show("holds/1/approve").text
    part = user.get("/calsync/holds/1/approve", headers={"hx-request": "true"}).text
    assert '<dialog class="dialog" data-show' in part
    assert "<html" not in part
    assert re.search(r"<button [^>]*autofocus[^>]*>Cancel</button>", part)
    sent = fields(plain, "holds/1/approve")
    assert sent == fields(part, "holds/1/approve")
    assert user.submit("holds/1/approve", **sent).status_code == 303
    assert state(world) == ("approved", "olga")
    world.green()
    assert len(world.events()) == 2
    assert "carried out" in user.show("holds").text


def test_what_changed_since_it_was_shown_is_not_decided(people: People, world: World) -> None:
    deletions(world)
    user = people("USER")
    sent = fields(user.show("holds").text, "holds/1/reject")
    with world.engine.begin() as conn:
        row = conn.execute(select(held_item).order_by(held_item.c.id)).first()
        assert row is not None
        payload = {**row.payload, "cause": "edited meanwhile"}
        conn.execute(update(held_item).where(held_item.c.id == row.id).values(payload=payload))
    answer = user.submit("holds/1/reject", **sent)
    assert answer.status_code == 409
    assert "This changed since you looked: 1 item was edited." in answer.text
    assert answer.text.count("changed since you looked</span>") == 1
    assert state(world) == ("open", None)
    assert user.submit("holds/1/reject", **fields(answer.text, "holds/1/reject")).status_code == 303
    late = user.submit("holds/1/approve", **fields(answer.text, "holds/1/reject"))
    assert (late.status_code, "olga rejected this" in late.text) == (409, True)
    assert state(world) == ("rejected", "olga")


def test_edits_are_shown_before_and_after(people: People, world: World) -> None:
    world.anna_is(max_change_count=1, max_change_ratio=0.1)
    pairs(world, 4)
    for event in world.events()[:3]:
        world.edit_event(event, location="Bremen <b>")
    held(world)
    text = people("USER").show("holds/1").text
    assert "3 items of anna would be changed" in text
    assert "They were edited in Google." in text
    assert text.count('Place: <span class="diff"><del>–</del> <ins>Bremen &lt;b&gt;</ins>') == 3
    assert "Put back 3 changes" in text


def test_who_may_read_what(people: People, world: World) -> None:
    deletions(world)
    viewer = people("VIEWER")
    text = viewer.show("holds").text
    assert "Call" not in text
    assert text.count("Subject hidden") == 3
    assert 'action="/calsync/holds' not in text
    assert "can edit on HITL Detail, approve_held_changes" in text
    for path in ("holds/1/approve", "holds/1/reject"):
        assert viewer.submit(path, plan_hash="x").status_code == 403
    assert viewer.get("/calsync/holds/1.csv").status_code == 403
    assert "Call 1" in people("VIEWER", name=ANNA).show("holds").text, "of one's own account"


def test_a_search_that_is_cleared_leads_back_to_what_was_shown(
    people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "ITEMS_SHOWN", 2)
    monkeypatch.setattr(holds, "PER_PAGE", 1)
    deletions(world)
    user = people("USER")
    for address, count in (("holds", 2), ("holds/1", 1), ("holds/1?page=2", 1)):
        text = user.get(f"/calsync/{address}").text
        shown = re.findall(r'href="/calsync/items/\d+">(.*?)</a>', text)
        page = re.search(r'name="page" value="(\d)"', text)
        assert page is not None, address
        assert len(shown) == count, address
        for q in ("Call", ""):
            sent = {"form_token": user.form_token(), "q": q, "page": page[1]}
            part = user.post("/calsync/holds/1/search", data=sent, headers={"hx-request": "true"}).text
            found = re.findall(r'href="/calsync/items/\d+">(.*?)</a>', part)
            assert (len(found) == 3) if q else (found == shown), (address, q)


def test_items_are_searched_for_by_subject_and_date(people: People, world: World) -> None:
    deletions(world)
    user = people("USER")
    begin = user.show("holds/1").text
    (date,) = {each.split(",")[0] for each in re.findall(r'<span class="when">(\w{3} \d+ \w{3}), ', begin)}

    def found(who: Browser, text: str, **headers: str) -> list[str]:
        answer = who.post("/calsync/holds/1/search", data={"form_token": who.form_token(), "q": text}, headers=headers)
        assert ("<html" in answer.text) != bool(headers)
        return re.findall(r'href="/calsync/items/\d+">(.*?)</a>', answer.text)

    for headers in ({}, {"hx-request": "true"}):
        assert found(user, "cALL 1", **headers) == ["Call 1"]
        assert found(user, date.upper(), **headers) == ["Call 0", "Call 1", "Call 2"]
        assert found(user, "Call 9", **headers) == []
        assert found(user, " ", **headers) == ["Call 0", "Call 1", "Call 2"]
    assert "Nothing held has this subject or date." in user.submit("holds/1/search", q="Call 9").text
    assert people("VIEWER").submit("holds/1/search", q="Call").status_code == 403
    assert 'role="search"' not in people("VIEWER").show("holds/1").text
    assert found(people("VIEWER", name=ANNA), "all 2") == ["Call 2"]
    assert user.submit("holds/9/search", q="Call").status_code == 404


def test_the_items_as_a_table(people: People, world: World) -> None:
    world.anna_is(**ANYTHING)
    pairs(world, 1)
    world.activity("=1+1")
    world.green()
    delete_events(world, 2)
    held(world)
    answer = people("USER").get("/calsync/holds/1.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="hold-1.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["What"] for row in rows] == ["remove activity"] * 2
    assert {row["Changes"] for row in rows} == {"Call 0", "'=1+1"}
    german = people("USER", **GERMAN).get("/calsync/holds/1.csv")
    assert german.headers["content-disposition"] == answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(german.text)))
    assert list(rows[0]) == ["Was", "Aktivität", "Termin", "Wann", "Typ", "Änderungen", "Grund"]
    assert {(row["Was"], row["Grund"]) for row in rows} == {("Aktivität entfernen", "in Google gelöscht")}


def test_others_and_older_ones_are_listed(people: People, world: World) -> None:
    world.green()
    with world.engine.begin() as conn:
        (account_id,) = conn.execute(select(account.c.id)).scalars()
        for number in range(1, 26):
            add_hold(conn, number, account_id, 7, state="approved", decided_by=f"otto-{number:02}", rule="max_delete")
        for number in (26, 27):
            add_hold(conn, number, account_id, 9, rule="max_change")
    user = people("USER")
    text = user.show("holds").text
    assert re.findall(r"approved by otto-(\d+)", text) == [f"{number:02}" for number in range(25, 5, -1)]
    assert 'href="/calsync/holds/27"' in text
    assert 'href="/calsync/holds?before=6"' in text
    assert re.findall(r"approved by otto-(\d+)", user.show("holds", before=6).text) == ["05", "04", "03", "02", "01"]


def test_the_question_under_required_actions_ends(people: People, world: World, run: Any) -> None:
    deletions(world)
    user = people("USER")
    decided: list[int] = []
    person = threading.Thread(target=_decides, args=(user, decided))
    person.start()
    outcome: Outcome = run("approve_held_changes")
    person.join()
    assert decided == [303]
    assert outcome.tasks == {"find_holds": "success", "decide": "skipped"}
    assert state(world) == ("rejected", "olga")


def _decides(user: Browser, decided: list[int]) -> None:
    """Decide on the page as soon as Airflow asks."""
    from airflow.models.hitl import HITLDetail
    from airflow.utils.session import create_session

    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and not decided:
        time.sleep(0.3)
        with create_session() as session:
            asked = session.scalars(select(HITLDetail.ti_id).where(HITLDetail.responded_at.is_(None))).first()
        if asked is not None:
            sent = fields(user.show("holds").text, "holds/1/reject")
            decided.append(user.submit("holds/1/reject", **sent).status_code)
