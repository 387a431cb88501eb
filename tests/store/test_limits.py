"""Limits that threads and processes share: never a permit too many, pauses heeded, tokens counted."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from include.calsync.errors import BudgetExhausted
from include.calsync.store.budgets import Budget
from include.calsync.store.limits import SLICES_KEPT_S, StoreLimiter
from include.calsync.store.tables import pause, rate_slot

KEY = "pipedrive:4711"


@pytest.fixture
def limiter(store: Engine, clock: Any) -> StoreLimiter:
    return StoreLimiter(store, clock, clock.sleep)


class TestAcquire:
    def test_a_lone_caller_gets_every_permit_of_each_slice(self, limiter: StoreLimiter, clock: Any) -> None:
        given = [_take(limiter, clock, 10) for _ in range(45)]
        assert list(_per_second(given).values()) == [10, 10, 10, 10, 5]

    def test_keys_do_not_share(self, limiter: StoreLimiter, clock: Any) -> None:
        before = clock()
        for number in range(20):
            limiter.acquire({f"key-{number}": 1})
        assert clock() == before

    @pytest.mark.parametrize("per_second", [1, 1.5, 2.9, 9.7])
    def test_fractions_add_up(self, limiter: StoreLimiter, clock: Any, per_second: float) -> None:
        given = _per_second([_take(limiter, clock, per_second) for _ in range(math.floor(70 * per_second))])
        each = list(given.values())[1:-1]
        assert set(each) <= {math.floor(per_second), math.ceil(per_second)}
        for length in range(1, len(each)):
            windows = [sum(each[at : at + length]) for at in range(len(each) - length + 1)]
            assert max(windows) - length * per_second < 1
            assert length * per_second - min(windows) < 1

    def test_permits_of_several_keys_are_taken_together(self, limiter: StoreLimiter, clock: Any) -> None:
        """Who waits for one key wastes no permit of another, and holds none of an earlier second."""
        for _ in range(2):
            limiter.acquire({"wide": 20, KEY: 2})
        before = clock()
        for _ in range(18):
            limiter.acquire({"wide": 20})
        assert clock() == before
        limiter.acquire({"wide": 20, KEY: 2})
        assert clock() == before + timedelta(seconds=1)

    def test_a_pause_of_any_key_counts(self, store: Engine, limiter: StoreLimiter, clock: Any) -> None:
        limiter.pause("wide", clock() + timedelta(hours=5), "test")
        limiter.pause(KEY, clock() + timedelta(hours=3), "test")
        with pytest.raises(BudgetExhausted) as raised:
            limiter.acquire({KEY: 2, "wide": 20})
        assert raised.value.retry_at == clock() + timedelta(hours=5)

    @pytest.mark.parametrize("per_second", [0.5, 0.3, 0.01])
    def test_below_one_per_second_the_slices_are_longer(
        self, limiter: StoreLimiter, clock: Any, per_second: float
    ) -> None:
        given = [_take(limiter, clock, per_second).timestamp() for _ in range(5)]
        gaps = [later - earlier for earlier, later in pairwise(given[1:])]
        assert gaps == pytest.approx([1 / per_second] * 3, abs=1e-5)

    @pytest.mark.parametrize("per_second", [0, -1, math.nan])
    def test_a_rate_that_lets_nothing_through_is_a_mistake(self, limiter: StoreLimiter, per_second: float) -> None:
        with pytest.raises(ValueError, match="positive"):
            limiter.acquire({KEY: per_second})

    def test_threads_together_stay_under_the_rate(self, limiter: StoreLimiter, clock: Any) -> None:
        with ThreadPoolExecutor(8) as pool:
            given = list(pool.map(lambda _: _take(limiter, clock, 7), range(100)))
        counts = _per_second(given)
        assert max(counts.values()) <= 7
        assert sum(counts.values()) == 100

    def test_limiters_of_several_tasks_share_each_slice(self, store: Engine, clock: Any) -> None:
        limiters = [StoreLimiter(store, clock, clock.sleep) for _ in range(3)]

        def work(limiter: StoreLimiter) -> list[datetime]:
            return [_take(limiter, clock, 8) for _ in range(40)]

        with ThreadPoolExecutor(3) as pool:
            given = list(chain.from_iterable(pool.map(work, limiters)))
        assert max(_per_second(given).values()) <= 8
        assert len(given) == 120
        with store.connect() as connection:
            assert connection.execute(select(func.max(rate_slot.c.used))).scalar_one() <= 8

    def test_processes_together_stay_under_the_rate(self, store_url: str, workers: Any) -> None:
        given = list(chain.from_iterable(workers("permits", store_url, [[KEY, 12, 16]] * 3)))
        assert len(given) == 48
        assert max(Counter(math.floor(at) for at in given).values()) <= 12

    def test_a_busy_task_leaves_permits_for_another(self, store: Engine, clock: Any) -> None:
        busy, late = (StoreLimiter(store, clock, clock.sleep) for _ in range(2))
        for _ in range(25):  # the last five are of the third slice, and all of it would be the busy one's by custom
            busy.acquire({KEY: 10})
        before = clock()
        late.acquire({KEY: 10})
        assert clock() == before

    def test_it_needs_fewer_transactions_than_permits(self, store: Engine, limiter: StoreLimiter) -> None:
        begun: list[None] = []
        event.listen(store, "begin", lambda _: begun.append(None))
        for _ in range(200):
            limiter.acquire({KEY: 40})
        assert len(begun) <= 200 / 4

    def test_all_that_is_in_use_is_reserved_in_one_transaction_for_a_second(
        self, store: Engine, limiter: StoreLimiter, clock: Any
    ) -> None:
        """Many users' limits, each with a few requests a second, and the project's: no transaction for each of them."""
        begun: list[None] = []
        event.listen(store, "begin", lambda _: begun.append(None))
        for second in range(6):
            if second == 2:
                begun.clear()
            for number in range(60):
                limiter.acquire({f"user-{number % 20}": 9.7, KEY: 161})
            clock.advance(1)
        assert len(begun) == 4

    def test_two_busy_tasks_use_the_whole_rate(self, store: Engine, clock: Any) -> None:
        """Each has a user of its own and leaves the other half of the project's permits, none of them unused."""
        tasks = [StoreLimiter(store, clock, clock.sleep) for _ in range(2)]
        given = []
        for number in range(161 * 8):
            tasks[number % 2].acquire({f"user-{number % 2}": 100, KEY: 161})
            given.append(clock())
        counts = list(_per_second(given).values())[1:-1]
        assert max(counts) <= 161
        assert sum(counts) >= 0.95 * 161 * len(counts)

    def test_permits_of_a_past_slice_are_void(self, limiter: StoreLimiter, clock: Any) -> None:
        for _ in range(13):  # so that more than one is reserved at a time
            limiter.acquire({KEY: 10})
        clock.advance(60)
        given = [_take(limiter, clock, 10) for _ in range(20)]
        assert list(_per_second(given).values()) == [10, 10]

    def test_a_changed_rate_counts_what_was_given_before(self, limiter: StoreLimiter, clock: Any) -> None:
        for _ in range(10):
            limiter.acquire({KEY: 10})
        before = clock()
        assert _take(limiter, clock, 5) == before + timedelta(seconds=1)

    def test_old_slices_are_removed(self, store: Engine, limiter: StoreLimiter, clock: Any) -> None:
        """What was in use in one second is reserved in the next one, too: the other key has two."""
        limiter.acquire({"other": 1})
        for _ in range(SLICES_KEPT_S + 40):
            limiter.acquire({KEY: 1})
        with store.connect() as connection:
            kept = connection.execute(select(rate_slot.c.key, func.count()).group_by(rate_slot.c.key)).all()
        assert {tuple(row) for row in kept} == {(KEY, SLICES_KEPT_S + 1), ("other", 2)}, (
            "what was in use is reserved along once"
        )


