"""The activities of one user as pages: a list from a day on, and a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.base import Answer, Call
from include.sandbox.page_parts import HOME, PageError, Pages, form, number, see_other
from include.sandbox.pipedrive.schema import ACTIVITY_FIELDS
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.pipedrive.table import Row

FORM = "/_sandbox/activity"
LIST_COUNT = 60
TEXTS = {"subject": "subject", "type": "type", "duration": "duration", "place": "location"}
TEXTS |= {"description": "public_description", "note": "note"}


class ActivityPages(Pages):
    """List at `/_sandbox/`, form at `/_sandbox/activity`."""

    @property
    def state(self) -> PipedriveState:
        state = self.service.state
        assert isinstance(state, PipedriveState)
        return state

    def answer(self, call: Call) -> Answer | None:
        match call.method, call.path:
            case "GET", "/":
                return see_other(HOME)
            case "GET", path if path == HOME:
                return self._list(call)
            case "GET", path if path == FORM:
                return self._form({name: values[-1] for name, values in call.query.items()})
            case "POST", path if path == FORM:
                return self._post(form(call))
        return None

    def _list(self, call: Call) -> Answer:
        if not self.state.users:
            return self.render("problem.html", heading="No users yet")
        user = self._user(number({"user": call.one("user") or ""}, "user"))
        zone = zone_of(user)
        start = call.one("from") or self.state.clock.now().astimezone(zone).date().isoformat()
        rows = [row for row in self.state.live_activities(user["id"]) if local_when(row, zone) >= start]
        rows.sort(key=lambda row: local_when(row, zone))
        return self.render(
            "activities.html",
            heading=f"Activities of {user['name']}",
            said=call.one("said") or "",
            user=user,
            users=list(self.state.users.values()),
            rows=[line_of(self.state, row, zone) for row in rows[:LIST_COUNT]],
            total=len(rows),
            example_id=rows[0]["id"] if rows else 1,
            zone=zone.key,
            token=self.state.token_for(user["id"]),
            start=start,
        )

    def _form(self, query: Mapping[str, str], problem: str = "") -> Answer:
        """For the activity `id`, or a new one of `user`. After a problem the query holds what was typed."""
        row = self._activity(query) if query.get("id") else {"owner_id": number(query, "user")}
        user = self._user(row["owner_id"])
        zone = zone_of(user)
        return self.render(
            "activity.html",
            400 if problem else 200,
            heading="Activity" if row.get("id") else "New activity",
            problem=problem,
            row={"id": None, **row},
            user=user,
            zone=zone.key,
            values={**values_of(row, zone), **({k: v for k, v in query.items() if k != "id"} if problem else {})},
            types=self.state.activity_types,
            deals=sorted(self.state.deals.values(), key=lambda deal: str(deal["title"])),
        )

    def _post(self, fields: dict[str, str]) -> Answer:
        row = self._activity(fields) if fields.get("id") else None
        if row and fields.get("action") == "delete":
            self.state.delete_activity(row["id"])
            return see_other(HOME, user=row["owner_id"], said=f"Deleted: {row['subject']}")
        owner = row["owner_id"] if row else self._user(number(fields, "user"))["id"]
        try:
            changes = changes_of(fields, row or {}, zone_of(self._user(owner)))
            if row:
                row = self.state.edit_activity(row["id"], **changes)
            else:
                row = self.state.add_activity(**{"owner_id": owner, **changes})
        except ValueError as error:
            return self._form(fields, problem=str(error))
        return see_other(HOME, user=owner, said=f"Saved: {row['subject']} (activity {row['id']})")

    def _user(self, user_id: int | None) -> Row:
        """The first user without an id. Raises PageError."""
        user = self.state.users.get(user_id or next(iter(self.state.users), 0))
        if user is None:
            raise PageError("There is no such user.", 404)
        return user

    def _activity(self, fields: Mapping[str, str]) -> Row:
        row = self.state.activities.get(number(fields, "id") or 0)
        if row is None or row["is_deleted"]:
            raise PageError("There is no such activity, or it was deleted.", 404)
        return row


def line_of(state: PipedriveState, row: Row, zone: ZoneInfo) -> Row:
    """An activity as a row of a list."""
    about = (
        state.deals.get(row["deal_id"] or 0, {}).get("title") or state.leads.get(row["lead_id"] or "", {}).get("title"),
        state.persons.get(row["person_id"] or 0, {}).get("name"),
        state.organizations.get(row["org_id"] or 0, {}).get("name"),
        with_whom(row),
    )
    return {
        **row,
        "when": local_when(row, zone),
        "about": " · ".join(part for part in about if part),
        "place": (row["location"] or {}).get("value") or "",
    }


def activities_of_week(state: PipedriveState, user: Row, first: date, pairs: Mapping[str, str]) -> Row:
    """For the week in the other service. `pairs`: activity id -> what it is paired with there.

    It takes no lock: the other service's is held already. Rows are never changed, only replaced.
    """
    zone = zone_of(user)
    begin, end = first.isoformat(), (first + timedelta(days=7)).isoformat()
    rows = []
    for row in list(state.activities.values()):
        if row["is_deleted"] or row["owner_id"] != user["id"]:
            continue
        day, clock = local_start(row, zone)
        if begin <= day < end:
            line = line_of(state, row, zone)
            rows.append({**line, "date": day, "time": clock, "pair": pairs.get(str(row["id"]), "")})
    rows.sort(key=lambda row: str(row["when"]))
    return {"user": user["name"], "user_id": user["id"], "rows": rows}


def with_whom(row: Row) -> str:
    """Attendees, by name or address."""
    names = [str(each.get("name") or each.get("email")) for each in row.get("attendees") or ()]
    return f"with {', '.join(names)}" if names else ""


def zone_of(user: Row) -> ZoneInfo:
    return ZoneInfo(user.get("timezone_name") or "UTC")


def local_start(row: Row, zone: ZoneInfo) -> tuple[str, str]:
    """Date and time on the owner's wall, each "" where there is none. Nonsense is shown as it is stored."""
    day, clock = row.get("due_date") or "", row.get("due_time") or ""
    try:
        at = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return day, clock
    return at.date().isoformat(), at.strftime("%H:%M")


