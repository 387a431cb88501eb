"""The public state of the Google sandbox: set-up, edits as a person makes them in the UI, and what tests judge by."""

from __future__ import annotations

import copy
import secrets
from datetime import date, datetime, timedelta
from typing import Any

from include.sandbox.base import SandboxClock, locked
from include.sandbox.google import writes
from include.sandbox.google.auth import SERVICE_ACCOUNT, Auth, Principal
from include.sandbox.google.errors import invalid
from include.sandbox.google.guests import answer_organizer, spread, stub, with_response
from include.sandbox.google.quotas import Quotas
from include.sandbox.google.records import ROLES, Calendar, Stored, User
from include.sandbox.google.recurrence import continued, cut_id, ended, instance_data, instance_id, occurrences
from include.sandbox.google.render import Reader, show_event
from include.sandbox.google.times import show_ms, zone
from include.sandbox.google.tokens import Tokens
from include.sandbox.google.world import World

SPLIT_FIELDS = ("summary", "description", "location", "transparency", "visibility", "attendees", "extendedProperties",
                "reminders", "colorId")  # fmt: skip
PAST_THE_RULES = ("organizer", "creator", "created", "updated", "locked", "eventType", "status", "id", "iCalUID")
"""Fields that ``add_event`` sets as given, though no client may."""


