"""Guests of a new event who are persons in Pipedrive become participants of its activity. Nobody is ever created."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.guests import outside_guests
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Body, Raw, RawItem
from include.calsync.errors import NotFound, RateLimited, RetryableError
from include.calsync.flows.run_account import RunAccount
from include.calsync.flows.services import Services
from include.calsync.store.directory import Directory

MOST_LOOKED_UP = 20
"""Guests of one event who are looked up: a search costs 20 tokens, and a large meeting is not about one deal."""


class Guests:
    """Looks guests up, each once a task, and known persons once a day."""

    def __init__(self, services: Services, account: RunAccount) -> None:
        self._services, self._account = services, account
        self._directory = Directory(services.engine, services.clock, read_only=False)
        self._known: dict[str, Raw | None] = {}
        self._deals: dict[int, list[int]] = {}
        self._asking = threading.Lock()

    def members(self, event: Raw, refs: Body) -> Body:
        """What an activity of this raw event hangs on: `participants`, `org_id`, `deal_id`; {} if nobody is known.

        `refs`: the same by links in its description, which count for more.
        """
        if is_veiled(event):
            return {}
        addresses = outside_guests(event, self._account.policy.own)[:MOST_LOOKED_UP]
        with self._asking:  # two meetings of one guest ask once
            return self._members(addresses, refs)

    def _members(self, addresses: Sequence[str], refs: Body) -> Body:
        persons = [person for address in addresses if (person := self._person(address)) is not None]
        if not persons:
            return {}
        linked = [int(each["person_id"]) for each in refs.get("participants", ())]
        ids = list(dict.fromkeys([*linked, *(int(person["id"]) for person in persons)]))
        out: Body = {"participants": [{"person_id": key, "primary": key == ids[0]} for key in ids]}
        primary = persons[0]
        if ids[0] != int(primary["id"]):
            return out
        if primary["org_id"] and "org_id" not in refs:
            out["org_id"] = int(primary["org_id"])
        deals = [] if {"deal_id", "lead_id"} & set(refs) else self._open_deals(ids[0])
        return out | ({"deal_id": deals[0]} if len(deals) == 1 else {})

    @property
    def _client(self) -> PipedriveClient:
        return self._services.pipedrive(self._account.settings.pipedrive_conn_id)

    def _person(self, address: str) -> Raw | None:
        if address not in self._known:
            name = hashlib.sha256(address.encode()).hexdigest()[:32]
            scope = f"person:{self._account.settings.pipedrive_conn_id}:{name}"
            try:
                self._known[address] = self._directory.get(scope, self._client.fingerprint, lambda: self._find(address))
            except NotFound:  # not remembered: somebody may add the person right now
                self._known[address] = None
        return self._known[address]

    def _find(self, address: str) -> RawItem:
        """The first person of this address. Raises NotFound."""
        try:
            items = self._client.persons_by_email(address)
        except RateLimited as error:  # maybe of searches alone: this activity waits, and the rest goes on
            raise RetryableError(str(error), status=error.status, reason=error.reason) from error
        for item in sorted(items, key=lambda item: int(item["id"])):
            emails = item.get("emails") or []
            known = {str(each.get("value") if isinstance(each, Mapping) else each).casefold() for each in emails}
            if address in known:
                return {"id": item["id"], "org_id": (item.get("organization") or {}).get("id")}
        raise NotFound("no person has this address")

    def _open_deals(self, person_id: int) -> list[int]:
        if person_id not in self._deals:
            self._deals[person_id] = [int(deal["id"]) for deal in self._client.open_deals(person_id)]
        return self._deals[person_id]
