"""Leases: one run at a time per account (law 11), whatever died, and no write by whoever was taken over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from include.calsync.errors import AccountBusy, LeaseLost
from include.calsync.store import leases as leases_module
from include.calsync.store.leases import DEFAULT_TTL_S, Leases, check_fence, lease_owner, owner_run
from include.calsync.store.tables import account, lease, pause

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIRST = lease_owner("run-1", "plan#1")
OTHER = lease_owner("run-2", "plan#1")


@pytest.fixture
def leases(store: Engine, clock: Any) -> Leases:
    return Leases(store, clock)


def test_the_owner_text_names_run_and_try() -> None:
    assert FIRST == "run-1 plan#1"
    assert owner_run(FIRST) == "run-1"
    for run_id in ("", "run 1"):
        with pytest.raises(ValueError, match="run id"):
            lease_owner(run_id, "plan#1")


def test_another_run_is_told_who_holds_the_account_and_until_when(leases: Leases, account_id: int) -> None:
    leases.acquire(account_id, FIRST, ttl_s=300)
    with pytest.raises(AccountBusy, match=r"in use by run run-1 until 2026-03-02T12:05:00\+00:00"):
        leases.acquire(account_id, OTHER)


def test_accounts_are_leased_one_by_one(store: Engine, leases: Leases, account_id: int) -> None:
    with store.begin() as connection:
        connection.execute(insert(account).values(id=account_id + 1, name="bert"))
    assert leases.acquire(account_id, FIRST) == 1
    assert leases.acquire(account_id + 1, OTHER) == 1


def test_a_later_try_or_task_of_the_same_run_takes_over_at_once(store: Engine, leases: Leases, account_id: int) -> None:
    zombie = leases.acquire(account_id, FIRST)
    fence = leases.acquire(account_id, lease_owner("run-1", "plan#2"))
    assert fence > zombie
    _check(store, account_id, fence)
    with pytest.raises(LeaseLost):
        _check(store, account_id, zombie)


@pytest.mark.parametrize("run_id", ["run-10", "run", "run_1", "run%", "RUN-1"])
def test_a_run_with_a_similar_id_is_another_run(leases: Leases, account_id: int, run_id: str) -> None:
    leases.acquire(account_id, FIRST)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, lease_owner(run_id, "plan#1"))


def test_a_dead_run_is_taken_over_when_its_lease_is_over(leases: Leases, clock: Any, account_id: int) -> None:
    dead = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(299.999999)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, OTHER)
    clock.advance(0.000001)
    assert leases.acquire(account_id, OTHER) > dead


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=1)])
def test_a_lease_of_a_clock_that_is_ahead_lasts_no_longer_than_any(
    store: Engine, leases: Leases, clock: Any, account_id: int, ahead: timedelta
) -> None:
    Leases(store, lambda: clock() + ahead).acquire(account_id, FIRST)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, OTHER)
    clock.advance(DEFAULT_TTL_S - 1)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, OTHER)
    clock.advance(1)
    leases.acquire(account_id, OTHER)


def test_a_live_holder_with_a_clock_that_is_ahead_keeps_its_lease(
    store: Engine, leases: Leases, clock: Any, account_id: int
) -> None:
    ahead = Leases(store, lambda: clock() + timedelta(days=1))
    fence = ahead.acquire(account_id, FIRST)
    for _ in range(12):
        with pytest.raises(AccountBusy):
            leases.acquire(account_id, OTHER)
        clock.advance(60)
        ahead.renew(account_id, fence)
    _check(store, account_id, fence)


def test_renewing_moves_the_expiry(leases: Leases, clock: Any, account_id: int) -> None:
    fence = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(200)
    leases.renew(account_id, fence, ttl_s=300)
    clock.advance(299)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, OTHER)


def test_a_late_renewal_counts_if_nobody_came(store: Engine, leases: Leases, clock: Any, account_id: int) -> None:
    fence = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(1000)
    leases.renew(account_id, fence)
    _check(store, account_id, fence)
    with pytest.raises(AccountBusy):
        leases.acquire(account_id, OTHER)


def test_a_lost_lease_is_neither_renewed_nor_released(leases: Leases, clock: Any, account_id: int) -> None:
    lost = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(300)
    leases.acquire(account_id, OTHER, ttl_s=300)
    with pytest.raises(LeaseLost):
        leases.renew(account_id, lost)
    leases.release(account_id, lost)
    with pytest.raises(AccountBusy, match="run-2"):
        leases.acquire(account_id, FIRST)


def test_a_released_account_is_free_and_the_old_number_void(store: Engine, leases: Leases, account_id: int) -> None:
    released = leases.acquire(account_id, FIRST)
    leases.release(account_id, released)
    with pytest.raises(LeaseLost):
        _check(store, account_id, released)
    fence = leases.acquire(account_id, OTHER)
    assert fence > released
    leases.release(account_id, released)
    _check(store, account_id, fence)


@pytest.mark.parametrize("another", ["is at work", "died", "finished"])
def test_who_had_to_leave_the_account_to_another_run_does_not_get_it_back(
    leases: Leases, clock: Any, account_id: int, another: str
) -> None:
    slept = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(300)
    fence = leases.acquire(account_id, OTHER, ttl_s=300)
    if another == "finished":
        leases.release(account_id, fence)
    elif another == "died":
        clock.advance(300)
    reason = "in use by run run-2" if another == "is at work" else "out of date"
    with pytest.raises(AccountBusy, match=reason):
        leases.acquire(account_id, FIRST, since=slept)


@pytest.mark.parametrize("how", ["late", "released"])
def test_a_run_gets_its_account_again_if_nobody_came(leases: Leases, clock: Any, account_id: int, how: str) -> None:
    fence = leases.acquire(account_id, FIRST, ttl_s=300)
    if how == "released":
        leases.release(account_id, fence)
    else:
        clock.advance(1000)
    assert leases.acquire(account_id, FIRST, since=fence) > fence


def test_fencing_numbers_only_rise(leases: Leases, clock: Any, account_id: int) -> None:
    fences = []
    for number in range(6):
        fences.append(leases.acquire(account_id, lease_owner(f"run-{number}", "plan#1"), ttl_s=10))
        if number % 2:
            leases.release(account_id, fences[-1])
        clock.advance(10)
    assert fences == sorted(set(fences))


def test_leases_are_kept_while_a_block_runs(
    store: Engine, leases: Leases, clock: Any, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them is taken over meanwhile: the others are renewed all the same."""
    monkeypatch.setattr(leases_module, "RENEWED_EVERY_S", 0.02)
    with store.begin() as connection:
        other_id = connection.execute(insert(account).values(name="bert").returning(account.c.id)).scalar_one()
    fences = {one: leases.acquire(one, FIRST, ttl_s=300) for one in (account_id, other_id)}
    leases.release(account_id, fences[account_id])
    taken = leases.acquire(account_id, OTHER, ttl_s=300)
    with leases.kept(fences):
        for _ in range(3):
            clock.advance(200)
            _wait_until(lambda: _expires_at(store, other_id) > clock() + timedelta(seconds=250))
    assert _expires_at(store, account_id) < clock(), "whoever has it keeps it alive"
    _check(store, account_id, taken)
    before = _expires_at(store, other_id)
    clock.advance(100)
    time.sleep(0.1)
    assert _expires_at(store, other_id) == before, "not after the block"


