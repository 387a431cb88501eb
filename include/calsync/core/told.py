"""What runs, services and checks told, in the reader's language: their messages are stored, and logged, in English.

A message is a code with values: the English form in `FORMS`, with its values in braces. It is taken apart by its form,
and put together by the one of the other language. Values that are messages themselves are said in that language, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from include.calsync.core import told_items_de, told_runs_de, told_services_de, told_settings_de
from include.calsync.core.sentences import DEFAULT, LANGUAGES

FORMS: Mapping[str, Mapping[str, str]] = {
    "de": {**told_services_de.FORMS, **told_runs_de.FORMS, **told_items_de.FORMS, **told_settings_de.FORMS},
}
"""By language and English form."""
_VALUE = re.compile(r"{(\w+)}")
_MESSAGES = frozenset({"error", "problems", "reason", "remedy", "rest", "text", "why"})
"""Values that are messages themselves."""
_ONE_WORD = frozenset(
    {"before", "conn_id", "connection", "count", "day", "direction", "field", "id", "left", "minutes", "mode", "name"}
    | {"now", "operation", "ratio", "recent", "role", "rule", "setting", "variable"}
)
"""Values without a space. Others end with their sentence."""
_DEEPEST = 6


def told(text: str, language: str = DEFAULT) -> str:
    """The message in this language, as far as it is known in it."""
    return _said(text, language, 0)[0] if language in FORMS else text


def is_told(text: str, language: str = DEFAULT) -> bool:
    """Whether the whole message is known in this language: else it is, or its values are, in English."""
    return language not in FORMS or _said(text, language, 0)[1]


@lru_cache(maxsize=1000)
def _said(text: str, language: str, depth: int) -> tuple[str, bool]:
    words = LANGUAGES[language]
    for fixed in (words.logged, words.causes, words.reasons):
        if text in fixed:
            return fixed[text], True
    partly = ""
    for piece, pattern, form in _patterns(language):
        found = pattern.fullmatch(text) if piece in text else None
        if found is not None:
            said = {name: _value(name, value, language, depth) for name, value in found.groupdict().items()}
            put = form.format(**{name: value for name, (value, _) in said.items()})
            if all(known for _, known in said.values()):
                return put, True
            partly = partly or put
    for head, mark, tail in _parts(text) if depth < _DEEPEST else ():
        first, known = _said(head, language, depth + 1)
        if known:
            rest, is_whole = _said(tail, language, depth + 1)
            if is_whole or not partly:
                return f"{first}{mark}{rest}", is_whole
    return partly or text, False


def _value(name: str, value: str, language: str, depth: int) -> tuple[str, bool]:
    """A value in this language, and whether nothing of it is left in English."""
    if name == "field":
        return LANGUAGES[language].fields.get(value, value), True
    if depth >= _DEEPEST or (name not in _MESSAGES and " " not in value):
        return value, name not in _MESSAGES
    text, known = _said(value, language, depth + 1)
    return text, known or name not in _MESSAGES


def _parts(text: str) -> Iterator[tuple[str, str, str]]:
    """The text's first messages, what stands between, and the others."""
    for place in re.finditer(r"(?<=[.?)]) |; ", text):
        yield text[: place.start()], place.group(), text[place.end() :]


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str], str]]:
    """The forms, those with the most words of their own first: a form of few words fits much. With a piece of each,
    which is quick to look for."""
    forms = sorted(FORMS[language].items(), key=lambda each: -len(_VALUE.sub("", each[0])))
    return [(_longest(english), _pattern(english), form) for english, form in forms]


def _longest(english: str) -> str:
    return max((_plain(piece) for piece in _VALUE.split(english)[::2]), key=len)


def _plain(piece: str) -> str:
    return piece.replace("{{", "{").replace("}}", "}")


def _pattern(english: str) -> re.Pattern[str]:
    pieces = _VALUE.split(english)
    seen: set[str] = set()
    parts = []
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            parts.append(re.escape(_plain(piece)))
        else:
            parts.append(f"(?P={piece})" if piece in seen else f"(?P<{piece}>{_shape(piece)})")
            seen.add(piece)
    return re.compile("".join(parts), re.DOTALL)


def _shape(value: str) -> str:
    if value in _ONE_WORD:
        return r"\S+?"
    if value in ("key", "meant"):
        return "[^`]+?"
    return ".+?" if value in _MESSAGES or value == "quote" else r"(?:(?!\. ).)+?"
