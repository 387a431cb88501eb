"""A plan's rows in words: what is done to which item, when it is, what changes, and why.

Titles and values are said only where `personal` allows it, and of a private item never, whatever is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from include.calsync.core.decide import Action
from include.calsync.core.model import ActivityView, When
from include.calsync.core.planning.wanted import changes_of
from include.calsync.core.policy import Policy, Side
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Json
from include.calsync.core.records import Payload
from include.calsync.core.sentences import DEFAULT, LANGUAGES, Language, because
from include.calsync.core.text import one_line
from include.calsync.core.when import known_zone
from include.calsync.core.written import written_for

SHORT = 80
"""Characters of a value in a log; the stored plan has it whole."""
ONE_SIDED: Mapping[str, tuple[Side, str]] = {
    Action.CREATE_EVENT: (Side.EVENT, "new"),
    Action.CREATE_ACTIVITY: (Side.ACTIVITY, "new"),
    Action.DELETE_EVENT: (Side.EVENT, "removed"),
    Action.REMOVE_EVENT: (Side.EVENT, "removed"),
    Action.DELETE_ACTIVITY: (Side.ACTIVITY, "removed"),
    Action.FINISH_ACTIVITY: (Side.ACTIVITY, "done"),
    Action.MARK: (Side.EVENT, "changed"),
    Action.LET_GO: (Side.EVENT, "changed"),
    Action.TAKE_OVER: (Side.ACTIVITY, "changed"),
    Action.ATTEND: (Side.ACTIVITY, "changed"),
}
KINDS = ("new", "changed", "removed", "done")
REMOVING = tuple(str(action) for action, (_, kind) in ONE_SIDED.items() if kind == "removed")
"""Actions that delete something."""
BY_CHANGES = frozenset({str(Action.MERGE), str(Action.ADOPT)})


class Row(Protocol):
    """A row of a plan, stored or not yet."""

    @property
    def activity_id(self) -> int | None: ...
    @property
    def event_id(self) -> str | None: ...
    @property
    def action(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def payload(self) -> Payload: ...
    @property
    def conflicts(self) -> list[Json] | None: ...
    @property
    def rule(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class RowWords:
    """One row. `links`: to the pages of both items, as far as they are known."""

    what: str
    activity: str
    event: str
    when: str
    type: str
    changes: str
    because: str
    links: tuple[str, ...]


def kinds_of(row: Row) -> Iterator[tuple[Side, str]]:
    """What a row does to each side: side and one of KINDS."""
    if row.action in ONE_SIDED:
        yield ONE_SIDED[row.action]
    elif row.action in BY_CHANGES:
        for side in (Side.EVENT, Side.ACTIVITY):
            if changes_of(row.payload, side):
                yield side, "changed"


def words_of(
    row: Row, policy: Policy, *, personal: bool, hold: str = "", whole: bool = False, language: str = DEFAULT
) -> RowWords:
    """The row in words. `policy`: its account's. `hold`: the rule of what keeps it back. `whole`: values unshortened.

    Of a private item only ids and times.
    """
    words = LANGUAGES[language]
    told = personal and not is_secret(row.payload)
    why = because_of(row, language)
    held = words.holds.get(hold, "") if row.state == "held" else ""
    return RowWords(
        what=words.actions["held"] if row.state == "held" else action_of(row, language),
        activity=str(row.activity_id or ""),
        event=row.event_id or "",
        when=_when(row.payload, words, known_zone(policy.zone)),
        type=str((row.payload.get("activity") or {}).get("type") or ""),
        changes="; ".join(_changes(row, policy, words, told=told, limit=None if whole else SHORT)),
        because=f"{why}; {held}: {words.phrases['decide']}" if held else why,
        links=tuple(_links(row, told=told)),
    )


def is_secret(payload: Payload) -> bool:
    """Whether nothing of the pair may be told but ids and times: its event is private, or its activity is."""
    event, activity = payload.get("event_raw") or {}, payload.get("activity") or {}
    hidden = str(event.get("visibility") or "") in ("private", "confidential")  # whoever made it so
    return hidden or is_veiled(event) or bool(activity.get("private"))


def action_of(row: Row, language: str = DEFAULT) -> str:
    """What the row does, in two or three words."""
    name, words = row.action, LANGUAGES[language]
    if name == Action.MERGE:
        sides = [side for side, _ in kinds_of(row)]
        one = {(Side.EVENT,): "change_event", (Side.ACTIVITY,): "change_activity", (): name}
        name = one.get(tuple(sides), "change_both")
    return words.actions.get(name, name)


def because_of(row: Row, language: str = DEFAULT) -> str:
    """Why the row does it."""
    cause, setting = row.payload.get("cause") or "", row.payload.get("by_setting") or ""
    return because(row.rule, row.reason, cause=cause, setting=setting, language=language)


def _when(payload: Payload, words: Language, zone: ZoneInfo) -> str:
    for shown in (payload.get("event"), payload.get("activity")):
        if shown and shown.get("when"):
            return moment(When.from_json(shown["when"]), words, zone)
    return ""


def moment(when: When, words: Language, zone: ZoneInfo) -> str:
    """A day, and a start in the account's time zone; at either end of the calendar in UTC."""
    local = when.start
    with suppress(OverflowError):
        local = when.start.astimezone(zone) if when.start is not None else None
    day = local.date() if local is not None else when.day
    assert day is not None
    name, month = words.days[day.weekday()], words.months[day.month - 1]
    text = words.phrases["date"].format(weekday=name, day=day.day, month=month, year=day.year)
    return f"{text} {local:%H:%M}" if local is not None else text


