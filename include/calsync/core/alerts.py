"""Alerts: what somebody is to be told of although nobody looks, and the message that says it."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal[
    "failing",
    "credential_refused",
    "no_success",
    "hold",
    "hold_unasked",
    "twin",
    "quarantine",
    "full_resync",
    "budget_low",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
TITLES: dict[Kind, str] = {
    "failing": "account fails",
    "credential_refused": "credential refused",
    "no_success": "not synced for too long",
    "hold": "held for a decision",
    "hold_unasked": "held, and nobody was asked",
    "twin": "another sync doubles items",
    "quarantine": "items in quarantine",
    "full_resync": "calendar read in full",
    "budget_low": "Pipedrive's daily budget is low",
}
"""What each kind is called in a subject line, and where it is said to be over."""
TEXTS: dict[Kind, str] = {
    "failing": "Read the log of the last task close, and correct what it names. The account fails: {why}",
    "credential_refused": "Renew the credential under Admin > Connections, and press Test there. {why}",
    "no_success": "Look at the runs of calendar_sync, and whether it is paused. No run got through since {since}.",
    "hold": "Decide it under Required Actions (menu Browse). {count} items are held back.",
    "hold_unasked": "Start approve_held_changes, and look whether it is paused. Nobody was asked since {since}.",
    "twin": "Switch the other sync off, then decide under Required Actions. {count} items seem to be its copies.",
    "quarantine": "Read the log of the last task close. {count} items could not be synced; they are tried again.",
    "full_resync": "Nothing is to be done, unless it happens often. Google's sync token had expired at {since}.",
    "budget_low": "Nothing breaks, but syncs become fewer. {count} of today's tokens are left until {since}.",
}
"""The remedy first, then what was found."""
SHOWN = 40
"""Lines in a message: mail and chat take no book."""
NAMED = 10
"""Subjects in a line."""
_ADDRESS = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"'),;]+")


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to be told. `subject`: an account's name, a hold of one, or a connection."""

    kind: Kind
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """One thing that one notifier is to tell, or has told. `over_at`: it is no more, which is told, too."""

    id: int
    notifier: str
    kind: Kind
    subject: str
    text: str
    since: datetime
    told_at: datetime | None
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """What a notifier sends. `html`: the text, safe to be put into a page or a mail."""

    subject: str
    text: str

    @property
    def html(self) -> str:
        return html.escape(self.text).replace("\n", "<br>\n")


def alert(
    kind: Kind, subject: str, *, why: str | None = None, count: int | None = None, since: datetime | None = None
) -> Alert:
    """Put it into words. Addresses in `why` are left out: a calendar's id may be one."""
    reason = _ADDRESS.sub("…", (why or "").splitlines()[0] if why else "")
    at = "its beginning" if since is None else f"{since:%Y-%m-%d %H:%M} UTC"
    return Alert(kind, subject, TEXTS[kind].format(why=reason, count=count, since=at).strip())


def message(alerts: Sequence[StoredAlert]) -> Message:
    """One message for all of them: those that are new, then those that are over, each text once."""
    new, over = ([each for each in alerts if (each.over_at is not None) is ended] for ended in (False, True))
    told: dict[str, list[str]] = defaultdict(list)
    for each in new:
        told[f"{TITLES[each.kind]}. {each.text}"].append(each.subject)
    for each in over:
        told[f"over: {TITLES[each.kind]}."].append(each.subject)
    lines = [f"{_names(subjects)}: {text}" for text, subjects in told.items()]
    more = [f"… and {len(lines) - SHOWN} more."] if len(lines) > SHOWN else []
    return Message(f"calsync: {_headline(new, over)}", "\n".join(lines[:SHOWN] + more))


def _headline(new: Sequence[StoredAlert], over: Sequence[StoredAlert]) -> str:
    kinds = {(each.kind, each.over_at is not None) for each in [*new, *over]}
    if len(kinds) == 1:
        (kind, ended), *_ = kinds
        return f"{'over: ' if ended else ''}{TITLES[kind]} ({_names([each.subject for each in [*new, *over]])})"
    parts = [f"{len(new)} new alerts" if len(new) > 1 else "1 new alert"] if new else []
    return ", ".join([*parts, *([f"{len(over)} over"] if over else [])])


def _names(subjects: Sequence[str]) -> str:
    rest = len(subjects) - NAMED
    return ", ".join(subjects[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
