"""v2 endpoints: activities, persons, organizations, deals ("Pipedrive OpenAPI v2")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from include.sandbox.base import Call
from include.sandbox.pipedrive import schema
from include.sandbox.pipedrive.activities import shown, stamp, with_defaults, with_edit_rules
from include.sandbox.pipedrive.auth import Caller
from include.sandbox.pipedrive.errors import ApiError, deleted, hidden, invalid, not_found
from include.sandbox.pipedrive.listing import ListParameters, empty_page, envelope, parse
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.pipedrive.table import Row

Handler = Callable[[PipedriveState, Caller, Call], Any]
"""Makes the whole body of a success. Raises ApiError."""

ENTITY_SORT = ("update_time", "add_time")
EXTRAS = ("include_fields", "custom_fields", "include_option_labels", "include_labels")
LISTS = {
    "activity": ListParameters(
        sort_fields=("update_time", "add_time", "due_date"),
        numbers={name: name for name in ("owner_id", "deal_id", "person_id", "org_id")},
        texts={"lead_id": "lead_id"},
        booleans={"done": "done"},
        others=("include_fields",),
    ),
    "person": ListParameters(ENTITY_SORT, {"owner_id": "owner_id", "org_id": "org_id"}, others=(*EXTRAS, "deal_id")),
    "organization": ListParameters(ENTITY_SORT, {"owner_id": "owner_id"}, others=EXTRAS),
    "deal": ListParameters(
        ENTITY_SORT,
        {name: name for name in ("owner_id", "person_id", "org_id", "pipeline_id", "stage_id")},
        others=(*EXTRAS, "status"),
    ),
}
EDITABLE: dict[str, dict[str, schema.Check]] = {
    "person": {"name": schema.text, "owner_id": schema.integer, "org_id": schema.integer},
    "organization": {"name": schema.text, "owner_id": schema.integer},
    "deal": {
        "title": schema.text, "owner_id": schema.integer, "person_id": schema.integer, "org_id": schema.integer,
        "status": schema.text, "is_archived": schema.boolean,
    },
}  # fmt: skip


def success(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def list_rows(kind: str, *, archived: bool = False) -> Handler:
    """The handler of one kind's list; `archived`: /deals/archived."""

    def handle(state: PipedriveState, caller: Caller, call: Call) -> Any:
        options = state.options
        listing = parse(call, LISTS[kind], options)
        with_attendees = _with_attendees(call, kind)
        if options.empty_pages > 0:
            options.empty_pages -= 1
            options.empty_pages_sent += 1
            return empty_page(listing.walk, options.empty_pages_sent)
        ids, conditions = listing.ids, [*listing.accept]
        if listing.filter_id is None:
            conditions += listing.overruled
        else:
            ids = None
            conditions.append(_saved_filter(state, listing.filter_id))
        conditions.append(_listed(state, kind, call, archived=archived, by_ids=ids is not None))

        def accept(row: Row) -> bool:
            return all(condition(row) for condition in conditions) and state.sees(caller.user_id, kind, row)

        rows, more = state.tables[kind].page(listing.walk, accept, ids)
        last = rows[-1] if rows else None
        rows = [_shown(state, kind, row, attendees=with_attendees) for row in rows]
        return envelope(rows, more, listing.walk, last, options)

    return handle


def _shown(state: PipedriveState, kind: str, row: Row, *, attendees: bool = False) -> Row:
    if kind == "activity":
        return shown(row, state.options, attendees=attendees)
    if kind == "deal" and state.options.unedited_deals == "null" and row["id"] not in state.edited_deals:
        return {**row, "update_time": None}
    return row