class TestPause:
    def test_a_short_pause_is_slept_through(self, limiter: StoreLimiter, clock: Any) -> None:
        until = clock() + timedelta(seconds=2.5)
        limiter.pause(KEY, until, "rate limit")
        assert _take(limiter, clock, 10) == until

    def test_a_long_pause_is_raised_with_its_end_and_reason(self, limiter: StoreLimiter, clock: Any) -> None:
        until, before = clock() + timedelta(hours=5), clock()
        limiter.pause(KEY, until, "the daily token budget is used up")
        with pytest.raises(BudgetExhausted, match=r"2026-03-02T17:00:00\+00:00: the daily token budget") as raised:
            limiter.acquire({KEY: 10})
        assert raised.value.retry_at == until
        assert clock() == before
        clock.advance_to(until)
        limiter.acquire({KEY: 10})

    @pytest.mark.parametrize(("pause_s", "raised"), [(60, False), (60.001, True)])
    def test_what_is_long_is_a_parameter(self, store: Engine, clock: Any, pause_s: float, raised: bool) -> None:
        limiter = StoreLimiter(store, clock, clock.sleep, max_wait_s=60)
        limiter.pause(KEY, clock() + timedelta(seconds=pause_s), "test")
        try:
            limiter.acquire({KEY: 10})
        except BudgetExhausted:
            assert raised
        else:
            assert not raised

    def test_it_survives_the_process_and_holds_for_all(self, store: Engine, limiter: StoreLimiter, clock: Any) -> None:
        limiter.pause(KEY, clock() + timedelta(hours=5), "test")
        with pytest.raises(BudgetExhausted):
            StoreLimiter(store, clock, clock.sleep).acquire({KEY: 10})

    def test_other_keys_go_on(self, limiter: StoreLimiter, clock: Any) -> None:
        limiter.pause(KEY, clock() + timedelta(hours=5), "test")
        limiter.acquire({"other": 10})

    def test_it_voids_the_permits_in_hand(self, limiter: StoreLimiter, clock: Any) -> None:
        for _ in range(13):
            limiter.acquire({KEY: 10})
        limiter.pause(KEY, clock() + timedelta(hours=5), "test")
        with pytest.raises(BudgetExhausted):
            limiter.acquire({KEY: 10})

    def test_another_task_heeds_it_by_the_next_slice(self, store: Engine, limiter: StoreLimiter, clock: Any) -> None:
        for _ in range(13):
            limiter.acquire({KEY: 10})
        StoreLimiter(store, clock, clock.sleep).pause(KEY, clock() + timedelta(hours=5), "test")
        clock.advance(1)
        with pytest.raises(BudgetExhausted):
            limiter.acquire({KEY: 10})

    @pytest.mark.parametrize("order", [(5, 3), (3, 5)])
    def test_of_two_the_later_end_counts(self, limiter: StoreLimiter, clock: Any, order: tuple[int, int]) -> None:
        start = clock()
        for hours in order:
            limiter.pause(KEY, start + timedelta(hours=hours), f"{hours} hours")
        with pytest.raises(BudgetExhausted, match="5 hours") as raised:
            limiter.acquire({KEY: 10})
        assert raised.value.retry_at == start + timedelta(hours=5)


