"""Names for what passes as JSON: the services' own objects, untouched, and our values as they are stored.

Members are read where their meaning is known (`core/fields`, `core/marks`, …), and checked there (`core/received`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RawActivity = dict[str, Any]
"""An activity as Pipedrive answers it. Source: OpenAPI v2, GET /activities/{id}."""

RawEvent = dict[str, Any]
"""An event as Google Calendar answers it, of a private one what the veil shows. Source: API v3, the resource Event."""

RawItem = dict[str, Any]
"""Any other object of a service, as answered: a deal, a person, a user, a calendar, …"""

Raw = Mapping[str, Any]
"""Any object of a service, to be read only."""

Body = dict[str, Any]
"""What is sent to a service: the members of an object that are written."""

Json = dict[str, Any]
"""What a value's `to_json` made, as it is stored, and its `from_json` reads."""
