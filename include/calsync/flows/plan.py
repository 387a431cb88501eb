"""Plan: the diff of what was seen against the mapping, decided pair by pair, guarded, and stored as rows.

All accounts of the run are planned at once. Nothing is written to a service here, and a dry run ends here.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, insert

from include.calsync.core import adopt
from include.calsync.core.decide import DESTRUCTIVE, Action, decide, out_of_scope, side_of, too_old
from include.calsync.core.diff import Diff, diff
from include.calsync.core.fields import unsupported
from include.calsync.core.marks import read_mark
from include.calsync.core.model import ActivityView, Change, EventView, Origin, When, digest
from include.calsync.core.policy import Side
from include.calsync.flows import aside, observe, report
from include.calsync.flows.guarded import guard, limits_of
from include.calsync.flows.pairs import changes_json, merged_of, payload_of
from include.calsync.flows.pull import is_unfinished
from include.calsync.flows.run import Run, RunAccount, resume
from include.calsync.flows.services import Services
from include.calsync.store import mapping, runs
from include.calsync.store.leases import check_fence
from include.calsync.store.tables import held_item, hold
from include.calsync.store.transaction import reading

log = logging.getLogger(__name__)

# Causes that end by themselves when the activity comes back into the account's scope.
SCOPE_CAUSES = frozenset({"no_date", "other_type", "other_owner", "done"})
LOOK_AGAIN = timedelta(hours=1)


def plan(services: Services, run_id: str, owner: str) -> dict[str, Any]:
    """Make and store the plan. Returns: how many rows of each action, by account."""
    run = resume(services, run_id, owner)
    with reading(services.engine) as conn:
        planner = Planner(conn, services, run)
    rows = planner.rows()
    guard(services, run, rows, planner.link_counts)
    with services.engine.begin() as conn:
        for account in run.working():
            if account.fence is not None:
                check_fence(conn, account.id, account.fence)
            runs.set_account(conn, run.id, account.id, counts=account.counts, notices=account.notices)
        _store(conn, services, run, rows)
        if not run.request.dry_run:
            planner.touch(conn)
    report.show_plan(run, rows)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    names = {account.id: account.name for account in run.accounts}
    for row in rows:
        counts[names[row["account_id"]]][row["action"]] += 1
    return {name: dict(counter) for name, counter in counts.items()}


def _store(conn: Connection, services: Services, run: Run, rows: list[dict[str, Any]]) -> None:
    stored = []
    for row in rows:
        row = dict(row)
        held = row.pop("hold", None)
        row["state"] = "shown" if run.request.dry_run else row["state"]
        stored.append({**row, "run_id": run.id})
        if run.request.dry_run:
            continue
        if row["state"] in ("deferred", "quarantined"):
            pause = timedelta(seconds=row["payload"].get("look_again_s", 0))
            failed = row["state"] == "quarantined"
            item, now = aside.item_of(row), services.clock()
            aside.put(conn, row["account_id"], item, row["reason"], now, failed=failed, pause=pause)
        if held is None:
            continue
        if "id" not in held:
            values = {"account_id": row["account_id"], "run_id": run.id, "opened_at": services.clock(), **held}
            held["id"] = conn.execute(insert(hold).values(**values).returning(hold.c.id)).scalar_one()
        conn.execute(
            insert(held_item).values(
                hold_id=held["id"],
                account_id=row["account_id"],
                link_id=row["link_id"],
                action=row["action"],
                payload=row["payload"],
            )
        )
        mapping.set_link(conn, row["link_id"], state="held", cause=held["rule"])
    runs.replace_plan(conn, run.id, stored)


class Planner:
    """Everything that was seen, beside everything that is known; `rows()` says what to do."""

    def __init__(self, conn: Connection, services: Services, run: Run) -> None:
        self.run, self.now = run, services.clock()
        self.resend_after = timedelta(seconds=services.environment.resend_after_s)
        self.accounts = {account.id: account for account in run.working()}
        companies = {account.company_id for account in self.accounts.values()}
        calendars = {account.calendar_id for account in self.accounts.values() if account.calendar_id}
        self.links = mapping.links(conn, company_ids=companies, calendar_ids=calendars)
        self.link_counts = Counter(link.account_id for link in self.links if link.state != "detached")
        self.activities = _latest(runs.observations(conn, run.id, "activities"))
        self.events = _latest(runs.observations(conn, run.id, "events"))
        self.intents = [row for account_id in self.accounts for row in mapping.intents(conn, account_id)]
        aside = [row for account_id in self.accounts for row in mapping.set_aside(conn, account_id)]
        self.aside = {(row.account_id, row.side, row.item_id): row for row in aside}
        held = [row for account_id in self.accounts for row in mapping.held_items(conn, account_id)]
        self.held = {row.link_id: row for row in held}
        self.released: list[int] = []
        self.touched: list[tuple[int, dict[str, Any]]] = []
        self.out: list[dict[str, Any]] = []
        self.skipped: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)

    def rows(self) -> list[dict[str, Any]]:
        """The plan's rows, in the order in which they are carried out."""
        found = self._diff()
        for at in self._candidates(found):
            line = found.links.iloc[at]
            self._linked(self.links[at], Change(line["activity_change"]), Change(line["event_change"]))
        activities = [self.activities[key] for key in _keys(self.activities, found.new_activities)]
        events = [self.events[key] for key in _keys(self.events, found.new_events)]
        _Unlinked(self, activities, events).plan()
        for account_id, counter in self.skipped.items():
            for (side, reason), count in counter.items():
                skips = self.accounts[account_id].counts.setdefault(f"{side}_skipped", {})
                skips[reason] = skips.get(reason, 0) + count
        return self.out

    # Linked pairs.

    def _diff(self) -> Diff:
        links = pd.DataFrame(
            {
                "activity_key": [_activity_key(link.company_id, link.activity_id) for link in self.links],
                "event_key": [_event_key(link.calendar_id, link.event_id) for link in self.links],
                "activity_digest": [link.activity_digest for link in self.links],
                "event_digest": [link.event_digest for link in self.links],
            },
            dtype=object,
        )
        return diff(links, _frame(self.activities, ActivityView), _frame(self.events, EventView))

    def _candidates(self, found: Diff) -> list[int]:
        """Positions of links to look at: changed, unreadable, or left unfinished by an earlier run."""
        changed = set(found.changed().index)
        for at, link in enumerate(self.links):
            account = self.accounts.get(link.account_id)
            if account is None:
                continue
            if is_unfinished(link, account) or link.id in self.held or self._returned(link) or self._unreadable(link):
                changed.add(at)
            elif at not in changed:
                self._touch(link)
        return sorted(at for at in changed if self.links[at].account_id in self.accounts)

    def _observed(self, link: Row[Any]) -> tuple[Row[Any] | None, Row[Any] | None]:
        return (
            self.activities.get(_activity_key(link.company_id, link.activity_id)),
            self.events.get(_event_key(link.calendar_id, link.event_id)),
        )

    def _returned(self, link: Row[Any]) -> bool:
        activity, _ = self._observed(link)
        return link.state == "detached" and activity is not None and activity.status == "live"

    def _unreadable(self, link: Row[Any]) -> bool:
        return any(side is not None and side.status == "unreadable" for side in self._observed(link))

    def _touch(self, link: Row[Any]) -> None:
        """Unchanged in all that counts; remember the newer etag and object."""
        activity, event = self._observed(link)
        values: dict[str, Any] = {}
        if event is not None and event.status == "live" and event.raw.get("etag") != link.etag:
            values |= {"etag": event.raw.get("etag"), "event_raw": event.raw}
        if activity is not None and activity.status == "live" and activity.raw != link.activity_raw:
            values |= {"activity_raw": activity.raw}
        if values:
            self.touched.append((link.id, values))

    def touch(self, conn: Connection) -> None:
        """Store what `_touch` noted, and that some holds no longer apply."""
        for link_id, values in self.touched:
            mapping.set_link(conn, link_id, **values)
        for link_id in self.released:
            mapping.release(conn, link_id)

    def _linked(self, link: Row[Any], activity_change: Change, event_change: Change) -> None:
        account = self.accounts[link.account_id]
        activity, event = self._observed(link)
        payload = payload_of(link, activity, event)
        if self.run.request.upload is not None:
            self._revive(account, link, payload, activity, event)
        elif link.state == "removing":
            self._finish_removal(account, link, payload)
        elif self._waits(account, activity, event):
            return
        elif self._unreadable(link):
            reason = next(s.error for s in (activity, event) if s is not None and s.status == "unreadable")
            self.add(account, Action.QUARANTINE, payload, link, reason=str(reason))
        elif link.state == "detached":
            if link.cause in SCOPE_CAUSES and not self._leaves(account, link, payload, activity):
                self._merge(account, link, payload, "back in scope")
        elif link.state == "held":
            self._held(account, link, payload, activity_change, event_change)
        else:
            self._active(account, link, payload, activity_change, event_change)

    def _active(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        observed, _ = self._observed(link)
        leaving = self._leaves(account, link, payload, observed) if activity is not Change.DELETED else None
        obstacle = unsupported(payload["event_raw"] or {}, link.calendar_id) if event is not Change.DELETED else None
        if leaving:
            self._leave(account, link, payload, leaving, event)
        elif obstacle:
            self._obstructed(account, link, payload, obstacle, activity, event)
        else:
            self._carry_out(account, link, payload, activity, event)

    def _carry_out(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        action = decide(activity, event, account.policy)
        reason = f"activity {activity}, event {event}"
        payload["changes"] = {"activity": str(activity), "event": str(event)}
        payload["cause"] = "event_deleted" if event is Change.DELETED else "activity_deleted"
        if action is Action.MERGE:
            self._merge(account, link, payload, reason)
        elif action is Action.NOTHING:
            if link.intended is not None:
                self._merge(account, link, payload, "unfinished")
            elif not link.marked and account.policy.may_write(Side.EVENT):
                self.add(account, Action.MARK, payload, link, reason="unmarked")
        else:
            self.add(account, action, payload, link, reason=reason)

    def _merge(self, account: RunAccount, link: Row[Any] | None, payload: dict[str, Any], reason: str) -> None:
        _, merged = merged_of(payload, link, account.policy)
        payload["event_changes"] = changes_json(merged.event_changes)
        payload["activity_changes"] = changes_json(merged.activity_changes)
        marking = (link is None or not link.marked) and account.policy.may_write(Side.EVENT)
        if merged.event_changes or marking:
            side = Side.EVENT
        else:
            side = Side.ACTIVITY if merged.activity_changes else None
        conflicts = [conflict.to_json() for conflict in merged.conflicts]
        action = Action.MERGE if link is not None else Action.ADOPT
        self.add(account, action, payload, link, reason=reason, side=side, conflicts=conflicts)

    def _leaves(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], observed: Row[Any] | None
    ) -> str | None:
        if observed is None or observed.status != "live":
            return None
        view = ActivityView.from_json(payload["activity"])
        cause = out_of_scope(view, account.policy)
        if cause == "other_type" and link.origin == Origin.GOOGLE and view.type == account.policy.event_type:
            return None  # the type that events are given, although it is not among those shown
        return cause

    def _leave(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], cause: str, event: Change
    ) -> None:
        """An activity that no longer belongs here takes its own event along; an author's event stays."""
        payload["cause"] = cause
        if event is Change.DELETED:
            self.add(account, Action.UNLINK, payload, link, reason=cause)
        elif link.origin == Origin.GOOGLE or not account.policy.may_write(Side.EVENT):
            self.add(account, Action.DETACH, payload, link, reason=cause)
        else:
            self.add(account, Action.REMOVE_EVENT, payload, link, reason=cause)

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
            self.add(account, Action.DETACH, payload, link, reason=obstacle)
            return
        self.skip(account, Side.EVENT, obstacle)
        if Change.UPDATED in (activity, event):
            self.wait(account, link, payload, obstacle, LOOK_AGAIN)

    def _held(
        self, account: RunAccount, link: Row[Any], payload: dict[str, Any], activity: Change, event: Change
    ) -> None:
        held = self.held.get(link.id)
        if activity is Change.UNCHANGED and event is Change.UNCHANGED and held is not None:
            before = held.payload.get("changes", {})
            activity, event = Change(before.get("activity", activity)), Change(before.get("event", event))
            if self._same_limits(account, held):
                return
            payload = {**held.payload, "origin": payload["origin"]}
        elif held is not None and decide(activity, event, account.policy) == held.action and self._same_limits(
            account, held
        ):
            return
        self.released.append(link.id)
        self._active(account, link, payload, activity, event)

    def _same_limits(self, account: RunAccount, held: Row[Any]) -> bool:
        return bool(held.payload.get("limits") == limits_of(account))

    def _finish_removal(self, account: RunAccount, link: Row[Any], payload: dict[str, Any]) -> None:
        payload["cause"] = link.cause
        action = Action.DELETE_ACTIVITY if str(link.cause).startswith("event_") else Action.REMOVE_EVENT
        self.add(account, action, payload, link, reason=f"unfinished: {link.cause}")

    def _revive(
        self,
        account: RunAccount,
        link: Row[Any],
        payload: dict[str, Any],
        activity: Row[Any] | None,
        event: Row[Any] | None,
    ) -> None:
        """Only an upload makes a partner again for a pair that was detached on purpose."""
        options = self.run.request.upload
        if options is None or link.state != "detached":
            return
        reason = "upload of a detached pair"
        if link.cause == "event_deleted" and options.direction != "to_pipedrive" and _live(activity):
            view = ActivityView.from_json(payload["activity"])
            if not out_of_scope(view, account.policy) and self.wanted(view):
                self.add(account, Action.CREATE_EVENT, payload, link, reason=reason)
        if link.cause == "activity_deleted" and options.direction != "to_google" and _live(event):
            if self.in_range(EventView.from_json(payload["event"]).when):
                self.add(account, Action.CREATE_ACTIVITY, payload, link, reason=reason)

    def _waits(self, account: RunAccount, activity: Row[Any] | None, event: Row[Any] | None) -> bool:
        """Whether the pair is in quarantine and its time has not come."""
        for side, seen in (("activities", activity), ("events", event)):
            entry = self.aside.get((account.id, side, seen.item_id)) if seen is not None else None
            if entry is not None and entry.attempts and entry.next_try_at > self.now:
                return not (seen.stamp and seen.stamp > entry.since)
        return False

    # Rows.

    def wanted(self, view: ActivityView) -> bool:
        """Whether an upload's options name this activity."""
        options = self.run.request.upload
        if options is None:
            return True
        right_type = options.types is None or view.type in options.types
        return right_type and (options.include_done or not view.done) and self.in_range(view.when)

    def in_range(self, when: When | None) -> bool:
        """Whether an upload's dates cover this start (the UTC day of a timed one)."""
        options = self.run.request.upload
        if options is None or (options.due_from is None and options.due_to is None):
            return True
        day = when and (when.day or when.start and when.start.date())
        if not day:
            return False
        return (options.due_from or day) <= day <= (options.due_to or day)

    def skip(self, account: RunAccount, side: Side, reason: str) -> None:
        """Count what is not synced, with the reason."""
        self.skipped[account.id][str(side), reason] += 1

    def wait(
        self, account: RunAccount, link: Row[Any] | None, payload: dict[str, Any], reason: str, pause: timedelta
    ) -> None:
        """Set aside without an error; read again after `pause`."""
        payload["look_again_s"] = pause.total_seconds()
        self.add(account, Action.WAIT, payload, link, reason=reason, state="deferred")

    def add(
        self,
        account: RunAccount,
        action: Action,
        payload: dict[str, Any],
        link: Row[Any] | None = None,
        *,
        reason: str,
        side: Side | None = None,
        conflicts: list[dict[str, Any]] | None = None,
        state: str = "planned",
        activity_id: int | None = None,
        event_id: str | None = None,
    ) -> None:
        """Add a row."""
        self.out.append(
            {
                "account_id": account.id,
                "link_id": link.id if link is not None else None,
                "activity_id": link.activity_id if link is not None else activity_id,
                "event_id": link.event_id if link is not None else event_id,
                "action": str(action),
                "side": str(side or side_of(action) or "store"),
                "state": "quarantined" if action is Action.QUARANTINE else state,
                "reason": reason[:200],
                "payload": payload,
                "conflicts": conflicts or None,
                "error": reason if action is Action.QUARANTINE else None,
            }
        )


