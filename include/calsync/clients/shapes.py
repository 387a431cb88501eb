"""Which bodies of Pipedrive's successful answers can be used; anything else is a broken answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from include.calsync.core import received
from include.calsync.core.raw import RawActivity

log = logging.getLogger(__name__)


def is_envelope(body: Any) -> bool:
    """An object, whatever is in it."""
    return isinstance(body, dict)


def has_object(body: Any) -> bool:
    """`data` is one item."""
    return isinstance(body, dict) and isinstance(body.get("data"), dict) and "id" in body["data"]


def has_list(body: Any) -> bool:
    """`data` is a list of items."""
    data = body.get("data") if isinstance(body, dict) else None
    return isinstance(data, list) and all(isinstance(item, dict) and "id" in item for item in data)


def is_field(body: Any) -> bool:
    """A field of the v2 API: it has a code and no id. `options` is null where a field has none."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or "field_code" not in data:
        return False
    options = data.get("options") or []
    return isinstance(options, list) and all(isinstance(o, dict) and {"id", "label"} <= o.keys() for o in options)


def has_items(body: Any) -> bool:
    """`data.items` is a list of a search's findings."""
    items = (body.get("data") or {}).get("items") if isinstance(body, dict) else None
    return isinstance(items, list) and all(isinstance(each, dict) and _has_item(each) for each in items)


def _has_item(found: Any) -> bool:
    return isinstance(found.get("item"), dict) and "id" in found["item"]


def has_page(body: Any) -> bool:
    """An intact page has `data`: a list, or null (seen instead of an empty list)."""
    return has_list(body) or (isinstance(body, dict) and "data" in body and body["data"] is None)


def is_resource(body: Any) -> bool:
    """One object of Google's."""
    return isinstance(body, dict) and isinstance(body.get("id"), str)


def is_resource_page(body: Any) -> bool:
    """A page of Google's; `items` is left out where nothing is."""
    items = body.get("items", []) if isinstance(body, dict) else None
    return (
        isinstance(items, list)
        and all(is_resource(item) for item in items)
        and str(body.get("kind", "")).startswith("calendar#")
    )


def activities(raws: Sequence[RawActivity]) -> list[RawActivity]:
    """Rightly typed ones. One without an id that can be one is left out and told: nothing can be set aside."""
    known = [found for raw in raws if "id" in (found := received.activity(raw))]
    if len(known) < len(raws):
        log.warning("Pipedrive, activities.list: left out for want of a usable id: %d", len(raws) - len(known))
    return known
