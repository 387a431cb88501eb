"""One account: `GET accounts/{id}`, and the live preview of a title."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from calsync_airflow.web.access import Right, needs
from calsync_airflow.web.view import Viewing
from include.calsync.flows.page import account
from include.calsync.flows.page.account import PARTS, title_of

router = APIRouter()

SAMPLE = {
    "deal": "Nordwind roll-out",
    "person": "Lena Vogt",
    "organization": "Nordwind GmbH",
    "subject": "Product demo",
}
"""Nobody's: so everybody may see it."""


@router.get("/accounts/{account_id:int}", dependencies=[needs(Right.LOOK)])
def show(view: Viewing, account_id: int) -> Response:
    """The screen of an account. 404: there is none of this id, or it was removed."""
    around, schedule = view.around()
    running = around.running.id if around.running is not None else None
    model = account.read(view.engine, account_id, running=running)
    if model is None:
        raise HTTPException(404)
    order = model.settings.title if model.settings is not None else PARTS
    title = title_of(order, SAMPLE)
    return view.page(
        "account.html", model, around=around, schedule=schedule, title=title, sample=SAMPLE, parts=PARTS, editable=False
    )


@router.post("/preview/title", dependencies=[needs(Right.LOOK)])
def preview_title(view: Viewing, title: Annotated[list[str] | None, Form(max_length=10)] = None) -> Response:
    """How a title of these parts, in this order, will look."""
    return view.fragment("account_title.html", title_of(title or [], SAMPLE))
