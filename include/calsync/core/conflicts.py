"""Fields that both sides changed to different values: who wins, and why."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from include.calsync.core.model import When
from include.calsync.core.policy import Policy, Side
from include.calsync.core.raw import Json

# Stamps of two services closer than this say nothing about who was last.
STAMP_RESOLUTION_S = 60.0


class Why(StrEnum):
    """Why a side won; stored with the value that lost."""

    NEWEST = "newest"
    """It was edited last."""
    SETTING = "setting"
    """The account's `conflict` names it."""
    ONE_WAY = "one_way"
    """The other one is never written to the winner: by the account's mode, or because somebody else organises it."""
    ADOPTING = "adopting"
    """Two items became a pair, and only the winner said anything."""
    VEIL = "veil"
    """A private event: what the veil shows, or showed, is nobody's edit."""
    MOVED = "moved"
    """The event went to another calendar: the winner was typed there, the loser into the event that was left."""
    REJECTED = "rejected"
    """No conflict of two edits: a person rejected the loser."""
    SHORTENED = "shortened"
    """No conflict of two edits: the loser showed more than the beginning that the winner's text replaced."""


CLOSE = "close"
"""What is said instead of `newest` where the edits are so close together that nobody can say so."""
EDITS = frozenset({Why.NEWEST, Why.SETTING})
"""Why a value lost that somebody had typed."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed to different values.

    `activity_at`, `event_at`: when each item was last edited. A later edit of something else makes it no other one.
    """

    field: str
    activity: Any
    event: Any
    winner: Side
    why: Why
    activity_at: datetime | None = dataclasses.field(default=None, compare=False)
    event_at: datetime | None = dataclasses.field(default=None, compare=False)

    @property
    def said(self) -> str:
        """The word for why the winner won."""
        is_close = self.why is Why.NEWEST and are_close(self.activity_at, self.event_at)
        return CLOSE if is_close else str(self.why)

    def to_json(self) -> Json:
        """As the plan and the log of lost values keep it."""
        shown = [v.to_json() if isinstance(v, When) else v for v in (self.activity, self.event)]
        sides = {"activity": shown[0], "event": shown[1]}
        edited = {"activity_at": self.activity_at, "event_at": self.event_at}
        times = {name: at.isoformat() for name, at in edited.items() if at is not None}
        return {"field": self.field, **sides, "winner": str(self.winner), "why": str(self.why), **times}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """What `to_json` made."""
        timed = value["field"] == "when"
        mine, theirs = (When.from_json(one) if timed and one else one for one in (value["activity"], value["event"]))
        times = (
            datetime.fromisoformat(at) if (at := value.get(name)) else None for name in ("activity_at", "event_at")
        )
        return cls(value["field"], mine, theirs, Side(value["winner"]), Why(value["why"]), *times)


def are_close(activity_at: datetime | None, event_at: datetime | None) -> bool:
    """Whether two edits are so close together that their times do not tell which is the newer one."""
    if activity_at is None or event_at is None:
        return False
    return abs((event_at - activity_at).total_seconds()) < STAMP_RESOLUTION_S


def preferred(policy: Policy, activity_stamp: datetime | None, event_stamp: datetime | None) -> tuple[Side, Why]:
    """Who wins a field that both sides changed, and that may be written to both, by the account's `conflict`."""
    if policy.conflict != "newest":
        return (Side.ACTIVITY if policy.conflict == "pipedrive" else Side.EVENT), Why.SETTING
    if activity_stamp is None or event_stamp is None:
        return Side.ACTIVITY, Why.NEWEST
    lead_s = (event_stamp - activity_stamp).total_seconds()
    return (Side.EVENT if lead_s >= STAMP_RESOLUTION_S else Side.ACTIVITY), Why.NEWEST


def barred(policy: Policy, side: Side) -> Why:
    """Why a field may not be written to a side."""
    return Why.VEIL if policy.terms.veiled and policy.may_write(side) else Why.ONE_WAY
