"""Why an event leaves its calendar although its activity lives: an edit, or a setting that was changed.

What a changed setting would remove is guarded like a deletion. Its row says which setting it is (`by_setting`).
"""

from __future__ import annotations

from include.calsync.core.decide import Action, out_of_scope
from include.calsync.core.field_sets import present
from include.calsync.core.model import ActivityView
from include.calsync.core.policy import Policy
from include.calsync.core.records import Link, LinkHead, Payload
from include.calsync.core.run_records import Held
from include.calsync.flows.planning.guarded import BY_SETTING
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.run_account import RunAccount

# By cause of the removal.
SETTINGS = {"other_type": "activity_types", "done": "done"}
CALENDARS = "calendar, or which accounts are enabled"


def setting_of(link: Link, policy: Policy, cause: str) -> str | None:
    """The setting whose change makes the activity leave: as it was when last equal it would leave as well."""
    base = ActivityView.from_json(link.base_activity)
    return SETTINGS.get(cause) if out_of_scope(base, policy) == cause else None


def remove_event(rows: Rows, account: RunAccount, link: LinkHead, payload: Payload, setting: str | None) -> None:
    """Plan to take our own event out of the calendar. `setting`: whose change is the cause, if no edit is."""
    reason = str(payload["cause"])
    if setting is not None:
        payload["by_setting"], reason = setting, f"{BY_SETTING}{setting}"
    rows.add(account, Action.REMOVE_EVENT, payload, link, reason=reason)


def fill_in(payload: Payload, held: Held, side: str) -> None:
    """Put what was seen of a side (`activity` or `event`) when the pair was held into the payload."""
    before = present(held.payload)
    seen: Payload = {"activity": before["activity"], "activity_raw": before["activity_raw"]}
    seen["activity_stamp"] = before["activity_stamp"]
    if side == "event":
        seen = {"event": before["event"], "event_raw": before["event_raw"], "event_stamp": before["event_stamp"]}
        seen["etag"] = before["etag"]
    payload.update(seen)
