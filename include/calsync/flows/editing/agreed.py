"""What a person agreed to who saves a reviewed draft: its deletions pass the limits, exactly these, for a day."""

from __future__ import annotations

from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.flows.services import Services
from include.calsync.store import holds, lookups
from include.calsync.store import page_drafts as store

AGAIN = frozenset({"active", "held"})
"""States of pairs that may still end."""


def agree(services: Services, run_id: str, account_id: int, *, by: str) -> None:
    """Let the deletions that this dry run showed pass the limits. What is something else by then is held.

    Until the settings are saved nothing may be agreed to: a run in between holds what is too much, and lets go of it.
    """
    with services.engine.begin() as conn:
        found = [row for row in store.removals(conn, run_id) if row.format == ROW_FORMAT]
        heads = {head.id: head for head in lookups.of_ids(conn, [row.named_link for row in found])}
        links = {key: head for key, head in heads.items() if head.state in AGAIN}
        rows = [row for row in found if row.link_id in links]
        if rows:
            holds.agree(conn, rows, links, account_id=account_id, by=by, at=services.clock())
