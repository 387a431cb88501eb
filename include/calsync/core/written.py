"""What on an event is ours: the rendered title, the block below the description, the color."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

from include.calsync.core.fields import VALUES, context_block
from include.calsync.core.limits import EVENT_PLACE, EVENT_TITLE, NAME, shorten
from include.calsync.core.model import ActivityView, Context, EventView, flat
from include.calsync.core.moved_times import move_event
from include.calsync.core.policy import Policy
from include.calsync.core.raw import Json
from include.calsync.core.text import compose, plain
from include.calsync.core.title import DONE_MARK, Rendered, render
from include.calsync.core.visibility import PRIVATE
from include.calsync.errors import Unreadable


@dataclass(frozen=True, slots=True)
class Written:
    """What on an event is ours: the rendered title, the block below the description, the color."""

    title: Rendered
    block: str = ""
    color: str | None = None
    visibility: str = ""
    """PRIVATE where the activity was private (core.visibility)."""

    def to_json(self) -> Json:
        """As stored."""
        out = {"title": flat(self.title), "block": self.block, "color": self.color}
        return out | ({"visibility": self.visibility} if self.visibility else {})

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """What `to_json` made."""
        return cls(Rendered(**value["title"]), value["block"], value.get("color"), value.get("visibility", ""))

    def frames_like(self, other: Self) -> bool:
        """Whether all but the subject, which services may rewrite, is the same."""
        mine, theirs = (dataclasses.replace(one.title, text="", subject="") for one in (self, other))
        return mine == theirs and (self.block, self.color) == (other.block, other.color)


def parts(context: Context) -> dict[str, str]:
    """The title parts that are not the subject."""
    names = {"deal": context.deal, "person": context.person, "organization": context.organization}
    return {part: shorten(name, NAME) for part, name in names.items()}


def draft(activity: ActivityView, policy: Policy) -> tuple[EventView, Written, str]:
    """The event of an activity that has none: its view, what of it is ours, and its description as sent."""
    if activity.when is None:
        raise Unreadable("an activity without a date has no event")
    written = written_for(activity, policy)
    view = EventView(
        title=written.title.text,
        when=move_event(activity.when, None, None, policy.default_duration),
        place=shorten(activity.place, EVENT_PLACE),
        description=plain(compose(activity.description, written.block)),
        **{name: getattr(activity, name) for name in VALUES},
    )
    return view, written, written.block


def written_for(activity: ActivityView, policy: Policy, subject: str | None = None) -> Written:
    """What is ours on the event of an activity that was born in Pipedrive. `subject`: another one than it has."""
    mark = DONE_MARK if policy.done == "prefix" and activity.done else ""
    shown = activity.subject if subject is None else subject
    title = render(policy.title, parts(activity.context), shown, mark=mark)
    if len(title.text) > EVENT_TITLE:
        room = len(title.subject) - (len(title.text) - EVENT_TITLE)
        title = render(policy.title, parts(activity.context), shorten(title.subject, room), mark=mark)
    return Written(title, block_of(activity, policy), policy.color_of(activity), wanted_visibility(activity))


def wanted_visibility(activity: ActivityView) -> str:
    """PRIVATE, or "" for an activity that everybody may see who sees the calendar."""
    return PRIVATE if activity.private else ""


def block_of(activity: ActivityView, policy: Policy) -> str:
    """Note, context and call below the description, as the account wants them.

    Guests read what stands there: nobody from outside the company is shown what Pipedrive knows of a contact, unless
    the account says so. The call is meant for them.
    """
    context = policy.include_context == "always" or (policy.include_context and not policy.terms.outside)
    shown = activity if context else dataclasses.replace(activity, context=Context())
    note = policy.include_note and not policy.terms.guests
    return context_block(shown, include_note=note, include_call=bool(policy.include_context))
