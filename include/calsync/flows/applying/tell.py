"""What the log of an upsert says: a line for each of the first writes of an account, and one with its numbers."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping

from include.calsync.core.policy import Side
from include.calsync.core.row_words import action_of, because_of
from include.calsync.core.run_records import PlanRow
from include.calsync.core.sentences import DEFAULT, LANGUAGES
from include.calsync.flows.run_account import RunAccount

log = logging.getLogger(__name__)
TOLD_ROWS = 50
"""Of one account and task: an upload of thousands tells how far it is instead."""
PLACES = {Side.EVENT: "Google", Side.ACTIVITY: "Pipedrive"}
BECAME = {"done": "confirmed"}
"""Outcomes that rows have under another name."""


class Teller:
    """Tells of one account's rows of one side. Thread-safe."""

    def __init__(self, account: RunAccount, side: Side) -> None:
        self.account, self.side = account, side
        self._numbers = itertools.count()

    def written(self, row: PlanRow) -> None:
        """The row was carried out."""
        if not log.isEnabledFor(logging.INFO) or next(self._numbers) >= TOLD_ROWS:
            return
        items = (("activity", row.activity_id), ("event", row.event_id))
        item = ", ".join(f"{what} {key}" for what, key in items if key is not None)
        log.info("%s: %s (%s): %s", self.account.name, action_of(row), item, because_of(row))

    def progress(self, done_count: int, rows_count: int) -> None:
        """So many of an upload's rows are through."""
        log.info("%s: %d of %d are through", self.account.name, done_count, rows_count)

    def numbers(self, outcome: Mapping[str, int]) -> None:
        """All that was begun has ended."""
        states = LANGUAGES[DEFAULT].states
        said = [f"{count} {states[BECAME.get(state, state)]}" for state, count in outcome.items() if count]
        if said:
            log.info("%s: in %s %s", self.account.name, PLACES[self.side], ", ".join(said))
