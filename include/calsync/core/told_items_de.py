"""Why an item is set aside, or not undone, in German. See `told`."""

from __future__ import annotations

from collections.abc import Mapping

_UNDONE: Mapping[str, str] = {
    "not undone: {count} more": "nicht zurückgenommen: {count} weitere",
    "not undone: {what}: {why}": "nicht zurückgenommen: {what}: {why}",
    "activity {id}": "Aktivität {id}",
    "event {id}": "Termin {id}",
    "something is being done about it: try again when that is over": (
        "es wird gerade bearbeitet: Versuch es noch einmal, wenn das vorbei ist"
    ),
    "it went to another calendar: give its activity back to who had it": (
        "es kam in einen anderen Kalender: Gib die Aktivität dem zurück, der sie hatte"
    ),
    "the pair is over": "das Paar gibt es nicht mehr",
    "one of both is gone or can't be read": "eines von beiden ist weg oder nicht zu lesen",
    "the account's settings write it to one side only": "die Einstellungen des Kontos schreiben es nur auf eine Seite",
    "{field} was edited since": "{field} wurde seither bearbeitet",
    "{field} was written again since": "{field} wurde seither wieder geschrieben",
    "it is gone, or can't be read": "es ist weg oder nicht zu lesen",
    "it was edited since": "es wurde seither bearbeitet",
    "its pair was written since": "sein Paar wurde seither geschrieben",
    "nothing is known any more of what it was": "was es war, ist nicht mehr bekannt",
    "it is back already": "es ist schon wieder da",
    "it is linked already": "es ist schon verknüpft",
    "the account's mode writes nothing to Pipedrive, where its activity is gone": (
        "die Richtung des Kontos schreibt nichts nach Pipedrive, und dort ist die Aktivität weg"
    ),
    "its activity has no date, and so no event": "die Aktivität hat kein Datum, also keinen Termin",
    "the account does not show its activity ({why}); once it does, it is back": (
        "das Konto zeigt die Aktivität nicht ({why}); sobald es das tut, ist sie wieder da"
    ),
    "Name another run or link: nothing is known of a write of {what}.": (
        "Nenne einen anderen Lauf oder ein anderes Paar: Von {what} ist nichts bekannt, was geschrieben wurde."
    ),
    "Name another conflict: in entry {id} of the change log no value lost.": (
        "Nenne einen anderen Konflikt: Im Eintrag {id} des Protokolls unterlag kein Wert."
    ),
    "Nothing can be done about conflict {id}: its activity and its event are a pair no more.": (
        "Bei Konflikt {id} ist nichts zu tun: Aktivität und Termin sind kein Paar mehr."
    ),
}
_ASIDE: Mapping[str, str] = {
    "the event has no time": "der Termin hat keine Zeit",
    "another account creates this meeting's activity: the next run looks again": (
        "ein anderes Konto legt die Aktivität dieser Besprechung an: Der nächste Lauf sieht wieder nach"
    ),
    "an earlier try may have created the activity: the next run looks for it": (
        "ein früherer Versuch hat die Aktivität vielleicht angelegt: Der nächste Lauf sucht sie"
    ),
    "the activity that the event names is there: the next run looks again": (
        "die Aktivität, die der Termin nennt, ist da: Der nächste Lauf sieht wieder nach"
    ),
    "no free event id in {count} tries": "in {count} Versuchen war keine Termin-ID frei",
    "no person has this address": "keine Person hat diese Adresse",
    "the calendar that the event is in can't be reached: the event stays until it can": (
        "der Kalender des Termins ist nicht erreichbar: So lange bleibt der Termin"
    ),
    "the event was edited before it could go over: the next run decides again": (
        "der Termin wurde bearbeitet, bevor er umziehen konnte: Der nächste Lauf entscheidet neu"
    ),
    "the old event stays until its new calendar can be reached": (
        "der alte Termin bleibt, bis der neue Kalender erreichbar ist"
    ),
    "the event stays in its calendar until that answers: {error}": (
        "der Termin bleibt in seinem Kalender, bis der antwortet: {error}"
    ),
    "another run has the account whose event goes to another calendar": (
        "ein anderer Lauf hat das Konto, dessen Termin umzieht"
    ),
    "its activity's new event is not there yet: the old one stays until it is": (
        "der neue Termin der Aktivität ist noch nicht da: So lange bleibt der alte"
    ),
    "the old event stays until its calendar takes changes: {error}": (
        "der alte Termin bleibt, bis sein Kalender Änderungen annimmt: {error}"
    ),
    "the old event stays until its new calendar answers: {error}": (
        "der alte Termin bleibt, bis der neue Kalender antwortet: {error}"
    ),
    "this calendar's copy of the meeting is gone as well; the next run looks for another one": (
        "auch in diesem Kalender ist die Besprechung weg; der nächste Lauf sucht eine andere"
    ),
    "its meeting's activity is another's": "die Aktivität der Besprechung gehört zu einem anderen Konto",
    "its meeting has no activity": "die Besprechung hat keine Aktivität",
    "edited while it was held?": "bearbeitet, während es angehalten war?",
    "differs from the event that had the activity": "es weicht von dem Termin ab, der die Aktivität hatte",
    "may have moved": "ist vielleicht umgezogen",
    "a person decided, or nobody did for a week": "jemand hat entschieden, oder eine Woche lang niemand",
    "what became of the event is to be seen": "was aus dem Termin wurde, wird sich zeigen",
    "not seen": "nicht zu sehen",
    "the limits were changed": "die Grenzen wurden geändert",
    "waits: {why}": "wartet: {why}",
}
_UNREADABLE: Mapping[str, str] = {
    "an activity without a date can't be merged": "eine Aktivität ohne Datum ist nicht abzugleichen",
    "an activity without a date has no event": "eine Aktivität ohne Datum hat keinen Termin",
    "another kind of value than expected: {what}": "ein Wert anderer Art als erwartet: {what}",
    "a timed start with an all-day end": "Beginn mit Uhrzeit, Ende ohne",
    "an all-day start with a timed end": "Beginn ohne Uhrzeit, Ende mit",
    "the event ends ({last}) before it starts ({first})": "der Termin endet ({last}), bevor er beginnt ({first})",
    "not a date, time or duration: a value of type {name}": "weder Datum noch Zeit noch Dauer: ein Wert vom Typ {name}",
    "not a date (YYYY-MM-DD): {value}": "kein Datum (JJJJ-MM-TT): {value}",
    "not a duration (HH:MM): {value}": "keine Dauer (HH:MM): {value}",
    "no such day: {value}": "diesen Tag gibt es nicht: {value}",
    "not a time of day (HH:MM): {value}": "keine Uhrzeit (HH:MM): {value}",
    "not an RFC 3339 time: {value}": "keine Zeit nach RFC 3339: {value}",
    "a time without an offset or a known zone: {value}": (
        "eine Zeit ohne Abstand zu UTC und ohne bekannte Zone: {value}"
    ),
    "out of range: {value}": "außerhalb des Bereichs: {value}",
    "ends after the year 9999: {value}": "endet nach dem Jahr 9999: {value}",
    "no last day can be given for {count} days from {day}": "für {count} Tage ab {day} gibt es keinen letzten Tag",
}
FORMS: Mapping[str, str] = {**_UNDONE, **_ASIDE, **_UNREADABLE}
