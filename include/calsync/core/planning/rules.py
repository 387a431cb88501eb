"""What becomes of a pair: one ordered table, first match wins. Each row of a plan stores the name of its rule.

A rule asks the columns of `facts`. Where it asks nothing of a column any value will do, so the order matters: a rule
is read as "of what is left". The table as text is a golden file of the tests; a change of policy shows there.
"""

from __future__ import annotations

from include.calsync.core.decide import Action
from include.calsync.core.model import Origin
from include.calsync.core.planning.facts import NONE, Hold, Leaves, NewOwner, Obstacle, Shown, State, Values
from include.calsync.core.planning.rule import (
    ANY_CAUSE,
    AWAITED,
    LIVE,
    LOOK_AGAIN,
    MERGE,
    NOTHING,
    PUT_BACK,
    TAKE_OVER,
    TRANSFER,
    Cause,
    Outcome,
    Reason,
    Rule,
    by_activity_deleted,
    by_event_deleted,
    when,
)
from include.calsync.core.planning.rules_apart import CALM, NOT_NOW, OCCURRENCES, REMOVING, RESTING, UPLOAD
from include.calsync.core.planning.rules_detached import DETACHED
from include.calsync.core.policy import Mode, Side
from include.calsync.core.words import Absence

WRITES_ACTIVITIES: Values = tuple(mode for mode in Mode if mode is not Mode.TO_GOOGLE)

HELD_OR_REBASED = (
    Rule(
        "another version of calsync held it: both items are read again, and decided about then",
        when(hold=Hold.OLDER),
        Outcome(Action.WAIT, reason=Reason.OLDER),
    ),
    Rule("what is held waits for a person", when(hold=Hold.STANDS), NOTHING),
    Rule(
        "a person rejected the deletion: the event is made anew",
        when(
            hold=Hold.REJECTED, activity_change=LIVE, event_change=Shown.DELETED, withdrawn=NONE, may_create_event=True
        ),
        Outcome(Action.CREATE_EVENT, reason=Reason.REJECTED),
    ),
    Rule(
        "a person rejected the deletion: the activity is made anew",
        when(hold=Hold.REJECTED, activity_change=Shown.DELETED, event_change=LIVE, mode=WRITES_ACTIVITIES),
        Outcome(Action.CREATE_ACTIVITY, reason=Reason.REJECTED),
    ),
    Rule(
        "a person rejected the edits of the event: they are put back",
        when(
            hold=Hold.REJECTED,
            activity_change=LIVE,
            event_change=Shown.EDITED,
            may_write_event=True,
            rejects=Side.EVENT,
        ),
        PUT_BACK,
    ),
    Rule(
        "a person rejected the edits of the activity: they are put back",
        when(
            hold=Hold.REJECTED,
            activity_change=Shown.EDITED,
            event_change=LIVE,
            mode=WRITES_ACTIVITIES,
            rejects=Side.ACTIVITY,
        ),
        PUT_BACK,
    ),
    Rule("a person rejected what can't be restored: the pair stays as it is", when(hold=Hold.REJECTED), NOTHING),
    Rule(
        "a new mode starts from what both sides show now",
        when(
            state=State.ACTIVE,
            mode_changed=True,
            activity=(Shown.UNSEEN, *LIVE, Shown.MISSING),
            event=(Shown.UNSEEN, *LIVE, Shown.MISSING),
        ),
        Outcome(Action.REBASE, reason=Reason.MODE),
    ),
)

LEAVING = (
    Rule(
        "the new owner has a copy of the meeting: it is the activity's event now",
        when(leaves=Leaves.OTHER_OWNER, owners_copy=True),
        Outcome(Action.TAKE_OVER, to_owner=True),
    ),
    Rule(
        "the activity leaves, and its event was deleted: a colleague's copy of the meeting takes it over",
        when(leaves=ANY_CAUSE, event_change=Shown.DELETED, copy=True),
        TAKE_OVER,
    ),
    Rule(
        "the activity leaves, and its event was deleted: the pair ends",
        when(leaves=ANY_CAUSE, event_change=Shown.DELETED),
        Outcome(Action.UNLINK, Cause.LEAVES, Reason.CAUSE),
    ),
    Rule(
        "given to a colleague: the event goes to that calendar first, and leaves this one then",
        when(leaves=Leaves.OTHER_OWNER, may_write_event=True, goes_along=True, new_owner=NewOwner.WORKS),
        TRANSFER,
    ),
    Rule(
        "given to a colleague whose account is not at work: the event stays until it is",
        when(leaves=Leaves.OTHER_OWNER, may_write_event=True, goes_along=True, new_owner=NewOwner.ABSENT),
        AWAITED,
    ),
    Rule(
        "the activity leaves the calendar, and its event with it",
        when(leaves=ANY_CAUSE, may_write_event=True, goes_along=True),
        Outcome(Action.REMOVE_EVENT, Cause.LEAVES, Reason.CAUSE, by_setting=True),
    ),
    Rule(
        "the activity leaves the calendar, and its event stays with its author",
        when(leaves=ANY_CAUSE),
        Outcome(Action.DETACH, Cause.LEAVES, Reason.CAUSE),
    ),
)

