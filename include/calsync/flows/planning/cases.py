"""Pairs as the rules ask about them: what was seen of both sides, and a line of facts each. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.decide import Action, out_of_scope
from include.calsync.core.diff import Diff
from include.calsync.core.fields import unsupported
from include.calsync.core.model import ActivityView, Change, EventView, Origin
from include.calsync.core.observations import Observation, is_live
from include.calsync.core.planning.facts import NONE, Asked, Facts, Hold, Part, Shown, State
from include.calsync.core.planning.pair_facts import of_policy, pair_policy, scope_of
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.policy import Side
from include.calsync.core.records import Link, LinkHead, Payload, whole
from include.calsync.core.run_records import Held
from include.calsync.core.words import UNPROVEN_EVENTS, WITHDRAWN
from include.calsync.errors import Defect, Unreadable
from include.calsync.flows import aside, moves
from include.calsync.flows.border import border
from include.calsync.flows.pairs import payload_of
from include.calsync.flows.planning import refresh, transfers
from include.calsync.flows.planning.guarded import MAX_DELETE, limits_of
from include.calsync.flows.planning.leaving import fill_in
from include.calsync.flows.planning.resting import RestingPairs
from include.calsync.flows.planning.rows import Rows
from include.calsync.flows.planning.seen import Seen
from include.calsync.flows.planning.shared import SharedMeetings
from include.calsync.flows.planning.shown import SHOWN, of_link, shown_activity, shown_event
from include.calsync.flows.run_account import RunAccount

# Stamps and HTTP dates are whole seconds, rounded down, each by its own clock.
STAMP_ROUNDING = timedelta(seconds=2)
UNCHANGED = (Change.UNCHANGED, Change.UNCHANGED)


@dataclass(frozen=True)
class Case:
    """One pair: what was seen of its sides, what a row about it says, and the facts.

    `account`: whose rows these are: of a resting account's pair that of its heir. `error`: the facts can't be had.
    """

    account: RunAccount | None
    link: LinkHead
    activity: Observation | None
    event: Observation | None
    payload: Payload
    changes: tuple[Change, Change]
    facts: Facts
    error: Exception | None = None

    @property
    def whole(self) -> Link:
        """Its link with what it holds: that of a pair that anything is to be done about was read."""
        return whole(self.link)


class Cases:
    """The pairs of a run that anything is to be asked about: seen, unfinished, held or back."""

    def __init__(self, seen: Seen, rows: Rows, now: datetime, shared: SharedMeetings) -> None:
        self.seen, self.rows, self.now, self.shared = seen, rows, now, shared
        self.asked = Asked(rows.upload.direction) if rows.upload is not None else Asked.SYNC
        self.resting = RestingPairs(seen, shared, self.asked, now)

    def all(self, found: Diff) -> Iterator[Case]:
        """One case per pair, in the order of the links."""
        changed = zip(found.links["activity_change"], found.links["event_change"], strict=True)
        for link, (activity, event) in zip(self.seen.links, changed, strict=True):
            account = self.seen.accounts.get(link.account_id)
            if account is None:
                if link.account_id in self.seen.rests:
                    heir, payload, facts = self.resting.facts(link, self.rests)
                    yield Case(heir, link, *self.seen.of(link), payload, UNCHANGED, facts)
            elif self.seen.of(link) != (None, None) or self.seen.is_open(link):
                yield self._alone(account, link, Change(activity), Change(event))

    def _alone(self, account: RunAccount, link: LinkHead, *changes: Change) -> Case:
        """The case of one pair; what fails unforeseen is that pair's alone."""
        try:
            with border(f"account {account.name}: {Side.EVENT} {link.event_id}"):
                return self._at_work(account, whole(link), *changes)
        except (Defect, Unreadable) as error:
            return Case(account, link, *self.seen.of(link), {}, UNCHANGED, Facts(), error)

    def _at_work(self, account: RunAccount, link: Link, *seen_changes: Change) -> Case:
        activity, event = self.seen.of(link)
        shown = (shown_activity(activity, seen_changes[0]), shown_event(event, seen_changes[1]))
        if self._is_quiet(link, activity, shown):
            seen_only = Facts(activity=shown[0], event=shown[1])
            return Case(account, link, activity, event, {}, UNCHANGED, seen_only)
        waiting = self.rests(account, ("activities", link.activity_id), ("events", link.event_id))
        payload, changes = payload_of(link, activity, event), seen_changes
        held = self._held(link) if link.state == State.HELD else None
        not_now = waiting or self.asked is not Asked.SYNC or Shown.UNREADABLE in shown or shown[1] is Shown.VANISHED
        past = shown[1] is Shown.LONG_PAST
        if held is not None and not (not_now or past):
            changes = _with_what_was_held(held, (activity, event), payload, changes)
        view = ActivityView.from_json(payload["activity"])
        outside = scope_of(view, Origin(link.origin), account.policy)
        leaves = outside if is_live(activity) else NONE
        if held is not None and held.action == Action.REMOVE_EVENT and changes[0] is not Change.DELETED:
            leaves = outside
        hold: str = Hold.STANDS if link.state == State.HELD else NONE
        rejects = _rejects(held, changes)
        if hold and past and not not_now:
            hold = Hold.LAPSES
        elif hold and not not_now:
            hold = self._hold(account, link, (activity, event), seen_changes, leaves, rejects)
        withdrawn = self._withdrawn(link)
        policy = pair_policy(account.policy, Origin(link.origin), payload["event_raw"], withdrawn)
        stale = link.state in (State.ACTIVE, State.HELD) and refresh.is_stale(link, view, policy)
        by_itself = link.state == State.ACTIVE and is_live(activity) and (stale or leaves != NONE)
        facts = Facts(
            asked=self.asked,
            asked_for=self.rows.upload is not None and self._asked_for(account, link, payload),
            activity=shown[0],
            event=shown[1],
            activity_change=SHOWN[changes[0]],
            event_change=SHOWN[changes[1]],
            withdrawn=withdrawn,
            leaves=leaves,
            outside=outside != NONE,
            hold=hold,
            rejects=rejects,
            **_of_held(held),
            waiting=waiting,
            stirred=seen_changes != UNCHANGED or self.seen.is_open(link) or by_itself,
            stale=stale,
            **of_link(link),
            mode_changed=account.mode_changed,
            **of_policy(account.policy, policy),
            **self._of_others(link, payload, view, leaves, event_gone=changes[1] is Change.DELETED),
        )
        return Case(account, link, activity, event, payload, (changes[0], changes[1]), facts)

    def _is_quiet(self, link: Link, activity: Observation | None, shown: tuple[Shown, Shown]) -> bool:
        """Whether nothing more can matter of an active pair: an event alone was seen, and is as it was.

        That is most of what a run sees after a large one: its own events. What their activities show costs the most.
        """
        alone = activity is None and shown[1] is Shown.SAME
        return alone and self.asked is Asked.SYNC and link.state == State.ACTIVE and not self.seen.is_open(link)

    def _of_others(
        self, link: LinkHead, payload: Payload, view: ActivityView, leaves: str, *, event_gone: bool
    ) -> Part:
        """Facts about the event, and who else has the meeting. They are looked up only where a rule may ask."""
        taken = leaves == "other_owner" and self.shared.has_copy(link, owner_id=payload["activity"]["owner_id"])
        return {
            "goes_along": leaves != NONE and self._goes_along(link, payload, view, leaves),
            "copy": event_gone and self.shared.has_copy(link),
            "owners_copy": taken,
            "new_owner": transfers.new_owner(self.seen, link, view) if leaves == "other_owner" else NONE,
            "obstacle": NONE if event_gone else unsupported(payload["event_raw"] or {}) or NONE,
        }

    def rests(self, account: RunAccount, *items: tuple[str, int | str]) -> bool:
        """Whether one of these (of a pair both) is in quarantine, none was edited since, and its time has not come."""
        keys = [(account.id, side, str(item_id)) for side, item_id in items]
        entries = [self.seen.aside[key] for key in keys if key in self.seen.aside]
        resting = [entry for entry in entries if entry.attempts and entry.next_try_at > self.now]
        if not resting:
            return False
        stamps = [self.seen.stamp(account, side, str(item_id)) for side, item_id in items]
        failed_at = max(aside.failed_at(entry) for entry in resting) + STAMP_ROUNDING
        return not any(stamp is not None and stamp > failed_at for stamp in stamps)

    def _hold(
        self,
        account: RunAccount,
        link: LinkHead,
        seen: tuple[Observation | None, Observation | None],
        changes: tuple[Change, ...],
        leaves: str,
        rejects: str,
    ) -> Hold:
        """Still the same: it stays held. Something else now, or the limits were changed: it is decided anew."""
        held = self._held(link)
        if held is None and link.id in self.seen.held:
            return Hold.OLDER
        if held is None or (held.state == "open" and held.payload.get("limits") != limits_of(account)):
            return Hold.LAPSES
        decided = Hold(_decided(held) or Hold.STANDS)
        if unproven := held.payload.get("unproven"):
            at = 1 if unproven in UNPROVEN_EVENTS else 0
            if is_live(seen[at]) or changes[1 - at] is Change.DELETED:
                return Hold.LAPSES  # back again, or its partner was deleted by hand
            if changes[at] is Change.DELETED:  # proven by now: it goes, unless it is too much all the same
                return Hold.ASKS if decided is not Hold.STANDS or link.cause == MAX_DELETE else Hold.LAPSES
            # A hidden activity is there: it is not made a second time.
            return Hold.STANDS if decided is Hold.REJECTED and unproven not in UNPROVEN_EVENTS else decided
        if held.action == Action.REMOVE_EVENT:  # by a changed setting
            if leaves != held.payload["cause"] or changes[1] is Change.DELETED:
                return Hold.LAPSES
            return Hold.STANDS if decided is Hold.REJECTED else decided
        if held.payload.get("restores"):
            return Hold.LAPSES if is_live(seen[1]) else Hold.REJECTED
        if _is_rejected_edit(held) and rejects == NONE:
            return Hold.LAPSES  # what was edited is as it was
        return Hold.ASKS

    def _held(self, link: LinkHead) -> Held | None:
        """What is held of a pair; None also for what another version held: that is not read."""
        held = self.seen.held.get(link.id)
        return held if held is not None and held.format == ROW_FORMAT else None

    def _withdrawn(self, link: LinkHead) -> str:
        """Why the event counts as gone although it is there; of a held pair whose event was not seen now, as then."""
        _, event = self.seen.of(link)
        held = self._held(link)
        if event is not None:
            why = event.error
        else:
            why = held.payload.get("cause") if held is not None else None
        return str(why) if why in WITHDRAWN else NONE

    def _goes_along(self, link: LinkHead, payload: Payload, view: ActivityView, leaves: str) -> bool:
        """An author's event goes only to a colleague who takes the activity over."""
        if link.origin != Origin.GOOGLE:
            return True
        along = leaves == "other_owner" and moves.moves_along(payload["event_raw"], link.calendar_id)
        return along and transfers.taker_of(self.seen, link, view) is not None

    def _asked_for(self, account: RunAccount, link: LinkHead, payload: Payload) -> bool:
        """Whether an upload names what is left of a detached pair."""
        activity, event = self.seen.of(link)
        if link.cause == "event_deleted" and is_live(activity):
            view = ActivityView.from_json(payload["activity"])
            return not out_of_scope(view, account.policy) and self.rows.wanted(view)
        return is_live(event) and self.rows.in_range(EventView.from_json(payload["event"]).when)


