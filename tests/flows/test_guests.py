"""Guests who are persons in Pipedrive become participants; nobody is created, and nobody is mailed unasked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.world import World, day

EVA = "Eva@Customer.example"
LATER = {"due_time": "15:00"}


def meeting(world: World, *addresses: str, **fields: Any) -> dict[str, Any]:
    return world.event("Demo", attendees=[{"email": address} for address in addresses], **fields)


@pytest.fixture
def eva(world: World) -> dict[str, Any]:
    org = world.pipedrive.add_organization("Customer")
    return dict(world.pipedrive.add_person("Eva", email=EVA, org_id=org["id"]))


def test_known_guests_become_participants(world: World, eva: dict[str, Any]) -> None:
    max_ = world.pipedrive.add_person("Max", email="max@other.example")
    world.pipedrive.add_person("Colleague", email="bert@acme.example")
    deal = world.pipedrive.add_deal("Roof", person_id=eva["id"])
    world.pipedrive.add_deal("Lost", person_id=eva["id"], status="lost")
    world.green()
    meeting(world, "nobody@x.example", "eva@customer.example", "max@other.example", "bert@acme.example")
    world.green()
    activity = world.the_activity()
    assert activity["participants"] == [
        {"person_id": eva["id"], "primary": True},
        {"person_id": max_["id"], "primary": False},
    ]
    assert (activity["org_id"], activity["deal_id"]) == (eva["org_id"], deal["id"])
    assert len(world.pipedrive.persons) == 3
    assert world.the_event()["summary"] == "Demo"
    world.assert_quiet()
    assert world.google.mails == []


@pytest.mark.parametrize(
    ("colleague", "colleague_is"),
    [
        ("zoe@gmail.com", {"active_flag": True}),
        ("zoe@googlemail.com", {"is_deleted": True, "active_flag": False}),
        ("zoe@Yahoo.co.uk", {"active_flag": True}),
        ("zoe@customer.example", {"active_flag": False}),
    ],
)
def test_who_shares_a_public_provider_with_a_user_is_no_colleague(
    world: World, colleague: str, colleague_is: dict[str, Any]
) -> None:
    """Nor is who works for a company that a former user now works for."""
    user = world.pipedrive.add_user("Zoe", colleague, "Europe/Berlin")
    user.update(colleague_is)
    guest = f"eva@{colleague.partition('@')[2]}"
    person = world.pipedrive.add_person("Eva", email=guest)
    world.pipedrive.add_person("Zoe in private", email=colleague)
    world.green()
    meeting(world, guest, *([colleague] if colleague_is["active_flag"] else []))
    world.green()
    participants = world.the_activity()["participants"]
    assert participants == [{"person_id": person["id"], "primary": True}], "an active user is no guest from outside"


@pytest.mark.parametrize("deals_count", [0, 2])
def test_no_deal_unless_there_is_exactly_one(world: World, eva: dict[str, Any], deals_count: int) -> None:
    for number in range(deals_count):
        world.pipedrive.add_deal(f"Deal {number}", person_id=eva["id"])
    world.green()
    meeting(world, EVA)
    world.green()
    assert (world.the_activity()["deal_id"], world.the_activity()["person_id"]) == (None, eva["id"])


def test_the_organiser_outside_is_the_primary_one(world: World, eva: dict[str, Any]) -> None:
    world.pipedrive.add_person("Max", email="max@other.example")
    world.green()
    meeting(world, "max@other.example", EVA, organizer={"email": EVA})
    world.green()
    assert world.the_activity()["person_id"] == eva["id"]


def test_unknown_guests_and_rooms_are_ignored(world: World) -> None:
    world.green()
    meeting(world, "nobody@x.example")
    world.green()
    assert world.the_activity()["participants"] == []
    assert world.pipedrive.persons == {}


def test_look_ups_are_few(world: World, eva: dict[str, Any]) -> None:
    """One search and one list of deals for all meetings with the same person, and none without guests."""
    world.green()
    for hour in (8, 9, 10):
        start, end = ({"dateTime": f"{day(1)}T{at:02}:00:00Z"} for at in (hour, hour + 1))
        meeting(world, EVA, start=start, end=end)
    world.event("Alone")
    with world.requests() as seen:
        world.green()
    assert (seen["GET persons.search"], seen["GET deals.list"]) == (1, 1)
    meeting(world, EVA)
    with world.requests() as seen:
        world.green()
    assert (seen["GET persons.search"], len(world.activities())) == (0, 5)


def test_a_person_who_is_gone_since(world: World, eva: dict[str, Any]) -> None:
    world.green()
    meeting(world, EVA)
    world.green()
    world.pipedrive.tables["person"].remove(eva["id"])
    start, end = ({"dateTime": f"{day(2)}T{at:02}:00:00Z"} for at in (9, 10))
    meeting(world, EVA, start=start, end=end)
    world.green()
    assert sorted(len(row["participants"]) for row in world.activities()) == [0, 1]
    world.assert_quiet()


@pytest.mark.parametrize(
    ("rule", "mailed"),
    [
        ("none", []),
        ("external", ["eva@customer.example"]),
        ("all", ["bert@acme.example", "eva@customer.example"]),
    ],
)
def test_who_hears_of_a_new_time(world: World, rule: str, mailed: list[str]) -> None:
    world.anna_is(notify_guests=rule)
    world.google.add_user("bert@acme.example")
    world.green()
    meeting(world, "eva@customer.example", "bert@acme.example")
    world.green()
    assert world.google.mails == []
    world.pipedrive.edit_activity(world.the_activity()["id"], **LATER)
    seen = world.green()
    assert sorted(mail.to for mail in world.google.mails) == mailed
    assert seen.get("guests_not_informed", 0) == (1 if rule == "none" else 0)
    world.assert_quiet()


def test_guests_who_were_not_told_are_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.green()
    meeting(world, EVA)
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], subject="Another subject")
    assert "guests_not_informed" not in world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], **LATER)
    assert world.green()["guests_not_informed"] == 1
    (link,) = world.links()
    assert f"were not told of a new time (link {link.id})" in caplog.text
    assert EVA.casefold() not in caplog.text.casefold()


def test_colleagues_alone_need_no_notice(world: World) -> None:
    world.green()
    meeting(world, "bert@acme.example")
    world.green()
    world.pipedrive.edit_activity(world.the_activity()["id"], **LATER)
    assert "guests_not_informed" not in world.green()


def test_a_link_in_the_description_counts_for_more(world: World, eva: dict[str, Any]) -> None:
    world.pipedrive.add_deal("Only open one", person_id=eva["id"])
    other = world.pipedrive.add_deal("Linked")
    world.green()
    meeting(world, EVA, description=f"https://acme.pipedrive.com/deal/{other['id']}")
    world.green()
    activity = world.the_activity()
    assert (activity["deal_id"], activity["person_id"], activity["org_id"]) == (other["id"], eva["id"], eva["org_id"])
    world.assert_quiet()


CONTEXT = ("Roof", "+49 40 1234", "eva@customer.example", "Customer", "/deal/")


@pytest.mark.parametrize("setting", [True, "always", False])
@pytest.mark.parametrize("guest", ["boss@customer.example", "bert@acme.example"])
def test_guests_from_outside_do_not_read_the_contacts_data(world: World, setting: Any, guest: str) -> None:
    """Nor the deal's link, unless the account says `always`; the call is meant for them. Colleagues read it all."""
    org = world.pipedrive.add_organization("Customer")
    eva = world.pipedrive.add_person("Eva", email=EVA.lower(), phone="+49 40 1234", org_id=org["id"])
    deal = world.pipedrive.add_deal("Roof", person_id=eva["id"], org_id=org["id"])
    world.anna_is(include_context=setting, title=["subject"])
    call = {"conference_meeting_url": "https://meet.example/abc"}
    world.green()
    activity = world.activity(
        "Demo", deal_id=deal["id"], org_id=org["id"], participants=[{"person_id": eva["id"], "primary": True}]
    )
    world.pipedrive.put_raw_activity(activity["id"], **call)
    world.green()
    shown = str(world.the_event().get("description"))
    assert all((word in shown) is bool(setting) for word in CONTEXT), shown
    world.edit_event(world.the_event(), attendees=[{"email": guest}])
    world.green()
    told = str(world.the_event().get("description"))
    outside = guest.endswith("customer.example")
    expected = setting == "always" or (bool(setting) and not outside)
    assert all((word in told) is expected for word in CONTEXT), told
    assert ("meet.example" in told) is bool(setting)
    world.assert_quiet()
    world.edit_event(world.the_event(), attendees=[])
    world.green()
    assert all((word in str(world.the_event().get("description"))) is bool(setting) for word in CONTEXT)
    world.assert_quiet()
    assert world.the_activity()["public_description"] in (None, "")
    assert world.google.mails == []
