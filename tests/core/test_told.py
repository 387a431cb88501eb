"""Whatever runs, services and checks tell people is known in each language: a new message can't be forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from include.calsync import errors, setting_problems
from include.calsync.clients.statuses import GOOGLE, PIPEDRIVE, TOKEN_ENDPOINT
from include.calsync.core.sentences import LANGUAGES
from include.calsync.core.told import FORMS, is_told, told

ROOT = Path(__file__).parents[2]
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | {"ConsentError"}
TELLS = {"_tell": 0, "_leave": 2, "_wrong": 0, "Stop": 1, "put": 3}
"""Other calls that hand a message on, and which of their arguments it is."""
SECOND = {"ConsentError": 1}
NOT_SHOWN = (
    *("environment.py", "flows/accounts_now.py", "flows/deployment.py:SettingsError", "flows/explain.py"),
    *("store/engine.py", "store/schema.py", "store/types.py", "alerts.py", "asked.py", "hooks/store.py", "operators/"),
    *("flows/configured.py", "flows/holds.py", "flows/opening/resting.py", "open_run.py:SettingsError"),
    *("settings.py:SettingsError", "InfrastructureError", "FatalError", "persons.py", "rule.py"),
)
"""Modules, or what they raise, that only commands and Airflow's logs show."""


def normal(text: str) -> str:
    return re.sub(r"{{(.*?)}}", r"<\1>", re.sub(r"(?<!{){(?!{)[^{}]*}(?!})", "{}", text))


class Walk:
    """The messages of a module, as forms."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())
        self.scopes = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def messages(self) -> Iterator[tuple[str, str]]:
        """Who tells it, and its form; "": it is made elsewhere."""
        for scope in (*self.scopes, self.tree):
            for node in ast.walk(scope):
                if isinstance(node, ast.Call) and (argument := self._argument(node)) is not None:
                    for text in self._texts(argument, scope):
                        yield f"{self.path}:{ast.unparse(node.func)}", text

    def _argument(self, call: ast.Call) -> ast.expr | None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        place = SECOND.get(name, 0) if name in ERRORS else TELLS.get(name)
        if name == "append" and ast.unparse(call.func).endswith("notices.append"):
            place = 0
        if name == "ValueError" and self.path.name == "settings.py":
            place = 0
        return call.args[place] if place is not None and len(call.args) > place else None

    def _texts(self, node: ast.AST, scope: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.replace("{", "{{").replace("}", "}}")
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value).replace("{", "{{").replace("}", "}}") if isinstance(part, ast.Constant) else "{}"
                for part in node.values
            )
        elif isinstance(node, ast.List):
            for each in node.elts:
                yield from self._texts(each, scope)
        elif isinstance(node, ast.IfExp):
            yield from self._texts(node.body, scope)
            yield from self._texts(node.orelse, scope)
        elif isinstance(node, ast.Name):
            for made in ast.walk(scope):
                if isinstance(made, ast.Assign) and ast.unparse(made.targets[0]) == node.id:
                    yield from self._texts(made.value, scope)


@cache
def forms() -> set[str]:
    return {normal(form) for form in FORMS["de"]} | {normal(text) for text in LANGUAGES["de"].logged}


def all_messages() -> list[tuple[str, str]]:
    found = []
    for folder in ("include/calsync", "plugins/calsync_airflow"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found += list(Walk(path.relative_to(ROOT)).messages())
    return [(who, text) for who, text in found if not any(each in who for each in NOT_SHOWN)]


def paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.strip().split("\n\n")]


PARTS = paragraphs("""
    Connection {} is missing: create it in Airflow (Admin > Connections, type {}) or set the environment variable
    AIRFLOW_CONN_{}.

    Connection {}: {}.

    Remove the app's access in the settings of the {} account, then open the link again.

    event {} links {}: not linked

    is no IANA time zone: {}{}

    nothing {} in this run, so nothing of it was synced; {}.

    switch other syncs of this calendar off, maybe Pipedrive's own calendar sync. {} linked because both items look
    the same, and one of them seems to be made by another app: they were created within minutes of each other.
    Linked: {}{}.

    {} ({})

    {} No refresh token came.

    {} The log of the upsert tasks says why.

    {} more

    {} {} UTC.

    {}.

    {}: until {} nobody looks for deleted activities or new names.

    {}: {}
