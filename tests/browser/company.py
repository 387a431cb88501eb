"""A company that has something of everything a screen can show, made by real runs on the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from include.calsync.store import tables
from include.sandbox.base import Fault
from tests.flows.world import World, day

SCRIPT = "<script>alert('subject')</script>"
"""The subject that somebody gives."""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
"""One that nothing breaks by itself."""
LONG_NAME = "maximiliane-alexandra-von-und-zu-schwarzburg-sondershausen"


@dataclass(frozen=True)
class Ids:
    """What paths are made with, by name."""

    account: int
    failed_account: int
    link: int
    marked_link: int
    """Of a pair with markup in its subject, if there is one."""
    hold: int
    run: str
    activity: int
    event: str

    def __getitem__(self, name: str) -> Any:
        """For `str.format_map`."""
        return getattr(self, name)


def fill(world: World) -> None:
    """Anna has pairs, a conflict, a hold, and an item in quarantine; Bert is well, Clara fails, Dora is gone."""
    world.pass_time(-3600)  # it all has happened, when one looks
    world.anna_is(max_delete_count=1, max_delete_ratio=0.1)
    for name in ("bert", "clara", "dora", LONG_NAME):
        world.add_colleague(name)
    world.green()
    for number, subject in enumerate((SCRIPT, LONG, "Call Müller", "Visit", "Lunch", "Demo", "Offer", "Meeting")):
        world.activity(subject, due_date=day(number), note="<b>bold</b> words" if number else SCRIPT)
    world.event(SCRIPT, location="<img src=x onerror=alert(1)>")
    world.event("Dentist", start={"date": day(3)}, end={"date": day(4)})
    world.pass_time(300)
    world.green()
    conflict(world)
    world.accounts = [each for each in world.accounts if each["name"] != "dora"]
    world.account(name="clara", calendar="nobody@acme.example")
    world.sandbox.google.faults.add(
        Fault(path="/events", kind="status", status=400, reason="invalid", method="POST", times=0)
    )
    world.activity("Set aside")
    for event in world.events()[2:6]:
        world.google.delete_event(world.calendar, event["id"])
    world.pass_time(300)
    world.sync()
    world.sandbox.google.faults.clear()


def conflict(world: World) -> None:
    """Both sides of the first pair get another subject."""
    first = world.links()[0]
    world.pipedrive.edit_activity(first.activity_id, subject=f"Pipedrive's {SCRIPT}")
    world.google.edit_event(world.calendar, first.event_id, summary="Google's title")
    world.pass_time(300)
    world.sync()


def ids_in(store: Engine) -> Ids:
    """Of what `fill` made, or another company that has everything."""
    with store.connect() as conn:

        def first(column: Any, *where: Any) -> Any:
            return conn.execute(select(column).where(*where).order_by(column)).scalars().first()

        accounts, link, log = tables.account.c, tables.link.c, tables.change_log.c
        found = Ids(
            account=first(accounts.id, accounts.state == "ok"),
            failed_account=first(accounts.id, accounts.state == "failed"),
            link=first(link.id, link.state == "active"),
            marked_link=first(link.id, link.state == "active", link.subject_key.startswith("<script"))
            or first(link.id, link.state == "active"),
            hold=first(tables.hold.c.id, tables.hold.c.state == "open"),
            run=first(log.run_id, log.lost.is_not(None)),
            activity=first(link.activity_id, link.state == "active"),
            event=first(link.event_id, link.state == "active"),
        )
        assert first(tables.quarantine.c.account_id) is not None
        assert first(accounts.id, accounts.state == "paused") is not None
    assert all(value is not None for value in vars(found).values()), found
    return found
