"""A company whose clocks stand still unless told otherwise, with colleagues, and people who edit both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from sqlalchemy import func, select

from include.calsync.clients.auth import ApiToken
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.limiter import Limiter, NoLimiter
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.core.marks import read_mark
from include.calsync.core.model import Origin
from include.calsync.core.text import DELIMITER
from include.calsync.store.limits import StoreLimiter
from include.calsync.store.tables import account, change_log
from tests.flows.world import ANNA, World
from tests.laws.ledger import Ledger, Node
from tests.laws.shown import Shown, of_activity, of_event

IMPATIENT = Timing(connect_s=5, read_s=0.8, answer_s=2, tries_count=3, patience_s=30)
A_LOOK_S = 0.001
NOT_CONTENT = ("etag", "updated", "sequence", "extendedProperties")


@dataclass
class Company(World):
    """Anna and Bert have accounts, Carl has none. Everything that people do goes through here, into the ledger."""

    limited: bool = True
    impatient: bool = True
    base: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    ledger: Ledger = field(default_factory=Ledger)
    tell: Callable[[str], None] = lambda _: None
    away: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Accounts that were taken out of the file, to be put back."""

    def __post_init__(self) -> None:
        for service in (self.sandbox.pipedrive, self.sandbox.google):
            service.clock.freeze(self.base)
        super().__post_init__()
        self.other_calendar, self.calendar = self.calendar, ANNA
        self.bert, _ = self.add_colleague("bert")
        self.bert_calendar = "bert@acme.example"
        for name in ("anna", "bert"):
            self.account(name=name, calendar="primary")  # where invitations arrive
        self.carl = self.pipedrive.add_user("Carl", "carl@acme.example", "Europe/Berlin")["id"]
        self.calendars = {"anna": self.calendar, "bert": self.bert_calendar}
        """Of each account, the one that is set now."""
        self.former: dict[str, str] = {}
        """Calendars that were set before, and whose they are."""
        self.owners = {"anna": self.anna, "bert": self.bert}
        self.names: dict[tuple[str, int], list[str]] = {}
        self.deals = [self._named("deal", self.pipedrive.add_deal(title)) for title in ("Roof", "Roof > Wall")]
        self.people = [self._named("person", self.pipedrive.add_person("Eva", email="eva@x.example"))]
        self.customer = self.google.add_user("kim@x.example")
        """Whose calendar nobody syncs."""
        self._named("person", self.pipedrive.add_person("Kim", email=self.customer))
        self.orgs = [self._named("organization", self.pipedrive.add_organization("ACME"))]
        self.title_orders = [("deal", "person", "organization", "subject")]
        self.foreign: dict[Node, dict[str, Any]] = {}
        self.touched: set[int] = set()
        """Activities that people edited."""
        self.declined: set[Node] = set()
        """Copies of colleagues' meetings whose guest does not come."""
        self.confidants: dict[int, str] = {}
        """Persons whom only private events name, and the word of each."""
        self.pipedrive.options.get_hidden = "403"
        self.hidden: set[tuple[str, int]] = set()
        """What the connection's user may not see now."""
        self.unseen: set[Node] = set()
        """Activities that may be seen again and have no link: no stamp moves with that, so a comparison finds them."""
        self.given_up: set[Node] = set()
        """Events that a person let go although their activities may only be hidden."""
        self.apart = False
        """Whether a run lately worked without one of the accounts."""
        self.left = False
        """Whether an activity was hidden when its calendar was switched: only a comparison finds that it stayed."""
        self.cut = False
        """Whether a listing of Google's was cut short unnoticed: only a comparison finds what it left out."""
        self.rearranged = False
        """Whether an account rested or moved, or an event was hidden: another account may have a meeting."""

    def _named(self, kind: str, row: dict[str, Any]) -> int:
        number = int(row["id"])
        self.names[kind, number] = [str(row["title" if kind == "deal" else "name"])]
        return number

    # Accounts.

    @property
    def everywhere(self) -> dict[str, str]:
        """All calendars that are or were set, and whose they are."""
        return self.former | {calendar: name for name, calendar in self.calendars.items()}

    def account(self, **settings: Any) -> None:
        if settings["name"] in self.away:
            self.away[settings["name"]].update(settings)
        else:
            super().account(**settings)

    def settings(self, name: str) -> dict[str, Any]:
        """An account as it is, or as it will be put back."""
        return next(each for each in (*self.accounts, *self.away.values()) if each["name"] == name)

    def works(self, calendar: str) -> bool:
        """Whether an account syncs this calendar now."""
        name = self.everywhere[calendar]
        enabled = name not in self.away and self.settings(name).get("enabled", True)
        return enabled and self.calendars[name] == calendar

    def since(self, calendar: str) -> datetime:
        """When the calendar was connected; its service's time."""
        with self.engine.connect() as conn:
            query = select(account.c.events_connected_at).where(account.c.calendar_id == calendar)
            found: datetime = conn.execute(query).scalar_one()
        return found

    def take_out(self, name: str) -> None:
        """The account is taken out of the file."""
        self.away[name] = next(each for each in self.accounts if each["name"] == name)
        self.accounts.remove(self.away[name])
        self.accounts_file.write_text(yaml.safe_dump({"accounts": self.accounts}))

    def put_back(self) -> None:
        """All accounts are in the file again."""
        for name in list(self.away):
            self.account(**self.away.pop(name))

    def switch(self, name: str, calendar: str, setting: str) -> None:
        """The account gets another calendar."""
        self.former[self.calendars[name]] = name
        self.calendars[name] = calendar
        self.account(name=name, calendar=setting)

    # Events that others may not see, or that are in several calendars.

    def hides(self, calendar: str, event: dict[str, Any]) -> str | None:
        """What becomes of this event's content by its calendar's settings: `busy`, `skip`; None: it may be known."""
        rule = str(self.settings(self.everywhere[calendar]).get("private_events", "busy"))
        return rule if event.get("visibility") == "private" and rule != "full" else None

    def is_copy(self, calendar: str, event: dict[str, Any]) -> bool:
        """Whether a colleague or the customer organises it."""
        organiser = (event.get("organizer") or {}).get("email")
        return organiser != calendar and (organiser in self.everywhere or organiser == self.customer)

    # Time and clients.

    def clock(self) -> datetime:
        """Each look takes a moment, so that one comes after another."""
        self.pass_time(A_LOOK_S)
        return self.base + self.offset

    def _limiter(self) -> Limiter:
        return StoreLimiter(self.engine, self.clock, self.sleep) if self.limited else NoLimiter()

    @property
    def pace(self) -> Timing:
        return IMPATIENT if self.impatient else DEFAULT_TIMING

    def _pipedrive(self, conn_id: str) -> PipedriveClient:
        def make() -> PipedriveClient:
            return PipedriveClient(
                base_url=self.sandbox.pipedrive.url,
                auth=ApiToken(self.tokens[conn_id]),
                limiter=self._limiter(),
                key=conn_id,
                sleep=self.sleep,
                clock=self.clock,
                random=lambda: 0.5,
                timing=self.pace,
            )

        client: PipedriveClient = self._cached(("pipedrive", conn_id, self.impatient), make)
        return client

    def _google(self, conn_id: str, user: str) -> GoogleCalendarClient:
        def make() -> GoogleCalendarClient:
            return GoogleCalendarClient(
                credentials=self._credentials(user),
                user=user,
                quota_user=user,
                api_endpoint=self.sandbox.google.url,
                limiter=self._limiter(),
                project_key=conn_id,
                sleep=self.sleep,
                clock=self.clock,
                random=lambda: 0.5,
                timing=self.pace,
            )

        client: GoogleCalendarClient = self._cached(("google", conn_id, user, self.impatient), make)
        return client

    # What there is.

    def log_end(self) -> int:
        with self.engine.connect() as conn:
            return int(conn.execute(select(func.max(change_log.c.id))).scalar() or 0)

    def live(self) -> dict[Node, dict[str, Any]]:
        """All live items of both services, as their owners see them. (The customer's own calendar is not among it.)"""
        found: dict[Node, dict[str, Any]] = {("activity", row["id"]): row for row in self.activities()}
        for calendar in self.everywhere:
            found |= self.live_events(calendar)
        return found

    def live_events(self, calendar: str) -> dict[Node, dict[str, Any]]:
        """A calendar's live events, of series the occurrences."""
        found: dict[Node, dict[str, Any]] = {}
        for event in self.events(calendar):
            shown = self.google.instances(calendar, event["id"]) if event.get("recurrence") else [event]
            found |= {("event", calendar, each["id"]): each for each in shown}
        return found

    def organised(self) -> dict[Node, dict[str, Any]]:
        """Live events where those who organise them have them."""
        found = [each for calendar in (*self.everywhere, self.customer) for each in self.live_events(calendar).items()]
        return {node: item for node, item in found if not self.is_copy(node[1], item)}

    def dead(self, kind: str) -> list[Node]:
        """Deleted items that still can be brought back."""
        if kind == "activity":
            return [("activity", row["id"]) for row in self.pipedrive.activities.values() if row["is_deleted"]]
        return [
            ("event", calendar, event["id"])
            for calendar in self.everywhere
            for event in self.google.events(calendar).values()
            if event["status"] == "cancelled" and "start" in event and self._may_return(calendar, event)
        ]

    def _may_return(self, calendar: str, event: dict[str, Any]) -> bool:
        """A series stays deleted, and so do its occurrences."""
        series = self.google.events(calendar).get(event.get("recurringEventId", ""), event)
        if self.is_copy(calendar, event):
            return False
        return "recurrence" not in event and (series is event or series["status"] != "cancelled")

    def did(self, what: str, node: Node | None = None, typed: Any = None) -> None:
        """Somebody did something."""
        self.ledger.edits[what] += 1
        self.tell(f"  {what} {node or ''} {typed or ''}")

    # People: activities.

    def person_adds_activity(self, **fields: Any) -> None:
        row = self.activity(**fields)
        self.did("create activity", ("activity", row["id"]), of_activity(row))
        self.ledger.made(("activity", row["id"]), of_activity(row), self.log_end())

    def person_edits_activity(self, row: dict[str, Any], what: str, **fields: Any) -> None:
        before = of_activity(row)
        self.touched.add(row["id"])
        after = self.pipedrive.edit_activity(row["id"], **fields)
        seen = of_activity(after)
        typed = {name: seen[name] or None for name in _typed_on_activity(fields)}
        if "busy" in typed:
            typed["busy"] = fields["busy"]
        self.did(f"activity: {what}", ("activity", row["id"]), typed)
        self.ledger.edited(("activity", row["id"]), before, typed, self.log_end())

    def person_deletes_activity(self, row: dict[str, Any]) -> None:
        self.pipedrive.delete_activity(row["id"])
        self.did("delete activity", ("activity", row["id"]))
        self.ledger.removed(("activity", row["id"]), of_activity(row))

    def person_restores_activity(self, node: Node) -> None:
        row = self.pipedrive.restore_activity(node[1])
        self._restored("restore activity", node, of_activity(row))

    def _restored(self, what: str, node: Node, shown: Shown) -> None:
        """What it shows has to stand only if nothing is left of its partner, where it may have been edited since."""
        self.did(what, node)
        alone = all(other == node or self.ledger.root(other) != self.ledger.root(node) for other in self.live())
        self.ledger.made(node, shown if alone else dict.fromkeys(shown), self.log_end())

    # People: events.

    def person_adds_event(self, calendar: str, summary: str, **fields: Any) -> None:
        event = self.event(summary, calendar, **fields)
        self.did("create event", ("event", calendar, event["id"]), of_event(event))
        self.ledger.made(("event", calendar, event["id"]), of_event(event), self.log_end())

    def person_copies_event(self, calendar: str, event: dict[str, Any]) -> None:
        """A copy by hand brings our properties along. (One of an occurrence would be another event of the series.)"""
        if "recurringEventId" in event:
            return
        copy = self.google.duplicate_event(calendar, event["id"])
        self.did("copy event", ("event", calendar, event["id"]), copy["id"])
        self.ledger.made(("event", calendar, copy["id"]), of_event(copy), self.log_end())

    def person_edits_event(
        self, calendar: str, event: dict[str, Any], what: str, typed: dict[str, Any], **patch: Any
    ) -> None:
        self.google.edit_event(calendar, event["id"], **patch)
        self.did(f"event: {what}", ("event", calendar, event["id"]), patch)
        self.ledger.edited(("event", calendar, event["id"]), of_event(event), typed, self.log_end())

    def person_deletes_event(self, calendar: str, event: dict[str, Any]) -> None:
        self.google.delete_event(calendar, event["id"])
        self.did("delete event", ("event", calendar, event["id"]))
        self.ledger.removed(("event", calendar, event["id"]), of_event(event))

    def person_restores_event(self, node: Node) -> None:
        event = self.google.edit_event(node[1], node[2], status="confirmed")
        shown, mark = of_event(event), read_mark(event)
        if mark is not None and mark.origin is Origin.PIPEDRIVE:  # names in a title of ours are renamed with their deal
            shown |= {"subject": shown["subject"].rsplit(" > ", 1)[-1]}
        self._restored("restore event", node, shown)

    def person_renames(self, kind: str, number: int, name: str) -> None:
        self.names[kind, number].append(name)
        self.pipedrive.edit_entity(kind, number, **{"title" if kind == "deal" else "name": name})
        self.did(f"rename {kind}", None, name)

    def person_hides(self, kind: str, number: int) -> None:
        """An activity or a deal is taken out of what the connection's user may see."""
        self.pipedrive.hide(self.anna, kind, [number])
        self.hidden.add((kind, number))
        self.did(f"hide {kind}", None, number)

    def person_shows_again(self) -> None:
        """All that was hidden may be seen again: whoever changes that edits the deal, too."""
        self.pipedrive.unhide(self.anna)
        linked = {("activity", row.activity_id) for row in self.links()}
        self.unseen |= {each for each in self.hidden if each[0] == "activity"} - linked
        for kind, number in sorted(self.hidden):
            if kind == "deal":
                self.pipedrive.edit_entity(kind, number, visible_to=7)
            elif self.former:
                self.left = True
        self.hidden.clear()
        self.did("show again")

    def somebody_invites_anna(self, calendar: str, summary: str) -> None:
        """An event that somebody else organises: people only answer it."""
        boss = {"email": "boss@elsewhere.example"}
        event = self.event(summary, calendar, organizer=boss, attendees=[{"email": calendar}])
        node = ("event", calendar, event["id"])
        self.foreign[node] = content_of(event)
        self.did("invite", node)
        self.ledger.made(node, dict.fromkeys(of_event(event)), self.log_end())

    def person_answers(self, node: Node, answer: str) -> None:
        """Who declines takes the event away as far as Pipedrive is concerned; who accepts again brings it back."""
        event = self.google.rsvp(node[1], node[2], answer)
        self.foreign[node] = content_of(event)
        self.did("answer", node, answer)
        if answer == "declined":
            self.ledger.removed(node, of_event(event))
        else:
            self.ledger.made(node, dict.fromkeys(of_event(event)), self.log_end())

    def organiser_moves(self, node: Node, **when: Any) -> None:
        """The organiser changes the time, which reaches the guest's copy."""
        self.google.calendars[node[1]].events[node[2]].data.update(when)
        self.google.touch_events(node[1], node[2])
        self.foreign[node] = content_of(self.google.event(node[1], node[2]))
        self.did("organiser moves", node)


