"""Reviewing changed settings: what a real dry run would write, title by title, and what is asked before it deletes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from calsync_airflow.web.account_form import fields_of, moved
from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing.results import Saved
from include.calsync.store.tables import account_draft
from tests.airflow.web.conftest import Browser, People
from tests.flows.world import ANNA, World, day


@pytest.fixture
def anna(world: World, monkeypatch: pytest.MonkeyPatch) -> ConfiguredAccount:
    """Anna's account, of the page, with a call and two meetings on both sides."""
    monkeypatch.delenv("CALSYNC_ACCOUNTS_FILE")
    world.has_file = False
    world.accounts.clear()
    settings = {"name": "anna", "pipedrive_user": ANNA, "google_user": ANNA, "calendar": world.calendar}
    settings |= {"max_delete_count": 0, "max_delete_ratio": 0}
    result = editing.create(world.services(), settings, by="olga")
    assert isinstance(result, Saved)
    world.pass_time(1)
    deal = world.pipedrive.add_deal("Roll-out")
    world.activity("Call", due_date=day(1), deal_id=deal["id"])
    for number in (2, 3):
        world.activity(f"Visit {number}", type="meeting", due_date=day(number))
    world.green()
    return result.account


def reviewed(op: Browser, world: World, anna: ConfiguredAccount, **changed: Any) -> int:
    """The draft of these changes, tried out as Airflow does it."""
    sent = {**fields_of(anna.settings), "version": anna.version, **changed}
    assert op.submit(f"accounts/{anna.id}/drafts", **sent).status_code == 303
    with world.engine.connect() as conn:
        draft_id = int(conn.execute(select(account_draft.c.id)).scalars().all()[-1])
    assert world.sync(kind="manual", dry_run=True, draft_id=draft_id).failure is None
    return draft_id


def test_titles_are_shown_as_they_are_and_as_they_will_be(
    people: People, world: World, anna: ConfiguredAccount, airflow_dags: None
) -> None:
    op = people("OP")
    draft_id = reviewed(op, world, anna, title=["subject", "deal"])
    text = op.show(f"drafts/{draft_id}").text
    assert "<del>Roll-out &gt; Call</del> <ins>Call &gt; Roll-out</ins>" in text
    assert "No deletion and no change to any activity." in text
    assert 'name="removes"' not in text
    assert figure(text, "Guests mailed") == "0"
    assert "Stay, unsynced" not in text
    assert op.submit(f"drafts/{draft_id}/save").status_code == 303


def test_what_would_be_deleted_is_asked_before_it_is_saved(
    people: People, world: World, anna: ConfiguredAccount, airflow_dags: None
) -> None:
    op = people("OP")
    draft_id = reviewed(op, world, anna, activity_types=["call"])
    text = op.show(f"drafts/{draft_id}").text
    assert "2 items would be deleted by the next run." in text
    first = re.findall(r'<span class="what">\s*(.*?)\s*</span>\s*<span class="state bad">', text, re.S)[0]
    assert first in ("Visit 2", "Visit 3"), "deletions come first, in the order in which they were linked"
    part = op.get(f"/calsync/drafts/{draft_id}", headers={"hx-request": "true"}).text
    assert re.search(r'id="save"[^>]*hx-swap-oob="true"', part), "the question comes when the dry run is over"
    assert 'name="removes" value="2"' in part
    run = re.search(r'name="run" value="([^"]+)"', part)
    assert run is not None
    for unasked in ({}, {"removes": 1, "run": run[1]}, {"removes": 2}, {"removes": 2, "run": "another"}):
        answer = op.submit(f"drafts/{draft_id}/save", **unasked)
        assert (answer.status_code, "Not saved yet" in answer.text) == (422, True)
    assert len(world.events()) == 3
    assert op.submit(f"drafts/{draft_id}/save", removes=2, run=run[1]).status_code == 303
    world.green()
    assert len(world.events()) == 1


