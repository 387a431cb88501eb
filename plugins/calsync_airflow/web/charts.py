"""Bars over and under a line: what was written to Google, and to Pipedrive. Numbers here, colours in the stylesheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.calsync.store.page_accounts import Day


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one day and side, `event` or `activity`."""

    side: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` and `height`, with its line at `axis`."""

    width: int
    height: int
    axis: float
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a chart is laid out: all in the units of its view box."""

    step: int
    height: int
    axis: float
    gap: float


LARGE = Shape(step=40, height=104, axis=64.5, gap=1.0)
SPARK = Shape(step=8, height=28, axis=17.4, gap=1.0)
BAR_SHARE = 0.42
SPARK_SHARE = 0.7


def days_chart(days: Sequence[Day]) -> Chart:
    """Of all accounts, as large as its column."""
    return _chart(days, LARGE, BAR_SHARE)


def spark(days: Sequence[Day]) -> Chart:
    """Of one account, in a row of a table."""
    return _chart(days, SPARK, SPARK_SHARE)


def _chart(days: Sequence[Day], shape: Shape, share: float) -> Chart:
    over, under = shape.axis - shape.gap - 1, shape.height - shape.axis - shape.gap
    scale = min(over / max((1, *(day.events for day in days))), under / max((1, *(day.activities for day in days))))
    width = round(shape.step * share, 1)
    bars = []
    for place, day in enumerate(days):
        x = round(place * shape.step + (shape.step - width) / 2, 1)
        if day.events:
            height = round(max(1.0, day.events * scale), 1)
            bars.append(Bar("event", x, round(shape.axis - shape.gap - height, 1), width, height))
        if day.activities:
            height = round(max(1.0, day.activities * scale), 1)
            bars.append(Bar("activity", x, round(shape.axis + shape.gap, 1), width, height))
    return Chart(len(days) * shape.step, shape.height, shape.axis, bars)
