"""What the log keeps, which names no rule, in German: why something was written. See `sentences`."""

from __future__ import annotations

from collections.abc import Mapping

CHANGED: Mapping[str, str] = {
    "absent": "nicht da",
    "created": "neu",
    "unchanged": "unverändert",
    "updated": "bearbeitet",
    "deleted": "gelöscht",
}
LOGGED: Mapping[str, str] = {
    "the activity is not found": "die Aktivität ist nicht zu finden",
    "the event is not found": "der Termin ist nicht zu finden",
    "upload of a detached pair": "Hochladen eines getrennten Paars",
    "the event is back": "der Termin ist wieder da",
    "its series no longer has it": "die Serie hat ihn nicht mehr",
    "its series was deleted, long after it took place": "die Serie wurde gelöscht, lange danach",
    "back in scope": "sie gehört wieder zum Konto",
    "back in scope, its event was deleted": "sie gehört wieder zum Konto, der Termin war gelöscht",
    "the mode was changed": "die Richtung wurde geändert",
    "another version of calsync held it": "eine andere Version von calsync hielt es an",
    "a person rejected the change": "jemand hat die Änderung abgelehnt",
    "its new owner's account is not at work: the event stays until it is": (
        "das Konto, zu dem sie jetzt gehört, läuft gerade nicht: der Termin bleibt so lange"
    ),
    "unmarked": "das Merkmal fehlt",
    "carries our properties": "trägt unser Merkmal",
    "created by a lost request": "durch eine Anfrage ohne Antwort angelegt",
    "looks the same": "sieht gleich aus",
    "new activity": "neue Aktivität",
    "new event": "neuer Termin",
    "the outcome of the last request is unknown": "ob die letzte Anfrage ankam, ist unbekannt",
    "the meeting is in this calendar, too": "dieser Kalender hat die Besprechung auch",
    "in other calendars, too": "andere Kalender haben sie auch",
    "another calendar's copy takes over": "ein anderer Kalender übernimmt",
    "goes to another account first": "sie geht erst zu einem anderen Konto",
    "given to this account's user": "sie gehört jetzt zu diesem Konto",
    "the series of this occurrence was changed": "die Serie dieses Termins wurde geändert",
    "the account is retired": "das Konto ist aufgelöst",
    "a live event carries our mark for this activity": "ein anderer Termin trägt unser Merkmal für diese Aktivität",
    "the event's mark names the activity that was made for it since": (
        "das Merkmal des Termins nennt die Aktivität, die seither angelegt wurde"
    ),
    "unknown whether it arrived": "unbekannt, ob es ankam",
    "{why}, and the event was deleted": "{why}, und der Termin wurde gelöscht",
    "undo of run": "Rücknahme des Laufs {run}",
    "the value that lost in run": "der Wert, der im Lauf {run} unterlag",
    "unfinished: {why}": "unvollendet: {why}",
    **{
        f"activity {one}, event {other}": f"Aktivität {CHANGED[one]}, Termin {CHANGED[other]}"
        for one in CHANGED
        for other in CHANGED
    },
    "activity updated, event unchanged": "in Pipedrive bearbeitet",
    "activity unchanged, event updated": "in Google bearbeitet",
    "activity deleted, event unchanged": "in Pipedrive gelöscht",
    "activity unchanged, event deleted": "in Google gelöscht",
    "activity deleted, event updated": "in Pipedrive gelöscht und in Google bearbeitet",
    "activity updated, event deleted": "in Google gelöscht und in Pipedrive bearbeitet",
    "activity deleted, event deleted": "auf beiden Seiten gelöscht",
}
