"""Three-way merge, as a table that can be read aloud; and its two laws: it settles, and it may be repeated."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.merge import Merged, Pair, advance, merge
from include.calsync.core.model import ActivityView, Context, EventView, Origin, When
from include.calsync.core.policy import Mode, Policy, Side
from include.calsync.core.terms import NOTHING, OWN, TIMES
from include.calsync.core.written import Written, draft

POLICY = Policy(user_id=1, zone="Europe/Berlin")
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def activity(**fields: Any) -> ActivityView:
    known = {
        "subject": "S",
        "when": When(start=AT, duration=timedelta(minutes=30)),
        "place": "P",
        "description": "D",
        "busy": True,
        "context": Context(deal="Deal"),
    }
    return ActivityView(**{**known, **fields})


BASE_ACTIVITY = activity()
BASE_EVENT, WRITTEN, _ = draft(BASE_ACTIVITY, POLICY)


def pair(activity_edit: dict[str, Any] | None = None, event_edit: dict[str, Any] | None = None, **rest: Any) -> Pair:
    fields: dict[str, Any] = {
        "origin": Origin.PIPEDRIVE,
        "activity": dataclasses.replace(BASE_ACTIVITY, **(activity_edit or {})),
        "event": dataclasses.replace(BASE_EVENT, **(event_edit or {})),
        "activity_base": BASE_ACTIVITY,
        "event_base": BASE_EVENT,
        "written": (WRITTEN,),
    }
    return Pair(**{**fields, **rest})


BASES = ("activity_base", "event_base")


# activity edited, event edited → written to the event, written to the activity
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("nothing", {}, {}, {}, {}),
    ("subject", {"subject": "T"}, {}, {"title": "Deal > T"}, {}),
    ("place", {"place": "Q"}, {}, {"place": "Q"}, {}),
    ("busy", {"busy": False}, {}, {"busy": False}, {}),
    ("a renamed deal", {"context": Context(deal="Big")}, {}, {"title": "Big > S"}, {}),
    ("done is not shared", {"done": True}, {}, {}, {}),
    ("title", {}, {"title": "Deal > T"}, {}, {"subject": "T"}),
    ("damaged prefix", {}, {"title": "Dea > S"}, {"title": "Deal > S"}, {}),
    ("emptied title", {}, {"title": ""}, {"title": "Deal > S"}, {}),
    ("typed anew", {}, {"title": "X"}, {"title": "Deal > X"}, {"subject": "X"}),
    ("place in Google", {}, {"place": "Q"}, {}, {"place": "Q"}),
    ("free in Google", {}, {"busy": False}, {}, {"busy": False}),
    ("different fields", {"place": "Q"}, {"busy": False}, {"place": "Q"}, {"busy": False}),
    ("the same edit", {"place": "Q"}, {"place": "Q"}, {}, {}),
    ("deal and title", {"context": Context(deal="Big")}, {"title": "Deal > T"}, {"title": "Big > T"}, {"subject": "T"}),
]


def visible(changes: dict[str, Any]) -> dict[str, Any]:
    """Without the block, whose text is another module's business."""
    return {name: value for name, value in changes.items() if name != "description"}


