"""How an edit is spelled where Pipedrive leaves it open: what clears a field, and how much of an attendee is taken.

The specification has no nullable fields, and v2 validates times. So a cleared field is sent as null, and as an empty
text if that is refused; attendees go with all that is known of them, and with e-mail and name alone if that is
refused. What is taken is remembered, field by field.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from include.calsync.core.raw import Body, RawActivity
from include.calsync.core.sendable import TEXTS, lean, sendable
from include.calsync.errors import PartlyRefused, RecordError, ServiceError

Patch = Callable[[Body], RawActivity]

TIME = ("due_date", "due_time", "duration")
REFUSED = (400, 422)


@dataclass(frozen=True)
class Part:
    """Members that are written together, in the spellings to try. `doubt`: under which the one taken is remembered.

    `first`: which of the spellings, in their own order, is the first here.
    """

    spellings: Sequence[Body]
    doubt: str = ""
    first: int = 0


class Spelling:
    """What one company's Pipedrive takes, as far as this process knows. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    def send(self, body: Body, patch: Patch) -> RawActivity:
        """The answer to an edit, sent at once, then all doubts in their other spelling, then part by part.

        Raises:
            RecordError: no spelling is taken; the message names all refusals.
            PartlyRefused: the same, but other members were written.
        """
        # Their order once, as another thread may learn another one meanwhile.
        parts = [self._ordered(part) for part in _parts(sendable(body))]
        try:
            return patch(_joined(part.spellings[0] for part in parts))
        except RecordError as error:
            if error.status not in REFUSED or not any(part.doubt for part in parts):
                raise
            first = error
        if len(parts) == 1:
            return self._part(parts[0], patch, [first])
        try:
            answer = patch(_joined(part.spellings[-1] for part in parts))
        except RecordError as error:
            if error.status not in REFUSED:
                raise
            return self._each(parts, patch)
        for part in parts:
            self._learn(part, part.spellings[-1])
        return answer

    def _each(self, parts: Sequence[Part], patch: Patch) -> RawActivity:
        answer: RawActivity = {}
        written: set[str] = set()
        refusals: list[RecordError] = []
        for part in parts:
            try:
                answer = self._part(part, patch, [])
                written.update(part.spellings[0])
            except ServiceError as error:
                if not isinstance(error, RecordError) or error.status not in REFUSED:
                    error.unknown_outcome = error.unknown_outcome or bool(written)
                    raise
                refusals.append(error)
        if not refusals:
            return answer
        raise _refused(refusals, frozenset(written))

    def _part(self, part: Part, patch: Patch, refusals: list[RecordError]) -> RawActivity:
        """`refusals`: of the spelling that is known, which is not sent again then."""
        for members in part.spellings[len(refusals) :]:
            try:
                answer = patch(members)
            except RecordError as error:
                if error.status not in REFUSED:
                    raise
                refusals.append(error)
            else:
                self._learn(part, members)
                return answer
        raise _refused(refusals, frozenset(), part)

    def _ordered(self, part: Part) -> Part:
        """The part with the spelling first that is known to be taken."""
        known = self._taken.get(part.doubt, 0) % len(part.spellings)
        return replace(part, spellings=[*part.spellings[known:], *part.spellings[:known]], first=known)

    def _learn(self, part: Part, taken: Body) -> None:
        if part.doubt:
            with self._lock:
                place = list(part.spellings).index(taken) + part.first
                self._taken[part.doubt] = place % len(part.spellings)


def _parts(body: Body) -> list[Part]:
    """What is surely understood, then each doubt: a cleared time (date, time and length together), text or place."""
    time = {name: body[name] for name in TIME if name in body}
    doubts = [_cleared("time", time)] if None in time.values() else []
    doubts += [_cleared(name, {name: None}) for name in body if body[name] is None and name not in TIME]
    if lean(body) != body:
        doubts.append(Part([{"attendees": spelled["attendees"]} for spelled in (body, lean(body))], "attendees"))
    doubtful = {name for part in doubts for name in part.spellings[0]}
    sure = {name: value for name, value in body.items() if name not in doubtful}
    return [*([Part([sure])] if sure else []), *doubts]


def _cleared(doubt: str, members: Body) -> Part:
    def spelled(name: str) -> Any:
        if members[name] is not None or name not in TEXTS | {"location"}:
            return members[name]
        return {"value": ""} if name == "location" else ""

    texts = {name: spelled(name) for name in members}
    return Part([members, texts] if texts != members else [members], doubt)


def _joined(bodies: Iterable[Body]) -> Body:
    return {name: value for body in bodies for name, value in body.items()}


def _refused(refusals: Sequence[RecordError], written: frozenset[str], part: Part | None = None) -> RecordError:
    """All refusals in one: a later one must not hide the first."""
    text = " ".join(str(error) for error in refusals)
    bodies = part.spellings if part is not None else ()
    cleared = dict.fromkeys(name for body in bodies for name, value in body.items() if value is None)
    if cleared and len(refusals) > 1:
        names = ", ".join(f"`{name}`" for name in cleared)
        text = f"Clear {names} in Pipedrive by hand: it takes neither null nor an empty text. {text}"
    last = refusals[-1]
    details: dict[str, Any] = {"status": last.status, "reason": last.reason, "server_time": last.server_time}
    return PartlyRefused(text, written=written, **details) if written else RecordError(text, **details)
