"""A look at an item that no link knows: it is asked for at its service, and the rules for new items are asked about it.

Nothing is stored. A run sees more: what looks the same on the other side, and other calendars' events of a meeting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from include.calsync.core.fields import activity_view, event_view
from include.calsync.core.item_ids import ItemId
from include.calsync.core.marks import read_mark
from include.calsync.core.model import Context
from include.calsync.core.observations import NOBODY, Observation
from include.calsync.core.policy import Side
from include.calsync.core.privacy import unwanted
from include.calsync.core.raw import RawActivity, RawEvent
from include.calsync.core.records import Link
from include.calsync.core.series import is_occurrence, is_series
from include.calsync.core.stamps import stamp
from include.calsync.errors import AlreadyDeleted, CalsyncError, NotFound
from include.calsync.flows import deployment
from include.calsync.flows.planning.looking import Verdict, verdicts
from include.calsync.flows.pulling import observe
from include.calsync.flows.pulling.series import window_of
from include.calsync.flows.request import RunRequest
from include.calsync.flows.run import Run
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.settings import Account
from include.calsync.store.transaction import reading


class Found(StrEnum):
    """What the look found."""

    LIVE = "live"
    DELETED = "deleted"
    NOT_FOUND = "not_found"
    """No proof of anything: hidden, of another company, or never there."""
    UNREADABLE = "unreadable"
    """The service did not answer, or what it answered means nothing."""
    UNASKED = "unasked"
    """No account could be asked for it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one account, or (of an activity that nobody's account shows) one connection, can say of the item."""

    found: Found
    where: str
    """The account's name; "": no account is responsible."""
    place: str
    """The Pipedrive connection or the calendar that was asked."""
    verdict: Verdict | None = None
    """What the rules for new items say; None: they are not asked, for `cause` or `error`."""
    cause: str = ""
    """Why it is left out, as runs count it; of an activity `no_account`: its owner has none."""
    error: str | None = None
    shown: Observation | None = None
    """Of a live item; of a private event only what its account may know."""


def look_at_both(services: Services, link: Link, settings: Account) -> Iterator[Look]:
    """Ask for activity and event of a pair of the account with these settings: one request each.

    No rule is asked: what becomes of a pair depends on more than its two sides.
    """
    conn_id, calendar_id = settings.pipedrive_conn_id, link.calendar_id
    try:
        activity = services.pipedrive(conn_id).activity(link.activity_id)
    except (CalsyncError, ValueError) as error:
        yield _unanswered(error, settings.name, conn_id)
    else:
        row = _shown_activity(activity, link.company_id)
        yield _as_shown(row, settings.name, conn_id, gone=bool(activity.get("is_deleted")))
    try:
        event = services.google(settings.google_conn_id, settings.google_user).get_event(calendar_id, link.event_id)
    except (CalsyncError, ValueError) as error:
        yield _unanswered(error, settings.name, calendar_id)
    else:
        row = observe.event(link.account_id, event, calendar_id, timedelta(0), settings.private_events)
        yield _as_shown(row, settings.name, calendar_id, gone=event.get("status") == "cancelled")


def _as_shown(row: Observation, where: str, place: str, *, gone: bool) -> Look:
    if row.status == "unreadable":
        return Look(Found.UNREADABLE, where, place, error=row.error, shown=row)
    cause = row.error or "" if row.status == "deleted" else ""  # there, but it counts as gone
    return Look(Found.DELETED if gone else Found.LIVE, where, place, cause=cause, shown=row)


# Activities.


def look_at_activity(
    services: Services, item: ItemId, conn_id: str, accounts_of: Callable[[int], list[RunAccount]]
) -> Iterator[Look]:
    """Ask a connection for the activity: one request. `accounts_of`: those of a user of Pipedrive."""
    try:
        raw = services.pipedrive(conn_id).activity(int(item.id))
    except (CalsyncError, ValueError) as error:
        yield _unanswered(error, "", conn_id)
        return
    owners = accounts_of(int(raw.get("owner_id") or 0))
    if raw.get("is_deleted"):
        yield Look(Found.DELETED, owners[0].name if owners else "", conn_id)
        return
    row = _shown_activity(raw, owners[0].company_id if owners else "")
    if not owners:
        yield Look(Found.LIVE, "", conn_id, cause="no_account", shown=row)
        return
    said = _verdicts(services, owners, [row])
    for account in owners:
        verdict = next((each for each in said if each.account_id == account.id), None)
        if verdict is not None:
            yield Look(Found.LIVE, account.name, conn_id, verdict, verdict.cause, verdict.error, row)


def _shown_activity(raw: RawActivity, company_id: str) -> Observation:
    """Names of what it hangs on are left out: no rule for new items asks for them."""
    at = stamp(raw.get("update_time"))
    seen = Observation(NOBODY, "activities", company_id, str(raw["id"]), "live", None, dict(raw), at, None)
    try:
        return replace(seen, view=activity_view(raw, Context()).to_json())
    except (CalsyncError, ValueError) as error:
        return replace(seen, status="unreadable", error=str(error))


# Events.


def look_at_event(services: Services, item: ItemId, account: RunAccount) -> Look:
    """Ask for the event in the account's calendar: one request, and one if the event names its activity."""
    calendar_id = account.calendar_id or ""
    if not calendar_id:
        return Look(Found.UNASKED, account.name, calendar_id, cause="no_calendar")
    client = services.google(account.settings.google_conn_id, account.settings.google_user)
    try:
        raw = client.get_event(calendar_id, item.id)
    except (CalsyncError, ValueError) as error:
        return _unanswered(error, account.name, calendar_id)
    if raw.get("status") == "cancelled":
        return Look(Found.DELETED, account.name, calendar_id)
    row = observe.event(account.id, raw, calendar_id, timedelta(0), account.policy.private_events)
    cause = _left_out(services, raw, account)
    if cause:
        return Look(Found.LIVE, account.name, calendar_id, cause=cause, shown=row)
    said = _verdicts(services, [account], [row, *_named(services, raw, account)])
    mine = [verdict for verdict in said if verdict.account_id == account.id]
    verdict = mine[0] if mine else None
    failure = verdict.error if verdict is not None else None
    return Look(Found.LIVE, account.name, calendar_id, verdict, verdict.cause if verdict else "", failure, row)


def _left_out(services: Services, raw: RawEvent, account: RunAccount) -> str:
    """What a pull leaves out before any rule is asked."""
    ours = services.environment.deployments
    mark = read_mark(raw)
    if mark is not None and mark.event_id == raw["id"] and mark.company_id != account.company_id:
        return "other_company"
    if deployment.other_of(raw, account.company_id, ours) is not None:
        return "other_installation"
    if is_series(raw):
        return "whole_series"
    if is_occurrence(raw) and not _is_near(services, raw, account):
        return "outside_horizon"
    return unwanted(raw, account.policy.private_events) or ""


def _is_near(services: Services, raw: RawEvent, account: RunAccount) -> bool:
    try:
        return window_of(_run(services, [account]), account).overlaps(event_view(raw).when)
    except ValueError:
        return True  # it can't be read, which the rules tell


def _named(services: Services, raw: RawEvent, account: RunAccount) -> list[Observation]:
    """The activity that the event's mark names, if it is there."""
    mark = read_mark(raw)
    if mark is None or mark.event_id != raw["id"]:
        return []
    try:
        activity = services.pipedrive(account.settings.pipedrive_conn_id).activity(mark.activity_id)
    except CalsyncError:
        return []
    return [] if activity.get("is_deleted") else [_shown_activity(activity, account.company_id)]


# Both.


def _unanswered(error: Exception, where: str, place: str) -> Look:
    if isinstance(error, AlreadyDeleted):
        return Look(Found.DELETED, where, place)
    if isinstance(error, NotFound):
        return Look(Found.NOT_FOUND, where, place)
    return Look(Found.UNREADABLE, where, place, error=str(error))


def _run(services: Services, accounts: Iterable[RunAccount]) -> Run:
    request = RunRequest(dag_id="explain", kind="manual", owner="", dry_run=True)
    return Run("", request, list(accounts), services.clock())


def _verdicts(services: Services, accounts: list[RunAccount], shown: list[Observation]) -> list[Verdict]:
    resend_after = timedelta(seconds=services.environment.resend_after_s)
    with reading(services.engine) as conn:
        return verdicts(conn, _run(services, accounts), shown, now=services.clock(), resend_after=resend_after)


def edited_at(shown: Observation) -> datetime | None:
    """When the item was last edited, by its service's clock."""
    at = stamp((shown.raw or {}).get("update_time" if shown.side == Side.ACTIVITY else "updated"))
    return at.astimezone(UTC) if at is not None else None
