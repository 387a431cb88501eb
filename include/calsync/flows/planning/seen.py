"""Everything a run saw, beside what is known of it: the input of its plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from include.calsync.core.diff import Diff, diff
from include.calsync.core.meetings import meeting_of
from include.calsync.core.model import ActivityView, EventView, digest
from include.calsync.core.observations import Observation, is_live
from include.calsync.core.policy import Side
from include.calsync.core.records import Link, LinkHead, is_unfinished
from include.calsync.flows import moves
from include.calsync.flows.planning.completing import Completed
from include.calsync.flows.planning.concerned import Concerned
from include.calsync.flows.planning.followed import Followed
from include.calsync.flows.planning.rekeying import Rekeying
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import copies, formers, holds, mapping, quarantine, runs
from include.calsync.store.transaction import Connection

OLDEST = datetime.min.replace(tzinfo=UTC)


class Seen:
    """The observations of one run, and what the mapping knows of them. Items are found by the keys of the diff."""

    def __init__(self, conn: Connection, run: Run, shown: Sequence[Observation] | None = None) -> None:
        """`shown`: what is looked at, in place of what the run's pulls staged."""
        self.run_id, self.uploads = run.id, run.request.upload is not None
        syncs = run.request.syncs
        self.accounts = {account.id: account for account in run.working()}
        companies = {account.company_id for account in self.accounts.values()}
        calendars = {account.calendar_id for account in self.accounts.values() if account.calendar_id}
        self.activities, self.events = (_latest(_staged(conn, run.id, side, shown)) for side in Side)
        self.rests = moves.resting(conn, self.accounts.values())
        # Another account may hold back what it would do to a pair.
        held = holds.held_items(conn, *self.accounts, *self.rests)
        self.held = {row.link_id: row for row in held}
        self.agreed = {row.link_id: row for row in holds.agreed(conn, *self.accounts, *self.rests)}
        concerned = Concerned(
            conn,
            self.accounts,
            self.activities.values(),
            self.events.values(),
            held=self.held,
            resting_ids=self.rests.keys(),
        )
        heads, self.copies = concerned.links, concerned.copies
        intents = mapping.intents(conn, *self.accounts)
        self.rekeying = Rekeying(conn, heads if syncs else [], intents, self.events)
        heads = [self.rekeying.moved(link) for link in heads]
        may_follow = heads if syncs else []
        self.followed = Followed(may_follow, self.activities, self.events, self.accounts)
        heads = [self.followed.moved(link) for link in heads]
        self.absent = moves.absent(conn, self.accounts.values())
        self.leaving = formers.leaving(conn, calendar_ids=calendars)
        resting = mapping.intents(conn, *self.rests)
        self.intents = [self.rekeying.moved_intent(row) for row in intents] + resting
        self.meeting_intents = copies.intents_of(conn, companies)
        aside = quarantine.set_aside(conn, *self.accounts)
        self.aside = {(row.account_id, row.side, row.item_id): row for row in aside}
        # Not all of these are looked at: of the others their heads are enough.
        stirred = self._stirred_meetings()
        awake = [
            link.id
            for link in heads
            if self.of(link) != (None, None)
            or self.is_open(link)
            or link.id in self.held
            or (link.company_id, link.meeting, link.account_id in self.accounts) in stirred
        ]
        whole = mapping.whole(conn, awake)
        links = [self.followed.moved(self.rekeying.moved(whole.get(link.id, link))) for link in heads]
        self.completed = Completed((link for link in links if isinstance(link, Link)), self.of)
        self.links = [self.completed.moved(link) for link in links]
        """Of what was seen, or is open; all others rest."""

    def _stirred_meetings(self) -> set[tuple[str, str | None, bool]]:
        """Meetings whose link may be written because of another calendar's event: company, meeting, and whether the
        link's account takes part. A copy takes over from one that does not at any time."""
        out: set[tuple[str, str | None, bool]] = set()
        for row in self.events.values():
            account, meeting = self.accounts.get(row.account_id), meeting_of(row.raw)
            if account is not None and meeting is not None:
                out |= {(account.company_id, meeting, True), (account.company_id, meeting, False)}
        for copy in self.copies:
            out.add((copy.company_id, copy.meeting, False))
            if copy.state != "shown" or event_key(copy.calendar_id, copy.event_id) in self.events:
                out.add((copy.company_id, copy.meeting, True))
        return out

    def diff(self) -> Diff:
        """The links against the observations."""
        links = pd.DataFrame(
            {
                "activity_key": [activity_key(link.company_id, link.activity_id) for link in self.links],
                "event_key": [event_key(link.calendar_id, link.event_id) for link in self.links],
                "activity_digest": [link.activity_digest for link in self.links],
                "event_digest": [link.event_digest for link in self.links],
            },
            dtype=object,
        )
        return diff(links, _frame(self.activities, ActivityView), _frame(self.events, EventView))

    def unlinked_activities(self, found: Diff) -> dict[str, list[int]]:
        """Ids of live activities that no link knows, by company."""
        rows = list(self.activities.values())
        out: dict[str, list[int]] = defaultdict(list)
        for at in found.new_activities:
            out[rows[at].scope].append(int(rows[at].item_id))
        return out

    def unlinked_events(self, found: Diff) -> dict[str, list[str]]:
        """Ids of live events that no link knows, by calendar."""
        rows = list(self.events.values())
        out: dict[str, list[str]] = defaultdict(list)
        for at in found.new_events:
            out[rows[at].scope].append(str(rows[at].item_id))
        return out

    def of(self, link: LinkHead) -> tuple[Observation | None, Observation | None]:
        """What was seen of a link's activity and event."""
        return (
            self.activities.get(activity_key(link.company_id, link.activity_id)),
            self.events.get(event_key(link.calendar_id, link.event_id)),
        )

    def stamp(self, account: RunAccount, side: str, item_id: str) -> datetime | None:
        """When an item that was seen was last edited."""
        rows, key = self.activities, activity_key(account.company_id, item_id)
        if side == "events":
            rows, key = self.events, event_key(account.calendar_id or "", item_id)
        return rows[key].stamp if key in rows else None

    def is_open(self, link: LinkHead) -> bool:
        """Whether a pair must be looked at although neither side changed."""
        account = self.accounts.get(link.account_id)
        activity, event = self.of(link)
        returned = link.state == "detached" and (is_live(activity) or (self.uploads and is_live(event)))
        unreadable = any(side is not None and side.status == "unreadable" for side in (activity, event))
        return account is not None and (
            is_unfinished(link, account.policy) or link.id in self.held or returned or unreadable
        )


