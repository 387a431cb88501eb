"""What the log keeps, which names no rule, in English: why something was written. See `sentences`."""

from __future__ import annotations

from collections.abc import Mapping

CHANGED = ("absent", "created", "unchanged", "updated", "deleted")
LOGGED: Mapping[str, str] = {
    "the activity is not found": "the activity is not found",
    "the event is not found": "the event is not found",
    "upload of a detached pair": "upload of a detached pair",
    "the event is back": "the event is back",
    "its series no longer has it": "its series no longer has it",
    "its series was deleted, long after it took place": "its series was deleted, long after it took place",
    "back in scope": "back in scope",
    "back in scope, its event was deleted": "back in scope, its event was deleted",
    "the mode was changed": "the mode was changed",
    "another version of calsync held it": "another version of calsync held it",
    "a person rejected the change": "a person rejected the change",
    "its new owner's account is not at work: the event stays until it is": (
        "its new owner's account is not at work: the event stays until it is"
    ),
    "unmarked": "unmarked",
    "carries our properties": "carries our properties",
    "created by a lost request": "created by a lost request",
    "looks the same": "looks the same",
    "new activity": "new activity",
    "new event": "new event",
    "the outcome of the last request is unknown": "the outcome of the last request is unknown",
    "the meeting is in this calendar, too": "the meeting is in this calendar, too",
    "in other calendars, too": "in other calendars, too",
    "another calendar's copy takes over": "another calendar's copy takes over",
    "goes to another account first": "goes to another account first",
    "given to this account's user": "given to this account's user",
    "the series of this occurrence was changed": "the series of this occurrence was changed",
    "the account is retired": "the account is retired",
    "a live event carries our mark for this activity": "a live event carries our mark for this activity",
    "the event's mark names the activity that was made for it since": (
        "the event's mark names the activity that was made for it since"
    ),
    "unknown whether it arrived": "unknown whether it arrived",
    "{why}, and the event was deleted": "{why}, and the event was deleted",
    "undo of run": "undo of run {run}",
    "the value that lost in run": "the value that lost in run {run}",
    "unfinished: {why}": "unfinished: {why}",
    **{each: each for each in (f"activity {one}, event {other}" for one in CHANGED for other in CHANGED)},
    "activity updated, event unchanged": "edited in Pipedrive",
    "activity unchanged, event updated": "edited in Google",
    "activity deleted, event unchanged": "deleted in Pipedrive",
    "activity unchanged, event deleted": "deleted in Google",
    "activity deleted, event updated": "deleted in Pipedrive, and edited in Google",
    "activity updated, event deleted": "deleted in Google, and edited in Pipedrive",
    "activity deleted, event deleted": "deleted on both sides",
}
