"""Keys of activity types in the settings, compared with the company's before anything is written.

A mistyped key would take every event of the other types out of a calendar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from include.calsync.errors import AccountError
from include.calsync.flows.services import Services
from include.calsync.settings import Account, meant
from include.calsync.store.directory import Directory


@dataclass(frozen=True)
class ActivityTypes:
    """A company's types: names by key. Inactive ones are types as well, of old activities."""

    names: dict[str, str]

    def problem(self, setting: str, key: str) -> str:
        """What is wrong with an unknown key, and which one may be meant: people write names, too."""
        by_word = {word.casefold(): known for known, name in self.names.items() for word in (name, known)}
        hint = meant(key.casefold(), by_word, shown=by_word) or f". Its types: {', '.join(sorted(self.names))}."
        return f"{setting}: `{key}` is no activity type of this company{hint}"


Color = tuple[str, str, str]
"""Field of an activity, its value, and Google's color id."""


def check_types(services: Services, directory: Directory, account: Account) -> tuple[Color, ...]:
    """The account's colors, by the value of what they depend on.

    Raises AccountError that names every key of the account's settings that the company does not have.
    """
    used = [("activity_types", key) for key in account.activity_types or ()]
    used += [("event_type", account.event_type)] if account.mode != "to_google" else []
    used += [("colors", key) for key in account.colors]
    problems = unknown(services, directory, account, used)
    if problems:
        told = " ".join(problems.values())
        raise AccountError(f"account {account.name}: {told} Correct the settings of this account.")
    return tuple(("type", key, str(color)) for key, color in account.colors.items())


def unknown(
    services: Services, directory: Directory, account: Account, used: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """What is wrong with those (setting, key) pairs that the account's company does not know."""
    used = list(used)
    if not used:
        return {}
    client = services.pipedrive(account.pipedrive_conn_id)

    def fetch() -> dict[str, str]:
        return {str(each["key_string"]): str(each.get("name") or "") for each in client.activity_types()}

    for fresh in (False, True):  # a type may have been added since they were asked for
        scope = f"types:{account.pipedrive_conn_id}"
        types = ActivityTypes(directory.get(scope, client.fingerprint, fetch, fresh=fresh))
        wrong = [pair for pair in used if pair[1] not in types.names]
        if not wrong:
            break
    return {pair: types.problem(*pair) for pair in wrong}