def activity_key(company_id: str, activity_id: int | str) -> str:
    """Of an activity, over all companies."""
    return f"{company_id}:{activity_id}"


def event_key(calendar_id: str, event_id: str) -> str:
    """Of an event, over all calendars."""
    return f"{calendar_id}/{event_id}"


def _staged(conn: Connection, run_id: str, side: Side, shown: Sequence[Observation] | None) -> list[Observation]:
    return runs.observations(conn, run_id, side) if shown is None else [row for row in shown if row.side == side]


def _latest(rows: list[Observation]) -> dict[str, Observation]:
    """The last state of each item: listings may show one twice, and an older one after a newer."""
    out: dict[str, Observation] = {}
    for row in rows:
        key = (activity_key if row.side == "activities" else event_key)(row.scope, row.item_id)
        known = out.get(key)
        if known is None or row.status != "live" or (row.stamp or OLDEST) >= (known.stamp or OLDEST):
            out[key] = row
    return out


def _frame(rows: dict[str, Observation], view: type[ActivityView] | type[EventView]) -> pd.DataFrame:
    digests = [digest(view.from_json(row.view)) if row.view is not None else None for row in rows.values()]
    statuses = [row.status for row in rows.values()]
    return pd.DataFrame({"key": list(rows), "status": statuses, "digest": digests}, dtype=object)
