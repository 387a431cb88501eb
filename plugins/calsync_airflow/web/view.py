"""What a route is given to answer with: who asks, in which words and zone, what they may, and the store."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Engine

from calsync_airflow.web import airflow_side, csrf, notes, stores
from calsync_airflow.web.access import Forbidden, Right, is_own, rights_of
from calsync_airflow.web.airflow_side import Schedule
from calsync_airflow.web.assets import ASSETS
from calsync_airflow.web.local import Local
from calsync_airflow.web.rendering import render
from calsync_airflow.web.words import LANGUAGES, N_, Words
from include.calsync.core import told
from include.calsync.core.account_records import BY_FILE
from include.calsync.flows.page import frame
from include.calsync.flows.page.frame import Frame
from include.calsync.flows.services import utc_now

TABS = (
    ("accounts", N_("Accounts"), Right.LOOK),
    ("upload", N_("Upload"), Right.UPLOAD),
    ("items", N_("Find an item"), Right.LOOK),
    ("history", N_("History"), Right.LOOK),
    ("holds", N_("Held"), Right.LOOK),
    ("connect", N_("Connections"), Right.CONNECT),
)
"""The screens of the navigation: address, name, and the right that they take."""
POLLING_ENDS = 286
"""htmx takes such an answer, and asks no more."""


class View:
    """One request, as routes and templates see it (there it is `view`)."""

    def __init__(self, request: Request, user: BaseUser | None) -> None:
        self.request, self.user = request, user
        self.local = Local.of(request, utc_now())

    # Who, and what they may.

    @cached_property
    def rights(self) -> frozenset[Right]:
        """All that this person may do."""
        return frozenset() if self.user is None else rights_of(self.user)

    def may(self, right: str) -> bool:
        """Whether this person may do it: for what a template shows. Routes say `needs(Right.X)`."""
        return Right(right) in self.rights

    def may_read(self, google_user: str) -> bool:
        """Whether this person may read what people typed in this account: everybody's, or one's own."""
        return self.may("contents") or (self.user is not None and is_own(self.user, google_user))

    def must_read(self, google_user: str) -> None:
        """Raises Forbidden unless this person may read what people typed in this account."""
        if not self.may_read(google_user):
            raise Forbidden(Right.CONTENTS)

    @cached_property
    def form_token(self) -> str:
        """What each form sends along."""
        return "" if self.user is None else csrf.token(self.user.get_id(), self.local.now)

    @property
    def user_id(self) -> str:
        """Airflow's id of this person."""
        return "" if self.user is None else self.user.get_id()

    @property
    def user_name(self) -> str:
        """What is stored as who did it."""
        return "" if self.user is None else self.user.get_name()

    # Words.

    @property
    def words(self) -> Words:
        """In this person's language."""
        return self.local.words

    def told(self, text: str) -> str:
        """What a run, a service or a check told, in this person's language."""
        return told.told(text, self.language)

    def knows(self, text: str) -> bool:
        """Whether nothing of it is left in English."""
        return told.is_told(text, self.language)

    def who(self, by: str) -> str:
        """Who saved settings: a person by name, or the accounts file."""
        return self.words.say(N_("the accounts file")) if by == BY_FILE else by

    @property
    def language(self) -> str:
        """For the attribute `lang`."""
        return self.words.language

    @property
    def languages(self) -> str:
        """All there are, for `boot.js`."""
        return " ".join(LANGUAGES)

    # Addresses. From the root of the host: a fragment's links are followed from whatever page it is in.

    @property
    def root(self) -> str:
        """Where the page begins, like `/calsync/`."""
        return f"{self.request.scope.get('root_path', '')}/"

    @property
    def airflow_root(self) -> str:
        """Where Airflow begins, like `/`."""
        return f"{self.request.scope.get('root_path', '').removesuffix('/calsync')}/"

    def to(self, *steps: object, **query: object) -> str:
        """An address of the page: `view.to("accounts", 12)`. Queries hold ids and words of ours, nothing personal."""
        known = {key: value for key, value in query.items() if value not in (None, "")}
        asked = "&".join(f"{key}={value}" for key, value in known.items())
        return self.root + "/".join(str(step) for step in steps) + (f"?{asked}" if asked else "")

    def asset(self, name: str) -> str:
        """The address of a script or stylesheet."""
        return f"{self.root}static/{ASSETS[name].address}"

    def dag_in_airflow(self, dag_id: str) -> str:
        """Airflow's own page of a DAG, where one switches it on."""
        return f"{self.airflow_root}dags/{dag_id}"

    @property
    def sign_in(self) -> str:
        """Airflow's login, and from there back to the page that was asked for; a part of a page leads to the whole."""
        is_page = self.request.method == "GET" and not self.is_fragment
        back = self.request.url.path if is_page else self.root
        return f"{self.airflow_root}api/v2/auth/login?next={quote(back, safe='/')}"

    def run_in_airflow(self, dag_id: str, run_id: str) -> str:
        """Airflow's own page of a run."""
        return f"{self.airflow_root}dags/{dag_id}/runs/{run_id}"

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """The screens that this person may see: address and name."""
        return [(address, text) for address, text, right in TABS if right in self.rights]

    # The store.

    @cached_property
    def engine(self) -> Engine:
        """The store, for functions of `flows/page`."""
        return stores.engine()

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks, for a part of the page."""
        return self.request.headers.get("hx-request") == "true"

    # Answers.

    def around(self) -> tuple[Frame, Schedule]:
        """What stands around a screen, in the store and in Airflow."""
        schedule = airflow_side.schedule()
        return frame.read(self.engine, self.local.now, paused=schedule.paused), schedule

    def page(self, template: str, model: Any, *, status: int = 200, **more: Any) -> HTMLResponse:
        """A full page around the model: header, navigation, at most one banner."""
        if "around" not in more:
            more["around"], more["schedule"] = self.around()
        note = notes.text(self.request.query_params.get("done"))
        return self._html(template, status, model=model, note=note, **more)

    def fragment(
        self, template: str, model: Any, *, status: int = 200, last: bool = False, **more: Any
    ) -> HTMLResponse:
        """A part of a page, for htmx. `last`: it is asked for no more."""
        return self._html(template, POLLING_ENDS if last else status, model=model, **more)

    def bare(self, template: str, status: int, **more: Any) -> HTMLResponse:
        """A page that takes no database: of an error."""
        return self._html(template, status, around=None, schedule=None, note=None, model=None, **more)

    def goes_to(self, *steps: object, **query: object) -> RedirectResponse:
        """After a POST: 303, so that reloading sends nothing again."""
        return RedirectResponse(self.to(*steps, **query), status_code=303)

    def _html(self, template: str, status: int, **context: Any) -> HTMLResponse:
        text = render(self.language, template, view=self, local=self.local, **context)
        return HTMLResponse(text, status_code=status)


def _view(request: Request, user: GetUserDep) -> View:
    return View(request, user)


Viewing = Annotated[View, Depends(_view)]
"""What a route takes: `def show(view: Viewing) -> Response`."""
