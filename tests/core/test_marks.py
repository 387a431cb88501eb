"""Event ids and marks: who belongs to whom, told by the event alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from include.calsync.core.marks import Mark, event_id, read_mark
from include.calsync.core.model import Origin


def test_each_part_makes_another_id() -> None:
    ids = [event_id("77", 1, "cal", 0), event_id("78", 1, "cal", 0), event_id("77", 2, "cal", 0)]
    ids += [event_id("77", 1, "calendar", 0), event_id("77", 1, "cal", 1)]
    assert len(set(ids)) == len(ids)
    assert event_id("77", 1, "cal", 0) == ids[0], "the same again"


def test_an_id_is_one_that_google_takes() -> None:
    for activity_id in (1, 2**53 - 1):
        assert re.fullmatch("[a-v0-9]{5,1024}", event_id("77", activity_id, "ä@group.calendar.google.com", 0))


@pytest.mark.parametrize("origin", Origin)
def test_what_was_written_is_read(origin: Origin) -> None:
    mark = Mark("77", 2**53 - 1, "abc", origin)
    assert read_mark({"id": "abc", "extendedProperties": mark.properties()}) == mark


@pytest.mark.parametrize(
    "private",
    [
        None,
        {},
        {"calsyncActivityId": "12"},
        {"calsyncCompany": "77"},
        {"calsyncActivityId": "twelve", "calsyncCompany": "77"},
        {"calsyncActivityId": "¹²", "calsyncCompany": "77"},
        {"calsyncActivityId": "-12", "calsyncCompany": "77"},
        {"calsyncActivityId": "12", "calsyncCompany": ""},
        {"calsyncActivityId": "0", "calsyncCompany": "77"},
        {"calsyncActivityId": "012", "calsyncCompany": "77"},
        {"calsyncActivityId": str(2**63), "calsyncCompany": "77"},
        {"calsyncActivityId": "9" * 5000, "calsyncCompany": "77"},
        {"calsyncActivityId": ["12"], "calsyncCompany": "77"},
        ["calsyncActivityId"],
        "calsyncActivityId",
    ],
)
def test_what_is_no_mark_is_none(private: Any) -> None:
    assert read_mark({"id": "abc", "extendedProperties": {"private": private}}) is None


@pytest.mark.parametrize("properties", [None, [], ["private"], "private", 7])
def test_properties_of_another_kind_are_no_mark(properties: Any) -> None:
    assert read_mark({"id": "abc", "extendedProperties": properties}) is None


def test_a_mark_without_an_origin_is_of_pipedrive() -> None:
    private = {"calsyncActivityId": "12", "calsyncCompany": "77", "calsyncOrigin": "elsewhere"}
    assert read_mark({"extendedProperties": {"private": private}}) == Mark("77", 12, "", Origin.PIPEDRIVE)
