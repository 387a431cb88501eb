"""The accounts file and the environment: defaults, and every problem at once with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from include.calsync.environment import Environment
from include.calsync.errors import SettingsError
from include.calsync.settings import WRITTEN, Account, AlertsTo, CreateCalendar, load_accounts, load_alerts

MINIMAL = {"name": "anna", "pipedrive_user": "anna@acme.example", "google_user": "anna@acme.example"}
ONE = """\
accounts:
  - name: anna
    pipedrive_user: anna@acme.example
    google_user: anna@acme.example
"""


def load(tmp_path: Path, text: str | bytes) -> list[Account]:
    path = tmp_path / "accounts.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_accounts(path)


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    return [problem.removeprefix(f"{tmp_path}/accounts.yaml:") for problem in caught.value.problems]


def test_defaults(tmp_path: Path) -> None:
    (account,) = load(tmp_path, ONE)
    assert account.model_dump() == {
        **MINIMAL,
        "calendar": "primary",
        "time_zone": None,
        "mode": "all_events",
        "activity_types": None,
        "event_type": "meeting",
        "title": ("deal", "person", "organization", "subject"),
        "conflict": "newest",
        "default_duration_minutes": 30,
        "private_events": "busy",
        "include_note": False,
        "include_context": True,
        "done": "keep",
        "on_event_deleted": "delete",
        "on_activity_deleted": "delete",
        "horizon_days": 365,
        "max_delete_ratio": 0.2,
        "max_delete_count": 25,
        "max_change_ratio": 0.5,
        "max_change_count": 100,
        "max_create_ratio": 0.2,
        "max_create_count": 50,
        "notify_guests": "none",
        "colors": {},
        "enabled": True,
        "pipedrive_conn_id": "pipedrive_default",
        "google_conn_id": "google_calendar_default",
    }


def test_every_key(tmp_path: Path) -> None:
    text = """\
defaults: {time_zone: Europe/Berlin, event_type: call}
accounts:
  - name: anna
    pipedrive_user: Anna@Acme.example
    google_user: " anna@acme.example"
    calendar: {create: "Pipedrive"}
    time_zone: America/St_Johns
    mode: pipedrive_only
    activity_types: [call, meeting]
    title: [subject, deal]
    conflict: pipedrive
    default_duration_minutes: 45
    private_events: full
    include_note: true
    include_context: false
    done: remove
    on_event_deleted: done
    on_activity_deleted: keep
    horizon_days: 30
    max_delete_ratio: 1
    max_delete_count: 0
    max_change_ratio: 0
    max_change_count: 1
    notify_guests: external
    enabled: false
    pipedrive_conn_id: p
    google_conn_id: g
  - {name: 2026-01-01, pipedrive_user: 12, google_user: b@acme.example, calendar: x@group.calendar.google.com}
  - {name: ben, pipedrive_user: "0012", google_user: b@acme.example}
"""
    anna, dated, ben = load(tmp_path, text)
    assert (anna.pipedrive_user, anna.google_user) == ("anna@acme.example", "anna@acme.example")
    assert anna.calendar == CreateCalendar(create="Pipedrive")
    assert (anna.time_zone, anna.event_type) == ("America/St_Johns", "call")
    assert (anna.activity_types, anna.title) == (("call", "meeting"), ("subject", "deal"))
    assert (anna.max_delete_ratio, anna.max_delete_count, anna.enabled) == (1.0, 0, False)
    assert (dated.name, dated.pipedrive_user, dated.time_zone) == ("2026-01-01", 12, "Europe/Berlin")
    assert ben.pipedrive_user == 12


def test_an_empty_list_is_no_problem(tmp_path: Path) -> None:
    assert load(tmp_path, "accounts: []\n") == []


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    text = """\
accounts:
  - &a {name: a, pipedrive_user: 1, google_user: a@acme.example, conflict: google}
  - {<<: *a, name: b}
"""
    assert [(account.name, account.conflict) for account in load(tmp_path, text)] == [("a", "google"), ("b", "google")]


def test_accounts_are_frozen_and_digested() -> None:
    account = Account.model_validate(MINIMAL)
    with pytest.raises(ValidationError):
        account.name = "other"
    other = {"name": "x", "enabled": False, "max_delete_count": 1, "google_conn_id": "g", "conflict": "google"}
    assert account.digest() == account.model_copy(update=other).digest()
    changed = {
        "time_zone": "UTC",
        "mode": "to_google",
        "activity_types": ("call",),
        "event_type": "call",
        "title": ("subject",),
        "default_duration_minutes": 15,
        "private_events": "skip",
        "include_note": True,
        "include_context": False,
        "done": "remove",
        "horizon_days": 1,
        "colors": {"call": 5},
    }
    digests = {account.model_copy(update={key: changed[key]}).digest() for key in WRITTEN}
    assert len(digests | {account.digest()}) == len(WRITTEN) + 1


def test_all_problems_at_once(tmp_path: Path) -> None:
    text = """\
