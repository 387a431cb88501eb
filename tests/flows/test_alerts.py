"""Alerts: told once by each notifier, told again when they are over, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from include.calsync.core.alerts import KINDS, TEXTS, TITLES, Kind, StoredAlert, alert, message
from include.calsync.flows import alerts, holds
from include.calsync.flows.alerts import Message
from include.calsync.settings import AlertsTo
from include.sandbox.base import Fault
from include.sandbox.other_sync import OtherSync
from tests.flows.test_budgets import left
from tests.flows.test_quarantine import poison
from tests.flows.world import ANNA, NOW, World

HOUR_S = 3600


@dataclass
class Listener:
    """Who is told. `deaf`: by which notifiers nothing can be sent."""

    world: World
    heard: list[tuple[str, Message]] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)

    def listens(self, *to: dict[str, Any]) -> None:
        """Who is told of what, from now on."""
        content = {"accounts": self.world.accounts, "alerts": list(to) or [{"notifier": "our.Pager"}]}
        self.world.accounts_file.write_text(yaml.safe_dump(content))

    def send(self, to: AlertsTo, message: Message) -> bool:
        if to.notifier in self.deaf:
            return False
        self.heard.append((to.notifier, message))
        return True

    def told(self) -> list[str]:
        """What somebody hears when somebody looks now: the lines of the messages."""
        self.heard.clear()
        alerts.tell(self.world.services(), self.send)
        return [line for _, each in self.heard for line in each.text.splitlines()]


@pytest.fixture
def listener(world: World) -> Listener:
    found = Listener(world)
    found.listens()
    world.green()
    assert found.told() == []
    return found


def refuse(world: World) -> Callable[[], None]:
    """Pipedrive refuses Anna's token, until the answer is called."""
    token = world.tokens["pipedrive_default"]
    world.tokens["pipedrive_default"] = "0" * 40
    return lambda: world.tokens.update(pipedrive_default=token)


def test_a_refused_credential_is_told_once_and_when_it_is_over(world: World, listener: Listener) -> None:
    renew = refuse(world)
    world.sync()
    (line,) = listener.told()
    assert line.startswith("anna: credential refused. Renew the credential under Admin > Connections")
    assert "pipedrive_default" in line
    world.sync()
    assert listener.told() == [], "once"
    renew()
    world.green()
    assert listener.told() == ["anna: over: credential refused."]
    assert listener.told() == []
    refuse(world)
    world.sync()
    assert len(listener.told()) == 1, "anew"


def test_a_failing_account_is_told_without_what_may_be_personal(world: World, listener: Listener) -> None:
    world.sandbox.google.faults.add(Fault("status", status=404, path="/calendars/", times=0))
    world.sync()
    (line,) = listener.told()
    assert line.startswith("anna: account fails. Read the log of the last task close")
    assert ANNA not in line
    assert "@" not in line


def test_silence_is_told_after_the_minutes_that_are_set(world: World, listener: Listener) -> None:
    listener.listens({"notifier": "our.Pager", "no_success_minutes": 90})
    world.pass_time(89 * 60)
    assert listener.told() == []
    world.pass_time(2 * 60)
    (line,) = listener.told()
    assert line.startswith("anna: not synced for too long. Look at the runs of calendar_sync")
    world.green()
    assert listener.told() == ["anna: over: not synced for too long."]


def test_an_account_that_rests_is_not_missed(world: World, listener: Listener) -> None:
    world.add_colleague("ben")
    world.anna_is(enabled=False)
    listener.listens()
    assert world.sync().failure is None
    world.pass_time(30 * 60)
    world.sync()
    world.pass_time(50 * 60)
    assert listener.told() == []


def test_a_hold_is_told_until_it_is_decided(world: World, listener: Listener) -> None:
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    listener.listens()
    for number in range(3):
        world.event(f"Lunch {number}")
    world.green()
    for event in world.events():
        world.google.delete_event(world.calendar, event["id"])
    world.sync()
    assert listener.told() == [
        "anna, hold 1: held for a decision. Decide it under Required Actions (menu Browse). 3 items are held back."
    ]
    world.pass_time(16 * 60)
    (line,) = listener.told()
    assert line.startswith("anna, hold 1: held, and nobody was asked. Start approve_held_changes")
    holds.decide(world.services(), 1, approve=True, by="olga")
    assert listener.told() == [
        "anna, hold 1: over: held for a decision.",
        "anna, hold 1: over: held, and nobody was asked.",
    ]


def test_another_sync_that_doubles_items_is_told_as_such(world: World, listener: Listener) -> None:
    other = OtherSync(world.pipedrive, world.google, world.anna, world.calendar, title="subject - person")
    world.activity("Offer talk", person_id=world.pipedrive.add_person("Petra")["id"])
    for _ in range(4):
        world.pass_time(150)
        world.sync()
        world.pass_time(150)
        other.run()
    lines = listener.told()
    assert any(": another sync doubles items. Switch the other sync off" in line for line in lines), lines