class TestClocks:
    @pytest.mark.parametrize(("ahead", "length"), [(timedelta(days=1), 5 * 3600), (timedelta(hours=2), 900)])
    def test_a_pause_set_by_a_clock_that_is_ahead_lasts_no_longer_than_meant(
        self, store: Engine, limiter: StoreLimiter, clock: Any, ahead: timedelta, length: float
    ) -> None:
        StoreLimiter(store, lambda: clock() + ahead, clock.sleep).pause(
            KEY, clock() + ahead + timedelta(seconds=length), "test"
        )
        with pytest.raises(BudgetExhausted) as raised:
            limiter.acquire({KEY: 10})
        assert raised.value.retry_at == clock() + timedelta(seconds=length)
        clock.advance(length - 120)
        with pytest.raises(BudgetExhausted):
            limiter.acquire({KEY: 10})
        clock.advance(120)
        before = clock()
        limiter.acquire({KEY: 10})
        assert clock() == before

    def test_no_pause_is_longer_than_a_day(self, limiter: StoreLimiter, clock: Any) -> None:
        limiter.pause(KEY, clock() + timedelta(days=30), "test")
        with pytest.raises(BudgetExhausted) as raised:
            limiter.acquire({KEY: 10})
        assert raised.value.retry_at is not None
        assert raised.value.retry_at - clock() <= timedelta(hours=25)

    def test_a_pause_of_before_lengths_were_stored_is_bounded(
        self, store: Engine, limiter: StoreLimiter, clock: Any
    ) -> None:
        with store.begin() as connection:
            values = {"key": KEY, "until": clock() + timedelta(days=9), "reason": "test"}
            connection.execute(pause.insert().values(values))
        with pytest.raises(BudgetExhausted) as raised:
            limiter.acquire({KEY: 10})
        assert raised.value.retry_at == clock() + timedelta(hours=25)


