"""The German words: see `sentences`. Where English goes on after "because", German goes on after "Grund:"."""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.words import NAMES, PRIVACY, SETTINGS, Absence

RULES: Mapping[str, str] = {
    # Pairs of resting accounts, calm, begun, or not to be decided now.
    "the account rests: a colleague's copy of the meeting takes the activity over": (
        "das Konto ruht, und ein anderer Kalender hat die Besprechung auch"
    ),
    "the account rests, and another one shows the activity now: the event leaves the old calendar": (
        "die Aktivität gehört jetzt zu einem anderen Konto"
    ),
    "the account rests: its pair stays as it is": "das Konto ruht",
    "a missing activity counts as deleted, if somebody says so: the event stays (one way to Pipedrive)": (
        "die Aktivität ist nicht mehr zu finden"
    ),
    "a missing activity counts as deleted, if somebody says so: the event is deleted, too": (
        "die Aktivität ist nicht mehr zu finden"
    ),
    "a missing activity counts as deleted, if somebody says so: the event stays (on_activity_deleted)": (
        "die Aktivität ist nicht mehr zu finden; `on_activity_deleted` behält den Termin"
    ),
    "a missing event counts as deleted, if somebody says so: the activity stays (one way to Google)": (
        "der Termin ist nicht mehr zu finden"
    ),
    "a missing event counts as deleted, if somebody says so: the activity is deleted, too": (
        "der Termin ist nicht mehr zu finden"
    ),
    "a missing event counts as deleted, if somebody says so: the activity is done": (
        "der Termin ist nicht mehr zu finden"
    ),
    "a missing event counts as deleted, if somebody says so: the activity stays (on_event_deleted)": (
        "der Termin ist nicht mehr zu finden; `on_event_deleted` behält die Aktivität"
    ),
    "nothing stirred": "nichts wurde geändert",
    "an upload makes a new event for an activity that was kept alone": (
        "das Hochladen verlangt es: der Termin war gelöscht worden"
    ),
    "an upload makes a new activity for an event that was kept alone": (
        "das Hochladen verlangt es: die Aktivität war gelöscht worden"
    ),
    "an upload leaves all other pairs alone": "das Hochladen lässt Paare in Ruhe",
    "what failed before waits for its time": "es ist schon gescheitert und wird später erneut versucht",
    "the activity can't be read: set aside": "die Aktivität ist nicht lesbar: {why}",
    "the event can't be read: set aside": "der Termin ist nicht lesbar: {why}",
    "a removal was begun, and its event is back: both live on": "der Termin ist wieder da",
    "a removal was begun, and its event is back: the activity is made anew": "der Termin ist wieder da",
    "a removal was begun that one way to Google leaves out: the activity stays": (
        "das Entfernen war begonnen, und `mode` behält die Aktivität jetzt"
    ),
    "the deletion of an activity was begun: it is ended": "ein früherer Lauf hat es begonnen: {why}",
    "an activity was about to be done: it is ended": "ein früherer Lauf hat es begonnen: {why}",
    "a removal was begun that on_event_deleted leaves out now: the activity stays": (
        "das Entfernen war begonnen, und `on_event_deleted` behält die Aktivität jetzt"
    ),
    "the removal of an event was begun: it is ended": "ein früherer Lauf hat es begonnen: {why}",
    "an occurrence vanished, and its activity was edited or deleted: look again": (
        "die Serie hat ihn nicht mehr, und die Aktivität wurde geändert"
    ),
    "an occurrence vanished: it is asked for by its id first": "die Serie hat ihn nicht mehr",
    "the activity of an occurrence long past stays as the record that it is": (
        "die Serie wurde lange danach gelöscht: die Aktivität bleibt als Nachweis"
    ),
    # Detached pairs.
    "outside, and given to a colleague: the event goes to that calendar first, and leaves this one then": (
        "sie gehört jetzt jemand anderem, dessen Kalender sie bekommt"
    ),
    "outside, and given to a colleague whose account is not at work: the event stays until it is": (
        "sie gehört jetzt jemand anderem, dessen Konto gerade nicht läuft"
    ),
    "the activity is outside, and its event may leave with it now": "{why}",
    "the activity is outside, and its event may not be removed": "{why}; der Termin ist nicht unser",
    "back in scope: both meet again": "die Aktivität gehört wieder zum Konto",
    "the activity stays outside": "die Aktivität gehört nicht zum Konto",
    "back in scope without its event: a colleague's copy of the meeting takes the activity over": (
        "die Aktivität gehört wieder zum Konto, und ein anderer Kalender hat die Besprechung"
    ),
    "outside, and its event was deleted: a colleague's copy of the meeting takes the activity over": (
        "der Termin wurde gelöscht, und ein anderer Kalender hat die Besprechung auch"
    ),
    "back in scope without its event: it gets a new one": "die Aktivität gehört wieder zum Konto",
    "back in scope without its event, and none may be made: the pair ends": "der Termin wurde gelöscht",
    "outside for another cause, and its event was deleted: the pair ends": "{why}, und der Termin wurde gelöscht",
    "outside, and its event was deleted: the pair ends": "der Termin wurde auch gelöscht",
    "the event is no longer declined or hidden: both meet again": "der Termin ist nicht mehr abgelehnt oder privat",
    "what was detached stays apart": "beide waren schon getrennt",
    # Held, or with another mode.
    "another version of calsync held it: both items are read again, and decided about then": (
        "eine andere Version von calsync hielt es an: beide werden neu gelesen"
    ),
    "what is held waits for a person": "ein Mensch muss erst entscheiden",
    "a person rejected the deletion: the event is made anew": "jemand hat das Löschen abgelehnt",
    "a person rejected the deletion: the activity is made anew": "jemand hat das Löschen abgelehnt",
    "a person rejected the edits of the event: they are put back": "jemand hat die Änderungen aus Google abgelehnt",
    "a person rejected the edits of the activity: they are put back": (
        "jemand hat die Änderungen aus Pipedrive abgelehnt"
    ),
    "a person rejected what can't be restored: the pair stays as it is": (
        "jemand hat die Änderung abgelehnt, und sie ist nicht wiederherzustellen"
    ),
    "a new mode starts from what both sides show now": "`mode` wurde geändert: beide Seiten gelten, wie sie jetzt sind",
    # Activities that leave the calendar.
    "the new owner has a copy of the meeting: it is the activity's event now": (
        "sie gehört jetzt jemand anderem, dessen Kalender die Besprechung auch hat"
    ),
    "the activity leaves, and its event was deleted: a colleague's copy of the meeting takes it over": (
        "der Termin wurde gelöscht, und ein anderer Kalender hat die Besprechung auch"
    ),
    "the activity leaves, and its event was deleted: the pair ends": "{why}, und der Termin wurde gelöscht",
    "given to a colleague: the event goes to that calendar first, and leaves this one then": (
        "sie gehört jetzt jemand anderem, dessen Kalender sie bekommt"
    ),
    "given to a colleague whose account is not at work: the event stays until it is": (
        "sie gehört jetzt jemand anderem, dessen Konto gerade nicht läuft"
    ),
    "the activity leaves the calendar, and its event with it": "{why}",
    "the activity leaves the calendar, and its event stays with its author": (
        "{why}; der Termin bleibt bei dem, der ihn angelegt hat"
    ),
    # Events that became what is not synced.
    "the event became what is not synced, and its activity was deleted": "{why}, und die Aktivität wurde gelöscht",
    "the event became what is not synced, and the activity was edited: look again": "{why}",
    "the event became what is not synced, and was edited: look again": "{why}",
    "the event became what is not synced: its pair rests": "{why}",
    # What the changes call for.
    "the event is gone, and a colleague's copy of the meeting takes the activity over": (
        "der Termin ist weg, und ein anderer Kalender hat die Besprechung auch"
    ),
    "the event became private, and Pipedrive knew what it is about: the activity stays": (
        "der Termin wurde privat: die Aktivität bleibt, wie sie ist"
    ),
    "the event is gone: the activity stays (one way to Google)": "der Termin ist weg; `mode` behält die Aktivität",
    "the event is gone, and the activity follows it whatever was typed: it is deleted, too": "in Google gelöscht",
    "the event is gone, and the activity follows it whatever was typed: it is done": (
        "in Google gelöscht; `on_event_deleted` erledigt die Aktivität"
    ),
    "the event is gone, and the activity would follow it: it stays (on_event_deleted)": (
        "in Google gelöscht; `on_event_deleted` behält die Aktivität"
    ),
    "the event is gone: the activity is deleted, too": "in Google gelöscht",
    "the event is gone: the activity is done": "in Google gelöscht; `on_event_deleted` erledigt die Aktivität",
    "the event is gone: the activity stays (on_event_deleted)": (
        "in Google gelöscht; `on_event_deleted` behält die Aktivität"
    ),
    "an edit beats a delete: the activity gets a new event": "in Google gelöscht, aber in Pipedrive bearbeitet",
    "the activity is gone, and the event lives without it": "in Pipedrive gelöscht; der Termin ist nicht unser",
    "the activity is gone: its event is deleted, whatever was typed there (one way to Google)": (
        "in Pipedrive gelöscht"
    ),
    "the activity is gone: its event stays as it was edited (on_activity_deleted)": (
        "in Pipedrive gelöscht; `on_activity_deleted` behält den Termin"
    ),
    "the activity is gone: its event is deleted, too": "in Pipedrive gelöscht",
    "the activity is gone: its event stays (on_activity_deleted)": (
        "in Pipedrive gelöscht; `on_activity_deleted` behält den Termin"
    ),
    "an edit beats a delete: the event gets a new activity": "in Pipedrive gelöscht, aber in Google bearbeitet",
    "both sides were deleted: the pair ends": "auf beiden Seiten gelöscht",
    "the activity was edited: merge": "in Pipedrive bearbeitet",
    "the event was edited: merge": "in Google bearbeitet",
    "a write was begun: merge, to see what became of it": "ein früherer Lauf brach ab, während er dies schrieb",
    "the event shows what is no longer wanted: merge": "der Termin zeigt, was nicht mehr gewünscht ist",
    "the event lacks our mark": "dem Termin fehlt unser Merkmal",
    "both sides are equal": "beide Seiten sind gleich",
    # New items.
    "a new item that got no answer waits for its time": "es kam keine Antwort; es wird später erneut versucht",
    "a new item got no answer: set aside": "der Eintrag ist nicht lesbar: {why}",
    "a new item can't be read: somebody should hear of it": "der Eintrag ist nicht lesbar",
    "an upload removes nothing": "das Hochladen entfernt nichts",
    "what could not be removed waits for its time": "es ließ sich nicht entfernen und wird später erneut versucht",
    "the activity of an event to be removed is back: it stays": "die Aktivität ist wieder da",
    "an event was to be removed, but may not be written": "der Termin ist nicht unser",
    "its activity is in another calendar now, and the event was still to be removed here": (
        "die Aktivität ist jetzt in einem anderen Kalender"
    ),
    "both belong together, but the account does not show the activity": "{why}",
    "the event's mark names the activity: linked again": "der Termin trägt unser Merkmal für diese Aktivität",
    "a request whose answer was lost created the activity: linked": (
        "ein früherer Lauf hat sie angelegt und keine Antwort bekommen"
    ),
    "both have the same time and title: linked": "beide haben dieselbe Zeit und denselben Titel",
    "a request whose answer was lost created the activity, and its event is not here: no new one": (
        "ein früherer Lauf hat sie für einen anderen Termin angelegt"
    ),
    "no account shows activities of this type": "kein Konto synchronisiert diesen Typ",
    "an upload to Pipedrive leaves activities alone": "das Hochladen geht nur nach Pipedrive",
    "the account does not show the activity": "{why}",
    "the activity is from before the account was connected": "zuletzt bearbeitet, bevor das Konto verbunden wurde",
    "the upload does not ask for the activity": "das Hochladen fragt nicht danach",
    "the mode makes no events of activities": "`mode` macht aus Aktivitäten keine Termine",
    "the activity looks like several events: somebody should look": "sie gleicht mehreren Terminen",
    "a new activity that failed before waits for its time": "sie ist schon gescheitert und wird später erneut versucht",
    "a new activity gets an event": "neue Aktivität",
    "a colleague's calendar has the meeting, and its activity": "ein anderer Kalender hat die Besprechung",
    "the event's activity is in another calendar now": "die Aktivität ist jetzt in einem anderen Kalender",
    "the event's activity is not found, and nobody edited the event since the account was connected": (
        "die Aktivität ist nicht zu finden"
    ),
    "an upload to Google leaves events alone": "das Hochladen geht nur nach Google",
    "the event is of a kind that is not synced": "{why}",
    "the upload does not ask for the event": "das Hochladen fragt nicht danach",
    "the event is from before the account was connected": "zuletzt bearbeitet, bevor das Konto verbunden wurde",
    "the mode makes no activities of events": "`mode` macht aus Terminen keine Aktivitäten",
    "the event looks like several activities: somebody should look": "er gleicht mehreren Aktivitäten",
    "a new event that failed before waits for its time": "er ist schon gescheitert und wird später erneut versucht",
    "the event's activity may still appear: it is not created again yet": (
        "eine Antwort ging verloren: die Aktivität kann noch auftauchen"
    ),
    "a new event gets an activity": "neuer Termin",
    # Meetings of several accounts, and what nothing was decided about.
    "the organiser's event of a meeting takes its activity over": (
        "der Kalender der einladenden Person hat die Besprechung auch"
    ),
    "who has the meeting in another calendar attends its activity": "andere Kalender haben die Besprechung auch",
    "undo: what was removed is made anew": "rückgängig: es war entfernt worden",
    "undo: what was made is removed": "rückgängig: es war angelegt worden",
    "undo: what was written goes back": "rückgängig: es war geändert worden",
    "undo: the value that lost is taken": "jemand nahm den Wert, der einem Konflikt unterlegen war",
    "undo: what was parted is linked again": "rückgängig: das Konto war aufgelöst worden",
    "retired: the event is removed": "das Konto ist aufgelöst",
    "retired: events are kept": "das Konto ist aufgelöst und behält seine Termine",
    "retired: the author's event stays": "in Google angelegt: er bleibt bei dem, der ihn angelegt hat",
    "retired: what was parted stays": "beide waren schon getrennt: der Termin bleibt",
    "retired: its activity is gone, and the event stays": "die Aktivität ist weg: der Termin bleibt als letzter",
    "retired: what was edited stays": "seit dem letzten Sync bearbeitet: der Termin bleibt",
    "retired: what has guests stays": "er hat Gäste: der Termin bleibt",
    "retired: the event is gone": "der Termin ist nicht mehr da",
    "planning it failed: set aside": "es ließ sich nicht planen: {why}",
}

