"""Meetings of colleagues, events whose guest or owner does not come: the judge's part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from tests.laws.company import Company
from tests.laws.ledger import Items, Node

SHARED = ("summary", "description", "location", "start", "end")


class Meetings:
    """One activity for all who come, of the organiser's account."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def written(self, live: Items) -> str | None:
        """What differs between a guest's copy and the organiser's event: the copy is never written."""
        organised = self.company.organised()
        for node, item in live.items():
            if node[0] != "event" or not self.company.is_copy(node[1], item):
                continue
            master = organised.get(("event", item["organizer"]["email"], node[2]))
            if master is not None and any(item.get(name) != master.get(name) for name in SHARED):
                return f"law 9: the guest's copy was written: {item}, of {master}"
        return None

    def may_go(self, node: Node, item: dict[str, Any]) -> bool:
        """Whether this was a guest's copy, and its organiser or its guest took it away."""
        if not self.company.is_copy(node[1], item):
            return False
        master = self.company.organised().get(("event", item["organizer"]["email"], node[2]), {})
        invited = {each["email"] for each in master.get("attendees", ())}
        return node in self.company.declined or node[1] not in invited

    def nobody_comes(self, events: Items, *, declined: bool) -> bool:
        """Whether none of a meeting's live events counts any more, and somebody declined or hid one of them.

        A colleague's copy that a listing left out counts only once it is seen: then it brings the activity again.
        """
        hidden = any(self._is_skipped(node, item) for node, item in events.items())
        comes = any(self.counts(node, item) for node, item in events.items()) and not self.company.cut
        return (declined or hidden) and not comes

    def counts(self, node: Node, item: dict[str, Any]) -> bool:
        """Whether an event is to be shown in Pipedrive by its own calendar's account."""
        declines = any(each.get("self") and each["responseStatus"] == "declined" for each in item.get("attendees", ()))
        return self.company.works(node[1]) and not declines and not self._is_skipped(node, item)

    def _is_skipped(self, node: Node, item: dict[str, Any]) -> bool:
        return self.company.hides(node[1], item) == "skip"

    def is_held_elsewhere(self, node: Node, live: Items, by_node: Mapping[Node, Row[Any]]) -> bool:
        """Whether the same meeting's event in another calendar has the activity."""
        others = [("event", calendar, node[2]) for calendar in self.company.everywhere if calendar != node[1]]
        uid = live[node]["iCalUID"]
        return any(other in by_node and live.get(other, {}).get("iCalUID", uid) == uid for other in others)

    def unfit(self, live: Items, row: Row[Any]) -> str | None:
        """What is wrong with an active link of a meeting of several."""
        event, activity = live["event", row.calendar_id, row.event_id], live["activity", row.activity_id]
        others = [("event", calendar, row.event_id) for calendar in self.company.everywhere]
        same = [node for node in others if live.get(node, {}).get("iCalUID") == event["iCalUID"]]
        if len(same) < 2:
            return None
        name = self.company.everywhere[row.calendar_id]
        if activity["owner_id"] != self.company.owners[name]:
            return f"meeting: the activity is not of the account whose event it has: {activity}, {row}"
        if self.company.rearranged or row.activity_id in self.company.touched:
            return None
        typed = ("activity", row.activity_id) in self.company.ledger.births
        if typed and self.company.is_copy(row.calendar_id, event):
            return None  # a guest had written it down, too, and it looked like the meeting
        if event["organizer"]["email"] in {node[1] for node in same} - {row.calendar_id}:
            return f"meeting: the organiser's account does not have the activity: {row}"
        coming = {node[1] for node in same if node[1] != row.calendar_id and self.counts(node, live[node])}
        told = {each["email"] for each in activity["attendees"]} & set(self.company.everywhere)
        return None if told == coming else f"meeting: {told} are told of, {coming} come: {activity}"
