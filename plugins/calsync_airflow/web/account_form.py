"""The form of an account: from settings to what controls hold, and back. What is wrong, `settings.Account` says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from include.calsync.core.raw import Json
from include.calsync.core.title import SUBJECT
from include.calsync.flows.editing.results import Conflict, Invalid
from include.calsync.settings import Account

Fields = dict[str, Any]
"""What the controls hold, by name: texts; `title` and `activity_types` are lists of texts."""

LISTS = ("title", "activity_types")
WHOLE = (
    *("default_duration_minutes", "horizon_days"),
    *("max_delete_count", "max_change_count", "max_create_count"),
)
SHARES = ("max_delete_ratio", "max_change_ratio", "max_create_ratio")
FLAGS = ("include_note", "include_context", "enabled")
TEXTS = (
    *("name", "pipedrive_user", "google_user", "time_zone", "mode", "event_type", "conflict", "private_events"),
    *("done", "on_event_deleted", "on_activity_deleted", "notify_guests", "pipedrive_conn_id", "google_conn_id"),
)
CALENDAR = ("calendar", "calendar_name", "calendar_id")
CONTROLS = (*TEXTS, *CALENDAR, *WHOLE, *SHARES, *FLAGS, "colors")
MORE = (
    *("time_zone", "event_type", "include_note", "include_context", "horizon_days", *SHARES, *WHOLE[2:]),
    *("notify_guests", "colors", "pipedrive_conn_id", "google_conn_id"),
)
"""Settings that few people change: they are folded."""
NEW_CALENDAR = "Pipedrive"
DEFAULTS = Account(name="x", pipedrive_user=1, google_user="x@x", colors={}).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Form:
    """What the form shows. `base_version`: of the settings that its person saw; `errors`: texts by setting."""

    fields: Fields
    base_version: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    conflict: Conflict | None = None

    def changed(self, settings: Mapping[str, Any]) -> list[str]:
        """The controls that hold something else than these settings."""
        known = fields_of(settings)
        return [key for key, value in self.fields.items() if value != known.get(key)]

    @property
    def more_count(self) -> int:
        """How many of the folded settings are not as they are by default."""
        known = fields_of(DEFAULTS)
        return sum(self.fields[key] != known[key] for key in MORE)

    @property
    def unfolded(self) -> bool:
        """Whether something in there needs to be seen."""
        return any(key in self.errors for key in MORE)


def fields_of(settings: Mapping[str, Any]) -> Fields:
    """The controls of these settings; what is missing has its default."""
    known: Json = {**DEFAULTS, "name": "", "pipedrive_user": "", "google_user": "", **settings}
    fields: Fields = {key: "" if known[key] is None else str(known[key]) for key in (*TEXTS, *WHOLE, *SHARES)}
    fields |= {key: str(known[key]).lower() for key in FLAGS}
    fields |= {key: [str(each) for each in known[key] or ()] for key in LISTS}
    fields["colors"] = "\n".join(f"{key}: {number}" for key, number in (known["colors"] or {}).items())
    return fields | _calendar_fields(known["calendar"])


def _calendar_fields(calendar: Any) -> Fields:
    if isinstance(calendar, Mapping):
        return {"calendar": "create", "calendar_name": str(calendar["create"]), "calendar_id": ""}
    if calendar == "primary":
        return {"calendar": "primary", "calendar_name": NEW_CALENDAR, "calendar_id": ""}
    return {"calendar": "id", "calendar_name": NEW_CALENDAR, "calendar_id": str(calendar)}


def new_fields() -> Fields:
    """The controls of an account that is still to be made: with a calendar of its own, which is recommended."""
    return fields_of({"calendar": {"create": NEW_CALENDAR}})


def fields_for(email: str) -> Fields:
    """Of a new account of the person with this address in Pipedrive: in Google it is likely to be the same."""
    name = re.sub(r"[^a-z0-9_-]+", "-", email.partition("@")[0].lower()).strip("-")
    return {"name": name, "pipedrive_user": email, "google_user": email}


def sent(form: FormData) -> Fields:
    """What a browser sent. Controls that it did not send are empty. A calendar of the list goes before a typed id."""
    fields: Fields = {key: str(form.get(key, "")) for key in CONTROLS}
    fields["calendar_id"] = str(form.get("calendar_choice") or fields["calendar_id"])
    for key in LISTS:
        fields[key] = [part.strip() for each in form.getlist(key) for part in str(each).split(",") if part.strip()]
    return fields


def moved(fields: Fields, move: str) -> Fields:
    """The title in another order, as its buttons ask for: the way (up, down, out, in), a space, the part."""
    way, _, part = move.partition(" ")
    title = [each for each in fields["title"] if each != part]
    if way != "out" or part == SUBJECT:
        place = fields["title"].index(part) if part in fields["title"] else len(title)
        title.insert(max(0, place + {"up": -1, "down": 1}.get(way, 0)), part)
    return {**fields, "title": title}


def values_of(fields: Fields) -> Json:
    """The settings that these controls mean, not checked yet. What is empty is as it is by default."""
    values: Json = {key: fields[key].strip() for key in TEXTS}
    values |= {key: _number(fields[key]) for key in (*WHOLE, *SHARES)}
    values |= {key: {"true": True, "false": False}.get(fields[key], fields[key]) for key in FLAGS}
    values |= {key: list(fields[key]) for key in LISTS}
    values["colors"] = _colors(fields["colors"])
    filled = {key: value for key, value in values.items() if value not in ("", [], {})}
    kind = fields["calendar"]
    if kind == "create":
        filled["calendar"] = {"create": fields["calendar_name"]}
    elif kind:
        filled["calendar"] = fields["calendar_id"] if kind == "id" else kind
    return filled


def _number(text: str) -> int | float | str:
    """As people type it, with a point or a comma. What is none stays text, which the validator refuses."""
    typed = text.strip().replace(",", ".")
    if re.fullmatch(r"-?\d{1,9}", typed, re.ASCII):
        return int(typed)
    return float(typed) if re.fullmatch(r"-?\d{0,9}\.\d{1,9}", typed, re.ASCII) else text.strip()


def _colors(text: str) -> Json:
    """Lines of a key, a colon and a number."""
    found: Json = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, _, number = line.rpartition(":")
        found[key.strip() or line] = _number(number)
    return found


def errors_of(result: Invalid) -> dict[str, str]:
    """All that is wrong, by setting."""
    found: dict[str, str] = {}
    for key, text in result.problems:
        found[key] = f"{found[key]}; {text}" if key in found else text
    return found


def with_choices(values: Json, form: FormData, theirs: Mapping[str, Any]) -> Json:
    """The settings, where the person took what somebody else saved meanwhile for some of them."""
    taken = {key for key in Account.model_fields if form.get(f"take_{key}") == "theirs" and key in theirs}
    return {**values, **{key: theirs[key] for key in taken}}


def merged_form(fields: Fields, conflict: Conflict) -> Form:
    """The form once more after somebody else saved: their changes, and where both differ one's own."""
    own = {key: choice.mine for key, choice in conflict.fields.items()}
    return Form(fields_of({**conflict.settings, **own}), conflict.account.version, {}, conflict)
