"""From raw objects to staged observations: read, named where needed, and told apart from what can't be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from include.calsync.core.field_sets import completed
from include.calsync.core.fields import activity_view, event_view
from include.calsync.core.model import ActivityView, Context
from include.calsync.core.observations import NOBODY, UNREAD, Observation
from include.calsync.core.privacy import unwanted, veiled
from include.calsync.core.raw import RawActivity, RawEvent
from include.calsync.core.records import ActivityBase
from include.calsync.core.stamps import stamp
from include.calsync.core.words import Absence
from include.calsync.errors import CalsyncError
from include.calsync.flows.border import border
from include.calsync.flows.names import Names, Unread


def activities(
    raws: Iterable[RawActivity],
    bases: Mapping[int, ActivityBase],
    names: Names,
    company_id: str,
    ahead: timedelta,
    *,
    thrifty: bool = False,
    fresh: Collection[int] = (),
    anew: Collection[int] = (),
) -> list[Observation]:
    """Observations of activities. `bases`: what linked ones showed when last equal, by id.

    Names are asked for only if the activity differs from its base, or has none; `thrifty`: only if it hangs on
    something else than its base. `fresh`: ids whose names are asked for in any case. `anew`: ids whose names
    are asked for as far as they can be had by the hundred.
    """
    raws = list(raws)
    drafts = {int(raw["id"]): _draft(raw) for raw in raws if not raw.get("is_deleted")}
    views = {key: view for key, view in drafts.items() if isinstance(view, ActivityView)}
    old = {key: base for key, base in bases.items() if key not in fresh}
    known = _known_contexts(views, old, names, thrifty, anew)
    names.learn(view.refs for key, view in views.items() if key not in known)
    out = []
    for raw in raws:
        key = int(raw["id"])
        at = stamp(raw.get("update_time"), ahead)
        seen = _activity(key, company_id, "deleted", raw=dict(raw), at=at)
        draft = drafts.get(key)
        if isinstance(draft, ActivityView):
            try:
                context = known[key] if key in known else names.context(draft.refs)
            except Unread as error:
                seen = replace(seen, status="unreadable", error=str(error), raw={**raw, UNREAD: True})
            else:
                seen = replace(seen, status="live", view=replace(draft, context=context).to_json())
        elif draft is not None:
            seen = replace(seen, status="unreadable", error=str(draft))
        out.append(seen)
    return out


def _activity(
    activity_id: int,
    company_id: str,
    status: str,
    *,
    raw: RawActivity | None = None,
    at: datetime | None = None,
    error: str | None = None,
) -> Observation:
    return Observation(NOBODY, "activities", company_id, str(activity_id), status, None, raw, at, error)


def _draft(raw: RawActivity) -> ActivityView | CalsyncError:
    try:
        with border(f"activity {raw['id']}"):
            return activity_view(raw, Context())
    except CalsyncError as error:
        return error


def _known_contexts(
    views: Mapping[int, ActivityView],
    bases: Mapping[int, ActivityBase],
    names: Names,
    thrifty: bool,
    anew: Collection[int],
) -> dict[int, Context]:
    """Contexts of the activities that are what they were, by id: as the base has them, or `anew`."""
    found = {key: _base_context(view, bases.get(key), thrifty) for key, view in views.items()}
    known = {key: context for key, context in found.items() if context is not None}
    renewed = [key for key in anew if key in known]
    names.learn_by_the_hundred(views[key].refs for key in renewed)
    return known | {key: names.renewed(views[key].refs, known[key]) for key in renewed}


def _base_context(view: ActivityView, known: ActivityBase | None, thrifty: bool) -> Context | None:
    """The names that the base knows, if the activity is what it was then."""
    if known is None:
        return None
    base = completed(known.base_activity, view, known.field_set)
    if thrifty and base.refs == view.refs:
        return base.context
    return base.context if replace(base, context=Context()) == view else None


def gone(activity_id: int, company_id: str, status: str, *, error: str | None = None) -> Observation:
    """The observation of an activity that a direct GET did not find: `deleted`, or `missing` while that is unproven."""
    return _activity(activity_id, company_id, status, error=error)


def unread_activity(activity_id: int, company_id: str, error: str) -> Observation:
    """The observation of an activity that a direct GET does not answer: it is set aside, and asked for again."""
    return gone(activity_id, company_id, "unreadable", error=error)


def lost_event(account_id: int, event_id: str, calendar_id: str) -> Observation:
    """The observation of an event that a GET does not find in a calendar that answers: `missing`, no proof."""
    return gone_event(account_id, event_id, calendar_id, "missing", Absence.LOST)


def gone_event(account_id: int, event_id: str, calendar_id: str, status: str, why: str) -> Observation:
    """The observation of an event that no answer shows: `status` and `why`, as other answers tell."""
    return Observation(account_id, "events", calendar_id, event_id, status, None, None, None, why)


def event(
    account_id: int, raw: RawEvent, calendar_id: str, ahead: timedelta, private_events: str = "full"
) -> Observation:
    """The observation of an event. A cancelled one may have nothing but its id.

    One that counts as gone is `deleted`, and `error` says why; of a private one only what the veil shows is staged.
    """
    reason = unwanted(raw, private_events)
    raw = veiled(raw, private_events)
    at, item_id = stamp(raw.get("updated"), ahead), str(raw["id"])
    seen = Observation(account_id, "events", calendar_id, item_id, "deleted", None, dict(raw), at, None)
    if raw.get("status") == "cancelled":
        return seen
    if reason is not None:
        return replace(seen, error=reason)
    try:
        with border(f"event {item_id}"):
            return replace(seen, status="live", view=event_view(raw).to_json())
    except CalsyncError as error:
        return replace(seen, status="unreadable", error=str(error))


def unread_event(account_id: int, event_id: str, calendar_id: str, error: Exception) -> Observation:
    """The observation of an event (or series) that a GET does not answer: it is set aside, and asked for again."""
    return gone_event(account_id, event_id, calendar_id, "unreadable", str(error))
