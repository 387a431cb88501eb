"""v2 lists: parameters, filters, opaque key-set cursors, envelopes.

Source: "Pipedrive OpenAPI v2" (parameters, precedence of filter_id, the cursor example with field, fieldValue,
sortDirection and id), Airbyte's Pipedrive connector (how the last page looks, whole-second time stamps).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.sandbox.base import Call
from include.sandbox.pipedrive.activities import stamp
from include.sandbox.pipedrive.errors import invalid
from include.sandbox.pipedrive.options import Options
from include.sandbox.pipedrive.schema import query_boolean, query_choice, query_ids, query_integer, query_stamp
from include.sandbox.pipedrive.table import Position, Row, Walk, position

Accept = Callable[[Row], bool]
MAX_LIMIT = 500
DEFAULT_LIMIT = 100


@dataclass(frozen=True)
class ListParameters:
    """What one kind of list understands beyond the common parameters: query name to row field."""

    sort_fields: tuple[str, ...]
    numbers: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    booleans: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    """Known, but without effect on which rows are listed."""

    @property
    def names(self) -> set[str]:
        common = {"ids", "updated_since", "updated_until", "sort_by", "sort_direction", "limit", "cursor", "filter_id"}
        return common | {*self.numbers, *self.texts, *self.booleans, *self.others}


@dataclass(frozen=True)
class Listing:
    """A parsed list request."""

    walk: Walk
    ids: list[int] | None
    accept: list[Accept]
    filter_id: int | None
    overruled: list[Accept]
    """Conditions that a saved filter takes precedence over."""


def parse(call: Call, parameters: ListParameters, options: Options) -> Listing:
    """Raises ApiError (400)."""
    query = {name: values[-1] for name, values in call.query.items()}
    unknown = sorted(set(query) - parameters.names)
    if unknown and options.unknown_fields == "refuse":
        raise invalid(f"query.{unknown[0]} is not allowed")
    overruled: list[Accept] = []
    for name, row_field in parameters.numbers.items():
        if name in query:
            overruled.append(_equals(row_field, query_integer(name, query[name])))
    overruled += [_equals(row_field, query[name]) for name, row_field in parameters.texts.items() if name in query]
    accept = [
        _equals(row_field, query_boolean(name, query[name]))
        for name, row_field in parameters.booleans.items()
        if name in query
    ]
    if "updated_until" in query:
        until = stamp(query_stamp("updated_until", query["updated_until"]))
        accept.append(lambda row: row["update_time"] < until)
    since = stamp(query_stamp("updated_since", query["updated_since"])) if "updated_since" in query else None
    if since is not None:
        accept.append(lambda row: row["update_time"] >= since)
    return Listing(
        walk=_walk(query, parameters, options, since),
        ids=query_ids("ids", query["ids"]) if "ids" in query else None,
        accept=accept,
        filter_id=query_integer("filter_id", query["filter_id"]) if "filter_id" in query else None,
        overruled=overruled,
    )


def envelope(rows: list[Row], more: bool, walk: Walk, last: Row | None, options: Options) -> dict[str, Any]:
    """The answer to a list: `last` is the stored row that the page ended with."""
    if last is not None and (more or (options.cursor_when_full and len(rows) == walk.limit)):
        cursor = encode_cursor(walk, position(last, walk.sort_by))
        return {"success": True, "data": rows, "additional_data": {"next_cursor": cursor}}
    match options.last_page:
        case "null":
            return {"success": True, "data": rows, "additional_data": {"next_cursor": None}}
        case "absent":
            return {"success": True, "data": rows, "additional_data": {}}
        case "no_additional_data":
            return {"success": True, "data": rows}


def empty_page(walk: Walk, serial: int) -> dict[str, Any]:
    """No data, and a cursor to the place where the walk stands anyway; `serial` makes it another one each time."""
    cursor = encode_cursor(walk, walk.after, serial)
    return {"success": True, "data": None, "additional_data": {"next_cursor": cursor}}


def encode_cursor(walk: Walk, at: Position | None, serial: int | None = None) -> str:
    value, number = at or (None, None)
    direction = "desc" if walk.descending else "asc"
    marker = {"field": walk.sort_by, "fieldValue": value, "sortDirection": direction, "id": number}
    marker |= {} if serial is None else {"serial": serial}
    return base64.urlsafe_b64encode(json.dumps(marker).encode()).decode()


def decode_cursor(cursor: str, sort_by: str, *, descending: bool) -> Position | None:
    """Where to go on. Raises ApiError (400), also when the order is another than the cursor's."""
    try:
        marker = json.loads(base64.urlsafe_b64decode(cursor))
        order = marker["field"], marker["sortDirection"]
        at = None if marker["id"] is None else (marker["fieldValue"], int(marker["id"]))
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise invalid("query.cursor is not valid") from error
    if order != (sort_by, "desc" if descending else "asc"):
        raise invalid("query.cursor belongs to another order")
    return at


def _walk(query: Mapping[str, str], parameters: ListParameters, options: Options, since: str | None) -> Walk:
    sort_by = query_choice("sort_by", query.get("sort_by", "id"), ("id", *parameters.sort_fields))
    descending = query_choice("sort_direction", query.get("sort_direction", "asc"), ("asc", "desc")) == "desc"
    limit = query_integer("limit", query["limit"]) if "limit" in query else DEFAULT_LIMIT
    if limit < 1 or (limit > MAX_LIMIT and options.limit_over_max == "refuse"):
        raise invalid(f"query.limit must be between 1 and {MAX_LIMIT}")
    after = decode_cursor(query["cursor"], sort_by, descending=descending) if "cursor" in query else None
    return Walk(sort_by, descending, after, since, min(limit, MAX_LIMIT))


def _equals(row_field: str, wanted: Any) -> Accept:
    return lambda row: bool(row[row_field] == wanted)
