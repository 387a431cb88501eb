"""A fresh world for each test, as the flows' tests have it, and both databases, as those of the store have them."""

from __future__ import annotations

from tests.flows.conftest import world
from tests.store.conftest import all_databases, databases

__all__ = ["all_databases", "databases", "world"]
