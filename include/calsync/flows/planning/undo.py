"""Planning of an undo: each write of a run, or of one pair in it, the other way round. What was edited since stays.

What was written goes back, field by field. What was made is removed, and its pair stays apart. What was removed is made
anew, with all that it had; if both sides are gone the activity comes first, and the next sync makes its event.
A value that lost a conflict goes back where it was typed, and from there to the other side, as if it were typed now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from include.calsync.core.conflicts import EDITS, Conflict
from include.calsync.core.decide import DESTRUCTIVE, Action, out_of_scope
from include.calsync.core.fields import beside, event_name
from include.calsync.core.merge import Changes
from include.calsync.core.model import ActivityView, When
from include.calsync.core.observations import Observation, is_live
from include.calsync.core.planning.wanted import Wanted
from include.calsync.core.policy import Mode, Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Former, Link, Payload
from include.calsync.core.run_records import LogEntry
from include.calsync.core.text import plain
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning.put_back import FIELDS, wanted_back, wanted_of_other
from include.calsync.flows.planning.retirement import REASON as RETIRED
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen, activity_key, event_key
from include.calsync.flows.request import UndoOptions
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import changes, formers, mapping
from include.calsync.store.transaction import Connection

MADE = frozenset({Action.CREATE_EVENT, Action.CREATE_ACTIVITY})
REMOVED = frozenset({*DESTRUCTIVE, Action.REMOVE_EVENT})
WROTE = frozenset({Action.MERGE, Action.ADOPT})
PARTED = frozenset({Action.LET_GO, Action.UNLINK})
"""How the pairs of an account end that is retired."""
ANEW = "undo: what was removed is made anew"
TAKEN_AWAY = "undo: what was made is removed"
GOES_BACK = "undo: what was written goes back"
JOINED = "undo: what was parted is linked again"
OTHER = "undo: the value that lost is taken"
"""In place of a rule: what an undo does."""
TOLD_COUNT = 50
"""How many of an account's items are named that are not undone; the rest is counted."""


