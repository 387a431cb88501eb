"""What is set aside: the list of it is a part of History; here one of them is tried again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from calsync_airflow.web import airflow_side
from calsync_airflow.web.access import SYNC, Right, needs
from calsync_airflow.web.view import Viewing
from include.calsync.core.policy import Side
from include.calsync.flows.page import aside

router = APIRouter()


@router.post("/aside/retry", dependencies=[needs(Right.SYNC)])
def retry(
    view: Viewing,
    account: Annotated[int, Form(ge=1, le=10**18)],
    side: Annotated[Side, Form()],
    item_id: Annotated[str, Form(max_length=1024)],
) -> Response:
    """Sync the item's account now; the item is tried again, whenever its time was to come.

    404: it is not set aside (any more). 409: Airflow would not run it.
    """
    airflow_side.must_be_on(SYNC)
    name = aside.try_again(view.engine, account, side, item_id, view.local.now)
    if name is None:
        raise HTTPException(404)
    airflow_side.start(SYNC, {"accounts": [name]}, view.user_name)
    return view.goes_to("history", what="aside", done="item_syncing")
