"""The screen of one account: what it shows to whom, what flows which way, the preview of a title."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, insert

from include.calsync.flows.page.account import Way, Ways, title_of, ways_of
from include.calsync.settings import Account
from include.calsync.store.tables import account_version
from tests.airflow.web.conftest import People
from tests.airflow.web.team import fill, minutes_ago

SAMPLE = {"deal": "Roll-out", "person": "Lena", "organization": "", "subject": "Demo"}


def test_settings_are_shown_and_can_not_be_changed_here(people: People, store: Engine) -> None:
    fill(store)
    text = people("VIEWER").show("accounts/3").text
    assert "<h1>ben</h1>" in text
    assert "1,106 pairs" in text
    assert re.search(r'value="pipedrive_only" checked', text)
    assert re.search(r'value="create" checked', text)
    assert re.search(r'<fieldset class="card"[^>]* disabled>', text)
    assert "“can edit on Variables”" in text
    assert "line 14" in people("ADMIN").show("accounts/4").text, "the file's are changed in the file"
    assert people("VIEWER").show("accounts/99").status_code == 404


def test_earlier_changes_are_listed(people: People, store: Engine) -> None:
    fill(store)
    with store.begin() as conn:
        for number, mode in ((1, "pipedrive_only"), (2, "all_events"), (3, "all_events")):
            settings = {"mode": mode, "google_user": "anna@acme.example", "done": "keep" if number < 3 else "prefix"}
            row = {"account_id": 1, "version": number, "at": minutes_ago(100 - number), "by": f"jo-{number}"}
            conn.execute(insert(account_version).values(settings=settings, **row))
    text = people("VIEWER").show("accounts/1").text
    found = re.findall(r"<p><strong>(.*?)</strong><span class=\"sub\">(.*?),", text)
    assert found == [("An activity is done", "jo-3"), ("Mode", "jo-2")]


def account(**settings: object) -> Account:
    return Account.model_validate({"name": "a", "pipedrive_user": 1, "google_user": "a@acme.example", **settings})


@pytest.mark.parametrize(
    ("settings", "ways"),
    [
        ({}, Ways(Way.BOTH, Way.BOTH, Way.BOTH)),
        ({"on_event_deleted": "keep"}, Ways(Way.BOTH, Way.BOTH, Way.TO_EVENT)),
        ({"on_activity_deleted": "keep"}, Ways(Way.BOTH, Way.BOTH, Way.TO_ACTIVITY)),
        ({"on_activity_deleted": "keep", "on_event_deleted": "keep"}, Ways(Way.BOTH, Way.BOTH, Way.NONE)),
        ({"mode": "pipedrive_only", "on_event_deleted": "done"}, Ways(Way.TO_EVENT, Way.BOTH, Way.BOTH)),
        ({"mode": "to_google"}, Ways(Way.TO_EVENT, Way.TO_EVENT, Way.TO_EVENT)),
        ({"mode": "to_pipedrive"}, Ways(Way.TO_ACTIVITY, Way.TO_ACTIVITY, Way.TO_ACTIVITY)),
    ],
)
def test_what_flows_which_way(settings: dict[str, object], ways: Ways) -> None:
    assert ways_of(account(**settings)) == ways


@pytest.mark.parametrize(
    ("order", "pieces"),
    [
        (["person", "subject", "deal"], [("person", "Lena"), ("subject", "Demo"), ("deal", "Roll-out")]),
        (["organization", "subject"], [("subject", "Demo")]),
        (["deal"], [("deal", "Roll-out"), ("subject", "Demo")]),
        (["deal", "deal", "other", "subject"], [("deal", "Roll-out"), ("subject", "Demo")]),
        ([], [("subject", "Demo")]),
    ],
)
def test_a_title_in_its_parts(order: list[str], pieces: list[tuple[str, str]]) -> None:
    assert title_of(order, SAMPLE).pieces == pieces


def test_the_preview_is_a_part_of_the_page(people: People, store: Engine) -> None:
    answer = people("VIEWER").submit("preview/title", title=["organization", "subject", "person"])
    parts = re.findall(r'<span class="part">(.*?)</span>', answer.text)
    assert parts == ["Nordwind GmbH", "Product demo", "Lena Vogt"]
    assert "<html" not in answer.text
    assert "14:00–14:45" in answer.text
    assert "Hafenstraße 12, Hamburg" in answer.text
    assert "Contact: Lena Vogt\nPhone: +49 40 66969 142" in answer.text
    assert "Note:" not in answer.text
    answer = people("VIEWER").submit("preview/title", title=["subject"], include_context="false", include_note="true")
    assert "<pre>Note: Budget is tight</pre>" in answer.text
