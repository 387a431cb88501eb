"""Series: RRULE, RDATE, EXRULE and EXDATE lines expanded to occurrences, and the ids of instances.

Source: RFC 5545, sections 3.3.10 and 3.8.5; Google Calendar API guide "Recurring events" for instance ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rrule, rruleset, rrulestr

from include.sandbox.google.errors import invalid
from include.sandbox.google.times import Time, length, shifted, show_utc, zone

MAX_OCCURRENCES = 5000
_LINE = re.compile(r"(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:]*)?):(.+)", re.IGNORECASE)
_CUT = re.compile(r"_R\d{8}(T\d{6})?$")
_INSTANCE_ID = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)")


def check_rules(lines: Any, start: Time) -> list[str]:
    """The recurrence of a request. Raises GoogleError 400 for DTSTART, DTEND and what cannot be read."""
    if not isinstance(lines, list) or not all(isinstance(line, str) and _LINE.fullmatch(line) for line in lines):
        raise invalid("Invalid recurrence rule.")
    try:
        _rules(lines, start, None)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise invalid("Invalid recurrence rule.") from error
    return list(lines)


def occurrences(data: dict[str, Any], until: datetime) -> Iterator[Time]:
    """The original starts of a stored series, in order, up to the aware instant ``until`` (inclusive)."""
    start: Time = data["start"]
    local_until = until.replace(tzinfo=None) if "date" in start else until
    for count, at in enumerate(_rules(data["recurrence"], start, local_until)):
        if at > local_until or count >= MAX_OCCURRENCES:
            return
        if "date" in start:
            yield {"date": at.date().isoformat()}
        else:
            yield {"dateTime": show_utc(at), "timeZone": start["timeZone"]}


def instance_id(series_id: str, original: Time) -> str:
    stamp = original.get("date") or original["dateTime"]
    return f"{series_id}_{stamp.replace('-', '').replace(':', '')}"


def split_instance_id(event_id: str) -> tuple[str, Time] | None:
    """The series and the original start (its zone still unknown) that an instance id names."""
    match = _INSTANCE_ID.fullmatch(event_id)
    if match is None:
        return None
    series_id, stamp = match.groups()
    try:
        if "T" not in stamp:
            return series_id, {"date": date.fromisoformat(stamp).isoformat()}
        return series_id, {"dateTime": show_utc(datetime.fromisoformat(stamp))}
    except ValueError:
        return None


def ended(lines: list[str], original: Time) -> list[str]:
    """The lines of a series that ends before this original start."""
    if "date" in original:
        last = (date.fromisoformat(original["date"]) - timedelta(days=1)).strftime("%Y%m%d")
    else:
        last = (datetime.fromisoformat(original["dateTime"]) - timedelta(seconds=1)).strftime("%Y%m%dT%H%M%SZ")
    return [_without(line, "COUNT", "UNTIL") + f";UNTIL={last}" if _is_rule(line) else line for line in lines]


def continued(data: dict[str, Any], original: Time) -> list[str]:
    """The lines of the series that goes on from this original start: of a counted one, what is left of the count."""
    lines: list[str] = data["recurrence"]
    if not any(_is_rule(line) and "COUNT=" in line.upper() for line in lines):
        return lines
    key = "date" if "date" in original else "dateTime"
    far = datetime(9000, 1, 1, tzinfo=UTC)
    left = sum(each[key] >= original[key] for each in occurrences(data, far))
    return [_without(line, "COUNT") + f";COUNT={left}" if _is_rule(line) else line for line in lines]


def cut_id(series_id: str, original: Time) -> str:
    """The id of the part that is cut off a series."""
    return f"{_CUT.sub('', series_id)}_R{instance_id('', original).strip('_Z')}"


def _is_rule(line: str) -> bool:
    return line.upper().startswith("RRULE")


def _without(line: str, *names: str) -> str:
    head, rule = line.split(":", 1)
    kept = [part for part in rule.split(";") if part.split("=")[0].upper() not in names]
    return f"{head}:{';'.join(kept)}"


def occurs(data: dict[str, Any], original: Time) -> bool:
    """Whether a series has an occurrence with this original start."""
    if ("date" in data["start"]) != ("date" in original):
        return False
    key = "date" if "date" in original else "dateTime"
    until = datetime.fromisoformat(original[key])
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return any(each[key] == original[key] for each in occurrences(data, until + timedelta(days=1)))


def instance_data(data: dict[str, Any], original: Time) -> dict[str, Any]:
    """The fields of one instance of a series as the series alone makes them."""
    made = {name: value for name, value in data.items() if name != "recurrence"}
    made["id"] = instance_id(data["id"], original)
    made["recurringEventId"] = data["id"]
    made["originalStartTime"] = original
    made["start"] = original
    made["end"] = {**shifted(original, length(data["start"], data["end"]))}
    return made


def _rules(lines: list[str], start: Time, until: datetime | None) -> rruleset:
    """The lines as dateutil's set. ``until`` bounds rules without a COUNT."""
    all_day = "date" in start
    own_zone: tzinfo | None = None if all_day else zone(start["timeZone"])
    first = datetime.fromisoformat(start["date"] if all_day else start["dateTime"])
    first = first if own_zone is None else first.astimezone(own_zone)
    rules = rruleset()
    rules.rdate(first)
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError("not a recurrence line")
        kind, parameters, value = match[1].upper(), match[2], match[3]
        if kind in ("RRULE", "EXRULE"):
            rule = rrulestr(_bounded(value, own_zone, until), dtstart=first)
            if not isinstance(rule, rrule):
                raise ValueError("not one rule")
            (rules.rrule if kind == "RRULE" else rules.exrule)(rule)
            continue
        for each in value.split(","):
            at = _date_value(each.split("/")[0], parameters, own_zone)
            (rules.rdate if kind == "RDATE" else rules.exdate)(at)
    return rules


def _bounded(rule: str, own_zone: tzinfo | None, until: datetime | None) -> str:
    """UNTIL brought to the form that dateutil wants for the start: UTC beside a zone, floating for all-day."""
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if part)
    if not re.fullmatch(r"0*[1-9]\d*", parts.get("COUNT", "1"), re.ASCII):
        raise ValueError("COUNT is a positive number")
    ends = [_date_value(parts["UNTIL"], "", own_zone, end_of_day=True)] if "UNTIL" in parts else []
    if until is not None and "COUNT" not in parts:
        ends.append(until)
    if ends:
        end = min(ends)
        parts["UNTIL"] = end.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if own_zone else end.strftime("%Y%m%dT%H%M%S")
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _date_value(text: str, parameters: str, own_zone: tzinfo | None, *, end_of_day: bool = False) -> datetime:
    """A DATE or DATE-TIME; floating (naive) for an all-day series, else aware."""
    text = text.strip()
    if "T" in text:
        at = datetime.fromisoformat(text.removesuffix("Z"))
    else:
        at = datetime.fromisoformat(text)
        at = at.replace(hour=23, minute=59, second=59) if end_of_day else at
    if own_zone is None:
        return at.replace(hour=0, minute=0, second=0)
    if text.endswith("Z"):
        return at.replace(tzinfo=UTC)
    named = re.search(r";TZID=([^;:]+)", parameters, re.IGNORECASE)
    return at.replace(tzinfo=zone(named[1]) if named else own_zone)
