"""The few links that each run asks for, by what they have in common: each kind has an index of its own."""

from __future__ import annotations

from sqlalchemy import TextClause, text

from include.calsync.core.words import KINDS

FEW = {
    "unfinished": (("account_id",), "state = 'removing' OR intended IS NOT NULL"),
    "unmarked": (("account_id", "state"), "state = 'active' AND NOT marked"),
    "apart": (("account_id", "state"), "state = 'held'"),
    "doubted": (("account_id",), "missing_since_run IS NOT NULL"),
    "vanished": (("calendar_id",), "vanished_since_run IS NOT NULL"),
    "series": (("calendar_id", "series_id"), "series_id IS NOT NULL"),
    "upcoming": (("company_id", "probed_at", "due_at"), "state = 'active' AND NOT is_past"),
    "past": (("company_id", "probed_at", "due_at"), "state = 'active' AND is_past"),
    "coming": (("company_id", "due_at"), "state = 'active' AND NOT is_past"),
    **{kind: (("company_id", f"{kind}_ref"), f"{kind}_ref IS NOT NULL") for kind in KINDS},
}
"""Indexes of the few links that each run asks for: the columns, and of which links. Who asks says `few`.

With an account goes the state, where it is said: else SQLite prefers the index of all links by account and state.
"""


def few(name: str) -> TextClause:
    """That a link is one of the few of an index (`FEW`): in its words, as no database uses it otherwise."""
    return text(f"({FEW[name][1]})")
