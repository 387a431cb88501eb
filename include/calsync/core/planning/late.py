"""Decisions after the plan: an item turned out to be another one when it was about to be written.

Then the facts of its pair are what the row was decided by, but for the side that was just read. The same table is asked
once more. The row is carried out only if that decides the same; all else is the next run's.
"""

from __future__ import annotations

import dataclasses

from include.calsync.core.decide import Action
from include.calsync.core.field_sets import completed
from include.calsync.core.fields import event_view, unsupported
from include.calsync.core.model import ActivityView, Origin
from include.calsync.core.planning.deciding import decide
from include.calsync.core.planning.facts import NONE, Facts, Part, Shown, State, frame
from include.calsync.core.planning.pair_facts import EVENT_HAD_GONE, of_policy, pair_policy, scope_of
from include.calsync.core.planning.rule import LIVE
from include.calsync.core.policy import Policy
from include.calsync.core.privacy import unwanted
from include.calsync.core.raw import Json, RawEvent
from include.calsync.core.records import Link, Payload
from include.calsync.core.words import WITHDRAWN

NEW_PAIR = Facts(
    activity=Shown.EDITED,
    event=Shown.EDITED,
    activity_change=Shown.EDITED,
    event_change=Shown.EDITED,
    stirred=True,
)
"""Of two items that become a pair: neither was ever equal to anything."""


def facts_json(facts: Facts) -> Json:
    """As a row's payload has them: those that are not as in `Facts()`."""
    return {name: value for name, value in facts._asdict().items() if value != Facts._field_defaults[name]}


def facts_of(payload: Payload) -> Facts:
    """What a row was decided by, as it is asked again while it is carried out.

    What was held is let go by then. A removal that was begun is asked about as if it was not: an edit beats it still.
    """
    if "facts" not in payload:
        return NEW_PAIR
    facts = Facts(**payload["facts"])._replace(hold=NONE, waiting=False)
    if facts.state == State.HELD:
        return facts._replace(state=State.ACTIVE)
    if facts.state == State.REMOVING and facts.why in EVENT_HAD_GONE and facts.event not in LIVE:
        gone = facts._replace(event=Shown.DELETED, event_change=Shown.DELETED, obstacle=NONE, cause=NONE)
        return gone._replace(state=State.ACTIVE, why=NONE, withdrawn=facts.cause if facts.cause in WITHDRAWN else NONE)
    return facts


def activity_now(view: ActivityView | None, link: Link | None, origin: Origin, policy: Policy) -> Part:
    """The facts about an activity that was just read; None: it was deleted. `policy`: the account's."""
    change = Shown.DELETED if view is None else Shown.EDITED
    leaves: str = NONE
    if view is not None:
        leaves = scope_of(view, origin, policy)
        if link is not None and _is_base(view, link):
            change = Shown.SAME
    outside = {"leaves": leaves, "outside": leaves != NONE}
    return {"activity": change, "activity_change": change, **outside}


def _is_base(view: ActivityView, link: Link) -> bool:
    base = completed(link.base_activity, view, link.field_set)
    return dataclasses.replace(base, context=view.context) == view  # names are not the activity's own


def event_now(raw: RawEvent, link: Link | None, origin: Origin, policy: Policy) -> Part:
    """The facts about an event that was just read, and about what may be written to it. Raises Unreadable."""
    withdrawn = unwanted(raw, policy.private_events) or NONE
    change = Shown.EDITED
    if raw.get("status") == "cancelled" or withdrawn:
        change = Shown.DELETED
    elif link is not None:
        view = event_view(raw)
        change = Shown.SAME if view == completed(link.base_event, view, link.field_set) else Shown.EDITED
    shown = {"event": change, "event_change": change, "withdrawn": withdrawn}
    obstacle = NONE if change is Shown.DELETED else unsupported(raw) or NONE
    return {**shown, "obstacle": obstacle, **of_policy(policy, pair_policy(policy, origin, raw, withdrawn))}


def decides(facts: Facts) -> Action:
    """What the table says of one pair."""
    return Action(decide(frame([facts]))["action"].iloc[0])
