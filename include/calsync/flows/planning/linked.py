"""Planning of linked pairs: the facts of all of them, the rules asked once, and each outcome made a row."""

from __future__ import annotations

from datetime import datetime

from include.calsync.core.decide import DESTRUCTIVE, Action
from include.calsync.core.diff import Diff
from include.calsync.core.model import ActivityView, Change
from include.calsync.core.observations import is_live, is_lost
from include.calsync.core.planning.deciding import decide
from include.calsync.core.planning.facts import Hold, Holder, Shown, State, frame
from include.calsync.core.planning.late import facts_json
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.planning.rule import Outcome, Reason
from include.calsync.core.planning.rules import RULES
from include.calsync.core.policy import Side
from include.calsync.core.records import Columns, Payload
from include.calsync.core.run_records import NewRow
from include.calsync.core.words import MISSING, Absence
from include.calsync.flows import aside
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning import refresh, transfers
from include.calsync.flows.planning.cases import Case, Cases
from include.calsync.flows.planning.guarded import SUSPECTED, does_as_held
from include.calsync.flows.planning.leaving import CALENDARS, remove_event, setting_of
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import holds, mapping
from include.calsync.store.transaction import Connection

ENDING = frozenset({*DESTRUCTIVE, Action.REMOVE_EVENT, Action.DETACH, Action.UNLINK})
"""Actions after which a link is not active: their rows say why."""


ASKED_AGAIN = frozenset({Action.MERGE, Action.REMOVE_EVENT, *DESTRUCTIVE})
"""Actions that ask the table once more if an item turns out to be another one."""


