"""events.list and events.instances: filters, pages, expansion of series, sync tokens.

Sources: Google Calendar API reference, Events.list and Events.instances; guide "Synchronize resources efficiently".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from include.sandbox.google.errors import GoogleError, invalid
from include.sandbox.google.records import Calendar, Stored
from include.sandbox.google.recurrence import instance_id, occurrences
from include.sandbox.google.render import Reader, default_reminders, show_event
from include.sandbox.google.times import instant, length, parse_instant, show_ms
from include.sandbox.google.tokens import (
    FORBIDDEN_WITH_SYNC_TOKEN,
    PageToken,
    Tokens,
    check_sync_request,
    listing_shape,
    sync_shape,
)
from include.sandbox.google.world import World

DEFAULT_PAGE, MAX_PAGE = 250, 2500
WITHOUT_SYNC_TOKEN = ("orderBy", "q", "privateExtendedProperty", "sharedExtendedProperty", "updatedMin", "iCalUID")
"""A listing with one of these yields no ``nextSyncToken`` (commonly observed)."""

Row = tuple[int, Stored]


def list_events(world: World, tokens: Tokens, reader: Reader, params: dict[str, Any]) -> dict[str, Any]:
    """The Events resource of one page. Raises GoogleError 400 and 410."""
    calendar, email = reader.calendar, reader.principal.email
    _check(world, params)
    shape = sync_shape(params)
    since = None
    if "syncToken" in params:
        since = tokens.sync(params["syncToken"], calendar.id, email, shape).change
    start = PageToken(calendar.id, email, listing_shape(params), 0, 0, _snapshot(world, calendar))
    if "pageToken" in params:
        start = tokens.page(params["pageToken"], calendar.id, email, start.shape)
    limit = _page_limit(world, params)
    rows: Iterator[Row] = _rows(world, calendar, params, since, start)
    if "orderBy" in params:
        rows = islice(_sorted_rows(world, calendar, params), start.key, None)
    page = list(islice(rows, limit + 1))
    stubbed = not world.options.cancelled_details
    answer = _head(reader)
    answer["items"] = [show_event(stored, reader, stubbed=stubbed) for _, stored in page[:limit]]
    if len(page) > limit:
        answer["nextPageToken"] = tokens.new_page(_next_start(start, page, limit))
    elif _yields_token(world, params):
        answer["nextSyncToken"] = tokens.new_sync(calendar.id, email, shape, start.snapshot)
    return answer


def _yields_token(world: World, params: dict[str, Any]) -> bool:
    """Whether the last page has a ``nextSyncToken``. Of a listing that is bounded on both sides nobody knows."""
    bounded = "timeMin" in params and "timeMax" in params
    return not (
        any(name in params for name in WITHOUT_SYNC_TOKEN) or (bounded and not world.options.bounded_sync_token)
    )


def _snapshot(world: World, calendar: Calendar) -> int:
    """The last change that a listing which begins now knows of."""
    late = [each.change for each in calendar.order if _is_late(world, each)]
    return min(late) - 1 if late else world.last_change


def _is_late(world: World, stored: Stored) -> bool:
    lag = timedelta(seconds=world.options.list_lag_s)
    return bool(lag) and stored.updated > world.clock.now() - lag


def _check(world: World, params: dict[str, Any]) -> None:
    if "syncToken" in params:
        check_sync_request(params, FORBIDDEN_WITH_SYNC_TOKEN, ("showDeleted",))
    if "timeMin" in params and "timeMax" in params and params["timeMin"] >= params["timeMax"]:
        raise GoogleError(400, "timeRangeEmpty")
    if params.get("orderBy") == "startTime" and not params.get("singleEvents"):
        raise invalid("The requested ordering is not available for the particular query.", location="orderBy")
    oldest = world.clock.now() - timedelta(days=world.options.updated_min_days)
    if "updatedMin" in params and params["updatedMin"] < oldest:
        raise GoogleError(410, "updatedMinTooLongAgo")


def _page_limit(world: World, params: dict[str, Any]) -> int:
    limit: int = min(params.get("maxResults", DEFAULT_PAGE), MAX_PAGE)
    return min(limit, world.options.page_sizes.popleft()) if world.options.page_sizes else limit


def _next_start(start: PageToken, page: list[Row], limit: int) -> PageToken:
    """Where the page after this one begins: at the first row that did not fit."""
    key = page[limit][0]
    before = sum(1 for each, _ in page[:limit] if each == key)
    return replace(start, key=key, done_count=before + (start.done_count if key == start.key else 0))


def _head(reader: Reader) -> dict[str, Any]:
    calendar = reader.calendar
    return {
        "kind": "calendar#events",
        "etag": listing_etag(calendar),
        "summary": calendar.summary,
        **({"description": calendar.description} if calendar.description else {}),
        "updated": show_ms(calendar.updated),
        "timeZone": reader.shown_zone.key,
        "accessRole": reader.role,
        "defaultReminders": default_reminders(calendar, reader.principal.email),
    }


def listing_etag(calendar: Calendar) -> str:
    """Changes with every change of an event of the calendar."""
    return f'"p{next(reversed(calendar.changes), 0):020d}{calendar.etag[1:]}'


def _rows(
    world: World, calendar: Calendar, params: dict[str, Any], since: int | None, start: PageToken
) -> Iterator[Row]:
    """(place, event) of what the listing shows, from the start of the page on. Places: serials, or change numbers."""
    if since is None:
        keyed = ((each.serial, each) for each in calendar.stored_from(start.key))
    else:
        keyed = ((each.change, each) for each in calendar.changed_since(max(since, start.key - 1)))
    for key, stored in keyed:
        shown = _shown(world, calendar, stored, params, incremental=since is not None)
        for row in islice(shown, start.done_count if key == start.key else 0, None):
            yield key, row


def _sorted_rows(world: World, calendar: Calendar, params: dict[str, Any]) -> Iterator[Row]:
    """All rows in the order asked for; their places are their positions."""
    rows = [row for each in calendar.order for row in _shown(world, calendar, each, params, incremental=False)]
    if params["orderBy"] == "updated":
        rows.sort(key=lambda each: each.updated)
    else:
        rows.sort(key=lambda each: instant(each.data["start"], calendar.time_zone) if "start" in each.data else _NEVER)
    yield from enumerate(rows)


_NEVER = datetime.max.replace(tzinfo=UTC)


def _shown(
    world: World, calendar: Calendar, stored: Stored, params: dict[str, Any], *, incremental: bool
) -> Iterator[Stored]:
    """What one stored event contributes: itself, nothing, or (``singleEvents``) the instances of a series."""
    expand = bool(params.get("singleEvents"))
    if stored.cancelled and not incremental and not params.get("showDeleted") and "updatedMin" not in params:
        series = calendar.events.get(stored.series_id or "")
        if expand or series is None or series.cancelled:
            return
    if not _fits(stored, params) or _is_late(world, stored):
        return
    if expand and "recurrence" in stored.data:
        yield from _instances(world, calendar, stored, params)
    elif _in_window(world, calendar, stored, params):
        yield stored


def _fits(stored: Stored, params: dict[str, Any]) -> bool:
    """All filters but the time window."""
    data = stored.data
    if "updatedMin" in params and stored.updated < params["updatedMin"]:
        return False
    if "eventTypes" in params and data["eventType"] not in params["eventTypes"]:
        return False
    if "iCalUID" in params and data["iCalUID"] != params["iCalUID"]:
        return False
    for name, kind in (("privateExtendedProperty", "private"), ("sharedExtendedProperty", "shared")):
        properties = data.get("extendedProperties", {}).get(kind, {})
        if any(properties.get(key) != value for key, value in params.get(name, ())):
            return False
    return "q" not in params or _matches(data, params["q"])


def _matches(data: dict[str, Any], query: str) -> bool:
    """Every word of the query occurs in a searched field."""
    people = [data.get("organizer", {}), *data.get("attendees", ())]
    texts = [data.get(name, "") for name in ("summary", "description", "location")]
    texts += [person.get(name, "") for person in people for name in ("displayName", "email")]
    text = "\n".join(texts).casefold()
    return all(word in text for word in query.casefold().split())


def _in_window(world: World, calendar: Calendar, stored: Stored, params: dict[str, Any]) -> bool:
    """``timeMin`` bounds the end, ``timeMax`` the start; a series is in if an instance is."""
    if not {"timeMin", "timeMax"} & params.keys() or "start" not in stored.data:
        return True
    if "recurrence" in stored.data:
        return next(_instances(world, calendar, stored, params), None) is not None
    low, high = params.get("timeMin"), params.get("timeMax")
    if low is not None and instant(stored.data["end"], calendar.time_zone) <= low:
        return False
    return high is None or instant(stored.data["start"], calendar.time_zone) < high


def _instances(world: World, calendar: Calendar, series: Stored, params: dict[str, Any]) -> Iterator[Stored]:
    """The instances of a series that no exception replaces, within the window."""
    low = params.get("timeMin")
    horizon = max(world.clock.now(), low or _START) + timedelta(days=world.options.expansion_days)
    until = params.get("timeMax", horizon)
    duration = length(series.data["start"], series.data["end"])
    for original in occurrences(series.data, until):
        begins = instant(original, calendar.time_zone)
        if begins >= until:
            return
        if low is not None and begins + duration <= low:
            continue
        if instance_id(series.id, original) not in calendar.events:
            made = world.instance(calendar, series, original)
            made.change = series.change
            yield made


_START = datetime(1970, 1, 1, tzinfo=UTC)


def list_instances(
    world: World, tokens: Tokens, reader: Reader, series: Stored, params: dict[str, Any]
) -> dict[str, Any]:
    """The Events resource with the instances of one series. Raises GoogleError 400."""
    calendar, email = reader.calendar, reader.principal.email
    _check(world, params)
    start = PageToken(series.id, email, listing_shape(params), 0, 0, 0)
    if "pageToken" in params:
        start = tokens.page(params["pageToken"], series.id, email, start.shape)
    rows = [
        each
        for each in (*_instances(world, calendar, series, params), *calendar.exceptions_of(series.id))
        if (not each.cancelled or params.get("showDeleted")) and _in_window(world, calendar, each, params)
    ]
    if "originalStart" in params:
        rows = [each for each in rows if _same_time(each.data["originalStartTime"], params["originalStart"])]
    rows.sort(key=lambda each: instant(each.data["originalStartTime"], calendar.time_zone))
    limit = _page_limit(world, params)
    answer = _head(reader)
    answer["items"] = [show_event(each, reader) for each in rows[start.key : start.key + limit]]
    if len(rows) > start.key + limit:
        answer["nextPageToken"] = tokens.new_page(replace(start, key=start.key + limit))
    return answer


def _same_time(original: dict[str, str], text: str) -> bool:
    if "date" in original:
        return original["date"] == text
    try:
        return instant(original, "UTC") == parse_instant(text)
    except ValueError as error:
        raise invalid("Invalid value for originalStart", location="originalStart") from error
