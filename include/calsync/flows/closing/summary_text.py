"""What a run did, in a table and in a few words: the log of task close, and the run's note in Airflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from include.calsync.core.raw import Json
from include.calsync.core.text_table import text_table
from include.calsync.flows.told import named, some

SIDES = {"events": "Google", "activities": "Pipedrive"}
WRITTEN = {"created": "new", "updated": "changed", "deleted": "removed", "adopted": "linked"}
WAITING = {"held": "kept back", "quarantined": "set aside"}
HEAD = ("account", "in", "read", "left out", *WRITTEN.values(), *WAITING.values(), "state")
COUNTS = ("listed", "skipped", *WRITTEN, *WAITING)
LONGEST_NOTE = 1000
"""Characters that Airflow keeps of a note."""


def lines(result: Json) -> Iterator[str]:
    """The run's result as a table: what was written to each side, account by account.

    Accounts of which nothing is to be told are named together. `result`: as the run returns it.
    """
    told = {name: found for name, found in result["accounts"].items() if _tells(found)}
    if told:
        yield from text_table(HEAD, [row for name, found in told.items() for row in _rows(name, found)])
    still = [name for name in result["accounts"] if name not in told]
    if still:
        yield f"Nothing to be done: {named(still)}."
    if count := sum(found["conflicts"] for found in told.values()):
        yield f"{some(count, 'change')} of one side lost to the other's. The change log has the values that lost."
    asked, tokens = result["api_requests"], some(result["pipedrive_tokens"], "token")
    yield f"Requests: {asked['pipedrive']} to Pipedrive ({tokens}), {asked['google_calendar']} to Google Calendar."


def _tells(found: Json) -> bool:
    """Whether an account's part holds more than what was read and left out."""
    counted = any(found[side][kind] for side in SIDES for kind in (*WRITTEN, *WAITING))
    return bool(counted or found["conflicts"] or found["state"] != "ok")


def _rows(name: str, found: Json) -> Iterator[tuple[object, ...]]:
    """A row for each side of which there is a number; of an account without any the state alone."""
    rows = [(label, [found[side][kind] or "" for kind in COUNTS]) for side, label in SIDES.items()]
    counted = [(label, counts) for label, counts in rows if any(counts)]
    for label, counts in counted or [("", [""] * len(COUNTS))]:
        yield name, label, *counts, found["state"]


def note(result: Json) -> str:
    """The run's totals in one or two sentences."""
    accounts: Mapping[str, Json] = result["accounts"]
    parts = []
    for side, label in SIDES.items():
        counted: Counter[str] = Counter()
        for found in accounts.values():
            counted.update({kind: found[side][kind] for kind in WRITTEN})
        did = [f"{counted[kind]} {word}" for kind, word in WRITTEN.items() if counted[kind]]
        parts += [f"{label}: {', '.join(did)}."] if did else []
    said = " ".join(parts) or "Nothing to be done."
    if result["dry_run"]:
        said = f"Dry run, nothing was written. {said}"
    for kind, word in WAITING.items():
        if count := sum(found[side][kind] for found in accounts.values() for side in SIDES):
            said += f" {word.capitalize()}: {count}."
    for state, word in (("failed", "Failed"), ("busy", "Not synced now")):
        names = [name for name, found in accounts.items() if found["state"] == state]
        said += f" {word}: {named(names)}." if names else ""
    return f"{said} {some(len(accounts), 'account')}."[:LONGEST_NOTE]
