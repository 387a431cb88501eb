"""One side was moved: what the other one should show then, which may have a length of its own."""

from __future__ import annotations

from datetime import timedelta

from include.calsync.core.model import When
from include.calsync.core.when import MINUTE, whole_minutes


def move_event(activity: When, activity_base: When | None, event: When | None, default_duration: timedelta) -> When:
    """What the event should show when the activity's time is the truth.

    The event keeps its own length unless the activity's length changed since its base, or one of the two is all-day
    and the other is not. Without a base only a length that the activity really has counts as changed.
    """
    keeps = event is not None and event.all_day == activity.all_day
    if activity_base is None:
        keeps = keeps and activity.duration is None
    else:
        keeps = keeps and activity.duration == activity_base.duration
    if activity.all_day:
        return When(day=activity.day, days=event.days if event is not None and keeps else activity.days)
    length = event.duration if event is not None and keeps else activity.duration
    return When(start=activity.start, duration=default_duration if length is None else length)


def move_activity(event: When, event_base: When | None, activity: When | None) -> When:
    """What the activity should show when the event's time is the truth.

    Starts are cut to the minute. The activity keeps its own duration (or lack of one) unless the event's length
    changed since its base. Several days become the first one: the activity can't hold more.
    """
    if event.start is None:
        return When(day=event.day)
    start = event.start.replace(second=0, microsecond=0)
    keeps = (
        activity is not None
        and not activity.all_day
        and event_base is not None
        and not event_base.all_day
        and event_base.duration == event.duration
    )
    if activity is not None and keeps:
        return When(start=start, duration=activity.duration)
    minutes = whole_minutes(event.duration)
    return When(start=start, duration=None if minutes is None else minutes * MINUTE)
