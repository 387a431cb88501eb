"""The English words: see `sentences`."""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.words import NAMES, PRIVACY, SETTINGS, Absence

RULES: Mapping[str, str] = {
    # Pairs of resting accounts, calm, begun, or not to be decided now.
    "the account rests: a colleague's copy of the meeting takes the activity over": (
        "its account is not in use, and a colleague's calendar has the meeting, too"
    ),
    "the account rests, and another one shows the activity now: the event leaves the old calendar": (
        "another account shows the activity now"
    ),
    "the account rests: its pair stays as it is": "its account is not in use",
    "a missing activity counts as deleted, if somebody says so: the event stays (one way to Pipedrive)": (
        "the activity is not found any more"
    ),
    "a missing activity counts as deleted, if somebody says so: the event is deleted, too": (
        "the activity is not found any more"
    ),
    "a missing activity counts as deleted, if somebody says so: the event stays (on_activity_deleted)": (
        "the activity is not found any more; `on_activity_deleted` keeps the event"
    ),
    "a missing event counts as deleted, if somebody says so: the activity stays (one way to Google)": (
        "the event is not found any more"
    ),
    "a missing event counts as deleted, if somebody says so: the activity is deleted, too": (
        "the event is not found any more"
    ),
    "a missing event counts as deleted, if somebody says so: the activity is done": "the event is not found any more",
    "a missing event counts as deleted, if somebody says so: the activity stays (on_event_deleted)": (
        "the event is not found any more; `on_event_deleted` keeps the activity"
    ),
    "nothing stirred": "nothing was changed",
    "an upload makes a new event for an activity that was kept alone": "the upload asks for it: its event was deleted",
    "an upload makes a new activity for an event that was kept alone": (
        "the upload asks for it: its activity was deleted"
    ),
    "an upload leaves all other pairs alone": "an upload leaves pairs alone",
    "what failed before waits for its time": "it failed before, and is tried again later",
    "the activity can't be read: set aside": "the activity can't be read: {why}",
    "the event can't be read: set aside": "the event can't be read: {why}",
    "a removal was begun, and its event is back: both live on": "its event is back",
    "a removal was begun, and its event is back: the activity is made anew": "its event is back",
    "a removal was begun that one way to Google leaves out: the activity stays": (
        "its removal was begun, and `mode` keeps the activity now"
    ),
    "the deletion of an activity was begun: it is ended": "an earlier run began it: {why}",
    "an activity was about to be done: it is ended": "an earlier run began it: {why}",
    "a removal was begun that on_event_deleted leaves out now: the activity stays": (
        "its removal was begun, and `on_event_deleted` keeps the activity now"
    ),
    "the removal of an event was begun: it is ended": "an earlier run began it: {why}",
    "an occurrence vanished, and its activity was edited or deleted: look again": (
        "its series no longer has it, and its activity was changed"
    ),
    "an occurrence vanished: it is asked for by its id first": "its series no longer has it",
    "the activity of an occurrence long past stays as the record that it is": (
        "its series was deleted long after it took place: the activity stays as a record"
    ),
    # Detached pairs.
    "outside, and given to a colleague: the event goes to that calendar first, and leaves this one then": (
        "it was given to a colleague, whose calendar gets it"
    ),
    "outside, and given to a colleague whose account is not at work: the event stays until it is": (
        "it was given to a colleague whose account is not at work"
    ),
    "the activity is outside, and its event may leave with it now": "{why}",
    "the activity is outside, and its event may not be removed": "{why}; its event is not ours to remove",
    "back in scope: both meet again": "the account shows the activity again",
    "the activity stays outside": "the account does not show the activity",
    "back in scope without its event: a colleague's copy of the meeting takes the activity over": (
        "the account shows the activity again, and a colleague's calendar has the meeting"
    ),
    "outside, and its event was deleted: a colleague's copy of the meeting takes the activity over": (
        "its event was deleted, and a colleague's calendar has the meeting, too"
    ),
    "back in scope without its event: it gets a new one": "the account shows the activity again",
    "back in scope without its event, and none may be made: the pair ends": "its event was deleted",
    "outside for another cause, and its event was deleted: the pair ends": "{why}, and its event was deleted",
    "outside, and its event was deleted: the pair ends": "its event was deleted, too",
    "the event is no longer declined or hidden: both meet again": "the event is no longer declined or private",
    "what was detached stays apart": "both were parted before",
    # Held, or with another mode.
    "another version of calsync held it: both items are read again, and decided about then": (
        "another version of calsync held it: both items are read again"
    ),
    "what is held waits for a person": "it waits for a person's decision",
    "a person rejected the deletion: the event is made anew": "a person rejected its deletion",
    "a person rejected the deletion: the activity is made anew": "a person rejected its deletion",
    "a person rejected the edits of the event: they are put back": "a person rejected the edits made in Google",
    "a person rejected the edits of the activity: they are put back": "a person rejected the edits made in Pipedrive",
    "a person rejected what can't be restored: the pair stays as it is": (
        "a person rejected the change, and it can't be restored"
    ),
    "a new mode starts from what both sides show now": "`mode` was changed: both sides count as they are now",
    # Activities that leave the calendar.
    "the new owner has a copy of the meeting: it is the activity's event now": (
        "it was given to a colleague, whose calendar has the meeting, too"
    ),
    "the activity leaves, and its event was deleted: a colleague's copy of the meeting takes it over": (
        "its event was deleted, and a colleague's calendar has the meeting, too"
    ),
    "the activity leaves, and its event was deleted: the pair ends": "{why}, and its event was deleted",
    "given to a colleague: the event goes to that calendar first, and leaves this one then": (
        "it was given to a colleague, whose calendar gets it"
    ),
    "given to a colleague whose account is not at work: the event stays until it is": (
        "it was given to a colleague whose account is not at work"
    ),
    "the activity leaves the calendar, and its event with it": "{why}",
    "the activity leaves the calendar, and its event stays with its author": "{why}; the event stays with its author",
    # Events that became what is not synced.
    "the event became what is not synced, and its activity was deleted": "{why}, and its activity was deleted",
    "the event became what is not synced, and the activity was edited: look again": "{why}",
    "the event became what is not synced, and was edited: look again": "{why}",
    "the event became what is not synced: its pair rests": "{why}",
    # What the changes call for.
    "the event is gone, and a colleague's copy of the meeting takes the activity over": (
        "its event is gone, and a colleague's calendar has the meeting, too"
    ),
    "the event became private, and Pipedrive knew what it is about: the activity stays": (
        "the event became private: the activity stays as it is"
    ),
    "the event is gone: the activity stays (one way to Google)": "the event is gone; `mode` keeps the activity",
    "the event is gone, and the activity follows it whatever was typed: it is deleted, too": "deleted in Google",
    "the event is gone, and the activity follows it whatever was typed: it is done": (
        "deleted in Google; `on_event_deleted` marks the activity as done"
    ),
    "the event is gone, and the activity would follow it: it stays (on_event_deleted)": (
        "deleted in Google; `on_event_deleted` keeps the activity"
    ),
    "the event is gone: the activity is deleted, too": "deleted in Google",
    "the event is gone: the activity is done": "deleted in Google; `on_event_deleted` marks the activity as done",
    "the event is gone: the activity stays (on_event_deleted)": (
        "deleted in Google; `on_event_deleted` keeps the activity"
    ),
    "an edit beats a delete: the activity gets a new event": "deleted in Google, but edited in Pipedrive",
    "the activity is gone, and the event lives without it": "deleted in Pipedrive; the event is not ours to delete",
    "the activity is gone: its event is deleted, whatever was typed there (one way to Google)": "deleted in Pipedrive",
    "the activity is gone: its event stays as it was edited (on_activity_deleted)": (
        "deleted in Pipedrive; `on_activity_deleted` keeps the event"
    ),
    "the activity is gone: its event is deleted, too": "deleted in Pipedrive",
    "the activity is gone: its event stays (on_activity_deleted)": (
        "deleted in Pipedrive; `on_activity_deleted` keeps the event"
    ),
    "an edit beats a delete: the event gets a new activity": "deleted in Pipedrive, but edited in Google",
    "both sides were deleted: the pair ends": "deleted on both sides",
    "the activity was edited: merge": "edited in Pipedrive",
    "the event was edited: merge": "edited in Google",
    "a write was begun: merge, to see what became of it": "an earlier run was cut short while it wrote this",
    "the event shows what is no longer wanted: merge": "the event shows what is no longer wanted",
    "the event lacks our mark": "the event lacks our mark",
    "both sides are equal": "both sides are equal",
    # New items.
    "a new item that got no answer waits for its time": "it got no answer before, and is tried again later",
    "a new item got no answer: set aside": "it can't be read: {why}",
    "a new item can't be read: somebody should hear of it": "it can't be read",
    "an upload removes nothing": "an upload removes nothing",
    "what could not be removed waits for its time": "it could not be removed before, and is tried again later",
    "the activity of an event to be removed is back: it stays": "its activity is back",
    "an event was to be removed, but may not be written": "the event is not ours to remove",
    "its activity is in another calendar now, and the event was still to be removed here": (
        "its activity is in a colleague's calendar now"
    ),
    "both belong together, but the account does not show the activity": "{why}",
    "the event's mark names the activity: linked again": "the event carries our mark for this activity",
    "a request whose answer was lost created the activity: linked": "an earlier run created it, and heard no answer",
    "both have the same time and title: linked": "both have the same time and title",
    "a request whose answer was lost created the activity, and its event is not here: no new one": (
        "an earlier run created it for another event"
    ),
    "no account shows activities of this type": "no account shows this type",
    "an upload to Pipedrive leaves activities alone": "the upload is one way to Pipedrive",
    "the account does not show the activity": "{why}",
    "the activity is from before the account was connected": "last edited before the account was connected",
    "the upload does not ask for the activity": "the upload does not ask for it",
    "the mode makes no events of activities": "`mode` makes no events of activities",
    "the activity looks like several events: somebody should look": "it looks like several events",
    "a new activity that failed before waits for its time": "it failed before, and is tried again later",
    "a new activity gets an event": "new activity",
    "a colleague's calendar has the meeting, and its activity": "a colleague's calendar has the meeting",
    "the event's activity is in another calendar now": "its activity is in another calendar now",
    "the event's activity is not found, and nobody edited the event since the account was connected": (
        "its activity is not found"
    ),
    "an upload to Google leaves events alone": "the upload is one way to Google",
    "the event is of a kind that is not synced": "{why}",
    "the upload does not ask for the event": "the upload does not ask for it",
    "the event is from before the account was connected": "last edited before the account was connected",
    "the mode makes no activities of events": "`mode` makes no activities of events",
    "the event looks like several activities: somebody should look": "it looks like several activities",
    "a new event that failed before waits for its time": "it failed before, and is tried again later",
    "the event's activity may still appear: it is not created again yet": (
        "the answer to an earlier request was lost: its activity may still appear"
    ),
    "a new event gets an activity": "new event",
    # Meetings of several accounts, and what nothing was decided about.
    "the organiser's event of a meeting takes its activity over": "the organiser's calendar has the meeting, too",
    "who has the meeting in another calendar attends its activity": "the meeting is in other calendars, too",
    "undo: what was removed is made anew": "undone: it was removed",
    "undo: what was made is removed": "undone: it was made",
    "undo: what was written goes back": "undone: it was changed",
    "undo: what was parted is linked again": "undone: its account was retired",
    "undo: the value that lost is taken": "a person took the value that had lost a conflict",
    "retired: the event is removed": "the account is retired",
    "retired: events are kept": "the account is retired, and keeps its events",
    "retired: the author's event stays": "it was made in Google: it stays with its author",
    "retired: what was parted stays": "both were parted before: the event stays",
    "retired: its activity is gone, and the event stays": "its activity is gone: the event stays as the last of both",
    "retired: what was edited stays": "it was edited since the last sync: the event stays",
    "retired: what has guests stays": "it has guests: the event stays",
    "retired: the event is gone": "its event is not there any more",
    "planning it failed: set aside": "it could not be planned: {why}",
}

