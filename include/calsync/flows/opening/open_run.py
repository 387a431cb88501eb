"""Opening a run: which accounts take part, who they are, and that nobody else works on them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta

from include.calsync.core.policy import Mode
from include.calsync.core.records import KnownAccount
from include.calsync.errors import AccountError, CalsyncError, SettingsError
from include.calsync.flows.border import border
from include.calsync.flows.creation_limits import decide_anew
from include.calsync.flows.deployment import check_store
from include.calsync.flows.holds import expire
from include.calsync.flows.opening import cost, resting, undone
from include.calsync.flows.opening.connected import connect
from include.calsync.flows.opening.identity import Resolved, clashes, resolve
from include.calsync.flows.opening.types import unknown
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import Stop, counted, mark_failed, take_leases
from include.calsync.flows.services import Services
from include.calsync.settings import Account, load_accounts
from include.calsync.store import accounts as known_accounts
from include.calsync.store import pruning, runs
from include.calsync.store.directory import Directory
from include.calsync.store.engine import migrate
from include.calsync.store.transaction import Connection

RESUMED = "resumed"
"""In place of a digest of settings: those of the last run are no longer known to hold."""
STAGING_KEPT = timedelta(days=2)


def open_run(services: Services, request: RunRequest) -> str:
    """Migrate the store, read the accounts, find out who they are, and take their leases.

    Returns: the sync run's id.

    Raises:
        SettingsError: the accounts file is missing or wrong, an account asked for is unknown, or the store is another
            installation's; nothing was requested.
    """
    migrate(services.engine)
    request = resting.with_its_account(undone.with_its_accounts(services, request))
    configured = _configured(services, None if request.reaches_resting else request.accounts)
    rests = resting.resting(services, request, configured)
    check_store(services, read_only=request.dry_run)
    run_id = str(uuid.uuid4())
    directory = Directory(services.engine, services.clock, read_only=request.dry_run)
    with services.engine.begin() as conn:
        runs.drop_stale(conn, services.clock() - STAGING_KEPT)
        pruning.prune(conn, services.clock(), timedelta(days=services.environment.keep_days))
        runs.create(
            conn,
            run_id=run_id,
            dag_id=request.dag_id,
            kind=request.kind,
            dry_run=request.dry_run,
            request=request.to_json(),
            at=services.clock(),
        )
        if not request.dry_run:
            known_accounts.pause_others(conn, {account.name for account in configured if account.enabled})
    with counted(services, run_id):
        enabled = [account for account in configured if account.enabled]
        found, problems = _resolve_all(services, directory, enabled, request)
        for account in enabled:
            if request.accounts is None or account.name in request.accounts:
                _enlist(services, run_id, request, account, found.get(account.name), problems.get(account.name))
        resting.enlist(services, run_id, request, rests)
    return run_id


def _configured(services: Services, wanted: Iterable[str] | None) -> list[Account]:
    path = services.environment.accounts_file
    if path is None:
        raise SettingsError(
            ["CALSYNC_ACCOUNTS_FILE is not set. Write the accounts into a YAML file and name it in this variable."]
        )
    configured = load_accounts(path)
    unknown = sorted(set(wanted or ()) - {account.name for account in configured})
    if unknown:
        names = ", ".join(account.name for account in configured) or "none"
        raise SettingsError([f"accounts: {', '.join(unknown)}: not in {path}. Known: {names}."])
    return configured


def _resolve_all(
    services: Services, directory: Directory, enabled: list[Account], request: RunRequest
) -> tuple[dict[str, Resolved], dict[str, Stop]]:
    found: dict[str, Resolved] = {}
    types: dict[str, Mapping[tuple[str, str], str]] = {}
    wanted = [("types", key) for key in (request.upload.types if request.upload else None) or ()]
    problems = cost.unaffordable(services, request, enabled)
    for account in enabled:
        if account.name in problems:
            continue
        try:
            with border(f"account {account.name}"):
                found[account.name] = resolve(services, directory, account, dry_run=request.dry_run)
                _refuse_forbidden_upload(account, request)
                types[account.name] = unknown(services, directory, account, wanted)
        except CalsyncError as error:
            problems[account.name] = Stop.by(account.name, error)
    asked = [account.name for account in enabled if request.accounts is None or account.name in request.accounts]
    problems |= _unknown_everywhere(asked, types)
    clashing = clashes([(account, found[account.name]) for account in enabled if account.name in found])
    return found, {**{name: Stop("failed", text) for name, text in clashing.items()}, **problems}


def _unknown_everywhere(asked: list[str], problems: Mapping[str, Mapping[tuple[str, str], str]]) -> dict[str, Stop]:
    """An upload's types that none of the run's companies knows: nothing of that run is done.

    `problems`: what is wrong with the types, by name of the accounts that were asked about.
    """
    known = [problems[name] for name in asked if name in problems]
    common = set.intersection(*(set(each) for each in known)) if known else set()
    told = " ".join(sorted({each[key] for each in known for key in common}))
    return {name: Stop("failed", f"account {name}: {told} Start the upload again.", True) for name in asked if told}


def _refuse_forbidden_upload(account: Account, request: RunRequest) -> None:
    if request.upload is None:
        return
    forbidden = {Mode.TO_GOOGLE: "to_pipedrive", Mode.TO_PIPEDRIVE: "to_google"}.get(Mode(account.mode))
    if forbidden and request.upload.direction in (forbidden, "both"):
        raise AccountError(
            f"account {account.name}: its mode {account.mode} forbids an upload with direction "
            f"{request.upload.direction}. Choose another direction, or change the mode."
        )


def _enlist(
    services: Services,
    run_id: str,
    request: RunRequest,
    account: Account,
    found: Resolved | None,
    problem: Stop | None,
) -> None:
    with services.engine.begin() as conn:
        account_id = _known_id(conn, account.name, found) if request.dry_run else _account_id(conn, account.name, found)
        # Much may have happened meanwhile, also to what was not edited: it reads everything once.
        resumed = known_accounts.is_paused(conn, account_id)
        if not request.dry_run:
            known_accounts.resume(conn, account_id, RESUMED)
            if problem and problem.state == "failed" and not problem.passing:
                mark_failed(conn, account_id, problem)
            if problem is None and request.syncs:
                decide_anew(conn, account_id, account, services.clock())
                expire(conn, account_id, services.clock())
        told = {"_resolved": asdict(found) if found else None, "_resumed": resumed}
        settings = {**account.model_dump(mode="json"), **told}
        runs.add_account(
            conn,
            run_id=run_id,
            account_id=account_id,
            settings=settings,
            state=problem.state if problem else "ok",
            error=problem.error if problem else None,
        )
    if not request.dry_run and not (problem and problem.passing):
        connect(services, account, account_id)
    if not problem and not request.dry_run and request.upload is None:
        with services.engine.begin() as conn:
            take_leases(services, conn, run_id, request.owner, [account.name])


def _known_id(conn: Connection, name: str, found: Resolved | None) -> int:
    """A dry run changes no account: the one it would be, or a new row that is nothing but a name.

    An account that has another user or calendar now would be a new one, and is planned as one.
    """
    known = _same(conn, found)
    if known is None:
        named = known_accounts.named(conn, name)
        if found and named is not None and named.company_id is not None and named.calendar_id != found.calendar_id:
            name += runs.NEXT
            named = known_accounts.named(conn, name)
        known = named
    return known.id if known is not None else known_accounts.id_of_name(conn, name)


def _same(conn: Connection, found: Resolved | None) -> KnownAccount | None:
    """The account of this identity; None: it is not known, or its calendar is not there yet."""
    if found is None or not found.calendar_id:
        return None
    return known_accounts.of_ids(
        conn, company_id=found.company_id, user_id=found.user_id, calendar_id=found.calendar_id
    )


def _account_id(conn: Connection, name: str, found: Resolved | None) -> int:
    """The row of (company, user, calendar), whatever its name was; else the row of this name; else a new one."""
    named = known_accounts.named(conn, name)
    if found is None:
        return named.id if named is not None else known_accounts.id_of_name(conn, name)
    same = _same(conn, found)
    if same is not None and same.name == name:
        return same.id
    unclaimed = named is not None and named.company_id is None
    if named is not None and (same is not None or not unclaimed):
        if named.calendar_id == found.calendar_id and same is None and named.company_id == found.company_id:
            return named.id
        known_accounts.retire(conn, named)
    if same is not None:
        known_accounts.rename(conn, same.id, name)
        return same.id
    if unclaimed and named is not None:
        known_accounts.claim(
            conn, named.id, company_id=found.company_id, user_id=found.user_id, calendar_id=found.calendar_id
        )
        return named.id
    known = known_accounts.add(
        conn, name=name, company_id=found.company_id, user_id=found.user_id, calendar_id=found.calendar_id
    )
    return known if known is not None else _account_id(conn, name, found)  # another run was just quicker
