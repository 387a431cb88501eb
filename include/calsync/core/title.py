"""Titles: the template, and the way back from an edited title to the subject.

An edit is always read against the text last rendered, never against the present names: so the prefix can't pile up,
not even when the deal is renamed in the same minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from include.calsync.core.text import one_line

SEPARATOR = " > "
SUBJECT = "subject"
DONE_MARK = "✓ "
"""Before the title of our own event of a done activity (`done: prefix`). It is no part of the subject."""
NO_TITLE = "(No title)"
"""The subject of an activity whose event has no title; never written to an event."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A title as written. `prefix` and `suffix` include their separators; an empty subject drops one of them.

    `mark` stands before all of it.
    """

    text: str
    prefix: str
    suffix: str
    subject: str
    mark: str = ""

    @property
    def unmarked(self) -> str:
        """The text without the mark."""
        return self.text.removeprefix(self.mark)


def render(order: Sequence[str], parts: Mapping[str, str], subject: str, *, mark: str = "") -> Rendered:
    """The title of `subject`; empty parts drop with their separator. `order` holds "subject" exactly once."""
    at = order.index(SUBJECT)
    before = _filled(order[:at], parts)
    after = _filled(order[at + 1 :], parts)
    core = one_line(subject)
    return Rendered(
        text=mark + SEPARATOR.join([*before, *([core] if core else []), *after]),
        prefix="".join(part + SEPARATOR for part in before),
        suffix="".join(SEPARATOR + part for part in after),
        subject=core,
        mark=mark,
    )


def parse(text: str, last: Rendered) -> str | None:
    """The subject that an edited title means, or None: unchanged, only its ends damaged, or emptied (render again)."""
    title = one_line(text)
    if title in (one_line(last.text), one_line(last.unmarked)):
        return None
    if last.mark:
        title = title.removeprefix(last.mark.rstrip()).strip()
    if title in (one_line(last.unmarked), *_emptied(last)):
        return None
    start, end = title.startswith(last.prefix), title.endswith(last.suffix)
    if start and end and len(title) >= len(last.prefix) + len(last.suffix):
        rest = title[len(last.prefix) : len(title) - len(last.suffix)]
        return None if rest == last.subject else rest.strip() or None
    if start and last.prefix:
        title, left, right = title[len(last.prefix) :], False, True
    elif end and last.suffix:
        title, left, right = title[: len(title) - len(last.suffix)], True, False
    else:
        left, right = bool(last.prefix), bool(last.suffix)
    return None if _holds(title, last.subject, left=left, right=right) else title.strip() or None


def same_titles(parts: Mapping[str, str], subject: str) -> set[str]:
    """The titles that surely say the same: the subject alone, or with any of the parts, in any order.

    On one line, as `one_line` makes it of a title: runs of whitespace count as one blank; letter case counts.
    """
    core = one_line(subject)
    names = [name for value in parts.values() if (name := one_line(value))]
    chosen = ([*some, *([core] if core else [])] for n in range(len(names) + 1) for some in combinations(names, n))
    return {core} | {SEPARATOR.join(ordered) for some in chosen for ordered in permutations(some)}


def _filled(names: Sequence[str], parts: Mapping[str, str]) -> list[str]:
    return [value for name in names if (value := one_line(parts.get(name, "")))]


def _emptied(last: Rendered) -> tuple[str, ...]:
    """What is left of the title when a person deletes the subject, with or without a separator."""
    bare = last.prefix.removesuffix(SEPARATOR) + last.suffix if last.prefix else last.suffix.removeprefix(SEPARATOR)
    return "", one_line(last.prefix + last.suffix), one_line(bare)


def _holds(title: str, subject: str, *, left: bool, right: bool) -> bool:
    """Whether the subject stands whole in the title, set off by `>` from a damaged end (where there may be one)."""
    at = title.find(subject) if subject else -1
    while at >= 0:
        before, after = title[:at].strip(), title[at + len(subject) :].strip()
        if (not before or (left and before.endswith(">"))) and (not after or (right and after.startswith(">"))):
            return True
        at = title.find(subject, at + 1)
    return False


def bare(text: str) -> str:
    """The text with runs of blanks folded."""
    return " ".join(text.split())


def wraps(title: str, rendered: Rendered) -> bool:
    """Whether a title has the ends of the one that was rendered."""
    start, end, text = bare(rendered.prefix), bare(rendered.suffix), bare(title)
    return text.startswith(start) and text.endswith(end) and len(text) >= len(start) + len(end)
