"""A person's language and time zone, and how numbers and times are written in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from markupsafe import Markup

from calsync_airflow.web.words import LANGUAGES, Words, accepted

COOKIE = "calsync_page"
"""Written by `boot.js`: language and zone as Airflow's page has them, like `de|Europe/Berlin`."""
LOCALES = {"en": Locale("en", "GB")}
"""English without a country would mean American dates."""


@dataclass(frozen=True, slots=True)
class Local:
    """What a person reads: `words` in their language, times in their zone, all as seen at `now`."""

    words: Words
    zone: tzinfo
    zone_name: str
    now: datetime

    @classmethod
    def of(cls, request: Request, now: datetime) -> Self:
        """By the cookie; without one by `Accept-Language`, and UTC."""
        language, _, name = unquote(request.cookies.get(COOKIE, "")).partition("|")
        if language not in LANGUAGES:
            language = accepted(request.headers.get("accept-language"))
        known = name in available_timezones()
        return cls(LANGUAGES[language], ZoneInfo(name) if known else UTC, name if known else "UTC", now)

    @property
    def locale(self) -> Locale:
        """Babel's name for it."""
        return LOCALES.get(self.words.language) or Locale(self.words.language)

    def number(self, value: float) -> str:
        """Like 12,480 or 12.480."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """Of a share from 0 to 1, like 71%."""
        return format_percent(share, locale=self.locale)

    def here(self, at: datetime) -> datetime:
        """The instant in the person's zone."""
        return at.astimezone(self.zone)

    @property
    def today(self) -> date:
        """The person's date."""
        return self.here(self.now).date()

    def day(self, day: date) -> str:
        """Like 12 Nov; with the year if it is another one."""
        skeleton = "MMMd" if day.year == self.today.year else "yMMMd"
        return format_skeleton(skeleton, datetime(day.year, day.month, day.day), locale=self.locale)  # noqa: DTZ001

    def weekday(self, day: date) -> str:
        """Like Thu 12 Nov; with the year if it is another one."""
        skeleton = "MMMEd" if day.year == self.today.year else "yMMMEd"
        return format_skeleton(skeleton, datetime(day.year, day.month, day.day), locale=self.locale)  # noqa: DTZ001

    def clock(self, at: datetime) -> str:
        """Like 14:05."""
        return format_time(self.here(at), "short", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """As short as it is clear: 14:05 of today, else 12 Nov, 14:05."""
        here = self.here(at)
        return self.clock(at) if here.date() == self.today else f"{self.day(here.date())}, {self.clock(at)}"

    def length(self, length: timedelta) -> str:
        """Like 40 minutes."""
        return format_timedelta(length, locale=self.locale, threshold=1.2)

    def distance(self, at: datetime) -> str:
        """Like 2 minutes ago, or in 3 minutes; older than a day its date."""
        if abs(at - self.now) > timedelta(hours=24):
            return self.day(self.here(at).date())
        if abs(at - self.now) < timedelta(seconds=45):
            return self.words.say("now")
        return format_timedelta(at - self.now, add_direction=True, locale=self.locale, threshold=1.2)

    def ago(self, at: datetime) -> Markup:
        """A `time` element: the distance, and the exact time for who points at it."""
        exact = format_datetime(self.here(at), "medium", locale=self.locale)
        element = '<time datetime="{}" title="{}">{}</time>'
        return Markup(element).format(at.astimezone(UTC).isoformat(timespec="seconds"), exact, self.distance(at))

    def date_long(self, day: date) -> str:
        """Like 12 November 2026."""
        return format_date(day, "long", locale=self.locale)
