"""What a row will write: the merge of its pair, made once when the row is planned, and what it replaces.

It lies in the row, so what a dry run shows and a hold asks for is what is written. It is made anew only if one side was
edited between plan and write; then the row is rewritten first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from include.calsync.core.conflicts import Conflict
from include.calsync.core.fields import beside
from include.calsync.core.merge import Changes, Merged
from include.calsync.core.model import ActivityView, EventView, When
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json, Raw
from include.calsync.core.records import Payload
from include.calsync.core.written import Written

CHANGES = {Side.EVENT: "event_changes", Side.ACTIVITY: "activity_changes"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`before`: what the fields show that will be written, by side and name, as JSON."""

    merged: Merged
    before: Mapping[Side, Json]

    def to_json(self) -> Json:
        """As a row's payload has it. Its conflicts are in a column of their own."""
        return {
            "event_changes": changes_json(self.merged.event_changes),
            "activity_changes": changes_json(self.merged.activity_changes),
            "written": self.merged.written.to_json(),
            "kept": {str(side): sorted(names) for side, names in self.merged.kept.items()},
            "before": {str(side): dict(values) for side, values in self.before.items()},
        }

    def conflicts_json(self) -> list[Json] | None:
        """As a row has them; None: there is none."""
        return [conflict.to_json() for conflict in self.merged.conflicts] or None

    @classmethod
    def from_json(cls, value: Json, conflicts: list[Json] | None) -> Self:
        """What `to_json` and `conflicts_json` made."""
        merged = Merged(
            event_changes=_changes(value["event_changes"]),
            activity_changes=_changes(value["activity_changes"]),
            written=Written.from_json(value["written"]),
            conflicts=tuple(Conflict.from_json(conflict) for conflict in conflicts or ()),
            kept={Side(side): frozenset(names) for side, names in value["kept"].items()},
        )
        return cls(merged, {Side(side): values for side, values in value["before"].items()})


def changes_of(payload: Payload, side: Side) -> Json:
    """What a row's payload says will be written to a side: names and values, as JSON."""
    return dict((payload.get("wanted") or {}).get(CHANGES[side]) or {})


def before_event(changes: Changes, shown: EventView, raw: Raw) -> Json:
    """What an event shows of the fields that change; of its description the HTML, so that it can be put back."""
    ours = beside(raw) | {"description": str(raw.get("description") or "")}
    return {name: ours.get(name) or value_json(getattr(shown, name, "")) for name in changes}


def before_activity(changes: Changes, shown: ActivityView, raw: Raw, *, veiled: bool) -> Json:
    """What an activity shows of the fields that change, as `before_event`; of one with a veiled event only when it
    is."""
    html = str(raw.get("public_description") or "")
    values = {name: html if name == "description" and html else value_json(getattr(shown, name)) for name in changes}
    return {name: None if veiled and name != "when" else value for name, value in values.items()}


def changes_json(changes: Changes) -> Json:
    """Canonical changes as JSON."""
    return {name: value_json(value) for name, value in changes.items()}


def value_json(value: Any) -> Any:
    """A canonical value as JSON."""
    return value.to_json() if isinstance(value, When) else value


def _changes(value: Json) -> Changes:
    return {name: When.from_json(each) if name == "when" and each else each for name, each in value.items()}
