"""What to do with a pair, given what changed on each side. One table, and it is complete."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from include.calsync.core.model import ActivityView, Change
from include.calsync.core.policy import Mode, Policy, Side


class Action(StrEnum):
    """What a plan row does."""

    NOTHING = "nothing"
    CREATE_EVENT = "create_event"
    CREATE_ACTIVITY = "create_activity"
    ADOPT = "adopt"
    MERGE = "merge"
    MARK = "mark"
    REBASE = "rebase"
    DELETE_EVENT = "delete_event"
    DELETE_ACTIVITY = "delete_activity"
    FINISH_ACTIVITY = "finish_activity"
    REMOVE_EVENT = "remove_event"
    DETACH = "detach"
    UNLINK = "unlink"
    TAKE_OVER = "take_over"
    ATTEND = "attend"
    WAIT = "wait"
    QUARANTINE = "quarantine"


# Deletions that a person made and that would reach the other side; they are counted by the guard.
DESTRUCTIVE = frozenset({Action.DELETE_EVENT, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY})


class ImpossibleChange(ValueError):
    """A pair of changes that no state of the mapping can show: a defect, not a case."""


_IMPOSSIBLE = None

# By the change of the activity and of the event. An edit beats a delete: nothing a person typed is lost.
DECISIONS: dict[tuple[Change, Change], Action | None] = {
    (Change.ABSENT, Change.ABSENT): _IMPOSSIBLE,
    (Change.ABSENT, Change.CREATED): Action.CREATE_ACTIVITY,
    (Change.ABSENT, Change.UNCHANGED): _IMPOSSIBLE,
    (Change.ABSENT, Change.UPDATED): _IMPOSSIBLE,
    (Change.ABSENT, Change.DELETED): Action.NOTHING,
    (Change.CREATED, Change.ABSENT): Action.CREATE_EVENT,
    (Change.CREATED, Change.CREATED): Action.ADOPT,
    (Change.CREATED, Change.UNCHANGED): _IMPOSSIBLE,
    (Change.CREATED, Change.UPDATED): _IMPOSSIBLE,
    (Change.CREATED, Change.DELETED): Action.CREATE_EVENT,
    (Change.UNCHANGED, Change.ABSENT): _IMPOSSIBLE,
    (Change.UNCHANGED, Change.CREATED): _IMPOSSIBLE,
    (Change.UNCHANGED, Change.UNCHANGED): Action.NOTHING,
    (Change.UNCHANGED, Change.UPDATED): Action.MERGE,
    (Change.UNCHANGED, Change.DELETED): Action.DELETE_ACTIVITY,
    (Change.UPDATED, Change.ABSENT): _IMPOSSIBLE,
    (Change.UPDATED, Change.CREATED): _IMPOSSIBLE,
    (Change.UPDATED, Change.UNCHANGED): Action.MERGE,
    (Change.UPDATED, Change.UPDATED): Action.MERGE,
    (Change.UPDATED, Change.DELETED): Action.CREATE_EVENT,
    (Change.DELETED, Change.ABSENT): Action.NOTHING,
    (Change.DELETED, Change.CREATED): Action.CREATE_ACTIVITY,
    (Change.DELETED, Change.UNCHANGED): Action.DELETE_EVENT,
    (Change.DELETED, Change.UPDATED): Action.CREATE_ACTIVITY,
    (Change.DELETED, Change.DELETED): Action.UNLINK,
}


def look_up(activity: Change, event: Change) -> Action:
    """The table's word on a pair of changes.

    Raises:
        ImpossibleChange: the pair can't occur.
    """
    action = DECISIONS[activity, event]
    if action is None:
        raise ImpossibleChange(f"activity {activity}, event {event}")
    return action


def decide(activity: Change, event: Change, policy: Policy) -> Action:
    """The action for a linked pair under the account's mode and deletion rules, and the pair's terms."""
    if policy.mode is Mode.TO_GOOGLE:
        if event is Change.DELETED and activity is not Change.DELETED:
            return Action.DETACH
        event = Change.UNCHANGED if event is Change.UPDATED and activity is Change.DELETED else event
    if policy.mode is Mode.TO_PIPEDRIVE or policy.terms.follows:
        if activity is Change.DELETED and event is not Change.DELETED:
            return Action.DETACH
        activity = Change.UNCHANGED if activity is Change.UPDATED and event is Change.DELETED else activity
    action = look_up(activity, event)
    if action is Action.DELETE_ACTIVITY and policy.on_event_deleted != "delete":
        return Action.FINISH_ACTIVITY if policy.on_event_deleted == "done" else Action.DETACH
    if action is Action.DELETE_EVENT and policy.on_activity_deleted == "keep":
        return Action.DETACH
    return action


def out_of_scope(activity: ActivityView, policy: Policy) -> str | None:
    """Why this account does not show this activity; None if it does."""
    if activity.owner_id != policy.user_id:
        return "other_owner"
    if activity.when is None:
        return "no_date"
    if policy.activity_types is not None and activity.type not in policy.activity_types:
        return "other_type"
    if policy.done == "remove" and activity.done:
        return "done"
    return None


def too_old(stamps: tuple[datetime | None, datetime | None], connected_at: datetime) -> bool:
    """Whether an unlinked item was neither created nor edited since the account was connected."""
    known = [stamp for stamp in stamps if stamp is not None]
    return bool(known) and max(known) < connected_at


def side_of(action: Action) -> Side | None:
    """The side that carries an action out first; None if nothing is written."""
    if action in (Action.CREATE_EVENT, Action.DELETE_EVENT, Action.REMOVE_EVENT, Action.MARK):
        return Side.EVENT
    if action in (
        *(Action.CREATE_ACTIVITY, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY),
        *(Action.TAKE_OVER, Action.ATTEND),
    ):
        return Side.ACTIVITY
    return None
