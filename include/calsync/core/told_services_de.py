"""What services refuse and connections lack, in German. See `told`."""

from __future__ import annotations

from collections.abc import Mapping

_REMEDIES: Mapping[str, str] = {
    "Correct the address in the connection: it redirects, which is not followed.": (
        "Berichtige die Adresse in der Verbindung: Sie leitet weiter, und dem wird nicht gefolgt."
    ),
    "Correct the address in the connection.": "Berichtige die Adresse in der Verbindung.",
    "Enter a valid API token, or authorise again, in the connection.": (
        "Trage in der Verbindung einen gültigen API-Token ein, oder stimme neu zu."
    ),
    "Check the subscription: the company's Pipedrive account is not open.": (
        "Prüfe das Abonnement: Das Pipedrive-Konto der Firma ist nicht offen."
    ),
    "Give the token's user the permission, or the app the missing scope.": (
        "Gib dem Nutzer des Tokens das Recht, oder der App den fehlenden Scope."
    ),
    "See what else uses this credential: requests are blocked for ignoring the rate limit.": (
        "Sieh nach, wer diesen Zugang noch nutzt: Anfragen sind gesperrt, weil das Limit missachtet wurde."
    ),
    "The company's daily token budget is used up.": "Die Tokens der Firma für heute sind aufgebraucht.",
    "Share the calendar with this user (or service account) with the right to make changes to events.": (
        "Gib den Kalender für diesen Nutzer (oder das Dienstkonto) frei, mit dem Recht, Termine zu ändern."
    ),
    "Allow the credential the Calendar scopes: consent again, or edit the domain-wide delegation.": (
        "Erlaube dem Zugang die Scopes von Google Kalender: Stimme neu zu, oder ändere die domainweite Delegation."
    ),
    "Enable the Google Calendar API in the credential's Cloud project.": (
        "Schalte die Google Calendar API im Cloud-Projekt des Zugangs ein."
    ),
    "Renew the Google credential in the connection.": "Erneuere den Zugang zu Google in der Verbindung.",
    "Google allows no more changes to this calendar for some hours.": (
        "Google erlaubt an diesem Kalender einige Stunden lang keine Änderungen mehr."
    ),
    "A limit of Google's is reached.": "Ein Limit von Google ist erreicht.",
    "Switch Google Calendar on for this user, or correct `google_user`.": (
        "Schalte Google Kalender für diesen Nutzer ein, oder berichtige `google_user`."
    ),
    "The Cloud project's daily limit is reached: raise it there.": (
        "Das Tageslimit des Cloud-Projekts ist erreicht: Erhöhe es dort."
    ),
    "Google's usage limits are reached.": "Die Nutzungslimits von Google sind erreicht.",
    "Google blocks requests.": "Google sperrt Anfragen.",
    "Correct the token address: it redirects, which is not followed.": (
        "Berichtige die Token-Adresse: Sie leitet weiter, und dem wird nicht gefolgt."
    ),
    "Renew the credential in the connection.": "Erneuere den Zugang in der Verbindung.",
    "It answers with a web page. If that lasts, correct the token address.": (
        "Die Antwort ist eine Webseite. Bleibt das so, berichtige die Token-Adresse."
    ),
    "Consent again, or correct the user: the consent expired or was withdrawn, or there is no such user to act for.": (
        "Stimme neu zu, oder berichtige den Nutzer: Die Zustimmung ist abgelaufen oder zurückgezogen, oder es gibt "
        "den Nutzer nicht."
    ),
    "Allow the service account's client id these scopes: Google Admin console, domain-wide delegation.": (
        "Erlaube der Client-ID des Dienstkontos diese Scopes: Google-Admin-Konsole, domainweite Delegation."
    ),
    "Correct client id and client secret in the connection.": (
        "Berichtige Client-ID und Client-Secret in der Verbindung."
    ),
    "Register the page's address with the OAuth app.": "Trage die Adresse dieser Seite bei der OAuth-App ein.",
}
_ANSWERS: Mapping[str, str] = {
    "Connection {connection}: {text}": "Verbindung {connection}: {text}",
    "Pipedrive, {operation}: {answer}.": "Pipedrive, {operation}: {answer}.",
    "Google Calendar, {operation}: {answer}.": "Google Kalender, {operation}: {answer}.",
    "Pipedrive token endpoint: {answer}.": "Token-Adresse von Pipedrive: {answer}.",
    "Google token endpoint: {answer}.": "Token-Adresse von Google: {answer}.",
    "{endpoint}: 200 without a token.": "{endpoint}: 200 ohne Token.",
    "Pipedrive token endpoint: 200 without a token.": "Token-Adresse von Pipedrive: 200 ohne Token.",
    "Google Calendar: a page token came twice.": "Google Kalender: Dieselbe Seite kam zweimal.",
    "Pipedrive, {operation}: a cursor came twice.": "Pipedrive, {operation}: Dieselbe Seite kam zweimal.",
    "(Pipedrive, {operation}: {answer})": "(Pipedrive, {operation}: {answer})",
    "(Google Calendar, {operation}: {answer})": "(Google Kalender, {operation}: {answer})",
    "(Pipedrive)": "(Pipedrive)",
    "(Pipedrive token endpoint: {answer})": "(Token-Adresse von Pipedrive: {answer})",
    "(Google token endpoint: {answer})": "(Token-Adresse von Google: {answer})",
    "no answer": "keine Antwort",
    "not sent": "nicht gesendet",
    "too late": "zu spät",
    "too large": "zu groß",
    "invalid address": "ungültige Adresse",
    "Correct {fields}: {service} refuses {them}, saying “{quote}” ({answer}).": (
        "Berichtige {fields}: {service} lehnt es ab und sagt „{quote}“ ({answer})."
    ),
    "Correct {fields}: {service} refuses {them} without a reason ({answer}).": (
        "Berichtige {fields}: {service} lehnt es ohne Grund ab ({answer})."
    ),
    "Look at this item: {service} refuses it, saying “{quote}”. It was sent {fields} ({answer}).": (
        "Sieh dir dieses Element an: {service} lehnt es ab und sagt „{quote}“. Gesendet wurde {fields} ({answer})."
    ),
    "Look at this item: {service} refuses it without a reason. It was sent {fields} ({answer}).": (
        "Sieh dir dieses Element an: {service} lehnt es ohne Grund ab. Gesendet wurde {fields} ({answer})."
    ),
    "Look at this item: {service} refuses this request, saying “{quote}” ({answer}).": (
        "Sieh dir dieses Element an: {service} lehnt die Anfrage ab und sagt „{quote}“ ({answer})."
    ),
    "Look at this item: {service} refuses this request without a reason ({answer}).": (
        "Sieh dir dieses Element an: {service} lehnt die Anfrage ohne Grund ab ({answer})."
    ),
    "Clear {names} in Pipedrive by hand: it takes neither null nor an empty text. {text}": (
        "Leere {names} in Pipedrive von Hand: Es nimmt weder null noch einen leeren Text. {text}"
    ),
    "Google Calendar, {operation}: {answer}. It refuses this event alone.": (
        "Google Kalender, {operation}: {answer}. Nur dieser Termin wird abgelehnt."
    ),
    "Let the connection's user see it in Pipedrive. (Pipedrive, {operation}: 403)": (
        "Gib dem Nutzer der Verbindung in Pipedrive Einblick. (Pipedrive, {operation}: 403)"
    ),
    "Change it there by hand: {service} refuses it for this item alone ({answer}).": (
        "Ändere es dort von Hand: {service} lehnt es nur für dieses Element ab ({answer})."
    ),
    "Nothing is sent before {at}: {reason}": "Vor {at} wird nichts gesendet: {reason}",
    "Try again later: the service does not answer just now.": "Versuch es später: Der Dienst antwortet gerade nicht.",
    "Another task asks for a token and does not come back.": (
        "Eine andere Task holt einen Token und kommt nicht zurück."
    ),
}
_CONNECTIONS: Mapping[str, str] = {
    "Enter the API token anew: it is empty or has characters that no token has. (Pipedrive)": (
        "Trage den API-Token neu ein: Er ist leer oder hat Zeichen, die kein Token hat. (Pipedrive)"
    ),
    "Correct the key or the consent in the connection. (Google token endpoint: {kind})": (
        "Berichtige den Schlüssel oder die Zustimmung in der Verbindung. (Token-Adresse von Google: {kind})"
    ),
    "{service}: the connection's address must look like https://host, without a user or query.": (
        "{service}: Die Adresse der Verbindung muss wie https://host aussehen, ohne Nutzer und Anfrage."
    ),
    "Connection {conn_id} is missing: create it in Airflow (Admin > Connections, type {kind}) or set the environment "
    "variable {variable}.": (
        "Die Verbindung {conn_id} fehlt: Lege sie in Airflow an (Admin > Connections, Typ {kind}), oder setze die "
        "Umgebungsvariable {variable}."
    ),
    "Connection {conn_id}: fill in client_id and client_secret of your OAuth app.": (
        "Verbindung {conn_id}: Trage client_id und client_secret eurer OAuth-App ein."
    ),
    "Connection {conn_id}: fill in {names}, or remove refresh_token.": (
        "Verbindung {conn_id}: Trage {names} ein, oder entferne refresh_token."
    ),
    'Connection {conn_id}: write the extra as a JSON object, like {{"delegate": true}}.': (
        'Verbindung {conn_id}: Schreib das Extra als JSON-Objekt, wie {{"delegate": true}}.'
    ),
    "Remove {variable} from the environment: it goes before what is written here.": (
        "Entferne {variable} aus der Umgebung: Sie gilt vor dem, was hier geschrieben wird."
    ),
    "Give every component of Airflow the same valid `[core] fernet_key`.": (
        "Gib jedem Teil von Airflow denselben gültigen `[core] fernet_key`."
    ),
    "Give every component of Airflow the same `[core] fernet_key`, or connect anew: the kept token was encrypted "
    "with another one.": (
        "Gib jedem Teil von Airflow denselben `[core] fernet_key`, oder verbinde neu: Der Token ist mit einem "
        "anderen verschlüsselt."
    ),
    "remove impersonation_chain, or set delegate to false: it can't act as users.": (
        "Entferne impersonation_chain, oder setze delegate auf false: Damit kann niemand für Nutzer handeln."
    ),
    "key_path names a file that does not exist on this machine.": (
        "key_path nennt eine Datei, die es auf diesem Rechner nicht gibt."
    ),
    "key_path names a directory; name the key file in it.": (
        "key_path nennt einen Ordner; nenne die Schlüsseldatei darin."
    ),
    "key_path names a file that can't be read; let Airflow's user read it.": (
        "key_path nennt eine Datei, die nicht zu lesen ist; lass den Nutzer von Airflow sie lesen."
    ),
    "the service account key is not a complete JSON key file; download a new one.": (
        "Der Schlüssel des Dienstkontos ist keine vollständige JSON-Datei; lade einen neuen herunter."
    ),
    "remove {names} from the extra: calsync uses keyfile_dict or key_path.": (
        "Entferne {names} aus dem Extra: calsync nimmt keyfile_dict oder key_path."
    ),
    "an OAuth app is here, but nobody's consent: add an account on the calendar sync page, and make a link to Google "
    "for it under Connections.": (
        "Eine OAuth-App ist da, aber keine Zustimmung: Lege auf dieser Seite ein Konto an, und erstelle dafür "
        "unter Verbindungen einen Link zu Google."
    ),
    "give one of keyfile_dict, key_path, or the OAuth fields client_id, client_secret, refresh_token.": (
        "Gib keyfile_dict, key_path, oder die OAuth-Felder client_id, client_secret, refresh_token an."
    ),
    "key_path must end in .json.": "key_path muss auf .json enden.",
    "keyfile_dict is not the JSON of a service account key.": (
        "keyfile_dict ist nicht das JSON eines Schlüssels von einem Dienstkonto."
    ),
    "give the company's address as host, like https://acme.pipedrive.com.": (
        "Gib die Adresse der Firma als Host an, wie https://acme.pipedrive.com."
    ),
    "give an API token as password (or the OAuth fields).": (
        "Gib einen API-Token als Passwort an (oder die OAuth-Felder)."
    ),
}
_CHECKS: Mapping[str, str] = {
    "Check the company's address and the network.": "Prüfe die Adresse der Firma und das Netz.",
    "Check the token and API addresses and the network.": "Prüfe die Adressen von Token und API und das Netz.",
    "Connected to {company} as {person} ({mail}).": "Verbunden mit {company} als {person} ({mail}).",
    "Token accepted, calendars listed: {count}, with the user's consent.": (
        "Token angenommen, Kalender gelesen: {count}, mit Zustimmung des Nutzers."
    ),
    "Token accepted, calendars listed: {count}, as {user}: the delegation works.": (
        "Token angenommen, Kalender gelesen: {count}, als {user}: Die Delegation funktioniert."
    ),
    "Token accepted, calendars listed: {count}, as the service account. To prove the delegation too, fill in 'Test "
    "as user' and test again.": (
        "Token angenommen, Kalender gelesen: {count}, als Dienstkonto. Um auch die Delegation zu prüfen, fülle "
        "„Test as user“ aus und prüfe noch einmal."
    ),
    "Token accepted, calendars listed: {count}, as the service account. Share each calendar with its address (right "
    "to make changes to events).": (
        "Token angenommen, Kalender gelesen: {count}, als Dienstkonto. Gib jeden Kalender für seine Adresse frei "
        "(mit dem Recht, Termine zu ändern)."
    ),
    "The scopes: {scopes} Missing: {missing}": "Die Scopes: {scopes} Es fehlen: {missing}",
    "The scopes: {scopes}": "Die Scopes: {scopes}",
}
_CONSENTS: Mapping[str, str] = {
    "Make a new link: this one is not known, or was cut off.": (
        "Erstelle einen neuen Link: Dieser ist unbekannt oder abgeschnitten."
    ),
    "Make a new link to connect anew: this one has led to a connection.": (
        "Erstelle einen neuen Link, um neu zu verbinden: Dieser wurde schon benutzt."
    ),
    "Make a new link: this one lasted 15 minutes.": "Erstelle einen neuen Link: Dieser galt 15 Minuten.",
    "Open the link again: this answer was taken already, or belongs to no link.": (
        "Öffne den Link noch einmal: Diese Antwort wurde schon genommen oder gehört zu keinem Link."
    ),
    "Open the link again, and go on in the same browser.": (
        "Öffne den Link noch einmal, und mach im selben Browser weiter."
    ),
    "Open the link again: Airflow's `fernet_key` was changed.": (
        "Öffne den Link noch einmal: Der `fernet_key` von Airflow wurde geändert."
    ),
    "Open the link again and choose «{button}»: access was denied.": (
        "Öffne den Link noch einmal und wähle «{button}»: Der Zugriff wurde abgelehnt."
    ),
    "Open the link again: {service} sent no code. If that lasts, check the OAuth app.": (
        "Öffne den Link noch einmal: {service} hat keinen Code geschickt. Bleibt das so, prüfe die OAuth-App."
    ),
    "Open the link again and leave all boxes ticked. Missing: {names}.": (
        "Öffne den Link noch einmal und lass alle Häkchen gesetzt. Es fehlen: {names}."
    ),
    "Open the link again and choose {person}: another account was chosen.": (
        "Öffne den Link noch einmal und wähle {person}: Es war ein anderes Konto."
    ),
    "Add {names} to the app's scopes in Pipedrive's Developer Hub, then open the link again.": (
        "Ergänze {names} bei den Scopes der App im Developer Hub von Pipedrive, und öffne den Link noch einmal."
    ),
    "Open the link again: Pipedrive did not say the company's address.": (
        "Öffne den Link noch einmal: Pipedrive hat die Adresse der Firma nicht genannt."
    ),
    "Change to the accounts' company in Pipedrive, then open the link again: another one was chosen.": (
        "Wechsle in Pipedrive zur Firma der Konten, und öffne den Link noch einmal: Es war eine andere."
    ),
    "Remove the app's access in the settings of the {service} account, then open the link again. No refresh token "
    "came.": (
        "Entferne den Zugriff der App in den Einstellungen des Kontos bei {service}, und öffne den Link noch "
        "einmal. Es kam kein Refresh-Token."
    ),
    "See the log of the API server.": "Sieh im Log des API-Servers nach.",
}
FORMS: Mapping[str, str] = {
    **_REMEDIES,
    **_ANSWERS, **_CONNECTIONS, **_CHECKS, **_CONSENTS,
}  # fmt: skip