class GoogleState(World):
    """Everything is thread-safe. Event dicts are in the API's own shape, as the calendar's owner would read them.

    ``mails``: every notification that requests would have sent. ``options``, ``quotas``: see there. ``auth``: tokens.
    """

    def __init__(self, clock: SandboxClock) -> None:
        super().__init__(clock)
        self.auth = Auth(clock, lambda: self.options)
        self.quotas = Quotas()
        self.tokens = Tokens(lambda: self.options, clock.now)
        self._new_calendar(SERVICE_ACCOUNT, SERVICE_ACCOUNT, SERVICE_ACCOUNT, "UTC", primary=True)

    # ---- people and calendars

    @locked
    def add_user(self, email: str, *, display_name: str = "", time_zone: str = "Europe/Berlin") -> str:
        """A user of the domain with a primary calendar, whose id (= the e-mail) is returned."""
        zone(time_zone)
        self.users[email] = User(email, display_name, time_zone)
        self.auth.emails.add(email)
        self._new_calendar(email, email, email, time_zone, primary=True)
        return email

    @locked
    def add_calendar(
        self, owner_email: str, summary: str, time_zone: str | None = None, *, app: str | None = None
    ) -> str:
        """A secondary calendar of a user; returns its id. The zone is the user's unless given."""
        user = self.users.get(owner_email)
        calendar_id = f"c_{secrets.token_hex(28)}@group.calendar.google.com"
        name = time_zone or (user.time_zone if user else "UTC")
        self._new_calendar(calendar_id, owner_email, summary, name, app=app)
        return calendar_id

    def _new_calendar(
        self,
        calendar_id: str,
        owner: str,
        summary: str,
        time_zone: str,
        *,
        primary: bool = False,
        app: str | None = None,
    ) -> Calendar:
        made = Calendar(
            id=calendar_id, summary=summary, time_zone=time_zone, owner=owner, etag=self.next_etag(),
            updated=self.clock.now(), primary=primary, app=app, acl={owner: "owner"},
        )  # fmt: skip
        made.listed_by[owner] = self.next_change()
        self.calendars[calendar_id] = made
        return made

    @locked
    def delete_calendar(self, calendar_id: str) -> None:
        """A secondary calendar goes, with all its events; guests' copies are cancelled."""
        calendar = self.calendars[calendar_id]
        for stored in list(calendar.order):
            if not stored.cancelled and stored.copied_to:
                self.commit(calendar, stored, {**stored.data, "status": "cancelled"})
                spread(self, calendar, stored)
        del self.calendars[calendar_id]
        self.tokens.expire(calendar_id)

    @locked
    def set_time_zone(self, calendar_id: str, time_zone: str) -> None:
        zone(time_zone)
        calendar = self.calendars[calendar_id]
        calendar.time_zone, calendar.etag = time_zone, self.next_etag()

    @locked
    def share(self, calendar_id: str, email: str, role: str) -> None:
        """Sets a role (``none`` takes access away; e-mail ``*`` = everybody). It invalidates this user's sync tokens.

        A user gets the calendar into his list; a service account does not: it would have to insert it.
        """
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")
        calendar = self.calendars[calendar_id]
        if role == "none":
            calendar.acl.pop(email, None)
            calendar.listed_by.pop(email, None)
        else:
            calendar.acl[email] = role
            if email in self.users:
                calendar.listed_by[email] = self.next_change()
        self.tokens.expire(calendar_id, email)

    # ---- events, as a person edits them in the UI

    @locked
    def add_event(self, /, calendar_id: str, **fields: Any) -> dict[str, Any]:
        """A new event, by the calendar's owner unless ``creator`` or ``organizer`` (dicts) say otherwise.

        ``start`` and ``end`` are API dicts, or aware datetimes or dates. Without ``end``: half an hour, or one day.
        ``id``, ``created``, ``updated``, ``status`` and ``eventType`` are taken as they are, and nobody is mailed.
        """
        calendar = self.calendars[calendar_id]
        body = self._body(calendar, fields)
        given = {name: body.pop(name) for name in PAST_THE_RULES if name in body}
        if given.get("id") in calendar.events:
            raise ValueError(f"event {given['id']!r} exists in {calendar_id!r}")
        if "id" in given:
            given.setdefault("iCalUID", f"{given['id']}@google.com")
        updated = given.pop("updated", None)
        if isinstance(given.get("created"), datetime):
            given["created"] = show_ms(given["created"])
        stored = writes.insert(self, calendar, body, self._manner(calendar), given=given)
        if updated is not None:
            stored.updated = datetime.fromisoformat(updated) if isinstance(updated, str) else updated
        return self.shown(calendar, stored)

    @locked
    def edit_event(self, /, calendar_id: str, event_id: str, **patch: Any) -> dict[str, Any]:
        """PATCH by the calendar's owner, without a mail. Also an instance (by its id), and a deleted event."""
        calendar = self.calendars[calendar_id]
        stored = self.find(calendar, event_id)
        writes.patch(self, calendar, stored, self._body(calendar, patch, stored), self._manner(calendar))
        return self.shown(calendar, stored)

    @locked
    def split_series(self, /, calendar_id: str, event_id: str, **patch: Any) -> dict[str, Any]:
        """ "This and following": the series ends before this instance, and a new one, changed by ``patch``, begins with
        it. As the live UI does (observed by third parties), the new one's id is the old one's, ``_R`` and the cut; any
        other if it was cut there before."""
        calendar = self.calendars[calendar_id]
        instance = self.find(calendar, event_id)
        original, series = instance.data["originalStartTime"], calendar.events[instance.series_id or ""]
        begin = instance_data(series.data, original)
        kept = {name: value for name, value in series.data.items() if name in SPLIT_FIELDS}
        fields = {**kept, "start": begin["start"], "end": begin["end"], "recurrence": continued(series.data, original)}
        lines = ended(series.data["recurrence"], original)
        writes.patch(self, calendar, series, {"recurrence": lines}, self._manner(calendar))
        cut = cut_id(series.id, original)
        return self.add_event(calendar_id, **({} if cut in calendar.events else {"id": cut}), **{**fields, **patch})

    @locked
    def delete_event(self, calendar_id: str, event_id: str) -> None:
        """Raises GoogleError 410 if it is deleted already."""
        calendar = self.calendars[calendar_id]
        writes.delete(self, calendar, self.find(calendar, event_id), self._manner(calendar))

    @locked
    def purge_event(self, calendar_id: str, event_id: str) -> None:
        """A deleted event disappears for good, as it does some day: then 404, and its id is free."""
        self.calendars[calendar_id].drop(event_id)

    @locked
    def move_event(self, calendar_id: str, event_id: str, destination: str) -> dict[str, Any]:
        """To another calendar; a cancelled stub stays behind, and the organizer changes."""
        source, target = self.calendars[calendar_id], self.calendars[destination]
        stored = source.events[event_id]
        data = {**stored.data, "organizer": {"email": target.id, "displayName": target.summary}}
        stored.bare = True
        self.commit(source, stored, stub({**stored.data, "status": "cancelled"}))
        if event_id in target.events:
            target.drop(event_id)
        moved = self.add(target, data)
        spread(self, target, moved)
        return self.shown(target, moved)

    @locked
    def duplicate_event(self, calendar_id: str, event_id: str) -> dict[str, Any]:
        """A copy by hand: a new id, and everything else as it was, private extended properties too."""
        calendar = self.calendars[calendar_id]
        data = dict(calendar.events[event_id].data)
        data["id"] = secrets.token_hex(13)
        data |= {"iCalUID": f"{data['id']}@google.com", "created": show_ms(self.clock.now()), "sequence": 0}
        return self.shown(calendar, self.add(calendar, data))

    @locked
    def rsvp(self, calendar_id: str, event_id: str, status: str, *, email: str | None = None) -> dict[str, Any]:
        """An attendee's answer; ``email`` is the calendar's owner unless given (a guest without a calendar here)."""
        calendar = self.calendars[calendar_id]
        stored = self.find(calendar, event_id)
        who, answer = email or calendar.id, {"responseStatus": status}
        self.commit(calendar, stored, with_response(stored.data, who, answer))
        if stored.data["organizer"]["email"] == calendar.id:
            spread(self, calendar, stored)
        else:
            answer_organizer(self, stored, who, answer)
        return self.shown(calendar, stored)

    @locked
    def touch_events(self, calendar_id: str, *event_ids: str) -> None:
        """New etag and ``updated``, same content; all live events unless named."""
        calendar = self.calendars[calendar_id]
        for stored in [calendar.events[each] for each in event_ids] or list(calendar.order):
            if event_ids or not stored.cancelled:
                self.commit(calendar, stored, dict(stored.data))

    @locked
    def distort_event(self, /, calendar_id: str, event_id: str, **members: Any) -> None:
        """Members that every answer shows instead of the true ones, past all rules; None leaves one out."""
        calendar = self.calendars[calendar_id]
        stored = calendar.events[event_id]
        stored.raw = members
        self.commit(calendar, stored, stored.data)

    # ---- what tests judge by

    @locked
    def events(self, calendar_id: str) -> dict[str, dict[str, Any]]:
        """Live and deleted events by id, with all details that are left; series as such, not expanded."""
        calendar = self.calendars[calendar_id]
        return {stored.id: self.shown(calendar, stored) for stored in calendar.order}

    @locked
    def event(self, calendar_id: str, event_id: str) -> dict[str, Any]:
        calendar = self.calendars[calendar_id]
        return self.shown(calendar, self.find(calendar, event_id))

    def shown(self, calendar: Calendar, stored: Stored) -> dict[str, Any]:
        """As the owner reads it, ``source`` included."""
        owner = Principal(stored.data.get("creator", {}).get("email", calendar.owner), frozenset(), "")
        return copy.deepcopy(show_event(stored, Reader.of(calendar, owner, "owner")))

    # ---- credentials, tokens, limits

    @locked
    def service_account_key(self) -> dict[str, str]:
        """A key file; its token_uri is this sandbox's."""
        return self.auth.service_account_key()

    @locked
    def oauth_client(self, email: str, scopes: list[str] | None = None) -> dict[str, str]:
        """``client_id``, ``client_secret``, ``refresh_token``, ``token_uri`` of a user's consent."""
        return self.auth.oauth_client(email, scopes)

    @locked
    def revoke(self, email: str) -> None:
        """From now on ``invalid_grant`` for this user (or for the service account), and 401 for tokens already
        issued."""
        self.auth.revoke(email)

    @locked
    def restore(self, email: str) -> None:
        """Ends ``revoke`` for the delegation; consents have to be given anew."""
        self.auth.restore(email)

    @locked
    def delegate(self, *scopes: str) -> None:
        """Scopes (short names such as ``calendar.events``) delegated to the service account; none = no delegation at
        all."""
        self.auth.delegated_scopes = frozenset(scopes)

    @locked
    def expire_access_tokens(self, email: str | None = None) -> None:
        """The next request with such a token is 401."""
        self.auth.expire_access_tokens(email)

    @locked
    def expire_sync_tokens(self, calendar_id: str | None = None) -> None:
        """The next incremental listing is 410 ``fullSyncRequired``."""
        self.tokens.expire(calendar_id)

    @locked
    def refuse_writes(self, calendar_id: str = "*", *, on: bool = True) -> None:
        """The operational limit: writes to this calendar (``*`` = all) are 403 ``quotaExceeded`` until switched off."""
        if on:
            self.write_refused.add(calendar_id)
        else:
            self.write_refused.discard(calendar_id)

    @locked
    def instances(self, calendar_id: str, series_id: str) -> list[dict[str, Any]]:
        """The live instances of a series, exceptions as such, up to the expansion's end."""
        calendar = self.calendars[calendar_id]
        series = calendar.events[series_id]
        until = self.clock.now() + timedelta(days=self.options.expansion_days)
        originals = () if series.cancelled else occurrences(series.data, until)
        found = [self.find(calendar, instance_id(series_id, original)) for original in originals]
        return [self.shown(calendar, each) for each in found if not each.cancelled]

    # ---- helpers

    def _manner(self, calendar: Calendar) -> writes.Manner:
        return writes.Manner(
            Principal(calendar.owner, frozenset(), "ui"), conference=True, attachments=True, mails=False
        )

    def _body(self, calendar: Calendar, fields: dict[str, Any], stored: Stored | None = None) -> dict[str, Any]:
        body = dict(fields)
        for side in ("start", "end"):
            if side in body:
                body[side] = _time(body[side], calendar.time_zone)
        start = body.get("start")
        if stored is None and "end" not in body and isinstance(start, dict):
            body["end"] = _default_end(start)
        if stored is not None:
            for side in ("start", "end"):
                if isinstance(body.get(side), dict):
                    body[side] = {"date": None, "dateTime": None, **body[side]}
        return body


def _time(value: Any, time_zone: str) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("only aware datetimes")
        return {"dateTime": value.isoformat(timespec="seconds"), "timeZone": time_zone}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _default_end(start: dict[str, Any]) -> dict[str, Any]:
    if start.get("date"):
        return {"date": (date.fromisoformat(start["date"]) + timedelta(days=1)).isoformat()}
    if not start.get("dateTime"):
        raise invalid("Invalid start time.")
    return {**start, "dateTime": (datetime.fromisoformat(start["dateTime"]) + timedelta(minutes=30)).isoformat()}
