"""Borders: where an error stops that nobody foresaw, so that it is one account's or one item's alone (law 6)."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.calsync.errors import CalsyncError, Defect, InfrastructureError
from include.calsync.store.errors import is_infrastructure

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[3]
LONGEST_MESSAGE = 200
# From the first quotation mark to the last: a value may hold such marks itself.
_QUOTED = re.compile(r"""(["'«“‘]).*["'»”’]""", re.DOTALL)
_ADDRESS = re.compile(r"\S+@\S+")


@contextmanager
def border(where: str) -> Iterator[None]:
    """Turn every error that was not raised on purpose into a Defect, and log where it comes from.

    What is nobody's own passes as it is: the store or Airflow can't be reached, or the process is to end.
    """
    try:
        yield
    except (CalsyncError, InfrastructureError, MemoryError):
        raise
    except Exception as error:
        if is_infrastructure(error):
            raise
        log.error("%s: %s", where, traceback_of(error))
        raise Defect(_told(error)) from None


def traceback_of(error: BaseException) -> str:
    """Types, scrubbed messages and frames, the first cause first; no values: people typed them (law 10)."""
    parts = []
    for each in _chain(error):
        frames = [f"  {_file(frame.filename)}:{frame.lineno} in {frame.name}" for frame in _frames(each)]
        parts.append("\n".join([f"{type(each).__name__}: {scrubbed(str(each))}", *frames]))
    return "\nwhich led to ".join(reversed(parts))


def scrubbed(message: str) -> str:
    """A message without what it quotes."""
    return _ADDRESS.sub("…", _QUOTED.sub("…", message.partition("\n")[0]))[:LONGEST_MESSAGE]


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def _told(error: Exception) -> str:
    ours = [frame for frame in _frames(error) if _file(frame.filename).startswith("include/")]
    place = f" at {_file(ours[-1].filename)}:{ours[-1].lineno}" if ours else ""
    return f"Please report this defect of calsync with what the task's log says of it: {type(error).__name__}{place}."


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__)[-12:]


def _file(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
