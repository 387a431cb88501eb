"""Pairs that nobody edited, and whose event shows what is no longer wanted: another setting, another name."""

from __future__ import annotations

import dataclasses

from include.calsync.core.model import ActivityView, Change, Origin
from include.calsync.core.policy import Policy, Side
from include.calsync.core.records import Link
from include.calsync.core.words import NAMES, PRIVACY, SETTINGS
from include.calsync.core.written import Written, wanted_visibility, written_for


def is_stale(link: Link, activity: ActivityView, policy: Policy) -> bool:
    """Whether our own event carries another title, block or color than the pair's rules want, the subject aside.

    Or whether the activity became private, or public, whoever's event it is.
    """
    if activity.when is None or not policy.may_write(Side.EVENT, "subject"):
        return False
    if hides_otherwise(link, activity) and policy.terms.mark:
        return True
    if link.origin != Origin.PIPEDRIVE:
        return False
    return not Written.from_json(link.rendered).frames_like(written_for(activity, policy))


def hides_otherwise(link: Link, activity: ActivityView) -> bool:
    """Whether the activity was not as private when its event was written as it is now."""
    return Written.from_json(link.rendered).visibility != wanted_visibility(activity)


def reason_of(link: Link, activity: ActivityView, changes: tuple[Change, Change]) -> str:
    """Why a pair is merged."""
    if changes == (Change.UNCHANGED, Change.UNCHANGED) and link.intended is None:
        return PRIVACY if hides_otherwise(link, activity) else SETTINGS
    base = ActivityView.from_json(link.base_activity)
    if changes == (Change.UPDATED, Change.UNCHANGED) and dataclasses.replace(activity, context=base.context) == base:
        return NAMES
    return f"activity {changes[0]}, event {changes[1]}"
