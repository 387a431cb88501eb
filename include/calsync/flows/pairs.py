"""Between the store and the core: links and observations as the pair that is merged, and back to a row's payload."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TypeGuard

from include.calsync.core.decide import Action
from include.calsync.core.field_sets import FIELD_SET, completed, present
from include.calsync.core.fields import activity_view, event_view, is_foreign
from include.calsync.core.merge import Merged, Pair, merge
from include.calsync.core.model import ActivityView, EventView, Origin
from include.calsync.core.observations import Observation
from include.calsync.core.planning.wanted import Wanted, before_activity, before_event
from include.calsync.core.policy import Policy, Side
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Json, RawActivity, RawEvent
from include.calsync.core.records import Former, Link, Payload
from include.calsync.core.visibility import visibility_of
from include.calsync.core.words import WITHDRAWN
from include.calsync.core.written import Written


def payload_of(
    link: Link | Former | None,
    activity: Observation | None,
    event: Observation | None,
    *,
    origin: Origin | None = None,
) -> Payload:
    """All that carrying out a row needs, as JSON: what was seen, or where nothing was seen, what the link knows.

    `link`: also a former one.
    """
    raw_event = event.raw if _readable(event) else link and link.event_raw
    return {
        "origin": str(link.origin if link is not None else origin),
        "activity": activity.view if _readable(activity) else _last_activity(link),
        "event": event.view if _readable(event) else _last_event(link),
        "activity_raw": activity.raw if _readable(activity) else link and link.activity_raw,
        "event_raw": raw_event,
        "etag": (raw_event or {}).get("etag") if event is not None else getattr(link, "etag", None),
        "activity_stamp": _stamp(activity),
        "event_stamp": _stamp(event),
        "field_set": FIELD_SET,
    }


def _readable(observed: Observation | None) -> TypeGuard[Observation]:
    return observed is not None and observed.view is not None


def _last_activity(link: Link | Former | None) -> Json | None:
    """The activity as it was last seen: the base, but for what a one-way mode left different."""
    if link is None or not link.activity_raw:
        return link.base_activity if link is not None else None
    return activity_view(link.activity_raw, ActivityView.from_json(link.base_activity).context).to_json()


def _last_event(link: Link | Former | None) -> Json | None:
    if link is None or not link.event_raw:
        return link.base_event if link is not None else None
    return event_view(link.event_raw).to_json()


def _stamp(observed: Observation | None) -> str | None:
    return observed.stamp.isoformat() if observed is not None and observed.stamp is not None else None


def pair_of(payload: Payload, link: Link | Former | None) -> Pair:
    """The pair behind a payload. Without a link, or with one that has no base yet, it is an adoption."""
    written: tuple[Written, ...] = ()
    if link is not None:
        known = (link.intended, link.rendered)
        written = tuple(Written.from_json(value) for value in known if value)
    payload = present(payload)
    activity, event = ActivityView.from_json(payload["activity"]), EventView.from_json(payload["event"])
    as_sent = None
    if payload.get("as_sent"):  # nobody but us wrote it: only the event can have changed until it was read
        as_sent = ActivityView.from_json(payload.get("activity_sent") or payload["activity"])
    return Pair(
        origin=Origin(payload["origin"]),
        activity=activity,
        event=event,
        activity_base=completed(link.base_activity, activity, link.field_set) if link is not None else as_sent,
        event_base=completed(link.base_event, event, link.field_set) if link is not None else None,
        written=written,
        activity_html=str((payload["activity_raw"] or {}).get("public_description") or ""),
        event_html=str((payload["event_raw"] or {}).get("description") or ""),
        event_color=str((payload["event_raw"] or {}).get("colorId") or ""),
        event_visibility=visibility_of(payload["event_raw"] or {}),
        activity_stamp=_instant(payload["activity_stamp"]),
        event_stamp=_instant(payload["event_stamp"]),
        rejects=Side(payload["rejects"]) if "rejects" in payload else None,
        activity_base_html=str(((link and link.activity_raw) or {}).get("public_description") or ""),
        unveiled=link is not None and is_veiled(link.event_raw or {}) and not is_veiled(payload["event_raw"] or {}),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def rules_of(payload: Payload, policy: Policy) -> Policy:
    """The account's rules for the pair behind a payload: the same in the plan and wherever it is carried out.

    A row's `cause` says why the event counts as gone although it is there; then it is not written.
    """
    rules = policy.of_pair(payload["event_raw"], Origin(payload["origin"]))
    return rules.withdrawn() if payload.get("cause") in WITHDRAWN else rules


def wanted_of(payload: Payload, link: Link | Former | None, policy: Policy) -> Wanted:
    """What brings the pair behind a payload together: made by the plan, and once more if a side was edited since."""
    return wanted_by(rules_of(payload, policy), payload, link)


def wanted_by(policy: Policy, payload: Payload, link: Link | Former | None) -> Wanted:
    """The same by the pair's own rules."""
    pair = pair_of(payload, link)
    merged = merge(pair, policy)
    if (payload["activity_raw"] or {}).get("busy") is None and policy.may_write(Side.EVENT, "busy"):
        merged = _with_default_busy(pair, merged)
    before = {
        Side.EVENT: before_event(merged.event_changes, pair.event, payload["event_raw"] or {}),
        Side.ACTIVITY: before_activity(
            merged.activity_changes, pair.activity, payload["activity_raw"] or {}, veiled=policy.terms.veiled
        ),
    }
    return Wanted(merged, before)


