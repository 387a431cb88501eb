"""Records out of tables: a record's fields are columns by name, in its own order, so that `Record(*row)` makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Table

T = TypeVar("T")


def columns_of(record: type[Any], *tables: Table) -> list[Column[Any]]:
    """The columns that a record (a dataclass) holds, each of the first of these tables that has it."""
    return [next(table.c[each.name] for table in tables if each.name in table.c) for each in fields(record)]


def records(record: type[T], rows: Iterable[Sequence[Any]]) -> list[T]:
    """Rows of `columns_of` as records."""
    return [record(*row) for row in rows]


def record_of(record: type[T], row: Sequence[Any] | None) -> T | None:
    """One such row, if there is one, as a record."""
    return None if row is None else record(*row)


KEYS_PER_QUERY = 500


def parts(keys: Iterable[T]) -> Iterator[list[T]]:
    """Keys in lists of as many as one query asks for."""
    remaining = iter(keys)
    while part := list(islice(remaining, KEYS_PER_QUERY)):
        yield part
