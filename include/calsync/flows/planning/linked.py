"""Planning of linked pairs: what changed on each side, and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from include.calsync.core.decide import Action, decide, out_of_scope
from include.calsync.core.diff import Diff
from include.calsync.core.fields import unsupported
from include.calsync.core.model import ActivityView, Change, EventView, Origin
from include.calsync.core.policy import Policy, Side
from include.calsync.core.records import Observation, is_live, is_lost, is_missing, is_vanished
from include.calsync.core.words import UNPROVEN_EVENTS, WITHDRAWN, Absence
from include.calsync.flows import aside, moves
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning import refresh, transfers
from include.calsync.flows.planning.guarded import SUSPECTED, limits_of
from include.calsync.flows.planning.leaving import CALENDARS, fill_in, remove_event, setting_of
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.run import RunAccount
from include.calsync.store import mapping

# Causes that end by themselves when the activity comes back into the account's scope.
SCOPE_CAUSES = frozenset({"no_date", "other_type", "other_owner", "done"})
EVENT_GONE = WITHDRAWN | {"event_deleted"}
LOOK_AGAIN = timedelta(hours=1)
# Stamps and HTTP dates are whole seconds, rounded down, each by its own clock.
STAMP_ROUNDING = timedelta(seconds=2)


class LinkedPairs:
    """Plans the pairs that the mapping knows."""

    def __init__(self, seen: Seen, rows: Rows, now: datetime, shared: SharedMeetings) -> None:
        self.seen, self.rows, self.now, self.shared = seen, rows, now, shared
        self.released: list[int] = []
        self.touched: list[tuple[int, dict[str, Any]]] = []

    def plan(self, found: Diff) -> None:
        """Add the rows of all pairs that changed or were left unfinished."""
        changed = set(found.changed().index)
        for at, link in enumerate(self.seen.links):
            account = self.seen.accounts.get(link.account_id)
            if account is None:
                self._inherit(link)
                continue
            with self.rows.alone(account, Side.EVENT, link.event_id, link):
                self._one(account, link, found, at, is_changed=at in changed)

    def _one(self, account: RunAccount, link: Row[Any], found: Diff, at: int, *, is_changed: bool) -> None:
        if is_changed or self.seen.is_open(link) or self._is_stale(account, link):
            line = found.links.iloc[at]
            self._pair(account, link, Change(line["activity_change"]), Change(line["event_change"]))
        elif self._is_missing(link):
            self._suspect(account, link)
        else:
            self._touch(link)

    def remember(self, conn: Connection) -> None:
        """Store newer etags and objects of unchanged pairs, and that some holds no longer apply."""
        for link_id, values in self.touched:
            mapping.set_link(conn, link_id, **values)
        for link_id in self.released:
            mapping.release(conn, link_id)

    def _inherit(self, link: Row[Any]) -> None:
        """An activity of an account that takes no part: does another one show it now?"""
        activity, event = self.seen.of(link)
        if link.state == "active" and link.account_id in self.seen.rests and self.shared.take_over(link, wait=False):
            return
        held = self.seen.held.get(link.id)
        if self.rows.upload is not None or (held is None and not is_live(activity)):
            return
        payload = payload_of(link, activity, event)
        if held is not None and not is_live(activity):
            fill_in(payload, held, "activity")
        view = ActivityView.from_json(payload["activity"])
        account = moves.heir(link, view, self.seen.rests, self.seen.accounts.values(), self.now)
        if account is None or self.rests(account, ("events", link.event_id)):
            return
        if held is not None:
            if held.payload.get("limits") == limits_of(account):
                return
            self.released.append(link.id)
        payload["cause"] = moves.OTHER_ACCOUNT
        moved = view.owner_id == self.seen.rests[link.account_id].user_id
        remove_event(self.rows, account, link, payload, CALENDARS if moved else None)

    def _is_stale(self, account: RunAccount, link: Row[Any]) -> bool:
        """Whether an unchanged pair is not what the account's settings want."""
        activity, _ = self.seen.of(link)
        if link.state != "active" or activity is None or not is_live(activity):
            return False
        view = ActivityView.from_json(activity.view)
        policy = self._policy(account, link, payload_of(link, *self.seen.of(link)))
        return refresh.is_stale(link, view, policy) or self._cause(account, link, view) is not None

    def _touch(self, link: Row[Any]) -> None:
        activity, event = self.seen.of(link)
        values: dict[str, Any] = {}
        if event is not None and is_live(event) and event.raw.get("etag") != link.etag:
            values |= {"etag": event.raw.get("etag"), "event_raw": event.raw}
        if activity is not None and is_live(activity) and activity.raw != link.activity_raw:
            values |= {"activity_raw": activity.raw}
        if values:
            self.touched.append((link.id, values))

    def _pair(self, account: RunAccount, link: Row[Any], activity_change: Change, event_change: Change) -> None:
        activity, event = self.seen.of(link)
        payload = payload_of(link, activity, event)
        unreadable = [side for side in (activity, event) if side is not None and side.status == "unreadable"]
        if self.rows.upload is not None:
            self._revive(account, link, payload)
        elif self.rests(account, ("activities", link.activity_id), ("events", link.event_id)):
            return
        elif unreadable:
            self.rows.add(account, Action.QUARANTINE, payload, link, reason=str(unreadable[0].error))
        elif link.state == "removing":
            self._finish_removal(account, link, payload)
        elif is_vanished(event) and link.state != "detached":
            if activity_change is not Change.UNCHANGED:
                self.rows.wait(account, payload, link, reason=Absence.VANISHED)
        elif event is not None and event.error == Absence.LONG_PAST and link.state != "detached":
            self._leave_in_the_past(account, link, payload)
        elif link.state == "detached":
            self._detached(account, link, payload, event_change)
        elif link.state == "held":
            self._held(account, link, payload, activity_change, event_change)
        elif account.mode_changed and Change.DELETED not in (activity_change, event_change):
            # What the sides show now is what the new mode starts from.
            self.rows.add(account, Action.REBASE, payload, link, reason="the mode was changed")
        else:
            self._active(account, link, payload, activity_change, event_change)

    def _detached(self, account: RunAccount, link: Row[Any], payload: dict[str, Any], event: Change) -> None:
        if link.cause in SCOPE_CAUSES:
            self._out_of_scope(account, link, payload, event)
        elif link.cause in WITHDRAWN and is_live(self.seen.of(link)[1]) and not self._leaves(account, link, payload):
            self.rows.merge(account, payload, link, reason="the event is back")

    def _leave_in_the_past(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> None:
        """The activity of an occurrence long past stays as the record that it is; later edits bring nothing back."""
        if link.state == "held":
            self.released.append(link.id)
        payload["cause"] = "event_deleted"
        self.rows.add(account, Action.DETACH, payload, link, reason=Absence.LONG_PAST)

    def _out_of_scope(self, account: RunAccount, link: Row[Any], payload: dict[str, Any], event: Change) -> None:
        """An author's event without its activity: they meet again when the activity comes back, if both still exist."""
        activity, _ = self.seen.of(link)
        cause = self._leaves(account, link, payload) if is_live(activity) else link.cause
        back = is_live(activity) and not cause
        if not back:
            self._touch(link)  # what its author does to the event meanwhile
        if cause and is_live(activity) and event is Change.UNCHANGED and self._goes_along(link, payload, cause):
            self._leave(account, link, payload, cause, event)
        elif event is not Change.DELETED:
            if back:
                self.rows.merge(account, payload, link, reason="back in scope")
        elif self.shared.take_over(link, wait=True):
            return
        elif back and account.policy.may_create(Side.EVENT) and not self._withdrawn(link):
            self.rows.add(account, Action.CREATE_EVENT, payload, link, reason="back in scope, its event was deleted")
        else:
            payload["cause"] = cause or link.cause
            self.rows.add(account, Action.UNLINK, payload, link, reason=f"{link.cause}, and the event was deleted")

    def rests(self, account: RunAccount, *items: tuple[str, Any]) -> bool:
        """Whether one of these (of a pair both) is in quarantine, none was edited since, and its time has not come."""
        keys = [(account.id, side, str(item_id)) for side, item_id in items]
        entries = [self.seen.aside[key] for key in keys if key in self.seen.aside]
        resting = [entry for entry in entries if entry.attempts and entry.next_try_at > self.now]
        if not resting:
            return False
        stamps = [self.seen.stamp(account, side, str(item_id)) for side, item_id in items]
        failed_at = max(aside.failed_at(entry) for entry in resting) + STAMP_ROUNDING
        return not any(stamp is not None and stamp > failed_at for stamp in stamps)

    def _is_missing(self, link: Row[Any]) -> bool:
        activity, event = self.seen.of(link)
        return link.state == "active" and (is_missing(activity) or is_lost(event))

    def _suspect(self, account: RunAccount, link: Row[Any]) -> None:
        """A deletion that is not proven: only the guard looks at it, and holds it or lets it go."""
        activity, event = self.seen.of(link)
        if is_missing(activity):
            payload = payload_of(link, None, None if is_lost(event) else event)
            payload["cause"] = "activity_deleted"
            payload["unproven"] = activity.error or "missing"
            action = decide(Change.DELETED, Change.UNCHANGED, account.policy)
            reason = "the activity is not found"
        else:
            payload = payload_of(link, activity, None) | {"cause": "event_deleted"}
            payload["unproven"] = event.error if event is not None else Absence.LOST
            action = decide(Change.UNCHANGED, Change.DELETED, account.policy)
            reason = "the event is not found"
        payload["changes"] = {"activity": str(Change.UNCHANGED), "event": str(Change.UNCHANGED)}
        self.rows.add(account, action, payload, link, reason=reason, state=SUSPECTED)

    def _active(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        observed, _ = self.seen.of(link)
        leaving = self._leaves(account, link, payload) if is_live(observed) else None
        obstacle = unsupported(payload["event_raw"] or {}) if event is not Change.DELETED else None
        if leaving == "other_owner" and self.shared.follow_owner(link, payload["activity"]["owner_id"]):
            return
        if leaving:
            self._leave(account, link, payload, leaving, event)
        elif obstacle:
            self._obstructed(account, link, payload, obstacle, activity, event)
        else:
            self._carry_out(account, link, payload, activity, event)

    def _carry_out(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        gone = event is Change.DELETED and activity is not Change.DELETED
        if gone and link.state == "active" and self.shared.take_over(link, wait=True):
            return
        policy, withdrawn = self._policy(account, link, payload), self._withdrawn(link)
        action = decide(activity, event, policy)
        view = ActivityView.from_json(payload["activity"])
        reason = (
            f"activity {activity}, event {withdrawn}" if withdrawn else refresh.reason_of(link, view, (activity, event))
        )
        payload["changes"] = {"activity": str(activity), "event": str(event)}
        payload["cause"] = withdrawn or ("event_deleted" if event is Change.DELETED else "activity_deleted")
        if withdrawn == "private" and link.origin == Origin.PIPEDRIVE and activity is not Change.DELETED:
            action = Action.DETACH  # Pipedrive knows what it is about already: the activity is not the event's
        stale = action is Action.NOTHING and (link.intended is not None or refresh.is_stale(link, view, policy))
        if action is Action.MERGE or stale:
            self.rows.merge(account, payload, link, reason=reason)
        elif action is not Action.NOTHING:
            self.rows.add(account, action, payload, link, reason=reason)
        elif not link.marked and policy.may_mark:
            self.rows.add(account, Action.MARK, payload, link, reason="unmarked")

    def _policy(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> Policy:
        """The account's rules for this pair. A withdrawn event is never brought back by an edit of its activity."""
        policy = account.policy.of_pair(payload["event_raw"], Origin(link.origin))
        return policy.withdrawn() if self._withdrawn(link) else policy

    def _withdrawn(self, link: Row[Any]) -> str | None:
        """Why the event counts as gone although it is there; of a held pair whose event was not seen now, as then."""
        _, event = self.seen.of(link)
        held = self.seen.held.get(link.id)
        if event is not None:
            why = event.error
        else:
            why = held.payload.get("cause") if held is not None else None
        return str(why) if why in WITHDRAWN else None

    def _leaves(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> str | None:
        return self._cause(account, link, ActivityView.from_json(payload["activity"]))

    def _cause(self, account: RunAccount, link: Row[Any], view: ActivityView) -> str | None:
        cause = out_of_scope(view, account.policy)
        if cause == "other_type" and link.origin == Origin.GOOGLE and view.type == account.policy.event_type:
            return None  # the type that events are given, although it is not among those shown
        return cause

    def _leave(self, account: RunAccount, link: Row[Any], payload: dict[str, Any], cause: str, event: Change) -> None:
        """An activity that no longer belongs here takes its own event along.

        An author's event stays, unless a colleague's account takes the activity over.
        """
        payload["cause"] = cause
        if event is Change.DELETED:
            if not self.shared.take_over(link, wait=True):
                self.rows.add(account, Action.UNLINK, payload, link, reason=cause)
        elif not self._policy(account, link, payload).may_write(Side.EVENT) or not self._goes_along(
            link, payload, cause
        ):
            self.rows.add(account, Action.DETACH, payload, link, reason=cause)
        elif cause != "other_owner" or not transfers.plan(self.seen, self.rows, account, link, payload):
            remove_event(self.rows, account, link, payload, setting_of(link, account.policy, cause))

    def _goes_along(self, link: Row[Any], payload: dict[str, Any], cause: str) -> bool:
        if link.origin != Origin.GOOGLE:
            return True
        taker = moves.taker(ActivityView.from_json(payload["activity"]), link.company_id, self.seen.accounts.values())
        along = cause == "other_owner" and moves.moves_along(payload["event_raw"], link.calendar_id)
        return taker is not None and along

    def _obstructed(
        self,
        account: RunAccount,
        link: Row[Any],
        payload: dict[str, Any],
        obstacle: str,
        activity: Change,
        event: Change,
    ) -> None:
        """An event that has become what is not synced yet: its pair rests, and is looked at again."""
        if activity is Change.DELETED:
            payload["cause"] = obstacle
            self.rows.add(account, Action.DETACH, payload, link, reason=obstacle)
            return
        self.rows.skip(account, Side.EVENT, obstacle)
        if Change.UPDATED in (activity, event):
            self.rows.wait(account, payload, link, reason=obstacle, pause=LOOK_AGAIN)

    def _held(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        """Still the same: it stays held. Something else now, or the limits were changed: decide anew."""
        held = self.seen.held.get(link.id)
        if held is not None and held.payload.get("unproven"):
            # Back again, or its partner was deleted by hand, or to be counted anew: what is missing is proven then.
            found = is_live(self._missed(link, held))
            by_hand = Change.DELETED in (activity, event)
            if not (found or by_hand) and held.payload.get("limits") == limits_of(account):
                return
        elif held is not None:
            if held.action == Action.REMOVE_EVENT:
                self._held_removal(account, link, held, payload, activity, event)
                return
            activity, event = self._with_what_was_held(link, held, payload, activity, event)
            same = held.payload.get("limits") == limits_of(account)
            if same and decide(activity, event, self._policy(account, link, payload)) == held.action:
                return
        self.released.append(link.id)
        self._active(account, link, payload, activity, event)

    def _held_removal(
        self, account: RunAccount, link: Row[Any], held: Row[Any], payload: dict[str, Any], *changes: Change
    ) -> None:
        """A removal by a changed setting stays held until that or the limits are changed again, or a side is gone."""
        if self.seen.of(link)[0] is None:
            fill_in(payload, held, "activity")
        cause = None if changes[0] is Change.DELETED else self._leaves(account, link, payload)
        same = held.payload.get("limits") == limits_of(account) and cause == held.payload["cause"]
        if same and changes[1] is not Change.DELETED:
            return
        self.released.append(link.id)
        if cause:
            self._leave(account, link, payload, cause, changes[1])
        else:
            self._active(account, link, payload, *changes)

    def _with_what_was_held(
        self, link: Row[Any], held: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> tuple[Change, Change]:
        """The changes, and in the payload the items: of a side that was not seen now, as they were when it was held."""
        now = self.seen.of(link)
        before = held.payload["changes"]
        if now[0] is None:
            activity = Change(before["activity"])
            fill_in(payload, held, "activity")
        if now[1] is None:
            event = Change(before["event"])
            fill_in(payload, held, "event")
        return activity, event

    def _missed(self, link: Row[Any], held: Row[Any]) -> Observation | None:
        """What is seen of the side that was not found when the pair was held."""
        activity, event = self.seen.of(link)
        return event if held.payload["unproven"] in UNPROVEN_EVENTS else activity

    def _finish_removal(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> None:
        payload["cause"] = link.cause
        activity, event = self.seen.of(link)
        if link.cause in EVENT_GONE and is_live(event):
            if is_live(activity):
                self.rows.merge(account, payload, link, reason="the event is back")
            else:
                self.rows.add(account, Action.CREATE_ACTIVITY, payload, link, reason="the event is back")
            return
        action = Action.REMOVE_EVENT
        if link.cause in EVENT_GONE:
            action = decide(Change.UNCHANGED, Change.DELETED, account.policy)
            payload["changes"] = {"activity": str(Change.UNCHANGED), "event": str(Change.DELETED)}
        self.rows.add(account, action, payload, link, reason=f"unfinished: {link.cause}")

    def _revive(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> None:
        """Only an upload makes a partner again for a pair that was detached on purpose."""
        options = self.rows.upload
        if options is None or link.state != "detached":
            return
        activity, event = self.seen.of(link)
        reason = "upload of a detached pair"
        if link.cause == "event_deleted" and options.direction != "to_pipedrive" and is_live(activity):
            view = ActivityView.from_json(payload["activity"])
            if not out_of_scope(view, account.policy) and self.rows.wanted(view):
                self.rows.add(account, Action.CREATE_EVENT, payload, link, reason=reason)
        if link.cause == "activity_deleted" and options.direction != "to_google" and is_live(event):
            wanted = self.rows.in_range(EventView.from_json(payload["event"]).when)
            if wanted:
                self.rows.add(account, Action.CREATE_ACTIVITY, payload, link, reason=reason)
