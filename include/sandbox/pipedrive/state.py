"""The company in Pipedrive: its users, people, deals and activities, and what a person does to them in the app.

Every public method holds the service's lock. Rows that are handed out are never changed later, and must not be changed.
Methods act as a person in Pipedrive's own pages does: no token is spent, and `update_time` moves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from include.sandbox.base import locked
from include.sandbox.pipedrive import entities
from include.sandbox.pipedrive.activities import BLANK, edited, normalised, stamp
from include.sandbox.pipedrive.auth import Tokens
from include.sandbox.pipedrive.limits import Clock, RateLimits
from include.sandbox.pipedrive.options import DEFAULT_SCOPES, Options
from include.sandbox.pipedrive.table import Row, Table

KINDS = ("activity", "deal", "person", "organization", "lead", "user")


class PipedriveState:
    """One company.

    `activities`, `persons`, `organizations`, `deals`, `leads` and `users` are live dicts by id, to look at.
    """

    def __init__(self, clock: Clock, options: Options | None = None, *, seed: int | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.options = options or Options()
        self.seed = seed
        self.tokens = Tokens(self.options, clock, seed)
        self.limits = RateLimits(self.options, clock, lambda: sum(user["active_flag"] for user in self.users.values()))
        self.service_url: Callable[[], str] = lambda: ""
        self.tables = {"activity": Table(("update_time", "add_time", "due_date"))}
        self.tables |= {kind: Table(("update_time", "add_time")) for kind in ("deal", "person", "organization")}
        self.users: dict[int, Row] = {}
        self.leads: dict[str, Row] = {}
        self.connections: dict[int, str] = {}
        """User id -> the Google account that this user connected for Pipedrive's own syncs."""
        self.edited_deals: set[int] = set()
        self.users_shown_count = 0
        """How often a user was shown: each time with another order of rights, where the option says so."""
        self.activity_types: list[Row] = []
        self.priorities: list[Row] = [
            {"id": number, "label": label} for number, label in ((521, "High"), (522, "Medium"), (523, "Low"))
        ]
        self.filters: dict[int, Callable[[Row], bool]] = {}
        self.hidden: dict[int, set[tuple[str, int | str]]] = {}
        self._company: Row = {"id": 4711, "name": "Acme GmbH", "domain": "acme", "country": "DE", "industry": None}
        for key, name in entities.DEFAULT_TYPES:
            self._add_type(key, name, custom=False)

    @property
    def activities(self) -> dict[int, Row]:
        return self.tables["activity"].rows

    @property
    def persons(self) -> dict[int, Row]:
        return self.tables["person"].rows

    @property
    def organizations(self) -> dict[int, Row]:
        return self.tables["organization"].rows

    @property
    def deals(self) -> dict[int, Row]:
        return self.tables["deal"].rows

    # The company and its users.

    @locked
    def company(self, /, **changes: Any) -> Row:
        """The company (id, name, domain, country, industry), after `changes`."""
        self._company = {**self._company, **changes}
        return dict(self._company)

    @locked
    def add_user(self, /, name: str, email: str, timezone_name: str = "Europe/Berlin", **fields: Any) -> Row:
        """A user as /v1/users shows it; `fields` override."""
        number = fields.pop("id", None) or 11 + len(self.users)
        self.users[number] = entities.user_row(number, name, email, timezone_name, self._now()) | fields
        return self.users[number]

    @locked
    def edit_user(self, /, user_id: int, **fields: Any) -> Row:
        """E.g. timezone_name, active_flag. A field set to ... is taken away."""
        row = {**self.users[user_id], **fields, "modified": entities.v1_stamp(self._now())}
        self.users[user_id] = {name: value for name, value in row.items() if value is not ...}
        return self.users[user_id]

    @locked
    def token_for(self, user_id: int) -> str:
        """The user's API token. Raises KeyError."""
        return self.tokens.api_token(self.users[user_id]["id"])

    @locked
    def regenerate_token(self, user_id: int) -> str:
        """A new API token; the old one answers 401 from now on."""
        return self.tokens.regenerate(self.users[user_id]["id"])

    @locked
    def oauth_client(self, user_id: int, scopes: str = DEFAULT_SCOPES) -> dict[str, str]:
        """client_id, client_secret, refresh_token and token_url of a consent by that user."""
        grant = self.tokens.grant(self.users[user_id]["id"], scopes)
        names = ("client_id", "client_secret", "refresh_token")
        return {name: getattr(grant, name) for name in names} | {"token_url": f"{self.service_url()}/oauth/token"}

    @locked
    def revoke_oauth(self, user_id: int) -> None:
        """The user withdraws the consent: refresh answers invalid_grant, access tokens 401."""
        self.tokens.revoke(user_id)

    @locked
    def expire_access_tokens(self) -> None:
        """Access tokens answer 401 until refreshed."""
        self.tokens.expire_access()

    @locked
    def hide(self, user_id: int, kind: str, ids: Iterable[int | str]) -> None:
        """Take things of one kind out of what that user (and so their token) sees.

        A hidden user's activities are hidden too.
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        self.hidden.setdefault(user_id, set()).update((kind, each) for each in ids)

    @locked
    def unhide(self, user_id: int) -> None:
        """That user sees everything again."""
        self.hidden.pop(user_id, None)

    def sees(self, user_id: int, kind: str, row: Row) -> bool:
        """Whether that user's token sees the row."""
        hidden = self.hidden.get(user_id)
        if not hidden:
            return True
        return (kind, row["id"]) not in hidden and (kind != "activity" or ("user", row["owner_id"]) not in hidden)

    # What activities hang on.

    @locked
    def add_activity_type(self, key_string: str, name: str | None = None, *, active: bool = True) -> Row:
        return self._add_type(key_string, name or key_string, custom=True, active=active)

    @locked
    def add_person(
        self,
        /,
        name: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        org_id: int | None = None,
        owner_id: int | None = None,
        at: datetime | None = None,
        **fields: Any,
    ) -> Row:
        """A person; `at` is when it was added. `fields` override, e.g. emails, phones."""
        row = entities.person_row(
            self.tables["person"].next_id(),
            name,
            at or self._now(),
            owner_id=owner_id or self._first_user(),
            org_id=org_id,
            emails=entities.contact_values(email),
            phones=entities.contact_values(phone),
        )
        return self.tables["person"].put(row | fields)

    @locked
    def add_organization(
        self,
        /,
        name: str,
        *,
        address: str | None = None,
        owner_id: int | None = None,
        at: datetime | None = None,
        **fields: Any,
    ) -> Row:
        number = self.tables["organization"].next_id()
        owner = owner_id or self._first_user()
        row = entities.organization_row(number, name, at or self._now(), owner_id=owner, address=address)
        return self.tables["organization"].put(row | fields)

    @locked
    def add_deal(
        self,
        /,
        title: str,
        *,
        person_id: int | None = None,
        org_id: int | None = None,
        owner_id: int | None = None,
        value: float = 0,
        at: datetime | None = None,
        **fields: Any,
    ) -> Row:
        row = entities.deal_row(
            self.tables["deal"].next_id(), title, at or self._now(), owner_id=owner_id or self._first_user(),
            person_id=person_id, org_id=org_id, value=value,
        )  # fmt: skip
        if "update_time" in fields:
            self.edited_deals.add(row["id"])
        return self.tables["deal"].put(row | fields)

    @locked
    def add_lead(
        self,
        title: str,
        *,
        person_id: int | None = None,
        org_id: int | None = None,
        owner_id: int | None = None,
        at: datetime | None = None,
    ) -> Row:
        lead_id = entities.lead_uuid(self.seed, len(self.leads))
        self.leads[lead_id] = entities.lead_row(
            lead_id,
            title,
            at or self._now(),
            owner_id=owner_id or self._first_user(),
            person_id=person_id,
            org_id=org_id,
        )
        return self.leads[lead_id]

    def rename_deal(self, deal_id: int, title: str) -> Row:
        return self.edit_entity("deal", deal_id, title=title)

    def rename_person(self, person_id: int, name: str) -> Row:
        return self.edit_entity("person", person_id, name=name)

    def rename_organization(self, org_id: int, name: str) -> Row:
        return self.edit_entity("organization", org_id, name=name)

    def archive_deal(self, deal_id: int) -> Row:
        """Out of the lists, but still there by id."""
        return self.edit_entity("deal", deal_id, is_archived=True, archive_time=stamp(self._now()))

    def delete_deal(self, deal_id: int) -> Row:
        return self.edit_entity("deal", deal_id, is_deleted=True, status="deleted")

    @locked
    def rename_lead(self, lead_id: str, title: str) -> Row:
        self.leads[lead_id] = {**self.leads[lead_id], "title": title, "update_time": entities.lead_stamp(self._now())}
        return self.leads[lead_id]

    @locked
    def archive_lead(self, lead_id: str, *, archived: bool = True) -> Row:
        """Out of the list, but still there by id."""
        stamped = {"is_archived": archived, "update_time": entities.lead_stamp(self._now())}
        self.leads[lead_id] = {**self.leads[lead_id], **stamped}
        return self.leads[lead_id]

    @locked
    def edit_entity(self, /, kind: str, number: int, **fields: Any) -> Row:
        """Edit a deal, person or organization. Activities keep their update_time, unless the option says otherwise."""
        table = self.tables[kind]
        if kind == "deal":
            self.edited_deals.add(number)
        row = table.put({**table.rows[number], **fields, "update_time": stamp(self._now())})
        if self.options.rename_touches_activities and kind != "activity":
            link = "org_id" if kind == "organization" else f"{kind}_id"
            self.touch_activities([a["id"] for a in self.activities.values() if a[link] == number])
        return row

    # Activities.

    @locked
    def add_activity(self, /, subject: str = "Call", *, at: datetime | None = None, **fields: Any) -> Row:
        """A new activity in v2's shape.

        `location` may be text; `person_id` makes a primary participant; `at` is the time of adding. Raises ValueError
        on an unknown type, user, deal, lead, person or organization.
        """
        owner = fields.get("owner_id") or self._first_user()
        return self.insert_activity({"subject": subject, **fields, "owner_id": owner}, owner, at)

    @locked
    def edit_activity(self, /, activity_id: int, *, at: datetime | None = None, **fields: Any) -> Row:
        """Change fields, as add_activity takes them; None clears. Raises KeyError, ValueError."""
        return self.change_activity(activity_id, fields, at)

    @locked
    def delete_activity(self, activity_id: int) -> Row:
        """Soft: the row stays with is_deleted, and update_time is when. Raises KeyError."""
        return self.change_activity(activity_id, {"is_deleted": True})

    @locked
    def restore_activity(self, activity_id: int) -> Row:
        return self.change_activity(activity_id, {"is_deleted": False})

    @locked
    def purge_activity(self, activity_id: int) -> None:
        """The final removal, 30 days after the soft one."""
        self.tables["activity"].remove(activity_id)

    @locked
    def touch_activities(self, ids: Iterable[int] | None = None) -> None:
        """Bump update_time without any change (default: of all)."""
        for number in list(self.activities if ids is None else ids):
            self.change_activity(number, {})

    @locked
    def put_raw_activity(self, /, activity_id: int, **fields: Any) -> Row:
        """Set fields to anything at all, unchecked; update_time is bumped unless given."""
        bumped = {"update_time": stamp(self._now())}
        return self.tables["activity"].put({**self.activities[activity_id], **bumped, **fields})

    @locked
    def live_activities(self, owner_id: int | None = None) -> list[Row]:
        """The activities that are not deleted, by id."""
        rows = (row for row in self.activities.values() if not row["is_deleted"])
        return sorted((row for row in rows if owner_id in (None, row["owner_id"])), key=lambda row: int(row["id"]))

    @locked
    def add_filter(self, accept: Callable[[Row], bool]) -> int:
        """A saved filter over activities; its id."""
        number = len(self.filters) + 1
        self.filters[number] = accept
        return number

    @locked
    def insert_activity(self, values: Mapping[str, Any], creator_id: int | None, at: datetime | None = None) -> Row:
        """A new row by API or page. Raises ValueError."""
        now = at or self._now()
        changes = normalised(self._resolved(values), self.options)
        added = stamp(now)
        row = {**BLANK, "id": self.tables["activity"].next_id(), "owner_id": creator_id, "creator_user_id": creator_id}
        return self.tables["activity"].put(edited(row | {"add_time": added}, changes, now))

    @locked
    def change_activity(self, activity_id: int, values: Mapping[str, Any], at: datetime | None = None) -> Row:
        """A changed row by API or page. Raises KeyError, ValueError."""
        row = self.activities[activity_id]
        changes = normalised(self._resolved(values), self.options)
        return self.tables["activity"].put(edited(row, changes, at or self._now()))

    def _resolved(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Participants out of person_id, the deal's contacts where the option wants them; references checked."""
        out = dict(values)
        deal = self.deals.get(out.get("deal_id") or 0)
        if self.options.fill_from_deal and deal:
            out.setdefault("org_id", deal["org_id"])
            if not out.get("participants"):
                out.setdefault("person_id", deal["person_id"])
        if "person_id" in out:
            person = out.pop("person_id")
            out.setdefault("participants", [{"person_id": person, "primary": True}] if person else [])
        self._check_references(out)
        return out

    def _check_references(self, values: Mapping[str, Any]) -> None:
        known: dict[str, Mapping[Any, Row]] = {
            "owner_id": self.users,
            "deal_id": self.deals,
            "org_id": self.organizations,
            "lead_id": self.leads,
        }
        for name, rows in known.items():
            if values.get(name) and values[name] not in rows:
                raise ValueError(f"{name} {values[name]} not found")
        for each in values.get("participants") or []:
            if each["person_id"] not in self.persons:
                raise ValueError(f"person_id {each['person_id']} not found")
        if "type" in values and values["type"] not in {each["key_string"] for each in self.activity_types}:
            raise ValueError(f"type {values['type']} not found")

    def _add_type(self, key: str, name: str, *, custom: bool, active: bool = True) -> Row:
        row = entities.type_row(len(self.activity_types) + 1, key, name, self._now(), custom=custom, active=active)
        self.activity_types.append(row)
        return row

    def _first_user(self) -> int | None:
        return next(iter(self.users), None)

    def _now(self) -> datetime:
        return self.clock.now()
