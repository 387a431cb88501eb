"""Which unlinked items surely are the same meeting. Sure ones are linked, doubtful ones listed, none is duplicated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from include.calsync.core.fields import MERGED
from include.calsync.core.model import ActivityView, EventView, When
from include.calsync.core.moved_times import move_event
from include.calsync.core.policy import Policy
from include.calsync.core.text import one_line
from include.calsync.core.title import same_titles
from include.calsync.core.written import parts

Key = TypeVar("Key", bound=Hashable)
Other = TypeVar("Other", bound=Hashable)
Span = tuple[object, ...]
"""Start and length, to be compared."""


@dataclass(frozen=True)
class Matches(Generic[Key]):
    """`pairs`: (activity, event) keys to link; `ambiguous`: keys of activities and of events that may be the same."""

    pairs: list[tuple[Key, Key]]
    ambiguous_activities: set[Key]
    ambiguous_events: set[Key]


def look_alikes(
    activities: Sequence[tuple[Key, ActivityView]], events: Sequence[tuple[Key, EventView]], policy: Policy
) -> Matches[Key]:
    """Pair by equal start and end and a title that is the subject or the rendered parts in any order.

    One candidate on each side: a pair. Several that are equal in all fields: pairs in the order given. Else ambiguous.
    """
    by_time: dict[Span, list[tuple[Key, EventView]]] = defaultdict(list)
    for event_key, event in events:
        by_time[span_of(event.when)].append((event_key, event))
    groups: dict[Span, list[tuple[Key, ActivityView]]] = defaultdict(list)
    for activity_key, activity in activities:
        if activity.when is not None:
            span = span_of(move_event(activity.when, None, None, policy.default_duration))
            if span in by_time:
                groups[span].append((activity_key, activity))
    matches: Matches[Key] = Matches([], set(), set())
    for span, group in groups.items():
        _pair(group, by_time[span], matches)
    return matches


def _pair(group: list[tuple[Key, ActivityView]], events: list[tuple[Key, EventView]], out: Matches[Key]) -> None:
    named: dict[str, list[int]] = defaultdict(list)
    for at, (_, event) in enumerate(events):
        named[one_line(event.title)].append(at)
    likes = [same_titles(parts(view.context), view.subject) & named.keys() for _, view in group]
    for numbers, titles in _clusters(likes):
        views = dict(group[at] for at in numbers)
        shown = dict(events[at] for at in sorted(at for title in titles for at in named[title]))
        alike = len({_content(view) for view in views.values()}) == 1 and len(set(shown.values())) == 1
        if (len(views) == 1 and len(shown) == 1) or alike:
            out.pairs.extend(zip(views, shown, strict=False))
        else:
            out.ambiguous_activities.update(views)
            out.ambiguous_events.update(shown)


def _clusters(likes: Sequence[set[str]]) -> list[tuple[list[int], set[str]]]:
    """Activities (by number) joined by common titles, with those titles, in the order given."""
    clusters: dict[int, tuple[list[int], set[str]]] = {}
    cluster_of: dict[str, int] = {}
    for number, candidates in enumerate(likes):
        if candidates:
            numbers, titles = [number], set(candidates)
            for joined in {cluster_of[title] for title in candidates if title in cluster_of}:
                known = clusters.pop(joined)
                numbers += known[0]
                titles |= known[1]
            clusters[number] = (numbers, titles)
            cluster_of |= dict.fromkeys(titles, number)
    return [(sorted(numbers), titles) for numbers, titles in clusters.values()]


def _content(view: ActivityView) -> tuple[object, ...]:
    return *(getattr(view, name) for name in MERGED), view.refs


def span_of(when: When) -> Span:
    """Start and end, to compare."""
    return ("day", when.day, when.days) if when.all_day else ("timed", when.start, when.duration)


def sent_before(
    wanted: Sequence[tuple[Key, str, When]], activities: Sequence[tuple[Other, ActivityView]]
) -> list[tuple[Key, Other]]:
    """Match open intents (key, subject, when) one-to-one with activities that their POST may have created."""
    free = list(activities)
    found = []
    for key, subject, when in wanted:
        hit = next((n for n, (_, view) in enumerate(free) if view.subject == subject and view.when == when), None)
        if hit is not None:
            found.append((key, free.pop(hit)[0]))
    return found


def sent_and_edited(
    wanted: Sequence[tuple[Key, str, When]], activities: Sequence[tuple[Other, ActivityView]]
) -> list[tuple[Key, Other]]:
    """Match intents with activities that somebody edited since: subject or time are left, and nothing else fits."""
    fits = {
        key: [k for k, view in activities if view.subject == subject or view.when == when]
        for key, subject, when in wanted
    }
    claims = Counter(candidate for candidates in fits.values() for candidate in candidates)
    return [(key, found[0]) for key, found in fits.items() if len(found) == 1 and claims[found[0]] == 1]
