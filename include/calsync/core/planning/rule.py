"""What a rule is: what it asks of a pair's facts, and what follows. Outcomes name causes and reasons; where they are
shown they become sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from include.calsync.core.decide import Action
from include.calsync.core.planning.facts import DOMAIN, NONE, Leaves, Shown, Values
from include.calsync.core.words import Absence


class Cause(StrEnum):
    """What a link that ends or rests keeps as its cause; of a new item why it is left out."""

    NONE = ""
    EVENT_DELETED = "event_deleted"
    ACTIVITY_DELETED = "activity_deleted"
    OTHER_ACCOUNT = "other_account"
    GONE = "event_deleted, or why it counts as gone"
    LEAVES = "why the activity leaves"
    OBSTACLE = "what the event became"
    KNOWN = "the one it has"
    # Of new items.
    ACTIVITY_NOT_FOUND = "activity_not_found"
    AMBIGUOUS = "ambiguous"
    BEFORE_CONNECTED = "before_connected"
    MODE = "mode"
    NOT_ASKED_FOR = "not_asked_for"
    OTHER_CALENDAR = "other_calendar"
    OTHER_OWNER = "other_owner"
    OTHER_TYPE = "other_type"
    SHARED = "shared"
    UNREADABLE = "unreadable"


class Reason(StrEnum):
    """Why a row is planned, as a sentence. What stands in braces is filled in where it is shown."""

    NONE = ""
    ACTIVITY_MISSING = "the activity is not found"
    EVENT_MISSING = "the event is not found"
    UPLOAD = "upload of a detached pair"
    EVENT_BACK = "the event is back"
    UNFINISHED = "unfinished: {known}"
    UNREADABLE = "{error}"
    VANISHED = Absence.VANISHED
    LONG_PAST = Absence.LONG_PAST
    BACK = "back in scope"
    BACK_WITHOUT_EVENT = "back in scope, its event was deleted"
    OUTSIDE_WITHOUT_EVENT = "{known}, and the event was deleted"
    MODE = "the mode was changed"
    CAUSE = "{cause}"
    CHANGES = "{changes}"
    OLDER = "another version of calsync held it"
    REJECTED = "a person rejected the change"
    AWAITED = "its new owner's account is not at work: the event stays until it is"
    UNMARKED = "unmarked"
    # Of new items.
    MARKED = "carries our properties"
    LOST_REQUEST = "created by a lost request"
    LOOKS_THE_SAME = "looks the same"
    NEW_ACTIVITY = "new activity"
    NEW_EVENT = "new event"
    UNKNOWN_OUTCOME = "the outcome of the last request is unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows for a pair."""

    action: Action = Action.NOTHING
    cause: Cause = Cause.NONE
    reason: Reason = Reason.NONE
    suspected: bool = False
    """Not proven: only the guard looks at it, and holds it or lets it go."""
    touch: bool = False
    """What its sides hold now is stored, as nobody decides anything about it."""
    wait: bool = False
    """The pair is looked at again."""
    skip: bool = False
    """Counted as left out."""
    tell: bool = False
    """The run's summary names the item."""
    put_back: bool = False
    """What was edited is not merged but put back, to what both sides showed last."""
    by_setting: bool = False
    """It counts for the guard if a changed setting is what causes it."""
    to_owner: bool = False
    """The copy that takes over is the new owner's."""
    transfer: bool = False
    """The new owner's account inserts the event before this one removes it."""
    pause: timedelta = timedelta(0)
    """How long until the pair is looked at again."""

    def __str__(self) -> str:
        shown = [str(self.action), self.cause and f"cause: {self.cause}", self.reason and f"reason: {self.reason}"]
        flags = ("suspected", "touch", "wait", "skip", "by_setting", "to_owner", "transfer", "tell", "put_back")
        pause = [f"in {self.pause}"] if self.pause else []
        return "; ".join([part for part in shown if part] + [name for name in flags if getattr(self, name)] + pause)


@dataclass(frozen=True, slots=True)
class Rule:
    """`when`: by column the values that it is for. `domain`: the values of all columns that it may ask."""

    name: str
    when: Mapping[str, frozenset[str | bool]]
    outcome: Outcome
    domain: Mapping[str, Values] = field(default_factory=lambda: DOMAIN, repr=False)

    def __str__(self) -> str:
        asked = [f"{column} {' or '.join(self._named(column))}" for column in self.when]
        return f"{self.name}\n    if {', '.join(asked)}\n    -> {self.outcome}"

    def _named(self, column: str) -> list[str]:
        values = [value for value in self.domain[column] if value in self.when[column]]
        return [{True: "yes", False: "no", NONE: "none"}.get(value, str(value)) for value in values]


Asks = str | bool | Values


def when(domain: Mapping[str, Values] = DOMAIN, /, **columns: Asks) -> dict[str, frozenset[str | bool]]:
    """Conditions, each a value of a column or several. Raises ValueError for one that the column can't have."""
    out = {name: frozenset(value if isinstance(value, tuple) else (value,)) for name, value in columns.items()}
    for name, values in out.items():
        if not values <= frozenset(domain[name]):
            raise ValueError(f"{name} is never {sorted(map(str, values))}")
    return out


LIVE: Values = (Shown.SAME, Shown.EDITED)
ANY_CAUSE: Values = tuple(Leaves)
LOOK_AGAIN = timedelta(hours=1)
NOTHING = Outcome()
TOUCH = Outcome(touch=True)
TAKE_OVER = Outcome(Action.TAKE_OVER, wait=True)
MERGE = Outcome(Action.MERGE, reason=Reason.CHANGES)
PUT_BACK = Outcome(Action.MERGE, reason=Reason.REJECTED, put_back=True)
TRANSFER = Outcome(Action.REMOVE_EVENT, Cause.LEAVES, Reason.CAUSE, transfer=True)
AWAITED = Outcome(Action.WAIT, Cause.LEAVES, Reason.AWAITED, pause=LOOK_AGAIN)
BACK = Outcome(Action.MERGE, reason=Reason.EVENT_BACK)


def by_event_deleted(
    names: tuple[str, str, str],
    cause: Cause,
    reason: Reason,
    *,
    suspected: bool = False,
    **columns: str | bool | Values,
) -> tuple[Rule, ...]:
    """What the account's `on_event_deleted` says of the activity."""
    actions = (Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY, Action.DETACH)
    settings = DOMAIN["on_event_deleted"]
    return tuple(
        Rule(name, when(**columns, on_event_deleted=setting), Outcome(action, cause, reason, suspected=suspected))
        for name, setting, action in zip(names, settings, actions, strict=True)
    )


def by_activity_deleted(
    names: tuple[str, str], cause: Cause, reason: Reason, *, suspected: bool = False, **columns: Asks
) -> tuple[Rule, ...]:
    """What the account's `on_activity_deleted` says of the event."""
    actions = (Action.DELETE_EVENT, Action.DETACH)
    settings = DOMAIN["on_activity_deleted"]
    return tuple(
        Rule(name, when(**columns, on_activity_deleted=setting), Outcome(action, cause, reason, suspected=suspected))
        for name, setting, action in zip(names, settings, actions, strict=True)
    )
