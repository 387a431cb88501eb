"""Records out of tables: a record's fields are columns by name, in its own order, so that `Record(*row)` makes one."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Column, Table


def columns_of(table: Table, record: type[Any]) -> list[Column[Any]]:
    """The columns that a record (a dataclass) holds."""
    return [table.c[each.name] for each in fields(record)]
