"""Find an item: `GET items`, searching, one pair with what was written to it, and a live look at what is no pair."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Query
from fastapi.responses import Response

from calsync_airflow.web import airflow_side, services, values
from calsync_airflow.web.access import SYNC, UNDO, Forbidden, Right, needs
from calsync_airflow.web.rates import Rate
from calsync_airflow.web.view import View, Viewing
from include.calsync.core.item_ids import ItemId
from include.calsync.core.policy import Side
from include.calsync.core.sentences import LANGUAGES
from include.calsync.errors import SettingsError
from include.calsync.flows import explain_text
from include.calsync.flows.explain import looked_at
from include.calsync.flows.page import history, item, unlinked
from include.calsync.flows.page.item import PairPage
from include.calsync.store.page_accounts import Head

router = APIRouter()
looks = Rate(10)
RunId = Annotated[str, Form(max_length=36)]


@router.get("/items", dependencies=[needs(Right.LOOK)])
def begin(view: Viewing) -> Response:
    """The field to search in."""
    return view.page("items.html", None)


@router.post("/items/find", dependencies=[needs(Right.LOOK)])
def find(view: Viewing, q: Annotated[str, Form(max_length=2000)] = "") -> Response:
    """Go to what was meant, or list what was found. A POST: a subject is personal, and addresses are logged."""
    found = item.find(view.engine, q, view.may_read)
    if found.link_id is not None:
        return view.goes_to("items", found.link_id)
    if found.item is not None and not found.hits and found.is_clear:
        account = item.account_of_calendar(view.engine, found.calendar) if found.calendar else None
        return view.goes_to("items", *found.item, account=account)
    return view.page("items.html", found, values=values)


@router.get("/items/{link_id:int}", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, link_id: int) -> Response:
    """The screen of a pair. 404: there is none of this id, or not any more. 403: its account's is not to be read."""
    return _shown(view, _pair(view, link_id))


@router.get("/items/{link_id:int}/now", dependencies=[needs(Right.LOOK)])
def look_at_both(view: Viewing, link_id: int) -> Response:
    """A pair as both services show it now: they count as the looks below. 404, 403: as above."""
    pair = _pair(view, link_id)
    looks.take(view.user_id)
    try:
        with services.opened(view.engine) as opened:
            return _shown(view, item.look_again(opened, pair))
    except SettingsError as error:
        return _shown(view, pair, str(error))


@router.post("/items/{link_id:int}/undo/preview", dependencies=[needs(Right.UNDO)])
def try_undo(view: Viewing, link_id: int, run_id: RunId = "") -> Response:
    """Try out taking back what a run wrote to this pair: a dry run. 404, 409: as below."""
    _undo(view, link_id, run_id, dry_run=True)
    return view.goes_to("items", link_id, "undo", run_id, since=round(view.local.now.timestamp()))


@router.get("/items/{link_id:int}/undo/{run_id}", dependencies=[needs(Right.UNDO)])
def show_trial(view: Viewing, link_id: int, run_id: str, since: Annotated[int, Query(ge=0, le=10**10)]) -> Response:
    """What the dry run found; until it is over the part asks again."""
    pair, written = item.name(view.engine, link_id), history.head_of(view.engine, run_id)
    if pair is None or written is None:
        raise HTTPException(404)
    _must_read(view, pair.account)
    trial = history.tried(view.engine, run_id, datetime.fromtimestamp(since, UTC), link_id)
    if view.is_fragment:
        return view.fragment("undo_trial.html", written, last=trial is not None, trial=trial, since=since, pair=pair)
    return view.page("undo.html", written, trial=trial, since=since, pair=pair)


@router.post("/items/{link_id:int}/undo", dependencies=[needs(Right.UNDO)])
def undo(view: Viewing, link_id: int, run_id: RunId = "") -> Response:
    """Take back what a run wrote to this pair. 404: it wrote nothing. 409: undoing is switched off in Airflow."""
    _undo(view, link_id, run_id, dry_run=False)
    return view.goes_to("items", link_id, done="taking_back")


@router.post("/items/{link_id:int}/retry", dependencies=[needs(Right.SYNC)])
def retry(view: Viewing, link_id: int) -> Response:
    """Sync the pair's account now; what was set aside of the pair is tried again, whenever its time was to come."""
    pair = _pair(view, link_id)
    airflow_side.must_be_on(SYNC)
    item.try_again(view.engine, pair, view.local.now)
    airflow_side.start(SYNC, {"accounts": [pair.account.name]}, view.user_name)
    return view.goes_to("items", link_id, done="item_syncing")


@router.get("/items/{side}/{item_id}", dependencies=[needs(Right.LOOK)])
def look(
    view: Viewing,
    side: Side,
    item_id: Annotated[str, Path(max_length=1024)],
    account: Annotated[int | None, Query()] = None,
) -> Response:
    """An item by its id: its pair, or a live look at it, at most ten a minute and person. 422: an activity's id is a
    number.

    `account`: only this one is asked. Who may read one account only has only that one asked.
    """
    if side is Side.ACTIVITY and not item_id.isdecimal():
        raise HTTPException(422)
    found = unlinked.stored(view.engine, ItemId(side, item_id), view.may_read, all_accounts=view.may("contents"))
    if found.pair_id is not None:
        return view.goes_to("items", found.pair_id)
    asked = next((each for each in found.accounts if each.id == account), None)
    if account is not None and asked is None:
        raise HTTPException(404)
    if asked is None and not view.may("contents"):
        if not found.accounts:
            raise Forbidden(Right.CONTENTS)
        asked = found.accounts[0]
    explained, problem = found.explained, ""
    if not explained.is_linked:
        looks.take(view.user_id)
        with services.opened(view.engine) as opened:
            try:
                explained = looked_at(opened, explained, account=asked.name if asked is not None else None)
            except SettingsError as error:  # too many accounts would be asked, or the accounts file is wrong
                problem = str(error)
    return view.page(
        "item_look.html",
        unlinked.page_of(explained, view.language),
        side=side,
        item_id=item_id,
        accounts=found.accounts,
        account=asked,
        problem=problem,
        values=values,
        explain_words=LANGUAGES[view.language],
        because=item.because_of,
        found_text=explain_text.found_text,
        kept=explain_text.KEPT,
    )


def _shown(view: View, pair: PairPage, problem: str = "") -> Response:
    words: dict[str, Any] = {"explain_words": LANGUAGES[view.language], "found_text": explain_text.found_text}
    words |= {"values": values, "problem": problem}
    if view.is_fragment:
        return view.fragment("item_pair.html", pair, **words)
    return view.page("item.html", pair, may_undo=view.may("undo"), **words)


def _pair(view: View, link_id: int) -> PairPage:
    found = item.read(view.engine, link_id, view.language)
    if found is None:
        raise HTTPException(404)
    _must_read(view, found.account)
    return found


def _must_read(view: View, head: Head) -> None:
    view.must_read(str((head.settings or {}).get("google_user", "")))


def _undo(view: View, link_id: int, run_id: str, *, dry_run: bool) -> None:
    if run_id not in _pair(view, link_id).run_ids:
        raise HTTPException(404)
    airflow_side.must_be_on(UNDO)
    airflow_side.start(UNDO, {"sync_run_id": run_id, "link_id": link_id, "dry_run": dry_run}, view.user_name)
