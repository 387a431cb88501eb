"""An explanation as plain text. Titles and values only where `personal` allows it, and of a private item never."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.calsync.core.conflicts import Conflict
from include.calsync.core.decide import Action
from include.calsync.core.fields import activity_view, event_view
from include.calsync.core.model import Context, When
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Payload
from include.calsync.core.row_words import is_secret, value_text
from include.calsync.core.run_records import Decision, Entry
from include.calsync.core.sentences import DEFAULT, LANGUAGES, because
from include.calsync.core.told import told
from include.calsync.errors import Unreadable
from include.calsync.flows.explain import Explanation, Known
from include.calsync.flows.live_look import Look, edited_at

WIDTH = 100
WORDS = LANGUAGES[DEFAULT]
ZONE = ZoneInfo("UTC")
VALUE = 200
"""Characters of a value that are shown."""
KEPT = ("title", "subject", "when", "type", "done", "place", "description", "busy")
"""Of both sides, in this order."""


def text(explained: Explanation, *, personal: bool) -> Iterator[str]:
    """Its lines, at most `WIDTH` columns wide."""
    told = personal and not is_secret_item(explained)
    for line in _lines(explained, personal=told):
        indent = " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(line, WIDTH, subsequent_indent=f"{indent}  ", break_on_hyphens=False) or [""]


def _lines(explained: Explanation, *, personal: bool) -> Iterator[str]:
    what = "Activity" if explained.item.side is Side.ACTIVITY else "Event"
    yield f"{what} {explained.item.id}. All times are in UTC."
    for each in explained.known:
        yield from _known(each, personal=personal)
    for look in explained.looks:
        yield from _look(look, personal=personal)
    yield from (f"  Not asked: {problem}" for problem in explained.problems)
    if not (explained.is_linked or explained.looks or explained.problems):
        yield f"  {WORDS.looks['nobody']}"
    yield from _history(explained, personal=personal)


# What is stored.


def _known(known: Known, *, personal: bool) -> Iterator[str]:
    link = known.link
    if link is not None:
        cause = WORDS.causes.get(link.cause or "") or WORDS.holds.get(link.cause or "") or link.cause
        state = WORDS.link_states[link.state] + (f": {cause}" if cause else "")
        yield f"  Account {known.account}: activity {link.activity_id} and event {link.event_id} are {state}."
        both = zip(("activity", "event"), known.edited_at, strict=True)
        edited = [f"{what} {_at(at)}" for what, at in both if at is not None]
        yield f"  Made equal last {_at(link.updated_at)}. Last edit that was read: {', '.join(edited) or 'unknown'}."
        if personal:
            yield from _halves(link.base_activity, link.base_event)
    else:
        yield f"  Account {known.account}: no link knows it."
    if known.decision is not None:
        yield f"  Last decision {_decision(known.decision)}"
    else:
        yield "  Last decision: none is kept."
    for hold in known.holds:
        state = "Decide it under Required Actions" if hold.state == "open" else f"{hold.state} by {hold.decided_by}"
        yield f"  Hold {hold.id}, opened {_at(hold.opened_at)}: {WORDS.holds.get(hold.rule, hold.rule)}. {state}."
    for row in known.aside:
        times = "once" if row.attempts == 1 else f"{row.attempts} times"
        failed = f"failed {times} since {_at(row.since)}" if row.attempts else "is to be read again"
        yield f"  It {failed}; next try {_at(row.next_try_at)}: {row.reason}"


def _halves(activity: Json, event: Json) -> Iterator[str]:
    yield "  What both sides showed then:"
    for name in KEPT:
        shown = [
            f"{side}: {_value(name, half[name])}" for side, half in (("Pipedrive", activity), ("Google", event))
            if half.get(name) not in (None, "")
        ]  # fmt: skip
        if shown:
            yield f"    {WORDS.fields.get(name, name)}: {'; '.join(shown)}"


def _decision(decision: Decision) -> str:
    why = because(decision.rule, decision.reason)
    state = WORDS.states.get(decision.state, decision.state)
    error = f" {decision.error}" if decision.error else ""
    action = WORDS.actions.get(decision.action, decision.action)
    return f"({_at(decision.started_at)}, run {decision.run_id}): {action}, because: {why}. It is {state}.{error}"


# What a look shows.


def _look(look: Look, *, personal: bool) -> Iterator[str]:
    where = f"Account {look.where}" if look.where else f"Connection {look.place}"
    yield f"  {where}: {found_text(look)}"
    shown = look.shown
    if shown is None:
        return
    at = edited_at(shown)
    if at is not None:
        yield f"    Last edited {_at(at)}."
    if personal and shown.view is not None:
        for name in KEPT:
            if shown.view.get(name) not in (None, ""):
                yield f"    {WORDS.fields.get(name, name)}: {_value(name, shown.view[name])}"


def found_text(look: Look, language: str = DEFAULT) -> str:
    """What the look found, as a sentence."""
    words, verdict = LANGUAGES[language], look.verdict
    looks = words.looks
    if look.error is not None:
        return looks["unreadable"].format(error=told(look.error, language))
    if look.found != "live":
        return looks[look.cause or look.found]
    if verdict is None:
        return looks.get(look.cause, looks["unjudged"])
    why = because(verdict.rule, "", cause=verdict.cause, language=language)
    if verdict.action is Action.NOTHING:
        return looks["nothing"].format(because=why)
    return looks["action"].format(action=words.actions.get(verdict.action, verdict.action), because=why)


# What was written.


def _history(explained: Explanation, *, personal: bool) -> Iterator[str]:
    if not explained.history:
        yield "Nothing was written to it, as far as is kept."
        return
    yield "Written, the latest first:"
    for entry in explained.history:
        side = {"events": "Google", "activities": "Pipedrive"}.get(entry.side, "the store")
        account = explained.names.get(entry.account_id, "")
        who = f" Decided by {entry.actor}." if entry.actor else ""
        yield f"  {_at(entry.at)}, {account}, to {side}: {action_of(entry)}, because: {why_of(entry)}.{who}"
        yield f"    run {entry.run_id}, activity {entry.activity_id or '–'}, event {entry.event_id or '–'}"
        yield from _changes(entry, personal=personal)


def action_of(entry: Entry, language: str = DEFAULT) -> str:
    """What was done, in two or three words."""
    merged = {str(Side.EVENT): "change_event", str(Side.ACTIVITY): "change_activity"}
    name = merged.get(entry.side, entry.action) if entry.action == Action.MERGE else entry.action
    return LANGUAGES[language].actions.get(name, name)


def why_of(entry: Entry, language: str = DEFAULT) -> str:
    """The log keeps no rule, but which side had changed."""
    return because(None, entry.reason, language=language)


def _changes(entry: Entry, *, personal: bool) -> Iterator[str]:
    fields = list(changed(entry))
    if not personal and fields:
        yield f"    fields: {', '.join(WORDS.fields.get(name, name) for name, _, _ in fields)}"
    elif personal:
        for name, before, after in fields:
            old, new = _value(name, before), _value(name, after)
            if old != new:
                yield f"    {WORDS.fields.get(name, name)}: {old} → {new}"
    for conflict in map(Conflict.from_json, entry.lost or ()):
        name = WORDS.fields.get(conflict.field, conflict.field)
        lost = conflict.activity if conflict.winner is Side.EVENT else conflict.event
        value = lost.to_json() if isinstance(lost, When) else lost
        shown = f" {_value(conflict.field, value)}" if personal else ""
        winner = WORDS.phrases[f"of {conflict.winner}"]
        yield f"    lost:{shown} ({name}). {winner} won, because: {WORDS.wins[conflict.said]}."


def changed(entry: Entry) -> Iterator[tuple[str, Any, Any]]:
    """The fields that a write changed, with their values before and after."""
    before, after = _fields(entry.before), _fields(entry.after)
    for name in (*KEPT, *sorted({*before, *after} - {*KEPT})):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _fields(value: Any) -> Json:
    """Of a write its fields are logged; of a deletion the whole object, of which people see some; of a removed pair
    both."""
    if not isinstance(value, dict):
        return {}
    try:
        if "etag" in value:
            return _kept(event_view(value).to_json())
        if "due_date" in value:
            return _kept(activity_view(value, Context()).to_json())
    except Unreadable:
        return {}
    return {name: field for name, field in value.items() if not name.endswith("raw")}


def _kept(view: Json) -> Json:
    return {name: field for name, field in view.items() if name in KEPT}


def is_secret_item(explained: Explanation) -> bool:
    """Whether the item is private, or nothing tells that it is not although something of it is kept."""
    pairs = [
        Payload(event_raw=pair.event_raw, activity=pair.base_activity)
        for pair in (*(each.link for each in explained.known), explained.former)
        if pair is not None
    ]
    for raw in (entry.before or {} for entry in explained.history):  # of what was deleted the log has it all
        if "etag" in raw:
            pairs.append(Payload(event_raw=raw))
        elif "due_date" in raw:
            pairs.append(Payload(activity=raw))
    for look in explained.looks:
        if look.shown is not None:
            event = look.shown.side == Side.EVENT
            pairs.append(Payload(event_raw=look.shown.raw) if event else Payload(activity=look.shown.view))
    return not pairs or any(is_secret(pair) for pair in pairs)


def _value(name: str, value: Any) -> str:
    if isinstance(value, dict | list) and name != "when":
        return "…"
    return value_text(name, value, WORDS, ZONE, VALUE)


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
