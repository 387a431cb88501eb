"""The German words of explanations: see `sentences`."""

from __future__ import annotations

from collections.abc import Mapping

from include.calsync.core.conflicts import CLOSE

LOOKS: Mapping[str, str] = {
    "deleted": "Gelöscht.",
    "not_found": "Nicht gefunden: gelöscht, vor der Verbindung verborgen, in einer anderen Firma, oder nie da.",
    "unreadable": "Nicht lesbar: {error}",
    "unasked": "Es ließ sich nicht danach fragen.",
    "no_account": "Nicht synchronisiert: zu der Person, der sie gehört, gibt es kein Konto.",
    "no_calendar": "Nicht synchronisiert: den Kalender des Kontos gibt es noch nicht; der erste Lauf legt ihn an.",
    "other_company": "Nicht synchronisiert: gehört zum Sync einer anderen Firma.",
    "other_installation": "Nicht synchronisiert: eine andere Installation von calsync hat ihn angelegt.",
    "whole_series": "Das ist eine ganze Serie. Jeder Termin wird für sich synchronisiert: frag nach einem davon.",
    "outside_horizon": (
        "Nicht synchronisiert: der Termin der Serie ist zu weit weg. `horizon_days` sagt, wie weit voraus "
        "synchronisiert wird."
    ),
    "declined": "Nicht synchronisiert: abgelehnt.",
    "private": "Nicht synchronisiert: privat, und `private_events` ist `skip`.",
    "nothing": "Nicht synchronisiert. Grund: {because}.",
    "action": "Der nächste Lauf, der es liest, tut dies: {action}. Grund: {because}.",
    "unjudged": "Niemand entscheidet darüber: der Termin eines anderen Kontos zu dieser Besprechung hat die Aktivität.",
    "nobody": "Kein aktives Konto ist dafür zuständig.",
}

LINK_STATES: Mapping[str, str] = {
    "active": "verknüpft",
    "detached": "verknüpft, aber getrennt: Änderungen fließen nicht mehr",
    "removing": "verknüpft, und eine Seite wird gerade entfernt",
    "held": "verknüpft, und angehalten, bis jemand entscheidet",
}

WINS: Mapping[str, str] = {
    "newest": "zuletzt bearbeitet",
    CLOSE: "beide wurden innerhalb einer Minute bearbeitet",
    "setting": "die Einstellungen des Kontos sagen es so",
    "one_way": "dorthin wird nichts geschrieben",
    "adopting": "beide waren gerade erst ein Paar geworden",
    "veil": "von einem privaten Termin ist nur die Zeit bekannt",
    "moved": "der Termin kam in einen anderen Kalender",
    "rejected": "jemand hat den anderen Wert abgelehnt",
    "shortened": "der Text war dafür zu lang",
}
