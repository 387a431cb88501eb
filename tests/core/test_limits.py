"""Texts that are too long for one side: cut visibly, and whole again after an edit."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.limits import (
    EVENT_DESCRIPTION,
    EVENT_PLACE,
    EVENT_TITLE,
    SHORTENED,
    SUBJECT,
    is_short_for,
    lengthen,
    shorten,
)
from include.calsync.core.merge import Pair, advance, merge
from include.calsync.core.model import ActivityView, Context, EventView, Origin, When
from include.calsync.core.policy import Policy
from include.calsync.core.text import compose, plain, safe_html
from include.calsync.core.title import Rendered
from include.calsync.core.written import Written, draft

POLICY = Policy(user_id=1, zone="Europe/Berlin")
AT = When(start=datetime(2026, 11, 23, 9, tzinfo=UTC), duration=timedelta(minutes=30))
WORDS = st.text(st.sampled_from("ab <>&;\nü🎉…"), max_size=12)
LONG = st.builds(lambda word, times: (word or "x") * times, WORDS, st.sampled_from([1, 300, 3000]))


def activity(**fields: Any) -> ActivityView:
    known = {"subject": "S", "when": AT, "place": "", "description": "", "busy": True, "context": Context(deal="Deal")}
    return ActivityView(**{**known, **fields})


def paired(view: ActivityView) -> Pair:
    """As an upload leaves it."""
    event, written, _ = draft(view, POLICY)
    return Pair(Origin.PIPEDRIVE, view, event, view, event, (written,))


@given(WORDS.map(str.strip), st.integers(20, 40), st.integers(0, 9))
def test_what_is_cut_is_found_again(word: str, limit: int, times: int) -> None:
    text = word * times
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or is_short_for(short, text)
    assert lengthen(short, short, text) == text
    head = short.removesuffix(SHORTENED)
    if short != text:
        assert lengthen("New " + short, short, text) == "New " + text
        assert lengthen("New", short, text) == "New"
        assert text.startswith(head)


@given(LONG, st.sampled_from(["", "Deal: Roof\nLink: https://x.example/deal/1"]))
def test_a_description_fits(text: str, block: str) -> None:
    composed = compose(text, block)
    assert len(composed) <= EVENT_DESCRIPTION
    assert plain(block) in plain(composed)
    assert compose(composed, "") == composed.strip() or len(safe_html(composed)) > EVENT_DESCRIPTION


@given(LONG, LONG, LONG)
def test_a_long_activity_is_shown_and_nothing_flows_back(subject: str, place: str, description: str) -> None:
    view = activity(subject=" ".join(subject.split()), place=" ".join(place.split()), description=plain(description))
    pair = paired(view)
    assert len(pair.event.title) <= EVENT_TITLE
    assert len(pair.event.place) <= EVENT_PLACE
    again = merge(pair, POLICY)
    assert (again.event_changes, again.activity_changes, again.conflicts) == ({}, {}, ())
    adopted = merge(dataclasses.replace(pair, activity_base=None, event_base=None), POLICY)
    assert {"subject", "place", "description"}.isdisjoint(adopted.activity_changes)


@pytest.mark.parametrize("field", ["place", "description"])
@pytest.mark.parametrize("keeps_the_mark", [True, False])
def test_an_edit_of_the_beginning_keeps_the_rest(field: str, keeps_the_mark: bool) -> None:
    whole = "First " + "word " * 3000 + "last"
    pair = paired(activity(**{field: whole}))
    shown = str(getattr(pair.event, field))
    edited = shown.replace("First", "New", 1)
    if not keeps_the_mark:
        edited = edited.replace(SHORTENED, "", 1)
    event = EventView.from_json({**pair.event.to_json(), field: edited})
    merged = merge(dataclasses.replace(pair, event=event), POLICY)
    new = str(merged.activity_changes[field])
    if field == "place":
        assert new.startswith("New word")
        assert new.endswith(SHORTENED) is keeps_the_mark  # the activity's own limit
    elif keeps_the_mark:
        assert new == whole.replace("First", "New", 1)
    if keeps_the_mark:
        assert merged.conflicts == ()
    else:
        (lost,) = merged.conflicts
        assert lost.why == "shortened"
        assert lost.activity == whole  # the log keeps what the new text replaced


def test_a_long_title_keeps_its_end_when_its_beginning_is_edited_in_pipedrive() -> None:
    title = "First " + "word " * 150 + "last"
    short = shorten(title, SUBJECT)
    base = activity(subject=short, context=Context())
    event = EventView(title=title, when=AT, place="", description="", busy=True)
    written = Written(Rendered(text=title, prefix="", suffix="", subject=title))
    pair = Pair(Origin.GOOGLE, base, event, base, event, (written,))
    assert merge(pair, POLICY).event_changes == {}
    edited = dataclasses.replace(pair, activity=dataclasses.replace(base, subject=short.replace("First", "New")))
    merged = merge(edited, POLICY)
    assert merged.event_changes == {"title": title.replace("First", "New")}
    new = dataclasses.replace(event, **merged.event_changes)
    settled = Pair(
        Origin.GOOGLE,
        edited.activity,
        new,
        advance(edited.activity, base, None, set(), frozenset()),
        advance(event, event, new, set(merged.event_changes), frozenset()),
        (merged.written,),
    )
    again = merge(settled, POLICY)
    assert (again.event_changes, again.activity_changes) == ({}, {})


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ('<a href="https://click.example/t?u=1">https://acme.example/offer</a>', "https://acme.example/offer"),
        ('<a href="https://www.acme.example/x">acme.example</a>', None),
        ('<a href="https://click.example/t">our offer</a>', None),
        ('<p>Hi<img src="https://t.example/1.gif" width="1" height="1"></p>', "<p>Hi</p>"),
        ("<script>alert(1)</script><b>Hi</b>", "<b>Hi</b>"),
    ],
)
def test_what_follows_people_is_not_carried_across(text: str, safe: str | None) -> None:
    assert safe_html(text) == (safe or text)
    assert safe_html(safe_html(text)) == safe_html(text)