def search_persons(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """By e-mail address alone, in the shape of the item search (OpenAPI v2, GET /persons/search)."""
    term = (call.one("term") or "").casefold()
    if len(term) < 2:
        raise invalid("query.term must be at least 2 characters long")
    if call.one("fields") != "email":
        raise invalid("query.fields must be email: nothing else is searched here")
    exact = schema.query_boolean("exact_match", call.one("exact_match", "false") or "")
    limit = schema.query_integer("limit", call.one("limit", "100") or "")

    def fits(row: Row) -> bool:
        addresses = [str(each["value"]).casefold() for each in row["emails"]]
        return term in addresses if exact else any(term in address for address in addresses)

    rows = [row for row in state.persons.values() if not row["is_deleted"] and fits(row)]
    seen = [row for row in rows if state.sees(caller.user_id, "person", row)][:limit]
    items = [{"result_score": 1.0, "item": _found_person(state, row)} for row in seen]
    return {"success": True, "data": {"items": items}, "additional_data": {"next_cursor": None}}


def _found_person(state: PipedriveState, row: Row) -> Row:
    org = state.organizations.get(row["org_id"] or 0)
    return {
        "id": row["id"], "type": "person", "name": row["name"], "visible_to": row["visible_to"], "notes": [],
        "phones": [each["value"] for each in row["phones"]], "emails": [each["value"] for each in row["emails"]],
        "owner": {"id": row["owner_id"]}, "custom_fields": [],
        "organization": {"id": org["id"], "name": org["name"], "address": None} if org else None,
    }  # fmt: skip


def get_row(kind: str) -> Handler:
    def handle(state: PipedriveState, caller: Caller, call: Call) -> Any:
        row = _visible(state, caller, kind, call)
        return success(_shown(state, kind, row, attendees=_with_attendees(call, kind)))

    return handle


def get_activity_field(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """What is known of one field of activities; here only the one that has options ("ActivityFields")."""
    if call.segments[-1] != "priority":
        raise not_found("Field")
    return success({
        "field_name": "Priority", "field_code": "priority", "field_type": "enum", "options": state.priorities,
        "subfields": None, "is_custom_field": False, "is_optional_response_field": False,
    })  # fmt: skip


def edit_row(kind: str) -> Handler:
    """PATCH of a person, organization or deal: enough to rename and reassign them."""

    def handle(state: PipedriveState, caller: Caller, call: Call) -> Any:
        row = _visible(state, caller, kind, call)
        changes = schema.check_body(
            _json(call), EDITABLE[kind], frozenset({"name", "title", "owner_id"}), state.options
        )
        return success(_shown(state, kind, state.edit_entity(kind, row["id"], **changes)))

    return handle


def create_activity(state: PipedriveState, caller: Caller, call: Call) -> Any:
    """Nothing guards against a second POST of the same: there is no idempotency key in v2."""
    values = schema.check_activity(_json(call), state.options)
    try:
        row = state.insert_activity(with_defaults(values, state.options, state.clock.now()), caller.user_id)
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    return success(shown(row, state.options, attendees=False))


def edit_activity(state: PipedriveState, caller: Caller, call: Call) -> Any:
    options = state.options
    row = _visible(state, caller, "activity", call, if_deleted=options.edit_deleted)
    values = schema.check_activity(_json(call), options)
    given_away = values.get("owner_id", row["owner_id"]) != row["owner_id"]
    if given_away and options.owner_change == "refuse" and caller.user_id != row["owner_id"]:
        raise ApiError(403, "You do not have permission to change the owner.")
    try:
        row = state.change_activity(row["id"], with_edit_rules(row, values, options))
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    return success(shown(row, state.options, attendees=False))


def delete_activity(state: PipedriveState, caller: Caller, call: Call) -> Any:
    row = _visible(state, caller, "activity", call, if_deleted=state.options.delete_deleted)
    state.delete_activity(row["id"])
    return success({"id": row["id"]})


def _visible(state: PipedriveState, caller: Caller, kind: str, call: Call, *, if_deleted: str | None = None) -> Row:
    """The row that the path names. Raises ApiError 404 (or 400, 410, 403) for what is gone or unseen.

    `if_deleted`: the status for a deleted one; None: as the options have it for reading.
    """
    number = call.segments[-1]
    row = state.tables[kind].rows.get(int(number)) if number.isascii() and number.isdigit() else None
    if row is None:
        raise not_found(kind.capitalize())
    if not state.sees(caller.user_id, kind, row):
        raise hidden(kind, state.options)
    if row["is_deleted"] and kind != "deal":
        answer = if_deleted or state.options.get_deleted
        if answer != "200":
            raise deleted(kind, answer)
    return row


def _listed(state: PipedriveState, kind: str, call: Call, *, archived: bool, by_ids: bool) -> Callable[[Row], bool]:
    """Which rows the list is about at all, before any filter of the caller."""
    if kind == "activity" and state.options.list_lag_s:
        known = stamp(state.clock.now() - timedelta(seconds=state.options.list_lag_s))
        return lambda row: (not row["is_deleted"] or state.options.list_deleted) and row["update_time"] <= known
    if kind != "deal":
        return lambda row: not row["is_deleted"] or (kind == "activity" and state.options.list_deleted)
    wanted = call.one("status", "open,won,lost") or ""
    statuses = {schema.query_choice("status", each, ("open", "won", "lost", "deleted")) for each in wanted.split(",")}
    either = by_ids and state.options.archived_by_ids
    return lambda row: row["status"] in statuses and (either or row["is_archived"] == archived)


def _saved_filter(state: PipedriveState, filter_id: int) -> Callable[[Row], bool]:
    if filter_id not in state.filters:
        raise invalid("query.filter_id is not a filter")
    return state.filters[filter_id]


def _with_attendees(call: Call, kind: str) -> bool:
    wanted = call.one("include_fields")
    if kind != "activity" or wanted is None:
        return False
    return schema.query_choice("include_fields", wanted, ("attendees",)) == "attendees"


def _json(call: Call) -> Any:
    try:
        return call.json()
    except ValueError as error:
        raise invalid("body is not JSON") from error