class _Unlinked:
    """Items that no link knows: found again, recognised, created, or left, each with its reason."""

    def __init__(self, planner: Planner, activities: list[Row[Any]], events: list[Row[Any]]) -> None:
        self.planner, self.run = planner, planner.run
        self.activities = {int(row.item_id): row for row in activities}
        self.events = {(row.account_id, row.item_id): row for row in events}

    def plan(self) -> None:
        self._report_unreadable()
        self._readopt()
        for account in self.planner.accounts.values():
            self._match_intents(account)
        for account in self.planner.accounts.values():
            self._one_account(account)

    def _report_unreadable(self) -> None:
        """Unlinked items whose time means nothing: no harm is done, but somebody should hear of them."""
        known = {(link.company_id, str(link.activity_id)) for link in self.planner.links}
        known |= {(link.calendar_id, link.event_id) for link in self.planner.links}
        for row in (*self.planner.activities.values(), *self.planner.events.values()):
            if row.status != "unreadable" or (row.scope, row.item_id) in known:
                continue
            for account in self.planner.accounts.values():
                if row.account_id == account.id or (row.side == "activities" and self._belongs(account, row)):
                    self.planner.skip(account, Side(row.side), "unreadable")
                    kind = "activity" if row.side == "activities" else "event"
                    account.notices.append(f"account {account.name}: {kind} {row.item_id} can't be read: {row.error}")

    def _readopt(self) -> None:
        """Events that say to whom they belong: the mapping was lost, or a run died before it was stored."""
        for (account_id, event_id), row in list(self.events.items()):
            mark = read_mark(row.raw)
            account = self.planner.accounts.get(account_id)
            if account is None or mark is None or mark.event_id != event_id or mark.company_id != account.company_id:
                continue
            activity = self.activities.get(mark.activity_id)
            if activity is not None and activity.scope == account.company_id:
                self._adopt(account, activity, row, mark.origin, "carries our properties")
            elif too_old((observe.stamp(row.raw.get("updated")), None), account.events_connected_at or self.planner.now):
                del self.events[account_id, event_id]
                self.planner.skip(account, Side.EVENT, "activity_not_found")

    def _adopt(self, account: RunAccount, activity: Row[Any], event: Row[Any], origin: Origin, reason: str) -> None:
        del self.activities[int(activity.item_id)]
        del self.events[event.account_id, event.item_id]
        payload = payload_of(None, activity, event, origin=origin)
        cause = out_of_scope(ActivityView.from_json(activity.view), account.policy)
        if cause is not None:
            self.planner.skip(account, Side.ACTIVITY, cause)
            return
        before = len(self.planner.out)
        self.planner._merge(account, None, payload, reason)
        self.planner.out[before] |= {"activity_id": int(activity.item_id), "event_id": event.item_id}

    def _match_intents(self, account: RunAccount) -> None:
        mine = [row for row in self.planner.intents if row.account_id == account.id]
        wanted = [(row.event_id, row.subject, When.from_json(row.when)) for row in mine]
        earliest = min((row.attempted_at for row in mine), default=self.planner.now) - timedelta(minutes=1)

        def added_at(row: Row[Any]) -> datetime:
            """By our clock, like the intent's time."""
            edited, added = observe.stamp(row.raw.get("update_time")), observe.stamp(row.raw.get("add_time"))
            return added - (edited - row.stamp) if added and edited and row.stamp else earliest

        candidates = [
            (key, ActivityView.from_json(row.view))
            for key, row in sorted(self.activities.items())
            if row.raw.get("owner_id") == account.user_id and added_at(row) >= earliest
        ]
        for event_id, activity_id in adopt.sent_before(wanted, candidates):
            event = self.events.get((account.id, str(event_id)))
            if event is not None:
                self._adopt(account, self.activities[int(activity_id)], event, Origin.GOOGLE, "created by a lost request")

    def _one_account(self, account: RunAccount) -> None:
        activities = {key: row for key, row in self.activities.items() if self._belongs(account, row)}
        events = {key[1]: row for key, row in self.events.items() if key[0] == account.id}
        found = adopt.look_alikes(
            [(str(key), ActivityView.from_json(row.view)) for key, row in sorted(activities.items())],
            [(key, EventView.from_json(row.view)) for key, row in sorted(events.items())],
            account.policy,
        )
        for activity_key, event_id in found.pairs:
            activity, event = activities.pop(int(activity_key)), events.pop(event_id)
            own_title = EventView.from_json(event.view).title == ActivityView.from_json(activity.view).subject
            origin = Origin.GOOGLE if own_title else Origin.PIPEDRIVE
            self._adopt(account, activity, event, origin, "looks the same")
        for key, row in activities.items():
            self._activity(account, key, row, ambiguous=str(key) in found.ambiguous_activities)
        for event_id, row in events.items():
            self._event(account, event_id, row, ambiguous=event_id in found.ambiguous_events)

    def _belongs(self, account: RunAccount, row: Row[Any]) -> bool:
        if row.scope != account.company_id or row.raw.get("owner_id") != account.user_id:
            return False
        types = account.policy.activity_types
        return types is None or row.raw.get("type") in types

    def _activity(self, account: RunAccount, activity_id: int, row: Row[Any], *, ambiguous: bool) -> None:
        view = ActivityView.from_json(row.view)
        connected = account.activities_connected_at or self.planner.now
        stamps = (observe.stamp(row.raw.get("update_time")), observe.stamp(row.raw.get("add_time")))
        options = self.run.request.upload
        reason = out_of_scope(view, account.policy)
        if options is None and not reason and too_old(stamps, connected):
            reason = "before_connected"
        if options is not None and (options.direction == "to_pipedrive" or not self.planner.wanted(view)):
            return
        if not account.policy.may_create(Side.EVENT):
            reason = reason or "mode"
        if reason or ambiguous:
            self.planner.skip(account, Side.ACTIVITY, reason or "ambiguous")
            if ambiguous and not reason:
                account.notices.append(f"account {account.name}: activity {activity_id} may be one of several events")
        elif not self._resting(account, Side.ACTIVITY, row):
            payload = payload_of(None, row, None, origin=Origin.PIPEDRIVE)
            self.planner.add(account, Action.CREATE_EVENT, payload, reason="new activity", activity_id=activity_id)

    def _event(self, account: RunAccount, event_id: str, row: Row[Any], *, ambiguous: bool) -> None:
        options = self.run.request.upload
        if options is not None and (options.direction == "to_google" or not self.planner.in_range(_event_when(row))):
            return
        connected = account.events_connected_at or self.planner.now
        stamps = (observe.stamp(row.raw.get("updated")), observe.stamp(row.raw.get("created")))
        reason = unsupported(row.raw, account.calendar_id or "")
        if reason is None and options is None and too_old(stamps, connected):
            reason = "before_connected"
        if not account.policy.may_create(Side.ACTIVITY):
            reason = reason or "mode"
        if reason or ambiguous:
            self.planner.skip(account, Side.EVENT, reason or "ambiguous")
            if ambiguous and not reason:
                account.notices.append(f"account {account.name}: event {event_id} may be one of several activities")
        elif not self._resting(account, Side.EVENT, row):
            self._create_activity(account, event_id, row)

    def _create_activity(self, account: RunAccount, event_id: str, row: Row[Any]) -> None:
        payload = payload_of(None, None, row, origin=Origin.GOOGLE)
        sent = next((i for i in self.planner.intents if (i.account_id, i.event_id) == (account.id, event_id)), None)
        if sent is not None and self.planner.now - sent.attempted_at < self.planner.resend_after:
            before = len(self.planner.out)
            self.planner.wait(account, None, payload, "outcome of the last request unknown", timedelta(0))
            self.planner.out[before] |= {"event_id": event_id}
            return
        self.planner.add(account, Action.CREATE_ACTIVITY, payload, reason="new event", event_id=event_id)

    def _resting(self, account: RunAccount, side: Side, row: Row[Any]) -> bool:
        seen = (row, None) if side is Side.ACTIVITY else (None, row)
        return self.planner._waits(account, *seen)


