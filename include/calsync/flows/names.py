"""Names for titles and context blocks: deals, leads, persons, organizations, looked up for the pages that need them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.links import site
from include.calsync.core.model import Context
from include.calsync.core.raw import Json, Raw, RawItem
from include.calsync.errors import Hidden, NotFound, Unreadable
from include.calsync.flows.services import Services
from include.calsync.flows.trouble import ITEMS, Troubles
from include.calsync.store import directory
from include.calsync.store.transaction import reading


class Unread(Unreadable):
    """What an item hangs on was not answered: the item is set aside, and read again."""


def domain_of(services: Services, conn_id: str) -> str:
    """The subdomain of the company that a Pipedrive connection opens; "" if it is not known yet."""
    with reading(services.engine) as conn:
        company = directory.read(conn, f"pipedrive:{conn_id}") or {}
    return str(company.get("domain") or "")


def site_of(services: Services, conn_id: str) -> str:
    """Where people open the pages of that company."""
    return site(services.pipedrive(conn_id).base_url, domain_of(services, conn_id))


def shown_names(kind: str, row: Raw) -> dict[str, str]:
    """What events show of a deal, lead, person or organization, by part of the context."""
    if kind in ("deal", "lead"):
        return {"deal": _text(row.get("title"))}
    if kind == "organization":
        return {"organization": _text(row.get("name"))}
    contact = {"phone": _primary(row.get("phones")), "email": _primary(row.get("emails"))}
    return {"person": _text(row.get("name")), **contact}


class Names:
    """Looks names up by the hundred and remembers them for one run. `site`: where their pages are, as of `site_of`."""

    def __init__(self, client: PipedriveClient, site: str) -> None:
        self._client, self._site = client, site
        self._known: dict[tuple[str, str], Raw] = {}
        self._asked: set[tuple[str, str]] = set()
        self._unread: dict[str, str] = {}
        self._troubles = Troubles()

    def learn(self, refs: Iterable[Sequence[str]]) -> None:
        """Ask for everything that activities hang on (deal or lead, person, organization) and that is not known yet."""
        wanted: dict[str, set[str]] = {"deal": set(), "person": set(), "organization": set()}
        for triple in refs:
            for kind, ref in zip(wanted, triple, strict=True):
                if ref and (kind, ref) not in self._known:
                    wanted[kind].add(ref)
        self._learn_leads({ref for ref in wanted["deal"] if not ref.isdigit()})
        wanted["deal"] = {ref for ref in wanted["deal"] if ref.isdigit()}
        self._learn("deal", wanted["deal"], self._client.deals)
        self._learn("person", wanted["person"], self._client.persons)
        self._learn("organization", wanted["organization"], self._client.organizations)
        for ref in wanted["deal"]:
            if not self._known["deal", ref]:
                self._known["deal", ref] = self._one(ref, partial(self._client.deal, int(ref)))  # archived

    def learn_by_the_hundred(self, refs: Iterable[Sequence[str]]) -> None:
        """Ask for deals, persons and organizations that are not known yet; for what is not found there, nobody asks."""
        asked: dict[str, Callable[[list[int]], list[RawItem]]] = {
            "deal": self._client.deals,
            "person": self._client.persons,
            "organization": self._client.organizations,
        }
        refs = list(refs)
        for at, (kind, ask) in enumerate(asked.items()):
            wanted = {each[at] for each in refs if each[at].isdigit()} - {key for of, key in self._asked if of == kind}
            self._asked |= {(kind, key) for key in wanted}
            found = ask(sorted(int(key) for key in wanted)) if wanted else []
            self._known |= {(kind, str(item["id"])): item for item in found}

    def renewed(self, refs: Sequence[str], context: Context) -> Context:
        """The context with the names that are known by now; what is not found keeps its name."""
        return dataclasses.replace(context, **self._shown(refs))

    def are_others(self, refs: Sequence[str], context: Json) -> bool:
        """Whether a context (as stored) shows another name than is known by now."""
        return any(context.get(part) != name for part, name in self._shown(refs).items())

    def _shown(self, refs: Sequence[str]) -> dict[str, str]:
        shown: dict[str, str] = {}
        for kind, ref in zip(("deal", "person", "organization"), refs, strict=True):
            if found := self._known.get((kind, ref)):
                shown |= shown_names(kind, found)
        return shown

    def context(self, refs: Sequence[str]) -> Context:
        """Names and contact details of one activity; nothing for what can't be seen.

        Raises Unread for what is not answered: without its name the title would be another one.
        """
        deal, person, organization = refs
        if deal in self._unread:
            raise Unread(f"its deal or lead: {self._unread[deal]}")
        found = self._known.get(("person", person), {})
        return Context(
            deal=_text(self._known.get(("deal", deal), {}).get("title")),
            person=_text(found.get("name")),
            organization=_text(self._known.get(("organization", organization), {}).get("name")),
            phone=_primary(found.get("phones")),
            email=_primary(found.get("emails")),
            url=self._url(deal, person, organization),
        )

    def _url(self, deal: str, person: str, organization: str) -> str:
        base = self._site
        if not base:
            return ""
        if deal and not deal.isdigit():
            return f"{base}/leads/inbox/{deal}"
        for kind, ref in (("deal", deal), ("person", person), ("organization", organization)):
            if ref:
                return f"{base}/{kind}/{ref}"
        return f"{base}/activities/list"

    def _learn(self, kind: str, ids: set[str], ask: Callable[[list[int]], list[RawItem]]) -> None:
        if not ids:
            return
        found = {str(item["id"]): item for item in ask(sorted(int(ref) for ref in ids))}
        if kind != "deal" and (missing := ids - set(found)):  # hidden or deleted, or the listing was cut
            found |= {str(item["id"]): item for item in ask(sorted(int(ref) for ref in missing))}
        for ref in ids:
            self._known[kind, ref] = found.get(ref, {})

    def _learn_leads(self, leads: set[str]) -> None:
        for ref in leads:
            self._known["deal", ref] = self._one(ref, partial(self._client.lead, ref))

    def _one(self, ref: str, ask: Callable[[], RawItem]) -> Raw:
        try:
            found = ask()
        except (NotFound, Hidden):
            found = {}
        except ITEMS as error:
            self._troubles.met(error)
            self._unread[ref] = str(error)
            return {}
        self._troubles.none()
        return found


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _primary(entries: object) -> str:
    usable = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    ordered = sorted(usable, key=lambda entry: not entry.get("primary"))
    return next((_text(entry.get("value")) for entry in ordered if entry.get("value")), "")
