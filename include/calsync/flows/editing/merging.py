"""Two people change one account at once: what each changed is kept, setting by setting."""

from __future__ import annotations

from dataclasses import dataclass

from include.calsync.core.raw import Json
from include.calsync.flows.editing.results import Choice


@dataclass(frozen=True, slots=True)
class Merged:
    """`taken`: keys that are as the other one wants them; `conflicts`: keys that both changed, to different values."""

    settings: Json
    taken: tuple[str, ...]
    conflicts: dict[str, Choice]


def merge(base: Json | None, mine: Json, theirs: Json) -> Merged:
    """Both sides' changes since `base`. None: it is kept no more, and so each difference is for a person to decide."""
    settings: Json = {}
    taken: list[str] = []
    conflicts: dict[str, Choice] = {}
    for key in sorted({*mine, *theirs}):
        own, other = mine.get(key), theirs.get(key)
        before = base.get(key) if base is not None else None
        if own == other or (base is not None and other == before):
            settings[key] = own
            continue
        settings[key] = other
        if base is not None and own == before:
            taken.append(key)
        else:
            conflicts[key] = Choice(before, own, other)
    return Merged(settings, tuple(taken), conflicts)
