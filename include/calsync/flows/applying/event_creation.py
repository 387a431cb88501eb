"""New events: of activities that have none, and anew for those that had one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

from include.calsync.core.decide import Action
from include.calsync.core.fields import BESIDE, MERGED, event_name, event_view, without_nulls
from include.calsync.core.marks import event_id, read_mark
from include.calsync.core.model import ActivityView, EventView, Origin
from include.calsync.core.policy import Side
from include.calsync.core.privacy import is_veiled
from include.calsync.core.raw import Body, RawEvent
from include.calsync.core.records import Columns
from include.calsync.core.run_records import PlanRow
from include.calsync.core.text import compose, safe_html
from include.calsync.core.written import Written, draft
from include.calsync.errors import (
    Duplicate,
    RecordError,
    Unreadable,
)
from include.calsync.flows.applying import left_events
from include.calsync.flows.applying.anew import Anew, event_anew, tell
from include.calsync.flows.applying.event_writes import EventWrites
from include.calsync.flows.applying.zones import zoned
from include.calsync.flows.deployment import other_of, refuse_others
from include.calsync.flows.pairs import with_event
from include.calsync.flows.prints import print_of, salt_of
from include.calsync.store import mapping, runs
from include.calsync.store.transaction import Connection

# Ids of deleted events stay taken; each re-creation of one activity's event uses the next.
MAX_GENERATIONS = 50
WORDS = {"conferenceData": "video call", "attachments": "attachments", "attendees": "guests"}
LEFT_OUT: tuple[tuple[str, ...], ...] = ((), ("conferenceData", "attachments"), tuple(WORDS))
"""What a new event goes without, try by try, where Google takes it only so."""


class EventCreation(EventWrites):
    """Writes to a calendar, with new events."""

    def handlers(self) -> dict[str, Callable[[PlanRow], None]]:
        """What to call for each action."""
        return super().handlers() | {Action.CREATE_EVENT: self.create}

    def create(self, row: PlanRow) -> None:
        """Insert the activity's event under the first of its ids that is free; one that is ours already is adopted."""
        desk = self.desk
        if desk.is_obsolete(row):
            desk.drop(row)
            return
        left_events.refuse_if_changed(desk, row)
        new = event_anew(desk, row)
        if new is not None:
            self._insert_under_free_id(row, new.body, new.pair.origin, partial(self._created_anew, row, new))
            return
        activity = ActivityView.from_json(row.payload["activity"])
        drawn = draft(activity, desk.policy)
        body = self._fresh_body(row, activity, drawn)
        self._insert_under_free_id(row, body, Origin.PIPEDRIVE, partial(self._created, row, activity, drawn[1]))

    def _insert_under_free_id(
        self, row: PlanRow, body: Body, origin: Origin, created: Callable[[RawEvent], None]
    ) -> None:
        desk = self.desk
        for generation in range(MAX_GENERATIONS):
            body["id"] = event_id(desk.account.company_id, row.named_activity, desk.calendar_id, generation)
            body = self._marked(body, row.named_activity, body["id"], origin)
            try:
                answer = self._insert_whole(row, body)
            except Duplicate:
                known = desk.get_event(body["id"])
                desk.review(row, known)
                self._refuse_others(known)
                if known.get("status") == "cancelled" or not self._is_ours(known, row.named_activity):
                    continue
                self._adopt(row, known)
                return
            created(answer)
            return
        raise Unreadable(f"no free event id in {MAX_GENERATIONS} tries")

    def _refuse_others(self, event: RawEvent) -> None:
        ours = self.desk.services.environment.deployments
        other = other_of(event, self.desk.account.company_id, ours)
        if other is not None and event.get("status") != "cancelled":
            refuse_others({event["id"]: other}, ours[0])

    def _fresh_body(self, row: PlanRow, activity: ActivityView, drawn: tuple[EventView, Written, str]) -> Body:
        """The event as the activity alone makes it."""
        view, written, block = drawn
        html = str((row.payload["activity_raw"] or {}).get("public_description") or activity.description)
        changes = {name: getattr(view, name) for name in map(event_name, MERGED)}
        own = {name: value for name in BESIDE if (value := getattr(written, name))}
        body = self._body(changes | own | {"description": compose(safe_html(html), block)})
        if activity.context.url.startswith(("http://", "https://")):
            body["source"] = {"title": "Pipedrive", "url": activity.context.url}
        last = row.payload["event_raw"] or {}
        return body | ({"visibility": last["visibility"]} if is_veiled(last) else {})

    def _insert_whole(self, row: PlanRow, body: Body) -> RawEvent:
        """The new event. What Google refuses of an earlier one is left out, and told."""
        desk, refused = self.desk, None
        for left_out in LEFT_OUT:
            if refused is not None and not set(left_out) & set(body):
                continue
            sent = without_nulls({name: value for name, value in body.items() if name not in left_out})
            with desk.commit() as conn:
                left_events.intend(desk, conn, row, body["id"])
                desk.note(
                    conn, row, side=Side.EVENT, event_id=body["id"], after=event_view(desk.veiled(sent)).to_json()
                )
            try:
                with desk.sending(row):
                    answer = zoned(desk, sent, self._insert)
            except RecordError as error:
                refused = error
                continue
            if refused is not None:
                lost = ", ".join(WORDS[name] for name in left_out if name in body)
                tell(desk, f"the event of activity {row.activity_id} was made anew without its {lost}: {refused}")
            return desk.veiled(answer)
        assert refused is not None
        raise refused

    def _created(self, row: PlanRow, activity: ActivityView, written: Written, answer: RawEvent) -> None:
        desk, origin, view = self.desk, str(Origin.PIPEDRIVE), event_view(answer)
        raws = {"activity_raw": row.payload["activity_raw"], "event_raw": answer}
        values = desk.link_values(activity, view, written, marked=True, **raws)
        salt = salt_of(desk.policy)  # both halves of the base are what these objects show
        prints = {"activity_print": print_of(raws["activity_raw"], salt), "event_print": print_of(answer, salt)}
        with desk.commit() as conn:
            link_id = self._link(conn, row, answer, {**values, **prints, "origin": origin})
            desk.confirm(conn, row, after=view.to_json(), link_id=link_id, event_id=answer["id"])

    def _created_anew(self, row: PlanRow, new: Anew, answer: RawEvent) -> None:
        """Link what was made as not yet merged, and settle that; an edit of the old event goes to the activity."""
        desk, view = self.desk, event_view(answer)
        raws = {"activity_raw": row.payload["activity_raw"], "event_raw": answer}
        values = desk.link_values(new.pair.activity, view, new.merged.written, marked=True, **raws) | new.base()
        payload = with_event(row.payload, answer, self._edited_at(answer))
        with desk.commit() as conn:
            link_id = self._link(conn, row, answer, {**values, "origin": str(new.pair.origin)})
            desk.log_write(conn, row, after=view.to_json(), link_id=link_id, event_id=answer["id"])
            ids = {"link_id": link_id, "event_id": answer["id"]}
            passed = {"side": "activities", "payload": {**payload, "event_answer": answer}}
            runs.set_row(conn, row.id, **ids, **(passed if new.merged.activity_changes else {}))
            again = next(r for r in runs.plan_rows(conn, row.run_id, account_id=row.account_id, id=row.id))
        desk.log_lost(again, new.merged.conflicts)
        if not new.merged.activity_changes:
            pair = dataclasses.replace(new.pair, event=view)
            desk.settle(again, payload, pair, new.merged, {"events": answer})

    def _link(self, conn: Connection, row: PlanRow, answer: RawEvent, values: Columns) -> int:
        if row.link_id is not None:
            left_events.leave(self.desk, conn, row)
            place = {"calendar_id": self.desk.calendar_id, "event_id": answer["id"]}
            mapping.set_link(conn, row.link_id, **place, **values)
            return row.link_id
        origin = values.pop("origin")
        return self.desk.new_link(conn, values, activity_id=row.named_activity, event_id=answer["id"], origin=origin)

    def _is_ours(self, known: RawEvent, activity_id: int) -> bool:
        mark = read_mark(known)
        own = self.desk.account.company_id
        return mark is not None and (mark.company_id, mark.activity_id, mark.event_id) == (
            own,
            activity_id,
            known["id"],
        )

    def _adopt(self, row: PlanRow, known: RawEvent) -> None:
        """An earlier insert arrived although nobody heard of it: go on as an adoption."""
        mark = read_mark(known)
        origin = mark.origin if mark is not None else Origin.PIPEDRIVE
        payload = with_event({**row.payload, "origin": str(origin)}, known, self._edited_at(known))
        _, said = self.desk.wanted_now(payload, None)
        values = {"action": str(Action.ADOPT), "event_id": known["id"], **said}
        with self.desk.commit() as conn:
            runs.set_row(conn, row.id, **values)
            if row.link_id is not None:  # a detached pair that gets its event back, or one that comes from elsewhere
                left_events.leave(self.desk, conn, row)
                mapping.drop_link(conn, row.link_id)
                runs.set_row(conn, row.id, link_id=None)
            again = next(r for r in runs.plan_rows(conn, row.run_id, account_id=row.account_id, id=row.id))
        self.merge(again)