REASONS: Mapping[str, str] = {
    SETTINGS: "the account's settings were changed",
    PRIVACY: "the activity became private, or is so no longer",
    NAMES: "a deal, person or organization was renamed",
    "activity updated, event updated": "edited on both sides",
}

HOLDS: Mapping[str, str] = {
    "max_delete": "more deletions than the account allows",
    "max_change": "more edits than the account allows",
    "max_create": "more new items than the account allows",
    "twin": "another sync seems to have made it",
    Absence.HIDDEN: "the activity may only be hidden",
    Absence.OTHERS: "another installation may have removed the event",
    Absence.LOST: "nobody says that the event was deleted",
}

CAUSES: Mapping[str, str] = {
    "no_date": "the activity has no date any more",
    "other_owner": "it was given to somebody else",
    "other_type": "its type is not synced",
    "done": "the activity is done",
    "other_account": "another account shows the activity now",
    "event_deleted": "its event was deleted",
    "activity_deleted": "its activity was deleted",
    "declined": "the user declined the event",
    "private": "the event became private",
    "series": "the event is of a series that can't be split",
    "event_type": "the event is of a kind that is not synced",
}

LEFT_OUT: Mapping[str, str] = {
    "activity_not_found": "whose activity is not found",
    "ambiguous": "that look like several items of the other side",
    "before_connected": "last edited before the account was connected",
    "declined": "that the user declined",
    "done": "done: the account removes them",
    "event_type": "of a kind that is not synced (out of office, working location, …)",
    "mode": "that the account's mode leaves out",
    "no_date": "without a date",
    "not_asked_for": "outside the dates, types and states that were asked for",
    "other_calendar": "whose activity is in another calendar now",
    "other_company": "of another company's sync",
    "other_owner": "of another owner",
    "other_type": "of types that the account does not sync",
    "private": "private: the account leaves them out",
    "series": "of a series that can't be split",
    "shared": "that another account syncs, too",
    "unreadable": "that can't be read",
}

