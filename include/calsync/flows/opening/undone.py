"""Opening an undo: which run it takes back, and whose accounts that wrote for."""

from __future__ import annotations

from dataclasses import replace

from include.calsync.errors import SettingsError
from include.calsync.flows.request import RunRequest
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import changes
from include.calsync.store.transaction import reading

LAST = ""
"""In place of a run: the last one that wrote to the link."""


def with_its_accounts(services: Services, request: RunRequest) -> RunRequest:
    """The request with the run and the accounts that an undo is about; others pass as they are.

    Raises:
        SettingsError: nothing is known of that run or link.
    """
    undo = request.undo
    if undo is None:
        return request
    with reading(services.engine) as conn:
        run_id = undo.sync_run_id
        if run_id == LAST and undo.link_id is not None:
            run_id = changes.last_run_of(conn, undo.link_id) or LAST
        names = [known_accounts.get(conn, key).name for key in sorted(changes.accounts_of_run(conn, run_id))]
    if not names:
        what = f"link {undo.link_id}" if undo.sync_run_id == LAST else f"sync run {undo.sync_run_id}"
        raise SettingsError([f"Name another run or link: nothing is known of a write of {what}."])
    return replace(request, accounts=names, undo=replace(undo, sync_run_id=run_id))