@pytest.mark.parametrize(
    ("edit_a", "edit_e", "to_event", "to_activity"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_cases(edit_a: Any, edit_e: Any, to_event: Any, to_activity: Any) -> None:
    merged = merge(pair(edit_a, edit_e), POLICY)
    assert visible(merged.event_changes) == to_event
    assert merged.activity_changes == to_activity
    assert merged.conflicts == ()


@pytest.mark.parametrize(
    ("conflict", "lead_s", "winner", "why"),
    [
        ("pipedrive", 1000, Side.ACTIVITY, "setting"),
        ("google", -1000, Side.EVENT, "setting"),
        ("newest", 60, Side.EVENT, "newest"),
        ("newest", 59, Side.ACTIVITY, "newest"),
        ("newest", -1000, Side.ACTIVITY, "newest"),
        ("newest", None, Side.ACTIVITY, "newest"),
    ],
)
def test_conflicts(conflict: str, lead_s: float | None, winner: Side, why: str) -> None:
    later = None if lead_s is None else AT + timedelta(seconds=lead_s)
    both = pair({"place": "A"}, {"place": "E"}, activity_stamp=AT, event_stamp=later)
    merged = merge(both, dataclasses.replace(POLICY, conflict=conflict))
    assert lost(merged) == {"place": ("A", "E", winner, why)}
    assert [(one.activity_at, one.event_at) for one in merged.conflicts] == [(AT, later)]
    assert (merged.event_changes.get("place"), merged.activity_changes.get("place")) == (
        ("A", None) if winner is Side.ACTIVITY else (None, "E")
    )


VEILED = dataclasses.replace(OWN, to_event=TIMES, veiled=True)


@pytest.mark.parametrize(
    ("changes", "policy", "winner", "why"),
    [
        ({}, {"mode": Mode.TO_GOOGLE}, Side.ACTIVITY, "one_way"),
        ({}, {"mode": Mode.TO_PIPEDRIVE}, Side.EVENT, "one_way"),
        ({}, {"terms": dataclasses.replace(OWN, to_event=NOTHING)}, Side.EVENT, "one_way"),
        ({"unveiled": True}, {}, Side.ACTIVITY, "veil"),
        ({"unveiled": True, "origin": Origin.GOOGLE}, {}, Side.EVENT, "veil"),
        ({"unveiled": True}, {"mode": Mode.TO_PIPEDRIVE}, Side.EVENT, "one_way"),
        ({"origin": Origin.GOOGLE}, {"terms": VEILED}, Side.EVENT, "veil"),
        ({"origin": Origin.GOOGLE}, {"terms": VEILED, "mode": Mode.TO_PIPEDRIVE}, Side.EVENT, "one_way"),
    ],
)
def test_why_a_conflict_is_won(changes: dict[str, Any], policy: dict[str, Any], winner: Side, why: str) -> None:
    both = pair({"place": "A"}, {"place": "E"}, **changes)
    merged = merge(both, dataclasses.replace(POLICY, conflict="newest", **policy))
    assert lost(merged) == {"place": ("A", "E", winner, why)}


def test_what_only_one_look_alike_says_wins_because_it_is_adopted() -> None:
    both = pair({"place": ""}, {"place": "E", "description": ""}, **dict.fromkeys(BASES), written=())
    assert lost(merge(both, POLICY)) == {
        "place": ("", "E", Side.EVENT, "adopting"),
        "description": ("D", "", Side.ACTIVITY, "adopting"),
    }


def lost(merged: Merged) -> dict[str, tuple[Any, Any, Side, str]]:
    """Conflicts by field: the activity's value, the event's, who won, and why."""
    return {one.field: (one.activity, one.event, one.winner, str(one.why)) for one in merged.conflicts}


def test_one_way_keeps_the_receiving_side_s_edit() -> None:
    merged = merge(pair({}, {"place": "Q"}), dataclasses.replace(POLICY, mode=Mode.TO_GOOGLE))
    assert not merged.event_changes
    assert not merged.activity_changes
    assert merged.kept[Side.EVENT] == {"place"}


@pytest.mark.parametrize("conflict", ["pipedrive", "google"])
def test_adopting_an_empty_field_takes_nothing_away(conflict: str) -> None:
    """Whoever wins: what only one of two look-alikes says is said on both."""
    both = pair(
        {"place": "", "description": "D"}, {"place": "E", "description": ""}, **dict.fromkeys(BASES), written=()
    )
    merged = merge(both, dataclasses.replace(POLICY, conflict=conflict))
    assert merged.activity_changes == {"place": "E"}
    assert "place" not in merged.event_changes
    assert merged.event_changes["description"].startswith("D")


@pytest.mark.parametrize(("conflict", "place"), [("pipedrive", "A"), ("google", "E")])
def test_adopting_the_configured_winner_decides(conflict: str, place: str) -> None:
    both = pair({"place": "A"}, {"place": "E"}, **dict.fromkeys(BASES), written=())
    merged = merge(both, dataclasses.replace(POLICY, conflict=conflict))
    assert {**merged.event_changes, **merged.activity_changes}["place"] == place


def test_the_placeholder_of_an_untitled_event_stays_in_pipedrive() -> None:
    shown = EventView("", activity().when or When(start=AT), "P", "D", True)
    found = pair(origin=Origin.GOOGLE, activity=activity(subject="(No title)"), event=shown)
    adopted = merge(dataclasses.replace(found, activity_base=None, event_base=None, written=()), POLICY)
    assert (adopted.event_changes, adopted.activity_changes) == ({}, {})


def test_a_run_that_died_before_the_second_write_is_completed() -> None:
    """The title was typed and the deal changed; the event was written, the activity was not."""
    before = pair({"context": Context(deal="Big")}, {"title": "Deal > T"})
    first = merge(before, POLICY)
    shown = dataclasses.replace(before.event, title=first.event_changes["title"])
    again = merge(dataclasses.replace(before, event=shown, written=(first.written, WRITTEN)), POLICY)
    assert again.activity_changes == {"subject": "T"}
    assert "title" not in again.event_changes


def test_an_intent_that_never_arrived_changes_nothing() -> None:
    about_to = Written(dataclasses.replace(WRITTEN.title, text="Big > S", prefix="Big > "))
    merged = merge(pair({"context": Context(deal="Big")}, {}, written=(about_to, WRITTEN)), POLICY)
    assert visible(merged.event_changes) == {"title": "Big > S"}
    assert merged.activity_changes == {}


WORDS = st.sampled_from(["S", "T", "Deal", "Deal > S", "S > T", "", "Big"])
WHENS = st.sampled_from(
    [
        When(start=AT, duration=timedelta(minutes=30)),
        When(start=AT, duration=timedelta(hours=2)),
        When(start=AT + timedelta(days=1), duration=timedelta(minutes=30)),
        When(day=AT.date()),
    ]
)
EVENT_EDITS = st.fixed_dictionaries(
    {}, optional={"title": WORDS, "when": WHENS, "place": WORDS, "busy": st.booleans(), "description": WORDS}
)
ACTIVITY_WHENS = st.one_of(WHENS, st.just(When(start=AT, duration=None)))
ACTIVITY_EDITS = st.fixed_dictionaries(
    {},
    optional={
        "subject": WORDS,
        "when": ACTIVITY_WHENS,
        "place": WORDS,
        "busy": st.booleans(),
        "description": WORDS,
        "context": st.sampled_from([Context(), Context(deal="Big"), Context(deal="Deal", person="T")]),
    },
)


def carried_out(before: Pair, merged: Merged) -> Pair:
    """Both sides after the writes, and the base that is stored then."""
    event = dataclasses.replace(before.event, **merged.event_changes)
    act = dataclasses.replace(before.activity, **merged.activity_changes)
    none: frozenset[str] = frozenset()
    return dataclasses.replace(
        before,
        activity=act,
        event=event,
        activity_base=advance(before.activity, before.activity_base, act, set(merged.activity_changes), none),
        event_base=advance(before.event, before.event_base, event, set(merged.event_changes), none),
        written=(merged.written,),
    )


@given(ACTIVITY_EDITS, EVENT_EDITS, st.sampled_from(["pipedrive", "google"]), st.sampled_from(list(Origin)))
def test_a_merge_settles(edit_a: Any, edit_e: Any, conflict: str, origin: Origin) -> None:
    policy = dataclasses.replace(POLICY, conflict=conflict, include_context=False)
    start = pair(origin=origin)
    if origin is Origin.GOOGLE:
        shown = dataclasses.replace(BASE_EVENT, title="S", description="D")
        own = Written(dataclasses.replace(WRITTEN.title, text="S", prefix="", suffix=""))
        start = dataclasses.replace(start, event=shown, event_base=shown, written=(own,))
    edited = dataclasses.replace(
        start,
        activity=dataclasses.replace(start.activity, **edit_a),
        event=dataclasses.replace(start.event, **edit_e),
    )
    first = carried_out(edited, merge(edited, policy))
    second = merge(first, policy)
    assert second.event_changes == {}
    assert second.activity_changes == {}
    assert second.conflicts == ()


@given(ACTIVITY_EDITS, EVENT_EDITS, st.sampled_from(["pipedrive", "google"]))
def test_a_merge_may_be_repeated_after_its_first_write(edit_a: Any, edit_e: Any, conflict: str) -> None:
    """Killed between the two writes, nothing a person typed is taken for stale (the event is written first)."""
    policy = dataclasses.replace(POLICY, conflict=conflict, include_context=False)
    edited = pair(edit_a, edit_e)
    whole = merge(edited, policy)
    half = dataclasses.replace(
        edited,
        event=dataclasses.replace(edited.event, **whole.event_changes),
        written=(whole.written, *edited.written),
    )
    again = merge(half, policy)
    assert again.activity_changes == whole.activity_changes
    assert again.event_changes == {}
