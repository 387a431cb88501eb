"""What becomes of items that no link knows: one ordered table, first match wins, as `rules` is for linked pairs.

A rule asks the columns of `new_facts`. What is left out is counted under the outcome's cause. The table as text is a
golden file of the tests.
"""

from __future__ import annotations

from include.calsync.core.decide import Action
from include.calsync.core.planning.facts import Asked, Obstacle, Values
from include.calsync.core.planning.new_facts import NEW_DOMAIN, Found, Item, Marked, Request, Unread
from include.calsync.core.planning.rule import ANY_CAUSE, NOTHING, Asks, Cause, Outcome, Reason, Rule, when

_TO_GOOGLE: Values = (Asked.TO_GOOGLE, Asked.BOTH)
_TO_PIPEDRIVE: Values = (Asked.TO_PIPEDRIVE, Asked.BOTH)
_UPLOADS: Values = (Asked.TO_GOOGLE, Asked.TO_PIPEDRIVE, Asked.BOTH)


def _rule(name: str, outcome: Outcome, **columns: Asks) -> Rule:
    return Rule(name, when(NEW_DOMAIN, **columns), outcome, NEW_DOMAIN)


def _left_out(cause: Cause, *, tell: bool = False) -> Outcome:
    return Outcome(cause=cause, skip=True, tell=tell)


UNREADABLE = (
    _rule("a new item that got no answer waits for its time", NOTHING, unread=Unread.NO_ANSWER, waiting=True),
    _rule(
        "a new item got no answer: set aside",
        Outcome(Action.QUARANTINE, reason=Reason.UNREADABLE),
        unread=Unread.NO_ANSWER,
    ),
    _rule(
        "a new item can't be read: somebody should hear of it",
        _left_out(Cause.UNREADABLE, tell=True),
        unread=Unread.NONSENSE,
    ),
)

LEFT = (
    _rule("an upload removes nothing", NOTHING, found=Found.LEFT, asked=_UPLOADS),
    _rule("what could not be removed waits for its time", NOTHING, found=Found.LEFT, waiting=True),
    _rule("the activity of an event to be removed is back: it stays", NOTHING, found=Found.LEFT, back=True),
    _rule("an event was to be removed, but may not be written", NOTHING, found=Found.LEFT, allowed=False),
    _rule(
        "its activity is in another calendar now, and the event was still to be removed here",
        Outcome(Action.REMOVE_EVENT, Cause.OTHER_OWNER, Reason.UNFINISHED),
        found=Found.LEFT,
    ),
)

FOUND = (
    _rule(
        "both belong together, but the account does not show the activity",
        _left_out(Cause.LEAVES),
        item=Item.PAIR,
        leaves=ANY_CAUSE,
    ),
    _rule(
        "the event's mark names the activity: linked again",
        Outcome(Action.ADOPT, reason=Reason.MARKED),
        item=Item.PAIR,
        found=Found.MARK,
    ),
    _rule(
        "a request whose answer was lost created the activity: linked",
        Outcome(Action.ADOPT, reason=Reason.LOST_REQUEST),
        item=Item.PAIR,
        found=Found.LOST_REQUEST,
    ),
    _rule(
        "both have the same time and title: linked",
        Outcome(Action.ADOPT, reason=Reason.LOOKS_THE_SAME),
        item=Item.PAIR,
    ),
    _rule(
        "a request whose answer was lost created the activity, and its event is not here: no new one",
        NOTHING,
        item=Item.ACTIVITY,
        found=Found.LOST_REQUEST,
    ),
)

_ACTIVITY: dict[str, Asks] = {"item": Item.ACTIVITY}
ACTIVITIES = (
    _rule("no account shows activities of this type", _left_out(Cause.OTHER_TYPE), **_ACTIVITY, shown=False),
    _rule("an upload to Pipedrive leaves activities alone", NOTHING, **_ACTIVITY, asked=Asked.TO_PIPEDRIVE),
    _rule("the account does not show the activity", _left_out(Cause.LEAVES), **_ACTIVITY, leaves=ANY_CAUSE),
    _rule(
        "the activity is from before the account was connected",
        _left_out(Cause.BEFORE_CONNECTED),
        **_ACTIVITY,
        asked=Asked.SYNC,
        old=True,
        removed=False,
    ),
    _rule(
        "the upload does not ask for the activity",
        _left_out(Cause.NOT_ASKED_FOR),
        **_ACTIVITY,
        asked=_TO_GOOGLE,
        named=False,
    ),
    _rule("the mode makes no events of activities", _left_out(Cause.MODE), **_ACTIVITY, allowed=False),
    _rule(
        "the activity looks like several events: somebody should look",
        _left_out(Cause.AMBIGUOUS, tell=True),
        **_ACTIVITY,
        ambiguous=True,
    ),
    _rule("a new activity that failed before waits for its time", NOTHING, **_ACTIVITY, waiting=True),
    _rule("a new activity gets an event", Outcome(Action.CREATE_EVENT, reason=Reason.NEW_ACTIVITY), **_ACTIVITY),
)

_EVENT: dict[str, Asks] = {"item": Item.EVENT}
EVENTS = (
    _rule("a colleague's calendar has the meeting, and its activity", _left_out(Cause.SHARED), **_EVENT, copy=True),
    _rule(
        "the event's activity is in another calendar now",
        _left_out(Cause.OTHER_CALENDAR),
        **_EVENT,
        mark=Marked.ELSEWHERE,
    ),
    _rule(
        "the event's activity is not found, and nobody edited the event since the account was connected",
        _left_out(Cause.ACTIVITY_NOT_FOUND),
        **_EVENT,
        mark=Marked.NOT_FOUND,
        old=True,
    ),
    _rule("an upload to Google leaves events alone", NOTHING, **_EVENT, asked=Asked.TO_GOOGLE),
    _rule("the event is of a kind that is not synced", _left_out(Cause.OBSTACLE), **_EVENT, obstacle=tuple(Obstacle)),
    _rule(
        "the upload does not ask for the event",
        _left_out(Cause.NOT_ASKED_FOR),
        **_EVENT,
        asked=_TO_PIPEDRIVE,
        named=False,
    ),
    _rule(
        "the event is from before the account was connected",
        _left_out(Cause.BEFORE_CONNECTED),
        **_EVENT,
        asked=Asked.SYNC,
        request="",
        old=True,
    ),
    _rule("the mode makes no activities of events", _left_out(Cause.MODE), **_EVENT, allowed=False),
    _rule(
        "the event looks like several activities: somebody should look",
        _left_out(Cause.AMBIGUOUS, tell=True),
        **_EVENT,
        ambiguous=True,
    ),
    _rule("a new event that failed before waits for its time", NOTHING, **_EVENT, waiting=True),
    _rule(
        "the event's activity may still appear: it is not created again yet",
        Outcome(Action.WAIT, reason=Reason.UNKNOWN_OUTCOME),
        **_EVENT,
        request=Request.RECENT,
    ),
    _rule("a new event gets an activity", Outcome(Action.CREATE_ACTIVITY, reason=Reason.NEW_EVENT), **_EVENT),
)

NEW_RULES: tuple[Rule, ...] = (*UNREADABLE, *LEFT, *FOUND, *ACTIVITIES, *EVENTS)
