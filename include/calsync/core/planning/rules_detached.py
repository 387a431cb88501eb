"""Rules for detached pairs: whether they meet again, part for good, or stay apart."""

from __future__ import annotations

import dataclasses

from include.calsync.core.decide import Action
from include.calsync.core.planning.facts import NONE, Leaves, NewOwner, Shown, State, Values, Why
from include.calsync.core.planning.rule import (
    ANY_CAUSE,
    AWAITED,
    BACK,
    LIVE,
    NOTHING,
    TAKE_OVER,
    TOUCH,
    TRANSFER,
    Cause,
    Outcome,
    Reason,
    Rule,
    when,
)

_OUTSIDE = {"state": State.DETACHED, "why": Why.SCOPE}

_STANDS: Values = (Shown.UNSEEN, Shown.SAME, Shown.EDITED, Shown.MISSING, Shown.VANISHED)

_APART: Values = (Shown.UNSEEN, Shown.SAME, Shown.MISSING, Shown.VANISHED)

_GIVEN_AWAY = when(
    **_OUTSIDE, activity=LIVE, leaves=Leaves.OTHER_OWNER, event=_APART, goes_along=True, may_write_event=True
)

DETACHED = (
    Rule(
        "outside, and given to a colleague: the event goes to that calendar first, and leaves this one then",
        _GIVEN_AWAY | when(new_owner=NewOwner.WORKS),
        dataclasses.replace(TRANSFER, touch=True),
    ),
    Rule(
        "outside, and given to a colleague whose account is not at work: the event stays until it is",
        _GIVEN_AWAY | when(new_owner=NewOwner.ABSENT),
        dataclasses.replace(AWAITED, touch=True),
    ),
    Rule(
        "the activity is outside, and its event may leave with it now",
        when(
            **_OUTSIDE,
            activity=LIVE,
            leaves=ANY_CAUSE,
            event=_APART,
            goes_along=True,
            may_write_event=True,
        ),
        Outcome(Action.REMOVE_EVENT, Cause.LEAVES, Reason.CAUSE, by_setting=True, touch=True),
    ),
    Rule(
        "the activity is outside, and its event may not be removed",
        when(
            **_OUTSIDE,
            activity=LIVE,
            leaves=ANY_CAUSE,
            event=_APART,
            goes_along=True,
        ),
        Outcome(Action.DETACH, Cause.LEAVES, Reason.CAUSE, touch=True),
    ),
    Rule(
        "back in scope: both meet again",
        when(**_OUTSIDE, activity=LIVE, leaves=NONE, event=_STANDS),
        Outcome(Action.MERGE, reason=Reason.BACK),
    ),
    Rule("the activity stays outside", when(**_OUTSIDE, event=_STANDS), TOUCH),
    Rule(
        "back in scope without its event: a colleague's copy of the meeting takes the activity over",
        when(**_OUTSIDE, activity=LIVE, leaves=NONE, copy=True),
        TAKE_OVER,
    ),
    Rule(
        "outside, and its event was deleted: a colleague's copy of the meeting takes the activity over",
        when(**_OUTSIDE, copy=True),
        Outcome(Action.TAKE_OVER, wait=True, touch=True),
    ),
    Rule(
        "back in scope without its event: it gets a new one",
        when(**_OUTSIDE, activity=LIVE, leaves=NONE, may_create_event=True, withdrawn=NONE),
        Outcome(Action.CREATE_EVENT, reason=Reason.BACK_WITHOUT_EVENT),
    ),
    Rule(
        "back in scope without its event, and none may be made: the pair ends",
        when(**_OUTSIDE, activity=LIVE, leaves=NONE),
        Outcome(Action.UNLINK, Cause.KNOWN, Reason.OUTSIDE_WITHOUT_EVENT),
    ),
    Rule(
        "outside for another cause, and its event was deleted: the pair ends",
        when(**_OUTSIDE, activity=LIVE),
        Outcome(Action.UNLINK, Cause.LEAVES, Reason.OUTSIDE_WITHOUT_EVENT, touch=True),
    ),
    Rule(
        "outside, and its event was deleted: the pair ends",
        when(**_OUTSIDE),
        Outcome(Action.UNLINK, Cause.KNOWN, Reason.OUTSIDE_WITHOUT_EVENT, touch=True),
    ),
    Rule(
        "the event is no longer declined or hidden: both meet again",
        when(state=State.DETACHED, why=Why.WITHDRAWN, event=LIVE, outside=False),
        BACK,
    ),
    Rule("what was detached stays apart", when(state=State.DETACHED), NOTHING),
)
