"""Recurring events: instances, exceptions, expansion. Sources: guide "Recurring events"; reference; RFC 5545."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ALL_DAY, ANNA, TIMED, Api, event_path

PATH = event_path("primary")
DAILY = {**TIMED, "summary": "Stand-up", "recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]}
SECOND = "20261124T090000Z"


def instances(api: Api, series: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.ok("GET", event_path("primary", series, "instances"), **query)["items"]
    return found


def starts(items: list[dict[str, Any]]) -> list[str]:
    return [each["start"].get("date") or each["start"]["dateTime"] for each in items]


def test_ids_and_fields_of_instances(anna: Api) -> None:
    """Reference: recurringEventId, originalStartTime; ids are the series' id and the original start in UTC."""
    series = anna.insert(DAILY)
    found = instances(anna, series["id"])
    assert [each["id"] for each in found] == [f"{series['id']}_202611{day}T090000Z" for day in (23, 24, 25, 26)]
    second = found[1]
    assert second["originalStartTime"] == second["start"] == {
        "dateTime": "2026-11-24T10:00:00+01:00", "timeZone": "Europe/Berlin",
    }  # fmt: skip
    assert second["end"]["dateTime"] == "2026-11-24T11:00:00+01:00"
    assert (second["recurringEventId"], second["iCalUID"]) == (series["id"], series["iCalUID"])
    assert "recurrence" not in second
    assert anna.get(second["id"]) == second


def test_all_day_instances(anna: Api) -> None:
    series = anna.insert({**ALL_DAY, "recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261207"]})["id"]
    found = instances(anna, series)
    assert starts(found) == ["2026-11-23", "2026-11-30", "2026-12-07"]
    assert found[1]["id"] == f"{series}_20261130"
    assert found[1]["end"] == {"date": "2026-12-01"}


def test_a_series_keeps_its_local_time_over_dst(anna: Api) -> None:
    """RFC 5545, 3.3.10: recurrence is in local time; the instance ids are in UTC."""
    start = {"dateTime": "2026-10-24T09:00:00", "timeZone": "Europe/Berlin"}
    series = anna.insert({"start": start, "end": start, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})["id"]
    assert [each["id"].split("_")[1] for each in instances(anna, series)] == [
        "20261024T070000Z", "20261025T080000Z", "20261026T080000Z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=DAILY;UNTIL=20261125T090000Z"], [23, 24, 25]),
        (["RRULE:FREQ=DAILY;UNTIL=20261125T085959Z"], [23, 24]),
        (["RRULE:FREQ=DAILY;UNTIL=20261125"], [23, 24, 25]),
        (["RRULE:FREQ=DAILY;UNTIL=20261124T100000"], [23, 24]),
        (["RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3"], [23, 25, 30]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20261124T100000"], [23, 25]),
        (["RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261123T090000Z,20261125T090000Z"], [24]),
        (["RRULE:FREQ=DAILY;COUNT=2", "RDATE;TZID=Europe/Berlin:20261128T100000"], [23, 24, 28]),
        (["RDATE:20261129T090000Z"], [23, 29]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=5"], [24, 26]),
    ],
)
def test_rules(anna: Api, lines: list[str], days: list[int]) -> None:
    """RFC 5545, sections 3.3.10, 3.8.5.1 and 3.8.5.2."""
    series = anna.insert({"recurrence": lines})["id"]
    assert [int(each[8:10]) for each in starts(instances(anna, series))] == days


@pytest.mark.parametrize(
    "lines",
    [["DTSTART:20261123T090000Z"], ["RRULE:FREQ=SOMETIMES"], ["FREQ=DAILY"], [5], ["RRULE:"], "RRULE:FREQ=DAILY",
     ["RRULE:FREQ=DAILY;COUNT=-1"], ["RRULE:FREQ=DAILY;COUNT=0"], ["EXDATE;TZID=Mars/Base:20261123T100000"]],
)  # fmt: skip
def test_bad_rules(anna: Api, lines: Any) -> None:
    """Reference, Events: recurrence: DTSTART and DTEND lines are not allowed. RFC 5545, 3.3.10: COUNT is digits."""
    assert anna.error("POST", PATH, {**TIMED, "recurrence": lines}) == (400, "invalid")


def test_a_series_needs_a_time_zone(anna: Api) -> None:
    """Reference, EventDateTime: timeZone is required for recurring events."""
    start = {"dateTime": "2026-11-23T10:00:00+01:00"}
    body = {"start": start, "end": start, "recurrence": ["RRULE:FREQ=DAILY"]}
    assert anna.error("POST", PATH, body) == (400, "required")


def test_instances_of_a_single_event_are_refused(anna: Api) -> None:
    path = event_path("primary", anna.insert()["id"], "instances")
    assert anna.error("GET", path) == (400, "invalid")


