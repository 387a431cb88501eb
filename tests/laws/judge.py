"""The laws, judged from both services' true state, the change log and what people did. See the design's list of laws.

`Judge.look` holds after every step, whatever failed in it. `Judge.settled` holds once faults are over.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Row, select

from include.calsync.core.marks import read_mark
from include.calsync.core.model import ActivityView, Origin
from include.calsync.store.tables import change_log, cursor, intent, plan_row, quarantine
from tests.laws.company import Company, content_of
from tests.laws.ledger import Items, Node
from tests.laws.losses import Losses
from tests.laws.meetings import Meetings
from tests.laws.shown import FIELDS, MARK, of_activity, of_event, of_item, same_when, shows
from tests.laws.veil import Veil


class Violation(AssertionError):
    """A law is broken."""


class Judge:
    """Watches one company; remembers what it saw last."""

    def __init__(self, company: Company) -> None:
        self.company, self.ledger = company, company.ledger
        self.before: Items = {}
        self.read_log = 0
        self.taken_off: set[Node] = set()
        """Meetings out of whose guests the organiser took one."""
        self.veil = Veil(company)
        self.meetings = Meetings(company)
        self.losses = Losses(company)

    def look(self) -> None:
        """After every step."""
        live = self.company.live()
        links = self.company.links()
        entries = self._new_entries()
        self._join(live, links, entries)
        self._nobody_was_mailed()
        self._others_events_are_untouched()
        self._holds(self.veil.leak(live, links, entries))
        self._holds(self.meetings.written(live))
        self._no_duplicates(live)
        self._deletions_are_peoples(live, links)
        self._holds(self.losses.lost(live))
        self._cursors_are_last()
        self.before = live

    # Which items belong together.

    def _new_entries(self) -> list[Row[Any]]:
        with self.company.engine.connect() as conn:
            found = list(conn.execute(select(change_log).where(change_log.c.id > self.read_log).order_by("id")))
        self.read_log = found[-1].id if found else self.read_log
        return found

    def _join(self, live: Items, links: list[Row[Any]], entries: list[Row[Any]]) -> None:
        for row in (*links, *entries):
            if row.activity_id is not None and row.event_id is not None:
                self.ledger.join(("activity", row.activity_id), ("event", row.calendar_id, row.event_id))
        for node, item in live.items():
            mark = read_mark(item) if node[0] == "event" else None
            if mark is not None and mark.event_id == node[2]:
                self.ledger.join(node, ("activity", mark.activity_id))
            if node[0] == "event" and self.company.is_copy(node[1], item):
                self.ledger.join(node, ("event", item["organizer"]["email"], node[2]))

    def _holds(self, violation: str | None) -> None:
        _check(violation is None, violation or "")

    # Law 9.

    def _nobody_was_mailed(self) -> None:
        _check(not self.company.google.mails, f"law 9: mails were sent: {self.company.google.mails}")

    def _others_events_are_untouched(self) -> None:
        for node, was in self.company.foreign.items():
            now = content_of(self.company.google.event(node[1], node[2]))
            _check(now == was, f"law 9: an event that somebody else organises was written: {was} → {now}")

    # Law 1.

    def _no_duplicates(self, live: Items) -> None:
        with self.company.engine.connect() as conn:
            unheard = len(list(conn.execute(select(intent))))  # activities whose POST nobody heard of yet
        for root, nodes in self.ledger.groups(list(live)).items():
            births = self.ledger.births_of(root)
            if not births and unheard and [node[0] for node in nodes] == ["activity"]:
                unheard -= 1
                continue
            for kind in ("activity", "event"):
                count = sum(node[0] == kind for node in nodes)
                # An event that its author keeps may stand beside the one in a colleague's calendar.
                calendars = {node[1] for node in nodes if node[0] == "event"} if kind == "event" else set()
                allowed = births * max(1, len(calendars))
                if count > allowed:
                    seen, told = [live[node] for node in nodes], self.losses.story(root)
                    raise Violation(f"law 1: {count} live {kind} for {births} made by people: {nodes} {seen} {told}")

    # Law 3.

    def _deletions_are_peoples(self, live: Items, links: list[Row[Any]]) -> None:
        for node, item in self.before.items():
            if node in live or node in self.ledger.deleted or node in self.company.given_up:
                continue
            root = self.ledger.root(node)
            partners = [
                other for other in self.ledger.deleted if self.ledger.root(other) == root and other[0] != node[0]
            ]
            event = node[0] == "event"
            if event and self.meetings.may_go(node, item):
                self.taken_off.add(root)
                continue
            # A run without the other guests' accounts ends its own pair; the next one makes an activity for them.
            apart = self.company.apart and root in {self.ledger.root(each) for each in self.taken_off}
            if not event and (apart or self._nobody_comes(root, live)):
                continue
            hidden = event and node in self.ledger.births and self.company.hides(node[1], item)
            _check(not hidden, f"law 3: nobody deleted the private event {node}: {item}")
            ours = event and (self._is_ours(node, item) or self._taken_over(root, node[1]))
            left = ours and self._left_scope(root, node[1])
            if not partners and not left:
                raise Violation(f"law 3: nobody deleted {node}: {item}; log: {self.losses.story(root)}")

    def _is_ours(self, node: Node, event: dict[str, Any]) -> bool:
        """Whether the event was made from an activity; a person may have brought it back since."""
        mark = read_mark(event)
        known = mark is not None and mark.event_id == node[2] and mark.origin == Origin.PIPEDRIVE
        return known or node not in self.ledger.births

    def _nobody_comes(self, root: Node, live: Items) -> bool:
        """Whether the activity of this group lost its event to who declined or hid it."""
        events = {node: item for node, item in live.items() if node[0] == "event" and self.ledger.root(node) == root}
        declined = any(self.ledger.root(node) == root for node in self.company.declined)
        return self.meetings.nobody_comes(events, declined=declined)

    def _taken_over(self, root: Node, calendar: str) -> bool:
        """Whether an activity of this group belongs into another calendar: its author's event goes along."""
        others = [each for name, each in self.company.calendars.items() if name != self._name_of(calendar)]
        rows = self.company.pipedrive.activities.values()
        mine = [row for row in rows if self.ledger.root(("activity", row["id"])) == root]
        return any(self.belongs(row, other) for row in mine for other in others)

    def _left_scope(self, root: Node, calendar: str) -> bool:
        """Whether an activity of this group does not belong into this calendar."""
        return any(
            self.ledger.root(("activity", row["id"])) == root and not self.belongs(row, calendar)
            for row in self.company.pipedrive.activities.values()
        )

    def belongs(self, row: dict[str, Any], calendar: str) -> bool:
        """Whether an activity is to be shown in this calendar."""
        name = self._name_of(calendar)
        settings = self.company.settings(name)
        types = settings.get("activity_types")
        return (
            not row["is_deleted"]
            and self.company.calendars[name] == calendar
            and row["owner_id"] == self.company.owners[name]
            and bool(row["due_date"])
            and (types is None or row["type"] in types)
            and not (settings.get("done") == "remove" and row["done"])
        )

    def _name_of(self, calendar: str) -> str:
        return self.company.everywhere[calendar]

    # Law 7.

    def _cursors_are_last(self) -> None:
        with self.company.engine.connect() as conn:
            open_rows = select(plan_row.c.id).where(
                plan_row.c.run_id == cursor.c.run_id,
                plan_row.c.account_id == cursor.c.account_id,
                plan_row.c.state == "planned",
            )
            ahead = list(conn.execute(select(cursor).where(open_rows.exists())))
        _check(not ahead, f"law 7: cursors ahead of their plan: {ahead}")

    # Laws 1 and 5, when all is over.

    def handed_on(self) -> bool:
        """Whether the last run gave an activity to another account, which has yet to look at it."""
        return any(row.reason == "may have moved" for row in self._aside())

    def settled(self, unseen: AbstractSet[Node] = frozenset()) -> None:
        """Both sides are equal, and what belongs on both sides is there, but for what no run could see yet."""
        live, links = self.company.live(), self.company.links()
        with self.company.engine.connect() as conn:
            unheard = list(conn.execute(select(intent)))
        _check(not unheard, f"law 5: an intent is still open: {unheard}")
        by_node: dict[Node, Row[Any]] = {}
        for row in links:
            by_node["activity", row.activity_id] = by_node["event", row.calendar_id, row.event_id] = row
        for row in links:
            if row.state == "active" and self.company.works(row.calendar_id):
                self._equal(live, row)
                self._holds(self.meetings.unfit(live, row))
            elif row.state == "active":
                self._holds(self._left_behind(live, row))
            _check(row.state != "removing", f"law 5: a removal is unfinished: {row}")
        for node, item in live.items():
            row = by_node.get(node)
            missing = self._wanted(node, item, live, by_node) and (row is None or row.state == "detached")
            if (
                missing
                and node not in unseen
                and not self._is_let_go(row, live)
                and not self._has_twin(node, live, by_node)
            ):
                raise Violation(f"law 5: {node} has no partner: {item}; link {row}; {self._aside()}")

    def _left_behind(self, live: Items, row: Row[Any]) -> str | None:
        """Our own upcoming events go along when their account gets another calendar."""
        activity = live.get(("activity", row.activity_id))
        home = self.company.calendars[self._name_of(row.calendar_id)]
        if row.origin == "google" or activity is None or not self.belongs(activity, home):
            return None
        upcoming = self._is_upcoming(activity)
        return f"law 5: {activity} is still in the old calendar: {row}" if upcoming else None

    def _is_upcoming(self, activity: dict[str, Any]) -> bool:
        return bool(activity["due_date"] > self.company.clock().date().isoformat())

    def _aside(self) -> list[Any]:
        with self.company.engine.connect() as conn:
            return list(conn.execute(select(quarantine)))

    def _is_let_go(self, row: Row[Any] | None, live: Items) -> bool:
        """Detached: one side of what was deleted on the other is kept, or an author's event lost its activity.

        An activity that was born in Google and is given to a colleague stays out of the colleague's calendar: its link
        rests with its author's event, which would otherwise become a second meeting with the author's next edit.
        """
        if row is None or row.state != "detached":
            return False
        if row.cause == "private":  # until it is public again
            event = live.get(("event", row.calendar_id, row.event_id))
            hidden = event is None or self.company.hides(row.calendar_id, event) == "skip"
            return hidden or not self.company.works(row.calendar_id)
        handed_over = row.origin == "google" and row.cause == "other_owner"
        return handed_over or row.cause in ("event_deleted", "activity_deleted", "declined")

    def _wanted(self, node: Node, item: dict[str, Any], live: Items, by_node: dict[Node, Row[Any]]) -> bool:
        if node[0] == "event" and not self.meetings.counts(node, item):
            return False
        row = by_node.get(node)
        if row is None and node[0] == "event" and self.meetings.is_held_elsewhere(node, live, by_node):
            return False
        if row is None and node[0] == "event" and self.company.is_copy(node[1], item) and self._is_given_up(node):
            return False
        if node[0] == "activity":
            homes = [calendar for calendar in self.company.calendars.values() if self.belongs(item, calendar)]
            return bool(homes) and (row is not None or self._is_new(node, item["update_time"]))
        if row is not None:  # the author's event of an activity that does not belong here stands alone
            activity = live.get(("activity", row.activity_id))
            return row.state != "detached" or (activity is not None and self.belongs(activity, node[1]))
        mark = read_mark(item)
        if mark is not None and mark.event_id == node[2]:  # brought back, although its activity does not belong here
            activity = live.get(("activity", mark.activity_id))
            home = by_node.get(("activity", mark.activity_id))
            if activity is not None and not self.belongs(activity, node[1]):
                return False
            if activity is not None and home is not None and not self.company.works(home.calendar_id):
                return self._is_upcoming(activity)  # what is past stays in the old calendar
        return self._is_new(node, item["updated"])

    def _is_given_up(self, node: Node) -> bool:
        """Whether somebody deleted the activity of this meeting."""
        root = self.ledger.root(node)
        return any(each[0] == "activity" and self.ledger.root(each) == root for each in self.ledger.deleted)

    def _is_new(self, node: Node, edited: str) -> bool:
        if node[0] == "event" and node[1] == self.company.other_calendar:
            return self.company.since(node[1]) <= datetime.fromisoformat(edited)
        return node not in self.old or edited >= self.old[node]

    old: dict[Node, str] = {}  # noqa: RUF012  replaced by the machine: items from before the accounts were connected

    def _has_twin(self, node: Node, live: Items, by_node: dict[Node, Row[Any]]) -> bool:
        """Unlinked items of both sides that look alike: which belong together only a person can say."""
        mine = of_item(node[0], live[node])
        return any(
            other[0] != node[0]
            and other not in by_node
            and same_when(mine["when"], of_item(other[0], item)["when"])
            and (
                shows(mine, "subject", of_item(other[0], item)["subject"])
                or shows(of_item(other[0], item), "subject", mine["subject"])
            )
            for other, item in live.items()
        )

    def _equal(self, live: Items, row: Row[Any]) -> None:
        activity = live.get(("activity", row.activity_id))
        event = live.get(("event", row.calendar_id, row.event_id))
        if activity is None or event is None:
            raise Violation(f"law 5: an active link to what is gone: {row}; {activity}; {event}")
        if ("event", row.calendar_id, row.event_id) in self.company.foreign and row.activity_id in self.company.touched:
            return  # what people change on it stays there alone
        if self.company.hides(row.calendar_id, event):
            self._holds(self.veil.unequal(activity, event, row))
            return
        guest = self.company.is_copy(row.calendar_id, event)
        if guest and row.activity_id in self.company.touched:
            return  # as above
        here, there = of_activity(activity), of_event(event)
        titles = self._titles(activity, row)
        _check(
            guest or there["subject"] in titles,
            f"law 5: title {there['subject']!r} of {here['subject']!r}, not in {titles}",
        )
        if row.origin == "pipedrive" and not guest:
            style = self.company.settings(self._name_of(row.calendar_id)).get("done")
            marked = str(event.get("summary")).startswith(MARK)
            _check(marked == (style == "prefix" and activity["done"]), f"law 5: mark of {event} for {activity}")
        for name in FIELDS[1:]:
            same = same_when(here[name], there[name]) if name == "when" else here[name] == there[name]
            base = ActivityView.from_json(row.base_activity)
            _check(same, f"law 5: {name}: {here[name]!r} and {there[name]!r}; link {row}; base {base}")

    def _titles(self, activity: dict[str, Any], row: Row[Any]) -> set[str]:
        """The titles that this activity's event may show: the order of the parts may be that of any settings."""
        subject = " ".join(str(activity["subject"]).split())
        if row.origin == "google":
            return {subject, ""} if subject == "(No title)" else {subject}
        refs = (("deal", "deal_id"), ("person", "person_id"), ("organization", "org_id"))
        known = [self.company.names[kind, activity[key]][-1:] if activity[key] else [""] for kind, key in refs]
        out = set()
        for names in product(*known):
            filled = dict(zip(("deal", "person", "organization"), names, strict=True)) | {"subject": subject}
            for order in self.company.title_orders:
                out.add(" > ".join(filled[name] for name in order if filled[name]))
        return out


def _check(holds: bool, text: str) -> None:
    if not holds:
        raise Violation(text)
