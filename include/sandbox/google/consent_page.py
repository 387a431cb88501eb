"""Google's page on which a person picks the account, ticks what the app may do, and allows or denies.

Source: "Using OAuth 2.0 for Web Server Applications"; "How to handle granular permissions" (more than one scope: each
can be unticked; one: it is all or nothing). What is wrong with the app's registration or request is told on a page,
not to the app: the redirect URI is not trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.sandbox.google.consents import Asked, Consents
from include.sandbox.google.options import Options
from include.sandbox.google.records import User
from include.sandbox.google.scopes import KNOWN, TEXTS, short, spelled
from include.sandbox.oauth import page, sent_back
from include.sandbox.page_parts import form
from include.sandbox.wire import Answer, Call

AUTH_PATH = "/o/oauth2/v2/auth"
METHODS = ("plain", "S256")


@dataclass(frozen=True)
class _Refused(Exception):
    """Shown to the person; the app hears nothing."""

    status: int
    error: str
    text: str


class ConsentPage:
    """``GET`` shows the page, ``POST`` to the same address is the person's answer."""

    def __init__(self, consents: Consents, users: Mapping[str, User], options: Options) -> None:
        self._consents = consents
        self._users = users
        self._options = options

    def answer(self, call: Call) -> Answer:
        query = {name: values[-1] for name, values in call.query.items()}
        try:
            scopes = self._checked(query)
        except _Refused as error:
            values = {"error": f"Error {error.status}: {error.error}", "text": error.text}
            return page("consent_refused.html", error.status, service="Google", **values)
        if call.method == "POST":
            return self._decided(query, scopes, form(call))
        return page(
            "consent_google.html",
            app=self._options.app_name,
            users=list(self._users.values()),
            picked=query.get("login_hint", ""),
            scopes=[(each, TEXTS.get(each, each)) for each in scopes],
        )

    def _checked(self, query: Mapping[str, str]) -> list[str]:
        """The scopes asked for, in the request's order. Raises _Refused."""
        if query.get("client_id") != self._options.app_client_id:
            raise _Refused(401, "invalid_client", "The OAuth client was not found.")
        if query.get("redirect_uri", "") not in self._options.app_redirect_uris:
            text = f"Register this redirect URI with the OAuth client: {query.get('redirect_uri', '(none)')}"
            raise _Refused(400, "redirect_uri_mismatch", text)
        if query.get("response_type") != "code":
            raise _Refused(400, "unsupported_response_type", "The sandbox knows response_type=code alone.")
        if "code_challenge_method" in query and query["code_challenge_method"] not in METHODS:
            raise _Refused(400, "invalid_request", "Invalid code_challenge_method.")
        scopes = list(dict.fromkeys(each for word in query.get("scope", "").split() for each in short(word)))
        if not scopes:
            raise _Refused(400, "invalid_request", "Missing required parameter: scope")
        if unknown := [each for each in scopes if each not in KNOWN]:
            raise _Refused(400, "invalid_scope", f"Some requested scopes were invalid: {', '.join(unknown)}")
        return scopes

    def _decided(self, query: Mapping[str, str], scopes: list[str], fields: Mapping[str, str]) -> Answer:
        state, uri = query.get("state"), query["redirect_uri"]
        ticked = [each for each in scopes if len(scopes) == 1 or f"scope_{each}" in fields]
        if fields.get("action") != "allow" or not ticked or fields.get("account") not in self._users:
            return sent_back(uri, error="access_denied", state=state)
        email, granted = fields["account"], frozenset(ticked)
        before = self._consents.granted(email, query["client_id"])
        if query.get("include_granted_scopes") == "true":
            granted |= before
        code = self._consents.code_for(
            Asked(
                client_id=query["client_id"],
                redirect_uri=uri,
                email=email,
                scopes=granted,
                challenge=query.get("code_challenge", ""),
                method=query.get("code_challenge_method", "plain"),
                # Only with a consent that is new, or asked for anew.
                refresh_token_wanted=query.get("access_type") == "offline"
                and ("consent" in query.get("prompt", "").split() or not before),
            )
        )
        return sent_back(uri, state=state, code=code, scope=spelled(granted), authuser="0", prompt=query.get("prompt"))
