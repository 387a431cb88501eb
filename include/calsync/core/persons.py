"""A person whose data are asked for: who it is, and what is about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMED = re.compile(r"(person|user):([1-9][0-9]{0,17})", re.ASCII)
_ADDRESS = re.compile(r"[^\s@\"'<>\\]+@[^\s@\"'<>\\]+")
_ASCII = re.compile(r"[\x21-\x7e]+")
_IN_ADDRESSES = r"[\w.+%-]"
BLANK = "…"
# Members of activities, raw or canonical, and of settings, that name a person or a user of Pipedrive.
_PERSONS = frozenset({"person_id"})
_USERS = frozenset({"owner_id", "user_id", "creator_user_id", "assigned_to_user_id", "pipedrive_user"})
_PERSON_OF_REFS = 1
"""The place of the person among `refs`: after the deal, before the organization."""


@dataclass(frozen=True, slots=True)
class Person:
    """By an address (lower case), or by the id that a person or user has in Pipedrive, of whichever company."""

    address: str = ""
    person_id: int | None = None
    user_id: int | None = None

    def hints(self) -> tuple[str, ...]:
        """Texts of which one stands in every JSON text (lower case) that is about the person."""
        if self.address:
            return (max(_ASCII.findall(self.address), key=len),)  # the rest is escaped in JSON, in either case
        key = self.person_id if self.person_id is not None else self.user_id
        return (str(key),)

    def is_in(self, value: Any) -> bool:
        """Whether JSON is about the person, or a text names the address."""
        if self.address:
            return any(self._names(text) for text in _texts(value))
        return any(self._is_named(*member) for member in _members(value))

    def blanked(self, text: str) -> str:
        """The text without the address."""
        return self._pattern().sub(BLANK, text) if self.address else text

    def _names(self, text: str) -> bool:
        return self.address in text.casefold() and self._pattern().search(text) is not None

    def _pattern(self) -> re.Pattern[str]:
        """The address, and not as a part of another one."""
        return re.compile(rf"(?<!{_IN_ADDRESSES}){re.escape(self.address)}(?![\w-]|\.\w)", re.IGNORECASE)

    def _is_named(self, name: str, value: Any) -> bool:
        if self.user_id is not None:
            return name in _USERS and value == self.user_id
        if name == "refs":
            return isinstance(value, list) and value[_PERSON_OF_REFS : _PERSON_OF_REFS + 1] == [str(self.person_id)]
        return name in _PERSONS and value == self.person_id


def person(text: str) -> Person:
    """Who is meant by an address, `person:17` or `user:11`. Raises ValueError, naming the remedy."""
    text = text.strip()
    named = _NAMED.fullmatch(text)
    if named is not None:
        return Person(person_id=int(named[2])) if named[1] == "person" else Person(user_id=int(named[2]))
    if _ADDRESS.fullmatch(text):
        return Person(address=text.casefold())
    raise ValueError("Write an e-mail address, or person:17 or user:11 with the id that Pipedrive has for them.")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name), each
            yield from _members(each)
    elif isinstance(value, list):
        for each in value:
            yield from _members(each)
