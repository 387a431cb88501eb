"""The canonical form: what both services can say about one meeting, as plain values.

Everything here is frozen, has only aware instants and plain dates, and turns to and from JSON, because the
base of a link is stored as JSON.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from include.calsync.core.raw import Json


def flat(record: Any) -> Json:
    """A dataclass's own fields by name; `dataclasses.asdict` copies whatever they hold, and takes ten times as long."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


class Change(StrEnum):
    """What one side shows, compared with its own half of the base."""

    ABSENT = "absent"
    CREATED = "created"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    DELETED = "deleted"


class Origin(StrEnum):
    """Where the pair was born."""

    PIPEDRIVE = "pipedrive"
    GOOGLE = "google"


@dataclass(frozen=True, slots=True)
class When:
    """All-day on `day` for `days`, or timed from `start` (aware, UTC). `duration` None: the service shows none."""

    day: date | None = None
    days: int = 1
    start: datetime | None = None
    duration: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.day is None) == (self.start is None):
            raise ValueError("exactly one of day and start")
        if self.start is not None and self.start.utcoffset() != timedelta(0):
            raise ValueError("start must be aware and in UTC")

    @property
    def all_day(self) -> bool:
        """Whether it has days, and no time."""
        return self.day is not None

    def to_json(self) -> Json:
        """As stored."""
        if self.day is not None:
            return {"day": self.day.isoformat(), "days": self.days}
        assert self.start is not None
        length = None if self.duration is None else int(self.duration.total_seconds())
        return {"start": self.start.isoformat(), "duration_s": length}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """What `to_json` made."""
        if "day" in value:
            return cls(day=date.fromisoformat(value["day"]), days=value["days"])
        length = value["duration_s"]
        return cls(
            start=datetime.fromisoformat(value["start"]).astimezone(UTC),
            duration=None if length is None else timedelta(seconds=length),
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What an activity hangs on, by name; only for titles and the context block. Empty string: no such part."""

    deal: str = ""
    person: str = ""
    organization: str = ""
    phone: str = ""
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ActivityView:
    """One activity, normalised. `when` None: no date. `busy` is the effective value (unset: timed is busy)."""

    subject: str
    when: When | None
    place: str
    description: str
    busy: bool
    done: bool = False
    type: str = ""
    owner_id: int = 0
    refs: tuple[str, str, str] = ("", "", "")
    """Ids of deal (or lead), person, organization as text."""
    note: str = ""
    context: Context = field(default_factory=Context)
    call: str = ""
    """Where the video call is joined that Pipedrive made."""
    priority: int = 0
    """Id of the option; 0: none."""
    private: bool = field(default=False, compare=False)
    """Nothing that its event says; no edit, and in no digest."""

    def to_json(self) -> Json:
        """As stored."""
        out = flat(self)
        if not self.private:
            del out["private"]
        out["when"] = self.when.to_json() if self.when else None
        out["refs"] = list(self.refs)
        out["context"] = flat(self.context)
        return out

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """What `to_json` made."""
        when = value["when"]
        return cls(
            **{
                **_known(cls, value),
                "when": When.from_json(when) if when else None,
                "refs": tuple(value["refs"]),
                "context": Context(**value["context"]),
            }
        )


@dataclass(frozen=True, slots=True)
class EventView:
    """One event, normalised. `description` is the whole plain text, our block included."""

    title: str
    when: When
    place: str
    description: str
    busy: bool
    guests: bool = False
    """Whether anybody else was asked to come."""

    def to_json(self) -> Json:
        """As stored."""
        out = flat(self)
        out["when"] = self.when.to_json()
        return out

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """What `to_json` made."""
        return cls(**{**_known(cls, value), "when": When.from_json(value["when"])})


def _known(kind: type[ActivityView] | type[EventView], value: Json) -> Json:
    """Without the fields of a later version."""
    names = kind.__dataclass_fields__
    return value if names.keys() >= value.keys() else {name: value[name] for name in value if name in names}


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def digest(view: ActivityView | EventView) -> str:
    """Hex digest of the canonical fields; equal digests mean equal views."""
    shown = {name: value for name, value in view.to_json().items() if name != "private"}
    text = _CANONICAL(shown)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
