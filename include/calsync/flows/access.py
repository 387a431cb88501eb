"""Whether a refusal is about one item or about the credential."""

from __future__ import annotations

from typing import Any

from include.calsync.core.policy import Side
from include.calsync.errors import CredentialRefused, RateLimited, RetryableError
from include.calsync.flows.run import RunAccount
from include.calsync.flows.services import Services

# What a 403 says of an item that may not be changed; other reasons (a missing scope) are the credential's.
ABOUT_ITEMS = frozenset({"", "forbidden", "requiredAccessLevel"})


class Access:
    """One account's access to both services, asked for once in each task, and only after a refusal."""

    def __init__(self, services: Services, account: RunAccount) -> None:
        self.services, self.account = services, account
        self._known: dict[Side, bool] = {}

    def refuses_only_the_item(self, error: CredentialRefused, side: Side) -> bool:
        """Whether the credential works, so that a 403 for one item of `side` is that item's trouble.

        Raises CredentialRefused if it does not work any more.
        """
        if error.status != 403 or (error.reason or "") not in ABOUT_ITEMS:
            return False
        if side not in self._known:
            self._known[side] = self._works(side)
        return self._known[side]

    def _works(self, side: Side) -> bool:
        try:
            return self._may_write_calendar() if side is Side.EVENT else bool(self._me())
        except (RetryableError, RateLimited):
            return False  # not known

    def _me(self) -> dict[str, Any]:
        return self.services.pipedrive(self.account.settings.pipedrive_conn_id).me()

    def _may_write_calendar(self) -> bool:
        """A listing of what changed since now says which right the credential has."""
        client = self.services.google(self.account.settings.google_conn_id, self.account.settings.google_user)
        listing = client.list_events(self.account.calendar_id or "", updated_min=self.services.clock())
        for _ in listing.pages():
            pass
        return listing.access_role in ("writer", "owner")
