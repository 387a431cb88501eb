"""What an activity is: its fields, how a change to it is normalised, and how it is shown.

Stored and shown in v2's shape ("Pipedrive OpenAPI v2", Activity). Stored rows keep times as HH:MM and None for unset;
what the options vary is applied when a row is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import nh3

from include.sandbox.pipedrive.options import Options
from include.sandbox.pipedrive.schema import LOCATION_PARTS
from include.sandbox.pipedrive.table import Row

BLANK: Mapping[str, Any] = {
    "id": 0, "subject": "Call", "type": "call", "owner_id": None, "creator_user_id": None, "is_deleted": False,
    "add_time": None, "update_time": None, "deal_id": None, "lead_id": None, "person_id": None, "org_id": None,
    "project_id": None,
    "due_date": None, "due_time": None, "duration": None, "busy": None, "done": False, "marked_as_done_time": None,
    "location": None, "participants": [], "attendees": [], "conference_meeting_client": None,
    "conference_meeting_url": None, "conference_meeting_id": None, "public_description": None, "priority": None,
    "outcome": None, "note": None, "private": False,
}  # fmt: skip
NOTE_TAGS = {"a", "b", "br", "blockquote", "div", "em", "i", "li", "ol", "p", "span", "strong", "u", "ul"}


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def normalised(changes: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Changes as they are stored: "" is none, times are HH:MM, a place is a whole object.

    The primary participant becomes the person.
    """
    out = dict(changes)
    for name in ("due_date", "due_time", "duration", "lead_id"):
        if name in out:
            out[name] = out[name] or None
    for name in ("due_time", "duration"):
        if out.get(name):
            hours, minutes = out[name].split(":")[:2]
            out[name] = f"{int(hours):02}:{minutes}"
    if "location" in out:
        out["location"] = place(out["location"])
    if "participants" in out:
        out["participants"] = [
            {"person_id": p["person_id"], "primary": bool(p.get("primary"))} for p in out["participants"]
        ]
        out["person_id"] = next((p["person_id"] for p in out["participants"] if p["primary"]), None)
    if options.sanitise_note and out.get("note"):
        out["note"] = nh3.clean(out["note"], tags=NOTE_TAGS, attributes={"a": {"href"}})
    if options.trim_text:
        out |= {
            name: out[name].strip()
            for name in ("subject", "note", "public_description")
            if isinstance(out.get(name), str)
        }
    return out


def place(value: Mapping[str, Any] | str | None) -> Row | None:
    """The location object; sub-fields that were left out become null."""
    if isinstance(value, str):
        value = {"value": value}
    if value is None or not any(value.values()):
        return None
    return {name: value.get(name) for name in LOCATION_PARTS}


def with_defaults(values: Mapping[str, Any], options: Options, now: datetime) -> dict[str, Any]:
    """What a creation by API makes of fields that were left out, as n8n and Nango recorded it."""
    out = dict(values)
    if options.due_date_default == "today":
        out.setdefault("due_date", stamp(now)[:10])
    if options.busy_default != "none":
        out.setdefault("busy", options.busy_default == "by_time" and bool(out.get("due_time")))
    return out


def with_edit_rules(row: Row, values: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """What an edit by API does beyond what it says, as the options have it."""
    out = dict(values)
    if options.participants_patch == "add" and out.get("participants") is not None:
        sent = {each["person_id"]: each for each in out["participants"]}
        primary = any(each.get("primary") for each in sent.values())
        kept = [{**each, "primary": each["primary"] and not primary} for each in row["participants"]]
        out["participants"] = [*(each for each in kept if each["person_id"] not in sent), *sent.values()]
    if options.busy_follows_time and row["due_time"] and "due_time" in out and not out["due_time"]:
        out.setdefault("busy", False)
    return out


def edited(row: Row, changes: Mapping[str, Any], now: datetime) -> Row:
    """`row` with normalised changes, its update_time, and the time at which it was marked as done."""
    out = {**row, **changes, "update_time": stamp(now)}
    if bool(out["done"]) != bool(row["done"]):
        out["marked_as_done_time"] = stamp(now) if out["done"] else None
    return out


def shown(row: Row, options: Options, *, attendees: bool) -> Row:
    """The activity as an answer holds it."""
    out = dict(row)
    if not attendees:
        out.pop("attendees", None)
    if not options.show_private:
        out.pop("private", None)
    for name in ("due_time", "duration"):
        if options.seconds_in_times and out[name]:
            out[name] += ":00"
        if options.unset_as_empty and out[name] is None:
            out[name] = ""
    if options.milliseconds_in_stamps:
        for name in ("add_time", "update_time"):
            out[name] = out[name].replace("Z", ".000Z")
    return out