""")
"""What is put together of pieces: `WHOLE` has an example of each."""
WHOLE = paragraphs("""
    Renew the credential in the connection. (Pipedrive token endpoint: 400 invalid_request)

    Pipedrive token endpoint: no answer.

    account anna: event abc1 links deal 7, which is not there or hidden: not linked

    nothing was planned in this run, so nothing of it was synced; the next run repeats it.

    nothing was read to the end in this run, so nothing of it was synced; start it again.

    3 planned changes were not carried out; the next run repeats it. The log of the upsert tasks says why.

    Remove the app's access in the settings of the Google account, then open the link again. No refresh token came.

    account anna: not undone: 7 more

    account anna: not undone: activity 7: title was edited since

    account anna: not undone: event abc1: the account does not show its activity (other_type); once it does, it is
    back

    120 tokens of Pipedrive's daily budget are left: until 07:00 UTC the sync runs every 15 minutes, next at 05:15
    UTC.

    account anna: 120 tokens of Pipedrive's daily budget are left: until 07:00 UTC nobody looks for deleted
    activities or new names.

    account anna: 120 tokens of Pipedrive's daily budget are left: names were not read anew. New ones are shown
    within a day by the sync.

    is no IANA time zone: 'Berlin', did you mean `Europe/Berlin`?

    must be a whole number, not 'x'; must not repeat a part

    Connection google_calendar_default: key_path must end in .json.

    account anna: Connection g is missing: create it in Airflow (Admin > Connections, type google_calendar) or set
    the environment variable AIRFLOW_CONN_G.

    account anna: switch other syncs of this calendar off, maybe Pipedrive's own calendar sync. 2 pairs were linked
    because both items look the same, and one of them seems to be made by another app: they were created within
    minutes of each other. Linked: activity 1 and event a, activity 2 and event b, and 3 more.

    account anna: colors: `x` is no priority of this company, did you mean `y`? activity_types: `z` is no activity
    type of this company. Its types: a, b. Correct the settings of this account.

    Connection p: Enter a valid API token, or authorise again, in the connection. (Pipedrive, users.me: 401) Check
    the company's address and the network.

    Correct `due_time`: Pipedrive refuses it, saying “due_time is bad. Really” (activities.update: 400).

    account anna: 3 deletions held, after 2 in the last 24 hours: more than max_delete_count = 1 and
    max_delete_ratio = 0.1 of 5 links allow. Nothing of it was written. 2 because of a changed setting: done.
    Approve or reject it under Required Actions; the items stay held until then. If not, take the setting back.
""")


def test_each_message_is_known() -> None:
    missing = set()
    for who, text in all_messages():
        form = normal(text).removeprefix("account {}: ").removeprefix("not undone: ")
        if form not in ("", "{}", *PARTS) and not {form, f"{form}."} & forms():
            missing.add((who, form))
    assert sorted(missing) == []
    assert len(all_messages()) > 150, "the walk finds them"


@pytest.mark.parametrize("text", WHOLE)
def test_what_is_put_together_is_known_as_a_whole(text: str) -> None:
    assert is_told(text, "de")
    assert told(text, "de") != text
    assert told(text, "en") == text


def test_each_remedy_and_problem_is_known() -> None:
    rules = [rule for table in (PIPEDRIVE, GOOGLE, TOKEN_ENDPOINT) for rule in table.values()]
    rules += [rule.on_write for rule in rules if rule.on_write is not None]
    remedies = {f"{rule.remedy} (Pipedrive, deals.get: 403)" for rule in rules if rule.remedy}
    problems = {re.sub(r"{\w+}", "7", text) for text in setting_problems._PROBLEMS.values()}
    unknown = {
        text
        for text in {*remedies, *problems, "unknown key, did you mean `mode`?; remove or correct it"}
        if not is_told(text, "de")
    }
    assert unknown == set()


def test_what_is_not_known_stays_as_it_is() -> None:
    for text in ("Nobody knows this one.", "it was edited since by Nobody", "account anna: nobody knows this one."):
        assert not is_told(text, "de")
        assert text.rpartition(": ")[2] in told(text, "de")
