"""Templates: one environment per language, everything escaped, every name that is missing an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from calsync_airflow.web.words import LANGUAGES, Words

FOLDER = Path(__file__).parent / "templates"


def _environment(words: Words) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return made


_ENVIRONMENTS = {language: _environment(words) for language, words in LANGUAGES.items()}


def render(language: str, template: str, **context: Any) -> str:
    """The template's text in this language. `context`: what it may name."""
    return _ENVIRONMENTS[language].get_template(template).render(**context)