def test_changing_one_instance_makes_an_exception(anna: Api) -> None:
    """Guide "Recurring events": modifying an instance by its id."""
    series = anna.insert(DAILY)["id"]
    second = f"{series}_{SECOND}"
    later = {"start": {"dateTime": "2026-11-24T15:00:00+01:00"}, "end": {"dateTime": "2026-11-24T16:00:00+01:00"}}
    made = anna.patch(second, {"summary": "Moved", **later})
    assert (made["id"], made["recurringEventId"], made["sequence"]) == (second, series, 1)
    assert made["originalStartTime"]["dateTime"] == "2026-11-24T10:00:00+01:00"
    assert anna.ids() == [series, second]
    assert [each["summary"] for each in instances(anna, series)] == ["Stand-up", "Moved", "Stand-up", "Stand-up"]
    assert anna.get(second) == made


def test_if_match_on_an_untouched_instance(anna: Api) -> None:
    series = anna.insert(DAILY)["id"]
    path, etag = event_path("primary", f"{series}_{SECOND}"), anna.get(f"{series}_{SECOND}")["etag"]
    assert anna.error("PATCH", path, {"summary": "B"}, headers={"If-Match": '"1"'}) == (412, "conditionNotMet")
    anna.patch(f"{series}_{SECOND}", {"summary": "B"}, headers={"If-Match": etag})
    assert anna.error("PATCH", path, {"summary": "C"}, headers={"If-Match": etag}) == (412, "conditionNotMet")


