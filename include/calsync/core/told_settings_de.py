"""What is wrong with a setting, in German. See `told`."""

from __future__ import annotations

from collections.abc import Mapping

_MUST: Mapping[str, str] = {
    "must be true or false": "muss true oder false sein",
    "must be a whole number": "muss eine ganze Zahl sein",
    "must be a number": "muss eine Zahl sein",
    "must be at least {least}": "muss mindestens {least} sein",
    "must be at most {most}": "darf höchstens {most} sein",
    "must be {expected}": "muss {expected} sein",
}
FORMS: Mapping[str, str] = {
    **_MUST,
    **{f"{english}, not {{given}}": f"{german}, nicht {{given}}" for english, german in _MUST.items()},
    "{setting}: {text}": "{setting}: {text}",
    "is not valid": "ist nicht gültig",
    "is not valid, not {given}": "ist nicht gültig: {given}",
    "is missing; add it": "fehlt; trage es ein",
    "must be text; put it in quotes": "muss Text sein; setze es in Anführungszeichen",
    "must be a list, such as [a, b]": "muss eine Liste sein, wie [a, b]",
    "must not be empty; leave the key out for all": "darf nicht leer sein; lass die Einstellung für alle weg",
    "must be a mapping of names to values": "muss Namen Werte zuordnen",
    "unknown key; remove or correct it": "unbekannte Einstellung; entferne oder berichtige sie",
    "unknown key, did you mean `{meant}`?; remove or correct it": (
        "unbekannte Einstellung, meinst du `{meant}`?; entferne oder berichtige sie"
    ),
    "must be the e-mail address of a Google user": "muss die E-Mail-Adresse einer Person in Google sein",
    "must be the user's e-mail address or id": "muss die E-Mail-Adresse oder Id der Person sein",
    "must consist of a-z, 0-9, _ and -; put a number in quotes": "darf nur aus a-z, 0-9, _ und - bestehen",
    'must be `primary`, a calendar id, or {{create: "Name"}}': "braucht einen Namen oder eine Kalender-Id",
    "is no IANA time zone: {given}": "ist keine IANA-Zeitzone: {given}",
    "is no IANA time zone: {given}, did you mean `{meant}`?": "ist keine IANA-Zeitzone: {given}. Meinst du `{meant}`?",
    "must not be empty; leave the key out for the default": ("darf nicht leer sein; ohne die Angabe gilt der Standard"),
    "is empty, so nothing would be synced; leave it out for all types": (
        "ist leer, also würde nichts synchronisiert; lass sie für alle Typen weg"
    ),
    "must contain `subject` exactly once": "muss den Betreff genau einmal enthalten",
    "must be the dotted path of a notifier's class, such as package.module.SmtpNotifier": (
        "muss der Pfad einer Notifier-Klasse sein, wie package.module.SmtpNotifier"
    ),
    "must not repeat a part": "darf keinen Teil wiederholen",
    "is another account's; choose another one": "gehört einem anderen Konto; wähle einen anderen",
}
