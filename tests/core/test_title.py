"""Titles: rendered from parts, and read back after an edit against what was rendered last."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.calsync.core.text import one_line
from include.calsync.core.title import DONE_MARK, Rendered, parse, render, same_titles

DEFAULT = ["deal", "person", "organization", "subject"]
PARTS = {"deal": "Big deal", "person": "Anna", "organization": "Acme"}
# Small, so that parts, subjects and separators collide.
WORDS = st.lists(st.sampled_from(["a", "b", ">", "a > b", "aa", " "]), max_size=3).map(" ".join)
ORDERS = st.sampled_from([list(p[: n + 1]) for p in permutations(DEFAULT) for n in range(4) if "subject" in p[: n + 1]])
PART_SETS = st.fixed_dictionaries(dict.fromkeys(DEFAULT[:3], WORDS))
FILLED = WORDS.map(lambda text: " ".join(text.split())).filter(bool)


def last(order: list[str] | None = None, subject: str = "Call", **parts: str) -> Rendered:
    return render(order or DEFAULT, {**PARTS, **parts}, subject)


@pytest.mark.parametrize(
    ("order", "parts", "subject", "text"),
    [
        (DEFAULT, PARTS, "Call", "Big deal > Anna > Acme > Call"),
        (DEFAULT, {**PARTS, "person": ""}, "Call", "Big deal > Acme > Call"),
        (DEFAULT, {}, "Call", "Call"),
        (DEFAULT, PARTS, "", "Big deal > Anna > Acme"),
        (["subject", "deal"], PARTS, "a > b", "a > b > Big deal"),
        (["deal", "subject", "person"], {"person": " A\n\nB "}, " x\ty ", "x y > A B"),
        (["subject"], PARTS, "", ""),
    ],
)
def test_render(order: list[str], parts: dict[str, str], subject: str, text: str) -> None:
    assert render(order, parts, subject).text == text


@pytest.mark.parametrize(
    ("edited", "subject"),
    [
        ("✓ Big deal > Anna > Acme > Call", None),
        ("Big deal > Anna > Acme > Call", None),
        ("✓Big deal > Anna > Acme > Call", None),
        ("Call", None),
        ("✓ Call", None),
        ("✓", None),
        ("✓ Big deal > Anna > Acme", None),
        ("Big deal > Anna > Acme > Visit", "Visit"),
        ("✓ Big deal > Anna > Acme > Visit", "Visit"),
        ("✓ Visit", "Visit"),
        ("Visit ✓", "Visit ✓"),
    ],
)
def test_the_mark_is_no_part_of_the_subject(edited: str, subject: str | None) -> None:
    marked = render(DEFAULT, PARTS, "Call", mark=DONE_MARK)
    assert marked.text == "✓ Big deal > Anna > Acme > Call"
    assert parse(edited, marked) == subject


def test_a_subject_may_begin_like_the_mark() -> None:
    marked = render(["subject"], {}, "✓ milk", mark=DONE_MARK)
    assert parse("✓ ✓ milk", marked) is None
    assert parse("✓ milk", marked) is None
    assert parse("✓ ✓ bread", marked) == "✓ bread"


MIDDLE = ["deal", "subject", "organization"]


@pytest.mark.parametrize(
    ("order", "edited", "subject"),
    [
        # Intact ends, so the rest is the subject.
        (DEFAULT, "Big deal > Anna > Acme > Call back", "Call back"),
        (DEFAULT, "Big deal > Anna > Acme > Call > Call", "Call > Call"),
        (DEFAULT, "Big deal > Anna > Acme > x > y", "x > y"),
        (MIDDLE, "Big deal > Visit > Acme", "Visit"),
        # only the ends damaged: restored
        (DEFAULT, "Big de > Anna > Acme > Call", None),
        (DEFAULT, "Anna > Acme > Call", None),
        (DEFAULT, "Call", None),
        (DEFAULT, "Big deal >Anna > Acme >Call", None),
        (MIDDLE, "Big deal > Call > Ac", None),
        (MIDDLE, "Bg > Call > Ac", None),
        (MIDDLE, "Call > Acme", None),
        (MIDDLE, "Big deal > Call", None),
        # whitespace that a server or a person changed
        (DEFAULT, "  Big deal >  Anna > Acme > Call ", None),
        # One end is intact: it is taken off, the remainder is the subject.
        (MIDDLE, "Big deal > Visit", "Visit"),
        (MIDDLE, "Visit > Acme", "Visit"),
        # otherwise the whole text, once
        (DEFAULT, "Lunch", "Lunch"),
        (DEFAULT, "Recall", "Recall"),
        (DEFAULT, "Phone Call", "Phone Call"),
        (DEFAULT, "Big deal > Lunch", "Big deal > Lunch"),
        # Emptied, so restored.
        (DEFAULT, "", None),
        (DEFAULT, " \n", None),
        (DEFAULT, "Big deal > Anna > Acme >", None),
        (DEFAULT, "Big deal > Anna > Acme", None),
        (MIDDLE, "Big deal > > Acme", None),
        (MIDDLE, "Big deal > Acme", None),
    ],
)
def test_parse(order: list[str], edited: str, subject: str | None) -> None:
    assert parse(edited, last(order)) == subject


def test_an_event_without_parts_is_all_subject() -> None:
    assert parse("a > Call", render(["subject"], {}, "Call")) == "a > Call"


def test_subject_typed_after_it_was_empty() -> None:
    assert parse("Big deal > Anna > Acme > Call", last(subject="")) == "Call"


def test_deal_and_title_change_at_once() -> None:
    subject = parse("Big deal > Anna > Acme > Lunch", last())
    assert subject == "Lunch"
    assert last(subject=subject, deal="Bigger deal").text == "Bigger deal > Anna > Acme > Lunch"


@given(ORDERS, PART_SETS, WORDS)
def test_what_was_rendered_is_unchanged(order: list[str], parts: dict[str, str], subject: str) -> None:
    rendered = render(order, parts, subject)
    assert parse(rendered.text, rendered) is None
    assert parse(f" {rendered.text}\n", rendered) is None
    assert parse("", rendered) is None


@given(ORDERS, PART_SETS, WORDS, FILLED)
def test_between_intact_ends_stands_the_subject(order: list[str], parts: dict[str, str], old: str, new: str) -> None:
    rendered = render(order, parts, old)
    expected = None if new == rendered.subject else new
    assert parse(rendered.prefix + new + rendered.suffix, rendered) == expected


@given(ORDERS, PART_SETS, WORDS, WORDS)
def test_any_edit_settles_after_one_rendering(order: list[str], parts: dict[str, str], old: str, edited: str) -> None:
    rendered = render(order, parts, old)
    subject = parse(edited, rendered)
    again = render(order, parts, rendered.subject if subject is None else subject)
    assert parse(again.text, again) is None
    assert again.text.startswith(rendered.prefix.removesuffix(" > "))
    assert len(again.text) <= len(rendered.prefix) + len(rendered.suffix) + max(len(edited), len(rendered.subject))


@given(ORDERS, PART_SETS, PART_SETS, FILLED, FILLED)
def test_prefix_never_piles_up(
    order: list[str], parts: dict[str, str], renamed: dict[str, str], old: str, new: str
) -> None:
    rendered = render(order, parts, old)
    subject = parse(rendered.prefix + new + rendered.suffix, rendered)
    assert render(order, renamed, subject or rendered.subject) == render(order, renamed, new)


def test_same_title() -> None:
    assert one_line("Call") in same_titles(PARTS, "Call")
    assert one_line(" Call  > Acme > Big deal > Anna") in same_titles(PARTS, "Call")
    assert one_line("Anna > Call") in same_titles(PARTS, "Call")
    assert one_line("call") not in same_titles(PARTS, "Call")
    assert one_line("Anna > Acme") not in same_titles(PARTS, "Call")
    assert one_line("Bob > Call") not in same_titles(PARTS, "Call")
    assert one_line("Anna > Anna > Call") not in same_titles(PARTS, "Call")


@given(ORDERS, PART_SETS, WORDS)
def test_every_rendering_is_the_same_title(order: list[str], parts: dict[str, str], subject: str) -> None:
    titles = same_titles({k: parts[k] for k in order if k != "subject"}, subject)
    assert one_line(render(order, parts, subject).text) in titles
