"""The guard's arithmetic: both the number and the share must be exceeded, earlier ones count."""

from __future__ import annotations

import pytest

from include.calsync.core.guard import Limit, message


@pytest.mark.parametrize(
    ("planned", "recent", "links", "held"),
    [
        (25, 0, 30, False),  # never at or under the number
        (26, 0, 100, True),
        (26, 0, 130, False),  # a small share
        (27, 0, 130, True),
        (10, 16, 100, True),
        (10, 15, 100, False),
        (10_000, 0, 10_000, True),
    ],
)
def test_deletions(planned: int, recent: int, links: int, held: bool) -> None:
    assert Limit("max_delete", 0.2, 25).exceeded(planned, recent, links) is held


def test_the_message_names_the_numbers_and_the_remedy() -> None:
    text = message(Limit("max_delete", 0.2, 25), "deletions", 40, 3, 100)
    for part in (
        "40 deletions held",
        "3 in the last 24 hours",
        "max_delete_count = 25",
        "100 links",
        "Approve or reject it under Required Actions",
    ):
        assert part in text


def test_the_message_names_the_settings_that_caused_it() -> None:
    limit = Limit("max_delete", 0.2, 25)
    text = message(limit, "deletions", 40, 0, 100, {"activity_types": 30, "done": 4})
    for part in ("30 because of a changed setting: activity_types.", "4 because of", "take the setting back"):
        assert part in text
    assert "setting" not in message(limit, "deletions", 40, 0, 100)