def _changes(row: Row, policy: Policy, words: Language, *, told: bool, limit: int | None) -> Iterator[str]:
    """The title, then field by field what it was and what it will be; without `told` the fields' names alone.

    Of a row that is kept back first what it would do.
    """
    if row.state == "held":
        yield f"({action_of(row, words.name)})"
    title = title_of(row.payload, policy) if told else ""
    if title:
        yield _short(title, limit)
    zone = known_zone(policy.zone)
    wanted: Json = row.payload.get("wanted") or {}
    before: dict[str, Json] = wanted.get("before") or {}
    for side in (Side.EVENT, Side.ACTIVITY):
        for name, value in changes_of(row.payload, side).items():
            label = words.fields.get(name, name)
            if told:
                old = value_text(name, before.get(str(side), {}).get(name), words, zone, limit)
                yield f"{label}: {old} → {value_text(name, value, words, zone, limit)}"
            else:
                yield label
    for conflict in row.conflicts or ():
        name = words.fields.get(str(conflict["field"]), str(conflict["field"]))
        yield words.phrases["conflict"].format(field=name, winner=words.phrases[f"of {conflict['winner']}"])
    if row.error and row.error != row.reason:
        yield row.error


def title_of(payload: Payload, policy: Policy) -> str:
    """The event's title, as it is, or as that of the activity will be."""
    if payload.get("event"):
        return str(payload["event"]["title"])
    if payload.get("activity"):
        return written_for(ActivityView.from_json(payload["activity"]), policy).title.text
    return ""


def value_text(name: str, value: Any, words: Language, zone: ZoneInfo, limit: int | None) -> str:
    """A field's value in words. `limit`: its most characters; None: whole."""
    if name == "when" and value:
        when = When.from_json(value)
        return f"{moment(when, words, zone)}{_length(when, words)}"
    if isinstance(value, bool):
        return words.phrases["yes" if value else "no"]
    return _short(one_line(str(value)), limit) if value else "–"


def _length(when: When, words: Language) -> str:
    if when.day is not None:
        return f" ({words.phrases['days'].format(count=when.days)})" if when.days > 1 else ""
    if when.duration is None:
        return ""
    return f" ({words.phrases['minutes'].format(count=round(when.duration / timedelta(minutes=1)))})"


def _short(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def _links(row: Row, *, told: bool) -> Iterator[str]:
    pages = pages_of(row.activity_id, row.payload)
    yield from (page for page in (pages[0], pages[1] if told else "") if page)


def pages_of(activity_id: int | None, payload: Payload) -> tuple[str, str]:
    """The addresses of both items' pages; "": not known. A calendar's address is part of an event's, so that is
    personal as well."""
    url = urlsplit(str(((payload.get("activity") or {}).get("context") or {}).get("url") or ""))
    # As Pipedrive's own pages link an activity; no documentation has it.
    page = f"{url.scheme}://{url.netloc}/activities/list?activity={activity_id}#dialog/activity/edit"
    known = activity_id is not None and url.netloc
    return page if known else "", str((payload.get("event_raw") or {}).get("htmlLink") or "")
