"""Google Calendar's listings, page by page, and what the last page of one says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from include.calsync.clients.transport import Answer
from include.calsync.core import received
from include.calsync.core.raw import RawEvent
from include.calsync.errors import RetryableError, ServiceError, SyncTokenExpired


class EventListing:
    """One complete walk through a calendar's events. The attributes below hold after the pages have been read.

    `next_sync_token` (None before the last page, and where Google gives none), `access_role`, `time_zone` (IANA name)
    and `server_time` (`Date` of the first page).
    """

    def __init__(self, send: Callable[[Mapping[str, str], bool], Answer], params: Mapping[str, str]) -> None:
        self._send = send
        self._params = params
        self.next_sync_token: str | None = None
        self.access_role = ""
        self.time_zone = ""
        self.server_time: datetime | None = None

    def pages(self) -> Iterator[list[RawEvent]]:
        """Pages of at most 2500 events, deleted ones included; a page may be empty while more follow.

        Bounded listings may end without a sync token; others were seen to do so without a visible cause (issues 1141
        of google-api-php-client and 610 of google-api-dotnet-client). Raises SyncTokenExpired if the token can't be
        used any more.
        """
        for answer in pages(self._first_or_next, self._params):
            body = answer.body
            self.next_sync_token = body.get("nextSyncToken")
            self.access_role = body.get("accessRole", "")
            self.time_zone = body.get("timeZone", "")
            yield [received.event(each) for each in body.get("items", [])]

    def _first_or_next(self, params: Mapping[str, str]) -> Answer:
        first = "pageToken" not in params
        try:
            answer = self._send(params, first)
        except ServiceError as error:
            # A token of another calendar may be answered 400, an unusable one 410 of any reason.
            passing = isinstance(error, RetryableError)
            if "syncToken" in params and error.status in (400, 410) and not passing:
                raise SyncTokenExpired(
                    str(error), status=error.status, reason=error.reason, server_time=error.server_time
                ) from None
            raise
        if first:
            self.server_time = answer.server_time
        return answer


def pages(send: Callable[[Mapping[str, str]], Answer], params: Mapping[str, str]) -> Iterator[Answer]:
    """All pages. A page token that comes twice would never end."""
    token: str | None = None
    seen: set[str] = set()
    while True:
        answer = send(params if token is None else {**params, "pageToken": token})
        yield answer
        token = answer.body.get("nextPageToken")
        if not token:
            return
        if token in seen:
            raise RetryableError("Google Calendar: a page token came twice.", reason="page_token_repeats")
        seen.add(token)