def mapping_of(world: World, *, but_for: frozenset[str] = frozenset()) -> list[tuple[Any, ...]]:
    """The links, but for what only says when they were looked at last."""
    moving = {"probed_at", "updated_at", "activity_print", "event_print", "is_past"} | but_for
    return [tuple(value for name, value in row._mapping.items() if name not in moving) for row in world.links()]


def content_of(event: dict[str, Any]) -> dict[str, Any]:
    """What others see of an event: all but our own properties and the counters of edits."""
    return {name: value for name, value in event.items() if name not in NOT_CONTENT}


def with_text(event: dict[str, Any], text: str) -> str:
    """The event's description with another text above our block."""
    _, line, block = str(event.get("description") or "").partition(DELIMITER)
    return f"{text}\n\n{line}{block}" if line else text


def times(day: str, time: str | None, length: timedelta) -> dict[str, Any]:
    """Start and end of an event; without a time it lasts whole days."""
    if time is None:
        last = datetime.fromisoformat(day).date() + max(length, timedelta(days=1))
        return {"start": {"date": day}, "end": {"date": last.isoformat()}}
    start = datetime.fromisoformat(f"{day}T{time}:00+00:00")
    zone = "Europe/Berlin"
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": zone},
        "end": {"dateTime": (start + length).isoformat(), "timeZone": zone},
    }


def _typed_on_activity(fields: dict[str, Any]) -> set[str]:
    columns = {"subject": "subject", "location": "place", "public_description": "description", "busy": "busy"}
    typed = {columns[name] for name in fields if name in columns}
    return typed | ({"when"} if {"due_date", "due_time", "duration"} & set(fields) else set())
