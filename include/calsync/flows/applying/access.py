"""Whether a refusal is about one item or about the credential."""

from __future__ import annotations

import threading

from include.calsync.clients.statuses import ABOUT_CREDENTIAL, said
from include.calsync.core.policy import Side
from include.calsync.errors import CredentialRefused, RecordError
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services


class Access:
    """One account's access to both services, asked for once in each task, and only after a refusal."""

    def __init__(self, services: Services, account: RunAccount) -> None:
        self.services, self.account = services, account
        self._known: dict[Side, bool] = {}
        self._asking = threading.Lock()

    def refuses_only_the_item(self, error: CredentialRefused, side: Side) -> bool:
        """Whether the credential works, so that a 403 for one item of `side` is that item's trouble.

        Raises what the question itself comes to, if it is not answered.
        """
        if error.status != 403 or error.reason in ABOUT_CREDENTIAL:
            return False
        with self._asking:
            if side not in self._known:
                self._known[side] = self._may_write_calendar() if side is Side.EVENT else self._is_let_in()
            return self._known[side]

    @staticmethod
    def alone(error: CredentialRefused, side: Side) -> RecordError:
        """The same refusal, as one of this item: the remedy of the credential's would help nobody."""
        service = "Google Calendar" if side is Side.EVENT else "Pipedrive"
        text = f"Change it there by hand: {service} refuses it for this item alone ({said(403, error.reason or '')})."
        return RecordError(text, status=error.status, reason=error.reason, server_time=error.server_time)

    def _is_let_in(self) -> bool:
        return bool(self.services.pipedrive(self.account.settings.pipedrive_conn_id).me())

    def _may_write_calendar(self) -> bool:
        client = self.services.google(self.account.settings.google_conn_id, self.account.settings.google_user)
        return client.may_write(self.account.calendar_id or "")
