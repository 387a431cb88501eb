"""The settings of an account in words: what each is called, what its values mean, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calsync_airflow.web.words import N_, Words

LABELS: Mapping[str, str] = {
    "name": N_("Name"),
    "pipedrive_user": N_("Pipedrive user"),
    "google_user": N_("Google user"),
    "calendar": N_("Calendar"),
    "time_zone": N_("Time zone"),
    "mode": N_("Mode"),
    "activity_types": N_("Activity types"),
    "event_type": N_("Type of activities that come from events"),
    "title": N_("Title of the event"),
    "conflict": N_("Both sides changed the same field"),
    "default_duration_minutes": N_("Length of activities without one"),
    "private_events": N_("Private events"),
    "include_note": N_("The activity’s note in the event"),
    "include_context": N_("Deal and contact in the event"),
    "done": N_("An activity is done"),
    "on_event_deleted": N_("An event is deleted"),
    "on_activity_deleted": N_("An activity is deleted"),
    "horizon_days": N_("Days ahead for repeated events"),
    "max_delete_ratio": N_("Deletions held above this share"),
    "max_delete_count": N_("… and this number"),
    "max_change_ratio": N_("Edits held above this share"),
    "max_change_count": N_("… and this number"),
    "max_create_ratio": N_("New items held above this share"),
    "max_create_count": N_("… and this number"),
    "notify_guests": N_("Mails of Google to guests"),
    "colors": N_("Colours"),
    "enabled": N_("Takes part"),
    "pipedrive_conn_id": N_("Airflow connection of Pipedrive"),
    "google_conn_id": N_("Airflow connection of Google"),
}
"""By key."""
CHOICES: Mapping[str, Mapping[str, str]] = {
    "mode": {
        "all_events": N_("All events, both ways"),
        "pipedrive_only": N_("Only what was added in Pipedrive"),
        "to_google": N_("One way: to Google"),
        "to_pipedrive": N_("One way: to Pipedrive"),
    },
    "conflict": {
        "newest": N_("The newer edit wins"),
        "pipedrive": N_("Pipedrive wins"),
        "google": N_("Google wins"),
    },
    "private_events": {
        "busy": N_("Show as “Busy”, only times flow"),
        "skip": N_("Leave out"),
        "full": N_("Like any other"),
    },
    "include_note": {"false": N_("No"), "true": N_("Yes, unless it has guests")},
    "include_context": {
        "true": N_("Yes, unless outside guests read it"),
        "always": N_("Yes, for all guests"),
        "false": N_("No"),
    },
    "done": {"keep": N_("Keep the event"), "prefix": N_("Mark it with ✓"), "remove": N_("Remove the event")},
    "on_event_deleted": {
        "delete": N_("Delete the activity"),
        "done": N_("Mark the activity as done"),
        "keep": N_("Keep the activity"),
    },
    "on_activity_deleted": {"delete": N_("Delete the event"), "keep": N_("Keep the event")},
    "notify_guests": {
        "none": N_("None"),
        "external": N_("Only to guests from outside"),
        "all": N_("To all guests"),
    },
    "enabled": {"true": N_("Yes"), "false": N_("No")},
}
"""By key and value, as the form sends it; the first is the default."""
PARTS: Mapping[str, str] = {
    "deal": N_("Deal"),
    "person": N_("Person"),
    "organization": N_("Organization"),
    "subject": N_("Subject"),
}
ABSENT: Mapping[str, str] = {
    "time_zone": N_("as in Pipedrive"),
    "activity_types": N_("All, also those added later"),
    "colors": N_("None"),
}
"""What it means that a setting has no value."""


def said(words: Words, key: str, value: Any, calendars: Mapping[str, str] | None = None) -> str:
    """A setting's value, as people say it. `calendars`: names by id."""
    if key in ABSENT and not value:
        return words.say(ABSENT[key])
    if key == "calendar":
        if isinstance(value, Mapping):
            return words.say(N_("New calendar “%(name)s”"), name=value["create"])
        known = {**(calendars or {}), "primary": words.say(N_("Primary calendar"))}
        return known.get(str(value), str(value))
    if key == "title":
        return " > ".join(words.say(PARTS.get(part, part)) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    choice = CHOICES.get(key, {}).get(text)
    return words.say(choice) if choice else text