def _with_what_was_held(
    held: Held,
    seen: tuple[Observation | None, Observation | None],
    payload: Payload,
    changes: tuple[Change, ...],
) -> tuple[Change, ...]:
    """The changes, and in the payload the items: of a side that was not seen now, as they were when it was held."""
    if unproven := held.payload.get("unproven"):
        return _as_decided(held, unproven, seen, changes)
    if seen[0] is None:
        fill_in(payload, held, "activity")
    if held.action == Action.REMOVE_EVENT:
        return changes
    if seen[1] is None:
        fill_in(payload, held, "event")
    before = held.payload["changes"]
    return tuple(
        change if item is not None else Change(before[side])
        for side, item, change in zip(("activity", "event"), seen, changes, strict=True)
    )


def _as_decided(
    held: Held, unproven: str, seen: tuple[Observation | None, Observation | None], changes: tuple[Change, ...]
) -> tuple[Change, ...]:
    """The changes: what nobody could prove to be gone counts as gone once a person said so. An event also if its
    deletion was rejected: it is made anew then."""
    at = 1 if unproven in UNPROVEN_EVENTS else 0
    if is_live(seen[at]) or not (held.state == "approved" or (held.state == "rejected" and at == 1)):
        return changes
    return tuple(Change.DELETED if side == at else change for side, change in enumerate(changes))


def _of_held(held: Held | None) -> Part:
    return {"held_action": held.action if held is not None else NONE, "decided": _decided(held)}


def _decided(held: Held | None) -> str:
    """What a person decided about what is held."""
    return {"approved": str(Hold.APPROVED), "rejected": str(Hold.REJECTED)}.get(held.state, NONE) if held else NONE


def _is_rejected_edit(held: Held) -> bool:
    return held.state == "rejected" and "edited" in held.payload


def _rejects(held: Held | None, changes: tuple[Change, ...]) -> str:
    """The side whose edits a person rejected, as long as they are there."""
    if held is None or not _is_rejected_edit(held):
        return NONE
    side = Side(held.payload["edited"])
    return side if changes[0 if side is Side.ACTIVITY else 1] is Change.UPDATED else NONE