def _event_when(row: Row[Any]) -> When:
    return EventView.from_json(row.view).when


def _live(row: Row[Any] | None) -> bool:
    return row is not None and row.status == "live"


def _activity_key(company_id: str, activity_id: int) -> str:
    return f"{company_id}:{activity_id}"


def _event_key(calendar_id: str, event_id: str) -> str:
    return f"{calendar_id}/{event_id}"


def _latest(rows: list[Row[Any]]) -> dict[str, Row[Any]]:
    """The last state of each item: listings may show one twice, and an older one after a newer."""
    oldest = datetime.min
    out: dict[str, Row[Any]] = {}
    for row in rows:
        key = (_activity_key if row.side == "activities" else _event_key)(row.scope, row.item_id)
        known = out.get(key)
        stamps = [r.stamp.replace(tzinfo=None) if r is not None and r.stamp else oldest for r in (known, row)]
        if known is None or row.status != "live" or stamps[1] >= stamps[0]:
            out[key] = row
    return out


def _frame(rows: dict[str, Row[Any]], view: type[ActivityView] | type[EventView]) -> pd.DataFrame:
    digests = [digest(view.from_json(row.view)) if row.view is not None else None for row in rows.values()]
    statuses = [row.status for row in rows.values()]
    return pd.DataFrame({"key": list(rows), "status": statuses, "digest": digests}, dtype=object)


def _keys(rows: dict[str, Row[Any]], positions: Any) -> list[str]:
    keys = list(rows)
    return [keys[at] for at in positions]
