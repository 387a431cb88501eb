"""The screen History: runs with what they wrote, conflicts with both values, and what an undo would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from include.calsync.core.conflicts import EDITS, are_close
from include.calsync.core.raw import Json
from include.calsync.core.records import Payload
from include.calsync.core.row_words import is_secret
from include.calsync.core.run_records import Entry
from include.calsync.core.sentences import DEFAULT
from include.calsync.flows.explain_text import why_of
from include.calsync.store import page_accounts
from include.calsync.store import page_history as store
from include.calsync.store.page_accounts import Head
from include.calsync.store.page_history import Count, Logged, Run, Trial
from include.calsync.store.transaction import Engine, reading

RUNS_SHOWN = 20
RUNS_READ = 300
"""A day has so many; those without a write are folded."""
ENTRIES_SHOWN = 50
CONFLICTS_SHOWN = 20
TRIALS_READ = 20
HIDDEN = ("private", "confidential")


class Did(StrEnum):
    """What was done."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    CONFLICTS = "conflicts"
    """Fields that both sides had changed."""


ACTIONS: Mapping[Did, tuple[str, ...]] = {
    Did.CREATED: ("create_event", "create_activity"),
    Did.CHANGED: ("merge", "adopt", "mark", "let_go", "take_over", "attend"),
    Did.DELETED: ("delete_event", "remove_event", "delete_activity", "finish_activity"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs: empty ones say all. `before`: those that began earlier."""

    account_id: int | None = None
    side: str = ""
    did: Did | None = None
    before: datetime | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.account_id is None and not self.side and self.did is None


@dataclass(frozen=True, slots=True)
class Line:
    """A run that wrote, or (`folded` > 0) so many in a row that had nothing to do, down to `first_at`."""

    run: Run
    counts: Sequence[Count]
    accounts: Sequence[str]
    folded: int = 0
    first_at: datetime | None = None

    @property
    def count(self) -> int:
        """How many writes."""
        return sum(each.count for each in self.counts)

    @property
    def kinds(self) -> Mapping[tuple[str, Did], int]:
        """How many writes, by the side and what was done; changes of both sides together, under no side."""
        out: Counter[tuple[str, Did]] = Counter()
        for each in self.counts:
            did = next((did for did in (Did.CREATED, Did.DELETED) if each.action in ACTIONS[did]), Did.CHANGED)
            if each.action == "finish_activity":  # found among what was deleted, but it is still there
                did = Did.CHANGED
            out["" if did is Did.CHANGED else each.side, did] += each.count
        return dict(out.most_common())


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field with both values, and which one was kept. `taken_by`: who took the other one since."""

    field: str
    activity: Any
    event: Any
    winner: str
    why: str
    activity_at: datetime | None
    """When it was edited last, like `event_at`; None: the log does not say."""
    event_at: datetime | None
    taken_by: str | None

    @property
    def is_close(self) -> bool:
        """Whether both edits were so close together that it does not tell which is the newer one."""
        return are_close(self.activity_at, self.event_at)


@dataclass(frozen=True, slots=True)
class Write:
    """A write in the words of its fields: name, value before and after. `subject`: "" if it may not be told.

    `link_id`: of its pair, if there is one still. `when`: of what was made or removed. `why`: in words.
    """

    entry: Entry
    link_id: int | None
    account: str
    subject: str
    is_private: bool
    changes: Sequence[tuple[str, Any, Any]]
    conflicts: Sequence[Conflict]
    when: Json | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The screen. `older`: where the next page begins; None: this is the last."""

    asked: Asked
    accounts: Sequence[Head]
    lines: Sequence[Line]
    conflicts: Sequence[Write]
    older: datetime | None

    @property
    def conflict_count(self) -> int:
        """Fields that both sides had changed."""
        return sum(len(write.conflicts) for write in self.conflicts)

    @property
    def aside_count(self) -> int:
        """Items that are set aside, of the account or of all."""
        asked = self.asked.account_id
        return sum(head.aside_count for head in self.accounts if asked in (None, head.id))


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run with some of its writes. `after`: where the next ones begin; None: these are the last."""

    run: Run
    writes: Sequence[Write]
    after: int | None


Taken = Mapping[tuple[int, str | None], str]
"""By conflict (entry of the change log) and field (None: all): who took the value that lost."""
Readable = Callable[[str], bool]
"""Whether what is in the account of this Google user may be read."""


def read(engine: Engine, asked: Asked, may_read: Readable) -> History:
    """Five queries at most."""
    actions = ACTIONS.get(asked.did, ()) if asked.did is not None else ()
    limit = RUNS_READ if asked.is_all else RUNS_SHOWN + 1  # of some no quiet ones are among them
    with reading(engine) as conn:
        heads = page_accounts.heads(conn)
        read_runs = store.runs(
            conn, before=asked.before, account_id=asked.account_id, side=asked.side, actions=actions,
            conflicts=asked.did is Did.CONFLICTS, limit=limit,
        )  # fmt: skip
        found, is_last = _cut(read_runs, limit)
        ids = [run.id for run in found if not run.quiet]
        counts = store.counts(conn, ids)
        lost = store.conflicts(conn, ids, CONFLICTS_SHOWN)
        is_latest = asked.is_all and asked.before is None  # then all that came after a conflict was read already
        wrote = {each.run_id for each in counts}
        undos = [run for run in read_runs if run.id in wrote]
        if lost and not is_latest:
            undos = store.undos(conn, lost[-1].entry.at)
        taken = _taken(undos)
    lines = list(_lines(found, counts, {head.id: head.name for head in heads}))
    older = None if is_last or not found else found[-1].started_at
    writes = _writes(lost, heads, may_read, taken)
    return History(asked, heads, lines, [write for write in writes if write.conflicts], older)


def read_run(
    engine: Engine, run_id: str, may_read: Readable, *, after: int = 0, language: str = DEFAULT
) -> RunPage | None:
    """Three queries. None: there is no such run, or it wrote nothing by itself. `language`: of its sentences."""
    with reading(engine) as conn:
        run = store.run(conn, run_id)
        if run is None:
            return None
        heads = page_accounts.heads(conn)
        found = store.entries(conn, run_id, after=after, limit=ENTRIES_SHOWN + 1)
    shown = found[:ENTRIES_SHOWN]
    more = shown[-1].entry.id if len(found) > len(shown) else None
    writes = [replace(write, why=why_of(write.entry, language)) for write in _writes(shown, heads, may_read)]
    return RunPage(run, writes, more)


def head_of(engine: Engine, run_id: str) -> RunPage | None:
    """A run without its writes: one query. None: there is no such run."""
    with reading(engine) as conn:
        run = store.run(conn, run_id)
    return None if run is None else RunPage(run, (), None)


def tried(engine: Engine, run_id: str, since: datetime, link_id: int | None = None) -> Trial | None:
    """What the dry run of this run's undo found that was started then. None: it is not there, or not over. Three
    queries. `link_id`: of what it wrote to this pair alone."""
    wanted = (run_id, link_id)
    with reading(engine) as conn:
        for each in store.trials(conn, since - timedelta(seconds=5), TRIALS_READ):
            undo = each.request.get("undo") or {}
            if (undo.get("sync_run_id"), undo.get("link_id")) == wanted and each.finished_at is not None:
                return store.trial(conn, each)
    return None


def _cut(found: Sequence[Run], limit: int) -> tuple[Sequence[Run], bool]:
    """Up to the last of those that a page shows, and whether there are no older ones."""
    telling = [place for place, run in enumerate(found) if not run.quiet]
    if len(telling) > RUNS_SHOWN:
        return found[: telling[RUNS_SHOWN]], False
    return found, len(found) < limit


def _lines(runs: Iterable[Run], counts: Sequence[Count], names: Mapping[int, str]) -> Iterator[Line]:
    """The runs, those without a write folded into one line as long as they follow each other."""
    quiet: list[Run] = []
    for run in runs:
        if run.quiet:
            quiet.append(run)
            continue
        mine = [each for each in counts if each.run_id == run.id]
        if quiet:
            yield Line(quiet[0], (), (), len(quiet), quiet[-1].started_at)
            quiet = []
        yield Line(run, mine, sorted({names.get(each.account_id, "") for each in mine} - {""}))
    if quiet:
        yield Line(quiet[0], (), (), len(quiet), quiet[-1].started_at)


def _taken(undos: Iterable[Run]) -> Taken:
    out: dict[tuple[int, str | None], str] = {}
    for run in undos:
        undo = run.request.get("undo") or {}
        if (conflict_id := undo.get("conflict_id")) is not None:
            out[conflict_id, undo.get("conflict_field")] = undo["by"]
    return out


def _writes(
    found: Iterable[Logged], heads: Sequence[Head], may_read: Readable, taken: Taken = MappingProxyType({})
) -> Iterator[Write]:
    known = {head.id: head for head in heads}
    for each in found:
        head = known.get(each.entry.account_id)
        google_user = str((head.settings or {}).get("google_user", "")) if head is not None else ""
        told = may_read(google_user)
        private = _is_private(each)
        yield Write(
            entry=each.entry,
            link_id=each.entry.link_id if each.base_activity is not None else None,
            account=head.name if head is not None else "",
            subject=_subject(each) if told and not private else "",
            is_private=private,
            changes=list(_changes(each.entry)) if told and not private else (),
            conflicts=list(_conflicts(each.entry, taken)) if told and not private else (),
            when=_when(each.entry) if told else None,
        )


def _is_private(logged: Logged) -> bool:
    if is_secret(Payload(event_raw=logged.event_raw, activity=logged.base_activity)):
        return True
    shown = [*_shown(logged.entry.before), *_shown(logged.entry.after)]
    return any(each.get("visibility") in HIDDEN or each.get("private") for each in shown)


def _shown(values: Json | None) -> Iterator[Json]:
    """What an entry has of a side: as fields, or of what was removed both sides as they were."""
    if values:
        yield values
        yield from (part for name in ("activity", "event") if isinstance(part := values.get(name), dict))


def _subject(logged: Logged) -> str:
    views = [logged.base_activity or {}, *_shown(logged.entry.after), *_shown(logged.entry.before)]
    texts = (view.get(name) for view in views for name in ("subject", "title", "summary"))
    return next((str(text) for text in texts if text), "")


def _changes(entry: Entry) -> Iterator[tuple[str, Any, Any]]:
    if entry.action in ACTIONS[Did.CHANGED]:
        before = entry.before or {}
        for name, value in (entry.after or {}).items():
            if name != "mark" and before.get(name) != value:
                yield name, before.get(name), value


def _when(entry: Entry) -> Json | None:
    if entry.action in ACTIONS[Did.CHANGED]:
        return None
    shown = [*_shown(entry.after), *_shown(entry.before)]
    return next((when for each in shown if isinstance(when := each.get("when"), dict)), None)


def _conflicts(entry: Entry, taken: Taken) -> Iterator[Conflict]:
    for each in entry.lost or ():
        if each["why"] in EDITS:
            by = taken.get((entry.id, each["field"])) or taken.get((entry.id, None))
            values = each["field"], each["activity"], each["event"], each["winner"], each["why"]
            yield Conflict(*values, _moment(each.get("activity_at")), _moment(each.get("event_at")), by)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