def test_deleting_one_instance_leaves_a_cancelled_exception(anna: Api) -> None:
    """Reference, Events: status: cancelled exceptions have id, recurringEventId and originalStartTime."""
    series = anna.insert(DAILY)["id"]
    second = f"{series}_{SECOND}"
    token = anna.page()["nextSyncToken"]
    anna.delete(second)
    stub = {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    for page in (anna.page(), anna.page(syncToken=token), anna.page(showDeleted=True)):
        (found,) = [each for each in page["items"] if each["id"] == second]
        assert (set(found), found["status"]) == (stub, "cancelled")
    assert len(instances(anna, series)) == 3
    assert len(instances(anna, series, showDeleted=True)) == 4
    assert anna.error("DELETE", event_path("primary", second)) == (410, "deleted")
    assert second not in anna.ids(singleEvents=True)


def test_instances_that_do_not_exist_are_404(anna: Api) -> None:
    series = anna.insert(DAILY)["id"]
    single = anna.insert()["id"]
    for wrong in (f"{series}_20261124T090001Z", f"{series}_20261127T090000Z", f"{series}_20261124", f"{series}_x",
                  f"{single}_20261123T090000Z", f"{series}_20261340T090000Z"):  # fmt: skip
        assert anna.error("GET", event_path("primary", wrong)) == (404, "notFound")


def test_deleting_the_series(anna: Api) -> None:
    """A deleted series takes its exceptions with it."""
    series = anna.insert(DAILY)["id"]
    second = anna.patch(f"{series}_{SECOND}", {"summary": "B"})["id"]
    token = anna.page()["nextSyncToken"]
    anna.delete(series)
    page = anna.page(syncToken=token)
    assert {each["id"]: each["status"] for each in page["items"]} == {series: "cancelled", second: "cancelled"}
    assert anna.ids() == []
    assert anna.error("GET", event_path("primary", f"{series}_20261125T090000Z")) == (404, "notFound")


def test_changing_the_series(anna: Api) -> None:
    """What an exception did not change follows its series; an exception that no longer occurs is cancelled."""
    series = anna.insert({**DAILY, "location": "A"})["id"]
    second = anna.patch(f"{series}_{SECOND}", {"summary": "Own"})["id"]
    anna.patch(series, {"summary": "New", "location": "B"})
    assert (anna.get(second)["summary"], anna.get(second)["location"]) == ("Own", "B")
    anna.patch(series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=1"]})
    assert anna.get(second)["status"] == "cancelled"
    assert len(instances(anna, series)) == 1


def test_single_events_expands(anna: Api, state: GoogleState) -> None:
    """Reference, Events.list: singleEvents: instances and single events, not the series themselves."""
    series = anna.insert(DAILY)["id"]
    single = anna.insert({**TIMED, "id": "abcde"})["id"]
    second = anna.patch(f"{series}_{SECOND}", {"summary": "B"})["id"]
    ids = [f"{series}_202611{day}T090000Z" for day in (23, 24, 25, 26)]
    assert sorted(anna.ids(singleEvents=True)) == sorted([*ids, single])
    assert anna.ids(singleEvents=True, orderBy="startTime") == [ids[0], single, *ids[1:]]
    assert anna.ids(singleEvents=True, timeMin="2026-11-25T00:00:00Z", timeMax="2026-11-26T09:00:00Z") == [ids[2]]
    items, token, count = anna.all(singleEvents=True, maxResults=2)
    assert ([each["id"] for each in items], count) == ([ids[0], ids[2], ids[3], single, second], 3)
    state.edit_event(ANNA, series, summary="C")
    changed = {each["id"]: each["summary"] for each in anna.page(singleEvents=True, syncToken=token)["items"]}
    assert changed == {ids[0]: "C", ids[2]: "C", ids[3]: "C"}
    state.delete_event(ANNA, series)
    gone = anna.page(singleEvents=True, syncToken=token)["items"]
    assert {each["id"] for each in gone} == set(ids)
    assert {each["status"] for each in gone} == {"cancelled"}


def test_an_endless_series_is_expanded_up_to_a_horizon(anna: Api, google: GoogleService) -> None:
    """How far is nowhere written: an option, counted from now."""
    google.clock.freeze(datetime(2026, 11, 23, tzinfo=UTC))
    anna.insert({"recurrence": ["RRULE:FREQ=YEARLY"]})
    assert len(anna.ids(singleEvents=True)) == 2
    google.state.options.expansion_days = 365 * 5
    assert len(anna.ids(singleEvents=True)) == 5
    assert len(anna.ids(singleEvents=True, timeMax="2046-01-01T00:00:00Z")) == 20


def test_a_rule_that_never_matches_has_its_start_alone(anna: Api) -> None:
    anna.insert({"recurrence": ["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"]})
    assert len(anna.ids(singleEvents=True)) == 1


def test_a_series_is_in_a_window_if_an_instance_is(anna: Api) -> None:
    series = anna.insert({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})["id"]
    assert anna.ids(timeMin="2026-12-01T00:00:00Z") == [series]
    assert anna.ids(timeMin="2026-12-08T00:00:00Z") == []
    assert anna.ids(timeMin="2026-11-24T00:00:00Z", timeMax="2026-11-30T00:00:00Z") == []


def test_parameters_of_instances(anna: Api) -> None:
    """Reference, Events.instances: timeMin, timeMax, originalStart, maxResults, pageToken."""
    series = anna.insert(DAILY)["id"]
    window = {"timeMin": "2026-11-24T00:00:00Z", "timeMax": "2026-11-26T00:00:00Z"}
    assert len(instances(anna, series, **window)) == 2
    one = instances(anna, series, originalStart="2026-11-24T10:00:00+01:00")
    assert [each["id"] for each in one] == [f"{series}_{SECOND}"]
    path = event_path("primary", series, "instances")
    first = anna.ok("GET", path, maxResults=3)
    assert len(first["items"]) == 3
    rest = anna.ok("GET", path, maxResults=3, pageToken=first["nextPageToken"])
    assert (len(rest["items"]), "nextPageToken" in rest) == (1, False)
    assert anna.error("GET", path, originalStart="tomorrow") == (400, "invalid")


@pytest.mark.parametrize(
    ("rules", "first", "second"),
    [
        (["RRULE:FREQ=DAILY;COUNT=4"], [23, 24], [25, 26]),
        (["RRULE:FREQ=DAILY;UNTIL=20261127T100000Z"], [23, 24], [25, 26, 27]),
        (["RRULE:COUNT=3;FREQ=WEEKLY;BYDAY=MO,WE"], [23], [25, 30]),
    ],
)
def test_this_and_following(
    anna: Api, google: GoogleService, rules: list[str], first: list[int], second: list[int]
) -> None:
    """Guide "Recurring events": the series ends before the cut, and another goes on; ids as the UI makes them."""
    series = anna.insert({**DAILY, "recurrence": rules})["id"]
    made = google.state.split_series(ANNA, f"{series}_20261125T090000Z", summary="Other")
    assert made["id"] == f"{series}_R20261125T090000"
    for part, days in ((series, first), (made["id"], second)):
        assert [int(each[8:10]) for each in starts(instances(anna, part))] == days
    assert {each["summary"] for each in instances(anna, made["id"])} == {"Other"}
    again = google.state.split_series(ANNA, instances(anna, made["id"])[-1]["id"])
    assert again["id"].startswith(f"{series}_R202611")
    assert len(instances(anna, again["id"])) == 1


def test_an_all_day_series_is_cut_at_a_date(anna: Api, google: GoogleService) -> None:
    series = anna.insert({**ALL_DAY, "recurrence": ["RRULE:FREQ=WEEKLY"]})["id"]
    made = google.state.split_series(ANNA, f"{series}_20261207")
    assert made["id"] == f"{series}_R20261207"
    assert starts(instances(anna, series)) == ["2026-11-23", "2026-11-30"]
    assert starts(instances(anna, made["id"]))[:2] == ["2026-12-07", "2026-12-14"]


def test_a_series_is_cut_twice_at_one_place(anna: Api, google: GoogleService) -> None:
    series = anna.insert(DAILY)["id"]
    cut = f"{series}_20261125T090000Z"
    first = google.state.split_series(ANNA, cut)["id"]
    anna.patch(series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
    second = google.state.split_series(ANNA, cut)["id"]
    assert first != second
    assert all(instances(anna, each) for each in (series, first, second))
