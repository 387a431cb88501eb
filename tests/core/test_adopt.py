"""Look-alikes are linked if they surely are the same, listed if they may be, and left otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from include.calsync.core.adopt import look_alikes, sent_and_edited, sent_before
from include.calsync.core.model import ActivityView, Context, EventView, When
from include.calsync.core.policy import Policy

POLICY = Policy(user_id=1, zone="UTC")
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HALF_AN_HOUR = When(start=AT, duration=timedelta(minutes=30))


def activity(subject: str = "S", when: When | None = HALF_AN_HOUR, **fields: Any) -> ActivityView:
    return ActivityView(subject=subject, when=when, place="", description="", busy=True, **fields)


def event(title: str = "S", when: When = HALF_AN_HOUR, place: str = "") -> EventView:
    return EventView(title=title, when=when, place=place, description="", busy=True)


def test_one_on_each_side() -> None:
    found = look_alikes([("1", activity(context=Context(deal="D")))], [("a", event("S > D"))], POLICY)
    assert found.pairs == [("1", "a")]


def test_a_missing_length_is_the_default_length() -> None:
    bare = activity(when=When(start=AT, duration=None))
    assert look_alikes([("1", bare)], [("a", event())], POLICY).pairs == [("1", "a")]


def test_what_differs_is_another_meeting() -> None:
    others = [
        event("T"),
        event(when=When(start=AT, duration=timedelta(hours=1))),
        event(when=When(start=AT + timedelta(minutes=1), duration=timedelta(minutes=30))),
        event(when=When(day=AT.date())),
    ]
    found = look_alikes([("1", activity()), ("2", activity(when=None))], list(enumerate(others)), POLICY)
    assert (found.pairs, found.ambiguous_activities, found.ambiguous_events) == ([], set(), set())


def test_twins_are_paired_in_the_order_given() -> None:
    found = look_alikes([("1", activity()), ("2", activity())], [("a", event()), ("b", event())], POLICY)
    assert found.pairs == [("1", "a"), ("2", "b")]
    assert look_alikes([("1", activity())], [("a", event()), ("b", event())], POLICY).pairs == [("1", "a")]


def test_doubtful_ones_are_named_and_left() -> None:
    found = look_alikes([("1", activity())], [("a", event()), ("b", event(place="Elsewhere"))], POLICY)
    assert found.pairs == []
    assert (found.ambiguous_activities, found.ambiguous_events) == ({"1"}, {"a", "b"})


def test_a_chain_of_common_candidates_is_one_doubt() -> None:
    first, second = activity("S", context=Context(deal="D")), activity("D > S")
    found = look_alikes([("1", first), ("2", second)], [("a", event("S")), ("b", event("D > S"))], POLICY)
    assert found.pairs == []
    assert found.ambiguous_activities == {"1", "2"}


def test_open_intents_are_matched_one_to_one() -> None:
    wanted = [("a", "S", HALF_AN_HOUR), ("b", "S", HALF_AN_HOUR), ("c", "T", HALF_AN_HOUR)]
    found = sent_before(wanted, [("1", activity()), ("2", activity("U"))])
    assert found == [("a", "1")]


LATER = When(start=AT + timedelta(hours=1), duration=timedelta(minutes=30))


def test_an_intent_is_met_by_its_subject_and_time_together() -> None:
    wanted = [("a", "S", HALF_AN_HOUR)]
    assert sent_before(wanted, [("1", activity(when=LATER)), ("2", activity("T"))]) == []
    assert sent_before(wanted, [("1", activity(when=LATER)), ("2", activity())]) == [("a", "2")]


def test_an_edited_activity_is_known_by_what_is_left_of_it() -> None:
    wanted = [("a", "S", HALF_AN_HOUR)]
    assert sent_and_edited(wanted, [("1", activity(when=LATER))]) == [("a", "1")]
    assert sent_and_edited(wanted, [("1", activity("T"))]) == [("a", "1")]
    assert sent_and_edited(wanted, [("1", activity("T", LATER))]) == []


def test_an_edited_activity_that_may_be_of_two_intents_is_of_none() -> None:
    wanted = [("a", "S", HALF_AN_HOUR), ("b", "S", LATER)]
    assert sent_and_edited(wanted, [("1", activity(when=When(day=AT.date())))]) == []
    assert sent_and_edited(wanted[:1], [("1", activity("T")), ("2", activity("U"))]) == []
