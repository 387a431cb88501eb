"""The English words of explanations: see `sentences`."""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.conflicts import CLOSE

LOOKS: Mapping[str, str] = {
    "deleted": "It is deleted.",
    "not_found": "Not found: it is deleted, hidden from the connection, another company's, or never was.",
    "unreadable": "It could not be read: {error}",
    "unasked": "It could not be asked for.",
    "no_account": "Not synced: no account belongs to its owner.",
    "no_calendar": "Not synced: the account's calendar does not exist yet; the first run creates it.",
    "other_company": "Not synced: it belongs to another company's sync.",
    "other_installation": "Not synced: another installation of calsync made it.",
    "whole_series": "This is a whole series. Each of its occurrences is synced by itself: ask for one of them.",
    "outside_horizon": (
        "Not synced: an occurrence of a series that is too far away. `horizon_days` says how far ahead they are synced."
    ),
    "declined": "Not synced: the user declined it.",
    "private": "Not synced: it is private, and `private_events` is `skip`.",
    "nothing": "Not synced: {because}.",
    "action": "The next run that reads it does this: {action}, because: {because}.",
    "unjudged": "Nobody decides about it: another account's event of the same meeting has the activity.",
    "nobody": "No enabled account is responsible for it.",
}

LINK_STATES: Mapping[str, str] = {
    "active": "linked",
    "detached": "linked, but parted: edits do not flow any more",
    "removing": "linked, and one side is being removed",
    "held": "linked, and kept back until a person decides",
}

WINS: Mapping[str, str] = {
    "newest": "it was edited last",
    CLOSE: "both were edited within a minute",
    "setting": "the account's settings say so",
    "one_way": "nothing is written there",
    "adopting": "both had just become a pair",
    "veil": "of a private event only the time is known",
    "moved": "the event was given to another calendar",
    "rejected": "a person rejected the other one",
    "shortened": "the text was too long for it",
}
