"""The fields of a pair, side by side: as both were when last made equal, or as a look found them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from include.calsync.core.model import Origin
from include.calsync.core.policy import Mode, Policy, Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Link
from include.calsync.core.text import plain, typed_part
from include.calsync.core.written import Written
from include.calsync.flows.page.account import Way

_SHARED = (("subject", "title"), ("when", "when"), ("place", "place"), ("description", "description"), ("busy", "busy"))
"""Names of what flows, on an activity and on an event."""
_BESIDE = ("type", "done", "note")
"""Of an activity alone."""
_WAYS = {(True, True): Way.BOTH, (True, False): Way.TO_EVENT, (False, True): Way.TO_ACTIVITY}
Shown = Mapping[Side, Json]
"""What a side shows now, in canonical form; a side that is not in it: as it was when last made equal."""


class Unshown(StrEnum):
    """Why an event does not show an internal note."""

    GUESTS = "guests"
    GOOGLE = "google"
    SETTING = "setting"


class Flow(StrEnum):
    """What decides which way a pair's fields go."""

    FOREIGN = "foreign"
    VEILED = "veiled"
    TO_GOOGLE = "to_google"
    TO_PIPEDRIVE = "to_pipedrive"
    OWN = "own"


def flow_of(policy: Policy) -> Flow:
    """By the pair's rules."""
    if policy.terms.veiled:
        return Flow.VEILED
    if not policy.terms.to_event:
        return Flow.FOREIGN
    return {Mode.TO_GOOGLE: Flow.TO_GOOGLE, Mode.TO_PIPEDRIVE: Flow.TO_PIPEDRIVE}.get(policy.mode, Flow.OWN)


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both sides.

    `before`, `after`: of the title what the sync adds. `edited`: the sides that a look found to be other than they
    were. `next`: which way the next run takes that; None: nowhere. `unshown`: why the event does not show it.
    """

    name: str
    activity: Any
    event: Any
    way: Way
    before: str = ""
    after: str = ""
    edited: frozenset[Side] = frozenset()
    next: Way | None = None
    unshown: Unshown | None = None

    @property
    def is_same(self) -> bool:
        """Whether both show the same, so that a narrow page says it once."""
        return bool(self.activity == self.event and not self.before and not self.after)


def rows_of(link: Link, policy: Policy | None, *, secret: bool, shown: Shown) -> Iterator[Row]:
    """All rows of a pair. `policy`: its rules; None: nothing flows. `secret`: its time is all that may be told."""
    written = Written.from_json(link.rendered) if link.rendered else None
    now = {Side.ACTIVITY: link.base_activity, Side.EVENT: link.base_event, **shown}
    for mine, theirs in _SHARED:
        if not secret or mine == "when":
            yield _shared(link, policy, written, now, (mine, theirs))
    if not secret:
        for name in _BESIDE:
            value, known = now[Side.ACTIVITY].get(name), link.base_activity.get(name)
            if value or known:
                edited = frozenset({Side.ACTIVITY} if value != known else ())
                unshown = _unshown(link, policy) if name == "note" and policy is not None else None
                yield Row(name, value, None, Way.NONE, edited=edited, unshown=unshown)


def _shared(link: Link, policy: Policy | None, written: Written | None, now: Shown, names: tuple[str, str]) -> Row:
    mine, theirs = names
    activity, (event, before, after) = now[Side.ACTIVITY].get(mine), _of_event(now[Side.EVENT], theirs, written)
    edited = set()
    if mine in link.base_activity and activity != link.base_activity[mine]:
        edited.add(Side.ACTIVITY)
    if theirs in link.base_event and event != _of_event(link.base_event, theirs, written)[0]:
        edited.add(Side.EVENT)
    moves = edited and activity != event and link.state == "active"
    return Row(
        mine, activity, event, _way(policy, mine), before, after, frozenset(edited),
        _next(policy, mine, edited) if moves else None,
    )  # fmt: skip


def _of_event(view: Json, name: str, written: Written | None) -> tuple[Any, str, str]:
    """A field of the event without what is ours on it, and of a title what is ours before and after it."""
    value = view.get(name)
    if written is None or not isinstance(value, str):
        return value, "", ""
    if name == "description" and written.block:
        return plain(typed_part(value, [plain(written.block)])), "", ""
    title = written.title
    before, after = title.mark + title.prefix, title.suffix
    if name == "title" and value == title.text:
        return title.subject, before, after
    is_whole = len(value) >= len(before) + len(after) and value.startswith(before) and value.endswith(after)
    if name == "title" and is_whole:
        return value[len(before) : len(value) - len(after)], before, after
    return value, "", ""


def _way(policy: Policy | None, name: str) -> Way:
    if policy is None:
        return Way.NONE
    both = policy.may_write(Side.EVENT, name), policy.may_write(Side.ACTIVITY, name)
    return _WAYS.get(both, Way.NONE)


def _next(policy: Policy | None, name: str, edited: set[Side]) -> Way | None:
    ways = {Side.ACTIVITY: Way.TO_EVENT, Side.EVENT: Way.TO_ACTIVITY}
    open_ways = {ways[side] for side in edited if policy is not None and policy.may_write(side.other, name)}
    return None if not open_ways else Way.BOTH if len(open_ways) == 2 else open_ways.pop()


def _unshown(link: Link, policy: Policy) -> Unshown | None:
    if link.origin == Origin.GOOGLE:
        return Unshown.GOOGLE
    if not policy.include_note:
        return Unshown.SETTING
    return Unshown.GUESTS if policy.terms.guests else None
