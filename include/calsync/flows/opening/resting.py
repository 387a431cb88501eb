"""Accounts that take part in no sync, in a run that is about them all the same: an undo, or their retirement.

Nobody is asked who they are: the user, or the right to look, may be gone. What was found when they took part counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from include.calsync.core.raw import Json
from include.calsync.errors import SettingsError
from include.calsync.flows.opening.identity import Resolved
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import take_leases
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store import runs
from include.calsync.store.transaction import Connection, reading

TAKES_PART = (
    "account {name}: switch it off first (`enabled: false`), or take it out of the accounts; let calendar_sync run "
    "once; then start this again. Events of an account that takes part are not touched."
)
NOT_SEEN = (
    "account {name}: let calendar_sync run once, then start this again: no run has seen yet that this account takes no "
    "part any more."
)
UNKNOWN = "account {name}: write another name: no account of this name was ever connected.{known}"


@dataclass(frozen=True)
class Resting:
    """An account that takes part in no sync: its row, how it was set, and what was found of it then."""

    account_id: int
    name: str
    settings: Json


def with_its_account(request: RunRequest) -> RunRequest:
    """The request with the account that a retirement is about; others pass as they are."""
    return replace(request, accounts=[request.retire.account]) if request.retire is not None else request


def resting(services: Services, request: RunRequest, configured: Sequence[Account]) -> list[Resting]:
    """Those of the run's accounts that take part in no sync.

    Raises:
        SettingsError: one that is to be retired takes part, or nothing is known of it.
    """
    if not request.reaches_resting:
        return []
    enabled = {account.name for account in configured if account.enabled}
    with reading(services.engine) as conn:
        if request.retire is not None:
            _refuse_what_takes_part(conn, request.retire.account, enabled)
        return [_resting(conn, name, configured) for name in request.accounts or () if name not in enabled]


def _refuse_what_takes_part(conn: Connection, name: str, enabled: set[str]) -> None:
    if name in enabled:
        raise SettingsError([TAKES_PART.format(name=name)])
    known = known_accounts.named(conn, name)
    # A new name in the settings keeps the row: until a run has seen it, this may be an account that takes part.
    if known is not None and not known_accounts.is_paused(conn, known.id):
        raise SettingsError([NOT_SEEN.format(name=name)])


def _resting(conn: Connection, name: str, configured: Sequence[Account]) -> Resting:
    known = known_accounts.named(conn, name)
    if known is None or known.company_id is None or known.calendar_id is None:
        names = ", ".join(known_accounts.paused_names(conn))
        raise SettingsError([UNKNOWN.format(name=name, known=f" At rest: {names}." if names else "")])
    last = known_accounts.settings_then(conn, known.id)
    now = next((account.model_dump(mode="json") for account in configured if account.name == name), None)
    if last is None and now is None:
        raise SettingsError([f"account {name}: enter it again with `enabled: false`: how it was set is not known."])
    settings = now or {key: value for key, value in (last or {}).items() if not key.startswith("_")}
    zone = settings.get("time_zone") or "UTC"
    ids = Resolved(known.company_id, known.user_id or 0, known.calendar_id, zone)
    found = {**((last or {}).get("_resolved") or asdict(ids)), "calendar_id": known.calendar_id}
    return Resting(known.id, name, {**settings, "name": name, "_resolved": found, "_resumed": False})


def enlist(services: Services, run_id: str, request: RunRequest, accounts: Sequence[Resting]) -> None:
    """Let these accounts take part in this run, under their leases. They go on resting."""
    for account in accounts:
        with services.engine.begin() as conn:
            runs.add_account(
                conn, run_id=run_id, account_id=account.account_id, settings=account.settings, state="ok", error=None
            )
        if not request.dry_run:
            with services.engine.begin() as conn:
                take_leases(services, conn, run_id, request.owner, [account.name])
