"""Three-way merge of one pair, field by field.

Each side is compared with its own half of the base, so a service that trims or rewrites what it was sent has
changed nothing. The merge is idempotent: a run that died between the two writes is simply merged again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from include.calsync.core.conflicts import Conflict, Why, barred, preferred
from include.calsync.core.fields import MERGED, TEXTS, VALUES, event_name
from include.calsync.core.limits import EVENT_PLACE, EVENT_TITLE, SHORTENED, is_short_for, lengthen, shorten
from include.calsync.core.model import ActivityView, EventView, Origin, When
from include.calsync.core.moved_times import move_activity, move_event
from include.calsync.core.policy import Policy, Side
from include.calsync.core.text import compose, plain, safe_html, typed_part
from include.calsync.core.title import NO_TITLE, Rendered, bare, parse, wraps
from include.calsync.core.visibility import visibility_change
from include.calsync.core.written import Written, block_of, wanted_visibility, written_for
from include.calsync.errors import Unreadable

View = TypeVar("View", ActivityView, EventView)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of a link at one moment; both bases are None for an adoption.

    `written` is what we may have put on the event: last what is confirmed, before it what was about to be written.
    """

    origin: Origin
    activity: ActivityView
    event: EventView
    activity_base: ActivityView | None
    event_base: EventView | None
    written: tuple[Written, ...] = ()
    activity_html: str = ""
    event_html: str = ""
    event_color: str = ""
    event_visibility: str = ""
    activity_stamp: datetime | None = None
    event_stamp: datetime | None = None
    rejects: Side | None = None
    """The side whose edits a person rejected: they are put back."""
    activity_base_html: str = ""
    """What the activity's description goes back to."""
    unveiled: bool = False
    """The base was taken while a veil was over the event (core.privacy): what it shows now is no edit."""


Changes = dict[str, Any]
"""Canonical values that are to be written, by field."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What must be written where; `kept` names fields that a one-way mode leaves different, by side."""

    event_changes: Changes
    activity_changes: Changes
    written: Written
    conflicts: tuple[Conflict, ...] = ()
    kept: dict[Side, frozenset[str]] = field(default_factory=dict)


def merge(pair: Pair, policy: Policy) -> Merged:
    """Bring both sides of a pair together.

    Raises:
        ValueError: the activity has no date; such a pair is not merged but left.
    """
    return _Merge(pair, policy).result()


def advance(observed: View, base: View | None, answer: View | None, written: set[str], kept: frozenset[str]) -> View:
    """The new half of the base: what was seen, what the service answered to what we wrote, and what was kept.

    Only written fields are taken from the answer: any other difference in it is an edit that nobody has looked at.
    """

    def pick(name: str) -> Any:
        if base is not None and name in kept:
            return getattr(base, name)
        return getattr(answer if answer is not None and name in written else observed, name)

    return type(observed)(**{f.name: pick(f.name) for f in dataclasses.fields(observed)})


