"""How long texts may be, and what becomes of longer ones: they are visibly cut, and the cut does not flow back.

The numbers are UNCONFIRMED: Google Calendar's reference names none, 1024, 8192 and 1024 are what is commonly said;
Pipedrive's OpenAPI names none either, 255 is the usual size of such columns.
"""

from __future__ import annotations

EVENT_TITLE = 1024
EVENT_PLACE = 1024
EVENT_DESCRIPTION = 8192
SUBJECT = 255
PLACE = 1024
# Of what is ours below the delimiter, so that there is room above it.
NOTE = 2000
NAME = 255

SHORTENED = "… (shortened)"


def shorten(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits, and a mark that tells of the rest."""
    return text if len(text) <= limit else text[: max(0, limit - len(SHORTENED))].rstrip() + SHORTENED


def is_short_for(short: str, whole: str) -> bool:
    """Whether one is the other, cut."""
    return short.endswith(SHORTENED) and short != whole and whole.startswith(_head(short))


def lengthen(edited: str, shown: str, whole: str) -> str:
    """What an edit of a cut text means: `shown` stood for `whole`, and whoever leaves the mark leaves the rest.

    Without the mark it is a new text.
    """
    if is_short_for(shown, whole) and edited.endswith(SHORTENED):
        return _head(edited) + whole[len(_head(shown)) :]
    return edited


def _head(short: str) -> str:
    return short.removesuffix(SHORTENED)
