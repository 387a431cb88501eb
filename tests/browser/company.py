"""A company that has something of everything a screen can show, made by real runs on the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from include.calsync.core.consents import Attempt
from include.calsync.flows import calendar_names
from include.calsync.flows.editing import accounts as editing
from include.calsync.flows.editing import drafts
from include.calsync.flows.editing.results import Drafted, Saved
from include.calsync.store import consents, tables
from include.calsync.store.oauth_tables import oauth_attempt
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
    page_account: int
    """One that is changed on the page, and not in a file."""
    draft: int
    """Of changes to it; a dry run has tried them out, if there was any."""
    attempt: str
    """Of a link to a consent page."""
    hold: int
    run: str
    unlinked: int
    """An activity that is no pair, or not any more."""

    def __getitem__(self, name: str) -> Any:
        """For `str.format_map`."""
        return getattr(self, name)


def fill(world: World) -> None:
    """Anna has pairs, a conflict, a hold, and an item in quarantine; Bert is well, Clara fails, Dora is gone, and Paula
    is the page's."""
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
    ended(world)
    paula(world)
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


def paula(world: World) -> None:
    """An account of the page, with changes that are under review, and a link to Google's consent page."""
    user, calendar = world.add_colleague("paula")
    world.accounts = [each for each in world.accounts if each["name"] != "paula"]
    world.write_accounts()
    mail, services = "paula@acme.example", world.services()
    calendar_names.ask(services, "google_calendar_default", mail)
    settings = {"name": "paula", "pipedrive_user": mail, "google_user": mail, "calendar": calendar}
    saved = editing.create(services, settings, by="admin")
    assert isinstance(saved, Saved), saved
    world.pass_time(1)
    world.activity("Visit", owner_id=user)
    world.activity(f"Paula's {SCRIPT}", owner_id=user, type="meeting")
    world.pass_time(300)
    world.sync()
    now = editing.get_account(world.engine, saved.account.id)
    assert now is not None
    changed = {**now.settings, "title": ["subject", "person"], "activity_types": ["call"], "done": "prefix"}
    drafted = drafts.draft(services, changed, by="admin", account_id=now.id, base_version=now.version)
    assert isinstance(drafted, Drafted), drafted
    world.sync(kind="manual", dry_run=True, draft_id=drafted.draft.id)
    again = editing.save(services, now.id, {**now.settings, "done": "prefix"}, base_version=now.version, by="admin")
    assert isinstance(again, Saved), again
    later = datetime.now(UTC) + timedelta(days=1)  # also at the end of a long test run
    attempt = Attempt("attempt", "google", "paula", mail, "admin", later, None, None, None, None)
    with world.engine.begin() as conn:
        consents.add(conn, attempt, "0" * 64, datetime.now(UTC))


def ended(world: World) -> None:
    """The event of a pair is deleted, and its activity with it."""
    activity = world.activity(f"Ended {SCRIPT}", due_date=day(5), public_description=SCRIPT)
    world.green()
    (event_id,) = (link.event_id for link in world.links() if link.activity_id == activity["id"])
    world.google.delete_event(world.calendar, event_id)
    world.pass_time(300)
    world.green()


def conflict(world: World) -> None:
    """Both sides of the first pair get another subject, and another place."""
    first = world.links()[0]
    world.pipedrive.edit_activity(first.activity_id, subject=f"Pipedrive's {SCRIPT}", location="Hafen 12")
    world.google.edit_event(world.calendar, first.event_id, summary="Google's title", location=LONG)
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
            page_account=first(accounts.id, accounts.source == "page", accounts.removed_at.is_(None)),
            draft=first(tables.account_draft.c.id),
            attempt=first(oauth_attempt.c.id),
            hold=first(tables.hold.c.id, tables.hold.c.state == "open"),
            run=first(log.run_id, log.lost.is_not(None)),
            unlinked=first(log.activity_id, log.activity_id.not_in(select(link.activity_id)))
            or int(first(tables.quarantine.c.item_id, tables.quarantine.c.side == "activities")),
        )
        assert first(tables.quarantine.c.account_id) is not None
        assert first(accounts.id, accounts.state == "paused") is not None
    assert all(value is not None for value in vars(found).values()), found
    return found
