"""What is written when values go back: where they were alone, or to the other side as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from include.calsync.core.merge import Changes, Merged
from include.calsync.core.model import ActivityView, EventView
from include.calsync.core.planning.wanted import Wanted, before_activity, before_event, value_json
from include.calsync.core.policy import Policy, Side
from include.calsync.core.records import Link, Payload
from include.calsync.core.text import plain
from include.calsync.core.written import Written
from include.calsync.flows.pairs import rules_of, wanted_by

FIELDS: Mapping[Side, tuple[str, ...]] = {
    Side.ACTIVITY: tuple(field.name for field in dataclasses.fields(ActivityView)),
    Side.EVENT: tuple(field.name for field in dataclasses.fields(EventView)),
}


def wanted_back(payload: Payload, link: Link, back: Mapping[Side, Changes]) -> Wanted:
    """Each side gets its own values back; what else it shows is kept as it is, and no later sync carries it over."""
    kept = {side: frozenset(FIELDS[side]) - back[side].keys() for side in Side}
    return _wanted(payload, Merged(back[Side.EVENT], back[Side.ACTIVITY], Written.from_json(link.rendered), kept=kept))


def wanted_of_other(payload: Payload, link: Link, back: Mapping[Side, Changes], policy: Policy) -> Wanted | None:
    """Both sides get the values that one of them gets back, as if somebody typed them there now.

    None: by the account's rules they would reach one side only.
    """
    as_if: Payload = {**payload}
    for side, view, raw, html in (
        (Side.ACTIVITY, "activity", "activity_raw", "public_description"),
        (Side.EVENT, "event", "event_raw", "description"),
    ):
        values = {name: value_json(value) for name, value in back[side].items()}
        if "description" in values:
            as_if[raw] = {**(as_if[raw] or {}), html: values["description"]}  # type: ignore[literal-required]
            values["description"] = plain(str(values["description"]))
        as_if[view] = as_if[view] | values  # type: ignore[literal-required]
    merged = wanted_by(rules_of(payload, policy), as_if, link).merged
    changes = {Side.ACTIVITY: merged.activity_changes, Side.EVENT: merged.event_changes}
    if any(back[side] and not changes[side.other] for side in Side):
        return None
    both = {side: {**back[side], **changes[side]} for side in Side}
    return _wanted(
        payload,
        dataclasses.replace(merged, event_changes=both[Side.EVENT], activity_changes=both[Side.ACTIVITY], conflicts=()),
    )


def _wanted(payload: Payload, merged: Merged) -> Wanted:
    """With what the fields show now."""
    activity, event = ActivityView.from_json(payload["activity"]), EventView.from_json(payload["event"])
    return Wanted(
        merged,
        {
            Side.EVENT: before_event(merged.event_changes, event, payload["event_raw"] or {}),
            Side.ACTIVITY: before_activity(
                merged.activity_changes, activity, payload["activity_raw"] or {}, veiled=False
            ),
        },
    )