def _wait_until(reached: Callable[[], bool]) -> None:
    for _ in range(500):
        if reached():
            return
        time.sleep(0.02)
    raise AssertionError("never")


def _expires_at(store: Engine, account_id: int) -> datetime:
    with store.connect() as connection:
        at: datetime = connection.execute(
            select(lease.c.expires_at).where(lease.c.account_id == account_id)
        ).scalar_one()
    return at


def test_a_try_that_was_taken_over_commits_nothing(store: Engine, leases: Leases, clock: Any, account_id: int) -> None:
    zombie = leases.acquire(account_id, FIRST)
    clock.advance(300)
    fence = leases.acquire(account_id, OTHER)
    with pytest.raises(LeaseLost):
        _commit_result(store, account_id, zombie)
    with store.connect() as connection:
        assert connection.execute(select(pause.c.key)).all() == []
    _commit_result(store, account_id, fence)
    with store.connect() as connection:
        assert connection.execute(select(pause.c.key)).scalars().all() == ["result"]


def _commit_result(store: Engine, account_id: int, fence: int) -> None:
    with store.begin() as connection:
        connection.execute(insert(pause).values(key="result", until=NOON, reason="test"))
        check_fence(connection, account_id, fence)


def test_a_missing_lease_is_lost(store: Engine, account_id: int) -> None:
    with pytest.raises(LeaseLost):
        _check(store, account_id, 1)


def test_nobody_takes_over_between_the_check_and_the_commit(
    store: Engine, leases: Leases, clock: Any, account_id: int
) -> None:
    fence = leases.acquire(account_id, FIRST, ttl_s=300)
    clock.advance(300)
    taken: list[int] = []
    other = threading.Thread(target=lambda: taken.append(leases.acquire(account_id, OTHER)))
    with store.begin() as connection:
        check_fence(connection, account_id, fence)
        other.start()
        other.join(0.5)
        assert taken == []
    other.join(30)
    assert taken == [fence + 1]


def test_two_tasks_of_one_run_check_side_by_side(store: Engine, leases: Leases, account_id: int) -> None:
    """Parallel result commits for one account do not shut each other out for good."""
    fence = leases.acquire(account_id, FIRST)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: _check(store, account_id, fence), range(30)))


def test_of_many_threads_one_wins(leases: Leases, account_id: int) -> None:
    def try_it(number: int) -> int | None:
        try:
            return leases.acquire(account_id, lease_owner(f"run-{number}", "plan#1"))
        except AccountBusy:
            return None

    with ThreadPoolExecutor(8) as pool:
        fences = list(pool.map(try_it, range(16)))
    assert [fence for fence in fences if fence is not None] == [1]


def test_of_many_processes_one_wins(store_url: str, account_id: int, workers: Any) -> None:
    fences = workers("acquire", store_url, [[account_id, lease_owner(f"run-{n}", "plan#1")] for n in range(3)])
    assert sorted(fences, key=str) == [1, None, None]


def test_tries_of_one_run_in_many_processes_get_different_numbers(
    store_url: str, account_id: int, workers: Any
) -> None:
    fences = workers("acquire", store_url, [[account_id, lease_owner("run-1", f"plan#{n}")] for n in range(3)])
    assert sorted(fences) == [1, 2, 3]


def _check(store: Engine, account_id: int, fence: int) -> None:
    with store.begin() as connection:
        check_fence(connection, account_id, fence)
