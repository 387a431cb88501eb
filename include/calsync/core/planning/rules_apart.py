"""Rules for pairs that are not simply active: of resting accounts, calm, begun, or not to be decided now."""

from __future__ import annotations

from include.calsync.core.decide import Action
from include.calsync.core.planning.facts import NONE, Asked, Hold, Holder, Shown, State, Values, Why
from include.calsync.core.planning.pair_facts import EVENT_HAD_GONE
from include.calsync.core.planning.rule import (
    BACK,
    LIVE,
    NOTHING,
    TOUCH,
    Cause,
    Outcome,
    Reason,
    Rule,
    by_activity_deleted,
    by_event_deleted,
    when,
)
from include.calsync.core.policy import Mode

LET_GO: Values = (NONE, Hold.LAPSES, Hold.APPROVED)
RESTING = (
    Rule(
        "the account rests: a colleague's copy of the meeting takes the activity over",
        when(holder=Holder.RESTS, asked=Asked.SYNC, state=State.ACTIVE, copy=True),
        Outcome(Action.TAKE_OVER),
    ),
    Rule(
        "the account rests, and another one shows the activity now: the event leaves the old calendar",
        when(holder=Holder.RESTS, asked=Asked.SYNC, heir=True, waiting=False, hold=LET_GO),
        Outcome(Action.REMOVE_EVENT, Cause.OTHER_ACCOUNT, Reason.CAUSE, by_setting=True),
    ),
    Rule("the account rests: its pair stays as it is", when(holder=Holder.RESTS), NOTHING),
)

CALM = (
    Rule(
        "a missing activity counts as deleted, if somebody says so: the event stays (one way to Pipedrive)",
        when(stirred=False, state=State.ACTIVE, activity=Shown.MISSING, mode=Mode.TO_PIPEDRIVE),
        Outcome(Action.DETACH, Cause.ACTIVITY_DELETED, Reason.ACTIVITY_MISSING, suspected=True),
    ),
    *by_activity_deleted(
        (
            "a missing activity counts as deleted, if somebody says so: the event is deleted, too",
            "a missing activity counts as deleted, if somebody says so: the event stays (on_activity_deleted)",
        ),
        Cause.ACTIVITY_DELETED,
        Reason.ACTIVITY_MISSING,
        suspected=True,
        stirred=False,
        state=State.ACTIVE,
        activity=Shown.MISSING,
    ),
    Rule(
        "a missing event counts as deleted, if somebody says so: the activity stays (one way to Google)",
        when(stirred=False, state=State.ACTIVE, event=Shown.MISSING, mode=Mode.TO_GOOGLE),
        Outcome(Action.DETACH, Cause.EVENT_DELETED, Reason.EVENT_MISSING, suspected=True),
    ),
    *by_event_deleted(
        (
            "a missing event counts as deleted, if somebody says so: the activity is deleted, too",
            "a missing event counts as deleted, if somebody says so: the activity is done",
            "a missing event counts as deleted, if somebody says so: the activity stays (on_event_deleted)",
        ),
        Cause.EVENT_DELETED,
        Reason.EVENT_MISSING,
        suspected=True,
        stirred=False,
        state=State.ACTIVE,
        event=Shown.MISSING,
    ),
    Rule("nothing stirred", when(stirred=False), TOUCH),
)

UPLOADS: Values = (Asked.TO_GOOGLE, Asked.TO_PIPEDRIVE, Asked.BOTH)
UPLOAD = (
    Rule(
        "an upload makes a new event for an activity that was kept alone",
        when(
            asked=(Asked.TO_GOOGLE, Asked.BOTH),
            state=State.DETACHED,
            why=Why.EVENT_DELETED,
            activity=LIVE,
            asked_for=True,
        ),
        Outcome(Action.CREATE_EVENT, reason=Reason.UPLOAD),
    ),
    Rule(
        "an upload makes a new activity for an event that was kept alone",
        when(
            asked=(Asked.TO_PIPEDRIVE, Asked.BOTH),
            state=State.DETACHED,
            why=Why.ACTIVITY_DELETED,
            event=LIVE,
            asked_for=True,
        ),
        Outcome(Action.CREATE_ACTIVITY, reason=Reason.UPLOAD),
    ),
    Rule(
        "an upload leaves all other pairs alone", when(asked=(Asked.TO_GOOGLE, Asked.TO_PIPEDRIVE, Asked.BOTH)), NOTHING
    ),
)

NOT_NOW = (
    Rule("what failed before waits for its time", when(waiting=True), NOTHING),
    Rule(
        "the activity can't be read: set aside",
        when(activity=Shown.UNREADABLE),
        Outcome(Action.QUARANTINE, reason=Reason.UNREADABLE),
    ),
    Rule(
        "the event can't be read: set aside",
        when(event=Shown.UNREADABLE),
        Outcome(Action.QUARANTINE, reason=Reason.UNREADABLE),
    ),
)

REMOVING = (
    Rule(
        "a removal was begun, and its event is back: both live on",
        when(state=State.REMOVING, why=EVENT_HAD_GONE, event=LIVE, activity=LIVE),
        BACK,
    ),
    Rule(
        "a removal was begun, and its event is back: the activity is made anew",
        when(state=State.REMOVING, why=EVENT_HAD_GONE, event=LIVE),
        Outcome(Action.CREATE_ACTIVITY, reason=Reason.EVENT_BACK),
    ),
    Rule(
        "a removal was begun that one way to Google leaves out: the activity stays",
        when(state=State.REMOVING, why=EVENT_HAD_GONE, mode=Mode.TO_GOOGLE),
        Outcome(Action.DETACH, Cause.KNOWN, Reason.UNFINISHED),
    ),
    *by_event_deleted(
        (
            "the deletion of an activity was begun: it is ended",
            "an activity was about to be done: it is ended",
            "a removal was begun that on_event_deleted leaves out now: the activity stays",
        ),
        Cause.KNOWN,
        Reason.UNFINISHED,
        state=State.REMOVING,
        why=EVENT_HAD_GONE,
    ),
    Rule(
        "the removal of an event was begun: it is ended",
        when(state=State.REMOVING),
        Outcome(Action.REMOVE_EVENT, Cause.KNOWN, Reason.UNFINISHED),
    ),
)

OCCURRENCES = (
    Rule(
        "an occurrence vanished, and its activity was edited or deleted: look again",
        when(event=Shown.VANISHED, state=(State.ACTIVE, State.HELD), activity=(Shown.EDITED, Shown.DELETED)),
        Outcome(Action.WAIT, reason=Reason.VANISHED),
    ),
    Rule(
        "an occurrence vanished: it is asked for by its id first",
        when(event=Shown.VANISHED, state=(State.ACTIVE, State.HELD)),
        NOTHING,
    ),
    Rule(
        "the activity of an occurrence long past stays as the record that it is",
        when(event=Shown.LONG_PAST, state=(State.ACTIVE, State.HELD)),
        Outcome(Action.DETACH, Cause.EVENT_DELETED, Reason.LONG_PAST),
    ),
)
