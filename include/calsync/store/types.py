"""Column types that mean the same on SQLite and PostgreSQL.

Every text is made fit for its column here, also where it is looked for: SQLite takes any length and NUL, PostgreSQL
neither, and both refuse lone surrogates.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from include.calsync.core.identifiers import identifier, words


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. PostgreSQL: timestamptz; SQLite: ISO text of fixed width in UTC, which sorts as time."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("only aware instants are stored")
        at = value.astimezone(UTC)
        return at if dialect.name == "postgresql" else at.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.astimezone(UTC)


class _Fitted(TypeDecorator[str]):
    """Text of at most `length` characters."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class Identifier(_Fitted):
    """Text that tells items apart: two that differ stay different (see `core.identifiers`)."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else identifier(str(value), self.length)


class Words(_Fitted):
    """Text that people read, cut if it is too long."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else words(str(value), self.length)


class Prose(TypeDecorator[str]):
    """Text of any length."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else words(str(value))
