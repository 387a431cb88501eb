"""The list of accounts: problems first, figures, the table; searching, polling, starting the sync."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, update

from include.calsync.store import directory
from include.calsync.store.tables import account, sync_run
from tests.airflow.web.conftest import People, counted, plain
from tests.airflow.web.team import add_account, add_run, fill, minutes_ago, now

HTMX = {"hx-request": "true"}


@pytest.fixture
def team(store: Engine) -> Engine:
    fill(store)
    return store


def states(text: str) -> dict[str, str]:
    """By account, its state as the table has it."""
    rows = re.findall(r'id="account-\d+"[^>]*>(.*?)</a>.*?<span class="state.*?</svg>(.*?)</span>', text, re.S)
    return {name: " ".join(state.split()) for name, state in rows}


def test_each_account_has_its_state(people: People, team: Engine) -> None:
    text = people("VIEWER").show("accounts").text
    assert states(text) == {
        "anna": "48 held",
        "ben": "Syncing 120 of 380",
        "carla": "In sync",
        "deniz": "Failed",
        "emil": "In sync",
        "greta": "Paused",
        "hugo": "Not tried yet",
    }
    for figure in ("2 of 7", "2,833", "213,000"):
        assert figure in text, figure


def test_problems_come_first_each_with_one_action(people: People, team: Engine) -> None:
    text = people("OP").show("accounts").text
    attention = text[text.index('class="attention"') : text.index('class="card overview"')]
    found = re.findall(r'<strong>(.*?)</strong>.*?<a [^>]*href="(.*?)"', attention, re.S)
    assert [(title.split(" since")[0], address) for title, address in found] == [
        ("48 changes of anna wait for your decision", "/calsync/holds/1"),
        ("deniz is not syncing", "/calsync/connect"),
        ("2 items of emil are set aside", "/calsync/history?account=5&amp;what=aside"),
    ]


def test_each_kind_of_failure_is_said_in_words(people: People, team: Engine) -> None:
    from include.calsync.errors import Failure

    said = {}
    for kind in Failure:
        with team.begin() as conn:
            conn.execute(update(account).where(account.c.name == "deniz").values(failure=str(kind)))
        for language in ("en", "de"):
            text = people("VIEWER", **{"accept-language": language}).show("accounts").text
            (said[kind, language],) = re.findall(r'class="bad">.*?<p>(.*?)</p>', text, re.S)
            assert "Google no longer" not in text
    assert said[Failure.REFUSED, "de"] == "Die Zugangsdaten werden abgelehnt. Verbinde neu."
    assert len(set(said.values())) == 2 * len(Failure)
    alone = people("VIEWER").show("accounts/2").text
    assert said[Failure.OTHER, "en"] in alone
    assert ">Google no longer accepts the consent.<" in alone, "without the name of the account"


def test_who_has_not_got_through_for_an_hour_is_named(people: People, team: Engine) -> None:
    with team.begin() as conn:
        conn.execute(update(account).where(account.c.name == "carla").values(last_success_at=minutes_ago(61)))
    assert "No run got through to carla since" in people("VIEWER").show("accounts").text


@pytest.mark.parametrize(
    ("state", "names"),
    [("attention", {"anna", "deniz", "emil"}), ("running", {"ben"}), ("paused", {"greta"})],
)
def test_the_table_can_be_filtered(people: People, team: Engine, state: str, names: set[str]) -> None:
    assert set(states(people("VIEWER").show("accounts", state=state).text)) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [("ANNA", {"anna"}), ("deniz@", {"deniz"}), ("team@group", {"carla"}), ("nobody", set())],
)
def test_accounts_are_found_by_name_address_and_calendar(
    people: People, team: Engine, query: str, names: set[str]
) -> None:
    viewer = people("VIEWER")
    fields = {"q": query, "form_token": viewer.form_token()}
    found = viewer.post("/calsync/accounts/search", data=fields, headers=HTMX)
    assert set(states(found.text)) == names
    assert "<html" not in found.text
    plain = viewer.submit("accounts/search", q=query)
    assert set(states(plain.text)) == names, "without script, too"
    assert plain.text.count("<html") == 1


def test_what_was_typed_is_escaped(people: People, team: Engine) -> None:
    script = "<script>alert(1)</script>"
    with team.begin() as conn:
        conn.execute(update(account).where(account.c.name == "deniz").values(error=script))
        conn.execute(update(account).where(account.c.name == "anna").values(settings={"google_user": script}))
    viewer = people("VIEWER")
    for answer in (viewer.show("accounts"), viewer.submit("accounts/search", q=script), viewer.show("accounts/2")):
        assert script not in answer.text
        assert "&lt;script&gt;" in answer.text


def test_fifty_accounts_a_page(people: People, store: Engine) -> None:
    with store.begin() as conn:
        for number in range(1, 121):
            add_account(conn, number, f"rep-{number:03}")
    viewer = people("VIEWER")
    first, last = viewer.show("accounts").text, viewer.show("accounts", page=3).text
    assert list(states(first)) == [f"rep-{number:03}" for number in range(1, 51)]
    assert "1–50 of 120" in first
    assert list(states(last)) == [f"rep-{number:03}" for number in range(101, 121)]
    assert "101–120 of 120" in last


def test_the_live_part_renews_problems_figures_and_the_table(people: People, team: Engine) -> None:
    viewer = people("VIEWER")
    part = viewer.get("/calsync/accounts/live", params={"state": "all", "page": 1}, headers=HTMX).text
    assert "<html" not in part
    assert 'hx-trigger="tick3 from:body"' in part, "a run is at work"
    assert 'id="accounts-table" hx-swap-oob="true"' in part
    searched = viewer.get("/calsync/accounts/live", headers=HTMX).text
    assert 'id="accounts-table"' not in searched, "what was found stays"
    with team.begin() as conn:
        conn.execute(update(sync_run).where(sync_run.c.id == "r-now").values(finished_at=now()))
    assert 'hx-trigger="tick15 from:body"' in viewer.get("/calsync/accounts/live", headers=HTMX).text


def test_the_banner_is_the_most_urgent(people: People, team: Engine) -> None:
    viewer = people("VIEWER")
    text = viewer.show("accounts/1").text
    assert re.search(
        r'deniz failed. The others are in sync. <a href="/calsync/accounts\?state=attention">Show</a>', text
    )
    assert "The others are in sync" not in viewer.show("accounts").text, "the problems say it"
    with team.begin() as conn:
        conn.execute(update(sync_run).values(finished_at=minutes_ago(55), started_at=minutes_ago(60)))
    for path in ("accounts", "accounts/1"):
        text = viewer.show(path).text
        assert re.search(r'No run has finished for (5\d minutes|1 hour).*?<a class="" href="/" .*?>Check Airflow', text)
        assert "The others are in sync" not in text


def test_few_queries_whatever_the_size(people: People, team: Engine) -> None:
    viewer = people("VIEWER")
    viewer.show("accounts")
    for path in ("accounts", "accounts/live", "accounts/1"):
        with counted() as queries:
            assert viewer.show(path).status_code == 200
        assert 3 < len(queries) <= 8, queries


def test_sync_now_starts_a_run_of_all(people: People, team: Engine, airflow_dags: None) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    user = people("USER")
    assert "Sync now" in user.show("accounts").text
    answer = user.submit("sync")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calsync/accounts?done=started")
    assert "Started." in user.show("accounts", done="started").text
    with create_session() as session:
        run = session.query(DagRun).filter(DagRun.dag_id == "calendar_sync").one()
        assert (run.triggering_user_name, run.conf) == ("olga", {})
        session.delete(run)
    viewer = people("VIEWER")
    assert "Sync now" not in viewer.show("accounts").text
    refused = viewer.submit("sync")
    assert (refused.status_code, "can create on DAG Runs, calendar_sync" in refused.text) == (403, True)


def test_a_sync_that_is_switched_off_is_not_started(people: People, team: Engine, airflow_dags: None) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagModel).update({DagModel.is_paused: True})
    user = people("USER")
    text = user.show("accounts").text
    assert re.search(r'switched off in Airflow.*?href="/dags/calendar_sync" .*?>Switch on', text)
    assert "Sync now" not in text
    refused = user.submit("sync")
    assert (refused.status_code, "calendar_sync is switched off in Airflow." in refused.text) == (409, True)


def test_calendars_go_by_their_names(people: People, store: Engine) -> None:
    calendars = {
        "anna": ("c1@group", "c1@group", "Sales team"),
        "ben": ({"create": "Pipedrive"}, "c2@group", "My sales"),
        "carla": ("c3@group", "c3@group", None),
        "deniz": ("c5@group", "c4@group", "The former one"),
        "emil": ({"create": "Pipedrive"}, None, None),
    }
    with store.begin() as conn:
        for number, (name, (written, known, called)) in enumerate(calendars.items(), 1):
            add_account(conn, number, name, settings={"calendar": written}, calendar_id=known)
            if called:
                directory.keep(conn, directory.calendar_scope(str(known)), "", {"name": called}, now())
    text = people("VIEWER").show("accounts").text
    shown = re.findall(r'<td class="grow">\s*<span(?: title="([^"]+)")?>(.*?)</span>', text, re.S)
    assert shown == [
        ("c1@group", "Sales team"), ("c2@group", "My sales"), ("", "c3@group"), ("", "c5@group"),
        ("", "Pipedrive"),
    ]  # fmt: skip
    found = people("VIEWER").submit("accounts/search", q="my SALES").text
    assert re.findall(r'id="account-(\d)"', found) == ["2"], "and can be found by them"


def test_a_run_that_was_stopped_is_not_taken_for_one_that_works(people: People, store: Engine) -> None:
    with store.begin() as conn:
        add_account(conn, 1, "anna")
        add_run(conn, "r-stopped", 9, None, dag_id="upload_unsynced_activities", kind="upload", planned_at=None)
        add_run(conn, "r-last", 3, 2)
    assert "Syncing" not in plain(people("VIEWER").show("accounts").text).replace("Syncing 0", "")
