"""At the end of a life: what a run did is taken back and done again, and an account is left and comes back (law 12).

Nobody edits anything meanwhile: so an undo gives back the state before the run, guests, colors and reminders included.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Row

from include.calsync.core.words import Absence
from include.calsync.flows import holds
from include.calsync.flows.closing.close import Summary
from tests.laws.company import Company
from tests.laws.shown import of_activity, of_event

WHOLE = {
    "colorId": "5",
    "attendees": [{"email": "guest@elsewhere.example"}],
    "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]},
}
"""What people put on an event that has no place in an activity."""
WIDE = {"max_delete_count": 1000, "max_change_count": 1000, "max_create_count": 1000}
DELETES = {"on_event_deleted": "delete", "on_activity_deleted": "delete"}
Pair = tuple[dict[str, Any], str, dict[str, Any]]
"""Activity, calendar, event."""


class Undoing:
    """One company whose sides are equal. Each step returns what is wrong, or None."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def a_run_is_taken_back(self) -> str | None:
        """Undone, a run that wrote to both sides leaves what was before it; undone once more, what was after it."""
        company = self.company
        for name in company.calendars:
            company.account(name=name, **WIDE, **DELETES)
        self._quiet_down()
        pairs = self._plain_pairs()[:5]
        for _, calendar, event in pairs[2:]:
            company.google.edit_event(calendar, event["id"], **WHOLE)
        self._quiet_down()
        if pairs[3:] and (otherwise := self._deletion_is_taken_back(self._now(pairs.pop()))):
            return otherwise
        return self._undone(pairs[:3], "Undone") or self._redone(pairs[:2], "Redone")

    def _undone(self, pairs: list[Pair], word: str) -> str | None:
        before = self._edited(pairs, word)
        run = self._sync()
        if wrote := self._dry(lambda: self.company.undo(_id(run), dry_run=True)):
            return wrote
        self._sync(self.company.undo(_id(run)))
        self._sync()  # where both sides were gone, an undo makes the activity, and the next run its event
        if otherwise := _unlike("the state before the run", before, self._shown()):
            return otherwise
        with self.company.requests() as seen:
            self._sync()
        return f"law 4: a run after an undo writes: {seen}" if self.company.writes() else None

    def _redone(self, pairs: list[Pair], word: str) -> str | None:
        """Without deletions: a pair that an undo brought back whole is two runs' work, and is named as left alone."""
        self._edited(pairs, word)
        run = self._sync()
        after = self._shown()
        undo = self._sync(self.company.undo(_id(run)))
        self._sync(self.company.undo(_id(undo)))
        self._sync()
        return _unlike("the state before the undo", after, self._shown())

    def _deletion_is_taken_back(self, pair: Pair) -> str | None:
        """A deleted activity is missed by one of the next runs: the probe asks for some in each."""
        company, before = self.company, self._shown()
        company.person_deletes_activity(pair[0])
        for _ in range(4):
            run = self._sync()
            if any(row.run_id == _id(run) and row.action == "delete_event" for row in company.changes()):
                self._sync(company.undo(_id(run)))
                self._sync()
                return _unlike("the state before the deletion", before, self._shown())
        return "law 5: the event of a deleted activity stays"

    def an_account_is_left_and_comes_back(self) -> str | None:
        """Undone, a retirement leaves what was before it, whether it removed the events or kept them."""
        company = self.company
        company.account(name="anna", enabled=False)
        self._quiet_down()
        before, links = self._shown(), self._linked()
        for events in ("keep", "remove"):
            if wrote := self._dry(lambda how=events: company.retire(events=how, dry_run=True)):
                return wrote
            left = self._sync(company.retire(events=events))
            if events == "keep" and (otherwise := _unlike("what was kept", before, self._shown())):
                return otherwise
            if self._linked() & links:
                return f"pairs of an account that was left: {self._linked() & links}"
            self._sync(company.undo(_id(left)))
            if otherwise := _unlike(f"the state before all was let go ({events})", before, self._shown()):
                return otherwise
        return None

    # Steps.

    def _edited(self, pairs: list[Pair], word: str) -> Counter[str]:
        """People edit an activity and an event, delete an event, and add one of both.

        Returns: what an undo of the run that comes then leaves: all that is there, and the pair that was whole.
        """
        company, whole = self.company, Counter[str]()
        for number, (activity, calendar, event) in enumerate(map(self._now, pairs)):
            if number == 0:
                company.person_edits_activity(activity, "place", location=word)
            elif number == 1:
                company.google.edit_event(calendar, event["id"], location=word)
            else:
                whole[_event(calendar, event)] += 1
                company.person_deletes_event(calendar, event)
        company.person_adds_activity(subject=f"{word} here")
        company.person_adds_event(company.calendar, f"{word} there")
        return self._shown() + whole

    def _quiet_down(self) -> None:
        """Nothing is on its way any more, and nothing waits: what was deleted while it was hidden a person gives up."""
        for _ in range(3):
            self.company.pass_time(90)
            self.company.sync()
            for hold in holds.waiting(self.company.services()):
                if hold.rule == Absence.HIDDEN:
                    holds.decide(self.company.services(), hold.id, approve=True, by="olga")
        self._sync()

    def _sync(self, summary: Summary | None = None) -> Summary:
        summary = summary or self.company.sync()
        assert summary.failure is None, summary.failure
        self.company.pass_time(90)
        return summary

    def _dry(self, run: Any) -> str | None:
        with self.company.requests() as seen:
            self._sync(run())
        return f"a dry run writes: {seen}" if self.company.writes() else None

    # What there is.

    def _shown(self) -> Counter[str]:
        """What all live items show; ids are others after an item was made anew."""
        live = self.company.live().items()
        return Counter(_activity(item) if node[0] == "activity" else _event(node[1], item) for node, item in live)

    def _linked(self) -> set[tuple[int, str]]:
        return {(row.activity_id, row.event_id) for row in self.company.links() if row.account_id == self._anna()}

    def _anna(self) -> int:
        calendar = self.company.calendars["anna"]
        return next((int(row.account_id) for row in self.company.links() if row.calendar_id == calendar), 0)

    def _plain_pairs(self) -> list[Pair]:
        """Pairs that are nobody else's business: no guests, no series, nothing private."""
        live, company = self.company.live(), self.company
        found = []
        for row in company.links():
            activity, event = live.get(("activity", row.activity_id)), live.get(_node(row))
            if row.state != "active" or activity is None or event is None or not company.works(row.calendar_id):
                continue
            plain = not {"attendees", "recurringEventId", "visibility"} & event.keys() and not activity["private"]
            if plain and not company.is_copy(row.calendar_id, event) and _node(row) not in company.foreign:
                found.append((activity, str(row.calendar_id), event))
        return found

    def _now(self, pair: Pair) -> Pair:
        live = self.company.live()
        return live["activity", pair[0]["id"]], pair[1], live["event", pair[1], pair[2]["id"]]


def _node(row: Row[Any]) -> tuple[str, str, str]:
    return ("event", row.calendar_id, row.event_id)


def _id(summary: Summary) -> str:
    return str(summary.result["sync_run_id"])


def _activity(row: dict[str, Any]) -> str:
    names = ("type", "owner_id", "deal_id", "org_id", "person_id", "done", "note", "priority")
    return f"activity: {of_activity(row) | {name: row.get(name) for name in names}}"


def _event(calendar: str, event: dict[str, Any]) -> str:
    names = ("colorId", "reminders", "visibility")
    guests = sorted(each["email"] for each in event.get("attendees", ()))
    return f"event in {calendar}: {of_event(event) | {name: event.get(name) for name in names} | {'guests': guests}}"


def _unlike(what: str, expected: Counter[str], found: Counter[str]) -> str | None:
    if expected == found:
        return None
    return f"law 12: not {what}: missing {list(expected - found)}; too many {list(found - expected)}"