ACTIONS: Mapping[str, str] = {
    "nothing": "nothing",
    "create_event": "new event",
    "create_activity": "new activity",
    "adopt": "link",
    "merge": "bring together",
    "change_event": "change event",
    "change_activity": "change activity",
    "change_both": "change both",
    "mark": "mark event",
    "rebase": "start anew",
    "delete_event": "remove event",
    "delete_activity": "remove activity",
    "finish_activity": "mark as done",
    "remove_event": "remove event",
    "detach": "part both",
    "unlink": "forget the pair",
    "let_go": "let the event go",
    "take_over": "take over",
    "attend": "change attendees",
    "wait": "look again",
    "quarantine": "set aside",
    "held": "kept back",
}

STATES: Mapping[str, str] = {
    "planned": "not yet carried out",
    "shown": "a dry run",
    "confirmed": "carried out",
    "held": "kept back",
    "deferred": "put off",
    "quarantined": "set aside",
    "failed": "failed",
}

FIELDS: Mapping[str, str] = {
    "subject": "subject",
    "title": "title",
    "when": "time",
    "place": "place",
    "description": "description",
    "busy": "busy",
    "color": "color",
    "visibility": "visibility",
    "done": "done",
    "type": "type",
    "owner_id": "owner",
    "note": "note",
    "priority": "priority",
}