class LinkedPairs:
    """Plans the pairs that the mapping knows."""

    def __init__(self, seen: Seen, rows: Rows, now: datetime, shared: SharedMeetings) -> None:
        self.seen, self.rows, self.now, self.shared = seen, rows, now, shared
        self.cases = Cases(seen, rows, now, shared)
        self.released: list[Case] = []
        self.touched: list[tuple[int, Columns]] = []

    def plan(self, found: Diff) -> None:
        """Add the rows of all pairs that changed or were left unfinished."""
        cases = list(self.cases.all(found))
        ruled = decide(frame(case.facts for case in cases))
        answers = ruled[["number", "cause", "released", "hold"]].itertuples(index=False, name=None)
        for case, (number, cause, released, hold) in zip(cases, answers, strict=True):
            first = len(self.rows.out)
            with self.rows.by(RULES[number].name):
                self._one(case, RULES[number].outcome, cause, released=released)
            if case.error is None and (hold in (Hold.APPROVED, Hold.REJECTED) or case.link.state == State.REMOVING):
                self._as_decided(case, self.rows.out[first:])
            self._as_agreed(case, self.rows.out[first:])

    def _as_decided(self, case: Case, rows: list[NewRow]) -> None:
        """A person decided about these rows of a pair: they are not guarded again, if they do what was approved."""
        held = self.seen.held.get(case.link.id)
        if held is None or held.state == "open":
            return
        for row in rows:
            if held.state == "rejected" or does_as_held(row, held):
                row.payload["decided"] = {"hold": held.hold_id, "by": held.decided_by}
            else:
                row.payload["changed_since"] = held.hold_id
                if "edited" in held.payload:
                    row.payload["edited"] = held.payload["edited"]
        if held.state == "approved" and not rows:
            self.released.append(case)

    def _as_agreed(self, case: Case, rows: list[NewRow]) -> None:
        """Who saved reviewed settings agreed to these deletions: they are not guarded, if they are the same."""
        held = self.seen.agreed.get(case.link.id)
        if held is None or held.format != ROW_FORMAT:
            return
        for row in rows:
            if row.action == held.action and row.state == "planned" and "decided" not in row.payload:
                if does_as_held(row, held):
                    row.payload["decided"] = {"hold": held.hold_id, "by": held.decided_by}
                else:
                    row.payload["changed_since"] = held.hold_id

    def _one(self, case: Case, outcome: Outcome, cause: str, *, released: bool) -> None:
        if case.facts.holder == Holder.RESTS and case.error is None:
            self._carry_out(case, outcome, cause, released=released)
        elif case.account is not None:
            with self.rows.alone(case.account, Side.EVENT, case.link.event_id, case.link):
                if case.error is not None:
                    raise case.error
                self._carry_out(case, outcome, cause, released=released)

    def remember(self, conn: Connection) -> None:
        """Store newer etags, objects and prints of unchanged pairs, and that some holds no longer apply."""
        mapping.touch(conn, self.touched)
        for case in self.released:
            holds.release(conn, case.link.id)
            self._read_again(conn, case)

    def _read_again(self, conn: Connection, case: Case) -> None:
        """What was edited while the pair was held was seen then, and is seen no more: who is not seen now is read."""
        link = case.link
        items = ((case.activity, ("activities", str(link.activity_id))), (case.event, ("events", link.event_id)))
        for seen, item in items if link.account_id in self.seen.accounts else ():
            if seen is None:
                aside.put(conn, link.account_id, item, "edited while it was held?", self.now, failed=False)

    def rests(self, account: RunAccount, *items: tuple[str, int | str]) -> bool:
        """Whether one of these is in quarantine, none was edited since, and its time has not come."""
        return self.cases.rests(account, *items)

    def _carry_out(self, case: Case, outcome: Outcome, cause: str, *, released: bool) -> None:
        if released:
            self.released.append(case)
        if outcome.touch:
            self._touch(case)
        if outcome.action is Action.TAKE_OVER:
            self._take_over(case, outcome)
        elif case.account is not None:
            if outcome.skip:
                self.rows.skip(case.account, Side.EVENT, cause)
            if outcome.action is not Action.NOTHING:
                self._add(case, case.account, outcome, cause)

    def _take_over(self, case: Case, outcome: Outcome) -> None:
        if outcome.to_owner:
            self.shared.follow_owner(case.link, case.payload["activity"]["owner_id"])
        else:
            self.shared.take_over(case.link, wait=outcome.wait)

    def _add(self, case: Case, account: RunAccount, outcome: Outcome, cause: str) -> None:
        """The row of an outcome."""
        link, payload, reason = case.link, self._payload(case, outcome), _reason(case, outcome.reason, cause)
        if outcome.action in ENDING:
            payload["cause"] = cause
        if outcome.action in ASKED_AGAIN:
            payload["facts"] = facts_json(case.facts)
        if outcome.put_back:
            payload["rejects"] = str(case.facts.rejects)
        if outcome.action is Action.MERGE:
            self.rows.merge(account, payload, case.whole, reason=reason)
        elif outcome.action is Action.WAIT:
            self.rows.wait(account, payload, link, reason=reason, pause=outcome.pause)
        elif outcome.transfer:
            taker = transfers.taker_of(self.seen, link, ActivityView.from_json(payload["activity"]))
            assert taker is not None
            transfers.plan(self.rows, taker, account, case.whole, payload)
        elif outcome.by_setting:
            remove_event(self.rows, account, link, payload, self._setting(case, account, cause))
        elif outcome.action in (Action.CREATE_EVENT, Action.CREATE_ACTIVITY):
            self.rows.create(account, outcome.action, payload, case.whole, reason=reason)
        else:
            state = SUSPECTED if outcome.suspected else "planned"
            self.rows.add(account, outcome.action, payload, link, reason=reason, state=state)

    def _payload(self, case: Case, outcome: Outcome) -> Payload:
        changes = case.changes
        payload = case.payload
        if outcome.suspected:
            changes = (Change.UNCHANGED, Change.UNCHANGED)
            payload = self._without_the_missing(case, outcome)
        elif outcome.reason is Reason.UNFINISHED:
            changes = (Change.UNCHANGED, Change.DELETED)
        elif outcome.reason is not Reason.CHANGES:
            return payload
        if outcome.action is not Action.REMOVE_EVENT:
            payload["changes"] = {"activity": str(changes[0]), "event": str(changes[1])}
        return payload

    def _without_the_missing(self, case: Case, outcome: Outcome) -> Payload:
        """What is not proven to be gone is shown as it was last known."""
        activity, event = case.activity, case.event
        if outcome.reason is Reason.ACTIVITY_MISSING:
            why = (activity and activity.error) or MISSING
            return payload_of(case.whole, None, None if is_lost(event) else event) | {"unproven": why}
        return payload_of(case.whole, activity, None) | {"unproven": (event and event.error) or Absence.LOST}

    def _setting(self, case: Case, account: RunAccount, cause: str) -> str | None:
        """The setting whose change makes the event leave; None: an edit does."""
        if case.facts.holder == Holder.WORKS:
            return setting_of(case.whole, account.policy, cause)
        user_id = self.seen.rests[case.link.account_id].user_id
        return CALENDARS if case.payload["activity"]["owner_id"] == user_id else None

    def _touch(self, case: Case) -> None:
        link, activity, event = case.link, case.activity, case.event
        values: Columns = {}
        if event is not None and is_live(event) and event.raw.get("etag") != link.etag:
            values |= {"etag": event.raw.get("etag"), "event_raw": event.raw}
        if activity is not None and is_live(activity) and activity.raw != case.whole.activity_raw:
            values |= {"activity_raw": activity.raw}
        if link.state == State.ACTIVE:
            values |= _new_prints(case)
        if values:
            self.touched.append((link.id, values))


def _new_prints(case: Case) -> Columns:
    """Those of the sides that show what their bases do."""
    values: Columns = {}
    for name, row, shown in (("activity", case.activity, case.facts.activity), ("event", case.event, case.facts.event)):
        known = f"{name}_print"
        if row is not None and shown is Shown.SAME and row.print not in (None, getattr(case.link, known)):
            values[known] = row.print
    return values


def _reason(case: Case, reason: Reason, cause: str) -> str:
    """The sentence of a row."""
    unreadable = [side for side in (case.activity, case.event) if side is not None and side.status == "unreadable"]
    error = unreadable[0].error if unreadable else None
    changes = ""
    if reason is Reason.CHANGES:
        view = ActivityView.from_json(case.payload["activity"])
        withdrawn = case.facts.withdrawn and f"activity {case.changes[0]}, event {case.facts.withdrawn}"
        changes = withdrawn or refresh.reason_of(case.whole, view, case.changes)
    return reason.format(known=case.facts.cause, cause=cause, error=error, changes=changes)