def local_when(row: Row, zone: ZoneInfo) -> str:
    return " ".join(part for part in local_start(row, zone) if part)


def values_of(row: Row, zone: ZoneInfo) -> dict[str, str]:
    """What the form shows of an activity; defaults for a new one."""
    day, clock = local_start(row, zone)
    shown = {name: row.get(field) or "" for name, field in TEXTS.items() if field != "location"}
    place = (row.get("location") or {}).get("value") or ""
    done = "yes" if row.get("done") else "no"
    return {**shown, "date": day, "time": clock, "place": place, "done": done, "deal": str(row.get("deal_id") or "")}


def changes_of(fields: Mapping[str, str], row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """What a posted form asks for: only the fields that were sent. Raises ValueError for the person to read."""
    changes: dict[str, Any] = {field: fields[name] or None for name, field in TEXTS.items() if name in fields}
    if "subject" in changes:
        changes["subject"] = fields["subject"].strip()
        if not changes["subject"]:
            raise ValueError("Subject is empty.")
    if "duration" in changes and ACTIVITY_FIELDS["duration"](changes["duration"] or ""):
        raise ValueError("Duration must be HH:MM.")
    if "done" in fields:
        changes["done"] = fields["done"] == "yes"
    if "deal" in fields:
        changes["deal_id"] = number(fields, "deal")
    if "date" in fields or "time" in fields:
        old_day, old_clock = local_start(row, zone)
        changes |= due(fields.get("date", old_day), fields.get("time", old_clock), zone)
    return {name: value for name, value in changes.items() if name != "type" or value}


def due(day: str, clock: str, zone: ZoneInfo) -> dict[str, str | None]:
    """due_date and due_time, UTC, of a date and time on the owner's wall. Raises ValueError."""
    if not day:
        if clock:
            raise ValueError("A time needs a date.")
        return {"due_date": None, "due_time": None}
    try:
        if not clock:
            return {"due_date": date.fromisoformat(day).isoformat(), "due_time": None}
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock))
        at = local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("Date must be YYYY-MM-DD and time HH:MM.") from error
    return {"due_date": at.date().isoformat(), "due_time": at.strftime("%H:%M")}
