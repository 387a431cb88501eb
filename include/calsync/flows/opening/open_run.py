"""Opening a run: which accounts take part, who they are, and that nobody else works on them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta

from include.calsync.core.policy import Mode
from include.calsync.errors import CalsyncError, Failure, SettingsError, UnusableSetting
from include.calsync.flows.border import border
from include.calsync.flows.configured import Configured, configured, known_names
from include.calsync.flows.creation_limits import decide_anew
from include.calsync.flows.deployment import check_store
from include.calsync.flows.holds import expire
from include.calsync.flows.opening import cost, resting, undone
from include.calsync.flows.opening.connected import connect
from include.calsync.flows.opening.drafted import with_draft
from include.calsync.flows.opening.identity import Resolved, clashes, resolve, same_pairs
from include.calsync.flows.opening.provisioning import known_row, provision, row_of
from include.calsync.flows.opening.types import unknown
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import Stop, counted, mark_failed, take_leases
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store import accounts as known_accounts
from include.calsync.store import holds, pruning, runs
from include.calsync.store.directory import Directory
from include.calsync.store.engine import migrate

PARALLEL_ACCOUNTS = 16
STAGING_KEPT = timedelta(days=2)
AGREED = timedelta(days=1)
"""So long deletions that a person agreed to, who saved reviewed settings, pass the limits."""


def open_run(services: Services, request: RunRequest) -> str:
    """Migrate the store, read the accounts, find out who they are, and take their leases.

    Returns: the sync run's id.

    Raises:
        SettingsError: the accounts file is missing or wrong, or it is not named any more; an account asked for is
            unknown; or the store is another installation's. Nothing was requested.
    """
    migrate(services.engine)
    request = resting.with_its_account(undone.with_its_accounts(services, request))
    request, accounts = with_draft(services, request, configured(services))
    if not request.reaches_resting:
        _refuse_unknown(accounts, request.accounts or ())
    enabled = [each for each in accounts if each.account.enabled]
    rests = resting.resting(services, request, [each.account for each in accounts])
    check_store(services, read_only=request.dry_run)
    run_id = str(uuid.uuid4())
    directory = Directory(services.engine, services.clock, read_only=request.dry_run)
    with services.engine.begin() as conn:
        runs.drop_stale(conn, services.clock() - STAGING_KEPT)
        pruning.prune(conn, services.clock(), timedelta(days=services.environment.keep_days))
        holds.forget_agreed(conn, services.clock() - AGREED)
        runs.drop_earlier_tries(conn, request.owner, services.clock() - STAGING_KEPT)
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
            known_accounts.pause_others(conn, {each.account.name for each in enabled})
    with counted(services, run_id):
        found, problems = _resolve_all(services, directory, enabled, request)
        if not request.dry_run:
            provision(services, accounts, found)
        for account in (each.account for each in enabled):
            if request.accounts is None or account.name in request.accounts:
                _enlist(services, run_id, request, account, found.get(account.name), problems.get(account.name))
        resting.enlist(services, run_id, request, rests)
    return run_id


def _refuse_unknown(accounts: Iterable[Configured], wanted: Iterable[str]) -> None:
    unknown = sorted(set(wanted) - {each.account.name for each in accounts})
    if unknown:
        raise SettingsError([f"accounts: {', '.join(unknown)}: not configured. Known: {known_names(accounts)}."])


def _resolve_all(
    services: Services, directory: Directory, configured: list[Configured], request: RunRequest
) -> tuple[dict[str, Resolved], dict[str, Stop]]:
    """Who the accounts are, and why some can't be synced, by name. Of two that are one nobody says who they are."""
    found: dict[str, Resolved] = {}
    refused = {each.account.name: Stop("failed", each.problem) for each in configured if each.problem}
    enabled = [each.account for each in configured if not each.problem]
    types: dict[str, Mapping[tuple[str, str], str]] = {}
    wanted = [("types", key) for key in (request.upload.types if request.upload else None) or ()]
    problems = cost.unaffordable(services, request, enabled)

    def look_up(accounts: Iterable[Account]) -> None:
        for account in accounts:
            try:
                with border(f"account {account.name}"):
                    found[account.name] = resolve(services, directory, account, dry_run=request.dry_run)
                    _refuse_forbidden_upload(account, request)
                    types[account.name] = unknown(services, directory, account, wanted)
            except CalsyncError as error:
                problems[account.name] = Stop.by(account.name, error)

    first, strands = _strands([account for account in enabled if account.name not in problems])
    look_up(first)
    with ThreadPoolExecutor(PARALLEL_ACCOUNTS) as pool:
        list(pool.map(look_up, strands))
    asked = [account.name for account in enabled if request.accounts is None or account.name in request.accounts]
    problems |= _unknown_everywhere(asked, types)
    resolved = [(account, found[account.name]) for account in enabled if account.name in found]
    clashing = {name: Stop("failed", text, failure=Failure.CLASH) for name, text in clashes(resolved).items()}
    for name in same_pairs(resolved):
        del found[name]
    return found, {**clashing, **problems, **refused}


def _strands(accounts: Sequence[Account]) -> tuple[list[Account], list[list[Account]]]:
    """One account of each company, whose users and types are then known; and the others, to be looked up at the same
    time. Those of one Google user one after the other: they might create the same calendar."""
    first = {account.pipedrive_conn_id: account for account in reversed(accounts)}
    strands: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        if account is not first[account.pipedrive_conn_id]:
            strands[account.google_user].append(account)
    return list(first.values()), list(strands.values())


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
        raise UnusableSetting(
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
        account_id = (known_row if request.dry_run else row_of)(conn, account.name, found)
        # Much may have happened meanwhile, also to what was not edited: it reads everything once.
        resumed = known_accounts.is_paused(conn, account_id)
        if not request.dry_run:
            known_accounts.resume(conn, account_id)
            if problem and problem.state == "failed" and not problem.passing:
                mark_failed(conn, account_id, problem)
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
            if request.syncs and runs.fence_of(conn, run_id, account_id) is not None:  # nobody else works on it
                decide_anew(conn, account_id, account, services.clock())
                expire(conn, account_id, services.clock())