def test_another_calendar_says_what_moves_and_what_stays(
    people: People, world: World, anna: ConfiguredAccount, airflow_dags: None
) -> None:
    world.activity("Long ago", due_date=day(-9))
    world.green()
    op, calendar = people("OP"), world.google.add_calendar(ANNA, "New")
    assert "If you choose another calendar" in op.show(f"accounts/{anna.id}").text
    assert "If you choose another calendar" not in op.show("accounts/new").text
    draft_id = reviewed(op, world, anna, calendar="id", calendar_id=calendar, title=["subject"])
    text = op.show(f"drafts/{draft_id}").text
    assert (figure(text, "Events that move"), figure(text, "Stay, unsynced")) == ("3", "1")
    assert "Yes, move 3 events" in text
    assert "Yes, delete" not in text
    assert "It can be undone: choose the old calendar again." in text
    assert "<del>Roll-out &gt; Call</del> <ins>Call</ins>" in text
    assert "~next" not in op.show("accounts").text, "what is tried out is no account"
    run = re.search(r'name="run" value="([^"]+)"', text)
    assert run is not None
    assert op.submit(f"drafts/{draft_id}/save").status_code == 422
    assert op.submit(f"drafts/{draft_id}/save", removes=3, run=run[1]).status_code == 303
    for _ in range(2):
        world.green()
    assert (len(world.events()), len(world.events(calendar))) == (1, 3)


def figure(text: str, name: str) -> str:
    """The number under this heading."""
    found = re.search(rf"<dt>{name}</dt><dd>(.*?)<", text)
    assert found is not None, name
    return found[1]


def test_all_of_it_can_be_shown(
    people: People, world: World, anna: ConfiguredAccount, airflow_dags: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.calsync.flows.page import draft

    monkeypatch.setattr(draft, "ROWS_SHOWN", 1)
    monkeypatch.setattr(draft, "PER_PAGE", 2)
    op = people("OP")
    draft_id = reviewed(op, world, anna, done="prefix", activity_types=["lunch"])
    text = op.show(f"drafts/{draft_id}").text
    assert f"/calsync/drafts/{draft_id}?page=1" in text
    assert "1 of 3" in text
    shown = [op.show(f"drafts/{draft_id}", page=page).text for page in (1, 2)]
    assert [len(re.findall(r'<span class="state bad">', each)) for each in shown] == [2, 1]
    assert "?page=2" in shown[0]


@pytest.mark.parametrize(
    ("move", "title"),
    [
        ("up person", ["person", "deal", "subject"]),
        ("up deal", ["deal", "person", "subject"]),
        ("down deal", ["person", "deal", "subject"]),
        ("down subject", ["deal", "person", "subject"]),
        ("out deal", ["person", "subject"]),
        ("out subject", ["deal", "person", "subject"]),
        ("in organization", ["deal", "person", "subject", "organization"]),
    ],
)
def test_a_titles_buttons_mean(move: str, title: list[str]) -> None:
    assert moved({"title": ["deal", "person", "subject"]}, move)["title"] == title


def test_without_a_script_the_buttons_send_the_form(
    people: People, world: World, anna: ConfiguredAccount, airflow_dags: None
) -> None:
    op = people("OP")
    sent = {**fields_of(anna.settings), "version": anna.version, "done": "prefix", "move": "out deal"}
    order = r'name="title" value="(\w+)"(?! disabled)'
    for path in (f"accounts/{anna.id}/drafts", "accounts/new"):
        text = op.submit(path, **sent).text
        assert re.findall(order, text) == ["person", "organization", "subject"], path
        assert 'value="prefix" selected' in text, "what was typed is still there"
    assert re.search(r'data-before="done title"', op.submit(f"accounts/{anna.id}/drafts", **sent).text)
    asked = op.submit(f"accounts/{anna.id}/remove")
    assert (asked.status_code, "Remove anna?" in asked.text) == (200, True)
    assert editing.get_account(world.engine, anna.id).removed_at is None  # type: ignore[union-attr]
    shown = op.show(f"accounts/{anna.id}").text
    assert f'<form method="post" action="/calsync/accounts/{anna.id}/pause">' in shown[: shown.index("<main")]
    assert op.submit(f"accounts/{anna.id}/pause").headers["location"].endswith("done=paused")
