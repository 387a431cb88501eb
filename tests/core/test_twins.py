"""Which new items are another sync's copies, and which are a person's doubles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.calsync.core.policy import Side
from include.calsync.core.twins import Doubt, Item, Known, doubt_of

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


def ours(subject: str, title: str | None = None, side: Side = Side.EVENT, at: float = 0) -> Known:
    """A pair of which we created this side then."""
    return Known(subject, subject if title is None else title, side, minutes(at))


OFFER = ours("Offer talk", "Petra > Offer talk")


@pytest.mark.parametrize(
    ("item", "pairs", "doubt"),
    [
        # The title that we composed, as a subject.
        (Item(Side.ACTIVITY, "Petra > Offer talk", minutes(2)), [OFFER], Doubt.SURE),
        (Item(Side.ACTIVITY, "petra > offer talk (copy)", minutes(2)), [OFFER], Doubt.SURE),
        (Item(Side.ACTIVITY, "Petra > Offer talk", minutes(-2)), [OFFER], Doubt.NONE),
        (Item(Side.ACTIVITY, "Petra > Offer talk", minutes(31)), [OFFER], Doubt.NONE),
        (Item(Side.ACTIVITY, "Offer talk", minutes(2)), [OFFER], Doubt.NONE),
        (Item(Side.ACTIVITY, "Petra > Offer talk", minutes(2)), [], Doubt.NONE),
        # Made of the same activity as our event.
        (Item(Side.EVENT, "Offer talk - Petra", minutes(-3)), [OFFER], Doubt.LIKE),
        (Item(Side.EVENT, "Lunch", minutes(-3)), [OFFER], Doubt.NONE),
        (Item(Side.EVENT, "All", minutes(1)), [ours("A")], Doubt.NONE),
        # The first double may be a person's, the copy of a copy is none.
        (Item(Side.ACTIVITY, "Call", minutes(2)), [ours("Call")], Doubt.LIKE),
        (Item(Side.ACTIVITY, "Call", minutes(7)), [ours("Call"), ours("Call", at=5)], Doubt.SURE),
        (Item(Side.ACTIVITY, "Call", minutes(7)), [Known("Call", "Call"), ours("Call", at=5)], Doubt.SURE),
        (Item(Side.EVENT, "Call", minutes(7)), [ours("Call"), ours("Call", None, Side.ACTIVITY, 5)], Doubt.SURE),
        # Doubles that came together, or hang on a deal.
        (Item(Side.ACTIVITY, "Call", minutes(7)), [ours("Call", at=5), ours("Call", at=5.1)], Doubt.LIKE),
        (Item(Side.ACTIVITY, "Call", minutes(7), bare=False), [ours("Call"), ours("Call", at=5)], Doubt.NONE),
    ],
)
def test_doubts(item: Item, pairs: list[Known], doubt: Doubt) -> None:
    assert doubt_of(item, pairs) is doubt
