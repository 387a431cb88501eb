"""What is wrong with a setting, as what to do about it. Values that may be personal are not repeated."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

_PROBLEMS: Mapping[str, str] = {
    "missing": "is missing; add it",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list, such as [a, b]",
    "too_short": "must not be empty; leave the key out for all",
    "dict_type": "must be a mapping of names to values",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""What pydantic found (its error type), as what to do about it."""


def problem(known: Iterable[str], detail: Mapping[str, Any]) -> str:
    """What to do about what pydantic found. `known`: the keys that there are."""
    kind = detail["type"]
    context, value = detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        return f"unknown key{meant(detail['loc'][-1], known)}; remove or correct it"
    if kind == "value_error":
        return str(context["error"])
    told = isinstance(value, int | float) or kind == "literal_error"
    text = _PROBLEMS.get(kind, "is not valid").format(**context)
    return f"{text}, not {short(value)}" if told and kind != "missing" else text


def meant(word: object, known: Iterable[str], *, shown: Mapping[str, str] | None = None) -> str:
    """What a mistyped word may have been, as a question; "": nothing is like it. `shown`: what to write instead."""
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f", did you mean `{(shown or {}).get(close[0], close[0])}`?" if close else ""


def short(value: object) -> str:
    """A value as a message may show it."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
