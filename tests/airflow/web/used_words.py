"""Every text that the page's code and templates say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_python
from jinja2.ext import babel_extract

WEB = Path(__file__).resolve().parents[3] / "plugins" / "calsync_airflow" / "web"
SAYS_ONE = ("_", "gettext", "say", "N_")
SAYS_MANY = ("ngettext", "plural")

Message = str | tuple[str, str]


def used() -> dict[Message, str]:
    """Each text, or its two forms in English, and a place where it is said."""
    found: dict[Message, str] = {}
    for path in sorted([*WEB.rglob("*.py"), *WEB.rglob("*.html")]):
        for line, message in _said(path):
            found.setdefault(message, f"{path.relative_to(WEB)}:{line}")
    return found


def _said(path: Path) -> Iterator[tuple[int, Message]]:
    extract: Any = extract_python if path.suffix == ".py" else babel_extract
    options = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    with path.open("rb") as file:
        for line, function, texts, _ in extract(file, [*SAYS_ONE, *SAYS_MANY], [], options):
            parts = [text for text in (texts if isinstance(texts, tuple | list) else [texts]) if isinstance(text, str)]
            if function in SAYS_MANY and len(parts) >= 2:
                yield line, (parts[0], parts[1])
            elif function in SAYS_ONE and parts:
                yield line, parts[0]
