"""The methods of events, calendars and calendarList: from a checked request to a resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from include.sandbox.base import Call
from include.sandbox.google import writes
from include.sandbox.google.access import check_owner, check_writer, role_on
from include.sandbox.google.auth import Principal
from include.sandbox.google.errors import GoogleError, invalid, not_found, required
from include.sandbox.google.listing import list_events, list_instances
from include.sandbox.google.records import Calendar, Stored, rank
from include.sandbox.google.render import Reader, show_calendar, show_event, show_list_entry
from include.sandbox.google.state import GoogleState
from include.sandbox.google.times import zone
from include.sandbox.google.tokens import PageToken, check_sync_request, listing_shape


@dataclass(frozen=True)
class Request:
    """One checked request. ``ids``: the calendar's id and the event's, as far as the path has them."""

    state: GoogleState
    principal: Principal
    operation: str
    call: Call
    params: dict[str, Any]
    ids: tuple[str, ...]

    def calendar(self) -> tuple[Calendar, str]:
        """The calendar of the path and the role that counts there. Raises GoogleError 404 and 403."""
        calendar = self.state.calendar_named(self.ids[0], self.principal)
        return calendar, role_on(self.principal, calendar, self.operation)

    def writable(self) -> tuple[Calendar, str]:
        calendar, role = self.calendar()
        check_writer(role)
        if self.state.write_refused & {"*", calendar.id}:
            raise GoogleError(403, "quotaExceeded")
        return calendar, role

    def reader(self, calendar: Calendar, role: str) -> Reader:
        return Reader.of(calendar, self.principal, role, self.params.get("timeZone"), self.params.get("maxAttendees"))

    def body(self) -> Any:
        try:
            return self.call.json()
        except ValueError as error:
            raise GoogleError(400, "parseError") from error

    def event_body(self) -> Any:
        """Raises GoogleError 400 also for a zone that is refused."""
        body = self.body()
        for side in ("start", "end"):
            time = body.get(side) if isinstance(body, dict) else None
            if isinstance(time, dict) and time.get("timeZone") in self.state.options.refused_zones:
                raise invalid(f"Invalid time zone definition for {side} time.")
        return body

    def manner(self) -> writes.Manner:
        send = self.params.get("sendUpdates") or ("all" if self.params.get("sendNotifications") else None)
        return writes.Manner(
            self.principal,
            send_updates=send,
            conference=self.params.get("conferenceDataVersion") == 1,
            attachments=bool(self.params.get("supportsAttachments")),
        )

    def check_match(self, etag: str) -> None:
        """If-Match. Raises GoogleError 412."""
        wanted = self.call.headers.get("If-Match")
        if wanted is not None and wanted != "*" and etag not in [each.strip() for each in wanted.split(",")]:
            raise GoogleError(412, "conditionNotMet")


Result = dict[str, Any] | None


def events_list(request: Request) -> Result:
    calendar, role = request.calendar()
    return list_events(request.state, request.state.tokens, request.reader(calendar, role), request.params)


def events_instances(request: Request) -> Result:
    calendar, role = request.calendar()
    series = request.state.find(calendar, request.ids[1])
    if "recurrence" not in series.data:
        raise invalid("The event is not recurring.")
    return list_instances(request.state, request.state.tokens, request.reader(calendar, role), series, request.params)


def events_get(request: Request) -> Result:
    calendar, role = request.calendar()
    if request.ids[1] in request.state.options.broken_events:
        raise GoogleError(500, "backendError")
    return show_event(request.state.find(calendar, request.ids[1]), request.reader(calendar, role))


def events_insert(request: Request) -> Result:
    calendar, role = request.writable()
    stored = writes.insert(request.state, calendar, request.event_body(), request.manner())
    return show_event(stored, request.reader(calendar, role))


def _target(request: Request) -> tuple[Calendar, str, Stored]:
    """The event that a write is about."""
    calendar, role = request.writable()
    stored = request.state.find(calendar, request.ids[1])
    check_writer(role, private=stored.data.get("visibility") in ("private", "confidential"))
    if stored.id in request.state.options.refused_events:
        raise GoogleError(403, request.state.options.refused_events[stored.id])
    return calendar, role, stored


def events_patch(request: Request) -> Result:
    calendar, role, stored = _target(request)
    request.check_match(stored.etag)
    writes.patch(request.state, calendar, stored, request.event_body(), request.manner())
    return show_event(stored, request.reader(calendar, role))


def events_update(request: Request) -> Result:
    calendar, role, stored = _target(request)
    request.check_match(stored.etag)
    writes.update(request.state, calendar, stored, request.event_body(), request.manner())
    return show_event(stored, request.reader(calendar, role))


def events_delete(request: Request) -> Result:
    calendar, _, stored = _target(request)
    if not stored.cancelled:  # a deleted event is 410, whatever the condition
        request.check_match(stored.etag)
    writes.delete(request.state, calendar, stored, request.manner())
    return None


# ---- calendars


def calendars_get(request: Request) -> Result:
    calendar, _ = request.calendar()
    return show_calendar(calendar)


def calendars_insert(request: Request) -> Result:
    if "*" in request.state.write_refused:
        raise GoogleError(403, "quotaExceeded")
    texts = _calendar_texts(request)
    if not texts.get("summary"):
        raise required("Missing title.")
    client = request.principal.client
    name = request.state.add_calendar(request.principal.email, texts["summary"], texts.get("timeZone"), app=client)
    return _with_texts(request, request.state.calendars[name], texts)


def calendars_patch(request: Request) -> Result:
    return _rewrite_calendar(request, {})


def calendars_update(request: Request) -> Result:
    return _rewrite_calendar(request, {"description": "", "location": ""})


def _rewrite_calendar(request: Request, cleared: dict[str, str]) -> Result:
    calendar, role = request.writable()
    check_owner(role)
    request.check_match(calendar.etag)
    texts = cleared | _calendar_texts(request)
    if cleared and not texts.get("summary"):
        raise required("Missing title.")
    return _with_texts(request, calendar, texts)


def _calendar_texts(request: Request) -> dict[str, str]:
    body = request.body()
    if not isinstance(body, dict):
        raise GoogleError(400, "parseError")
    given = {name: body[name] for name in ("summary", "description", "location", "timeZone") if name in body}
    texts = {name: "" if value is None else value for name, value in given.items()}
    if not all(isinstance(value, str) for value in texts.values()):
        raise invalid()
    if texts.get("timeZone") == "":
        del texts["timeZone"]
    try:
        zone(texts.get("timeZone", "UTC"), request.state.options.refused_zones)
    except ValueError as error:
        raise invalid("Invalid time zone.") from error
    return texts


def _with_texts(request: Request, calendar: Calendar, texts: dict[str, str]) -> Result:
    calendar.summary = texts.get("summary") or calendar.summary
    calendar.description = texts.get("description", calendar.description)
    calendar.location = texts.get("location", calendar.location)
    calendar.time_zone = texts.get("timeZone", calendar.time_zone)
    calendar.etag = request.state.next_etag()
    calendar.updated = request.state.clock.now()
    for email in calendar.listed_by:
        calendar.listed_by[email] = request.state.next_change()
    return show_calendar(calendar)


def calendars_delete(request: Request) -> Result:
    calendar, role = request.writable()
    check_owner(role)
    if calendar.primary:
        raise GoogleError(403, "forbidden", "The primary calendar cannot be deleted.")
    request.state.delete_calendar(calendar.id)
    return None


# ---- calendarList


def calendar_list_list(request: Request) -> Result:
    params, email, tokens = request.params, request.principal.email, request.state.tokens
    since = 0
    if "syncToken" in params:
        check_sync_request(params, ("minAccessRole", "showOwnOrganizationOnly"), ("showDeleted", "showHidden"))
        since = tokens.sync(params["syncToken"], "calendarList", email, ()).change
    start = PageToken("calendarList", email, listing_shape(params), 0, 0, request.state.last_change)
    if "pageToken" in params:
        start = tokens.page(params["pageToken"], "calendarList", email, start.shape)
    least = rank(params.get("minAccessRole", "none"))
    listed = sorted(
        (calendar.listed_by[email], calendar.id)
        for calendar in request.state.calendars.values()
        if calendar.listed_by.get(email, -1) > max(since, start.key) and rank(calendar.role(email)) >= least
    )
    limit = min(params.get("maxResults", 100), 250)
    answer: dict[str, Any] = {"kind": "calendar#calendarList", "etag": f'"p{start.snapshot:020d}"'}
    entries = [request.state.calendars[calendar_id] for _, calendar_id in listed[:limit]]
    answer["items"] = [show_list_entry(calendar, request.principal) for calendar in entries]
    if len(listed) > limit:
        key = listed[limit - 1][0]
        answer["nextPageToken"] = tokens.new_page(PageToken("calendarList", email, start.shape, key, 0, start.snapshot))
    else:
        answer["nextSyncToken"] = tokens.new_sync("calendarList", email, (), start.snapshot)
    return answer


def calendar_list_get(request: Request) -> Result:
    calendar, _ = request.calendar()
    if request.principal.email not in calendar.listed_by:
        raise not_found()
    return show_list_entry(calendar, request.principal)


def calendar_list_insert(request: Request) -> Result:
    body = request.body()
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise required("Required")
    calendar = request.state.calendar_named(body["id"], request.principal)
    calendar.listed_by.setdefault(request.principal.email, request.state.next_change())
    return show_list_entry(calendar, request.principal)


OPERATIONS: dict[str, Callable[[Request], Result]] = {
    "events.list": events_list,
    "events.instances": events_instances,
    "events.get": events_get,
    "events.insert": events_insert,
    "events.patch": events_patch,
    "events.update": events_update,
    "events.delete": events_delete,
    "calendars.get": calendars_get,
    "calendars.insert": calendars_insert,
    "calendars.patch": calendars_patch,
    "calendars.update": calendars_update,
    "calendars.delete": calendars_delete,
    "calendarList.list": calendar_list_list,
    "calendarList.get": calendar_list_get,
    "calendarList.insert": calendar_list_insert,
}