PHRASES: Mapping[str, str] = {
    "setting": "`{setting}` was changed: ",
    "conflict": "{field} was edited on both sides: {winner} wins",
    "of activities": "Pipedrive's",
    "of events": "Google's",
    "decide": "decide under Required Actions",
    "yes": "yes",
    "no": "no",
    "days": "{count} days",
    "minutes": "{count} min",
    "date": "{weekday} {day} {month} {year}",
}

APPROVED: Mapping[str, str] = {
    "delete_activity": "delete {count} in Pipedrive",
    "finish_activity": "mark {count} as done",
    "delete_event": "delete {count} in Google Calendar",
    "remove_event": "take {count} out of the calendar",
    "merge": "carry over the edits of {count}",
    "create_event": "make {count} in Google Calendar",
    "create_activity": "make {count} in Pipedrive",
    "detach": "sync {count} no more",
}
"""What an approval does, by action; `{count}` is a number with its noun."""
REJECTED: Mapping[str, str] = {
    "delete_activity": "make their events anew, with all that they had",
    "finish_activity": "make their events anew, with all that they had",
    "delete_event": "make their activities anew, with all that they had",
    "remove_event": "leave the events where they are",
    "merge": "put back what was edited",
    "create_event": "leave the activities where they are, without an event",
    "create_activity": "leave the events where they are, without an activity",
    "detach": "keep the pairs",
}
"""What a rejection does."""
