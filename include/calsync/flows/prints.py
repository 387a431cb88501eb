"""Prints: what an object of a service was when it was found to show what its pair's base shows.

An object that has the same print has nothing new to say, so no canonical form is made of it, and it is not staged: a
comparison of many pairs costs little more than reading them. Whatever else the answer depends on goes into the print
too: the account's rules, and the code that read it. So after other settings, or an upgrade, everything is looked at.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import marshal
from collections.abc import Collection
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path

from include.calsync import core
from include.calsync.core.policy import Policy
from include.calsync.core.raw import Raw

SIZE = 16


@lru_cache
def salt_of(policy: Policy) -> bytes:
    """Of everything but the object itself that says what a pair shows."""
    rules = json.dumps(dataclasses.asdict(policy), default=_plain, sort_keys=True)
    return hashlib.blake2b(rules.encode(), digest_size=SIZE, key=_code()).digest()


def print_of(raw: Raw, salt: bytes) -> str:
    """The print of an object as a service answered it, 32 characters. Another order of its members is another print.

    Format 0 of `marshal` depends on nothing but the values, and takes a third of the time that JSON does.
    """
    return hashlib.blake2b(marshal.dumps(dict(raw), 0), digest_size=SIZE, key=salt).hexdigest()


@cache
def _code() -> bytes:
    """Of the code that makes canonical forms, titles and blocks."""
    found = hashlib.blake2b(digest_size=SIZE)
    for path in sorted(Path(core.__path__[0]).glob("*.py")):
        found.update(path.read_bytes())
    return found.digest()


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Collection):
        return sorted(value)
    raise TypeError(f"no rule is a {type(value).__name__}")
