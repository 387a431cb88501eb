"""Meetings that are in several accounts' calendars: one activity, never one per rep.

The organiser's account has it, if it is one, else the first by name that imports events; the others' events are
*copies*: remembered, not linked, and their reps are attendees of the activity. When the linked event goes, another
account's copy takes the same activity over; when the organiser's event comes later, it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from include.calsync.core.decide import Action
from include.calsync.core.diff import Diff
from include.calsync.core.fields import is_foreign
from include.calsync.core.meetings import meeting_of
from include.calsync.core.observations import Observation
from include.calsync.core.policy import Side
from include.calsync.core.records import Columns, Copy, Intent, LinkHead, whole
from include.calsync.flows import aside
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen, event_key
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import copies
from include.calsync.store.transaction import Connection

Place = tuple[int, str]
"""Account and event."""
Key = tuple[str, str | None]
"""Company and meeting."""
ORGANISER = "the organiser's event of a meeting takes its activity over"
ATTENDEES = "who has the meeting in another calendar attends its activity"
"""Names of what is decided about meetings, before any pair or item is."""
Change = dict[str, list[dict[str, str]]]
"""Reps to `add` to an activity's attendees, and to `remove`: `email` and `name` of each."""


class SharedMeetings:
    """One run's view of shared meetings."""

    def __init__(self, seen: Seen, rows: Rows, found: Diff) -> None:
        self.seen, self.rows = seen, rows
        self.known = {(row.account_id, row.event_id): row for row in seen.copies}
        self.gone = {place for place, row in self.known.items() if self._is_gone(row)}
        self.links: dict[Key, list[LinkHead]] = defaultdict(list)
        for link in seen.links:
            if link.meeting:
                self.links[link.company_id, link.meeting].append(link)
        events = list(seen.events.values())
        self.live: dict[Key, list[Observation]] = defaultdict(list)
        for at in found.new_events:
            key = self._key(events[at])
            if key is not None:
                self.live[key].append(events[at])
        self.copies: dict[Place, Key] = {}
        self.taken: set[int] = set()
        """Links that another account's copy takes over."""
        self.created: set[int | None] = set()
        """Links whose activity is created anew, with its attendees."""
        self.won: set[Place] = set()
        self.twins: set[Place] = set()
        """Events whose meeting another event of the same calendar is: they are nobody's copy, and have no copies."""
        self.found: list[tuple[LinkHead, RunAccount, str]] = []
        """Links that the organiser's event takes over, with its account and id."""
        self.waiting: set[Place] = set()
        """Organisers' events that are to take their meeting's activity over, now or once they can."""

    # When the linked event goes.

    def has_copy(self, link: LinkHead, *, owner_id: int | None = None) -> bool:
        """Whether another account's calendar, or that of the user `owner_id`, could take this link's activity over."""
        if self.rows.upload is not None:
            return False
        return any(owner_id is None or account.user_id == owner_id for account, _ in self._heirs(link))

    def take_over(self, link: LinkHead, *, wait: bool) -> bool:
        """Let another account's copy take this link's activity over. `wait`: its own account must look again."""
        if not self._take_over(link, self._heirs(link)):
            return False
        if wait:
            account = self.seen.accounts[link.account_id]
            payload = payload_of(whole(link), *self.seen.of(link))
            self.rows.wait(account, payload, link, reason="another calendar's copy takes over")
        return True

    def follow_owner(self, link: LinkHead, owner_id: int | None) -> bool:
        """Let the new owner's copy of the meeting be the activity's event, if that calendar has one."""
        return self._take_over(link, [each for each in self._heirs(link) if each[0].user_id == owner_id])

    def _take_over(self, link: LinkHead, heirs: list[tuple[RunAccount, str]]) -> bool:
        heir = min(heirs, key=lambda each: each[0].name, default=None)
        if heir is None or self.rows.upload is not None:
            return False
        self._hand_over(link, *heir)
        return True

    def _hand_over(self, link: LinkHead, account: RunAccount, event_id: str) -> None:
        """Nothing else is done to the pair in this run: what its own account would write, the next run merges."""
        self.taken.add(link.id)
        holder = self.seen.accounts.get(link.account_id) or self.seen.rests[link.account_id]
        payload = payload_of(whole(link), *self.seen.of(link))
        payload |= {"copy": event_id, "left": self._left(link), "holder": holder.user_id}
        if self.rows.withdraw(link):
            why = "goes to another account first"
            self.rows.add(
                account, Action.WAIT, payload.copy(), state="deferred", activity_id=link.activity_id, reason=why
            )
        self.rows.add(account, Action.TAKE_OVER, payload, link, reason="the meeting is in this calendar, too")

    def _left(self, link: LinkHead) -> Columns | None:
        """The event that is linked until now, as a copy; None: it is gone, or its account takes no part."""
        account, (_, event) = self.seen.accounts.get(link.account_id), self.seen.of(link)
        if account is None or (event is not None and event.status == "deleted"):
            return None
        ids = {"account_id": account.id, "event_id": link.event_id, "calendar_id": link.calendar_id}
        return ids | {"company_id": link.company_id, "meeting": link.meeting} | account.rep

    def _heirs(self, link: LinkHead) -> list[tuple[RunAccount, str]]:
        """Other accounts that have the link's meeting in their calendars, and the events there."""
        key = (link.company_id, link.meeting)
        places = [(row.account_id, row.item_id) for row in self.live.get(key, ())]
        places += [
            place
            for place, row in self.known.items()
            if (row.company_id, row.meeting) == key and place not in self.gone
        ]
        able = [(account, place[1]) for place in places if (account := self._able(place[0])) is not None]
        return [each for each in able if each[0].id != link.account_id and (each[0].id, each[1]) not in self.gone]

    def _able(self, account_id: int | None) -> RunAccount | None:
        account = self.seen.accounts.get(account_id or 0)
        return account if account is not None and account.policy.may_create(Side.ACTIVITY) else None

    # Events that no link knows.

    def is_shared(self, account: RunAccount, event: Observation) -> bool:
        """Whether another calendar has the event's meeting, too: an event that is linked, or one that is new."""
        key = (account.company_id, meeting_of(event.raw))
        calendars = {link.calendar_id for link in self.links.get(key, ())}
        calendars |= {row.scope for row in self.live.get(key, ())}
        return bool(calendars - {account.calendar_id})

    def settle(self, events: dict[Place, Observation]) -> None:
        """Tell copies from the one event of each meeting that may get an activity. `events`: unlinked ones."""
        groups = self._groups(events)
        intended = {(row.company_id, row.meeting): row for row in self.seen.meeting_intents}
        for key, places in groups.items():
            if self.links.get(key):
                self._join(key, places, events)
            elif key in intended:
                here = (intended[key].account_id, intended[key].event_id)
                others = [place for place in places if place != here]
                self._mark(key, others)
                self.waiting |= {place for place in others if self._is_organisers(place, events)}
            else:
                winner = self._winner(places, events)
                self.won |= {winner} if winner else set()
                self._mark(key, [place for place in places if winner and place != winner])

    def _groups(self, events: dict[Place, Observation]) -> dict[Key, list[Place]]:
        """Unlinked events by meeting, of each calendar at most one: the one that is known for it, else the first."""
        groups: dict[Key, list[Place]] = defaultdict(list)
        known: list[Copy | Intent | LinkHead] = [
            *self.known.values(),
            *self.seen.meeting_intents,
            *(each for them in self.links.values() for each in them),
        ]
        holders = {((row.company_id, row.meeting), row.account_id): row.event_id for row in known}
        for place, row in sorted(events.items(), key=lambda each: each[0]):
            key = self._key(row)
            if key is None:
                continue
            if holders.setdefault((key, place[0]), place[1]) == place[1]:
                groups[key].append(place)
            else:
                self.twins.add(place)
        return groups

    def _join(self, key: Key, places: list[Place], events: dict[Place, Observation]) -> None:
        """Copies of a meeting that has its activity. The organiser's event takes over when it is seen first.

        If it can't, as the other account takes no part in this run or because a write fails, it is read again.
        """
        (link, *_) = sorted(self.links[key], key=lambda link: link.state != "active")
        self._mark(key, places)
        if link.id in self.taken or link.state != "active":
            return
        fresh = [place for place in places if place not in self.known or self.known[place].waits]
        organisers = next((place for place in fresh if self._is_organisers(place, events)), None)
        if organisers is None:
            return
        self.waiting.add(organisers)
        works = link.account_id in self.seen.accounts or link.account_id in self.seen.rests
        if works and self.rows.upload is None:
            self.found.append((link, self.seen.accounts[organisers[0]], organisers[1]))

    def hand_over(self) -> None:
        """Plan what `settle` found out: the organiser's event takes over."""
        with self.rows.by(ORGANISER):
            for link, account, event_id in self.found:
                self._hand_over(link, account, event_id)

    def _is_organisers(self, place: Place, events: dict[Place, Observation]) -> bool:
        account = self._able(place[0])
        return account is not None and self._organises(account, events[place])

    def _winner(self, places: list[Place], events: dict[Place, Observation]) -> Place | None:
        able = [(account, place) for place in places if (account := self._able(place[0])) is not None]
        ordered = sorted(able, key=lambda each: (not self._organises(each[0], events[each[1]]), each[0].name))
        return ordered[0][1] if ordered else None

    def _organises(self, account: RunAccount, event: Observation) -> bool:
        return not is_foreign(event.raw, account.calendar_id or "")

    def _mark(self, key: Key, places: Iterable[Place]) -> None:
        self.copies |= dict.fromkeys(places, key)

    def _key(self, event: Observation) -> Key | None:
        account, meeting = self.seen.accounts.get(event.account_id), meeting_of(event.raw)
        return (account.company_id, meeting) if account is not None and meeting else None

    def _is_gone(self, row: Copy) -> bool:
        seen = self.seen.events.get(event_key(row.calendar_id, row.event_id))
        return seen is not None and seen.status == "deleted"

    # Reps as attendees.

    def add_reps(self) -> None:
        """Give each activity that is about to be created the reps of its meeting's copies as attendees."""
        reps: dict[Key, dict[str, str]] = defaultdict(dict)
        for place, copy in self.known.items():
            if place not in self.gone and copy.state != "gone":
                reps[copy.company_id, copy.meeting][copy.email] = copy.name
        for place, key in self.copies.items():
            rep = self.seen.accounts[place[0]].rep
            reps[key][rep["email"]] = rep["name"]
        for row in self.rows.out:
            if row.action == Action.CREATE_ACTIVITY and (row.account_id, row.event_id) not in self.twins:
                account, meeting = self.seen.accounts[row.account_id], meeting_of(row.payload["event_raw"])
                others = reps.get((account.company_id, meeting), {}).items()
                mine = ("", account.rep["email"])
                row.payload["reps"] = [{"email": mail, "name": name} for mail, name in others if mail not in mine]
                self.created.add(row.link_id)

    def plan_attendees(self) -> None:
        """Rows that bring the attendees of activities up to date with their copies."""
        if self.rows.upload is not None:
            return
        wanted: dict[Key, Change] = defaultdict(lambda: {"add": [], "remove": []})
        for place, key in self.copies.items():
            if place not in self.known:
                wanted[key]["add"].append(dict(self.seen.accounts[place[0]].rep))
        for place, row in self.known.items():
            key = (row.company_id, row.meeting)
            if place in self.gone or row.state == "gone":
                wanted[key]["remove"].append({"email": row.email, "name": row.name})
            elif row.state == "new" and (place in self.copies or not row.waits):
                wanted[key]["add"].append({"email": row.email, "name": row.name})
        # What goes to another calendar is another meeting from there on.
        going = {row.link_id for row in self.rows.out if row.action == Action.CREATE_EVENT}
        for key, change in wanted.items():
            for link in self.links.get(key, ()):
                if link.id not in going:
                    self._attend(link, change)

    def _attend(self, link: LinkHead, change: Change) -> None:
        account = self.seen.accounts.get(link.account_id)
        if account is None or link.id in self.taken | self.created or link.state != "active":
            return
        _, event = self.seen.of(link)
        if account.policy.may_write(Side.ACTIVITY) and (event is None or event.status != "deleted"):
            payload = payload_of(whole(link), *self.seen.of(link))
            payload["add"], payload["remove"] = list(change["add"]), list(change["remove"])
            with self.rows.by(ATTENDEES):
                self.rows.add(account, Action.ATTEND, payload, link, reason="in other calendars, too")

    def _orphans(self) -> set[Place]:
        """Copies of meetings that have no activity, as who was to create it takes part no more: they are read again."""
        intended = {(row.company_id, row.meeting) for row in self.seen.meeting_intents}
        tried = {(account_id, event_id) for account_id, side, event_id in self.seen.aside if side == "events"}
        awaited = {event_id for _, event_id in tried - set(self.known)}
        return {
            place
            for place, row in self.known.items()
            if place[0] in self.seen.accounts
            and place not in self.copies
            and place not in self.gone | self.won
            and place[1] not in awaited
            and (key := (row.company_id, row.meeting)) not in intended
            and not self.links.get(key)
            and not self.live.get(key)
        }

    def remember(self, conn: Connection, now: datetime) -> None:
        """Store the copies of this run; forget those that nobody was told of, or that are copies no more."""
        for account_id, event_id in sorted(self.waiting):
            aside.put(conn, account_id, ("events", event_id), "its meeting's activity is another's", now, failed=False)
        for account_id, event_id in sorted(self._orphans()):
            aside.put(conn, account_id, ("events", event_id), "its meeting has no activity", now, failed=False)
        for place, row in self.known.items():
            if place in self.gone or row.state == "gone":  # kept until its rep is no attendee any more
                told = (row.company_id, row.meeting) in self.links
                (copies.leave if told else copies.drop)(conn, *place)
        for place in self.won & set(self.known):
            copies.drop(conn, *place)
        for place, (company_id, meeting) in self.copies.items():
            if place not in self.known or place in self.gone or self.known[place].waits:
                account = self.seen.accounts[place[0]]
                ids = {"account_id": account.id, "event_id": place[1], "calendar_id": account.calendar_id}
                values = ids | {"company_id": company_id, "meeting": meeting} | account.rep
                copies.put(conn, values, waits=place in self.waiting)
