"""Who is meant, and what is about them."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.core.persons import Person, person

LENA = Person(address="lena@nordwind.example")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (" Lena@Nordwind.example ", LENA),
        ("person:17", Person(person_id=17)),
        ("user:11", Person(user_id=11)),
    ],
)
def test_who_is_meant(text: str, who: Person) -> None:
    assert person(text) == who


@pytest.mark.parametrize("text", ["", "17", "Lena", "person:0", "person:x", "a b@c", "deal:4", '"x"@y'])
def test_who_can_t_be_told_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="Write an e-mail address, or person:17 or user:11"):
        person(text)


@pytest.mark.parametrize(
    ("who", "value", "is_in"),
    [
        (LENA, {"attendees": [{"email": "LENA@nordwind.example"}]}, True),
        (LENA, {"note": "Write to lena@nordwind.example."}, True),
        (LENA, {"note": "<lena@nordwind.example>"}, True),
        (LENA, {"lena@nordwind.example": 1}, True),
        (LENA, {"note": "magdalena@nordwind.example"}, False),
        (LENA, {"note": "x.lena@nordwind.example"}, False),
        (LENA, {"note": "lena@nordwind.example.org"}, False),
        (LENA, {"note": "lena@nordwind.examples"}, False),
        (LENA, None, False),
        (Person(person_id=17), {"participants": [{"person_id": 17, "primary": True}]}, True),
        (Person(person_id=17), {"refs": ["", "17", ""]}, True),
        (Person(person_id=17), {"refs": ["17", "", "17"], "owner_id": 17}, False),
        (Person(user_id=17), {"activity": {"owner_id": 17}}, True),
        (Person(user_id=17), {"person_id": 17, "refs": ["", "17", ""]}, False),
    ],
)
def test_what_is_about_them(who: Person, value: Any, is_in: bool) -> None:
    assert who.is_in(value) is is_in


def test_only_the_address_leaves_a_text() -> None:
    text = "Lena@Nordwind.example and magdalena@nordwind.example"
    assert LENA.blanked(text) == "… and magdalena@nordwind.example"
    assert Person(user_id=1).blanked(text) == text
