"""The number of the shape in which rows are stored, so that no task takes the row of another version for its own.

Rows lie in the store between the tasks of a run, and what is held lies there for days: calsync may be another version
by then. A task that finds another number does not guess. What was to be written is planned anew, and what was held is
read and decided about anew.
"""

from __future__ import annotations

ROW_FORMAT = 2
"""Of the rows that this version stores. Raise it when `payload` changes its meaning. 1: before rows had a number."""
