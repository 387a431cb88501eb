"""Events and activities that are made anew: what their pair last held, and the merge of that with the other side.

The new item is the last one of its side with the merge's changes to it. So a person's last edits are read as in any
merge: a title against what was last rendered, a time against the last one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from include.calsync.core.anew import event_members, unanswered
from include.calsync.core.fields import activity_body, activity_view, event_body
from include.calsync.core.marks import read_mark
from include.calsync.core.merge import Merged, Pair
from include.calsync.core.model import Context, Origin
from include.calsync.core.privacy import is_private, is_veiled
from include.calsync.core.raw import Body, RawEvent
from include.calsync.core.records import Columns, Former, Link, Payload
from include.calsync.core.run_records import PlanRow
from include.calsync.core.sendable import sendable
from include.calsync.errors import Hidden, NotFound, RetryableError
from include.calsync.flows.applying.writes import Desk
from include.calsync.flows.names import Names, site_of
from include.calsync.flows.pairs import for_new_activity, for_new_event, pair_of
from include.calsync.store import formers, mapping
from include.calsync.store.transaction import reading


@dataclass(frozen=True)
class Anew:
    """`known`: the link, or the former one, that holds what both sides showed when last equal; None: nothing does.

    `row`: what the row is to say before that is written, as it says something else.
    """

    body: Body
    pair: Pair
    merged: Merged
    known: Link | Former | None
    row: Columns = field(default_factory=dict)

    def base(self) -> Columns:
        """The columns of a link that still is to be merged with what is new."""
        names = ("base_activity", "base_event", "activity_digest", "event_digest", "field_set", "rendered")
        return {name: getattr(self.known, name) for name in names} | {"intended": self.merged.written.to_json()}


def event_anew(desk: Desk, row: PlanRow) -> Anew | None:
    """The activity's event as it was, brought up to date; None: it had none, or only its author may make it again."""
    if "wanted" not in row.payload:
        return None
    last, merged = row.payload["event_raw"], desk.wanted(row).merged
    known: Link | Former | None = desk.link_of(row)
    if known is None:
        with reading(desk.services.engine) as conn:
            known = formers.of_activity(conn, desk.account.company_id, row.named_activity)
    if known is None:
        return None
    whole = _behind_the_veil(desk, known) if is_veiled(last) else last
    if whole is None:
        return None
    pair = pair_of(for_new_event(row.payload), known)
    members = event_members(whole, desk.calendar_id, stays=known.calendar_id == desk.calendar_id)
    if "when" in merged.event_changes:
        members = unanswered(members)
    if not desk.google.acts_as_user and members.pop("attendees", None):
        tell(desk, f"the event of activity {row.activity_id} was made anew without its guests: only a connection that "
             "acts as the user may invite somebody")  # fmt: skip
    zone = (last.get("start") or {}).get("timeZone") or desk.policy.zone
    changes = event_body(merged.event_changes, zone=zone, default_duration=desk.policy.default_duration)
    return Anew(members | changes, pair, merged, known)


def _behind_the_veil(desk: Desk, known: Link | Former) -> RawEvent | None:
    """A private event as it lies in its own calendar's trash, and nowhere in the store; None: it is not there."""
    if known.calendar_id != desk.calendar_id:
        return None
    try:
        event = desk.google.get_event(known.calendar_id, known.event_id)
    except NotFound:
        return None
    return event if event.get("start") and event.get("end") and is_private(event) else None


def origin_of(desk: Desk, row: PlanRow) -> Origin:
    """Where the pair of an event without a link was born: its mark says so."""
    mark = read_mark(row.payload["event_raw"] or {})
    own = mark is not None and (mark.company_id, mark.event_id) == (desk.account.company_id, row.event_id)
    return mark.origin if own and mark is not None else Origin.GOOGLE


def activity_anew(desk: Desk, row: PlanRow) -> Anew | None:
    """The event's activity as it was, brought up to date; None: nothing is known of it."""
    known: Link | Former | None = desk.link_of(row)
    if known is None:
        with reading(desk.services.engine) as conn:
            known = formers.of_event(conn, desk.calendar_id, row.named_event)
    said: Columns = {}
    if known is not None and "wanted" in row.payload:
        payload, merged = for_new_activity(row.payload, known), desk.wanted(row).merged
    else:
        found = _from_trash(desk, row)
        if found is None:
            return None
        payload = for_new_activity(found, known)
        wanted, said = desk.wanted_now(payload, known)
        merged = wanted.merged
    pair = pair_of(payload, known)
    when = {"when": merged.activity_changes.get("when", pair.activity.when)}
    body = sendable(payload["activity_raw"]) | activity_body(merged.activity_changes | when)
    if body.get("owner_id") not in (None, desk.policy.user_id):
        tell(desk, f"the activity of event {row.event_id} was made anew: it had another owner; it has the account's")
    return Anew(body | {"owner_id": desk.policy.user_id}, pair, merged, known, said)


def _from_trash(desk: Desk, row: PlanRow) -> Payload | None:
    """The payload with what Pipedrive still tells of the deleted activity that the event's mark names.

    None also if that is linked to another event: who restores the old one as well has two meetings. Raises
    RetryableError if it lives and is free: it is not made a second time.
    """
    mark = read_mark(row.payload["event_raw"] or {})
    if mark is None or (mark.company_id, mark.event_id) != (desk.account.company_id, row.event_id):
        return None
    with reading(desk.services.engine) as conn:
        if mapping.link_of_activity(conn, desk.account.company_id, mark.activity_id) is not None:
            return None
    try:
        raw = desk.pipedrive.activity(mark.activity_id)
    except (NotFound, Hidden):
        return None
    if not raw.get("is_deleted"):
        raise RetryableError("the activity that the event names is there: the next run looks again")
    site = site_of(desk.services, desk.account.settings.pipedrive_conn_id)
    names, view = Names(desk.pipedrive, site), activity_view(raw, Context())
    names.learn([view.refs])
    shown = dataclasses.replace(view, context=names.context(view.refs)).to_json()
    return {**row.payload, "activity": shown, "activity_raw": raw, "as_sent": True, "origin": str(mark.origin)}


def tell(desk: Desk, text: str) -> None:
    """Say it in the run's notices, once."""
    desk.tell(f"account {desk.account.name}: {text}")
