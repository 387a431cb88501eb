"""What ended links held: kept, one for an event, until the event is linked again or long after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from include.calsync.store import formers, mapping
from include.calsync.store.pruning import prune
from include.calsync.store.tables import former, link
from tests.store.conftest import NOON

HELD: dict[str, Any] = {"activity_digest": "a", "event_digest": "e", "rendered": {"title": "Call"}, "base_event": {}}


def ended(conn: Connection, account_id: int, number: int, event: str, day: int, **values: Any) -> None:
    ids = {"company_id": "c", "activity_id": number, "calendar_id": "k", "event_id": event}
    rest = {"origin": "pipedrive", "marked": True, "updated_at": NOON, "base_activity": {"day": day}}
    link_id = mapping.add_link(conn, account_id=account_id, **HELD, **ids, **rest, **values)
    mapping.end_link(conn, link_id, NOON + timedelta(days=day))


def test_what_a_link_held_is_found_by_both_sides(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ended(conn, account_id, 1, "e0", 0, activity_raw={"note": "n"}, event_raw={"colorId": "5"})
        ended(conn, account_id, 1, "e1", 2)
        ended(conn, account_id, 2, "e2", 1)
        assert list(conn.execute(select(link))) == []
        one = formers.of_event(conn, "k", "e0")
        assert one is not None
        assert (one.activity_raw, one.event_raw, one.origin, one.rendered) == (
            {"note": "n"}, {"colorId": "5"}, "pipedrive", {"title": "Call"},
        )  # fmt: skip
        newest = formers.of_activity(conn, "c", 1)
        assert newest is not None
        assert newest.event_id == "e1", "an activity has had several events: the last one counts"
        found = formers.of_activities(conn, {"c": [1, 2, 3]})
        assert {key: row.event_id for key, row in found.items()} == {("c", 1): "e1", ("c", 2): "e2"}
        assert set(formers.of_events(conn, {"k": ["e0", "e2", "e9"], "other": ["e1"]})) == {("k", "e0"), ("k", "e2")}


def test_a_pair_that_ends_again_replaces_what_was_held(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ended(conn, account_id, 1, "e0", 0)
        ended(conn, account_id, 5, "e0", 1)
        (row,) = conn.execute(select(former))
        assert (row.activity_id, row.base_activity) == (5, {"day": 1})


def test_nothing_is_kept_of_an_event_that_is_linked_again(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ended(conn, account_id, 1, "e0", 0)
        ids = {"company_id": "c", "activity_id": 2, "calendar_id": "k", "event_id": "e0"}
        values = {"origin": "google", "marked": True, "updated_at": NOON, "base_activity": {}}
        link_id = mapping.add_link(conn, account_id=account_id, **HELD, **ids, **values)
        assert formers.of_event(conn, "k", "e0") is None
        mapping.drop_link(conn, link_id)
        assert formers.of_event(conn, "k", "e0") is None


def test_it_is_dropped_after_long(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ended(conn, account_id, 1, "e0", 0)
        ended(conn, account_id, 2, "e1", 2)
        ended(conn, account_id, 3, "e2", 0)
        conn.execute(update(former).where(former.c.event_id == "e2").values(leaves=True))
        prune(conn, NOON + timedelta(days=401), timedelta(days=400))
        assert set(conn.execute(select(former.c.event_id)).scalars()) == {"e1", "e2"}, "e2 is still to be removed"


def test_what_is_still_to_be_removed_is_known_by_calendar_and_company(store: Engine, account_id: int) -> None:
    ids = {"company_id": "c", "activity_id": 1, "calendar_id": "k", "event_id": "old"}
    rest = {"origin": "pipedrive", "marked": True, "updated_at": NOON, "base_activity": {}}

    def leaving(**of: Any) -> list[tuple[str, str]]:
        return [(row.calendar_id, row.event_id) for row in formers.leaving(conn, **of)]

    with store.begin() as conn:
        ended(conn, account_id, 2, "e2", 1)
        link_id = mapping.add_link(conn, account_id=account_id, **HELD, **ids, **rest)
        formers.intend(conn, link_id, NOON, "other", "new")
        assert leaving(calendar_ids=["other"]) == leaving(company_id="c") == [("other", "new")]
        formers.remember(conn, link_id, NOON, leaves=True)
        formers.arrived(conn, "c", 1, "other")
        mapping.set_link(conn, link_id, calendar_id="other", event_id="new")
        assert leaving(company_id="c") == leaving(calendar_ids=["k"]) == [("k", "old")]
        assert leaving(company_id="b", calendar_ids=["other"]) == []
        formers.left(conn, "k", "old")
        assert leaving(company_id="c") == []
        assert formers.of_event(conn, "k", "old") is not None


def test_an_event_about_to_be_made_keeps_what_its_id_held_before(store: Engine, account_id: int) -> None:
    with store.begin() as conn:
        ended(conn, account_id, 1, "e1", 1, event_raw={"colorId": "5"})
        ids = {"company_id": "c", "activity_id": 1, "calendar_id": "other", "event_id": "elsewhere"}
        rest = {"origin": "pipedrive", "marked": True, "updated_at": NOON, "base_activity": {}}
        link_id = mapping.add_link(conn, account_id=account_id, **HELD, **ids, **rest, event_raw={"colorId": "7"})
        formers.intend(conn, link_id, NOON + timedelta(days=9), "k", "e1")
        known = formers.of_event(conn, "k", "e1")
        assert known is not None
        assert (known.event_raw, known.ended_at, known.leaves) == ({"colorId": "5"}, NOON + timedelta(days=1), True)
