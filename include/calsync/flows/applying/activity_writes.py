"""Writes to Pipedrive. It has no conditional write and no key against duplicates: read first, and note the intent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from include.calsync.core.decide import Action
from include.calsync.core.fields import ACTIVITY, activity_body, activity_view
from include.calsync.core.marks import Mark
from include.calsync.core.merge import Changes, Merged, Pair
from include.calsync.core.model import ActivityView, Origin
from include.calsync.core.planning import late
from include.calsync.core.planning.wanted import before_activity, changes_json
from include.calsync.core.policy import Side
from include.calsync.core.raw import RawActivity, RawEvent
from include.calsync.core.records import Columns, Link
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence
from include.calsync.core.stamps import skew, stamp
from include.calsync.errors import PartlyRefused, RetryableError, ServiceError
from include.calsync.flows.applying.guests import Guests
from include.calsync.flows.applying.mark_writes import put_mark
from include.calsync.flows.applying.pasted import refs_body
from include.calsync.flows.applying.shared_writes import attend, take_over
from include.calsync.flows.applying.writes import Desk, promptly, same_content
from include.calsync.flows.pairs import pair_of, with_activity, with_event
from include.calsync.store import mapping, runs

log = logging.getLogger(__name__)


class ChangedMeanwhile(RetryableError):
    """The activity is not what the plan was made for: decide again in the next run."""


class ActivityWrites:
    """One account's writes to its activities, and rows that only the store must learn."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.guests = Guests(desk.services, desk.account)

    def handlers(self) -> dict[str, Callable[[PlanRow], None]]:
        """What to call for each action."""
        return {
            Action.CREATE_EVENT: self.merge,  # made anew with an edit that the activity does not show yet
            Action.MERGE: self.merge,
            Action.ADOPT: self.merge,
            Action.REBASE: self.rebase,
            Action.TAKE_OVER: self.take_over,
            Action.ATTEND: lambda row: attend(self.desk, row),
        }

    def _mark(self, link_id: int, row: PlanRow, wanted: Mark, event: RawEvent | None = None) -> None:
        """If this fails the link is known as unmarked, and the next run does it. `event`: if it is not the row's."""
        desk = self.desk
        if not desk.policy.of_pair(event or row.payload["event_raw"], wanted.origin).may_mark:
            return
        try:
            answer = put_mark(desk, row, wanted, event)
        except ServiceError as error:
            log.warning("account %s: event %s is not marked yet: %s", desk.account.name, wanted.event_id, error)
            return
        with desk.commit() as conn:
            mapping.set_link(conn, link_id, marked=True, etag=answer.get("etag"), event_raw=answer)
            desk.log_write(conn, row, link_id=link_id)

    # Change.

    def merge(self, row: PlanRow) -> None:
        """Write the activity's part of a merge, if it has one, and settle the pair."""
        desk = self.desk
        if desk.is_obsolete(row):
            desk.drop(row)
            return
        payload, link, merged = row.payload, desk.link_of(row), desk.wanted(row).merged
        pair = pair_of(payload, link)
        answers = {"events": payload["event_answer"]} if "event_answer" in payload else {}
        if not merged.activity_changes:
            desk.settle(row, payload, pair, merged, answers)
            return
        if not answers:
            desk.log_lost(row, merged.conflicts)
        answers["activities"] = promptly(lambda: self._write(row, pair, merged, link))
        desk.settle(row, payload, pair, merged, answers)

    def _write(self, row: PlanRow, pair: Pair, merged: Merged, link: Link | None) -> RawActivity:
        """The activity with its part of the merge, if it is still as it was seen."""
        current = self.desk.pipedrive.activity(row.named_activity)
        not_after = self.desk.not_after()
        view = activity_view(current, pair.activity.context)
        is_deleted = bool(current.get("is_deleted"))
        if is_deleted or not same_content(view, pair.activity):
            now = self.desk.activity_now(row, link, None if is_deleted else view)
            if late.decides(now) is Action.MERGE and "decided" not in row.payload:
                self._merge_again(row, link, view, current, not_after)
            raise ChangedMeanwhile("the activity was edited or deleted meanwhile; the rest follows in the next run")
        return self._patch(row, merged.activity_changes, view, current, not_after)

    def _merge_again(
        self, row: PlanRow, link: Link | None, view: ActivityView, current: RawActivity, not_after: datetime
    ) -> None:
        """Somebody edited the activity since it was read: write what still holds; the rest is for the next run."""
        desk, payload = self.desk, row.payload
        at = stamp(current.get("update_time"), skew(desk.pipedrive.server_time, desk.services.clock))
        now = with_event(payload, payload["event_answer"]) if "event_answer" in payload else payload
        wanted, anew = desk.wanted_now(with_activity(now, current, view, at), link)
        if wanted.merged.activity_changes:
            desk.log_lost(row, wanted.merged.conflicts)
            self._patch(row, wanted.merged.activity_changes, view, current, not_after, anew)
            with desk.commit() as conn:
                desk.log_write(conn, row)

    def _patch(
        self,
        row: PlanRow,
        changed: Changes,
        view: ActivityView,
        current: RawActivity,
        not_after: datetime,
        anew: Columns | None = None,
    ) -> RawActivity:
        """The activity with these fields written. `anew`: what the row says from then on."""
        desk, seen = self.desk, current.get("update_time")
        before = before_activity(changed, view, current, veiled=desk.policy_of(row).terms.veiled)
        after = changes_json(changed)
        body = activity_body(changed)
        if "description" in changed:
            body |= refs_body(desk, row.named_event, changed["description"], view.refs, current.get("participants"))
        with desk.commit() as conn:
            if anew is not None:
                runs.set_row(conn, row.id, **anew)
            desk.note(conn, row, side=Side.ACTIVITY, seen=seen, before=before, after=after)
        try:
            with desk.sending(row):
                answer = desk.pipedrive.update_activity(
                    row.named_activity, body, seen_update_time=seen, not_after=not_after
                )
            return desk.listed(answer, current.get("attendees") or [])
        except PartlyRefused as error:
            done = {name for name in changed if error.written.issuperset(ACTIVITY[name].columns)}
            shown = {"before": {name: before[name] for name in done}, "after": {name: after[name] for name in done}}
            with desk.commit() as conn:
                desk.log_write(conn, row, **shown)
            raise

    def take_over(self, row: PlanRow) -> None:
        """Give the activity another account's event of the same meeting."""
        event = take_over(self.desk, row)
        if event is None or is_occurrence(event):
            return
        link = self.desk.link_of(row)
        if link is not None:
            self._mark(link.id, row, self.desk.mark(link.activity_id, event["id"], Origin(link.origin)), event)

    # What only the store must learn.

    def rebase(self, row: PlanRow) -> None:
        """Take what both sides show for equal, as it is."""
        link = self.desk.link_of(row)
        if link is None:
            self.desk.drop(row)
            return
        pair = pair_of(row.payload, link)
        raws = {"activity_raw": row.payload["activity_raw"], "event_raw": row.payload["event_raw"]}
        values = self.desk.link_values(pair.activity, pair.event, pair.written[-1], marked=link.marked, **raws)
        with self.desk.commit() as conn:
            mapping.set_link(conn, link.id, **values)
            self.desk.confirm(conn, row)
