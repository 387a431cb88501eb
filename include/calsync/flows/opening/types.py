"""Keys of activity types in the settings, compared with the company's before anything is written.

A mistyped key would take every event of the other types out of a calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from include.calsync.errors import UnusableSetting
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


PRIORITY = "priority "
"""In front of a priority's name as a key of `colors`: no type's key has a space."""
Color = tuple[str, str, str]
"""Field of an activity, its value, and Google's color id."""


def check_types(services: Services, directory: Directory, account: Account) -> tuple[Color, ...]:
    """The account's colors, by the value of what they depend on: a priority's before a type's.

    Raises UnusableSetting that names every key of the account's settings that the company does not have.
    """
    used = [("activity_types", key) for key in account.activity_types or ()]
    used += [("event_type", account.event_type)] if account.mode != "to_google" else []
    labels = {key: key.removeprefix(PRIORITY).strip() for key in account.colors if key.startswith(PRIORITY)}
    used += [("colors", key) for key in account.colors if key not in labels]
    priorities, wrong = _priorities(services, directory, account, labels)
    problems = [*unknown(services, directory, account, used).values(), *wrong]
    if problems:
        raise UnusableSetting(f"account {account.name}: {' '.join(problems)} Correct the settings of this account.")
    by_type = (("type", key, str(color)) for key, color in account.colors.items() if key not in labels)
    return *(("priority", number, str(account.colors[key])) for key, number in priorities.items()), *by_type


def _priorities(
    services: Services, directory: Directory, account: Account, labels: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The company's priorities that these (by key of `colors`) are, and what is wrong with those that it has not."""
    if not labels:
        return {}, []
    client = services.pipedrive(account.pipedrive_conn_id)

    def fetch() -> dict[str, str]:
        return {label: str(number) for number, label in client.activity_options("priority").items()}

    for fresh in (False, True):  # one may have been added, or renamed, since they were asked for
        known = directory.get(f"priorities:{account.pipedrive_conn_id}", client.fingerprint, fetch, fresh=fresh)
        by_word = {label.casefold(): label for label in known}
        wrong = [key for key, label in labels.items() if label.casefold() not in by_word]
        if not wrong:
            break
    shown = {word: f"{PRIORITY}{label}" for word, label in by_word.items()}
    problems = []
    for key in wrong:
        hint = meant(labels[key].casefold(), by_word, shown=shown) or f". Its priorities: {', '.join(sorted(known))}."
        problems.append(f"colors: `{key}` is no priority of this company{hint}")
    return {key: known[by_word[label.casefold()]] for key, label in labels.items() if key not in wrong}, problems


def types_of(services: Services, directory: Directory, conn_id: str, *, fresh: bool = False) -> ActivityTypes:
    """Of the company that a connection opens; asked for if `fresh`, or if nobody did for a day."""
    client = services.pipedrive(conn_id)

    def fetch() -> dict[str, str]:
        return {str(each["key_string"]): str(each.get("name") or "") for each in client.activity_types()}

    return ActivityTypes(directory.get(f"types:{conn_id}", client.fingerprint, fetch, fresh=fresh))


def unknown(
    services: Services, directory: Directory, account: Account, used: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """What is wrong with those (setting, key) pairs that the account's company does not know."""
    used = list(used)
    if not used:
        return {}
    for fresh in (False, True):  # a type may have been added since they were asked for
        types = types_of(services, directory, account.pipedrive_conn_id, fresh=fresh)
        wrong = [pair for pair in used if pair[1] not in types.names]
        if not wrong:
            break
    return {pair: types.problem(*pair) for pair in wrong}
