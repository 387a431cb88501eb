"""v1 endpoints that have no v2: users, activity types, leads ("Pipedrive OpenAPI v1")."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from include.sandbox.base import Call
from include.sandbox.pipedrive.api_v2 import success
from include.sandbox.pipedrive.auth import Caller
from include.sandbox.pipedrive.entities import utc_offset
from include.sandbox.pipedrive.errors import ApiError, hidden, not_found
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.pipedrive.table import Row

MAX_LIMIT = 500
DEFAULT_LIMIT = 100


def list_users(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """All users of the company that the caller sees; unpaginated."""
    rows = (row for row in state.users.values() if state.sees(caller.user_id, "user", row))
    return success([_shown(state, caller, row) for row in rows])


def get_user(state: PipedriveState, caller: Caller, call: Call) -> Any:
    number = call.segments[-1]
    row = state.users.get(int(number)) if number.isascii() and number.isdigit() else None
    if row is None or not state.sees(caller.user_id, "user", row):
        raise not_found("User")
    return success(_shown(state, caller, row))


def get_me(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """The caller, with the company and the language, which the list leaves out."""
    company = state.company()
    row = _shown(state, caller, state.users[caller.user_id])
    row |= {f"company_{name}": company[name] for name in ("id", "name", "domain", "country", "industry")}
    return success(row | {"language": {"language_code": "de", "country_code": "DE"}})


def get_connections(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """What the credential's own user connected; of nobody else it is told. Where nothing is, it is empty."""
    return success({"google": state.connections.get(caller.user_id, "")})


def list_types(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """Inactive ones too; unpaginated."""
    return success(state.activity_types)


def get_lead(state: PipedriveState, caller: Caller, call: Call) -> Any:
    row = state.leads.get(call.segments[-1])
    if row is None:
        raise not_found("Lead")
    if not state.sees(caller.user_id, "lead", row):
        raise hidden("lead", state.options)
    return success(row)


def list_leads(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """v1 paging by start and limit; `updated_since` as for v2."""
    start, limit = _number(call, "start", 0), min(_number(call, "limit", DEFAULT_LIMIT), MAX_LIMIT)
    since = _since(call)
    rows = [
        row
        for row in state.leads.values()
        if not row["is_archived"]
        and state.sees(caller.user_id, "lead", row)
        and (since is None or datetime.fromisoformat(row["update_time"]) >= since)
    ]
    more = len(rows) > start + limit
    pagination: Row = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    return success(rows[start : start + limit]) | {"additional_data": {"pagination": pagination}}


def _shown(state: PipedriveState, caller: Caller, row: Row) -> Row:
    out = dict(row)
    if out.get("timezone_name"):
        out["timezone_offset"] = utc_offset(out["timezone_name"], state.clock.now())
    if state.options.access_order == "changing" and out.get("access"):
        state.users_shown_count += 1
        turn = state.users_shown_count % len(out["access"])
        out["access"] = out["access"][turn:] + out["access"][:turn]
    return out | {"is_you": row["id"] == caller.user_id}


def _number(call: Call, name: str, default: int) -> int:
    text = call.one(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise ApiError(400, f"{name} must be a number")
    return int(text)


def _since(call: Call) -> datetime | None:
    text = call.one("updated_since")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at
    except ValueError:
        pass
    raise ApiError(400, "updated_since must be an RFC 3339 time stamp")
