"""What a run would decide about items that no link knows, asked for a few of them alone. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.decide import Action
from include.calsync.core.observations import Observation
from include.calsync.core.planning.new_rules import NEW_RULES
from include.calsync.flows.planning.linked import LinkedPairs
from include.calsync.flows.planning.new_items import decided
from include.calsync.flows.planning.pairing import Pairing
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.run import Run
from include.calsync.store import changes
from include.calsync.store.transaction import Connection


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a new item: `rule`, a name of the table's; `cause`: why it is left out, if it is."""

    account_id: int
    rule: str
    action: Action
    cause: str
    error: str | None = None
    """The facts can't be had."""


def verdicts(
    conn: Connection, run: Run, shown: Sequence[Observation], *, now: datetime, resend_after: timedelta
) -> list[Verdict]:
    """What the accounts of a run that saw only these items would do with those that are new.

    Whether an item looks like one of the other side can't be told: these were not read.
    """
    seen, rows = Seen(conn, run, shown), Rows(None)
    found = seen.diff()
    shared = SharedMeetings(seen, rows, found)
    linked = LinkedPairs(seen, rows, now, shared)
    removed = changes.removed(conn, seen.unlinked_activities(found))
    pairing = Pairing(seen, rows, found, linked, resend_after, removed)
    first = pairing.first()
    shared.settle(pairing.events)
    out = []
    for case, number, cause in decided([*first, *pairing.rest()]):
        rule, error = NEW_RULES[number], str(case.error) if case.error is not None else None
        out.append(Verdict(case.account.id, rule.name, rule.outcome.action, cause, error))
    failed = [Verdict(key, "", Action.NOTHING, "", str(error)) for key, error in pairing.failed.items()]
    return out + failed
