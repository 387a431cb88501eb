"""The rows of a plan as they are made, and what is left out of it, with the reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from include.calsync.core.decide import Action, side_of
from include.calsync.core.model import ActivityView, When
from include.calsync.core.planning.row_format import ROW_FORMAT
from include.calsync.core.policy import Side
from include.calsync.core.raw import Json
from include.calsync.core.records import Former, Link, LinkHead, Payload
from include.calsync.core.run_records import NewRow
from include.calsync.core.series import is_occurrence
from include.calsync.errors import Defect, Unreadable
from include.calsync.flows.border import border
from include.calsync.flows.pairs import rules_of, wanted_anew, wanted_by
from include.calsync.flows.request import UploadOptions
from include.calsync.flows.run_account import RunAccount

FAILED = "planning it failed: set aside"
"""In place of a rule: nothing could be decided."""


class Rows:
    """Collects plan rows, in the order in which they are carried out, and counts skips."""

    def __init__(self, upload: UploadOptions | None) -> None:
        self.upload = upload
        self.out: list[NewRow] = []
        self.rule: str | None = None
        """What decides the rows that are added now."""
        self.skipped: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)

    @contextmanager
    def by(self, rule: str) -> Iterator[None]:
        """The rows that are added meanwhile say that this rule decided them."""
        outer, self.rule = self.rule, rule
        try:
            yield
        finally:
            self.rule = outer

    def wanted(self, view: ActivityView) -> bool:
        """Whether an upload's options name this activity."""
        options = self.upload
        if options is None:
            return True
        right_type = options.types is None or view.type in options.types
        return right_type and (options.include_done or not view.done) and self.in_range(view.when)

    def in_range(self, when: When | None) -> bool:
        """Whether an upload's dates cover this start (the UTC day of a timed one)."""
        options = self.upload
        if options is None or (options.due_from is None and options.due_to is None):
            return True
        if when is None:
            return False
        day = when.start.date() if when.start is not None else when.day
        return day is not None and (options.due_from or day) <= day <= (options.due_to or day)

    def skip(self, account: RunAccount, side: Side, reason: str) -> None:
        """Count what is not synced."""
        self.skipped[account.id][str(side), reason] += 1

    def wait(
        self,
        account: RunAccount,
        payload: Payload,
        link: LinkHead | None = None,
        *,
        reason: str,
        pause: timedelta = timedelta(0),
        event_id: str | None = None,
    ) -> None:
        """Set aside without an error; read again after `pause`."""
        payload["look_again_s"] = pause.total_seconds()
        self.add(account, Action.WAIT, payload, link, reason=reason, state="deferred", event_id=event_id)

    def withdraw(self, link: LinkHead) -> bool:
        """Take back what was planned for this link. Returns whether there was anything."""
        kept = [row for row in self.out if row.link_id != link.id]
        found = len(kept) < len(self.out)
        self.out[:] = kept
        return found

    def merge(
        self,
        account: RunAccount,
        payload: Payload,
        link: Link | None = None,
        *,
        reason: str,
        former: Former | None = None,
        activity_id: int | None = None,
        event_id: str | None = None,
    ) -> None:
        """Bring a pair together; without a link it is adopted. `former`: what it was when it was linked before."""
        policy = rules_of(payload, account.policy)
        wanted = wanted_by(policy, payload, link or former)
        payload["wanted"], merged = wanted.to_json(), wanted.merged
        marked = is_occurrence(payload["event_raw"]) if link is None else link.marked
        marking = not marked and policy.may_mark
        side = Side.ACTIVITY if merged.activity_changes else None
        if merged.event_changes or marking:
            side = Side.EVENT
        action = Action.MERGE if link is not None else Action.ADOPT
        self.add(
            account,
            action,
            payload,
            link,
            reason=reason,
            side=side,
            conflicts=wanted.conflicts_json(),
            activity_id=activity_id,
            event_id=event_id,
        )

    def create(
        self,
        account: RunAccount,
        action: Action,
        payload: Payload,
        known: Link | Former | None,
        *,
        reason: str,
        activity_id: int | None = None,
        event_id: str | None = None,
    ) -> None:
        """Make the other side of an item. `known`: its link, or a former one, if it is made anew."""
        wanted = wanted_anew(action, payload, known, account.policy) if known is not None else None
        if wanted is not None:
            payload["wanted"] = wanted.to_json()
        conflicts = wanted.conflicts_json() if wanted is not None else None
        link = known if isinstance(known, Link) else None
        self.add(
            account,
            action,
            payload,
            link,
            reason=reason,
            conflicts=conflicts,
            activity_id=activity_id,
            event_id=event_id,
        )

    @contextmanager
    def alone(
        self, account: RunAccount, side: Side, item_id: int | str, link: LinkHead | None = None
    ) -> Iterator[None]:
        """Plan one item, or the pair of `link`: if that fails unforeseen, it is set aside instead, and the rest goes
        on."""
        before_count = len(self.out)
        try:
            with border(f"account {account.name}: {side} {item_id}"):
                yield
        except (Defect, Unreadable) as error:
            del self.out[before_count:]
            with self.by(FAILED):
                self.set_aside(account, side, item_id, str(error), link)

    def set_aside(
        self, account: RunAccount, side: Side, item_id: int | str, reason: str, link: LinkHead | None = None
    ) -> None:
        """Quarantine an item of which nothing else is planned."""
        event_id = str(item_id) if side is Side.EVENT else None
        activity_id = int(item_id) if side is not Side.EVENT else None
        self.add(account, Action.QUARANTINE, {}, link, reason=reason, activity_id=activity_id, event_id=event_id)

    def add(
        self,
        account: RunAccount,
        action: Action,
        payload: Payload,
        link: LinkHead | None = None,
        *,
        reason: str,
        side: Side | None = None,
        conflicts: list[Json] | None = None,
        state: str = "planned",
        activity_id: int | None = None,
        event_id: str | None = None,
    ) -> None:
        """Add a row."""
        self.out.append(
            NewRow(
                account_id=account.id,
                link_id=link.id if link is not None else None,
                activity_id=link.activity_id if link is not None else activity_id,
                event_id=link.event_id if link is not None else event_id,
                action=str(action),
                side=str(side or side_of(action) or "store"),
                state="quarantined" if action is Action.QUARANTINE else state,
                reason=reason[:200],
                payload=payload,
                conflicts=conflicts or None,
                rule=self.rule,
                format=ROW_FORMAT,
                error=reason if action is Action.QUARANTINE else None,
            )
        )
