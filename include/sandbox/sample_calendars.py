"""What the sample company's people have in their Google calendars, beside everything that comes from Pipedrive.

Private, all-day, recurring, declined and foreign-organised events, events with guests, and plain ones: all of them old.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.base import SandboxClock
from include.sandbox.google.state import GoogleState

ENTERED_DAYS_AGO = 2
CUSTOMER = {"email": "grace.mitchell@kunde.example", "displayName": "Grace Mitchell"}
TEAM_ORGANIZER = 0
"""Who of the people invites the others to the team meetings."""
GERMAN = {
    "dentist": "Zahnarzt",
    "lunch": "Mittagessen mit dem Team",
    "report": "Quartalsbericht schreiben",
    "school": "Elternabend",
    "train": "Nachtzug nach Zürich",
    "focus": "Ungestört arbeiten",
    "fair": "Messe Düsseldorf",
    "holiday": "Urlaub",
    "birthday": "Geburtstag Käthe",
    "doctor": "Physiotherapie",
    "bank": "Bank",
    "stand-up": "Stand-up",
    "anniversary": "Hochzeitstag",
    "supplier": "Lieferantentag",
    "webinar": "Webinar: neues Portal",
    "kick-off": "Projektstart mit Kunden",
}
ENGLISH = {
    "dentist": "Dentist",
    "lunch": "Team lunch",
    "report": "Write the quarterly report",
    "school": "Parents' evening",
    "train": "Night train",
    "focus": "Focus time",
    "fair": "Trade fair",
    "holiday": "Annual leave",
    "birthday": "Zoë's birthday",
    "doctor": "Physiotherapy",
    "bank": "Bank",
    "stand-up": "Stand-up",
    "anniversary": "Wedding anniversary",
    "supplier": "Supplier day",
    "webinar": "Webinar: new portal",
    "kick-off": "Project kick-off with customer",
}


def fill_calendars(google: GoogleState, people: Sequence[tuple[str, str, str]], today: date) -> None:
    """People are (e-mail, name, zone). Everything counts as entered some days ago."""
    with google.lock, _earlier(google.clock):
        for email, name, zone in people:
            google.add_user(email, display_name=name, time_zone=zone)
        for number, (email, _, zone) in enumerate(people):
            others = [other for other, _, _ in people if other != email]
            diary = _Diary(google, email, ZoneInfo(zone), today, shift_days=number)
            diary.fill(others if number == TEAM_ORGANIZER else [])


@contextmanager
def _earlier(clock: SandboxClock) -> Iterator[None]:
    clock.advance(-86_400 * ENTERED_DAYS_AGO)
    try:
        yield
    finally:
        clock.advance(86_400 * ENTERED_DAYS_AGO)


class _Diary:
    """One person's primary calendar."""

    def __init__(self, google: GoogleState, email: str, zone: ZoneInfo, today: date, *, shift_days: int) -> None:
        self.google = google
        self.email = email
        self.zone = zone
        self.today = today
        self.shift_days = shift_days
        self.titles = GERMAN if zone.key == "Europe/Berlin" else ENGLISH

    def fill(self, team: Sequence[str]) -> None:
        self._plain()
        self._all_day()
        self._private()
        self._series()
        self._by_others()
        if team:
            self._with_guests(team)

    def _plain(self) -> None:
        shift = self.shift_days
        self._add("dentist", self._timed(-20 + shift, 8, 45), location="Praxis Dr. Weiß")
        self._add("lunch", self._timed(-3 - shift, 12, 60), description="<b>Table</b> for six<br>Café Schön")
        self._add("report", self._timed(4 + shift, 9, 120), transparency="transparent")
        self._add("school", self._timed(9 + shift, 19, 90), location="Raum 12", colorId="5")
        self._add("train", self._timed(12 + shift, 22, 10 * 60))
        self._add("focus", self._timed(2 + shift, 8, 120), eventType="focusTime")

    def _all_day(self) -> None:
        shift = self.shift_days
        self._add("fair", self._whole(15, 3), location="Messe Düsseldorf")
        self._add("holiday", self._whole(33 + 7 * shift, 12), transparency="opaque")
        self._add("birthday", self._whole(6 + shift, 1), transparency="transparent")

    def _private(self) -> None:
        self._add("doctor", self._timed(5 + self.shift_days, 17, 45), visibility="private")
        self._add("bank", self._timed(-8, 16, 30), visibility="private", description="Bring the papers")

    def _series(self) -> None:
        """A weekly one with a moved and a cancelled occurrence, and a yearly all-day one."""
        monday = -self.today.weekday() - 28
        weekly = self._add("stand-up", self._timed(monday, 9, 15), recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=26"])
        moved, cancelled = (self._instance(weekly, monday + 7 * week, 9) for week in (5, 6))
        self.google.edit_event(self.email, moved, **self._timed(monday + 7 * 5 + 1, 11, 15))
        self.google.delete_event(self.email, cancelled)
        self._add("anniversary", self._whole(40, 1), recurrence=["RRULE:FREQ=YEARLY"], transparency="transparent")

    def _by_others(self) -> None:
        """Organised by a customer: one accepted, one declined."""
        for title, days, answer in (("supplier", 7, "accepted"), ("webinar", 10, "declined")):
            guests = [{**CUSTOMER, "organizer": True, "responseStatus": "accepted"}]
            guests.append({"email": self.email, "responseStatus": answer})
            self._add(title, self._timed(days, 14, 60), organizer=CUSTOMER, creator=CUSTOMER, attendees=guests)

    def _with_guests(self, team: Sequence[str]) -> None:
        guests = [{"email": email, "responseStatus": "needsAction"} for email in (*team, CUSTOMER["email"])]
        self._add("kick-off", self._timed(8, 15, 60), attendees=guests, location="Besprechungsraum Süd")

    def _add(self, title: str, when: dict[str, Any], **fields: Any) -> str:
        """The id follows from owner and title, so that the same sample has the same ids."""
        digest = hashlib.sha256(f"{self.email}:{title}".encode()).digest()[:15]
        event_id = base64.b32hexencode(digest).decode().lower()
        self.google.add_event(self.email, id=event_id, summary=self.titles[title], **when, **fields)
        return event_id

    def _timed(self, days: int, hour: int, minutes: int) -> dict[str, Any]:
        start = self._at(days, hour)
        end = (start.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(self.zone)
        return {"start": start, "end": end}

    def _whole(self, days: int, count: int) -> dict[str, Any]:
        first = self.today + timedelta(days=days)
        return {"start": first, "end": first + timedelta(days=count)}

    def _at(self, days: int, hour: int) -> datetime:
        return datetime.combine(self.today + timedelta(days=days), time(hour), self.zone)

    def _instance(self, series_id: str, days: int, hour: int) -> str:
        return f"{series_id}_{self._at(days, hour).astimezone(UTC):%Y%m%dT%H%M%SZ}"
