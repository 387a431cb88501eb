"""When a daily budget comes back: taken for midnight UTC, then asked for hourly, and learnt when it is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from include.calsync.store.budgets import Budget, budget_of, resets_at
from include.calsync.store.limits import StoreLimiter

KEY = "pipedrive:4711"
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return FIRST_DAY + timedelta(days=day - 2, hours=hour, minutes=minute)


@pytest.fixture
def limiter(store: Engine, clock: Any) -> StoreLimiter:
    return StoreLimiter(store, clock, clock.sleep)


def test_until_it_is_known_otherwise_it_is_midnight_utc(store: Engine) -> None:
    assert resets_at(store, KEY, at(2, 12)) == at(3, 0)


def test_after_the_first_midnight_it_is_asked_for_hourly_and_the_hour_is_learnt(
    store: Engine, limiter: StoreLimiter, clock: Any
) -> None:
    """Used up at noon, and back at 7 o'clock in the morning."""
    limiter.spend(KEY, 10, 4)
    asked_at = [clock()]
    while clock() < at(3, 7):
        clock.advance_to(limiter.budget_returns(KEY, clock()))
        asked_at.append(clock())
        limiter.spend(KEY, 10, 4 if clock() < at(3, 7) else 29_990)
    assert asked_at == [at(2, 12), *(at(3, hour, 1) for hour in range(8))]
    assert resets_at(store, KEY, clock()) == at(4, 7)
    assert budget_of(store, KEY, at(4, 6, 59)).remaining == 29_990, "of the day that began at 7"
    assert budget_of(store, KEY, at(4, 7)) == Budget(0, None)
    clock.advance_to(at(3, 23, 30))
    limiter.spend(KEY, 10, 2)
    assert limiter.budget_returns(KEY, clock()) == at(4, 0, 1), "never later than the first midnight"
    clock.advance_to(at(4, 6, 30))
    assert limiter.budget_returns(KEY, clock()) == at(4, 7, 1)


def test_a_budget_that_is_used_up_anew_waits_for_its_own_reset(limiter: StoreLimiter, clock: Any) -> None:
    clock.advance_to(at(2, 23, 50))
    limiter.spend(KEY, 10, 0)
    limiter.budget_returns(KEY, clock())
    clock.advance_to(at(3, 0, 5))
    limiter.spend(KEY, 10, 30_000)
    clock.advance_to(at(3, 9))
    limiter.spend(KEY, 10, 0)
    assert limiter.budget_returns(KEY, clock()) == at(4, 0, 1)


@pytest.mark.parametrize(
    ("before", "after", "reset"),
    [
        (at(2, 17, 58), at(2, 18, 3), at(3, 18)),
        (at(2, 17, 55), at(2, 18), at(3, 18)),
        (at(2, 18, 28), at(2, 18, 33), at(3, 18, 30)),  # midnight in Delhi
        (at(2, 18, 13), at(2, 18, 17), at(3, 18, 15)),  # midnight in Kathmandu
        (at(2, 23, 58), at(3, 0, 3), at(4, 0)),
        (at(2, 18, 3), at(2, 18, 8), at(3, 0)),  # no midnight of anywhere: a top-up
        (at(2, 13), at(2, 18, 3), at(3, 0)),  # too long ago to tell
    ],
)
def test_the_hour_is_that_at_which_more_remains(
    store: Engine, limiter: StoreLimiter, clock: Any, before: datetime, after: datetime, reset: datetime
) -> None:
    clock.advance_to(before)
    limiter.spend(KEY, 10, 12_000)
    clock.advance_to(after)
    limiter.spend(KEY, 10, 29_000)
    assert resets_at(store, KEY, clock()) == reset


def test_answers_that_overtake_each_other_teach_nothing(store: Engine, limiter: StoreLimiter, clock: Any) -> None:
    clock.advance_to(at(2, 17, 59))
    limiter.spend(KEY, 10, 12_000)
    clock.advance_to(at(2, 18, 1))
    limiter.spend(KEY, 10, 12_400)
    assert resets_at(store, KEY, clock()) == at(3, 0)


def test_a_wrong_clock_teaches_nothing(store: Engine, limiter: StoreLimiter, clock: Any) -> None:
    ahead = StoreLimiter(store, lambda: clock() + timedelta(days=1), clock.sleep)
    limiter.spend(KEY, 10, 9_000)
    ahead.spend(KEY, 10, 8_990)
    clock.advance_to(at(2, 12, 5))
    limiter.spend(KEY, 10, 8_980)
    assert resets_at(store, KEY, clock()) == at(3, 0)
    assert limiter.budget(KEY) == Budget(20, 8_980)


def test_each_company_has_its_own(store: Engine, limiter: StoreLimiter, clock: Any) -> None:
    clock.advance_to(at(2, 17, 58))
    limiter.spend(KEY, 10, 5)
    clock.advance_to(at(2, 18, 3))
    limiter.spend(KEY, 10, 29_000)
    assert resets_at(store, "pipedrive:4712", clock()) == at(3, 0)
