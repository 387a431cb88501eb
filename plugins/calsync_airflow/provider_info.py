"""What Airflow learns about the two connection types, without importing a hook."""

from __future__ import annotations

from typing import Any


def _field(label: str, description: str = "", **schema: Any) -> dict[str, Any]:
    """Return one `conn-fields` entry: a text input that may stay empty, unless `schema` says otherwise."""
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def _secret(label: str, description: str = "") -> dict[str, Any]:
    return _field(label, description, format="password")


# Airflow 3.3.2's Test button sends port 0 for a connection without one, and is refused because the stored one differs.
# A form can't have a default for a standard field, and a hidden one is stored as none: only who types it helps.
PORT = "Port (0, for the Test button)"

PIPEDRIVE: dict[str, Any] = {
    "connection-type": "pipedrive",
    "hook-name": "Pipedrive",
    "hook-class-name": "calsync_airflow.hooks.pipedrive.PipedriveHook",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "login"],
        "relabeling": {"host": "Company address", "password": "API token", "port": PORT},
        "placeholders": {
            "host": "https://acme.pipedrive.com",
            "password": "Settings > Personal preferences > API",
            "port": "0",
        },
    },
    "conn-fields": {
        "client_id": _field("OAuth client id", "Only instead of an API token: all of the OAuth fields."),
        "client_secret": _secret("OAuth client secret"),
        "refresh_token": _secret("OAuth refresh token"),
        "token_url": _field("OAuth token address", "Default: https://oauth.pipedrive.com/oauth/token"),
    },
}

GOOGLE_CALENDAR: dict[str, Any] = {
    "connection-type": "google_calendar",
    "hook-name": "Google Calendar",
    "hook-class-name": "calsync_airflow.hooks.google_calendar.GoogleCalendarHook",
    "ui-field-behaviour": {
        "hidden-fields": ["host", "schema", "password"],
        "relabeling": {"login": "Test as user", "port": PORT},
        "placeholders": {
            "login": "anna@acme.example: whose calendar the Test button opens; syncs ignore it",
            "port": "0",
        },
    },
    "conn-fields": {
        "keyfile_dict": _secret("Service account key (JSON)", "The whole content of the key file."),
        "key_path": _field("Service account key file", "Or the file's path (*.json), readable by every worker."),
        "delegate": _field(
            "Act as the account's user",
            "Domain-wide delegation. Off: each calendar is shared with the service account.",
            type=["boolean", "null"],
            default=True,
        ),
        "client_id": _field("OAuth client id", "Only instead of a key: one user's consent, all of the OAuth fields."),
        "client_secret": _secret("OAuth client secret"),
        "refresh_token": _secret("OAuth refresh token"),
        "token_uri": _field("OAuth token address", "Default: https://oauth2.googleapis.com/token"),
        "api_endpoint": _field("API address", "Default: https://www.googleapis.com"),
    },
}


def get_provider_info() -> dict[str, Any]:
    """Return the metadata named by the `apache_airflow_provider` entry point (schema: provider_info.schema.json)."""
    return {
        "package-name": "calsync-provider",
        "name": "calsync",
        "description": "Two-way sync of Pipedrive activities and Google Calendar events.",
        "connection-types": [PIPEDRIVE, GOOGLE_CALENDAR],
    }
