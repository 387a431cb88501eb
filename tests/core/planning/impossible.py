"""Combinations of facts that can't occur, each with the reason: no rule has to make sense of them."""

from __future__ import annotations

from include.calsync.core.model import Origin
from include.calsync.core.planning.facts import (
    DOMAIN,
    NONE,
    Asked,
    Hold,
    Holder,
    Leaves,
    NewOwner,
    Obstacle,
    Shown,
    State,
    Values,
    Why,
)
from include.calsync.core.planning.rule import when
from include.calsync.core.policy import Mode
from include.calsync.core.words import Absence

Box = dict[str, frozenset[str | bool]]

LIVE = (Shown.SAME, Shown.EDITED)
NOT_HELD = (State.ACTIVE, State.DETACHED, State.REMOVING)
WITHDRAWN = (Absence.DECLINED, Absence.PRIVATE)
WORKS = Holder.WORKS
UPLOADS = (Asked.TO_GOOGLE, Asked.TO_PIPEDRIVE, Asked.BOTH)
LEAVES = tuple(Leaves)
LET_GO = (Hold.LAPSES, Hold.OLDER)
KEPT = (NONE, Leaves.NO_DATE, Leaves.OTHER_TYPE, Leaves.DONE)


def _changes() -> list[tuple[str, Box]]:
    """What a side shows is its change; only what was held can be of a side that was not seen."""
    out = []
    for side in ("activity", "event"):
        for shown, change in (
            (Shown.SAME, Shown.SAME),
            (Shown.EDITED, Shown.EDITED),
            (Shown.DELETED, Shown.DELETED),
            (Shown.MISSING, Shown.SAME),
            (Shown.UNREADABLE, Shown.SAME),
            *([(Shown.VANISHED, Shown.SAME), (Shown.LONG_PAST, Shown.DELETED)] if side == "event" else []),
        ):
            others: Values = tuple(each for each in DOMAIN[f"{side}_change"] if each != change)
            asked: dict[str, str | bool | Values] = {side: shown, f"{side}_change": others}
            out.append((f"{side} {shown} is the change {change}", when(**asked)))
        changed: Values = (Shown.EDITED, Shown.DELETED)
        asked = {side: Shown.UNSEEN, "state": NOT_HELD, f"{side}_change": changed}
        out.append((f"an unseen {side} changed nothing", when(**asked)))
    return out


IMPOSSIBLE: list[tuple[str, Box]] = [
    *_changes(),
    ("an active or held pair has no cause to be apart", when(state=(State.ACTIVE, State.HELD), why=tuple(Why))),
    ("what is apart has a cause", when(holder=WORKS, state=(State.DETACHED, State.REMOVING), why=NONE)),
    ("only what is held has a hold", when(holder=WORKS, state=NOT_HELD, hold=(Hold.STANDS, Hold.LAPSES, Hold.OLDER))),
    ("what is held has a hold", when(holder=WORKS, state=State.HELD, hold=NONE)),
    ("nothing is let go that can't be decided now", when(holder=WORKS, waiting=True, hold=LET_GO)),
    ("nothing is let go that can't be read", when(activity=Shown.UNREADABLE, hold=LET_GO)),
    ("nothing is let go that can't be read (event)", when(event=Shown.UNREADABLE, hold=LET_GO)),
    ("nothing is let go that vanished", when(event=Shown.VANISHED, hold=LET_GO)),
    ("an upload lets nothing go", when(asked=UPLOADS, hold=LET_GO)),
    (
        "what is long past is let go",
        when(event=Shown.LONG_PAST, asked=Asked.SYNC, waiting=False, hold=(Hold.STANDS, Hold.OLDER)),
    ),
    (
        "an event that is there is not withdrawn",
        when(event=(*LIVE, Shown.MISSING, Shown.VANISHED), withdrawn=WITHDRAWN),
    ),
    ("what can't be read is not withdrawn", when(event=(Shown.UNREADABLE, Shown.LONG_PAST), withdrawn=WITHDRAWN)),
    ("only what was held is withdrawn unseen", when(event=Shown.UNSEEN, state=NOT_HELD, withdrawn=WITHDRAWN)),
    ("a withdrawn event counts as deleted", when(event_change=LIVE, withdrawn=WITHDRAWN)),
    ("a withdrawn event is followed", when(withdrawn=WITHDRAWN, follows=False)),
    ("a withdrawn event is not written", when(withdrawn=WITHDRAWN, may_write_event=True)),
    ("one way to Pipedrive is following", when(mode=Mode.TO_PIPEDRIVE, follows=False)),
    ("one way to Pipedrive writes no event", when(mode=Mode.TO_PIPEDRIVE, may_write_event=True)),
    ("one way to Pipedrive makes no event", when(mode=Mode.TO_PIPEDRIVE, may_create_event=True)),
    ("one way to Pipedrive marks none", when(mode=Mode.TO_PIPEDRIVE, may_mark=True)),
    (
        "all other modes make events",
        when(holder=WORKS, mode=(Mode.ALL_EVENTS, Mode.PIPEDRIVE_ONLY, Mode.TO_GOOGLE), may_create_event=False),
    ),
    ("what may not be written is not stale", when(may_write_event=False, stale=True)),
    ("only an active or held pair is stale", when(state=(State.DETACHED, State.REMOVING), stale=True)),
    (
        "only a seen activity leaves, or one whose removal is held",
        when(activity=(Shown.UNSEEN, Shown.MISSING, Shown.UNREADABLE), state=NOT_HELD, leaves=LEAVES),
    ),
    ("a deleted activity does not leave", when(activity=Shown.DELETED, leaves=LEAVES)),
    ("what leaves is outside", when(leaves=LEAVES, outside=False)),
    ("what was seen outside leaves", when(activity=LIVE, leaves=NONE, outside=True)),
    ("who does not leave takes nothing along", when(leaves=NONE, goes_along=True)),
    ("our own event goes along with what leaves", when(leaves=LEAVES, origin=Origin.PIPEDRIVE, goes_along=False)),
    ("a new owner is one cause", when(leaves=KEPT, owners_copy=True)),
    ("a new owner is one cause (account)", when(leaves=KEPT, new_owner=tuple(NewOwner))),
    ("a copy is looked for when the event is gone", when(holder=WORKS, event_change=LIVE, copy=True)),
    ("an upload looks for no copies", when(asked=UPLOADS, copy=True)),
    ("an upload looks for no owner's copy", when(asked=UPLOADS, owners_copy=True)),
    ("a deleted event is no series", when(event_change=Shown.DELETED, obstacle=tuple(Obstacle))),
    ("who works has no heir", when(holder=WORKS, heir=True)),
    ("an upload has no heirs", when(asked=UPLOADS, heir=True)),
    ("a sync has no params", when(asked=Asked.SYNC, asked_for=True)),
    ("a change stirs", when(holder=WORKS, stirred=False, activity=(Shown.EDITED, Shown.DELETED, Shown.UNREADABLE))),
    (
        "a change stirs (event)",
        when(holder=WORKS, stirred=False, event=(Shown.EDITED, Shown.DELETED, Shown.UNREADABLE, Shown.LONG_PAST)),
    ),
    ("a removal that was begun stirs", when(holder=WORKS, stirred=False, state=State.REMOVING)),
    ("a write that was begun stirs", when(holder=WORKS, stirred=False, state=State.ACTIVE, intended=True)),
    ("what leaves stirs", when(holder=WORKS, stirred=False, state=State.ACTIVE, leaves=LEAVES)),
]