REASONS: Mapping[str, str] = {
    SETTINGS: "die Einstellungen des Kontos wurden geändert",
    PRIVACY: "die Aktivität wurde privat, oder ist es nicht mehr",
    NAMES: "ein Deal, eine Person oder eine Organisation heißt jetzt anders",
    "activity updated, event updated": "auf beiden Seiten bearbeitet",
}

HOLDS: Mapping[str, str] = {
    "max_delete": "mehr Löschungen, als das Konto erlaubt",
    "max_change": "mehr Änderungen, als das Konto erlaubt",
    "max_create": "mehr Neues, als das Konto erlaubt",
    "twin": "ein anderer Sync scheint es angelegt zu haben",
    Absence.HIDDEN: "die Aktivität ist vielleicht nur verborgen",
    Absence.OTHERS: "eine andere Installation hat den Termin vielleicht entfernt",
    Absence.LOST: "niemand sagt, dass der Termin gelöscht wurde",
}

CAUSES: Mapping[str, str] = {
    "no_date": "die Aktivität hat kein Datum mehr",
    "other_owner": "sie gehört jetzt jemand anderem",
    "other_type": "ihr Typ wird nicht synchronisiert",
    "done": "die Aktivität ist erledigt",
    "other_account": "die Aktivität gehört jetzt zu einem anderen Konto",
    "event_deleted": "der Termin wurde gelöscht",
    "activity_deleted": "die Aktivität wurde gelöscht",
    "declined": "der Termin wurde abgelehnt",
    "private": "der Termin wurde privat",
    "series": "der Termin gehört zu einer Serie, die sich nicht teilen lässt",
    "event_type": "Termine dieser Art werden nicht synchronisiert",
}

