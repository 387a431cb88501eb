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

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.core.raw import RawActivity
from include.calsync.core.records import Columns, LinkHead
from include.calsync.core.words import UNPROVEN_EVENTS, Absence
from include.calsync.errors import Hidden, NotFound
from include.calsync.flows.pulling.turns import NEVER, turn
from include.calsync.flows.rights import rights_of, rights_since
from include.calsync.flows.run import Run
from include.calsync.flows.services import Services
from include.calsync.flows.trouble import ITEMS, Troubles
from include.calsync.store import mapping
from include.calsync.store.directory import Directory
from include.calsync.store.leases import check_fence

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
    links: list[LinkHead],
    seen: set[int],
    fences: Mapping[int, int | None],
    *,
    complete: bool = False,
    resting: Set[tuple[str, str]] = frozenset(),
) -> Found:
    """Ask for the links whose turn it is (`complete`: for all that were not listed), and follow up the missing ones.

    `seen`: activities that were listed. `resting`: items in quarantine, which are not asked for directly.
    """
    work = _Probe(services, run, client, conn_id, seen)
    if complete:
        work.ask_for_all(links)
    else:
        work.ask(links)
    work.suspects = [link for link in work.suspects if resting.isdisjoint(_items(link))]
    work.follow_up()
    if not run.request.dry_run:
        _remember(services, {link.id: link.account_id for link in links}, work.changes, fences)
    return work.found


def _items(link: LinkHead) -> set[tuple[str, str]]:
    return {("activities", str(link.activity_id)), ("events", link.event_id)}


class _Probe:
    """One probe: what was found, and what to remember on the links (id to columns)."""

    def __init__(self, services: Services, run: Run, client: PipedriveClient, conn_id: str, seen: set[int]) -> None:
        self.services, self.run, self.client, self.conn_id, self.seen = services, run, client, conn_id, seen
        self.now = services.clock()
        self.found = Found()
        self.changes: dict[int, Columns] = {}
        self.suspects: list[LinkHead] = []
        self.troubles = Troubles()

    def ask(self, links: list[LinkHead]) -> None:
        """One request for those whose turn it is; for the rest only if many of them are missing."""
        active = [link for link in links if is_provable(link)]
        doubted = [link for link in active if link.missing_since_run]
        sound = [link for link in active if not link.missing_since_run]
        # A held deletion ends by itself when the activity is there again.
        held = [link for link in links if link.state == "held" and not is_provable(link)]
        chosen = turn(sound, held, self.seen, self.now)
        missing = [link for link in self._missing(chosen) if is_provable(link)]
        if len(missing) > MANY:
            accounts, asked = {link.account_id for link in missing}, {link.id for link in chosen}
            rest = [link for link in sound if link.account_id in accounts and link.id not in asked]
            missing += self._missing(rest[:MOST_IDS_PER_RUN])
        for link in doubted:
            if link.activity_id in self.seen:
                self._clear(link)
        self.suspects = [link for link in doubted if link.activity_id not in self.seen] + missing
        for link in missing:
            self.changes[link.id] = {"missing_since_run": self.run.id, "missing_rights": None}

    def ask_for_all(self, links: list[LinkHead]) -> None:
        """Whether each link's activity was listed, or is found by its id."""
        for link in links:
            if link.missing_since_run and link.activity_id in self.seen:
                self._clear(link)
        unlisted = [link for link in links if link.activity_id not in self.seen]
        self.suspects = [link for link in self._missing(unlisted) if is_provable(link)]
        for link in self.suspects:
            if not link.missing_since_run:
                self.changes[link.id] = {"missing_since_run": self.run.id, "missing_rights": None}

    def _missing(self, links: list[LinkHead]) -> list[LinkHead]:
        if not links:
            return []
        answered = self.client.activities_by_ids([link.activity_id for link in links])
        present = {int(raw["id"]) for raw in answered} | self.seen
        self.found.alive += [raw for raw in answered if int(raw["id"]) not in self.seen]
        for link in links:
            if link.activity_id in present:
                self._clear(link)
        return [link for link in links if link.activity_id not in present]

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
            self.changes[link.id] = {"missing_since_run": self.run.id, "missing_rights": rights}
        elif link.missing_since_run == self.run.id:  # this task's own first try
            self.found.missing[link.activity_id] = None
        else:
            self.found.deleted.append(link.activity_id)

    def _hide(self, link: LinkHead) -> None:
        self.found.missing[link.activity_id] = Absence.HIDDEN
        self.changes[link.id] = {"missing_since_run": self.run.id, "missing_rights": Absence.HIDDEN}

    def _clear(self, link: LinkHead) -> None:
        self.changes[link.id] = {"probed_at": self.now, "missing_since_run": None, "missing_rights": None}


def is_provable(link: LinkHead) -> bool:
    """Whether it is of interest that the activity was deleted; that ends the hold of a pair whose event is lost."""
    return bool(link.state == "active" or (link.state == "held" and link.cause in UNPROVEN_EVENTS))


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
