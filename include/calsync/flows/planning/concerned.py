"""The links and copies that a plan is made of: those of what was seen, and those about which something is open.

All others rest: nothing is read of them, so that a run costs what changed, however many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from include.calsync.core.marks import read_mark
from include.calsync.core.meetings import meeting_of
from include.calsync.core.observations import Observation, is_live
from include.calsync.core.records import Copy, LinkHead
from include.calsync.flows.run_account import RunAccount
from include.calsync.store import copies, lookups
from include.calsync.store.transaction import Connection

Keys = defaultdict[str, set[str]]
"""Events by calendar, or meetings by company."""


class Concerned:
    """`links`: heads, by id. `copies`: in no order."""

    def __init__(
        self,
        conn: Connection,
        accounts: Mapping[int, RunAccount],
        activities: Iterable[Observation],
        events: Iterable[Observation],
        *,
        held: Iterable[int],
        resting_ids: Collection[int],
    ) -> None:
        """`activities`, `events`: what was seen. `held`: ids of links. `resting_ids`: accounts that take no part, but
        whose activities others may show now."""
        self._conn, self._found = conn, dict[int, LinkHead]()
        marking = [account.id for account in accounts.values() if account.policy.may_mark]
        self._add(lookups.unfinished(conn, accounts, marking))
        self._add(lookups.of_ids(conn, held))
        events = list(events)
        self._of_activities(activities, events)
        meetings = self._of_events(accounts, events)
        companies = {account.company_id for account in accounts.values()}
        self.copies = self._copies(events, meetings, companies, accounts, resting_ids)
        self.links = [self._found[key] for key in sorted(self._found)]

    def _add(self, links: Iterable[LinkHead]) -> None:
        self._found |= {link.id: link for link in links}

    def _of_activities(self, activities: Iterable[Observation], events: Iterable[Observation]) -> None:
        """Links of activities that were seen, or that an event names."""
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for row in activities:
            wanted[row.scope].add(int(row.item_id))
        for row in events:
            mark = read_mark(row.raw) if is_live(row) else None
            if mark is not None:
                wanted[mark.company_id].add(mark.activity_id)
        for company_id, ids in wanted.items():
            self._add(lookups.of_activities(self._conn, company_id, ids))

    def _of_events(self, accounts: Mapping[int, RunAccount], events: Iterable[Observation]) -> Keys:
        """Links of events that were seen, of the occurrences of their series, and of their meetings, which are
        returned."""
        seen, series, meetings = Keys(set), Keys(set), Keys(set)
        for row in events:
            seen[row.scope].add(row.item_id)
            if series_id := (row.raw or {}).get("recurringEventId"):
                series[row.scope].add(series_id)
            account, meeting = accounts.get(row.account_id), meeting_of(row.raw)
            if account is not None and meeting is not None:
                meetings[account.company_id].add(meeting)
        for calendar_id, ids in seen.items():
            self._add(lookups.of_events(self._conn, calendar_id, ids))
        for calendar_id, ids in series.items():
            self._add(lookups.of_series(self._conn, calendar_id, ids))
        for company_id, keys in meetings.items():
            self._add(lookups.of_meetings(self._conn, company_id, keys))
        return meetings

    def _copies(
        self,
        events: Iterable[Observation],
        meetings: Keys,
        companies: Collection[str],
        account_ids: Iterable[int],
        resting_ids: Collection[int],
    ) -> list[Copy]:
        """The copies that were seen, that are of these meetings or of the links', or that have something to be done
        about them; and the links of their meetings."""
        seen = Keys(set)
        for row in events:
            seen[row.scope].add(row.item_id)
        for link in self._found.values():
            if link.meeting:
                meetings[link.company_id].add(link.meeting)
        found = copies.concerned(self._conn, seen, meetings)
        found += copies.unsettled(self._conn, companies, account_ids)
        found += copies.of_resting(self._conn, resting_ids) if resting_ids else []
        others = Keys(set)
        for copy in found:
            others[copy.company_id].add(copy.meeting)
        for company_id, keys in others.items():
            self._add(lookups.of_meetings(self._conn, company_id, keys - meetings[company_id]))
        found += copies.concerned(self._conn, {}, others)
        return list({copy.id: copy for copy in found}.values())