def test_quarantine_is_told_over_a_limit(world: World, listener: Listener) -> None:
    listener.listens({"notifier": "our.Pager", "quarantine_count": 1})
    poison(world, "POST")
    world.activity("Poison 1")
    world.sync()
    assert listener.told() == []
    world.activity("Poison 2")
    world.sync()
    (line,) = listener.told()
    assert line.startswith("anna: items in quarantine. ")
    assert "2 items" in line
    assert "Poison" not in line


def test_an_expired_sync_token_is_told_for_an_hour(world: World, listener: Listener) -> None:
    world.google.expire_sync_tokens()
    world.green()
    (line,) = listener.told()
    assert line.startswith("anna: calendar read in full. ")
    for _ in range(3):
        world.pass_time(25 * 60)
        world.green()
    assert listener.told() == ["anna: over: calendar read in full."]


def test_a_low_budget_is_told_by_connection(world: World, listener: Listener) -> None:
    world.limited = True
    world.pipedrive.options.burst_enabled = True
    world.restart()
    world.green()
    assert listener.told() == []
    left(world, 200)
    world.sync()
    lines = listener.told()
    assert any(line.startswith("pipedrive_default: Pipedrive's daily budget is low. Nothing breaks") for line in lines)


def test_what_could_not_be_sent_is_sent_later_and_the_others_are_not_told_twice(
    world: World, listener: Listener
) -> None:
    listener.listens({"notifier": "our.Pager"}, {"notifier": "our.Mail"})
    listener.deaf = {"our.Mail"}
    refuse(world)
    world.sync()
    assert len(listener.told()) == 1
    assert [notifier for notifier, _ in listener.heard] == ["our.Pager"]
    listener.deaf.clear()
    assert len(listener.told()) == 1
    assert [notifier for notifier, _ in listener.heard] == ["our.Mail"]
    assert listener.told() == []


def test_what_was_over_before_anybody_heard_of_it_is_not_told(world: World, listener: Listener) -> None:
    listener.deaf = {"our.Pager"}
    renew = refuse(world)
    world.sync()
    assert listener.told() == []
    renew()
    world.green()
    listener.deaf.clear()
    assert listener.told() == []


def test_who_dies_while_sending_is_not_waited_for_long(world: World, listener: Listener) -> None:
    refuse(world)
    world.sync()

    def die(_: AlertsTo, __: Message) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        alerts.tell(world.services(), die)
    assert listener.told() == [], "somebody may be telling it"
    world.pass_time(6 * 60)
    assert len(listener.told()) == 1


def test_two_who_look_at_once_tell_it_once(world: World, listener: Listener) -> None:
    refuse(world)
    world.sync()
    heard: list[str] = []

    def send(_: AlertsTo, first: Message) -> bool:
        heard.append(first.text)
        assert listener.told() == [], "another one looks meanwhile"
        return True

    alerts.tell(world.services(), send)
    assert len(heard) == 1
    assert listener.told() == []


def test_only_the_kinds_that_are_named(world: World, listener: Listener) -> None:
    listener.listens({"notifier": "our.Pager", "kinds": ["hold"]}, {"notifier": "our.Mail", "kinds": ["failing"]})
    refuse(world)
    world.sync()
    assert listener.told() == []


def test_a_notifier_that_is_named_no_more_leaves_nothing(world: World, listener: Listener) -> None:
    refuse(world)
    world.sync()
    assert len(listener.told()) == 1
    world.accounts_file.write_text(yaml.safe_dump({"accounts": world.accounts}))
    assert listener.told() == []
    listener.listens()
    assert len(listener.told()) == 1


def test_a_mistake_elsewhere_in_the_file_does_not_silence(world: World, listener: Listener) -> None:
    world.account(name="ben")
    listener.listens()
    world.pass_time(2 * HOUR_S)
    assert len(listener.told()) == 1


def stored(kind: Kind, subject: str, number: int = 1, *, over: bool = False) -> StoredAlert:
    text = alert(kind, subject, why="No answer.", count=3, since=NOW).text
    return StoredAlert(number, "our.Pager", kind, subject, text, NOW, None, NOW if over else None)


def test_one_message_tells_each_text_once() -> None:
    many = [stored("failing", f"user{number}") for number in range(12)]
    told = message([*many, stored("hold", "anna, hold 3", over=True)])
    assert told.subject == "calsync: 12 new alerts, 1 over"
    first, last = told.text.splitlines()
    assert first.startswith("user0, user1, ")
    assert " and 2 more: account fails. " in first
    assert last == "anna, hold 3: over: held for a decision."
    assert message(many[:1]).subject == "calsync: account fails (user0)"
    assert message([stored("hold", "<b>")]).html.startswith("&lt;b&gt;: ")


def test_every_kind_has_its_words() -> None:
    assert set(KINDS) == TEXTS.keys() == TITLES.keys()
