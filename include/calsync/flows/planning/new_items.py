"""Planning of items that no link knows: paired up, the facts of all of them, the rules asked once, and each outcome
made a row, or counted as left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from include.calsync.core.decide import Action
from include.calsync.core.diff import Diff
from include.calsync.core.planning.deciding import decide_new
from include.calsync.core.planning.new_facts import Unread, new_frame
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.core.planning.rule import Outcome
from include.calsync.core.policy import Side
from include.calsync.core.records import Former
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.new_cases import NewCase
from include.calsync.flows.planning.pairing import Pairing
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen

Answer = tuple[NewCase, int, str]
"""A case, the number of its rule, and the cause."""


@dataclass(frozen=True)
class Formers:
    """What ended pairs of items that no link knows held: by company and activity, and by calendar and event."""

    of_activity: Mapping[tuple[str, int], Former]
    of_event: Mapping[tuple[str, str], Former]


class NewItems:
    """Plans the items that the mapping does not know."""

    def __init__(
        self,
        seen: Seen,
        rows: Rows,
        found: Diff,
        linked: LinkedPairs,
        resend_after: timedelta,
        removed: Collection[tuple[str, int]] = (),
        formers: Formers | None = None,
    ) -> None:
        """`removed`: activities (company and id) whose event we once removed; they come back however old they are."""
        self.rows, self.shared, self.formers = rows, linked.shared, formers or Formers({}, {})
        self.pairing = Pairing(seen, rows, found, linked, resend_after, removed)

    @property
    def failed(self) -> dict[int, Exception]:
        """Accounts that can't be planned."""
        return self.pairing.failed

    def plan(self) -> None:
        """Add the rows of all new items, and of the meetings that they are events of."""
        first = self.pairing.first()
        self.shared.settle(self.pairing.events)
        answers = decided([*first, *self.pairing.rest()])
        self._carry_out_all(answers[: len(first)])
        self.shared.hand_over()
        self._carry_out_all(answers[len(first) :])
        self.shared.add_reps()
        self.shared.plan_attendees()

    def _carry_out_all(self, answers: Iterable[Answer]) -> None:
        for case, number, cause in answers:
            with (
                self.rows.by(NEW_RULES[number].name),
                self.rows.alone(case.account, case.side, case.item.item_id),
            ):
                if case.error is not None:
                    raise case.error
                self._carry_out(case, NEW_RULES[number].outcome, cause)

    def _carry_out(self, case: NewCase, outcome: Outcome, cause: str) -> None:
        if outcome.skip:
            self.rows.skip(case.account, case.side, cause)
        if outcome.tell:
            case.account.notices.append(_notice(case))
        if outcome.action is Action.QUARANTINE:
            self.rows.set_aside(case.account, case.side, case.item.item_id, str(case.item.error))
        elif outcome.action is not Action.NOTHING:
            self._add(case, outcome, cause)

    def _add(self, case: NewCase, outcome: Outcome, cause: str) -> None:
        """The row of an outcome."""
        account, former, reason = case.account, self._former(case), outcome.reason.format(known=cause)
        payload = payload_of(former, case.activity, case.event, origin=case.origin)
        if outcome.action is Action.ADOPT:
            payload["as_sent"] = case.as_sent
            self.rows.merge(account, payload, reason=reason, **case.ids)
        elif outcome.action is Action.WAIT:
            self.rows.wait(account, payload, reason=reason, event_id=case.ids["event_id"])
        elif outcome.action is Action.REMOVE_EVENT:
            payload["cause"] = cause
            self.rows.add(account, outcome.action, payload, reason=reason, side=Side.ACTIVITY, **case.ids)
        else:
            self.rows.create(account, outcome.action, payload, former, reason=reason, **case.ids)

    def _former(self, case: NewCase) -> Former | None:
        """What the item's last pair held: what is made anew is made whole."""
        activity, event = case.activity, case.event
        if case.former is not None or (activity is not None and event is not None):
            return case.former
        if activity is not None:
            return self.formers.of_activity.get((activity.scope, int(activity.item_id)))
        return self.formers.of_event.get((event.scope, event.item_id)) if event is not None else None


def decided(cases: list[NewCase]) -> list[Answer]:
    """What the rules say of these cases."""
    ruled = decide_new(new_frame(case.facts for case in cases))
    answers = ruled[["number", "cause"]].itertuples(index=False, name=None)
    return [(case, number, cause) for case, (number, cause) in zip(cases, answers, strict=True)]


def _notice(case: NewCase) -> str:
    """What the run's summary says of an item that it names."""
    kind, other = ("event", "activities") if case.side is Side.EVENT else ("activity", "events")
    where = f"account {case.account.name}: {kind} {case.item.item_id}"
    if case.facts.unread == Unread.NONSENSE:
        return f"{where} can't be read: {case.item.error}"
    return f"{where} may be one of several {other}"
