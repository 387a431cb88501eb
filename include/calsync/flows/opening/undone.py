"""Opening an undo: which run it takes back, and whose accounts that wrote for."""

from __future__ import annotations

from dataclasses import replace

from include.calsync.errors import SettingsError
from include.calsync.flows.request import RunRequest, UndoOptions
from include.calsync.flows.services import Services
from include.calsync.store import accounts as known_accounts
from include.calsync.store import changes, mapping
from include.calsync.store.transaction import Connection, reading

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
        if undo.conflict_id is not None:
            undo = _of_conflict(conn, undo, undo.conflict_id)
        run_id = undo.sync_run_id
        if run_id == LAST and undo.link_id is not None:
            run_id = changes.last_run_of(conn, undo.link_id) or LAST
        names = [known_accounts.get(conn, key).name for key in sorted(changes.accounts_of_run(conn, run_id))]
    if not names:
        what = f"link {undo.link_id}" if undo.sync_run_id == LAST else f"sync run {undo.sync_run_id}"
        raise SettingsError([f"Name another run or link: nothing is known of a write of {what}."])
    return replace(request, accounts=names, undo=replace(undo, sync_run_id=run_id))


def _of_conflict(conn: Connection, undo: UndoOptions, entry_id: int) -> UndoOptions:
    """The run and the link of that conflict. An adoption lost its values before its link was there."""
    entry = changes.entry(conn, entry_id)
    if entry is None or not entry.lost:
        raise SettingsError([f"Name another conflict: in entry {entry_id} of the change log no value lost."])
    link = mapping.link_of_event(conn, entry.calendar_id, entry.event_id) if entry.event_id is not None else None
    link_id = entry.link_id or (link.id if link is not None else None)
    if link_id is None:
        raise SettingsError(
            [f"Nothing can be done about conflict {entry_id}: its activity and its event are a pair no more."]
        )
    return replace(undo, sync_run_id=entry.run_id, link_id=link_id)