_OBSTACLE: Values = tuple(Obstacle)
OBSTRUCTED = (
    Rule(
        "the event became what is not synced, and its activity was deleted",
        when(obstacle=_OBSTACLE, activity_change=Shown.DELETED),
        Outcome(Action.DETACH, Cause.OBSTACLE, Reason.CAUSE),
    ),
    Rule(
        "the event became what is not synced, and the activity was edited: look again",
        when(obstacle=_OBSTACLE, activity_change=Shown.EDITED),
        Outcome(Action.WAIT, Cause.OBSTACLE, Reason.CAUSE, skip=True, pause=LOOK_AGAIN),
    ),
    Rule(
        "the event became what is not synced, and was edited: look again",
        when(obstacle=_OBSTACLE, event_change=Shown.EDITED),
        Outcome(Action.WAIT, Cause.OBSTACLE, Reason.CAUSE, skip=True, pause=LOOK_AGAIN),
    ),
    Rule(
        "the event became what is not synced: its pair rests",
        when(obstacle=_OBSTACLE),
        Outcome(cause=Cause.OBSTACLE, skip=True),
    ),
)

EVENT_GONE = (
    Rule(
        "the event is gone, and a colleague's copy of the meeting takes the activity over",
        when(event_change=Shown.DELETED, activity_change=LIVE, state=State.ACTIVE, copy=True),
        TAKE_OVER,
    ),
    Rule(
        "the event became private, and Pipedrive knew what it is about: the activity stays",
        when(event_change=Shown.DELETED, activity_change=LIVE, withdrawn=Absence.PRIVATE, origin=Origin.PIPEDRIVE),
        Outcome(Action.DETACH, Cause.GONE, Reason.CHANGES),
    ),
)

BY_CHANGES = (
    Rule(
        "the event is gone: the activity stays (one way to Google)",
        when(event_change=Shown.DELETED, activity_change=LIVE, mode=Mode.TO_GOOGLE),
        Outcome(Action.DETACH, Cause.GONE, Reason.CHANGES),
    ),
    *by_event_deleted(
        (
            "the event is gone, and the activity follows it whatever was typed: it is deleted, too",
            "the event is gone, and the activity follows it whatever was typed: it is done",
            "the event is gone, and the activity would follow it: it stays (on_event_deleted)",
        ),
        Cause.GONE,
        Reason.CHANGES,
        event_change=Shown.DELETED,
        activity_change=Shown.EDITED,
        follows=True,
    ),
    *by_event_deleted(
        (
            "the event is gone: the activity is deleted, too",
            "the event is gone: the activity is done",
            "the event is gone: the activity stays (on_event_deleted)",
        ),
        Cause.GONE,
        Reason.CHANGES,
        event_change=Shown.DELETED,
        activity_change=Shown.SAME,
    ),
    Rule(
        "an edit beats a delete: the activity gets a new event",
        when(event_change=Shown.DELETED, activity_change=Shown.EDITED),
        Outcome(Action.CREATE_EVENT, reason=Reason.CHANGES),
    ),
    Rule(
        "the activity is gone, and the event lives without it",
        when(activity_change=Shown.DELETED, event_change=LIVE, follows=True),
        Outcome(Action.DETACH, Cause.ACTIVITY_DELETED, Reason.CHANGES),
    ),
    *by_activity_deleted(
        (
            "the activity is gone: its event is deleted, whatever was typed there (one way to Google)",
            "the activity is gone: its event stays as it was edited (on_activity_deleted)",
        ),
        Cause.ACTIVITY_DELETED,
        Reason.CHANGES,
        activity_change=Shown.DELETED,
        event_change=Shown.EDITED,
        mode=Mode.TO_GOOGLE,
    ),
    *by_activity_deleted(
        (
            "the activity is gone: its event is deleted, too",
            "the activity is gone: its event stays (on_activity_deleted)",
        ),
        Cause.ACTIVITY_DELETED,
        Reason.CHANGES,
        activity_change=Shown.DELETED,
        event_change=Shown.SAME,
    ),
    Rule(
        "an edit beats a delete: the event gets a new activity",
        when(activity_change=Shown.DELETED, event_change=Shown.EDITED),
        Outcome(Action.CREATE_ACTIVITY, reason=Reason.CHANGES),
    ),
    Rule(
        "both sides were deleted: the pair ends",
        when(activity_change=Shown.DELETED, event_change=Shown.DELETED),
        Outcome(Action.UNLINK, Cause.GONE, Reason.CHANGES),
    ),
    Rule("the activity was edited: merge", when(activity_change=Shown.EDITED), MERGE),
    Rule("the event was edited: merge", when(event_change=Shown.EDITED), MERGE),
)
"""What the changes alone call for. What is held stands as long as they call for the same."""

UNEDITED = {"activity_change": Shown.SAME, "event_change": Shown.SAME}
BOTH_THERE = (
    Rule("a write was begun: merge, to see what became of it", when(**UNEDITED, intended=True), MERGE),
    Rule("the event shows what is no longer wanted: merge", when(**UNEDITED, stale=True), MERGE),
    Rule(
        "the event lacks our mark",
        when(**UNEDITED, marked=False, may_mark=True),
        Outcome(Action.MARK, reason=Reason.UNMARKED),
    ),
    Rule("both sides are equal", when(**UNEDITED), NOTHING),
)

RULES: tuple[Rule, ...] = (
    *RESTING,
    *CALM,
    *UPLOAD,
    *NOT_NOW,
    *REMOVING,
    *OCCURRENCES,
    *DETACHED,
    *HELD_OR_REBASED,
    *LEAVING,
    *OBSTRUCTED,
    *EVENT_GONE,
    *BY_CHANGES,
    *BOTH_THERE,
)
