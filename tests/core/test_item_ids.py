"""Ids and pasted addresses of items."""

from __future__ import annotations

import base64

import pytest

from include.calsync.core.item_ids import ItemId, item_id
from include.calsync.core.policy import Side


def eid(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


ANNAS = eid("t1olm3gk anna@acme.example")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4711", ItemId(Side.ACTIVITY, "4711")),
        (" t1olm3gk ", ItemId(Side.EVENT, "t1olm3gk")),
        ("t1olm3gk_20261126T090000Z", ItemId(Side.EVENT, "t1olm3gk_20261126T090000Z")),
        (
            "https://acme.pipedrive.com/activities/list?activity=4711#dialog/activity/edit",
            ItemId(Side.ACTIVITY, "4711"),
        ),
        ("https://acme.pipedrive.com/activities/4711", ItemId(Side.ACTIVITY, "4711")),
        ("https://acme.pipedrive.com/activity/4711/", ItemId(Side.ACTIVITY, "4711")),
        (f"https://www.google.com/calendar/event?eid={ANNAS}", ItemId(Side.EVENT, "t1olm3gk", "anna@acme.example")),
        (
            f"https://calendar.google.com/calendar/u/0/r/eventedit/{ANNAS}?pli=1",
            ItemId(Side.EVENT, "t1olm3gk", "anna@acme.example"),
        ),
        (
            f"https://calendar.google.com/calendar/event?eid={eid('e1 c_42@g')}&ctz=Europe/Berlin",
            ItemId(Side.EVENT, "e1", "c_42@group.calendar.google.com"),
        ),
        (
            f"https://calendar.google.com/calendar/event?eid={eid('e1 max@m')}",
            ItemId(Side.EVENT, "e1", "max@gmail.com"),
        ),
        (f"https://calendar.google.com/calendar/event?eid={eid('e1')}", ItemId(Side.EVENT, "e1")),
    ],
)
def test_what_is_pasted_names_an_item(text: str, found: ItemId) -> None:
    assert item_id(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two words",
        "9999999999999999999",
        "https://acme.pipedrive.com/deal/4711",
        "https://acme.pipedrive.com/activities/list",
        "https://www.google.com/calendar/event?eid=%%%",
        f"https://www.google.com/calendar/event?eid={base64.urlsafe_b64encode(bytes([255, 254])).decode()}",
        "https://[",
    ],
)
def test_what_names_no_item_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Paste the id of an activity or event"):
        item_id(text)
