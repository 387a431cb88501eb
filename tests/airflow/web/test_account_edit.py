"""Changing accounts on the page: the form and its way back, reviewing by a draft, saving, two people at once, pausing,
removing, earlier settings. The services are the sandbox's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from calsync_airflow.web.account_form import fields_of, values_of
from include.calsync.core.raw import Json
from include.calsync.flows.request import RunRequest
from include.calsync.settings import Account, checked
from include.calsync.store.tables import account, account_draft, account_version, sync_run
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.airflow.web.conftest import GERMAN, Browser, People
from tests.airflow.web.team import add_account, add_rows

ANNA, BEN = "anna@acme.example", "ben@acme.example"


@pytest.fixture
def services(sandbox: Sandbox, connect: Connect) -> Sandbox:
    """Both connections work; Pipedrive and Google know Anna and Ben."""
    users = [sandbox.pipedrive.state.add_user(mail.split("@")[0].title(), mail) for mail in (ANNA, BEN)]
    for mail in (ANNA, BEN):
        sandbox.google.state.add_user(mail)
    token, key = sandbox.pipedrive.state.token_for(users[0]["id"]), sandbox.google.state.service_account_key()
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    extra = {"keyfile_dict": key, "api_endpoint": sandbox.google.url}
    connect("google_calendar_default", conn_type="google_calendar", login=ANNA, extra=extra)
    return sandbox


def fields(**changed: Any) -> dict[str, Any]:
    """What the form of an account of Anna's sends."""
    known = {"name": "anna", "pipedrive_user": ANNA, "google_user": ANNA, "enabled": True}
    return {**fields_of(known), **changed}


def named(store: Engine, name: str) -> Any:
    with store.begin() as conn:
        return conn.execute(select(account).where(account.c.name == name, account.c.removed_at.is_(None))).one()


def draft_of(store: Engine) -> Any:
    with store.begin() as conn:
        return conn.execute(select(account_draft).order_by(account_draft.c.id.desc())).first()


def added(op: Browser, store: Engine, **changed: Any) -> Any:
    """An account that was reviewed and saved."""
    reviewed = op.submit("accounts/new", **fields(**changed))
    assert reviewed.status_code == 303, reviewed.text
    saved = op.submit(f"drafts/{draft_of(store).id}/save")
    assert saved.status_code == 303, saved.text
    return named(store, changed.get("name", "anna"))


EVERYTHING: Json = {
    "name": "anna", "pipedrive_user": 7, "google_user": ANNA, "calendar": {"create": "Mine"}, "time_zone": "Asia/Tokyo",
    "mode": "to_google", "activity_types": ["call", "lunch"], "event_type": "call", "title": ["subject", "deal"],
    "conflict": "google", "default_duration_minutes": 45, "private_events": "skip", "include_note": True,
    "include_context": "always", "done": "prefix", "on_event_deleted": "done", "on_activity_deleted": "keep",
    "horizon_days": 90, "max_delete_ratio": 0.125, "max_delete_count": 3, "max_change_ratio": 1.0,
    "max_change_count": 0, "max_create_ratio": 0.0, "max_create_count": 9, "notify_guests": "external",
    "colors": {"call": 5, "priority High": 11}, "enabled": False, "pipedrive_conn_id": "p", "google_conn_id": "g",
}  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "a", "pipedrive_user": ANNA, "google_user": ANNA},
        EVERYTHING,
        {**EVERYTHING, "calendar": "x@group", "include_context": False},
    ],
    ids=["defaults", "all others", "an id"],
)
def test_the_form_loses_no_setting(settings: Json) -> None:
    known = checked(settings)
    assert isinstance(known, Account)
    assert set(EVERYTHING) == set(Account.model_fields), "the form has all of them"
    again = checked(values_of(fields_of(known.model_dump(mode="json"))))
    assert again == known


def test_numbers_are_read_as_people_type_them() -> None:
    values = values_of(fields(max_delete_ratio="0,5", horizon_days=" 30 ", default_duration_minutes="", colors="call"))
    assert (values["max_delete_ratio"], values["horizon_days"]) == (0.5, 30)
    assert "default_duration_minutes" not in values, "empty: as it is by default"
    assert dict(checked(values_of(fields(horizon_days="soon", colors="call")))) == {
        "horizon_days": "must be a whole number",
        "colors": "call: must be a whole number",
    }


