"""What both kinds of writes share: the clients, fenced commits, the link that a confirmed row becomes, the log."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from include.calsync.clients.google_calendar import GoogleCalendarClient, SendUpdates
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.conflicts import Conflict
from include.calsync.core.field_sets import FIELD_SET
from include.calsync.core.fields import activity_view, event_view
from include.calsync.core.marks import Mark, read_mark
from include.calsync.core.merge import Merged, Pair, advance
from include.calsync.core.model import ActivityView, EventView, Origin, digest
from include.calsync.core.planning import late
from include.calsync.core.planning.facts import Facts
from include.calsync.core.planning.wanted import Wanted
from include.calsync.core.policy import Policy, Side
from include.calsync.core.privacy import veiled
from include.calsync.core.raw import Raw, RawActivity, RawEvent
from include.calsync.core.records import Columns, Former, Link, Payload
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence, series_columns
from include.calsync.core.when import due_at
from include.calsync.core.written import Written
from include.calsync.errors import ServiceError, TooLate
from include.calsync.flows import aside
from include.calsync.flows.applying import open_writes
from include.calsync.flows.applying.access import Access
from include.calsync.flows.pairs import rules_of, wanted_of
from include.calsync.flows.run import Run, check_lease
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store import changes, holds, mapping, runs
from include.calsync.store.transaction import Connection, reading

log = logging.getLogger(__name__)

T = TypeVar("T")
Answers = dict[str, RawActivity | RawEvent]
"""Raw objects as answered to writes, by side; a side that was not written has none."""
MAILS: dict[str, SendUpdates] = {"none": "none", "external": "externalOnly", "all": "all"}
"""Whom Google mails, by `notify_guests`."""
PROMPT = timedelta(seconds=5)
TRIES_COUNT = 3


def promptly(work: Callable[[], T]) -> T:
    """Carry `work` out: read an item, decide, write. Again, if a pause came between, as the item may differ by now.

    Raises TooLate if pauses came again and again; nothing was sent.
    """
    for tries_left in range(TRIES_COUNT - 1, -1, -1):
        try:
            return work()
        except TooLate as error:
            if error.unknown_outcome or not tries_left:
                raise
    raise AssertionError("unreachable")


class Desk:
    """One account at work: everything a write needs besides its row. Thread-safe for rows of different strands."""

    def __init__(self, services: Services, run: Run, account: RunAccount) -> None:
        self.services, self.run, self.account = services, run, account
        self.policy = account.policy
        self.calendar_id = account.calendar_id or ""
        self.access = Access(services, account)
        self.refused_zones: set[str] = set()
        self._open: dict[int, tuple[int, Columns]] = {}
        """By plan row: its write that is under way, and what was noted of it."""
        self._telling = threading.Lock()

    @property
    def pipedrive(self) -> PipedriveClient:
        return self.services.pipedrive(self.account.settings.pipedrive_conn_id)

    @property
    def google(self) -> GoogleCalendarClient:
        return self.services.google(self.account.settings.google_conn_id, self.account.settings.google_user)

    def policy_of(self, row: PlanRow) -> Policy:
        """The account's rules for the row's pair."""
        return rules_of(row.payload, self.policy)

    @contextmanager
    def commit(self) -> Iterator[Connection]:
        """A transaction that only the holder of the account's lease can finish."""
        with self.services.engine.begin() as conn:
            check_lease(conn, self.account)
            yield conn

    def tell_zone(self, zone: str) -> None:
        """Tell once that Google does not take a zone: events are shown in UTC from here on."""
        self.refused_zones.add(zone)
        notice = (
            f"account {self.account.name}: set `time_zone` to one that Google knows: it refuses {zone}. "
            "Until then events are shown in UTC; their times are right."
        )
        self.tell(notice)

    def tell(self, notice: str) -> None:
        """Put it into the run's notices, once."""
        with self._telling:
            if notice in self.account.notices:
                return
            self.account.notices.append(notice)
            with self.commit() as conn:
                runs.set_account(conn, self.run.id, self.account.id, notices=self.account.notices)

    def wanted(self, row: PlanRow) -> Wanted:
        """What the row says will be written."""
        return Wanted.from_json(row.payload["wanted"], row.conflicts)

    def wanted_now(self, payload: Payload, link: Link | Former | None) -> tuple[Wanted, Columns]:
        """What is to be written of what both sides show now, as that is not what the row was planned for.

        Also returns what the row says from then on: whoever writes it stores that in the transaction before.
        """
        wanted = wanted_of(payload, link, self.policy)
        return wanted, {"payload": {**payload, "wanted": wanted.to_json()}, "conflicts": wanted.conflicts_json()}

    def activity_now(self, row: PlanRow, link: Link | None, view: ActivityView | None) -> Facts:
        """The facts of the row's pair with the activity as it was just read; None: it was deleted."""
        now = late.activity_now(view, link, Origin(row.payload["origin"]), self.policy)
        return late.facts_of(row.payload)._replace(**now)

    def event_now(self, row: PlanRow, link: Link | None, event: RawEvent) -> Facts:
        """The facts of the row's pair with the event as it was just read."""
        now = late.event_now(event, link, Origin(row.payload["origin"]), self.policy)
        return late.facts_of(row.payload)._replace(**now)

    def leave_to_next_run(self, row: PlanRow, link: Link) -> None:
        """The pair is as it was before its removal was begun."""
        then = late.facts_of(row.payload)
        with self.commit() as conn:
            mapping.set_link(conn, link.id, state=str(then.state), cause=str(then.cause) if then.why else None)

    def link_of(self, row: PlanRow) -> Link | None:
        """The row's link as it is now."""
        if row.link_id is None:
            return None
        with reading(self.services.engine) as conn:
            return mapping.get_link(conn, row.link_id)

    def is_obsolete(self, row: PlanRow) -> bool:
        """Whether the row's item was linked, or its link ended, since the plan was made: then it is done."""
        with reading(self.services.engine) as conn:
            if row.link_id is not None:
                return mapping.get_link(conn, row.link_id) is None
            activity = row.activity_id and mapping.link_of_activity(conn, self.account.company_id, row.activity_id)
            event = row.event_id and mapping.link_of_event(conn, self.calendar_id, row.event_id)
            return bool(activity or event)

    def drop(self, row: PlanRow) -> None:
        """The row needs nothing any more."""
        with self.commit() as conn:
            runs.set_row(conn, row.id, state="confirmed")

    def mark(self, activity_id: int, event_id: str, origin: Origin) -> Mark:
        deployment = self.services.environment.deployments[0]
        return Mark(self.account.company_id, activity_id, event_id, origin, deployment)

    def veiled(self, event: Raw) -> RawEvent:
        """An event as answered, but of a private one only what may be known."""
        return veiled(event, self.policy.private_events)

    def get_event(self, event_id: str) -> RawEvent:
        """The event as it is now, veiled if it has to be. Raises NotFound."""
        return self.veiled(self.google.get_event(self.calendar_id, event_id))

    def listed(self, answer: RawActivity, attendees: Sequence[Raw] | None) -> RawActivity:
        """An activity as answered to a write, with its attendees, as listings show it: answers leave them out.

        `attendees`: those that it had, or `None`: they were written, and are asked for.
        """
        if attendees is None:
            try:
                return self.pipedrive.activity(int(answer["id"]))
            except ServiceError as error:  # the write is done; the next run that sees it learns them
                log.warning("account %s: attendees of activity %s: %s", self.account.name, answer["id"], error)
                return answer
        return {"attendees": attendees} | answer

    def not_after(self) -> datetime:
        """How long a write of what was read just now may wait. Pipedrive has no conditional writes, so nothing else
        tells that somebody edited the item in between."""
        return self.services.clock() + PROMPT

    def send_updates(self) -> SendUpdates:
        """Nobody is mailed unless the account says so (law 9)."""
        return MAILS[self.account.settings.notify_guests]

    # The log of writes: noted before the request, appended with its confirmation.

    def note(self, conn: Connection, row: PlanRow, *, side: Side, seen: str | None = None, **values: Any) -> None:
        """Note a write in the transaction before it. `seen`: etag or update time of the item that it changes."""
        noted = self._entry(row) | {"side": str(side), "seen": seen} | values
        self._open[row.id] = changes.note(conn, **noted), noted

    @contextmanager
    def sending(self, row: PlanRow) -> Iterator[None]:
        """Around the request of a write that was noted: one that surely did not happen needs no entry."""
        try:
            yield
        except ServiceError as error:
            if not error.unknown_outcome:
                with self.commit() as conn:
                    self.drop_write(conn, row)
            raise

    def drop_write(self, conn: Connection, row: PlanRow) -> None:
        """The row's write that was under way did not happen."""
        changes.drop(conn, self._open.pop(row.id)[0])

    def log_write(self, conn: Connection, row: PlanRow, **known: Any) -> bool:
        """Log the row's write that was under way. False: there was none."""
        if row.id not in self._open:
            return False
        changes.confirm(conn, *self._open.pop(row.id), **known)
        return True

    def review(self, row: PlanRow, current: Raw | None) -> None:
        """Settle the row's write, if its outcome is unknown, by its item as it is now."""
        noted = self._open.pop(row.id, None)
        if noted is not None:
            with reading(self.services.engine) as conn:
                (write,) = (each for each in changes.open_writes(conn, self.account.id) if each.id == noted[0])
            open_writes.settle(self, write, current)

    def confirm(self, conn: Connection, row: PlanRow, *, before: Any = None, **known: Any) -> None:
        """The row is done: its items are ordinary ones again, and the log says what happened.

        `before`: for the log if nothing had to be written.
        """
        runs.set_row(conn, row.id, state="confirmed")
        aside.take_back(conn, row)
        _carried_out(conn, row)
        if not self.log_write(conn, row, **known):
            self.log(conn, row, before=before)

    def log(self, conn: Connection, row: PlanRow, **values: Any) -> None:
        """Log what concerns only the store."""
        changes.append(conn, **(self._entry(row) | {"side": "store"} | values))

    def _entry(self, row: PlanRow) -> Columns:
        return {
            "at": self.services.clock(),
            "run_id": self.run.id,
            "account_id": self.account.id,
            "link_id": row.link_id,
            "company_id": self.account.company_id,
            "activity_id": row.activity_id,
            "calendar_id": self.calendar_id,
            "event_id": row.event_id,
            "action": row.action,
            "reason": row.reason,
            "actor": (row.payload.get("decided") or {}).get("by"),
        }

    def link_values(
        self,
        activity: ActivityView,
        event: EventView,
        written: Written,
        *,
        activity_raw: RawActivity | None,
        event_raw: RawEvent | None,
        marked: bool,
    ) -> Columns:
        """The columns of an active link whose sides were just made equal."""
        return {
            "account_id": self.account.id,
            "state": "active",
            "cause": None,
            "base_activity": activity.to_json(),
            "base_event": event.to_json(),
            "activity_digest": digest(activity),
            "event_digest": digest(event),
            "field_set": FIELD_SET,
            "rendered": written.to_json(),
            "intended": None,
            "activity_raw": activity_raw,
            "event_raw": event_raw,
            "etag": (event_raw or {}).get("etag"),
            "marked": marked,
            "vanished_since_run": None,
            **series_columns(event_raw),
            "due_at": due_at(activity.when),
            "updated_at": self.services.clock(),
        }

    def new_link(self, conn: Connection, values: Columns, *, activity_id: int, event_id: str, origin: str) -> int:
        """Store a new link of this account."""
        return mapping.add_link(
            conn,
            company_id=self.account.company_id,
            activity_id=activity_id,
            calendar_id=self.calendar_id,
            event_id=event_id,
            origin=origin,
            **values,
        )

    def settle(self, row: PlanRow, payload: Payload, pair: Pair, merged: Merged, answers: Answers) -> None:
        """After a pair's last outstanding write: link, base, log and the row, in one transaction.

        `answers`: raw objects as answered, by side; a side that was not written has none.
        """
        event_raw = answers.get("events") or payload["event_raw"]
        activity_raw = answers.get("activities") or payload["activity_raw"]
        event = event_view(answers["events"]) if answers.get("events") else None
        activity = activity_view(answers["activities"], pair.activity.context) if answers.get("activities") else None
        kept = {side: merged.kept.get(side, frozenset()) for side in Side}
        sent = set(merged.activity_changes)
        if "when" in sent and (activity_raw or {}).get("busy") is None:
            sent.add("busy")  # unset, it follows from whether there is a time
        values = self.link_values(
            advance(pair.activity, pair.activity_base, activity, sent, kept[Side.ACTIVITY]),
            advance(pair.event, pair.event_base, event, set(merged.event_changes), kept[Side.EVENT]),
            merged.written,
            activity_raw=activity_raw,
            event_raw=event_raw,
            marked=bool(answers.get("events")) or self._is_marked(row, event_raw),
        )
        with self.commit() as conn:
            link_id = row.link_id
            if link_id is None:
                activity_id, event_id = row.named_activity, row.named_event
                link_id = self.new_link(
                    conn, values, activity_id=activity_id, event_id=event_id, origin=str(pair.origin)
                )
                mapping.drop_intent(conn, self.calendar_id, event_id)
            else:
                mapping.set_link(conn, link_id, **values)
            runs.set_row(conn, row.id, state="confirmed", **self._forgotten(row, pair, answers))
            aside.take_back(conn, row)
            _carried_out(conn, row)
            self.log_write(conn, row, link_id=link_id)
            if row.action == "adopt" and not merged.activity_changes:
                self.log(conn, row, link_id=link_id)

    def _forgotten(self, row: PlanRow, pair: Pair, answers: Answers) -> Columns:
        """The row's payload without what an activity said of its event before the veil fell."""
        answer = answers.get("activities")
        if answer is None or not self.policy_of(row).terms.veiled:
            return {}
        view = activity_view(answer, pair.activity.context)
        kept = {name: value for name, value in row.payload.items() if name not in ("wanted", "activity_sent")}
        return {"payload": {**kept, "activity": view.to_json(), "activity_raw": answer}}

    def log_lost(self, row: PlanRow, conflicts: Sequence[Conflict]) -> None:
        """Log what is about to lose: after the write nobody could tell any more, if this process died in between."""
        if conflicts:
            with self.commit() as conn:
                self.log(conn, row, lost=[conflict.to_json() for conflict in conflicts])

    def _is_marked(self, row: PlanRow, event_raw: RawEvent | None) -> bool:
        if is_occurrence(event_raw):
            return True  # it gets none
        mark = read_mark(event_raw or {})
        return mark is not None and mark.event_id == row.event_id and mark.activity_id == row.activity_id


def _carried_out(conn: Connection, row: PlanRow) -> None:
    """What a person decided about the row's items is done."""
    if "decided" not in row.payload:
        return
    if row.link_id is not None:
        holds.drop_item(conn, row.link_id)
    holds.drop_creation(conn, row.account_id, activity_id=row.activity_id, event_id=row.event_id)


def same_content(one: ActivityView, other: ActivityView) -> bool:
    """Equal but for names, which are not the activity's own."""
    return dataclasses.replace(one, context=other.context) == other
