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


@dataclass(frozen=True)
class Diff:
    """`links`: the given frame plus activity_change, event_change and the positions (-1: not observed) behind them.

    `new_activities`, `new_events`: positions of live observations that no link knows.
    """

    links: pd.DataFrame
    new_activities: NDArray[np.intp]
    new_events: NDArray[np.intp]

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
    out = links.copy()
    for side, seen in (("activity", activities), ("event", events)):
        at = pd.Index(seen["key"]).get_indexer(pd.Index(links[f"{side}_key"]))
        out[f"{side}_at"] = at
        out[f"{side}_change"] = _changes(links[f"{side}_digest"], seen, at)
    return Diff(out, _unknown(activities, links["activity_key"]), _unknown(events, links["event_key"]))


def _changes(base: pd.Series, seen: pd.DataFrame, at: NDArray[np.intp]) -> list[str]:
    status = seen["status"].to_numpy(dtype=object)
    digest = seen["digest"].to_numpy(dtype=object)
    observed = at >= 0
    change = np.full(len(at), Change.UNCHANGED, dtype=object)
    live, gone = observed.copy(), observed.copy()
    live[observed] = status[at[observed]] == LIVE
    gone[observed] = status[at[observed]] == DELETED
    updated = live.copy()
    updated[live] = digest[at[live]] != base.to_numpy(dtype=object)[live]
    change[updated] = Change.UPDATED
    change[gone] = Change.DELETED
    return list(change)


def _unknown(seen: pd.DataFrame, known: pd.Series) -> NDArray[np.intp]:
    fresh = ~pd.Index(seen["key"]).isin(pd.Index(known)) & (seen["status"].to_numpy(dtype=object) == LIVE)
    return np.flatnonzero(fresh)
