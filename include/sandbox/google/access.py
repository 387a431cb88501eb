"""What a principal may do with a calendar: its role there, and what the scopes of its token leave of that.

Sources: Google Calendar API reference, Acl (roles); discovery document (scopes of each method).
"""

from __future__ import annotations

from include.sandbox.google.auth import Principal
from include.sandbox.google.errors import GoogleError, insufficient_scope
from include.sandbox.google.records import Calendar, rank
from include.sandbox.google.scopes import SCOPES

_OWNED = frozenset({"calendar.events.owned", "calendar.events.owned.readonly"})
_PUBLIC = "calendar.events.public.readonly"
_FREE_BUSY = "calendar.events.freebusy"
_APP = "calendar.app.created"


def check_scope(principal: Principal, operation: str) -> None:
    """Raises GoogleError 403 ``insufficientPermissions`` when no scope of the token covers the method."""
    if not principal.may(SCOPES[operation]):
        raise insufficient_scope()


def role_on(principal: Principal, calendar: Calendar, operation: str) -> str:
    """The role that counts for this request. Raises GoogleError 403 when no scope reaches this calendar."""
    role = calendar.role(principal.email)
    unrestricted = False
    limited: list[str] = []
    for scope in principal.may(SCOPES[operation]):
        if scope == _FREE_BUSY:
            limited.append("freeBusyReader")
        elif scope in _OWNED:
            limited += [role] if role == "owner" else []
        elif scope == _APP:
            limited += [role] if calendar.app == principal.client else []
        elif scope == _PUBLIC:
            limited += ["reader"] if rank(calendar.role("*")) >= rank("reader") else []
        else:
            unrestricted = True
    if unrestricted:
        return role
    if not limited:
        raise insufficient_scope()
    return min((max(limited, key=rank), role), key=rank)


def check_writer(role: str, *, private: bool = False) -> None:
    """Raises GoogleError 403 ``requiredAccessLevel``."""
    needed = "writer" if private else "writerWithoutPrivateAccess"
    if rank(role) < rank(needed):
        raise GoogleError(403, "requiredAccessLevel")


def check_owner(role: str) -> None:
    if rank(role) < rank("owner"):
        raise GoogleError(403, "requiredAccessLevel", "You need to have owner access to this calendar.")
