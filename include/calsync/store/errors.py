"""What the database's errors mean to those who know no SQL."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoTurn


def is_infrastructure(error: Exception) -> bool:
    """Whether the store can't be reached, or refuses everybody."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | InterfaceError | NoTurn)


class Taken(Exception):
    """Somebody else was quicker: a row that may be there only once is there already."""
