"""Facts that the plan and late decisions find out alike."""

from __future__ import annotations

from include.calsync.core.decide import out_of_scope
from include.calsync.core.model import ActivityView, Origin
from include.calsync.core.planning.facts import NONE, Part, Values, Why
from include.calsync.core.policy import Mode, Policy, Side
from include.calsync.core.raw import RawEvent

EVENT_HAD_GONE: Values = (Why.WITHDRAWN, Why.EVENT_DELETED)


def scope_of(view: ActivityView, origin: Origin, policy: Policy) -> str:
    """Why the account does not show the activity of a pair; none: it does. `policy`: the account's."""
    cause = out_of_scope(view, policy)
    if cause == "other_type" and origin is Origin.GOOGLE and view.type == policy.event_type:
        return NONE  # the type that events are given, although it is not among those shown
    return cause or NONE


def pair_policy(policy: Policy, origin: Origin, event: RawEvent | None, withdrawn: str) -> Policy:
    """The account's rules for a pair. A withdrawn event is never brought back by an edit of its activity."""
    policy = policy.of_pair(event, origin)
    return policy.withdrawn() if withdrawn else policy


def of_policy(account: Policy, pair: Policy) -> Part:
    """What the account's rules, and those for the pair, allow."""
    return {
        "may_write_event": pair.may_write(Side.EVENT),
        "may_create_event": account.may_create(Side.EVENT),
        "may_mark": pair.may_mark,
        "mode": pair.mode,
        "follows": pair.mode is Mode.TO_PIPEDRIVE or pair.terms.follows,
        "on_event_deleted": pair.on_event_deleted,
        "on_activity_deleted": pair.on_activity_deleted,
    }
