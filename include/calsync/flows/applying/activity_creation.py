"""New activities: of events that have none, and anew for those that had one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from include.calsync.core.decide import Action
from include.calsync.core.fields import VALUES, activity_body, activity_view
from include.calsync.core.limits import PLACE, SUBJECT, shorten
from include.calsync.core.merge import advance
from include.calsync.core.model import ActivityView, Change, Context, EventView
from include.calsync.core.moved_times import move_activity
from include.calsync.core.policy import Side
from include.calsync.core.raw import Body, RawActivity
from include.calsync.core.records import Columns, Link, Payload
from include.calsync.core.run_records import PlanRow
from include.calsync.core.series import is_occurrence, series_columns
from include.calsync.core.text import typed_part
from include.calsync.core.title import NO_TITLE, Rendered
from include.calsync.core.written import Written
from include.calsync.errors import RecordError, RetryableError, ServiceError, Unreadable
from include.calsync.flows.applying.activity_removals import ActivityRemovals
from include.calsync.flows.applying.anew import Anew, activity_anew, origin_of, tell
from include.calsync.flows.applying.left_events import LeftEvents
from include.calsync.flows.applying.pasted import refs_body
from include.calsync.flows.applying.remains import Remains
from include.calsync.flows.applying.shared_writes import with_reps
from include.calsync.flows.names import Names, site_of
from include.calsync.flows.pairs import payload_of
from include.calsync.store import changes, copies, holds, mapping, runs
from include.calsync.store.errors import Taken
from include.calsync.store.transaction import Connection

UNSURE = frozenset({"participants", "org_id", "deal_id", "attendees", "project_id", "priority", "outcome"})
"""Members that an activity goes without if Pipedrive refuses it with them."""
TAKEN = "another account creates this meeting's activity: the next run looks again"


class ActivityCreation(ActivityRemovals):
    """Writes to activities, with new ones."""

    def handlers(self) -> dict[str, Callable[[PlanRow], None]]:
        """What to call for each action."""
        return super().handlers() | {
            Action.CREATE_ACTIVITY: self.create,
            Action.REMOVE_EVENT: LeftEvents(self.desk).remove,
        }

    def create(self, row: PlanRow) -> None:
        """POST the event's activity, link it, and mark the event."""
        desk = self.desk
        if desk.is_obsolete(row):
            desk.drop(row)
            return
        new = activity_anew(desk, row)
        event = EventView.from_json(row.payload["event"])
        body, members = self._fresh_body(row, event) if new is None else self._whole_body(row, new)
        sent = activity_view(body | members, Context())
        if sent.when is None:
            raise Unreadable("the event has no time")
        attempted_at = desk.services.clock()
        with desk.commit() as conn:
            if mapping.was_intended(conn, desk.calendar_id, row.named_event, desk.run.id):
                raise RetryableError("an earlier try may have created the activity: the next run looks for it")
            if row.link_id is not None:  # its activity is gone for good; what is created now is found by the intent
                mapping.end_link(conn, row.link_id, desk.services.clock())
            self._intend(conn, row, sent, attempted_at)
            changes.drop_creations(conn, desk.calendar_id, row.named_event)
            if new is not None and new.row:
                runs.set_row(conn, row.id, **new.row)
            desk.note(conn, row, side=Side.ACTIVITY, activity_id=None, link_id=None, after=sent.to_json())
        try:
            with desk.sending(row):
                answer, whole = self._post(body, members, attempted_at + self._sent_within())
        except ServiceError as error:
            if not error.unknown_outcome:  # surely not created
                with desk.commit() as conn:
                    mapping.drop_intent(conn, desk.calendar_id, row.named_event)
            raise
        if new is not None and not whole:
            tell(desk, f"the activity of event {row.event_id} was made anew without {', '.join(members)}")
        written = body | members if whole else body
        self._created(row, event, desk.listed(answer, None if written.get("attendees") else []), new)

    def _fresh_body(self, row: PlanRow, event: EventView) -> tuple[Body, Body]:
        """The activity as the event alone makes it, and what else it may hang on."""
        html = str((row.payload["event_raw"] or {}).get("description") or "")
        refs = refs_body(self.desk, row.named_event, html)
        body = {**refs, **self._new_body(event, html)}
        members = self.guests.members(row.payload["event_raw"] or {}, refs)
        return body | ({"attendees": reps} if (reps := row.payload.get("reps")) else {}), members

    def _whole_body(self, row: PlanRow, new: Anew) -> tuple[Body, Body]:
        """The activity as it was, without what is gone since, and what of that Pipedrive may refuse."""
        body = Remains(self.desk, row.named_event).of(new.body)
        if "description" in new.merged.activity_changes:
            html, known = str(body.get("public_description") or ""), activity_view(body, Context()).refs
            body |= refs_body(self.desk, row.named_event, html, known, body.get("participants"))
        reps = row.payload.get("reps")
        if reps:
            body["attendees"] = with_reps(body.get("attendees") or [], reps, []) or body["attendees"]
        body = {name: value for name, value in body.items() if value not in (None, "", [])}
        return {k: v for k, v in body.items() if k not in UNSURE}, {k: v for k, v in body.items() if k in UNSURE}

    def _intend(self, conn: Connection, row: PlanRow, sent: ActivityView, attempted_at: datetime) -> None:
        """Note that the activity is about to be created. Of several runs at work on one meeting only one may."""
        desk, columns = self.desk, series_columns(row.payload["event_raw"])
        assert sent.when is not None
        company_id = desk.account.company_id
        columns["meeting"] = mapping.own_meeting(
            conn, columns["meeting"], company_id, desk.calendar_id, row.named_event
        )
        try:
            mapping.intend(
                conn,
                calendar_id=desk.calendar_id,
                event_id=row.named_event,
                account_id=desk.account.id,
                run_id=desk.run.id,
                company_id=company_id,
                owner_id=desk.account.user_id,
                subject=sent.subject,
                when=sent.when.to_json(),
                attempted_at=attempted_at,
                **columns,
            )
        except Taken as error:
            raise RetryableError(TAKEN) from error
        if copies.is_taken(conn, company_id, columns["meeting"], desk.calendar_id):
            raise RetryableError(TAKEN)

    def _post(self, body: Body, members: Body, not_after: datetime) -> tuple[RawActivity, bool]:
        """The activity, and whether it has all `members`: a person or deal may be gone since it was looked up."""
        try:
            return self.desk.pipedrive.create_activity(body | members, not_after=not_after), True
        except RecordError:
            if not members:
                raise
        return self.desk.pipedrive.create_activity(body, not_after=not_after), False

    def _sent_within(self) -> timedelta:
        """How long a POST may wait before it leaves: it is never sent once a later run may send it again."""
        return timedelta(seconds=self.desk.services.environment.resend_after_s / 2)

    def _new_body(self, event: EventView, html: str) -> Body:
        policy = self.desk.policy
        changes = {
            "subject": shorten(event.title, SUBJECT) or NO_TITLE,
            "when": move_activity(event.when, None, None),
            "place": shorten(event.place, PLACE),
            "description": typed_part(html or event.description, []),
            **{name: getattr(event, name) for name in VALUES},
            "type": policy.event_type,
            "owner_id": policy.user_id,
        }
        # A new activity has nothing to clear.
        return {key: value for key, value in activity_body(changes).items() if value not in (None, "")}

    def _created(self, row: PlanRow, event: EventView, answer: RawActivity, new: Anew | None) -> None:
        desk, raw = self.desk, row.payload["event_raw"]
        origin = origin_of(desk, row) if new is None else new.pair.origin
        view, occurrence = activity_view(answer, self._names(answer, new)), is_occurrence(raw)
        values = self._link_values(view, event, answer, row, new)
        restores = bool(row.payload.get("restores"))
        with desk.commit() as conn:
            activity_id, event_id = int(answer["id"]), row.named_event
            link_id = desk.new_link(conn, values, activity_id=activity_id, event_id=event_id, origin=str(origin))
            mapping.drop_intent(conn, desk.calendar_id, row.named_event)
            made = mapping.get_link(conn, link_id)
            copies.attended(conn, desk.account.company_id, made.meeting if made is not None else None)
            known = {"link_id": link_id, "activity_id": int(answer["id"])}
            if restores and made is not None:
                self._restore_event(conn, row, made)
            desk.confirm(conn, row, after=view.to_json(), **known)
        if new is not None:
            desk.log_lost(row, new.merged.conflicts)
        if not (occurrence or restores):
            self._mark(link_id, row, desk.mark(int(answer["id"]), row.named_event, origin))

    def _names(self, answer: RawActivity, new: Anew | None) -> Context:
        """Of what the activity hangs on, as it is called now: a new name may have come too late for its forerunner."""
        site = site_of(self.desk.services, self.desk.account.settings.pipedrive_conn_id)
        if new is None:
            return Context(url=site and f"{site}/activities/list")
        refs, names = activity_view(answer, Context()).refs, Names(self.desk.pipedrive, site)
        names.learn([refs])
        return names.context(refs)

    def _restore_event(self, conn: Connection, row: PlanRow, link: Link) -> None:
        """The event is gone as well: as after a deletion that a person rejected, the next sync makes it anew."""
        shown: Payload = payload_of(link, None, None)
        shown["changes"] = {"activity": str(Change.UNCHANGED), "event": str(Change.DELETED)}
        shown["restores"] = True
        by = (row.payload.get("decided") or {}).get("by") or ""
        holds.restore(conn, link.id, shown, account_id=link.account_id, run_id=row.run_id, by=by,
                      at=self.desk.services.clock())  # fmt: skip

    def _link_values(
        self, view: ActivityView, event: EventView, answer: RawActivity, row: PlanRow, new: Anew | None
    ) -> Columns:
        """The new link's columns. If the event is to show something else, the next run merges it as never merged."""
        raws = {"activity_raw": answer, "event_raw": row.payload["event_raw"]}
        marked = is_occurrence(row.payload["event_raw"])
        if new is None:
            title = Rendered(text=event.title, prefix="", suffix="", subject=event.title)
            return self.desk.link_values(view, event, Written(title), marked=marked, **raws)
        pair, kept = new.pair, new.merged.kept
        bases = (
            advance(view, pair.activity_base, None, set(), kept.get(Side.ACTIVITY, frozenset())),
            advance(event, pair.event_base, None, set(), kept.get(Side.EVENT, frozenset())),
        )
        values = self.desk.link_values(*bases, new.merged.written, marked=marked, **raws)
        return values | (new.base() if new.merged.event_changes and new.known is not None else {})
