"""The first steps, until the first account has synced."""

from __future__ import annotations

import re

from sqlalchemy import Engine, update

from include.calsync.store import directory
from include.calsync.store.tables import account
from include.sandbox.server import Sandbox
from tests.airflow.conftest import Connect
from tests.airflow.web.conftest import People
from tests.airflow.web.team import add_account, now

ANNA = "anna@acme.example"


def steps(text: str) -> list[str]:
    return re.findall(r'<li class="(done|now|)"', text[text.index('<ol class="steps">') :])[:4]


def test_the_step_that_comes_next_is_marked(
    people: People, store: Engine, connect: Connect, sandbox: Sandbox, airflow_dags: None
) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagModel).update({DagModel.is_paused: True})
    op = people("OP")
    assert "There is nothing to upload before an account is added." in op.show("upload").text
    assert steps(op.show("welcome").text) == ["now", "", "", ""]
    connect("pipedrive_default", conn_type="pipedrive", host="http://127.0.0.1:9", password="x")
    user = sandbox.pipedrive.state.add_user("Anna", ANNA)
    assert steps(op.show("welcome").text) == ["now", "", "", ""], "one that nobody has checked may not work"
    assert "The connection is there. Check whether it works." in op.show("welcome").text
    op.submit("connect/pipedrive/check", conn_id="pipedrive_default")
    assert steps(op.show("welcome").text) == ["now", "", "", ""]
    assert "The last check found that it does not work." in op.show("welcome").text
    token = sandbox.pipedrive.state.token_for(user["id"])
    connect("pipedrive_default", conn_type="pipedrive", host=sandbox.pipedrive.url, password=token)
    op.submit("connect/pipedrive/check", conn_id="pipedrive_default")
    text = op.show("welcome").text
    assert steps(text) == ["done", "now", "", ""]
    suggestion = f'href="/calsync/accounts/new?user={user["id"]}">Anna</a>'
    assert suggestion in text
    assert suggestion not in people("VIEWER").show("welcome").text
    assert suggestion in op.show("accounts/new").text
    assert 'value="call"' in op.show("accounts/new").text
    filled = op.show("accounts/new", user=user["id"]).text
    for name, value in (("name", "anna"), ("pipedrive_user", ANNA), ("google_user", ANNA)):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*value="{value}"', filled)
    connect("google_calendar_default", conn_type="google_calendar", extra={"client_id": "7", "client_secret": "x"})
    checked = op.submit("connect/google/check", conn_id="google_calendar_default").text
    assert "Waits for consents" in checked
    assert "Does not work" not in checked
    assert "Waits for consents" in op.show("connect").text
    text = op.show("welcome").text
    assert steps(text) == ["done", "done", "now", ""]
    assert "Each person consents once their account is added." in text
    sandbox.google.state.add_user(ANNA)
    extra = {"keyfile_dict": sandbox.google.state.service_account_key(), "api_endpoint": sandbox.google.url}
    connect("google_calendar_default", conn_type="google_calendar", login=ANNA, extra=extra)
    op.submit("connect/google/check", conn_id="google_calendar_default")
    assert steps(op.show("welcome").text) == ["done", "done", "now", ""]
    with store.begin() as conn:
        add_account(conn, 1, "anna", last_success_at=None)
    assert suggestion not in op.show("welcome").text
    assert suggestion not in op.show("accounts/new").text
    assert steps(op.show("welcome").text) == ["done", "done", "done", "now"]
    assert "/calsync/accounts/new" in op.show("welcome").text
    assert "/calsync/accounts/new" not in people("VIEWER").show("welcome").text


def test_it_is_where_who_sets_up_begins_until_an_account_has_synced(people: People, store: Engine) -> None:
    assert people("OP").show("").headers["location"] == "/calsync/welcome"
    assert people("VIEWER").show("").headers["location"] == "/calsync/accounts"
    with store.begin() as conn:
        add_account(conn, 1, "anna")
    assert people("OP").show("").headers["location"] == "/calsync/accounts"
    with store.begin() as conn:
        conn.execute(update(account).values(last_success_at=None))
    assert people("OP").show("").headers["location"] == "/calsync/welcome"


def test_a_user_that_lacks_members_is_not_offered(people: People, store: Engine) -> None:
    users = [{"id": None, "email": "nobody@acme.example", "name": "Nobody"}, {"id": 7, "email": ANNA, "name": None}]
    with store.begin() as conn:
        directory.keep(conn, "pipedrive:pipedrive_default", "", {"domain": "acme", "users": users}, now())
    text = people("OP").show("welcome").text
    assert f'href="/calsync/accounts/new?user=7">{ANNA}</a>' in text
    assert "nobody@acme.example" not in people("OP").show("accounts/new").text
