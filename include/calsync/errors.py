"""Errors, named by their remedy.

Clients turn statuses into these in one table per service; flows decide by type and never by status.
No message may hold a secret or what a person typed.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Failure(StrEnum):
    """Why an account fails, in kinds: the page says each in its own words, whatever the message is."""

    REFUSED = "refused"
    """A credential was."""
    USER = "user"
    """The Pipedrive user is not found."""
    CALENDAR = "calendar"
    """The calendar is not found, or not to be written to."""
    CONNECTION = "connection"
    """It is missing, or filled in wrongly."""
    SETTINGS = "settings"
    CLASH = "clash"
    """Another account has the same calendar, or the same activities."""
    OTHERS = "others"
    """Another installation writes to the calendar."""
    UNANSWERED = "unanswered"
    """A service did not answer, or with trouble of its own."""
    LIMITED = "limited"
    DEFECT = "defect"
    OTHER = "other"


class CalsyncError(Exception):
    """Base of all errors that calsync raises on purpose. `failure`: which kind it is, if it fails an account."""

    failure = Failure.OTHER


class SettingsError(CalsyncError):
    """The configuration is wrong; `problems` names every place and remedy. Fails the run before any request."""

    failure = Failure.SETTINGS

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Unreadable(CalsyncError, ValueError):
    """What was read means nothing: quarantine the item. `str()` names no more than a date, a time or a length."""


class Defect(CalsyncError):
    """An error that nobody foresaw, caught at a border: one item's or one account's. The log has its traceback."""

    failure = Failure.DEFECT


class InfrastructureError(Exception):
    """Airflow can't be reached: no border stops this; the task fails, and is tried again."""


class AccountError(CalsyncError):
    """This account can't be synced until a person acts; the others go on. `str()` says what to do.

    As it is: for its connection. Other causes have classes of their own.
    """

    failure = Failure.CONNECTION


class UnusableSetting(AccountError):
    """One of the account's settings can't work."""

    failure = Failure.SETTINGS


class UnknownUser(AccountError):
    """The account's Pipedrive user is not found."""

    failure = Failure.USER


class UnusableCalendar(AccountError):
    """The account's calendar is not found, or the right to it does not suffice."""

    failure = Failure.CALENDAR


class OthersWrite(AccountError):
    """Another installation writes to the account's calendar."""

    failure = Failure.OTHERS


class AccountBusy(CalsyncError):
    """Another run holds the account's lease."""


class LeaseLost(CalsyncError):
    """A later try took the lease over: this one must stop without another write."""


class ServiceError(CalsyncError):
    """An answer (or none) of a service.

    `status` is None if no answer came; `server_time` is the HTTP `Date` if one was sent;
    `unknown_outcome` is true for a write that the service may have carried out.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        reason: str | None = None,
        server_time: datetime | None = None,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.server_time = server_time
        self.unknown_outcome = unknown_outcome


class RetryableError(ServiceError):
    """Passing trouble (5xx, no answer, broken body). Reads were already retried; try in a later run."""

    failure = Failure.UNANSWERED


class TooLate(RetryableError):
    """Not sent: the write would have left too long after its item was read. Read it, and decide again."""


class RecordError(ServiceError):
    """The service refuses this one item as it is: quarantine it."""


class Hidden(RecordError):
    """403 for one item while the credential works: it exists, and its user may not see it."""


class PartlyRefused(RecordError):
    """Some members of a write were refused; those in `written` were carried out."""

    def __init__(self, message: str, *, written: frozenset[str], **kwargs: object) -> None:
        super().__init__(message, unknown_outcome=True, **kwargs)  # type: ignore[arg-type]
        self.written = written


class NotFound(ServiceError):
    """404: never existed, or no longer visible. Not a proof of deletion."""


class AlreadyDeleted(ServiceError):
    """410 `deleted`: proof of deletion."""


class Duplicate(ServiceError):
    """409: the client-supplied event id is taken."""


class PreconditionFailed(ServiceError):
    """412: the event changed since its etag was read."""


class SyncTokenExpired(ServiceError):
    """410 `fullSyncRequired` or `updatedMinTooLongAgo`: do a full pull."""


class CredentialRefused(ServiceError, AccountError):
    """401, invalid_grant, unauthorized_client, missing scope or access: a person must renew the credential."""

    failure = Failure.REFUSED


class RateLimited(ServiceError):
    """Still limited after the allowed waiting; `retry_at` is the earliest useful time."""

    failure = Failure.LIMITED

    def __init__(self, message: str, *, retry_at: datetime | None = None, **kwargs: object) -> None:
        super().__init__(message, **kwargs)  # type: ignore[arg-type]
        self.retry_at = retry_at


class BudgetExhausted(RateLimited):
    """The company's daily token budget, Google's operational limit, or a block page: stop until `retry_at`."""


class FatalError(ServiceError):
    """The request itself is wrong: a defect of calsync or of its configuration. Never retried."""
