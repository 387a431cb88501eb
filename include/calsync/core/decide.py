"""What can be done with a pair, and which activities an account shows. What is done is decided in `planning.rules`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from include.calsync.core.model import ActivityView
from include.calsync.core.policy import Policy, Side


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
    LET_GO = "let_go"
    """The event belongs to no installation any more, and its pair ends."""
    TAKE_OVER = "take_over"
    ATTEND = "attend"
    WAIT = "wait"
    QUARANTINE = "quarantine"


# Deletions that a person made and that would reach the other side; they are counted by the guard.
DESTRUCTIVE = frozenset({Action.DELETE_EVENT, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY})


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
    if action in (Action.CREATE_EVENT, Action.DELETE_EVENT, Action.REMOVE_EVENT, Action.MARK, Action.LET_GO):
        return Side.EVENT
    if action in (
        *(Action.CREATE_ACTIVITY, Action.DELETE_ACTIVITY, Action.FINISH_ACTIVITY),
        *(Action.TAKE_OVER, Action.ATTEND),
    ):
        return Side.ACTIVITY
    return None