class TestBackOff:
    def test_it_begins_with_a_minute_and_grows(self, store: Engine, limiter: StoreLimiter, clock: Any) -> None:
        rests = []
        for _ in range(7):
            until = limiter.back_off(KEY, clock(), "test")
            rests.append((until - clock()).total_seconds())
            clock.advance_to(until + timedelta(minutes=4))
            limiter = StoreLimiter(store, clock, clock.sleep)  # another process
        assert rests == [60, 120, 240, 480, 900, 900, 900]
        clock.advance(3600)
        assert limiter.back_off(KEY, clock(), "test") == clock() + timedelta(minutes=1), "another trouble"

    def test_who_hears_the_same_refusal_does_not_prolong_it(self, limiter: StoreLimiter, clock: Any) -> None:
        until = limiter.back_off(KEY, clock(), "test")
        clock.advance(20)
        assert limiter.back_off(KEY, clock(), "test") == until

    def test_a_short_wait_between_two_tries_is_none(self, limiter: StoreLimiter, clock: Any) -> None:
        limiter.pause(KEY, clock() + timedelta(seconds=4), "test")
        until = limiter.back_off(KEY, clock(), "test")
        assert until == clock() + timedelta(minutes=1)
        assert _take(limiter, clock, 10) == until

    def test_it_is_heeded(self, limiter: StoreLimiter, clock: Any) -> None:
        for _ in range(3):
            clock.advance_to(limiter.back_off(KEY, clock(), "rate limit"))
        limiter.back_off(KEY, clock(), "rate limit")
        with pytest.raises(BudgetExhausted, match="rate limit"):
            limiter.acquire({KEY: 10})
        limiter.acquire({"other": 10})


class TestBudget:
    def test_tokens_add_up_and_the_last_answer_counts(self, limiter: StoreLimiter) -> None:
        assert limiter.budget(KEY) == Budget(0, None)
        limiter.spend(KEY, 20, None)
        assert limiter.budget(KEY) == Budget(20, None)
        limiter.spend(KEY, 2, 29_000)
        limiter.spend(KEY, 10, None)
        assert limiter.budget(KEY) == Budget(32, 29_000)
        limiter.spend(KEY, 1, 0)
        assert limiter.budget(KEY) == Budget(33, 0)
        assert limiter.budget("pipedrive:4712") == Budget(0, None)

    def test_each_utc_day_has_its_own(self, limiter: StoreLimiter, clock: Any) -> None:
        clock.advance_to(datetime(2026, 3, 2, 23, 59, 59, 999999, tzinfo=UTC))
        limiter.spend(KEY, 20, 5)
        clock.advance(0.000001)
        assert limiter.budget(KEY) == Budget(0, None)
        limiter.spend(KEY, 2, None)
        assert limiter.budget(KEY) == Budget(2, None)

    def test_no_token_is_lost_between_processes(self, store_url: str, store: Engine, workers: Any) -> None:
        workers("spend", store_url, [[KEY, 50]] * 3)
        limiter = StoreLimiter(store, lambda: datetime.now(UTC), lambda _: None)
        assert limiter.budget(KEY).spent == 300


def _take(limiter: StoreLimiter, clock: Any, per_second: float) -> datetime:
    """The instant at which a permit was given."""
    limiter.acquire({KEY: per_second})
    at: datetime = clock.seen
    return at


def _per_second(given: list[datetime]) -> dict[int, int]:
    return dict(sorted(Counter(math.floor(at.timestamp()) for at in given).items()))