class _Merge:
    def __init__(self, pair: Pair, policy: Policy) -> None:
        if pair.activity.when is None:
            raise Unreadable("an activity without a date can't be merged")
        self.pair, self.policy = pair, policy
        self.activity_when: When = pair.activity.when
        self.preferred = preferred(policy, pair.activity_stamp, pair.event_stamp)
        self.block = block_of(pair.activity, policy) if pair.origin is Origin.PIPEDRIVE else ""
        self.known = pair.written or (self._render(pair.activity.subject),)
        self.last = self.known[-1]
        # None known: an event that is nobody's yet, or whose author's pair was renewed, may still carry an older block.
        self.blocks = [block for block in (*(written.block for written in self.known), self.block) if block]
        self.typed = plain(typed_part(pair.event.description, [plain(block) for block in self.blocks]))
        self.new_subject = self._parse_subject()
        self.conflicts: list[Conflict] = []
        self.kept: dict[Side, set[str]] = {Side.ACTIVITY: set(), Side.EVENT: set()}
        self.put_back: set[str] = set()
        """Fields of the activity that go back to its base: nobody edited them in Google."""

    def result(self) -> Merged:
        flow = {name: self._flow(name) for name in MERGED}
        written = self._render(self._final_subject(flow["subject"]))
        if self.policy.terms.veiled and self.pair.origin is Origin.PIPEDRIVE:
            written = self.last  # the title stays as it is behind the veil
        known = self.last.visibility if self.pair.written else ""
        hides = self.policy.may_write(Side.EVENT, "subject") and self.policy.terms.mark
        hidden = visibility_change(known, written.visibility, self.pair.event_visibility) if hides else {}
        if not hides:
            written = dataclasses.replace(written, visibility=known)
        mine, theirs = self.pair.activity_stamp, self.pair.event_stamp
        return Merged(
            event_changes=self._event_changes(flow, written) | hidden,
            activity_changes=_differing(
                {name: self._for_activity(name) for name in MERGED if flow[name] is Side.ACTIVITY}, self.pair.activity
            ),
            written=written,
            conflicts=tuple(dataclasses.replace(each, activity_at=mine, event_at=theirs) for each in self.conflicts),
            kept={side: frozenset(names) for side, names in self.kept.items()},
        )

    # Where a field's value goes: to that side, or nowhere.

    def _flow(self, name: str) -> Side | None:
        from_activity, from_event = self._activity_changed(name), self._event_changed(name)
        if self._equal(name) or self._cut(name) or not (from_activity or from_event):
            return None
        if self.pair.rejects is Side.ACTIVITY and from_activity:
            return self._put_back(name, Side.ACTIVITY, edited_also=from_event)
        if self.pair.rejects is Side.EVENT and from_event:
            return self._put_back(name, Side.EVENT, edited_also=from_activity)
        if from_activity and from_event:
            return self._settle(name)
        target = Side.EVENT if from_activity else Side.ACTIVITY
        if self.policy.may_write(target, name):
            self._replaces_the_rest(name, target)
            return target
        self._keep(name)
        return None

    # Texts that are too long for one side: it shows their beginning.

    def _cut(self, name: str) -> bool:
        """Whether one side shows the beginning of what the other one shows, and nobody edited that beginning."""
        if name not in TEXTS:
            return False
        mine, theirs = getattr(self.pair.activity, name), self._event_value(name)
        adopting = self.pair.event_base is None
        if is_short_for(theirs, mine):
            return adopting or not self._event_changed(name)
        return is_short_for(mine, theirs) and (adopting or not self._activity_changed(name))

    def _event_base_value(self, name: str) -> str:
        base = self.pair.event_base
        if base is None:
            return ""
        if name == "subject":
            return self.last.title.subject if self.pair.origin is Origin.PIPEDRIVE else base.title
        if name == "description":
            return plain(typed_part(base.description, [plain(block) for block in self.blocks]))
        return str(getattr(base, name))

    def _whole_for_activity(self, name: str) -> str:
        """What an edit in Google means, also if the event shows only the beginning."""
        whole = str(getattr(self.pair.activity, name))
        return lengthen(self._event_value(name), self._event_base_value(name), whole)

    def _whole_for_event(self, name: str) -> str:
        value, base = str(getattr(self.pair.activity, name)), self.pair.activity_base
        return value if base is None else lengthen(value, str(getattr(base, name)), self._event_base_value(name))

    def _replaces_the_rest(self, name: str, target: Side) -> None:
        """A new text in place of a beginning takes the rest along: the log keeps it."""
        base = self.pair.activity_base
        if name not in TEXTS or base is None:
            return
        mine, theirs = getattr(self.pair.activity, name), self._event_value(name)
        if target is Side.ACTIVITY:
            lost = is_short_for(self._event_base_value(name), mine) and not theirs.endswith(SHORTENED)
        else:
            lost = is_short_for(getattr(base, name), theirs) and not mine.endswith(SHORTENED)
        if lost:
            winner = Side.EVENT if target is Side.ACTIVITY else Side.ACTIVITY
            self.conflicts.append(Conflict(name, mine, theirs, winner, Why.SHORTENED))

    def _settle(self, name: str) -> Side | None:
        if not any(self.policy.may_write(side, name) for side in Side):
            self._keep(name)
            return None
        mine, theirs = getattr(self.pair.activity, name), self._event_value(name)
        best, why = self.preferred
        if self.pair.event_base is None and not (mine and theirs) and name in TEXTS:
            best, why = Side.ACTIVITY if mine else Side.EVENT, Why.ADOPTING  # something said beats nothing said
        if self.pair.unveiled:
            best, why = Side.EVENT if self.pair.origin is Origin.GOOGLE else Side.ACTIVITY, Why.VEIL
        if not self.policy.may_write(Side.ACTIVITY, name):
            best, why = Side.ACTIVITY, barred(self.policy, Side.ACTIVITY)
        if not self.policy.may_write(Side.EVENT, name):
            best, why = Side.EVENT, barred(self.policy, Side.EVENT)
        self.conflicts.append(Conflict(name, mine, theirs, best, why))
        return Side.EVENT if best is Side.ACTIVITY else Side.ACTIVITY

    def _put_back(self, name: str, side: Side, *, edited_also: bool) -> Side | None:
        """A person rejected what was edited on this side: it shows again what the other one does."""
        if not self.policy.may_write(side, name):
            self._keep(name)
            return None
        mine, theirs, winner = getattr(self.pair.activity, name), self._event_value(name), Side.ACTIVITY
        if side is Side.ACTIVITY:
            winner = Side.EVENT
            if not edited_also:
                self.put_back.add(name)
                theirs = getattr(self.pair.activity_base, name)
        self.conflicts.append(Conflict(name, mine, theirs, winner, Why.REJECTED))
        return side

    def _keep(self, name: str) -> None:
        """One way: the receiving side's own edit stays until the origin changes that field."""
        if not self.policy.may_write(Side.ACTIVITY, name) and not self.policy.terms.veiled:
            self.kept[Side.EVENT].add(event_name(name))
        if not self.policy.may_write(Side.EVENT, name):
            self.kept[Side.ACTIVITY].add(name)

    def _activity_changed(self, name: str) -> bool:
        base = self.pair.activity_base
        return base is None or getattr(base, name) != getattr(self.pair.activity, name)

    def _event_changed(self, name: str) -> bool:
        base = self.pair.event_base
        if base is None:
            return True
        if name == "subject":
            return self.new_subject is not None
        if name == "description":
            return self.typed != plain(typed_part(base.description, [plain(block) for block in self.blocks]))
        return bool(getattr(base, name) != getattr(self.pair.event, name))

    def _equal(self, name: str) -> bool:
        if name == "subject":
            same = self.new_subject is None and self.pair.event_base is None
            return same or self.new_subject == self.pair.activity.subject
        if name == "when":
            return self._activity_when() == self.activity_when
        return bool(self._event_value(name) == getattr(self.pair.activity, name))

    def _event_value(self, name: str) -> Any:
        if name == "subject":
            return self.new_subject if self.new_subject is not None else self.pair.event.title
        return self.typed if name == "description" else getattr(self.pair.event, name)

    # Subject and title.

    def _render(self, subject: str) -> Written:
        if self.pair.origin is Origin.GOOGLE:
            title = Rendered(text=subject, prefix="", suffix="", subject=subject)
            return Written(title, visibility=wanted_visibility(self.pair.activity))
        return written_for(self.pair.activity, self.policy, subject)

    def _parse_subject(self) -> str | None:
        title, base = self.pair.event.title, self.pair.event_base
        if base is not None and title == base.title:
            return None
        for about_to in self.known[:-1]:
            # A run died in between: does the event show what was about to be written?
            if bare(title) == bare(about_to.title.text):
                return self._unless_known(about_to.title.subject)
            if wraps(title, about_to.title) and not wraps(title, self.last.title):
                new = parse(title, about_to.title)
                return self._unless_known(about_to.title.subject if new is None else new)
        return parse(title, self.last.title)

    def _unless_known(self, subject: str) -> str | None:
        return None if subject == self.last.title.subject else subject

    def _final_subject(self, flow: Side | None) -> str:
        if "subject" in self.put_back:
            return self.last.title.subject if self.pair.origin is Origin.PIPEDRIVE else self.pair.event.title
        if flow is Side.ACTIVITY and self.new_subject is not None:
            return self._whole_for_activity("subject")
        if self.pair.origin is Origin.GOOGLE and flow is None:
            placeholder = self.pair.activity.subject == NO_TITLE
            return self.pair.event.title or ("" if placeholder else self.last.title.text)
        if self.pair.origin is Origin.GOOGLE:
            return shorten(self._whole_for_event("subject"), EVENT_TITLE)
        return self.pair.activity.subject

    def _title_change(self, flow: Side | None, written: Written) -> str | None:
        text, shown, base = written.title.text, self.pair.event.title, self.pair.event_base
        if text.split() == shown.split():
            return None
        same_text = base is not None and text == self.last.title.text
        if same_text and base is not None and shown == base.title:
            return None  # the service shows it in its own way
        if same_text and flow is None and not self.policy.may_write(Side.ACTIVITY, "subject"):
            return None  # an edit on the receiving side
        if self.pair.origin is Origin.GOOGLE and flow is Side.ACTIVITY:
            return None
        return text

    # What to write.

    def _event_changes(self, flow: dict[str, Side | None], written: Written) -> Changes:
        if not self.policy.may_write(Side.EVENT):
            return {}
        changes: Changes = {}
        title = self._title_change(flow["subject"], written)
        if title is not None and self.policy.may_write(Side.EVENT, "subject"):
            changes["title"] = title
        if flow["when"] is Side.EVENT:
            changes["when"] = self._event_when()
        if flow["place"] is Side.EVENT:
            changes["place"] = shorten(self._whole_for_event("place"), EVENT_PLACE)
        changes |= {name: getattr(self.pair.activity, name) for name in VALUES if flow[name] is Side.EVENT}
        writable = self.policy.may_write(Side.EVENT, "description")
        if writable and (flow["description"] is Side.EVENT or self._block_is_stale()):
            changes["description"] = compose(self._typed_html(flow["description"]), self.block)
        color = self._color_change(written) if self.policy.may_write(Side.EVENT, "subject") else {}
        return _differing(changes, self.pair.event) | color

    def _color_change(self, written: Written) -> Changes:
        """The color of the type. One that a person chose stays until the type changes."""
        shown, known, wanted = self.pair.event_color, self.last.color or "", written.color or ""
        base = self.pair.activity_base
        other = base is not None and self.policy.colors_otherwise(base, self.pair.activity)
        if self.pair.origin is Origin.GOOGLE or wanted in (known, shown):
            return {}
        if shown != known and not (other and wanted):
            return {}
        return {"color": wanted}

    def _block_is_stale(self) -> bool:
        shown = self.pair.event.description
        if self.block:
            new = self.pair.event_base is None or self.block != self.last.block
            older = self.block != self.last.block and plain(self.last.block) in shown  # it may contain the new one
            return new and (plain(self.block) not in shown or (bool(self.last.block) and older))
        return bool(self.last.block) and plain(self.last.block) in shown

    def _typed_html(self, flow: Side | None) -> str:
        if flow is Side.EVENT:
            return safe_html(self.pair.activity_html or self.pair.activity.description)
        return typed_part(self.pair.event_html or self.pair.event.description, self.blocks)

    def _for_activity(self, name: str) -> Any:
        if name in self.put_back:
            value = getattr(self.pair.activity_base, name)
            html = self.pair.activity_base_html if name == "description" else ""
            return html if html and plain(html) == value else value
        if name == "when":
            return self._activity_when()
        if name in TEXTS:
            whole = self._whole_for_activity(name)
            half = MERGED[name].activity
            if half is not None and half.longest is not None:
                return shorten(whole, half.longest)
            if whole != self.typed:
                return whole
            return typed_part(self.pair.event_html or self.pair.event.description, self.blocks)
        return self._event_value(name)

    # A start and its length are one value. The length that a side showed when both were equal is its own, and stays
    # unless the other side changes its own; a length that loses a conflict is lost.

    def _event_when(self) -> When:
        base = self.pair.activity_base
        known = self.pair.event_base or self.pair.event
        return move_event(self.activity_when, base.when if base else None, known.when, self.policy.default_duration)

    def _activity_when(self) -> When:
        base = self.pair.activity_base
        if self.pair.event_base is not None:
            shown = self.pair.event_base.when
        else:  # adopting: what we would have shown counts as the base, so that a default length stays a default
            shown = move_event(self.activity_when, None, None, self.policy.default_duration)
        return move_activity(self.pair.event.when, shown, base.when if base else self.activity_when)


def _differing(changes: Changes, shown: ActivityView | EventView) -> Changes:
    """Without what the side shows already."""
    seen = {name: plain(value) if name == "description" else value for name, value in changes.items()}
    return {name: changes[name] for name in changes if seen[name] != getattr(shown, name)}