LEFT_OUT: Mapping[str, str] = {
    "activity_not_found": "deren Aktivität nicht zu finden ist",
    "ambiguous": "die mehreren auf der anderen Seite gleichen",
    "before_connected": "zuletzt bearbeitet, bevor das Konto verbunden wurde",
    "declined": "die abgelehnt wurden",
    "done": "erledigt: das Konto entfernt sie",
    "event_type": "von einer Art, die nicht synchronisiert wird (abwesend, Arbeitsort, …)",
    "mode": "die der Modus des Kontos auslässt",
    "no_date": "ohne Datum",
    "not_asked_for": "nach denen das Hochladen nicht fragt (Tage, Typen, erledigt)",
    "other_calendar": "deren Aktivität jetzt in einem anderen Kalender ist",
    "other_company": "aus dem Sync einer anderen Firma",
    "other_owner": "die jemand anderem gehören",
    "other_type": "von Typen, die das Konto nicht synchronisiert",
    "private": "privat: das Konto lässt sie aus",
    "series": "aus einer Serie, die sich nicht teilen lässt",
    "shared": "die ein anderes Konto auch synchronisiert",
    "unreadable": "die nicht lesbar sind",
}

ACTIONS: Mapping[str, str] = {
    "nothing": "nichts",
    "create_event": "neuer Termin",
    "create_activity": "neue Aktivität",
    "adopt": "verknüpfen",
    "merge": "zusammenführen",
    "change_event": "Termin ändern",
    "change_activity": "Aktivität ändern",
    "change_both": "beide ändern",
    "mark": "Termin kennzeichnen",
    "rebase": "neu beginnen",
    "delete_event": "Termin entfernen",
    "delete_activity": "Aktivität entfernen",
    "finish_activity": "als erledigt kennzeichnen",
    "remove_event": "Termin entfernen",
    "detach": "trennen",
    "unlink": "Paar vergessen",
    "let_go": "Termin freigeben",
    "take_over": "übernehmen",
    "attend": "Teilnehmer ändern",
    "wait": "wieder nachsehen",
    "quarantine": "zurückstellen",
    "held": "angehalten",
}

