"""The page about growth says what is computed, and what is computed follows from the product's own figures."""

from __future__ import annotations

import dataclasses

from tests.checks.growth import PAGE, Costs, Growth, filled, users_of_one_project


def test_the_page_shows_what_is_computed():
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page, "python -m tests.checks.growth --docs"


def test_a_run_costs_each_user_a_listing_and_a_company_one_pace():
    small, large = Growth(1_000), Growth(2_000)
    assert large.google_requests == 2 * small.google_requests
    assert large.tokens == small.tokens, "of each of two companies"
    assert small.google_requests - Growth(1_000, 600).google_requests == 1_000 * 144


def test_a_project_suffices_for_as_many_users_as_it_says():
    users = users_of_one_project(300)
    assert (Growth(users).projects, Growth(users + 10).projects) == (1, 2)


def test_workers_follow_the_cost_of_an_account():
    dear = dataclasses.replace(Costs(), account_s=1.0)
    assert Growth(1_000, costs=dear).workers > Growth(1_000).workers == 1
