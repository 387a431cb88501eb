"""The check of an installation, against the sandbox: what is well, and each kind of mistake by its remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store import configured
from include.calsync.store.engine import create_store_engine, migrate
from include.sandbox.base import Fault
from include.sandbox.server import Sandbox
from include.scripts import check
from tests.airflow.conftest import Connect

ANNA = "anna@acme.example"


class Installation:
    """Anna's account, well configured until a test breaks something."""

    def __init__(self, folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
        self.sandbox, self.folder, self.monkeypatch, self.connect = sandbox, folder, monkeypatch, connect
        user = sandbox.pipedrive.state.add_user("Anna", ANNA, "Europe/Berlin")
        sandbox.google.state.add_user(ANNA, time_zone="Europe/Berlin")
        self.token = sandbox.pipedrive.state.token_for(user["id"])
        self.file = folder / "accounts.yaml"
        self.account: dict[str, Any] = {"name": "anna", "pipedrive_user": ANNA, "google_user": ANNA}
        self.write()
        monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")  # as the check sets it; taken back after the test
        monkeypatch.setenv("AIRFLOW_HOME", str(folder))
        monkeypatch.setenv("CALSYNC_ACCOUNTS_FILE", str(self.file))
        self.connect_pipedrive()
        self.connect_google()
        self.connect_store()

    def write(self, **settings: Any) -> None:
        self.file.write_text(yaml.safe_dump({"accounts": [self.account | settings]}))

    def connect_pipedrive(self, **fields: Any) -> None:
        known = {"conn_type": "pipedrive", "host": self.sandbox.pipedrive.url, "password": self.token}
        self.connect("pipedrive_default", **known | fields)

    def connect_google(self, **extra: Any) -> None:
        known = {
            "keyfile_dict": self.sandbox.google.state.service_account_key(),
            "api_endpoint": self.sandbox.google.url,
        }
        self.connect("google_calendar_default", conn_type="google_calendar", extra=known | extra)

    def connect_store(self, **fields: Any) -> None:
        self.connect("calsync_db", **{"conn_type": "sqlite", "host": str(self.folder / "calsync.db")} | fields)

    def migrated(self) -> None:
        engine = create_store_engine(f"sqlite:///{self.folder / 'calsync.db'}")
        migrate(engine)
        engine.dispose()


@pytest.fixture
def installation(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, connect: Connect, airflow_database: None
) -> Installation:
    return Installation(tmp_path, sandbox, monkeypatch, connect)


@pytest.fixture
def checked(installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[[], tuple[int, str]]:
    """Exit code and output."""

    def run() -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["check"])
        code = check.main()
        return code, str(capsys.readouterr().out)

    return run


Checked = Callable[[], tuple[int, str]]


def test_all_is_well_and_nothing_is_written(installation: Installation, checked: Checked) -> None:
    code, out = checked()
    assert code == 0, out
    lines = out.splitlines()
    assert [line[:4] for line in lines[:-1]] == ["ok  "] * 6
    assert "does not exist yet: the first run creates it" in out
    assert ", time zone Europe/Berlin; calendar answers, with the right «owner»" in out
    assert lines[-1] == "All is well."
    assert not (installation.folder / "calsync.db").exists()
    asked = [*installation.sandbox.pipedrive.requests, *installation.sandbox.google.requests]
    assert {request.method for request in asked if "token" not in request.path} == {"GET"}
    assert len(asked) <= 8
    assert "requests: 4 to Pipedrive (44 tokens), 2 to Google Calendar" in out
    assert installation.token not in out


def test_a_store_that_is_there_is_looked_at(installation: Installation, checked: Checked) -> None:
    installation.migrated()
    before = (installation.folder / "calsync.db").read_bytes()
    code, out = checked()
    assert code == 0, out
    assert "ok    calsync_db: reachable, schema " in out
    assert "ok    calsync_db: belongs to this installation, or to nobody yet" in out
    assert (installation.folder / "calsync.db").read_bytes() == before


def on_the_page(installation: Installation, **settings: Any) -> None:
    """Anna's account as the page saves it."""
    installation.migrated()
    engine = create_store_engine(f"sqlite:///{installation.folder / 'calsync.db'}")
    values = Account.model_validate(installation.account | settings).model_dump(mode="json")
    with engine.begin() as conn:
        account_id = known_accounts.id_of_name(conn, "anna")
        configured.write(conn, account_id, values, base=0, source="page", by="olga", at=datetime.now(UTC))
    engine.dispose()


def test_accounts_of_the_page_are_looked_at(installation: Installation, checked: Checked) -> None:
    on_the_page(installation)
    installation.monkeypatch.delenv("CALSYNC_ACCOUNTS_FILE")
    code, out = checked()
    assert code == 0, out
    assert "ok    accounts: of the page: 1" in out
    assert "ok    account anna: Pipedrive user " in out


def zone_unknown(one: Installation) -> None:
    user = {"id": 1, "email": ANNA, "name": "Anna", "timezone_name": "Mars/Base", "active_flag": True}
    body = {"success": True, "data": [user]}
    one.sandbox.pipedrive.faults.add(Fault("json", path="/v1/users$", body=body, times=0))


def shared_for_reading(one: Installation) -> None:
    state = one.sandbox.google.state
    state.add_user("boss@acme.example")
    calendar = state.add_calendar("boss@acme.example", "Team")
    state.share(calendar, ANNA, "reader")
    one.write(calendar=calendar)


def refused(one: Installation) -> None:
    one.sandbox.google.faults.add(
        Fault("status", status=403, reason="insufficientPermissions", times=0, path="calendars")
    )


def wrong_variables(one: Installation) -> None:
    for name in ("CALSYNC_SHARDS", "CALSYNC_RESEND_AFTER_S"):
        one.monkeypatch.setenv(name, "x")


MISTAKES: dict[str, tuple[Callable[[Installation], object], list[str]]] = {
    "environment": (
        wrong_variables,
        ["FAIL  environment: CALSYNC_SHARDS: must be", "FAIL  environment: CALSYNC_RESEND_AFTER_S: must be"],
    ),
    "no accounts": (
        lambda one: one.monkeypatch.delenv("CALSYNC_ACCOUNTS_FILE"),
        [
            "ok    accounts file: none is named in CALSYNC_ACCOUNTS_FILE",
            "FAIL  accounts: Enable an account, or add one on the page",
        ],
    ),
    "accounts file": (
        lambda one: one.file.write_text("accounts:\n  - name: anna\n    modus: x\n"),
        ["accounts.yaml:2: accounts[0].pipedrive_user: is missing", "accounts.yaml:3: accounts[0].modus: unknown key"],
    ),
    "a name twice": (
        lambda one: on_the_page(one, calendar="other@group.calendar.google.com"),
        [
            "FAIL  account anna: it is in ",
            "and on the page, for another user or calendar. Give one of them another name",
        ],
    ),
    "none enabled": (lambda one: one.write(enabled=False), ["FAIL  accounts: Enable an account, or add one"]),
    "store type": (
        lambda one: one.connect_store(conn_type="mysql"),
        ["FAIL  calsync_db: Connection calsync_db: type 'mysql' is not supported; use postgres or sqlite"],
    ),
    "store unreachable": (
        lambda one: one.connect_store(conn_type="postgres", host="127.0.0.1", port=9, schema="x", password="topsecret"),
        ["FAIL  calsync_db: Check address, login and network of connection calsync_db"],
    ),
    "store without a folder": (
        lambda one: one.connect_store(host=str(one.folder / "nowhere" / "calsync.db")),
        ["FAIL  calsync_db: Create the folder of"],
    ),
    "no connection": (
        lambda one: one.write(pipedrive_conn_id="elsewhere"),
        [
            "FAIL  connection elsewhere: Connection elsewhere is missing: create it in Airflow",
            "FAIL  account anna: Connection elsewhere is missing",
        ],
    ),
    "token": (
        lambda one: one.connect_pipedrive(password="0" * 40),
        ["FAIL  connection pipedrive_default: Connection pipedrive_default: Enter a valid API token"],
    ),
    "key": (
        lambda one: one.connect_google(keyfile_dict={}, key_path=""),
        ["FAIL  account anna: Connection google_calendar_default: give one of keyfile_dict"],
    ),
    "user": (
        lambda one: one.write(pipedrive_user="nobody@acme.example"),
        ["FAIL  account anna: pipedrive_user is no active user of the company"],
    ),
    "Google user": (
        lambda one: one.write(google_user="nobody@acme.example"),
        ["FAIL  account anna: Connection google_calendar_default: Consent again, or correct the user"],
    ),
    "scopes": (refused, ["FAIL  account anna: Connection google_calendar_default: Allow the credential the Calendar"]),
    "calendar": (
        lambda one: one.write(calendar="nothing@group.calendar.google.com"),
        ["FAIL  account anna: the calendar does not exist or is not shared"],
    ),
    "right": (shared_for_reading, ["FAIL  account anna: the Google calendar is shared with the right «reader» only"]),
    "types": (
        lambda one: one.write(activity_types=["calls"]),
        ["FAIL  account anna: activity_types: `calls` is no activity type of this company, did you mean `call`?"],
    ),
    "zone": (zone_unknown, ["FAIL  account anna: Set `time_zone`: the Pipedrive user's, Mars/Base, is not known"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_named_with_its_remedy(installation: Installation, checked: Checked, mistake: str) -> None:
    break_it, told = MISTAKES[mistake]
    break_it(installation)
    code, out = checked()
    assert code == 1, out
    for line in told:
        assert line in out
    assert out.splitlines()[-1].startswith("Problems: ")
    assert "topsecret" not in out
    assert installation.token not in out
    asked = [*installation.sandbox.pipedrive.requests, *installation.sandbox.google.requests]
    assert {request.method for request in asked if "token" not in request.path} <= {"GET"}


def test_it_runs_with_the_root_alone_on_the_path(installation: Installation, root: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "include.scripts.check"]
    done = subprocess.run(command, cwd=installation.folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("All is well.\n")
    assert "Traceback" not in done.stderr
