"""Rows of everything that an activity hangs on, as the API shows them.

Source: "Pipedrive OpenAPI v2" (Person, Organization, Deal) and "Pipedrive OpenAPI v1" (User, ActivityType, Lead).
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.pipedrive.activities import place, stamp
from include.sandbox.pipedrive.table import Row

DEFAULT_TYPES = (
    ("call", "Call"), ("meeting", "Meeting"), ("task", "Task"), ("deadline", "Deadline"), ("email", "Email"),
    ("lunch", "Lunch"),
)  # fmt: skip


ACCESS: tuple[Row, ...] = (
    {"app": "sales", "admin": False, "permission_set_id": "5f3b0c5e-0000-4000-8000-000000000001"},
    {"app": "global", "admin": False, "permission_set_id": "5f3b0c5e-0000-4000-8000-000000000002"},
    {"app": "account_settings", "admin": False, "permission_set_id": "5f3b0c5e-0000-4000-8000-000000000003"},
)
"""A regular user's rights, three entries as Nango recorded them (and Pipedrive changelog 2022-08-09)."""


def v1_stamp(at: datetime) -> str:
    """v1's time stamps: blank-separated, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def utc_offset(zone: str, at: datetime) -> str:
    """`timezone_offset` of a user: "+05:45"."""
    text = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def user_row(number: int, name: str, email: str, timezone_name: str, at: datetime) -> Row:
    return {
        "id": number, "name": name, "email": email, "default_currency": "EUR", "locale": "de_DE", "lang": 1,
        "phone": None,
        "activated": True, "active_flag": True, "is_deleted": False, "is_admin": 0, "timezone_name": timezone_name,
        "role_id": 1, "icon_url": None, "access": [dict(each) for each in ACCESS], "last_login": v1_stamp(at),
        "created": v1_stamp(at), "modified": v1_stamp(at),
    }  # fmt: skip


def type_row(number: int, key: str, name: str, at: datetime, *, custom: bool, active: bool = True) -> Row:
    return {
        "id": number, "order_nr": number, "name": name, "key_string": key, "icon_key": key if not custom else "task",
        "active_flag": active, "color": None, "is_custom_flag": custom, "add_time": v1_stamp(at),
        "update_time": v1_stamp(at),
    }  # fmt: skip


def contact_values(value: str | None) -> list[Row]:
    """E-mails or phones of a person who has at most one."""
    return [{"value": value, "primary": True, "label": "work"}] if value else []


def person_row(
    number: int,
    name: str,
    at: datetime,
    *,
    owner_id: int | None,
    org_id: int | None,
    emails: list[Row],
    phones: list[Row],
) -> Row:
    first, _, last = name.rpartition(" ")
    return {
        "id": number, "name": name, "first_name": first or last, "last_name": last if first else None,
        "owner_id": owner_id, "org_id": org_id, "add_time": stamp(at), "update_time": stamp(at), "emails": emails,
        "phones": phones, "is_deleted": False, "visible_to": 3, "label_ids": [], "picture_id": None,
        "custom_fields": {},
    }  # fmt: skip


def organization_row(number: int, name: str, at: datetime, *, owner_id: int | None, address: str | None) -> Row:
    return {
        "id": number, "name": name, "owner_id": owner_id, "address": place(address), "website": None, "linkedin": None,
        "industry": None, "annual_revenue": None, "employee_count": None, "is_deleted": False, "label_ids": [],
        "visible_to": 3, "custom_fields": {}, "add_time": stamp(at), "update_time": stamp(at),
    }  # fmt: skip


def deal_row(
    number: int,
    title: str,
    at: datetime,
    *,
    owner_id: int | None,
    person_id: int | None,
    org_id: int | None,
    value: float,
) -> Row:
    return {
        "id": number, "title": title, "owner_id": owner_id, "creator_user_id": owner_id, "person_id": person_id,
        "org_id": org_id, "pipeline_id": 1, "stage_id": 1, "value": value, "currency": "EUR", "status": "open",
        "is_deleted": False, "is_archived": False, "archive_time": None, "add_time": stamp(at),
        "update_time": stamp(at), "custom_fields": {},
    }  # fmt: skip


def lead_row(
    lead_id: str, title: str, at: datetime, *, owner_id: int | None, person_id: int | None, org_id: int | None
) -> Row:
    return {
        "id": lead_id, "title": title, "owner_id": owner_id, "creator_id": owner_id, "label_ids": [], "value": None,
        "expected_close_date": None, "person_id": person_id, "organization_id": org_id, "is_archived": False,
        "source_name": "Manually created", "was_seen": True, "next_activity_id": None, "add_time": lead_stamp(at),
        "update_time": lead_stamp(at), "visible_to": "3",
    }  # fmt: skip


def lead_stamp(at: datetime) -> str:
    """Leads are v1, yet RFC 3339 with a fraction, as Airbyte's Pipedrive connector measured."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def lead_uuid(seed: Any, number: int) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(f"{seed}:{number}".encode()).digest()[:16], version=4))
