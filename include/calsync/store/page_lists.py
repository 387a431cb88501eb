"""What the page's forms offer to choose from: what the directory knows, with its age."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from include.calsync.store.tables import directory


def known(conn: Connection, scopes: Collection[str]) -> dict[str, tuple[Any, datetime]]:
    """Content and age of these entries, however old."""
    row = directory.c
    query = select(row.scope, row.content, row.fetched_at).where(row.scope.in_(scopes))
    return {each.scope: (each.content, each.fetched_at) for each in conn.execute(query)}