def test_who_may_not_change_settings_sees_no_form(people: People, store: Engine) -> None:
    with store.begin() as conn:
        add_account(conn, 1, "anna")
    text = people("USER").show("accounts/1").text
    assert re.search(r'<fieldset class="card"[^>]* disabled>', text)
    assert "Review changes" not in text
    assert "Pause" not in text
    for path in ("accounts/new", "accounts/1", "accounts/1/drafts", "accounts/1/pause", "accounts/1/remove"):
        assert people("USER").submit(path, **fields()).status_code == 403, path
    assert "Review changes" in people("OP").show("accounts/1").text


def test_an_account_is_added_after_review(people: People, store: Engine, services: Sandbox, airflow_dags: None) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    op = people("OP")
    assert 'value="create" checked' in op.show("accounts/new").text, "a calendar of its own is proposed"
    reviewed = op.submit("accounts/new", **fields(mode="to_google"))
    draft = draft_of(store)
    assert reviewed.headers["location"] == f"/calsync/drafts/{draft.id}"
    with create_session() as session:
        confs = session.scalars(select(DagRun.conf).where(DagRun.dag_id == "calendar_sync")).all()
    assert {"dry_run": True, "draft_id": draft.id} in confs
    text = op.show(f"drafts/{draft.id}").text
    assert "Add the account anna?" in text
    assert "One way: to Google" in text
    assert "waiting for Airflow" in text
    saved = op.submit(f"drafts/{draft.id}/save")
    row = named(store, "anna")
    assert saved.headers["location"] == f"/calsync/accounts/{row.id}?done=saved"
    assert (row.settings["mode"], row.source, row.version, row.updated_by) == ("to_google", "page", 1, "olga")
    assert op.show(f"drafts/{draft.id}").status_code == 404, "the draft is over"


def test_all_that_is_wrong_is_said_beside_its_field_and_the_input_is_kept(
    people: People, store: Engine, services: Sandbox
) -> None:
    wrong = fields(name="Anna S.", google_user="anna", default_duration_minutes="0", title=["deal"], horizon_days="9x")
    answer = people("OP").submit("accounts/new", **wrong)
    assert answer.status_code == 422
    linked = re.findall(r'<li><a href="#(\w+)">', answer.text)
    assert linked == ["name", "google_user", "title", "default_duration_minutes", "horizon_days"]
    assert re.search(
        r'id="name"[^>]*value="Anna S\."[^>]*aria-invalid="true" aria-describedby="name-error"', answer.text
    )
    assert "must be at least 1, not 0" in answer.text
    assert re.search(r'<details id="more" open>', answer.text), "what is folded and wrong is seen"
    german = people("OP", **GERMAN).submit("accounts/new", **wrong).text
    assert "muss mindestens 1 sein, nicht 0" in german
    assert draft_of(store) is None


def test_rules_across_accounts_are_said_at_their_setting(
    people: People, store: Engine, services: Sandbox, airflow_dags: None
) -> None:
    op = people("OP")
    added(op, store)
    answer = op.submit("accounts/new", **fields())
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', answer.text)[0] == "name"
    assert "choose another one" in answer.text


def test_a_change_is_reviewed_by_what_the_dry_run_would_do(
    people: People, store: Engine, services: Sandbox, airflow_dags: None
) -> None:
    op = people("OP")
    row = added(op, store)
    changed = {**fields_of(row.settings), "done": "prefix", "version": row.version}
    reviewed = op.submit(f"accounts/{row.id}/drafts", **changed)
    draft = draft_of(store)
    assert reviewed.headers["location"] == f"/calsync/drafts/{draft.id}"
    text = op.show(f"drafts/{draft.id}").text
    assert "Save 1 change for anna?" in text
    assert "<del>Keep the event</del> <ins>Mark it with ✓</ins>" in text
    part = op.get(f"/calsync/drafts/{draft.id}", headers={"hx-request": "true"})
    assert (part.status_code, "<html" in part.text) == (200, False)
    with store.begin() as conn:
        request = RunRequest("calendar_sync", "manual", "o", dry_run=True, draft_id=draft.id).to_json()
        run = {"id": "r-draft", "dag_id": "calendar_sync", "kind": "manual", "dry_run": True, "request": request}
        now = datetime.now(UTC)
        conn.execute(insert(sync_run).values(**run, started_at=now, planned_at=now))
        add_rows(conn, "r-draft", row.id, confirmed=0, planned=3)
    part = op.get(f"/calsync/drafts/{draft.id}", headers={"hx-request": "true"})
    assert part.status_code == 286, "nothing more is asked for"
    assert re.search(r"<dt>Events that change</dt><dd>3</dd>", part.text)
    assert "no change to any activity" in part.text
    back = op.show(f"accounts/{row.id}", draft=draft.id).text
    assert 'value="prefix" selected' in back, "what was typed is still there"
    assert op.submit(f"drafts/{draft.id}/save").status_code == 303
    saved = named(store, "anna")
    assert (saved.settings["done"], saved.version) == ("prefix", 2)