STATES: Mapping[str, str] = {
    "planned": "noch nicht ausgeführt",
    "shown": "nur eine Probe",
    "confirmed": "ausgeführt",
    "held": "angehalten",
    "deferred": "aufgeschoben",
    "quarantined": "zurückgestellt",
    "failed": "gescheitert",
}

FIELDS: Mapping[str, str] = {
    "subject": "Betreff",
    "title": "Titel",
    "when": "Zeit",
    "place": "Ort",
    "description": "Beschreibung",
    "busy": "belegt",
    "color": "Farbe",
    "visibility": "Sichtbarkeit",
    "done": "erledigt",
    "type": "Typ",
    "owner_id": "Besitzer",
    "note": "Notiz",
    "priority": "Priorität",
}

PHRASES: Mapping[str, str] = {
    "setting": "`{setting}` wurde geändert: ",
    "conflict": "{field} auf beiden Seiten bearbeitet: der Wert aus {winner} gilt",
    "of activities": "Pipedrive",
    "of events": "Google",
    "decide": "entscheide unter Required Actions",
    "yes": "ja",
    "no": "nein",
    "days": "{count} Tage",
    "minutes": "{count} Min.",
    "date": "{weekday} {day}. {month} {year}",
}

APPROVED: Mapping[str, str] = {
    "delete_activity": "{count} in Pipedrive löschen",
    "finish_activity": "{count} als erledigt kennzeichnen",
    "delete_event": "{count} in Google Kalender löschen",
    "remove_event": "{count} aus dem Kalender nehmen",
    "merge": "die Änderungen an {count} übertragen",
    "create_event": "{count} in Google Kalender anlegen",
    "create_activity": "{count} in Pipedrive anlegen",
    "detach": "{count} nicht mehr synchronisieren",
}
REJECTED: Mapping[str, str] = {
    "delete_activity": "die Termine neu anlegen, mit allem, was sie hatten",
    "finish_activity": "die Termine neu anlegen, mit allem, was sie hatten",
    "delete_event": "die Aktivitäten neu anlegen, mit allem, was sie hatten",
    "remove_event": "die Termine lassen, wo sie sind",
    "merge": "das Bearbeitete zurücksetzen",
    "create_event": "die Aktivitäten lassen, wo sie sind, ohne Termin",
    "create_activity": "die Termine lassen, wo sie sind, ohne Aktivität",
    "detach": "die Paare behalten",
}
