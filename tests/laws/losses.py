"""What people typed and is nowhere any more, neither shown nor in the change log: the judge's law 2."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from include.calsync.core.policy import Side
from include.calsync.core.privacy import VEIL
from include.calsync.store.tables import change_log
from tests.laws.company import Company
from tests.laws.ledger import Items, Node, Typed
from tests.laws.shown import Shown, from_log, of_activity, of_event, of_item, shows

REMOVALS = ("delete_event", "remove_event", "delete_activity", "unlink", "detach")


class Losses:
    """Which typed values the services or the change log still have."""

    def __init__(self, company: Company) -> None:
        self.company, self.ledger = company, company.ledger

    def lost(self, live: Items) -> str | None:
        """A value that is nowhere. What the log says to have lost stands no longer."""
        log = self._log()
        kept, items = [], live | self.company.organised()
        for typed in self.ledger.standing:
            if self._logged_as_lost(typed, log):
                continue
            kept.append(typed)
            root = self.ledger.root(typed.node)
            group = {node: of_item(node[0], item) for node, item in items.items() if self.ledger.root(node) == root}
            if not any(shows(each, typed.field, typed.value) for each in group.values()):
                return f"law 2: {typed} is nowhere: {group}; log: {self.story(root)}"
        self.ledger.standing[:] = kept
        return None

    def story(self, root: Node) -> list[Any]:
        """What the change log tells of a group."""
        return [
            (row.id, row.action, row.reason, row.activity_id, row.event_id, row.before, row.after, row.lost)
            for row in self._log()
            if root in self._roots(row)
        ]

    def _log(self) -> list[Row[Any]]:
        with self.company.engine.connect() as conn:
            return list(conn.execute(select(change_log).order_by(change_log.c.id)))

    def _logged_as_lost(self, typed: Typed, log: list[Row[Any]]) -> bool:
        root, moved = self.ledger.root(typed.node), False
        for row in log:
            if row.id <= typed.after or root not in self._roots(row):
                continue
            # An occurrence of a changed series that shows what the one before it showed: nobody edited that.
            moved = moved or row.action == "rekey"
            # Nor is there an edit where a value was set back to what both had shown, before any run saw the other.
            set_back = f"{typed.node[0]} unchanged" in str(row.reason)
            before = _before(row) if row.action == "merge" and (moved or set_back) else {}
            if typed.field in before and shows(before, typed.field, typed.value):
                return True
            for conflict in row.lost or []:
                loser = conflict["activity" if conflict["winner"] == Side.EVENT else "event"]
                if conflict["field"] == typed.field and shows(
                    {typed.field: from_log(typed.field, loser)}, typed.field, typed.value
                ):
                    return True
            if row.action in REMOVALS and (row.before or {}).get(VEIL):
                return True  # what somebody hid is in no log: it goes with the event
            if row.action in REMOVALS and any(shows(each, typed.field, typed.value) for each in _removed(row.before)):
                return True
        return False

    def _roots(self, row: Row[Any]) -> set[Node]:
        nodes = [("activity", row.activity_id), ("event", row.calendar_id, row.event_id)]
        return {self.ledger.root(node) for node in nodes if node[-1] is not None}


def _before(row: Row[Any]) -> Shown:
    """What the written fields showed before a merge."""
    fields = {"subject" if name == "title" else name: value for name, value in (row.before or {}).items()}
    return {name: from_log(name, value) for name, value in fields.items()}


def _removed(before: Any) -> list[Shown]:
    """What an item showed that was taken away, as the log keeps it."""
    found = []
    blank = dict.fromkeys(("subject", "due_date", "due_time", "duration", "location", "public_description", "busy"))
    for raw in (before or {}).get("activity"), (before or {}).get("event"), before:
        if isinstance(raw, dict) and "start" not in raw and blank.keys() & raw.keys():
            found.append(of_activity(blank | raw))
        elif isinstance(raw, dict) and (raw.get("start") or {}) and "end" in raw:
            found.append(of_event(raw))
    return found