def test_a_switched_off_sync_tries_nothing_out_and_it_can_be_saved(
    people: People, store: Engine, services: Sandbox, airflow_dags: None
) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagModel).update({DagModel.is_paused: True})
    op = people("OP")
    op.submit("accounts/new", **fields())
    text = op.show(f"drafts/{draft_of(store).id}").text
    assert "Not tried out: the sync is switched off" in text
    assert op.submit(f"drafts/{draft_of(store).id}/save").status_code == 303


def test_what_two_people_change_at_once_is_merged_or_asked(
    people: People, store: Engine, services: Sandbox, airflow_dags: None
) -> None:
    op, other = people("OP"), people("OP", name="paul")
    row = added(op, store)
    seen = {**fields_of(row.settings), "version": row.version}
    assert other.submit(f"accounts/{row.id}", **{**seen, "mode": "to_google", "done": "remove"}).status_code == 303
    mine = {**seen, "mode": "pipedrive_only", "conflict": "google"}
    asked = op.submit(f"accounts/{row.id}/drafts", **mine)
    assert asked.status_code == 409
    assert "<strong>paul</strong>" in asked.text or "paul saved anna" in asked.text
    assert re.findall(r'name="(take_\w+)" value="theirs"', asked.text) == ["take_mode"]
    assert 'value="pipedrive_only" checked' in asked.text, "one's own stays"
    assert re.search(r'<option value="remove" selected>', asked.text), "theirs that does not collide is taken over"
    assert 'name="version" value="2"' in asked.text
    again = {**mine, "version": 2, "done": "remove", "take_mode": "theirs"}
    assert op.submit(f"accounts/{row.id}", **again).status_code == 303
    now = named(store, "anna")
    assert (now.settings["mode"], now.settings["conflict"], now.settings["done"]) == ("to_google", "google", "remove")


def test_accounts_of_the_file_are_not_changed_here(people: People, store: Engine, services: Sandbox) -> None:
    with store.begin() as conn:
        add_account(conn, 4, "carla", source="file", source_line=14)
    op = people("OP")
    text = op.show("accounts/4").text
    assert "line 14" in text
    assert "Review changes" not in text
    assert "Copy as YAML" in text
    assert "google_user: carla@acme.example" in text
    for path in ("accounts/4", "accounts/4/drafts", "accounts/4/pause", "accounts/4/remove"):
        answer = op.submit(path, **fields(name="carla", version=1, done="remove"))
        assert (answer.status_code, "line 14" in answer.text) == (409, True), path


