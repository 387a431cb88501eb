"""Text as every database takes it: no NUL and no lone surrogate, and not longer than its place.

Services send what nobody would write: an iCalUID with control characters was seen, and a name has no limit.
"""

from __future__ import annotations

import hashlib

from include.calsync.core.text import clean_characters

DIGEST_LENGTH = 32


def identifier(text: str, length: int) -> str:
    """`text`, if it is clean and fits; else its beginning with a digest of it, so that no two become equal."""
    cleaned = clean_characters(text)
    if cleaned == text and len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
    return f"{cleaned[: max(0, length - DIGEST_LENGTH - 1)]}~{digest}"[-length:]


def words(text: str, length: int | None = None) -> str:
    """What people read: without what had to go, and cut, visibly, if it is too long."""
    cleaned = clean_characters(text)
    return cleaned if length is None or len(cleaned) <= length else cleaned[: length - 1] + "…"