class Undo:
    """Makes the rows of an undo."""

    def __init__(self, conn: Connection, run: Run, seen: Seen, rows: Rows) -> None:
        assert run.request.undo is not None
        self.asked, self.seen, self.rows = run.request.undo, seen, rows
        entries = changes.of_run(conn, self.asked.sync_run_id, seen.accounts, self.asked.link_id)
        self.lost = _lost(conn, self.asked)
        """Of a conflict: by the side that lost, its fields and what they are called on the other one."""
        self.groups = _by_pair(entries)
        last = {entry.link_id: entry.id for entry in entries if entry.link_id is not None}  # oldest first
        self.links = mapping.whole(conn, last)
        events: dict[str, set[str]] = defaultdict(set)
        activities: dict[str, set[int]] = defaultdict(set)
        for entry in entries:
            if entry.event_id is not None:
                events[entry.calendar_id].add(entry.event_id)
            if entry.activity_id is not None:
                activities[entry.company_id].add(entry.activity_id)
        self.formers = formers.of_events(conn, events)
        self.now = mapping.whole(conn, [link.id for link in seen.links])
        self.later = changes.written_since(conn, last)
        self.left_alone: dict[int, list[str]] = defaultdict(list)
        """By account: what is not undone, and why."""

    def plan(self) -> None:
        """Add the rows, newest write first; tell what is left alone."""
        for (account_id, _), entries in sorted(self.groups.items(), key=lambda group: -group[1][-1].id):
            account = self.seen.accounts[account_id]
            with self.rows.alone(account, Side.EVENT, entries[-1].event_id or "", self._link_of(entries)):
                self._one(account, entries)
        for account_id, texts in self.left_alone.items():
            account = self.seen.accounts[account_id]
            more = len(texts) - TOLD_COUNT
            account.notices += [f"account {account.name}: not undone: {text}" for text in texts[:TOLD_COUNT]]
            if more > 0:
                account.notices.append(f"account {account.name}: not undone: {more} more")

    def _one(self, account: RunAccount, entries: list[LogEntry]) -> None:
        actions, link = {entry.action for entry in entries}, self._link_of(entries)
        if link is not None and link.state in ("held", "removing"):
            self._leave(account, entries, "something is being done about it: try again when that is over")
        elif self.lost is not None:
            with self.rows.by(OTHER):
                self._put_back(account, entries, link)
        elif actions & MADE and actions & REMOVED:
            self._leave(account, entries, "it went to another calendar: give its activity back to who had it")
        elif actions & REMOVED:
            with self.rows.by(ANEW):
                self._bring_back(account, entries, link)
        elif actions & MADE:
            with self.rows.by(TAKEN_AWAY):
                self._take_back(account, entries, link)
        elif actions & PARTED:
            with self.rows.by(JOINED):
                self._join(account, entries)
        elif actions & WROTE:
            with self.rows.by(GOES_BACK):
                self._put_back(account, entries, link)

    # What was written.

    def _put_back(self, account: RunAccount, entries: list[LogEntry], link: Link | None) -> None:
        if link is None or link.state != "active":
            self._leave(account, entries, "the pair is over")
            return
        activity, event = self.seen.of(link)
        if not (is_live(activity) and is_live(event)):
            self._leave(account, entries, "one of both is gone or can't be read")
            return
        payload = payload_of(link, activity, event)
        back = self._values_back(account, entries, link, payload)
        if not any(back.values()):
            return
        wanted: Wanted | None = wanted_back(payload, link, back)
        if self.lost is not None:
            wanted = wanted_of_other(payload, link, back, account.policy)
        if wanted is None:
            self._leave(account, entries, "the account's settings write it to one side only")
            return
        payload["wanted"] = wanted.to_json()
        side = Side.EVENT if wanted.merged.event_changes else Side.ACTIVITY
        self._add(account, Action.MERGE, payload, link, side=side)

    def _values_back(
        self, account: RunAccount, entries: list[LogEntry], link: Link, payload: Payload
    ) -> dict[Side, Changes]:
        """By side, what fields showed before these writes: those that nobody touched since. Of a conflict, those that
        lost, if the side that won is as it was, too."""
        shown = {Side.ACTIVITY: payload["activity"], Side.EVENT: payload["event"] | beside(payload["event_raw"])}
        base = {Side.ACTIVITY: link.base_activity, Side.EVENT: link.base_event}
        back: dict[Side, Changes] = {side: {} for side in Side}
        for side in Side:
            for name, value in _before(entries, side).items():
                if self.lost is not None and name not in self.lost[side]:
                    continue
                halves = [(side, name), *([(side.other, self.lost[side][name])] if self.lost is not None else [])]
                if any(each in FIELDS[half] and shown[half][each] != base[half].get(each) for half, each in halves):
                    self._leave(account, entries, f"{name} was edited since")
                elif any((link.id, str(half), each) in self.later for half, each in halves):
                    self._leave(account, entries, f"{name} was written again since")
                elif shown[side].get(name) != (plain(str(value or "")) if name == "description" else value):
                    back[side][name] = _canonical(name, value)
        return back

    # What was made.

    def _take_back(self, account: RunAccount, entries: list[LogEntry], link: Link | None) -> None:
        made = next(entry for entry in entries if entry.action in MADE)
        cause = "event_deleted" if made.action == Action.CREATE_EVENT else "activity_deleted"
        begun = link is not None and (link.state, link.cause) == ("detached", cause)  # by an undo that failed
        if link is None or not (link.state == "active" or begun):
            self._leave(account, entries, "the pair is over")
            return
        activity, event = self.seen.of(link)
        item, base = (event, link.base_event) if made.action == Action.CREATE_EVENT else (activity, link.base_activity)
        if not is_live(item):
            self._leave(account, entries, "it is gone, or can't be read")
        elif any(item.view[name] != value for name, value in base.items() if name != "context"):
            self._leave(account, entries, "it was edited since")
        elif any((link.id, str(side), name) in self.later for side in Side for name in FIELDS[side]):
            self._leave(account, entries, "its pair was written since")
        else:
            payload = payload_of(link, activity, event)
            payload["cause"], payload["takes_back"] = cause, True
            gone = Action.DELETE_EVENT if made.action == Action.CREATE_EVENT else Action.DELETE_ACTIVITY
            self._add(account, gone, payload, link)

    # What was removed.

    def _bring_back(self, account: RunAccount, entries: list[LogEntry], link: Link | None) -> None:
        gone = next(entry for entry in entries if entry.action in REMOVED)
        activity = self.seen.activities.get(activity_key(gone.company_id, gone.activity_id or 0))
        event = self.seen.events.get(event_key(gone.calendar_id, gone.event_id or ""))
        known: Link | Former | None = link or self.formers.get((gone.calendar_id, gone.event_id or ""))
        if known is None:
            self._leave(account, entries, "nothing is known any more of what it was")
        elif (link is not None and link.state == "active") or self._is_linked(gone):
            self._leave(account, entries, "it is back already")
        elif is_live(activity):
            self._event_back(account, entries, known, activity, finished=gone.action == Action.FINISH_ACTIVITY)
        elif account.policy.mode is Mode.TO_GOOGLE:
            self._leave(account, entries, "the account's mode writes nothing to Pipedrive, where its activity is gone")
        else:
            self._activity_back(account, known, event)

    def _join(self, account: RunAccount, entries: list[LogEntry]) -> None:
        gone = entries[-1]
        activity = self.seen.activities.get(activity_key(gone.company_id, gone.activity_id or 0))
        event = self.seen.events.get(event_key(gone.calendar_id, gone.event_id or ""))
        former = self.formers.get((gone.calendar_id, gone.event_id or ""))
        if former is None:
            self._leave(account, entries, "nothing is known any more of what it was")
        elif self._is_linked(gone):
            self._leave(account, entries, "it is linked already")
        elif not (is_live(activity) and is_live(event)):
            self._leave(account, entries, "one of both is gone or can't be read")
        elif activity.view["when"] is None:
            self._leave(account, entries, "its activity has no date, and so no event")
        else:
            payload = payload_of(former, activity, event)
            payload["decided"] = self._decided()
            ids = {"activity_id": former.activity_id, "event_id": former.event_id}
            self.rows.merge(account, payload, reason=self._reason(), former=former, **ids)  # type: ignore[arg-type]

    def _event_back(
        self,
        account: RunAccount,
        entries: list[LogEntry],
        known: Link | Former,
        activity: Observation,
        *,
        finished: bool,
    ) -> None:
        why = out_of_scope(ActivityView.from_json(activity.view), account.policy)
        if why is not None or not account.policy.may_create(Side.EVENT):
            why = why or "mode"
            self._leave(account, entries, f"the account does not show its activity ({why}); once it does, it is back")
            return
        payload = payload_of(known, activity, None)
        ids = {} if isinstance(known, Link) else {"activity_id": known.activity_id}
        self._create(account, Action.CREATE_EVENT, payload, known, **ids)
        if finished and "wanted" in payload:
            payload["wanted"]["activity_changes"] |= {"done": False}
            payload["wanted"]["before"].setdefault(str(Side.ACTIVITY), {})["done"] = True

    def _activity_back(self, account: RunAccount, known: Link | Former, event: Observation | None) -> None:
        payload = payload_of(known, None, event if is_live(event) else None)
        if not is_live(event):
            payload["restores"] = True
        self._create(account, Action.CREATE_ACTIVITY, payload, known, event_id=known.event_id)

    def _create(
        self, account: RunAccount, action: Action, payload: Payload, known: Link | Former, **ids: int | str
    ) -> None:
        payload["decided"] = self._decided()
        self.rows.create(account, action, payload, known, reason=self._reason(), **ids)  # type: ignore[arg-type]

    # All of them.

    def _add(self, account: RunAccount, action: Action, payload: Payload, link: Link, side: Side | None = None) -> None:
        payload["decided"] = self._decided()
        self.rows.add(account, action, payload, link, reason=self._reason(), side=side)

    def _decided(self) -> Json:
        return {"hold": None, "by": self.asked.by}

    def _reason(self) -> str:
        if self.lost is not None:
            return f"the value that lost in run {self.asked.sync_run_id}"
        return f"undo of run {self.asked.sync_run_id}"

    def _leave(self, account: RunAccount, entries: list[LogEntry], why: str) -> None:
        last = entries[-1]
        what = f"activity {last.activity_id}" if last.activity_id is not None else f"event {last.event_id}"
        text = f"{what}: {why}"
        if text not in self.left_alone[account.id]:
            self.left_alone[account.id].append(text)

    def _link_of(self, entries: list[LogEntry]) -> Link | None:
        ids = [entry.link_id for entry in entries if entry.link_id is not None]
        return next((self.links[link_id] for link_id in ids if link_id in self.links), None)

    def _is_linked(self, entry: LogEntry) -> bool:
        """Whether one of the two has another partner by now."""
        return any(
            link.state == "active"
            and ((link.company_id, link.activity_id) == (entry.company_id, entry.activity_id)
                 or (link.calendar_id, link.event_id) == (entry.calendar_id, entry.event_id))
            for link in self.now.values()
        )  # fmt: skip


