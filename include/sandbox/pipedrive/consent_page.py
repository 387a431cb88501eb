"""Pipedrive's page on which a person installs the app, or declines.

Source: Pipedrive marketplace documentation, "OAuth authorization": the request names client_id, redirect_uri and
state, and no scopes; the page shows those of the app's registration, all or nothing; code or error (`user_denied`) go
to the callback URL if it is the registered one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.sandbox.oauth import page, sent_back
from include.sandbox.page_parts import form
from include.sandbox.wire import Answer, Call

if TYPE_CHECKING:
    from include.sandbox.pipedrive.state import PipedriveState

AUTH_PATH = "/oauth/authorize"
SCOPES = {
    "base": "Read your name, language, company and settings",
    "activities:read": "Read your activities",
    "activities:full": "Read, create, update and delete your activities",
    "contacts:read": "Read people and organizations",
    "contacts:full": "Read, create, update and delete people and organizations",
    "deals:read": "Read deals",
    "deals:full": "Read, create, update and delete deals",
    "leads:read": "Read leads",
    "users:read": "Read data of users",
}


def answer(state: PipedriveState, call: Call) -> Answer:
    """`GET` shows the page, `POST` to the same address is the person's answer."""
    options = state.options
    query = {name: values[-1] for name, values in call.query.items()}
    uri, back = query.get("redirect_uri", ""), query.get("state")
    if query.get("client_id") != options.app_client_id:
        return _refused("invalid_client", "There is no app with this client ID.")
    if not uri or uri != options.app_redirect_uri:
        return _refused("invalid_request", f"The callback URL is not the one of the app's registration: {uri}")
    users = [user for user in state.users.values() if user["active_flag"]]
    if call.method == "GET":
        scopes = [(each, SCOPES.get(each, each)) for each in options.app_scopes.split()]
        values = {"app": options.app_name, "company": state.company()["name"], "users": users, "scopes": scopes}
        return page("consent_pipedrive.html", **values)
    fields = form(call)
    user = next((each for each in users if str(each["id"]) == fields.get("user")), None)
    if fields.get("action") != "allow" or user is None:
        return sent_back(uri, error="user_denied", state=back)
    return sent_back(uri, code=state.tokens.code_for(state.company()["id"], user["id"], uri), state=back)


def _refused(error: str, text: str) -> Answer:
    return page("consent_refused.html", 400, service="Pipedrive", error=error, text=text)
