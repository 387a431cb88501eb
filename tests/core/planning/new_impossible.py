"""Combinations of facts of new items that can't occur, each with the reason: no rule has to make sense of them."""

from __future__ import annotations

from include.calsync.core.planning.facts import NONE, Asked, Leaves, Obstacle
from include.calsync.core.planning.new_facts import NEW_DOMAIN, Found, Item, Marked, Request, Unread
from include.calsync.core.planning.rule import Asks, when

Box = dict[str, frozenset[str | bool]]

BOTH_KNOWN = (Found.MARK, Found.LOST_REQUEST, Found.LOOKS)
ONE = (Item.ACTIVITY, Item.EVENT)
LEAVES, OBSTACLES, UNREAD, MARKED, FOUND = tuple(Leaves), tuple(Obstacle), tuple(Unread), tuple(Marked), tuple(Found)
# Questions that are asked of an item only after it is known to be readable, new, and nobody's partner.
LATER: dict[str, Asks] = {
    "leaves": LEAVES,
    "obstacle": OBSTACLES,
    "copy": True,
    "removed": True,
    "request": tuple(Request),
    "named": False,
    "ambiguous": True,
}


def never(**columns: Asks) -> Box:
    return when(NEW_DOMAIN, **columns)


def _unasked() -> list[tuple[str, Box]]:
    known: dict[str, dict[str, Asks]] = {
        "what can't be read": {"unread": UNREAD},
        "what is to be removed": {"found": Found.LEFT},
        "what its mark settles": {"mark": MARKED},
        "what no account shows": {"shown": False},
    }
    return [
        (f"{name} is not asked for {column}", never(**asked, **{column: value}))
        for name, asked in known.items()
        for column, value in LATER.items()
    ]


NEW_IMPOSSIBLE: list[tuple[str, Box]] = [
    *_unasked(),
    ("two were found somehow", never(item=Item.PAIR, found=(NONE, Found.LEFT))),
    ("one event was found as what is left, or not at all", never(item=Item.EVENT, found=BOTH_KNOWN)),
    (
        "one activity was found for a lost request, or not at all",
        never(item=Item.ACTIVITY, found=(Found.MARK, Found.LOOKS, Found.LEFT)),
    ),
    ("what was found was read", never(found=FOUND, unread=UNREAD)),
    ("what was found is not settled by its mark", never(found=FOUND, mark=MARKED)),
    ("what was found is shown", never(found=FOUND, shown=False)),
    ("what can't be read has no mark", never(unread=UNREAD, mark=MARKED)),
    ("what can't be read may be shown", never(unread=UNREAD, shown=False)),
    ("only events have marks", never(item=(Item.ACTIVITY, Item.PAIR), mark=MARKED)),
    ("an activity that is not found is not told of unless its event is old", never(mark=Marked.NOT_FOUND, old=False)),
    ("only activities are of a type", never(item=(Item.EVENT, Item.PAIR), shown=False)),
    ("an event leaves nobody", never(item=Item.EVENT, leaves=LEAVES)),
    (
        "a single activity is its account's own",
        never(item=Item.ACTIVITY, leaves=(Leaves.OTHER_OWNER, Leaves.OTHER_TYPE)),
    ),
    ("only events are series", never(item=(Item.ACTIVITY, Item.PAIR), obstacle=OBSTACLES)),
    ("only events are copies", never(item=(Item.ACTIVITY, Item.PAIR), copy=True)),
    ("only events have open requests", never(item=(Item.ACTIVITY, Item.PAIR), request=tuple(Request))),
    ("only activities had events removed", never(item=(Item.EVENT, Item.PAIR), removed=True)),
    ("two are not doubtful", never(item=Item.PAIR, ambiguous=True)),
    ("two are not new", never(item=Item.PAIR, old=True)),
    ("two are not asked for", never(item=Item.PAIR, named=False)),
    ("two wait for nothing", never(item=Item.PAIR, waiting=True)),
    ("two may be linked", never(item=Item.PAIR, allowed=False)),
    ("a sync has no params", never(asked=Asked.SYNC, named=False)),
    ("only what is left is back", never(found=(NONE, *BOTH_KNOWN), back=True)),
    *[
        (
            f"the activity of a lost request is not asked for {column}",
            never(item=Item.ACTIVITY, found=FOUND, **{column: value}),
        )
        for column, value in (LATER | {"old": True, "waiting": True, "allowed": False}).items()
    ],
]
