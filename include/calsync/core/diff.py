"""The diff: all links of a run against all observations at once, in pandas.

Aligned by key with `Index.get_indexer`. An outer merge would turn int64 columns with gaps into float64 and lose
the low bits of ids without an error, so no frame is ever merged here, and keys are text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.calsync.core.model import Change

LIVE, DELETED = "live", "deleted"
CHANGES = [str(change) for change in Change]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Diff:
    """`links`: the given frame plus activity_change, event_change (categories of `Change`) and the positions (-1: not
    observed) behind them.

    `new_activities`, `new_events`: positions of live observations that no link knows.
    """

    links: pd.DataFrame
    new_activities: Positions
    new_events: Positions

    def changed(self) -> pd.DataFrame:
        """The few links of which at least one side differs from its half of the base."""
        same = (self.links["activity_change"] == Change.UNCHANGED) & (self.links["event_change"] == Change.UNCHANGED)
        return self.links[~same]


def diff(links: pd.DataFrame, activities: pd.DataFrame, events: pd.DataFrame) -> Diff:
    """Compare.

    Args:
        links: columns activity_key, event_key, activity_digest, event_digest.
        activities, events: columns key (unique), status, digest.
    """
    out, new = links.copy(deep=False), []
    for side, seen in (("activity", activities), ("event", events)):
        at = pd.Index(seen["key"]).get_indexer(pd.Index(links[f"{side}_key"]))
        live, gone = (seen["status"].to_numpy() == status for status in (LIVE, DELETED))
        found = np.flatnonzero(at >= 0)
        there, ended = found[live[at[found]]], found[gone[at[found]]]
        base, shown = links[f"{side}_digest"].to_numpy(), seen["digest"].to_numpy()
        codes = np.full(len(at), CHANGES.index(Change.UNCHANGED), dtype=np.int8)
        codes[there[shown[at[there]] != base[there]]] = CHANGES.index(Change.UPDATED)
        codes[ended] = CHANGES.index(Change.DELETED)
        out[f"{side}_at"], out[f"{side}_change"] = at, pd.Categorical.from_codes(codes, pd.Index(CHANGES))
        live[at[found]] = False
        new.append(np.flatnonzero(live))
    return Diff(out, *new)
