"""Why a service refused a write, in words that may be shown: the fields it means, and its text without what was typed.

A refusal may quote the value it refuses, and a title or an address is nobody else's business. So a text is shown only
as far as it consists of the words that refusals consist of and of names of fields; the rest becomes "…".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_VOCABULARY = """
    a above access account activities activity adjacent all allow allowed already an and any api are array as at
    attendee attendees attribute bad be been before below between body boolean by calendar can't cannot
    character characters client code company conference conflict contain contains content could create created
    current date datetime day days deal deals default definition deleted description didn't do does doesn't
    duplicate duration each edit either element email empty end enum error event events exceed exceeded exceeds
    exist exists expected failed field fields first for forbidden format found from given greater has have html
    id identifier identifiers ids in incorrect integer internal invalid is iso item items its join key large
    lead least length less limit list location long longer malformed match maximum may message method minimum
    minute minutes missing modified more most must name no non not note null number object of on one only
    operation or organization organizer out owner param parameter parameters parse participant participants
    pattern permission permissions person pipeline please primary private property provide provided range
    reached read read-only reason recurrence refused reminder reminders request requested required resource
    restore same schema sent sequence server set shared should size specified start status string subject
    summary supported text than that the there this time times timezone title to token too type types unable
    unauthorized undefined unexpected unique unknown unsupported update updated use used user users valid
    validation value values was were when which with without write written you your zone
"""
_WORDS = frozenset(_VOCABULARY.split())
_QUOTED = re.compile(r"""(?<!\w)(["'`“‘«]).+?["'`”’»](?!\w)""")
_TOKEN = re.compile(r"[^\W\d_]\w*(?:['’-]\w+)*|\w+")
_ADDRESS = re.compile(r"\S*(?:@|://)\S*|\+?\d[\d /().-]{4,}\d")  # e-mail, web, telephone
_NAMED_FIRST = re.compile(r"Validation failed: ([A-Za-z_][\w.\[\]]*):")
LONGEST_TEXT = 300


def why_refused(service: str, body: Any, sent: Any) -> str:
    """A sentence of remedy and reason: "Correct `due_time`: Pipedrive refuses it, saying “…”". No period.

    `body`: the parsed error body or None; `sent`: the JSON that was refused, or None.
    """
    names = list(dict.fromkeys(_names(sent)))
    text, place = _said(body)
    shown = _scrubbed(text, set(names), list(_texts(sent)))
    fields = _fields(shown, place, names)
    reason = f", saying “{shown}”" if shown else " without a reason"
    if fields:
        return f"Correct {_listed(fields)}: {service} refuses {'it' if len(fields) == 1 else 'them'}{reason}"
    if isinstance(sent, dict) and sent:
        return f"Look at this item: {service} refuses it{reason}. It was sent {_listed(list(sent))}"
    return f"Look at this item: {service} refuses this request{reason}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _said(body: Any) -> tuple[str, str]:
    """The text of an error body, and the place that it names beside it.

    Sources: Pipedrive API docs "HTTP status codes and responses"; Google Calendar API guide "Handle API errors".
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return error, ""
    if not isinstance(error, Mapping):
        return "", ""
    listed = error.get("errors")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], Mapping) else {}
    return str(first.get("message") or error.get("message") or ""), str(first.get("location") or "")


def _fields(text: str, place: str, names: list[str]) -> list[str]:
    """The fields of what was sent that the refusal is about, as it names them."""
    first = _NAMED_FIRST.match(text)
    for named in (first.group(1) if first else "", place):
        parts = re.findall(r"[A-Za-z_]\w*", named)
        if parts and all(part in names for part in parts):
            return [named]
    words = set(re.findall(r"\w+", text))
    return [name for name in names if name in words]


def _scrubbed(text: str, names: set[str], typed: list[str]) -> str:
    """The text with everything that somebody may have typed as "…"."""

    def quoted(match: re.Match[str]) -> str:
        return match.group() if match.group()[1:-1] in names else "…"

    def word(match: re.Match[str]) -> str:
        found = match.group()
        plain = found in names or found.casefold() in _WORDS or (found.isdecimal() and len(found) < 5)
        return found if plain else "…"

    shown = _ADDRESS.sub("…", _QUOTED.sub(quoted, text[: 4 * LONGEST_TEXT]))
    for value in typed:
        if len(value) > 2 and value not in names:
            shown = re.sub(re.escape(value), "…", shown, flags=re.IGNORECASE)
    shown = _TOKEN.sub(word, shown)
    shown = re.sub(r"…[…\W]*…[)\]]?|…[)\]]", "…", shown)
    return re.sub(r"\s+", " ", shown).strip(" .")[:LONGEST_TEXT]


def _names(value: Any) -> Iterator[str]:
    """Names of members, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _texts(value: Any) -> Iterator[str]:
    """All values as text."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value).strip()
