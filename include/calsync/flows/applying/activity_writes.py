"""Writes to Pipedrive. It has no conditional write and no key against duplicates: read first, and note the intent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from include.calsync.core.decide import Action
from include.calsync.core.field_sets import completed
from include.calsync.core.fields import ACTIVITY, MERGED, activity_body, activity_view
from include.calsync.core.marks import Mark
from include.calsync.core.merge import Changes, Merged, Pair
from include.calsync.core.model import ActivityView, Context, Origin
from include.calsync.core.planning import late
from include.calsync.core.planning.wanted import before_activity, changes_json
from include.calsync.core.policy import Side
from include.calsync.core.raw import Raw, RawActivity, RawEvent
from include.calsync.core.records import Columns, Link
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence
from include.calsync.core.stamps import skew, stamp
from include.calsync.errors import NotFound, PartlyRefused, RetryableError, ServiceError
from include.calsync.flows import moves
from include.calsync.flows.applying.follow_writes import lives_on
from include.calsync.flows.applying.guests import Guests
from include.calsync.flows.applying.mark_writes import put_mark
from include.calsync.flows.applying.pasted import refs_body
from include.calsync.flows.applying.shared_writes import attend, take_over
from include.calsync.flows.applying.writes import Desk, promptly, same_content
from include.calsync.flows.pairs import pair_of, with_activity, with_event
from include.calsync.store import mapping, runs
from include.calsync.store.transaction import Connection

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
            Action.DELETE_ACTIVITY: self.delete,
            Action.FINISH_ACTIVITY: self.finish,
            Action.REBASE: self.rebase,
            Action.DETACH: self.detach,
            Action.UNLINK: self.unlink,
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
            if late.decides(now) is Action.MERGE:
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
        before = before_activity(changed, view, veiled=desk.policy_of(row).terms.veiled)
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

    # Remove.

    def delete(self, row: PlanRow) -> None:
        """Delete the activity, unless somebody edited it since: an edit beats a delete."""
        desk = self.desk
        link = self._start_removal(row)
        if link is None:
            return
        current = promptly(lambda: self._delete(row, link))
        with desk.commit() as conn:
            if current is not None:
                mapping.set_link(conn, link.id, activity_raw=current)
            self._end(conn, row, link)
            desk.confirm(conn, row, before=_loggable(row, link, current or link.activity_raw))
            if row.payload["cause"] == "private":
                runs.set_row(conn, row.id, payload={"cause": "private"})

    def _delete(self, row: PlanRow, link: Link) -> RawActivity | None:
        """The activity as it was when it was deleted; None if somebody did that before."""
        desk, current, not_after = self.desk, self._current(link), self.desk.not_after()
        if current is None:
            return None
        self._ask_again(row, link, current)
        with desk.commit() as conn:
            desk.note(conn, row, side=Side.ACTIVITY, before=_loggable(row, link, current))
        try:
            with desk.sending(row):
                desk.pipedrive.delete_activity(link.activity_id, not_after=not_after)
        except NotFound:
            if self._current(link) is not None:
                raise
            log.info("account %s: activity %s was deleted already", desk.account.name, link.activity_id)
        return current

    def finish(self, row: PlanRow) -> None:
        """Mark the activity as done instead of deleting it; the pair is detached. An edit beats that, too."""
        desk = self.desk
        link = self._start_removal(row)
        if link is None:
            return
        promptly(lambda: self._finish(row, link))
        with desk.commit() as conn:
            mapping.set_link(conn, link.id, state="detached", cause=row.payload["cause"], intended=None)
            desk.confirm(conn, row)

    def _finish(self, row: PlanRow, link: Link) -> None:
        current, not_after = self._current(link), self.desk.not_after()
        if current is None:
            return
        self._ask_again(row, link, {**current, "done": link.base_activity["done"]})
        if not current.get("done"):
            self._patch(row, {"done": True}, activity_view(current, Context()), current, not_after)

    def _start_removal(self, row: PlanRow) -> Link | None:
        link = self.desk.link_of(row)
        if link is None:
            self.desk.drop(row)
            return None
        if lives_on(self.desk, row, link):
            return None
        with self.desk.commit() as conn:
            mapping.set_link(conn, link.id, state="removing", cause=row.payload["cause"])
        return link

    def _current(self, link: Link) -> RawActivity | None:
        try:
            current = self.desk.pipedrive.activity(link.activity_id)
        except NotFound:
            return None
        return None if current.get("is_deleted") else current

    def _ask_again(self, row: PlanRow, link: Link, current: RawActivity) -> None:
        """Raises ChangedMeanwhile if the table decides otherwise about the activity as it is now."""
        if late.decides(self.desk.activity_now(row, link, activity_view(current, Context()))) != row.action:
            self.desk.leave_to_next_run(row, link)
            raise ChangedMeanwhile("the activity was edited after its event was deleted: the next run decides again")

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

    def detach(self, row: PlanRow) -> None:
        """Keep the pair in mind, and sync it no more."""
        known = self.desk.link_of(row)
        if known is not None and lives_on(self.desk, row, known):
            return
        with self.desk.commit() as conn:
            values = {"state": "detached", "cause": row.payload["cause"], "intended": None}
            # What its author did to the event until now counts as an edit if they meet again.
            values |= {name: row.payload[name] for name in ("event_raw", "activity_raw", "etag")}
            mapping.set_link(conn, row.named_link, **values)
            self.desk.confirm(conn, row)
            link = mapping.get_link(conn, row.named_link)
            if row.payload["cause"] == "other_owner" and link is not None:
                self._hand_over(conn, row, link)

    def unlink(self, row: PlanRow) -> None:
        """Both sides are gone, or one left and the other was deleted: nothing to keep in mind."""
        link = self.desk.link_of(row)
        if link is None:
            self.desk.drop(row)
            return
        with self.desk.commit() as conn:
            self._end(conn, row, link)
            self.desk.confirm(conn, row, before={"activity": link.activity_raw, "event": link.event_raw})
            if row.payload["cause"] in moves.MOVES:
                self._hand_over(conn, row, link)

    def _end(self, conn: Connection, row: PlanRow, link: Link) -> None:
        """What the pair held is kept, unless its event became private."""
        if row.payload["cause"] == "private":
            mapping.drop_link(conn, link.id)
        else:
            mapping.end_link(conn, link.id, self.desk.services.clock())

    def _hand_over(self, conn: Connection, row: PlanRow, link: Link) -> None:
        owner_id, now = row.payload["activity"]["owner_id"], self.desk.services.clock()
        moves.hand_over(conn, link, owner_id, self.desk.account, now)


def _loggable(row: PlanRow, link: Link, activity: Raw | None) -> RawActivity:
    """The activity for the log; of one whose event became private only what was typed in Pipedrive since the last
    run."""
    if row.payload["cause"] != "private":
        return dict(activity or {})
    activity = activity or {}
    view = activity_view(activity, Context())
    base = completed(link.base_activity, view, link.field_set)
    typed = [name for name in MERGED if getattr(view, name) != getattr(base, name)]
    return {"id": row.activity_id} | {
        column: activity.get(column) for name in typed for column in ACTIVITY[name].columns
    }
