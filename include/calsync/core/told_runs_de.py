"""Why an account or a run does not work, and what runs notice, in German. See `told`."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "account {name}: {text}": "Konto {name}: {text}",
    "accounts {names}: {text}": "Konten {names}: {text}",
}
_IDENTITY: Mapping[str, str] = {
    "pipedrive_user is no active user of the company that the connection {conn_id} opens. Correct the e-mail or id, "
    "or use a connection of the right company.": (
        "pipedrive_user ist kein aktiver Nutzer der Firma, die die Verbindung {conn_id} öffnet. Berichtige Adresse "
        "oder ID, oder nimm eine Verbindung der richtigen Firma."
    ),
    "the address in pipedrive_user was user {before}'s and is user {now}'s now. Write the id of the user who is "
    "meant.": (
        "Die Adresse in pipedrive_user gehörte Nutzer {before} und gehört jetzt Nutzer {now}. Schreib die ID des "
        "Nutzers, der gemeint ist."
    ),
    "calendar {{create: …}} needs a connection that acts as the user (delegation or the user's consent); without it, "
    "share an existing calendar with the service account and give its id.": (
        "calendar {{create: …}} braucht eine Verbindung, die als der Nutzer handelt (Delegation oder seine "
        "Zustimmung). Sonst gib einen Kalender, den es gibt, für das Dienstkonto frei, und nenne seine ID."
    ),
    "the connection {conn_id} belongs to another Google user: its primary calendar is not google_user's. Use "
    "google_user's own consent, or delegation.": (
        "Die Verbindung {conn_id} gehört einem anderen Google-Nutzer: Ihr Hauptkalender ist nicht der von "
        "google_user. Nimm die Zustimmung von google_user selbst, oder Delegation."
    ),
    "the calendar that {{create: …}} made or found is gone, and none is created in its place. For a new one give "
    "another name; or give the id of a calendar that there is.": (
        "Der Kalender, den {{create: …}} angelegt oder gefunden hat, ist weg, und es wird kein neuer angelegt. Für "
        "einen neuen gib einen anderen Namen an, oder die ID eines Kalenders, den es gibt."
    ),
    "the calendar does not exist or is not shared with the connection {conn_id}. Correct `calendar`, or share it "
    "with the right to make changes to events.": (
        "Den Kalender gibt es nicht, oder er ist nicht für die Verbindung {conn_id} freigegeben. Berichtige "
        "`calendar`, oder gib ihn frei, mit dem Recht, Termine zu ändern."
    ),
    "the calendar is gone, or no longer shared with the connection {conn_id}. Share it with the right to make "
    "changes to events, or correct `calendar`.": (
        "Der Kalender ist weg, oder nicht mehr für die Verbindung {conn_id} freigegeben. Gib ihn frei, mit dem "
        "Recht, Termine zu ändern, oder berichtige `calendar`."
    ),
    "accounts {names} share one Google calendar. Give each its own, or disable all but one.": (
        "Die Konten {names} teilen sich einen Google-Kalender. Gib jedem seinen eigenen, oder schalte alle bis auf "
        "eines aus."
    ),
    "account {name} and {others} sync the same Pipedrive user's activity types. Split them with activity_types, or "
    "disable all but one.": (
        "Das Konto {name} und {others} synchronisieren dieselben Aktivitätstypen desselben Pipedrive-Nutzers. "
        "Teile sie mit activity_types auf, oder schalte alle bis auf eines aus."
    ),
    "share the Google calendar with the right to make changes to events and to see private ones, too. With the "
    "present right private events have no content, which would be taken for edits.": (
        "Gib den Google-Kalender frei, mit dem Recht, Termine zu ändern und auch private zu sehen. Mit dem "
        "jetzigen Recht haben private Termine keinen Inhalt; das sähe wie eine Änderung aus."
    ),
    "the Google calendar is shared with the right «{role}» only. Share it with the right to make changes to events.": (
        "Der Google-Kalender ist nur mit dem Recht «{role}» freigegeben. Gib ihn frei, mit dem Recht, Termine zu "
        "ändern."
    ),
    "another installation of calsync writes to this calendar: {names} (this one is {ours}). Nothing is synced here "
    "until only one does. Switch the account off there, or give one of them another calendar. Then set "
    "CALSYNC_DEPLOYMENT={value} here, to take its events over. Events: {events}.": (
        "Eine andere Installation von calsync schreibt in diesen Kalender: {names} (diese hier ist {ours}). Hier "
        "wird nichts synchronisiert, bis es nur noch eine tut. Schalte das Konto dort aus, oder gib einer von "
        "beiden einen anderen Kalender. Setze dann hier CALSYNC_DEPLOYMENT={value}, um ihre Termine zu übernehmen. "
        "Termine: {events}."
    ),
    "its mode {mode} forbids an upload with direction {direction}. Choose another direction, or change the mode.": (
        "Die Richtung {mode} des Kontos verbietet ein Hochladen mit direction {direction}. Wähle eine andere, oder "
        "ändere das Konto."
    ),
    "{problems} Correct the settings of this account.": "{problems} Berichtige die Einstellungen dieses Kontos.",
    "{problems} Start the upload again.": "{problems} Starte das Hochladen noch einmal.",
    "{setting}: `{key}` is no activity type of this company, did you mean `{meant}`?": (
        "{setting}: `{key}` ist kein Aktivitätstyp dieser Firma. Meinst du `{meant}`?"
    ),
    "{setting}: `{key}` is no activity type of this company. Its types: {types}.": (
        "{setting}: `{key}` ist kein Aktivitätstyp dieser Firma. Es gibt: {types}."
    ),
    "colors: `{key}` is no priority of this company, did you mean `{meant}`?": (
        "colors: `{key}` ist keine Priorität dieser Firma. Meinst du `{meant}`?"
    ),
    "colors: `{key}` is no priority of this company. Its priorities: {names}.": (
        "colors: `{key}` ist keine Priorität dieser Firma. Es gibt: {names}."
    ),
    "Set `time_zone`: the Pipedrive user's, {zone}, is not known here.": (
        "Setze `time_zone`: Die des Pipedrive-Nutzers, {zone}, ist hier nicht bekannt."
    ),
}
_RUNS: Mapping[str, str] = {
    "{runs} would take at least {count} tokens of Pipedrive's daily budget, and {left} are left. Nothing was asked. "
    "Start again after {time} UTC, or {cheaper}.": (
        "{runs} bräuchte mindestens {count} Tokens von Pipedrives Tagesbudget, und {left} sind übrig. Nichts wurde "
        "gefragt. Starte nach {time} UTC noch einmal, oder {cheaper}."
    ),
    "this run": "Dieser Lauf",
    "this run and the {count} waiting ones": "Dieser Lauf mit den {count} wartenden",
    "start it with fewer accounts": "mit weniger Konten",
    "start it with a shorter interval or fewer accounts": "mit kürzerem Zeitraum oder weniger Konten",
    "mend the past by a backfill of calendar_reconcile, which is cheaper: one run a day": (
        "gleiche die Vergangenheit mit einem Backfill von calendar_reconcile ab, das ist billiger: ein Lauf je Tag"
    ),
    "nothing was planned in this run, so nothing of it was synced; {remedy}.": (
        "In diesem Lauf wurde nichts geplant, also auch nichts synchronisiert; {remedy}."
    ),
    "nothing was read to the end in this run, so nothing of it was synced; {remedy}.": (
        "In diesem Lauf wurde nicht zu Ende gelesen, also nichts synchronisiert; {remedy}."
    ),
    "not everything was read in this run; {remedy}.": "In diesem Lauf wurde nicht alles gelesen; {remedy}.",
    "the rest of this run's plan is another version's, and was not carried out; {remedy}.": (
        "Der Rest des Plans ist von einer anderen Version und wurde nicht ausgeführt; {remedy}."
    ),
    "the next run repeats it": "der nächste Lauf wiederholt es",
    "start it again": "starte noch einmal",
    "{count} planned changes were not carried out; {remedy}. The log of the upsert tasks says why.": (
        "{count} geplante Änderungen wurden nicht ausgeführt; {remedy}. Das Log der upsert-Tasks sagt, warum."
    ),
    "the lease of account {id} was taken over or released: this try must stop": (
        "Ein anderer Lauf hat das Konto übernommen: Dieser hat aufgehört"
    ),
    "Start the upload again if it shall go on: it was stopped.": (
        "Starte das Hochladen noch einmal, wenn es weitergehen soll: Es wurde angehalten."
    ),
    "account {name} is in use by run {run} until {until}, and longer if that run goes on": (
        "Das Konto {name} wird bis {until} vom Lauf {run} benutzt, und länger, wenn der weitergeht"
    ),
    "another run worked on account {name} meanwhile: what this run read is out of date": (
        "Ein anderer Lauf hat inzwischen am Konto {name} gearbeitet: Was dieser gelesen hat, ist veraltet"
    ),
    "Please report this defect of calsync with what the task's log says of it: {what}.": (
        "Bitte melde diesen Fehler von calsync mit dem, was das Log der Task dazu sagt: {what}."
    ),
    "Look for the run's id in the log of its task plan: no sync run {run} is kept.": (
        "Suche die ID des Laufs im Log seiner Task plan: Es gibt keinen Lauf {run}."
    ),
}
_DRAFTS: Mapping[str, str] = {
    "draft_id {id}: a draft is tried out by a dry run alone: set dry_run.": (
        "draft_id {id}: Ein Entwurf wird nur von einem Probelauf ausprobiert: Setze dry_run."
    ),
    "draft_id {id}: there is an account {name}: choose another name.": (
        "Es gibt schon ein Konto {name}: Wähle einen anderen Namen."
    ),
    "draft_id {id}: the draft is over. Review the changes on the page again.": (
        "Der Entwurf ist abgelaufen. Prüfe die Änderungen auf der Seite noch einmal."
    ),
}
_NOTICES: Mapping[str, str] = {
    "guests outside the company were not told of a new time (link {links}): tell them, or set `notify_guests`.": (
        "Gäste von außen haben von einer neuen Zeit nichts erfahren (Paar {links}): Sag es ihnen, oder setze "
        "`notify_guests`."
    ),
    "switch other syncs of this calendar off, maybe Pipedrive's own calendar sync. {some} linked because both items "
    "look the same, and one of them seems to be made by another app: they were created within minutes of each other. "
    "Linked: {pairs}.": (
        "Schalte andere Synchronisierungen dieses Kalenders aus, vielleicht die von Pipedrive selbst. {some} "
        "verknüpft, weil beide gleich aussehen und eines davon von einer anderen App zu sein scheint: Sie "
        "entstanden binnen Minuten. Verknüpft: {pairs}."
    ),
    "1 pair was": "1 Paar wurde",
    "{count} pairs were": "{count} Paare wurden",
    "Google's sync token expired; the calendar was read in full": (
        "Googles Sync-Token ist abgelaufen; der Kalender wurde ganz gelesen"
    ),
    "nothing is missed, but each run reads more of the calendar than it needs: Google has given no sync token for "
    "{count} runs": (
        "Nichts fehlt, aber jeder Lauf liest mehr vom Kalender als nötig: Google hat seit {count} Läufen keinen "
        "Sync-Token gegeben"
    ),
    "{count} tokens of Pipedrive's daily budget are left: until {reset} the sync runs every {minutes} minutes, next "
    "at {time} UTC.": (
        "{count} Tokens von Pipedrives Tagesbudget sind übrig: Bis {reset} läuft die Synchronisierung alle "
        "{minutes} Minuten, das nächste Mal um {time} UTC."
    ),
    "{count} tokens of Pipedrive's daily budget are left: until {reset} nobody looks for deleted activities or new "
    "names.": (
        "{count} Tokens von Pipedrives Tagesbudget sind übrig: Bis {reset} sucht niemand nach gelöschten "
        "Aktivitäten und neuen Namen."
    ),
    "{count} tokens of Pipedrive's daily budget are left: names were not read anew. New ones are shown within a day "
    "by the sync.": (
        "{count} Tokens von Pipedrives Tagesbudget sind übrig: Namen wurden nicht neu gelesen. Neue zeigt die "
        "Synchronisierung binnen eines Tages."
    ),
    "authorise the connection {conn_id} again, and enter the refresh token that you get. The service replaced the "
    "one that is entered; it may stop working.": (
        "Stimme für die Verbindung {conn_id} neu zu, und trage den Refresh-Token ein, den du bekommst. Der "
        "eingetragene wurde ersetzt und kann ungültig werden."
    ),
    "series {id} has more occurrences within horizon_days than are synced: {count}": (
        "Die Serie {id} hat innerhalb von horizon_days mehr Termine, als synchronisiert werden: {count}"
    ),
    "set `time_zone` to one that Google knows: it refuses {zone}. Until then events are shown in UTC; their times "
    "are right.": (
        "Setze `time_zone` auf eine, die Google kennt: Es lehnt {zone} ab. Bis dahin stehen Termine in UTC; die "
        "Zeiten stimmen."
    ),
    "event {id} links {kind} {other}, which is not there or hidden: not linked": (
        "Der Termin {id} nennt {kind} {other}; das gibt es nicht, oder es ist verborgen: nicht verknüpft"
    ),
    "the activity of event {id} was made anew: {text}": "Die Aktivität zum Termin {id} wurde neu angelegt: {text}",
    "the type {key} is not in use any more; it has the type {other}": (
        "Den Typ {key} gibt es nicht mehr; sie hat den Typ {other}"
    ),
    "{kind} {other} is not there or hidden; it is left out": (
        "{kind} {other} gibt es nicht, oder es ist verborgen, und fehlt daher"
    ),
    "event {id} can't be read: {error}": "Der Termin {id} ist nicht zu lesen: {error}",
    "activity {id} can't be read: {error}": "Die Aktivität {id} ist nicht zu lesen: {error}",
    "event {id} may be one of several activities": "Der Termin {id} kann zu mehreren Aktivitäten gehören",
    "activity {id} may be one of several events": "Die Aktivität {id} kann zu mehreren Terminen gehören",
    "{numbers} held: more than {rule}_count = {count} and {rule}_ratio = {ratio} of {links} links allow. Nothing of "
    "it was written. {rest}": (
        "{numbers} angehalten: mehr, als {rule}_count = {count} und {rule}_ratio = {ratio} von {links} Paaren "
        "erlauben. Nichts davon wurde geschrieben. {rest}"
    ),
    "{numbers} held, after {recent} in the last 24 hours: more than {rule}_count = {count} and {rule}_ratio = "
    "{ratio} of {links} links allow. Nothing of it was written. {rest}": (
        "{numbers} angehalten, nach {recent} in den letzten 24 Stunden: mehr, als {rule}_count = {count} und "
        "{rule}_ratio = {ratio} von {links} Paaren erlauben. Nichts davon wurde geschrieben. {rest}"
    ),
    "{count} deletions": "{count} Löschungen",
    "{count} changes": "{count} Änderungen",
    "{count} creations": "{count} neue",
    "{count} because of a changed setting: {name}.": "{count} wegen einer geänderten Einstellung: {name}.",
    "Approve or reject it under Required Actions; the items stay held until then.": (
        "Entscheide unter Angehalten; bis dahin bleibt alles, wie es ist."
    ),
    "If not, take the setting back.": "Wenn nicht, nimm die Einstellung zurück.",
    "Or bring them over with upload_unsynced_activities.": "Oder bring sie durch Hochladen hinüber.",
    "Is another sync at work on this calendar?": "Arbeitet eine andere Synchronisierung an diesem Kalender?",
}
FORMS: Mapping[str, str] = {**_NAMES, **_IDENTITY, **_RUNS, **_DRAFTS, **_NOTICES}
