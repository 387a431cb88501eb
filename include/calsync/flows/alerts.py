"""Alerts: which are new, which are over, and who is still to be told. No service is asked.

What is to be told is computed from what the store knows, so it does not matter who looks: a run at its end, or the
watchdog. It is stored before it is sent, and marked afterwards: what was not sent is sent by whoever looks next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.calsync.core.alerts import Alert, Kind, StoredAlert, alert, message
from include.calsync.core.alerts import Message as Message
from include.calsync.errors import AccountError, Failure, SettingsError
from include.calsync.flows.configured import configured
from include.calsync.flows.pulling.pace import pace
from include.calsync.flows.services import Services
from include.calsync.settings import AlertsTo, load_alerts
from include.calsync.store import alerts, holds
from include.calsync.store.alerts import Health
from include.calsync.store.budgets import Budget, budget_of, resets_at
from include.calsync.store.transaction import Connection, reading

SENDING = timedelta(minutes=5)
"""Who takes longer to send is taken for dead."""
ASKED_WITHIN = timedelta(minutes=15)
"""A hold's question comes at once, unless the DAG that asks does not run."""
RESYNC_TOLD = timedelta(hours=1)
TWIN = "twin"
"""As `planning.creations`, which another wing owns."""

Send = Callable[[AlertsTo, Message], bool]
"""Sends a message through a notifier; False: it could not be sent."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is the case now, for all notifiers; what depends on a limit of theirs is with the accounts."""

    accounts: list[Health]
    others: list[Alert]


def tell(services: Services, send: Send) -> int:
    """Find what is new or over, store it, and send what nobody was told of yet. Returns: how many could not be sent.

    Raises SettingsError if the accounts file can't be read. Without one there is nobody to tell.
    """
    told = _configured(services)
    _note(services, told)
    return sum(_send(services, notifier, to, send) for notifier, to in told.items())


def _configured(services: Services) -> dict[str, AlertsTo]:
    path = services.environment.accounts_file
    listed = [] if path is None else load_alerts(path)
    return {f"{index}: {to.notifier}": to for index, to in enumerate(listed)}


def _note(services: Services, told: dict[str, AlertsTo]) -> None:
    """Store what is new, and what is over. Writes only if something is."""
    now = services.clock()
    with reading(services.engine) as conn:
        known = alerts.stored(conn)
        if not told and not known:
            return
        found = _found(conn, now) if told else Found([], [])
    budgets = list(_budgets(services, now)) if any("budget_low" in to.kinds for to in told.values()) else []
    steps: list[Callable[[Connection], None]] = []
    for notifier, to in told.items():
        mine = [each for each in known if each.notifier == notifier]
        steps += _steps(notifier, mine, _wanted(to, found, budgets, now), now)
    gone = [each.id for each in known if each.notifier not in told]
    if steps or gone:
        with services.engine.begin() as conn:
            alerts.forget(conn, gone)
            for step in steps:
                step(conn)


def _steps(
    notifier: str, known: list[StoredAlert], wanted: list[Alert], now: datetime
) -> Iterator[Callable[[Connection], None]]:
    """What to store for one notifier."""
    keys = {(each.kind, each.subject) for each in wanted}
    before = {(each.kind, each.subject) for each in known}
    new = [each for each in wanted if (each.kind, each.subject) not in before]
    # What was over before somebody was told of it is forgotten, too.
    over = [row.id for row in known if (row.kind, row.subject) not in keys and not (row.told_at and row.over_at)]
    again = [row.id for row in known if (row.kind, row.subject) in keys and row.over_at is not None]
    if new:
        yield lambda conn: alerts.begin(conn, notifier, new, now)
    if over:
        yield lambda conn: alerts.end(conn, over, now)
    if again:
        yield lambda conn: alerts.go_on(conn, again)


def _send(services: Services, notifier: str, to: AlertsTo, send: Send) -> int:
    now = services.clock()
    with services.engine.begin() as conn:
        taken = alerts.take(conn, notifier, now, now + SENDING)
    if not taken:
        return 0
    is_sent = send(to, message(taken))
    with services.engine.begin() as conn:
        if is_sent:
            alerts.told(conn, taken, services.clock())
        else:
            alerts.give_back(conn, taken)
    return 0 if is_sent else len(taken)


# What is the case.


def _wanted(to: AlertsTo, found: Found, budgets: Iterable[Alert], now: datetime) -> list[Alert]:
    """What this notifier is to tell now."""
    all_of_them = [each for account in found.accounts for each in _of_account(account, to, now)]
    return [each for each in [*all_of_them, *found.others, *budgets] if each.kind in to.kinds]


def _of_account(account: Health, to: AlertsTo, now: datetime) -> Iterator[Alert]:
    if account.state == "failed":
        kind: Kind = "credential_refused" if account.failure == Failure.REFUSED else "failing"
        yield alert(kind, account.name, why=(account.error or "").removeprefix(f"account {account.name}: "))
    since = account.succeeded_at
    if since is not None and now - since > timedelta(minutes=to.no_success_minutes):
        yield alert("no_success", account.name, since=since)
    if account.quarantined_count > to.quarantine_count:
        yield alert("quarantine", account.name, count=account.quarantined_count)
    if account.resynced_at is not None and now - account.resynced_at < RESYNC_TOLD:
        yield alert("full_resync", account.name, since=account.resynced_at)


def _found(conn: Connection, now: datetime) -> Found:
    accounts = alerts.healths(conn)
    names = {account.id: account.name for account in accounts}
    others = []
    for hold in holds.open_holds(conn):
        if hold.account_id not in names:
            continue
        subject = f"{names[hold.account_id]}, hold {hold.id}"
        others.append(alert("twin" if hold.rule == TWIN else "hold", subject, count=hold.item_count))
        if hold.asked_by is None and now - hold.opened_at > ASKED_WITHIN:
            others.append(alert("hold_unasked", subject, since=hold.opened_at))
    return Found(accounts, others)


def _budgets(services: Services, now: datetime) -> Iterator[Alert]:
    """Connections whose tokens must be made to last. Looks connections up only if some budget is low."""
    with reading(services.engine) as conn:
        keys = alerts.budget_keys(conn, now - timedelta(days=1))
    budgets = {key: (budget_of(services.engine, key, now), resets_at(services.engine, key, now)) for key in keys}
    low = {key: found for key, found in budgets.items() if _is_low(*found, now)}
    for conn_id, key in _keys_of(services) if low else ():
        if key in low:
            budget, reset = low[key]
            yield alert("budget_low", conn_id, count=budget.remaining, since=reset)


def _is_low(budget: Budget, reset: datetime, now: datetime) -> bool:
    return budget.remaining is not None and pace(budget.remaining, now, reset).thrifty


def _keys_of(services: Services) -> Iterator[tuple[str, str]]:
    """The Pipedrive connections in use, and the keys of their budgets."""
    try:
        ids = {each.account.pipedrive_conn_id for each in configured(services) if each.account.enabled}
    except SettingsError:
        return  # the runs say so
    for conn_id in sorted(ids):
        try:
            yield conn_id, services.pipedrive(conn_id).key
        except AccountError:
            continue  # its accounts fail, which is told
