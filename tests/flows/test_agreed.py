"""Deletions that a person agreed to in a review pass the limits: exactly those, and for a day."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.account_records import ConfiguredAccount
from include.calsync.flows import holds
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Drafted, Saved
from include.calsync.flows.page import draft as review
from tests.flows.edited import added, now
from tests.flows.world import ANNA, World, day

STRICT: dict[str, Any] = {"max_delete_count": 0, "max_delete_ratio": 0}
DAY_S = 86_400


@pytest.fixture
def anna(page: World) -> ConfiguredAccount:
    """Not one deletion passes. A call, and three visits from tomorrow on."""
    anna = added(page, **STRICT)
    page.activity("Call")
    for number in range(1, 4):
        page.activity(f"Visit {number}", type="meeting", due_date=day(number))
    page.green()
    return now(page, anna)


def reviewed(world: World, account: ConfiguredAccount, **settings: Any) -> review.Review:
    asked: Any = {"by": "paul", "account_id": account.id, "base_version": account.version}
    result = drafts.draft(world.services(), {**account.settings, **settings}, **asked)
    assert isinstance(result, Drafted), result
    assert world.sync(kind="manual", dry_run=True, draft_id=result.draft.id).failure is None
    told: Any = {"paused": False, "personal": True, "language": "en"}
    model = review.read(world.engine, result.draft.id, world.services().clock(), **told)
    assert model is not None
    return model


def agree(world: World, model: review.Review) -> None:
    result = drafts.save_draft(world.services(), model.draft.id, by="quinn", agreed=model.run_id)
    assert isinstance(result, Saved), result


def titles(world: World, calendar: str | None = None) -> list[str]:
    return sorted(event["summary"] for event in world.events(calendar))


def test_what_was_agreed_to_is_deleted_and_one_more_is_held(page: World, anna: ConfiguredAccount) -> None:
    model = reviewed(page, anna, activity_types=["call"])
    assert (model.removed_count, model.held_count, model.stays_count, model.mailed_count) == (3, 0, 0, 0)
    late = page.activity("Visit 4", type="meeting")
    page.green()
    assert len(page.events()) == 5
    agree(page, model)
    summary = page.sync()
    assert "1 deletions held" in str(summary.failure)
    assert titles(page) == ["Call", "Visit 4"]
    assert late["id"] in {link.activity_id for link in page.links() if link.state == "held"}
    with page.requests():
        assert page.green()["events"]["held"] == 1
    assert page.writes() == 0
    page.google.delete_event(page.calendar, next(each["id"] for each in page.events() if each["summary"] == "Call"))
    assert "1 deletions held" in str(page.sync().failure), "agreed once, and not for good"


def test_what_was_edited_since_is_held_and_the_rest_goes(page: World, anna: ConfiguredAccount) -> None:
    model = reviewed(page, anna, activity_types=["call"])
    event = next(each for each in page.events() if each["summary"] == "Visit 2")
    page.edit_event(event, location="Hall 3")
    agree(page, model)
    assert "1 changes held anew: they were approved, but their items were edited since" in str(page.sync().failure)
    assert titles(page) == ["Call", "Visit 2"]


def test_nobody_agreed_or_too_long_ago(page: World, anna: ConfiguredAccount) -> None:
    model = reviewed(page, anna, activity_types=["call"])
    assert isinstance(drafts.save_draft(page.services(), model.draft.id, by="quinn"), Saved)
    assert "3 deletions held" in str(page.sync().failure)
    again = reviewed(page, now(page, anna), activity_types=["call"], max_delete_count=0, max_delete_ratio=0.01)
    assert again.removed_count == 3, "other limits: what was held is decided anew"
    agree(page, again)
    page.pass_time(DAY_S + 1)
    assert "3 deletions held" in str(page.sync().failure)
    assert len(page.events()) == 4


def test_what_was_held_before_goes_once_it_is_agreed_to(page: World, anna: ConfiguredAccount) -> None:
    model = reviewed(page, anna, activity_types=["call"])
    assert isinstance(drafts.save_draft(page.services(), model.draft.id, by="quinn"), Saved)
    assert "3 deletions held" in str(page.sync().failure)
    agree(page, reviewed(page, now(page, anna), activity_types=["call"], max_delete_ratio=0.01))
    page.green()
    assert titles(page) == ["Call"]
    page.assert_quiet()
    assert not holds.waiting(page.services())


def test_another_calendar_moves_what_is_to_come_and_says_what_stays(page: World, anna: ConfiguredAccount) -> None:
    page.activity("Long ago", due_date=day(-9))
    page.event("Dentist")
    page.green()
    calendar = page.google.add_calendar(ANNA, "New")
    model = reviewed(page, anna, calendar=calendar)
    upcoming = model.moved_count
    assert (model.removed_count, model.is_harmless) == (0, True)
    assert (upcoming + model.stays_count, model.stays_count >= 2) == (6, True)
    agree(page, model)
    for _ in range(2):
        page.green()
    assert len(titles(page, calendar)) == upcoming
    assert len(titles(page)) == model.stays_count
    page.assert_quiet()


def test_who_would_be_mailed_and_what_would_stay_is_counted(page: World, anna: ConfiguredAccount) -> None:
    page.event("Dentist")
    page.green()
    (dentist,) = [each for each in page.activities() if each["subject"] == "Dentist"]
    page.pipedrive.edit_activity(dentist["id"], type="lunch")
    event = next(each for each in page.events() if each["summary"] == "Visit 2")
    guests = [{"email": "lena@nordwind.example"}, {"email": "bert@acme.example"}]
    page.edit_event(event, attendees=guests)
    page.green()
    anna = now(page, anna)
    for whom, mailed_count in (("none", 0), ("external", 1), ("all", 2)):
        model = reviewed(page, anna, activity_types=["call"], notify_guests=whom)
        assert (model.mailed_count, model.stays_count, model.removed_count) == (mailed_count, 1, 3), whom
