"""What all tables have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only counts up an INTEGER key.
Key = BigInteger().with_variant(Integer, "sqlite")

# None is NULL, not the JSON text null, which no `IS NULL` finds.
OptionalJson = JSON(none_as_null=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    """That the column holds one of these words of ours."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


def only(condition: str) -> dict[str, Any]:
    """Of an index: only the rows that meet this condition are in it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
