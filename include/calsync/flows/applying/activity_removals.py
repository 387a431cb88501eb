"""Activities that are removed, and pairs that end or rest, unless somebody edited the activity since: an edit wins."""

from __future__ import annotations

import logging
from collections.abc import Callable

from include.calsync.core.decide import Action
from include.calsync.core.field_sets import completed
from include.calsync.core.fields import ACTIVITY, MERGED, activity_view
from include.calsync.core.model import ActivityView, Context
from include.calsync.core.planning import late
from include.calsync.core.policy import Side
from include.calsync.core.raw import Raw, RawActivity
from include.calsync.core.records import Link
from include.calsync.core.run_records import PlanRow
from include.calsync.errors import NotFound
from include.calsync.flows import moves
from include.calsync.flows.applying.activity_writes import ActivityWrites, ChangedMeanwhile
from include.calsync.flows.applying.follow_writes import lives_on
from include.calsync.flows.applying.letting_go import end_pair
from include.calsync.flows.applying.writes import promptly, same_content
from include.calsync.store import mapping, runs
from include.calsync.store.transaction import Connection

log = logging.getLogger(__name__)


class ActivityRemovals(ActivityWrites):
    """Writes to activities, with what removes them."""

    def handlers(self) -> dict[str, Callable[[PlanRow], None]]:
        """What to call for each action."""
        return super().handlers() | {
            Action.DELETE_ACTIVITY: self.delete,
            Action.FINISH_ACTIVITY: self.finish,
            Action.DETACH: self.detach,
            Action.UNLINK: self.unlink,
        }

    def delete(self, row: PlanRow) -> None:
        """Delete the activity, unless somebody edited it since: an edit beats a delete."""
        desk = self.desk
        if row.payload.get("takes_back"):
            self._take_back(row)
            return
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

    def _take_back(self, row: PlanRow) -> None:
        """Delete an activity that a run had made, as its undo asks; the pair stays, apart."""
        desk, link = self.desk, self.desk.link_of(row)
        if link is None:
            desk.drop(row)
            return
        with desk.commit() as conn:
            mapping.set_link(conn, link.id, state="detached", cause=row.payload["cause"])
        try:
            current = promptly(lambda: self._delete(row, link))
        except ChangedMeanwhile:
            with desk.commit() as conn:
                mapping.set_link(conn, link.id, state=link.state, cause=link.cause)
            raise
        with desk.commit() as conn:
            mapping.set_link(conn, link.id, activity_raw=current or link.activity_raw)
            desk.confirm(conn, row, before=dict(current or link.activity_raw or {}))

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
        if row.payload.get("takes_back"):
            if not same_content(activity_view(current, Context()), ActivityView.from_json(row.payload["activity"])):
                raise ChangedMeanwhile("the activity was edited since the undo was planned: it stays")
            return
        if late.decides(self.desk.activity_now(row, link, activity_view(current, Context()))) != row.action:
            self.desk.leave_to_next_run(row, link)
            raise ChangedMeanwhile("the activity was edited after its event was deleted: the next run decides again")

    # Pairs that end or rest.

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
        """Both sides are gone, or one left and the other was deleted, or the account is retired: nothing to keep in
        mind."""
        link = self.desk.link_of(row)
        if link is None:
            self.desk.drop(row)
            return
        with self.desk.commit() as conn:
            if row.payload.get("retires"):
                end_pair(self.desk, conn, link)
            else:
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
