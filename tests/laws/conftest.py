"""A fresh world for each test, as the flows' tests have it."""

from __future__ import annotations

from tests.flows.conftest import world

__all__ = ["world"]