defaults: {time_zone: Europe/Berln, tittle: [subject]}
account: 1
accounts:
  - name: anna
    pipedrive_user: anna@acme.example
    google_user: anna@acme.example
    conflict: newst
    title: [deal, person]
    max_delete_ratio: 1.5
    horizon_days: true
    calendar: {create: ""}
    include_note: "yes"
  - name: Anna
    pipedrive_user: "12"
    calender: x
    activity_types: call
    notify_guests: no
    7: 3
  - nothing
  - name: anna
    pipedrive_user: 0
    google_user: 1
    title: [deal, subject, foo]
    max_change_ratio: .nan
    name: ben
"""
    assert problems(tmp_path, text) == [
        "1: defaults.time_zone: is no IANA time zone: 'Europe/Berln', did you mean `Europe/Berlin`?",
        "1: defaults.tittle: unknown key, did you mean `title`?; remove or correct it",
        "2: account: unknown key, did you mean `accounts`?; remove or correct it",
        "7: accounts[0].conflict: must be 'newest', 'pipedrive' or 'google', not 'newst'",
        "8: accounts[0].title: must contain `subject` exactly once",
        "9: accounts[0].max_delete_ratio: must be at most 1.0, not 1.5",
        "10: accounts[0].horizon_days: must be a whole number, not True",
        '11: accounts[0].calendar: must be `primary`, a calendar id, or {create: "Name"}',
        "12: accounts[0].include_note: must be true or false",
        "13: accounts[1].google_user: is missing; add it",
        "13: accounts[1].name: must consist of a-z, 0-9, _ and -; put a number in quotes",
        "15: accounts[1].calender: unknown key, did you mean `calendar`?; remove or correct it",
        "16: accounts[1].activity_types: must be a list, such as [a, b]",
        "17: accounts[1].notify_guests: must be 'none', 'external' or 'all', not False",
        "18: accounts[1].7: unknown key; keys are text",
        "19: accounts[2]: must be a mapping of account keys",
        "21: accounts[3].pipedrive_user: must be the user's e-mail address or id",
        "22: accounts[3].google_user: must be the e-mail address of a Google user",
        "23: accounts[3].title[2]: must be 'deal', 'person', 'organization' or 'subject', not 'foo'",
        "24: accounts[3].max_change_ratio: must be a number, not nan",
        "25: 'name' is given twice, first in line 20; remove one",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("title: [subject, deal, deal]", "title: must not repeat a part"),
        ("title: [subject, subject]", "title: must contain `subject` exactly once"),
        ("title: subject", "title: must be a list, such as [a, b]"),
        ("activity_types: []", "activity_types: is empty, so nothing would be synced; leave it out for all types"),
        ("activity_types: [1]", "activity_types[0]: must be text; put it in quotes"),
        ("calendar: ", 'calendar: must be `primary`, a calendar id, or {create: "Name"}'),
        ("calendar: {make: x}", 'calendar: must be `primary`, a calendar id, or {create: "Name"}'),
        ("default_duration_minutes: 0", "default_duration_minutes: must be at least 1, not 0"),
        ("default_duration_minutes: 1441", "default_duration_minutes: must be at most 1440, not 1441"),
        ("default_duration_minutes: 30.5", "default_duration_minutes: must be a whole number, not 30.5"),
        ("max_delete_count: -1", "max_delete_count: must be at least 0, not -1"),
        ("max_change_ratio: true", "max_change_ratio: must be a number, not True"),
        ("max_change_ratio: -0.1", "max_change_ratio: must be at least 0.0, not -0.1"),
        ("event_type: ' '", "event_type: must not be empty; leave the key out for the default"),
        ("time_zone: CEST", "time_zone: is no IANA time zone: 'CEST'"),
        ("enabled: 1", "enabled: must be true or false, not 1"),
    ],
)
def test_one_problem(tmp_path: Path, line: str, problem: str) -> None:
    (found,) = problems(tmp_path, ONE + f"    {line}\n")
    assert found.startswith(f"5: accounts[0].{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: must be a mapping with the key `accounts`; see the README for an example"),
        ("- x", "1: must be a mapping with the key `accounts`; see the README for an example"),
        ("x: 1\n", "1: accounts: must be a list of accounts, each starting with `- name:`"),
        ("a: 1\naccounts:\n  name: x\n", "2: accounts: must be a list of accounts, each starting with `- name:`"),
        ("defaults: []\naccounts: [", "2: not valid YAML: "),
        ("defaults: 5\naccounts: []\n", "1: defaults: must be a mapping of account keys"),
        ("accounts:\n\t- name: x\n", "2: not valid YAML: "),
        ("accounts: *nobody\n", "1: not valid YAML: found undefined alias 'nobody'"),
        ("accounts: !!python/object:os.system {}\n", "1: not valid YAML: could not determine a constructor"),
        ("accounts: []\n---\naccounts: []\n", "2: not valid YAML: but found another document"),
        ("accounts: []\nx: !!int y\n", "1: not valid YAML: "),
        ("? [a]\n: b\n", "1: not valid YAML: found unhashable key"),
        ("accounts: &a [*a]\n", "1: accounts[0]: must be a mapping of account keys"),
        ("[" * 5000, "1: not valid YAML: "),
        (b"accounts: \xff\n", "1: not valid YAML: "),
        (b"accounts: \x00\n", "1: not valid YAML: "),
    ],
    ids=range(16),
)
def test_what_is_no_accounts_file(tmp_path: Path, text: str | bytes, problem: str) -> None:
    found = problems(tmp_path, text)
    assert any(line.startswith(problem) for line in found), found


def test_what_is_personal_is_not_repeated(tmp_path: Path) -> None:
    text = ONE.replace("anna@acme.example", "anna at acme")
    assert "acme" not in "\n".join(problems(tmp_path, text)).replace(str(tmp_path), "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: can't be read \(No such file or directory\); check"):
        load_accounts(tmp_path / "nowhere.yaml")


def test_environment() -> None:
    blank = {"CALSYNC_SHARDS": "", "CALSYNC_SCHEDULE": " ", "HOME": "/"}
    assert (
        Environment.from_env({}) == Environment.from_env(blank) == Environment(None, None, 120.0, False, "*/5 * * * *")
    )
    assert Environment.from_env(
        {
            "CALSYNC_ACCOUNTS_FILE": "/etc/calsync.yaml",
            "CALSYNC_SHARDS": "3",
            "CALSYNC_RESEND_AFTER_S": "0.5",
            "CALSYNC_LOG_PERSONAL_DATA": "True",
            "CALSYNC_SCHEDULE": "0 * * * *",
            "CALSYNC_KEEP_DAYS": "30",
        }
    ) == Environment(Path("/etc/calsync.yaml"), 3, 0.5, True, "0 * * * *", keep_days=30)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CALSYNC_SHARDS", ["0", "-1", "65", "1.5", "many"]),
        ("CALSYNC_RESEND_AFTER_S", ["nan", "inf", "-1", "soon", "1e9"]),
        ("CALSYNC_LOG_PERSONAL_DATA", ["maybe", "2"]),
        ("CALSYNC_KEEP_DAYS", ["29", "0", "-400", "400.5", "always", "36501"]),
        ("CALSYNC_DEPLOYMENT", ["a b", "ä", "x" * 65, "prod,"]),
    ],
)
def test_environment_problems(name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(SettingsError, match=f"^{name}: must be .*; correct it or unset it$"):
            Environment.from_env({name: value})


def test_all_environment_problems_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Environment.from_env({"CALSYNC_SHARDS": "x", "CALSYNC_RESEND_AFTER_S": "x", "CALSYNC_LOG_PERSONAL_DATA": "x"})
    assert len(caught.value.problems) == 3


def test_who_is_told_of_alerts(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        ONE + "alerts:\n  - notifier: some.Pager\n  - {notifier: a.b.C, arguments: {to: x}, kinds: [hold]}\n"
    )
    assert [account.name for account in load_accounts(path)] == ["anna"]
    every, holds = load_alerts(path)
    assert every == AlertsTo(notifier="some.Pager")
    assert (every.no_success_minutes, every.quarantine_count, "twin" in every.kinds) == (60, 10, True)
    assert (holds.arguments, holds.kinds) == ({"to": "x"}, ("hold",))


def test_problems_of_alerts_have_their_places(tmp_path: Path) -> None:
    section = """\
alerts:
  - notifier: some.Pager
    kinds: [hold, hodl]
    notifer: x
  - 3
  - notifier: Pager
    kinds: []
    arguments: x
    quarantine_count: -1
"""
    found = problems(tmp_path, ONE + section)
    places = [
        "[0].kinds[1]",
        "[0].notifer",
        "[1]",
        "[2].notifier",
        "[2].kinds",
        "[2].arguments",
        "[2].quarantine_count",
    ]
    assert [text.split(": ")[:2] for text in found] == [
        [str(line), f"alerts{place}"] for line, place in enumerate(places, start=7)
    ]
    assert "did you mean `notifier`?" in found[1]
    assert problems(tmp_path, ONE + "alerts: some.Pager\n")[0].startswith("5: alerts: must be a list of notifiers")
