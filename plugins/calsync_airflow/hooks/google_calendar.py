"""Airflow connection -> Google Calendar client of one user."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException
from airflow.sdk.log import mask_secret
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials as UserCredentials

from calsync_airflow.hooks.connections import StrictHook, flag, oauth_fields, text
from include.calsync.clients.auth import is_delegated
from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.limiter import Limiter, NoLimiter
from include.calsync.clients.sessions import DEFAULT_TIMING, Timing
from include.calsync.clients.transport import utc_now
from include.calsync.core.consents import GOOGLE_SCOPES, lacking
from include.calsync.errors import AccountError, CalsyncError, CredentialRefused, RetryableError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

ONE_TRY = replace(DEFAULT_TIMING, tries_count=1)
DEFAULT_API_ENDPOINT = "https://www.googleapis.com"
DEFAULT_TOKEN_URI = "https://oauth2.googleapis.com/token"
SCOPES = list(GOOGLE_SCOPES)
# Where Airflow's own Google Cloud connections hold credentials of other kinds.
OTHER_CREDENTIALS = ("credential_config_file", "key_secret_name", "is_anonymous")
SCOPE_REASONS = ("unauthorized_client", "invalid_scope", "insufficientPermissions")


class GoogleCalendarHook(StrictHook):
    """Opens calendars with a service account (delegated or not) or with one user's consent."""

    conn_name_attr = "google_conn_id"
    default_conn_name = "google_calendar_default"
    conn_type = "google_calendar"
    hook_name = "Google Calendar"

    def __init__(self, google_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.google_conn_id = google_conn_id
        self.extras = self.get_connection(google_conn_id).extra_dejson

    @property
    def delegated(self) -> bool:
        """Whether a service account acts as each account's `google_user`."""
        return self._user_consent() is None and flag(self.extras, "delegate", default=True)

    def get_client(
        self,
        google_user: str,
        *,
        limiter: Limiter,
        sleep: Callable[[float], None],
        clock: Callable[[], datetime],
        timing: Timing = DEFAULT_TIMING,
    ) -> GoogleCalendarClient:
        """Return a client that acts for this user; "" is the service account itself.

        Raises AccountError that says what to fill in.
        """
        consent = self._user_consent()
        credentials = self._credentials(google_user)
        project = consent[0] if consent else getattr(credentials, "service_account_email", "")
        return GoogleCalendarClient(
            credentials=credentials,
            api_endpoint=text(self.extras, "api_endpoint").rstrip("/") or DEFAULT_API_ENDPOINT,
            user=google_user,
            # Google counts all requests of a service account as one user's unless told whose they are.
            quota_user=None if consent else google_user,
            limiter=limiter,
            acts_as_user=consent is not None or self.delegated,
            project_key=f"google:{project}",
            sleep=sleep,
            clock=clock,
            timing=timing,
        )

    def get_conn(self) -> GoogleCalendarClient:
        """Return a client for a person who waits: of the user in `login`, limits unshared, tries once."""
        return self.get_client(self._test_user(), limiter=NoLimiter(), sleep=time.sleep, clock=utc_now, timing=ONE_TRY)

    def test_connection(self) -> tuple[bool, str]:
        """Get a token and list calendars. The message says as whom and what that proves, or the remedy."""
        try:
            calendar_count = sum(1 for _ in self.get_conn().calendars())
        except CredentialRefused as error:
            return False, f"{error}{self._scopes_for(error)}"
        except RetryableError as error:
            return False, f"{error} Check the token and API addresses and the network."
        except (CalsyncError, AirflowException) as error:
            return False, str(error)
        return True, f"Token accepted, calendars listed: {calendar_count},{self._proven()}"

    def waits_for_consent(self) -> bool:
        """Return whether it holds an OAuth app alone: it works through the connections that people's consents make."""
        own = any(self.extras.get(name) for name in ("keyfile_dict", "key_path", "refresh_token"))
        return not own and all(text(self.extras, name) for name in ("client_id", "client_secret"))

    def lacking_scopes(self, google_user: str) -> list[str]:
        """Return the scopes that the delegation lacks for this user: [] if it is complete, all if there is none.

        Raises AccountError, or what a token request raises for another cause.
        """
        acting: Any = self._credentials(google_user)
        return lacking(lambda scopes: is_delegated(acting.with_scopes(scopes), ONE_TRY), SCOPES)

    def _scopes_for(self, error: CredentialRefused) -> str:
        if error.reason not in SCOPE_REASONS:
            return ""
        told = f" The scopes: {','.join(SCOPES)}"
        if error.reason == "unauthorized_client" and self.delegated:
            try:
                missing = self.lacking_scopes(self._test_user())
            except CalsyncError:  # the first answer is the one to tell
                return told
            told += f" Missing: {','.join(missing)}" if len(missing) < len(SCOPES) else ""
        return told

    def _credentials(self, subject: str) -> Credentials:
        if consent := self._user_consent():
            client_id, client_secret, refresh_token = consent
            # No scopes: a refresh may not ask for others than the user once granted.
            return UserCredentials(
                None,
                refresh_token=refresh_token,
                token_uri=text(self.extras, "token_uri") or DEFAULT_TOKEN_URI,
                client_id=client_id,
                client_secret=client_secret,
            )
        own = self._service_account()
        if not (subject and self.delegated):
            acting: Credentials = own
        elif hasattr(own, "with_subject"):
            acting = own.with_subject(subject)
        else:
            raise self._wrong("remove impersonation_chain, or set delegate to false: it can't act as users")
        return acting

    def _service_account(self) -> Any:
        """Return the key's credentials, or those of the account that it impersonates."""
        self._check_key()
        try:
            if self.extras.get("impersonation_chain"):
                # Slow to import, and hardly ever needed: quiet runs would pay for it in two tasks.
                from calsync_airflow.hooks.impersonation import impersonated

                return impersonated(self.google_conn_id, SCOPES)
            if given := self.extras.get("keyfile_dict"):
                return service_account.Credentials.from_service_account_info(self._parsed(given), scopes=SCOPES)
            return service_account.Credentials.from_service_account_file(text(self.extras, "key_path"), scopes=SCOPES)
        except FileNotFoundError:
            raise self._wrong("key_path names a file that does not exist on this machine") from None
        except IsADirectoryError:
            raise self._wrong("key_path names a directory; name the key file in it") from None
        except OSError:
            raise self._wrong("key_path names a file that can't be read; let Airflow's user read it") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, GoogleAuthError, AirflowException):
            # Their texts may quote the key.
            raise self._wrong("the service account key is not a complete JSON key file; download a new one") from None

    def _check_key(self) -> None:
        others = [name for name in OTHER_CREDENTIALS if self.extras.get(name)]
        if others:
            raise self._wrong(f"remove {' and '.join(others)} from the extra: calsync uses keyfile_dict or key_path")
        given = self.extras.get("keyfile_dict")
        path = text(self.extras, "key_path")
        if self.waits_for_consent():
            raise self._wrong(
                "an OAuth app is here, but nobody's consent: add an account on the calendar sync page, and make a link "
                "to Google for it under Connections"
            )
        if bool(given) == bool(path):
            raise self._wrong(
                "give one of keyfile_dict, key_path, or the OAuth fields client_id, client_secret, refresh_token"
            )
        if path and not path.endswith(".json"):
            raise self._wrong("key_path must end in .json")
        if given:
            _mask_key(self._parsed(given))

    def _parsed(self, keyfile: Any) -> dict[str, Any]:
        try:
            key = json.loads(keyfile) if isinstance(keyfile, str) else keyfile
        except ValueError:
            key = None
        if not isinstance(key, dict) or not isinstance(key.get("private_key"), str):
            raise self._wrong("keyfile_dict is not the JSON of a service account key")
        return key

    def _user_consent(self) -> tuple[str, str, str] | None:
        fields = oauth_fields(self.extras, self.google_conn_id)
        if fields:
            mask_secret(list(fields[1:]))
        return fields

    def _test_user(self) -> str:
        return (self.get_connection(self.google_conn_id).login or "").strip()

    def _proven(self) -> str:
        user = self._test_user()
        if self._user_consent():
            return " with the user's consent."
        if self.delegated and user:
            return f" as {user}: the delegation works."
        if self.delegated:
            return " as the service account. To prove the delegation too, fill in 'Test as user' and test again."
        return " as the service account. Share each calendar with its address (right to make changes to events)."

    def _wrong(self, what: str) -> AccountError:
        return AccountError(f"Connection {self.google_conn_id}: {what}.")


def _mask_key(key: dict[str, Any]) -> None:
    """Keep every line of the private key out of every log."""
    lines = str(key["private_key"]).replace("\\n", "\n").split("\n")
    mask_secret([line for line in lines if line.strip()])
