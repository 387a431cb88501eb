"""The vocabulary that plans, links and the log share: why something is not seen, rests, moved or was merged.

The values are stored and logged; who rewords one changes no behaviour, but makes old rows mean nothing.
"""

from __future__ import annotations

from enum import StrEnum


class Absence(StrEnum):
    """Why an item is not there, or counts as not there. Of an observation that is not live: its `error`."""

    LOST = "lost"
    """A GET does not find it in a calendar that answers: no proof of anything."""
    OTHERS = "others"
    """A tombstone whose event another installation had written to before: it may be that one's removal."""
    HIDDEN = "hidden"
    """It may only be hidden from the connection's user."""
    VANISHED = "its series no longer has it"
    ENDED = "its series was deleted"
    LONG_PAST = "its series was deleted, long after it took place"
    DECLINED = "declined"
    PRIVATE = "private"


UNPROVEN_EVENTS = frozenset({Absence.LOST, Absence.OTHERS})
WITHDRAWN = frozenset({Absence.DECLINED, Absence.PRIVATE})
"""Why an event that is there may count as gone."""

MISSING = "missing"
"""Why an activity is not proven to be gone: it was not found once."""
REJECTED = "rejected"
"""Cause of a held pair: a person rejected what nobody had proven yet; it is asked for until somebody does."""

SETTINGS = "the settings were changed"
PRIVACY = "the activity became private, or is so no longer"
NAMES = "a deal, person or organization was renamed"
BY_NOBODY = frozenset({SETTINGS, PRIVACY, NAMES})
"""Reasons of merges that are nobody's edits: the guard does not count them."""

ANOTHER_EVENT = "a live event carries our mark for this activity"
ANOTHER_ACTIVITY = "the event's mark names the activity that was made for it since"

KINDS = ("deal", "person", "organization", "lead")
"""What an activity may hang on."""
