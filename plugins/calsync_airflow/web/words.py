"""The page's words: English in the code and the templates, other languages in `words/*.po`, read once at the start.

Templates say `_("…")` and `ngettext("… one", "… many", count)`; Python says `words.say(…)` and `words.plural(…)`.
A text that is only translated later is marked with `N_("…")`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "words"
DEFAULT = "en"


def N_(text: str) -> str:
    """Mark a text for the catalog."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """One language: texts by their English. `texts` holds the forms of a plural as a tuple, in the language's order."""

    language: str
    texts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def say(self, text: str, **values: object) -> str:
        """The text in this language, with its values."""
        found = self.gettext(text)
        return found % values if values else found

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The form for so many; `n` is the count unless it is given, say as formatted."""
        return self.ngettext(one, many, count) % {"n": count, **values}

    def gettext(self, text: str) -> str:
        """The text in this language, as it is in the catalog."""
        found = self.texts.get(text, text)
        return found if isinstance(found, str) else found[0]

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form for so many, as it is in the catalog."""
        forms = self.texts.get(one, (one, many))
        return forms if isinstance(forms, str) else forms[0 if count == 1 else 1]


def _read(path: Path) -> Words:
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.stem, abort_invalid=True)
    texts: dict[str, str | tuple[str, ...]] = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            texts[key] = message.string if isinstance(message.string, str) else tuple(message.string or ())
    return Words(path.stem, texts)


LANGUAGES: Mapping[str, Words] = {
    DEFAULT: Words(DEFAULT),
    **{path.stem: _read(path) for path in sorted(FOLDER.glob("*.po"))},
}


def accepted(header: str | None) -> str:
    """The language that a browser's `Accept-Language` asks for first of those there are."""
    wanted: list[tuple[float, str]] = []
    for part in (header or "").split(","):
        name, _, rest = part.strip().partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        wanted.append((-float(quality[1]) if quality else -1.0, name.lower().partition("-")[0]))
    return next((name for _, name in sorted(wanted, key=lambda each: each[0]) if name in LANGUAGES), DEFAULT)