def _by_pair(entries: Iterable[LogEntry]) -> dict[tuple[int, object], list[LogEntry]]:
    """A run's writes by account and pair, oldest first. Before a link there was only an item."""
    out: dict[tuple[int, object], list[LogEntry]] = defaultdict(list)
    for entry in entries:
        if entry.side != "store" or entry.action in REMOVED or entry.reason == RETIRED:
            pair = entry.link_id or (entry.activity_id, entry.event_id)
            out[entry.account_id, pair].append(entry)
    return out


def _before(entries: Iterable[LogEntry], side: Side) -> dict[str, object]:
    """What the fields of a side showed before the first of these writes."""
    out: dict[str, object] = {}
    for entry in entries:
        if entry.side == side and entry.action in WROTE:
            for name in entry.after or {}:
                if name != "mark":
                    out.setdefault(name, (entry.before or {}).get(name))
    return out


def _lost(conn: Connection, asked: UndoOptions) -> dict[Side, dict[str, str]] | None:
    """The fields that lost the conflict in question, by side; with their names on the side that won."""
    entry = changes.entry(conn, asked.conflict_id) if asked.conflict_id is not None else None
    if entry is None:
        return None
    out: dict[Side, dict[str, str]] = {side: {} for side in Side}
    for conflict in map(Conflict.from_json, entry.lost or ()):
        names = {Side.ACTIVITY: conflict.field, Side.EVENT: event_name(conflict.field)}
        if conflict.why in EDITS and asked.conflict_field in (None, conflict.field):
            out[conflict.winner.other][names[conflict.winner.other]] = names[conflict.winner]
    return out


def _canonical(name: str, value: object) -> object:
    if name == "when" and isinstance(value, dict):
        return When.from_json(value)
    return "" if value is None else value