def test_pause_resume_remove_and_restore(people: People, store: Engine, services: Sandbox, airflow_dags: None) -> None:
    op = people("OP")
    row = added(op, store)
    assert op.submit(f"accounts/{row.id}/pause").headers["location"].endswith("done=paused")
    assert named(store, "anna").state == "paused"
    text = op.show(f"accounts/{row.id}").text
    assert "Resume" in text
    assert re.search(r"switched off since [^<]* by olga", text)
    german = people("OP", **GERMAN).show(f"accounts/{row.id}").text
    assert re.search(r"ausgeschaltet seit [^<]* von olga", german)
    assert op.submit(f"accounts/{row.id}/resume").headers["location"].endswith("done=resumed")
    assert named(store, "anna").state == "ok"
    seen = {**fields_of(named(store, "anna").settings), "version": named(store, "anna").version}
    saved = op.submit(f"accounts/{row.id}", **{**seen, "done": "remove"}).headers["location"]
    assert saved == f"/calsync/accounts/{row.id}?done=saved&version=4"
    assert f'action="/calsync/accounts/{row.id}/undo"' in op.get(saved).text
    versions = op.show(f"accounts/{row.id}/versions").text
    assert re.findall(r"<strong>Version (\d)</strong>", versions) == ["4", "3", "2", "1"]
    assert "<del>Keep the event</del> <ins>Remove the event</ins>" in versions
    assert op.submit(f"accounts/{row.id}/restore", version=1).headers["location"].endswith("done=restored")
    assert named(store, "anna").settings["done"] == "keep"
    assert f"accounts/{row.id}/undo" not in op.get(saved).text, "there is a newer version"
    seen = {**fields_of(named(store, "anna").settings), "version": 5, "default_duration_minutes": "45", "name": "anne"}
    assert op.submit(f"accounts/{row.id}", **seen).headers["location"].endswith("version=6")
    assert op.submit(f"accounts/{row.id}/undo", version=6).headers["location"].endswith("done=restored")
    assert named(store, "anna").settings["default_duration_minutes"] == 30
    assert op.submit(f"accounts/{row.id}/undo", version=1).status_code == 404
    dialog = re.search(r'<dialog class="dialog" id="remove".*?</dialog>', op.show(f"accounts/{row.id}").text, re.S)
    assert dialog is not None
    assert re.search(r"data-closes autofocus>Cancel", dialog.group()), "the safe button has the focus"
    assert op.submit(f"accounts/{row.id}/remove", sure="yes").headers["location"] == "/calsync/accounts?done=removed"
    assert op.show(f"accounts/{row.id}").status_code == 404
    with store.begin() as conn:
        assert conn.execute(select(account_version.c.version)).all(), "what it was is kept"
    assert f"/calsync/accounts/{row.id}/versions" in op.show("accounts/new").text, "it can be taken up again"
    assert op.submit(f"accounts/{row.id}/restore", version=1).headers["location"].endswith("done=restored")
    assert named(store, "anna").settings["enabled"]


def test_calendars_are_offered_by_name(people: People, store: Engine, services: Sandbox, airflow_dags: None) -> None:
    op = people("OP")
    team = services.google.state.add_calendar(ANNA, "Sales team")
    shown = op.submit("lists/calendars", **fields(calendar="id", name="anna typed")).text
    assert re.search(rf'<option value="{re.escape(team)}">Sales team \({re.escape(team)}\)</option>', shown)
    assert 'value="anna typed"' in shown, "without a script it is the whole form again"
    asked = {"form_token": op.form_token(), **fields(calendar="id")}
    part = op.post("/calsync/lists/calendars", data=asked, headers={"hx-request": "true"}).text
    assert (f'value="{team}"' in part, "<html" in part) == (True, False)
    row = added(op, store, calendar="id", calendar_choice=team)
    assert row.settings["calendar"] == team
    text = op.show(f"accounts/{row.id}").text
    assert re.search(rf'<option value="{re.escape(team)}" selected>Sales team', text), "it is known how they are called"
    changed = {**fields_of(row.settings), "version": row.version, "calendar": "primary"}
    op.submit(f"accounts/{row.id}/drafts", **changed)
    assert "<del>Sales team</del>" in op.show(f"drafts/{draft_of(store).id}").text
    op.submit(f"drafts/{draft_of(store).id}/save")
    assert "<del>Sales team</del> <ins>Primary calendar</ins>" in op.show(f"accounts/{row.id}/versions").text


def test_why_calendars_can_not_be_shown(people: People, store: Engine, services: Sandbox) -> None:
    op = people("OP")
    refused = op.submit("lists/calendars", **fields(google_user="nobody@else.example", google_conn_id="google_none"))
    assert "Connection google_none is missing" in refused.text
    german = people("OP", **GERMAN).submit("lists/calendars", **fields(google_conn_id="google_none")).text
    assert "Die Verbindung google_none fehlt: Lege sie in Airflow an" in german
    assert "Fill in the Google user first." in op.submit("lists/calendars", **fields(google_user="")).text