def _with_default_busy(pair: Pair, merged: Merged) -> Merged:
    """An unset `busy` follows from the time: if the activity is given a new one, its event has to follow as well."""
    when = merged.activity_changes.get("when")
    if when is None or "busy" in merged.activity_changes:
        return merged
    busy = not when.all_day
    changes = {name: value for name, value in merged.event_changes.items() if name != "busy"}
    return dataclasses.replace(merged, event_changes=changes | ({} if pair.event.busy == busy else {"busy": busy}))


def with_activity(payload: Payload, raw: RawActivity, view: ActivityView, at: datetime | None) -> Payload:
    """The payload with what the activity shows now. `at`: when it was edited last."""
    sent = payload.get("activity_sent") or payload["activity"]
    edited = at.isoformat() if at is not None else None
    shown: Payload = {"activity": view.to_json(), "activity_raw": raw, "activity_stamp": edited}
    return {**payload, "activity_sent": sent, **shown}


def with_event(payload: Payload, raw: RawEvent, at: datetime | None = None) -> Payload:
    """The payload with what the event shows now. `at`: when it was edited last; None: not since it was read."""
    shown: Payload = {"event": event_view(raw).to_json(), "event_raw": raw, "etag": raw.get("etag")}
    return {**payload, **shown, "event_stamp": at.isoformat() if at is not None else payload["event_stamp"]}


def for_new_event(payload: Payload) -> Payload:
    """The payload of an event that is made anew: it is the calendar it is made in that organises it."""
    return {**payload, "event_raw": {k: v for k, v in payload["event_raw"].items() if k != "organizer"}}


def for_new_activity(payload: Payload, known: Link | Former | None) -> Payload:
    """The payload of an activity that is made anew. One that had lost its date gets one with its event."""
    if payload["activity"]["when"] is not None:
        return payload
    base = known.base_activity if known is not None else {}
    return {**payload, "activity": payload["activity"] | {"when": base.get("when") or payload["event"]["when"]}}


def wanted_anew(action: Action, payload: Payload, known: Link | Former, policy: Policy) -> Wanted | None:
    """What an item that is made anew shows beside what it showed last; None: nothing is known that it could show.

    `known`: the link, or the former one, of the item that is gone.
    """
    event = payload["event_raw"]
    if action is Action.CREATE_EVENT and event and not is_foreign(event, known.calendar_id):
        return wanted_of(for_new_event(payload), known, policy)
    if action is Action.CREATE_ACTIVITY and payload["activity_raw"]:
        return wanted_of(for_new_activity(payload, known), known, policy)
    return None
