"""How deletions in Pipedrive are found: there is no feed of them, so linked ids are asked for in rotation.

One request of 100 ids a run. An id that is not answered only raises the question, and a direct GET answers it: what is
found lives; a 404 counts as a deletion if two runs see it, and if the credential may still do all that it might when
the activity was last seen. Else, or after a 403, it may only be hidden, and a person decides. On a link, `probed_at` is
when the activity was last asked for and found, `missing_since_run` the run that raised the question (from the first
direct GET on: the run of that GET), `missing_rights` the rights at that GET (None: none yet; HIDDEN: not those of
before, or a 403).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.raw import RawActivity
from include.calsync.core.records import Columns, LinkHead
from include.calsync.core.words import Absence
from include.calsync.errors import Hidden, NotFound
from include.calsync.flows.pulling.turns import ALL_DAY, NEVER, is_provable, whose_turn
from include.calsync.flows.rights import rights_of, rights_since
from include.calsync.flows.run import Run
from include.calsync.flows.services import Services
from include.calsync.flows.trouble import ITEMS, Troubles
from include.calsync.store import lookups, mapping
from include.calsync.store.directory import Directory
from include.calsync.store.leases import check_fence
from include.calsync.store.transaction import reading

# A direct GET costs one token.
SUSPECTS_PER_RUN = 100
# So many missing at once are no single deletions: all of the account's links are asked for, so that the guard sees
# the whole extent before the first deletion is proven.
MANY = 25
MOST_IDS_PER_RUN = 10_000


@dataclass
class Found:
    """What became of activities. `missing`: id to HIDDEN if it may only be hidden, else None: not proven yet."""

    alive: list[RawActivity] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    missing: dict[int, str | None] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)
    """Those that a direct GET does not answer, and how it failed."""


def probe(
    services: Services,
    run: Run,
    client: PipedriveClient,
    conn_id: str,
    seen: Set[int],
    fences: Mapping[int, int | None],
    *,
    company_id: str,
    due: lookups.Due = None,
    resting: Set[tuple[str, str]] = frozenset(),
) -> Found:
    """Ask for the links whose turn it is (in a comparison: for all in its scope that were not listed), and follow up
    the missing ones.

    `seen`: activities that were listed. `fences`: of the accounts whose links these are, by id. `resting`: items in
    quarantine, which are not asked for directly.
    """
    work = _Probe(services, run, client, conn_id, seen, fences)
    if run.request.reconcile:
        work.ask_for_all(due)
    else:
        work.ask(company_id)
    work.suspects = [link for link in work.suspects if resting.isdisjoint(_items(link))]
    work.follow_up()
    if not run.request.dry_run:
        _remember(services, work.homes, work.changes, fences)
    return work.found


def _items(link: LinkHead) -> set[tuple[str, str]]:
    return {("activities", str(link.activity_id)), ("events", link.event_id)}


class _Probe:
    """One probe: what was found, and what to remember on the links (id to columns)."""

    def __init__(
        self,
        services: Services,
        run: Run,
        client: PipedriveClient,
        conn_id: str,
        seen: Set[int],
        account_ids: Iterable[int],
    ) -> None:
        self.services, self.run, self.client, self.conn_id, self.seen = services, run, client, conn_id, seen
        self.account_ids = list(account_ids)
        self.now = services.clock()
        self.found = Found()
        self.changes: dict[int, Columns] = {}
        self.homes: dict[int, int] = {}
        """The accounts of the links that something is to be remembered of."""
        self.suspects: list[LinkHead] = []
        self.troubles = Troubles()

    def ask(self, company_id: str) -> None:
        """One request for those whose turn it is; for the rest only if many of them are missing."""
        if not self.run.request.dry_run:
            with self.services.engine.begin() as conn:
                lookups.end(conn, company_id, self.now - ALL_DAY)
        with reading(self.services.engine) as conn:
            doubted = [link for link in lookups.doubted(conn, self.account_ids) if is_provable(link)]
            chosen = whose_turn(conn, company_id, self.account_ids, self.seen, self.now)
        missing = [link for link in self._missing(chosen) if is_provable(link)]
        if len(missing) > MANY:
            missing += self._missing(self._rest(company_id, {link.account_id for link in missing}, chosen))
        for link in doubted:
            if link.activity_id in self.seen:
                self._clear(link)
        self.suspects = [link for link in doubted if link.activity_id not in self.seen] + missing
        for link in missing:
            self._doubt(link)

    def _rest(self, company_id: str, account_ids: set[int], chosen: list[LinkHead]) -> list[LinkHead]:
        """The links of these accounts that were not chosen."""
        asked = {link.id for link in chosen}
        with reading(self.services.engine) as conn:
            held = [link for link in lookups.apart(conn, account_ids) if is_provable(link)]
            kinds = (lookups.longest_unasked(conn, company_id, account_ids, past=past) for past in (False, True))
            rest = (link_id for link_id, *_ in chain.from_iterable(kinds) if link_id not in asked)
            links = lookups.of_ids(conn, islice(rest, MOST_IDS_PER_RUN))
        return [link for link in held if link.missing_since_run is None and link.id not in asked] + links

    def ask_for_all(self, due: lookups.Due) -> None:
        """Whether each link's activity was listed, or is found by its id."""
        with reading(self.services.engine) as conn:
            for link in lookups.doubted(conn, self.account_ids):
                if link.state in lookups.COMPARED_STATES and link.activity_id in self.seen:
                    self._clear(link)
            compared = lookups.compared(conn, self.account_ids, due)
            unlisted = lookups.of_ids(conn, (link_id for link_id, key, *_ in compared if key not in self.seen))
        self.suspects = [link for link in self._missing(unlisted) if is_provable(link)]
        for link in self.suspects:
            if not link.missing_since_run:
                self._doubt(link)

    def _doubt(self, link: LinkHead) -> None:
        """This run raises the question."""
        self._note(link, {"missing_since_run": self.run.id, "missing_rights": None})

    def _note(self, link: LinkHead, columns: Columns) -> None:
        self.homes[link.id], self.changes[link.id] = link.account_id, columns

    def _missing(self, links: list[LinkHead]) -> list[LinkHead]:
        if not links:
            return []
        answered = self.client.activities_by_ids([link.activity_id for link in links])
        present = {int(raw["id"]) for raw in answered}
        self.found.alive += [raw for raw in answered if int(raw["id"]) not in self.seen]
        for link in links:
            if link.activity_id in present or link.activity_id in self.seen:
                self._clear(link)
        return [link for link in links if link.activity_id not in present and link.activity_id not in self.seen]

    def follow_up(self) -> None:
        """Ask directly: those that were never asked for directly first, then longest unseen first."""
        if not self.suspects:
            return
        me = self.client.me()
        directory = Directory(self.services.engine, self.services.clock, read_only=self.run.request.dry_run)
        rights, changed_at = rights_of(me), rights_since(directory, self.conn_id, me)
        order = sorted(self.suspects, key=lambda link: (link.missing_rights is not None, link.probed_at or NEVER))
        asked, rest = order[:SUSPECTS_PER_RUN], order[SUSPECTS_PER_RUN:]
        gone = [link for link in asked if self._is_gone(link)]
        for link in gone:
            self._judge(link, rights, changed_at)
        if len(gone) == len(asked):  # a listing that lacked what exists proves nothing about the others
            self.found.missing |= {link.activity_id: None for link in rest}

    def _is_gone(self, link: LinkHead) -> bool:
        try:
            raw = self.client.activity(link.activity_id)
        except NotFound:
            return True
        except Hidden:
            self._hide(link)
            return True
        except ITEMS as error:
            self.troubles.met(error)
            self.found.unread[link.activity_id] = str(error)
            return False
        self.troubles.none()
        self._clear(link)
        if raw.get("is_deleted"):
            self.found.deleted.append(link.activity_id)
            return True
        self.found.alive.append(raw)
        return False

    def _judge(self, link: LinkHead, rights: str, changed_at: datetime | None) -> None:
        """A 404: the first one, the second one, or one that says nothing because rights were changed."""
        if link.activity_id in self.found.deleted or link.activity_id in self.found.missing:
            return
        first = link.missing_rights is None
        last_seen_at = max(link.probed_at or NEVER, link.updated_at)
        changed = changed_at is not None and changed_at > last_seen_at if first else link.missing_rights != rights
        if changed:
            self._hide(link)
        elif first:
            self.found.missing[link.activity_id] = None
            self._note(link, {"missing_since_run": self.run.id, "missing_rights": rights})
        elif link.missing_since_run == self.run.id:  # this task's own first try
            self.found.missing[link.activity_id] = None
        else:
            self.found.deleted.append(link.activity_id)

    def _hide(self, link: LinkHead) -> None:
        self.found.missing[link.activity_id] = Absence.HIDDEN
        self._note(link, {"missing_since_run": self.run.id, "missing_rights": Absence.HIDDEN})

    def _clear(self, link: LinkHead) -> None:
        self._note(link, {"probed_at": self.now, "missing_since_run": None, "missing_rights": None})


def _remember(
    services: Services,
    accounts: Mapping[int, int],
    changes: dict[int, Columns],
    fences: Mapping[int, int | None],
) -> None:
    with services.engine.begin() as conn:
        for account_id in _sorted(accounts[link_id] for link_id in changes):
            fence = fences.get(account_id)
            if fence is not None:
                check_fence(conn, account_id, fence)
        # Almost all of them are told the same: found, just now.
        told: dict[tuple[tuple[str, object], ...], list[int]] = defaultdict(list)
        for link_id, values in changes.items():
            told[tuple(values.items())].append(link_id)
        for known, link_ids in told.items():
            mapping.set_links(conn, link_ids, **dict(known))


def _sorted(ids: Iterable[int]) -> list[int]:
    """Always in the same order, so that two transactions never wait for each other."""
    return sorted(set(ids))
