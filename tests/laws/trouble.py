"""Everything that can go wrong with a request, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from include.sandbox.faults import Fault
from include.sandbox.google.errors import aip_body
from include.sandbox.server import Sandbox

HANG_S = 1.2
LISTS = r"/activities$|/events$"
RESET = {"x-ratelimit-reset": "3", "Retry-After": "2"}


@dataclass(frozen=True)
class Trouble:
    """A fault of one service, or something that is switched there. `path`, `method`: the only requests it can meet."""

    service: str
    fault: Fault | None = None
    switch: Callable[[Sandbox], None] | None = None

    def arm(self, sandbox: Sandbox, nth: int, times: int) -> Fault | None:
        """Strike from the nth request that it can meet on, `times` times."""
        if self.switch is not None:
            self.switch(sandbox)
        if self.fault is None:
            return None
        service = sandbox.pipedrive if self.service == "pipedrive" else sandbox.google
        return service.faults.add(replace(self.fault, skip=nth - 1, times=times))


def _both(name: str, fault: Fault) -> dict[str, Trouble]:
    # The token endpoint has an error table of its own; it is struck separately.
    paths = {"pipedrive": r"^/(api|v1)/", "google": r"^/calendar/"}
    return {
        f"{service}: {name}": Trouble(service, replace(fault, path=fault.path or path))
        for service, path in paths.items()
    }


def _lag(sandbox: Sandbox) -> None:
    sandbox.pipedrive.state.options.list_lag_s = 45
    sandbox.google.state.options.list_lag_s = 45


def _short_pages(sandbox: Sandbox) -> None:
    sandbox.google.state.options.page_sizes.extend([1, 0, 2])
    sandbox.pipedrive.state.options.empty_pages = 2


CONTRADICTING = ("burst_left", "day_rest", "day_rest_burst_over", "burst_left_undated", "bare")
"""Reasons of a 429 whose headers say one thing of the burst window and another of the day, or little at all."""
NOBODY_LISTED = Fault("status", status=403, reason="malformedCalendarItem")


def _aip(status: int, reason: str, path: str) -> Trouble:
    return Trouble("google", Fault("status", status=status, body=aip_body(status, reason), path=path))


TROUBLES: dict[str, Trouble] = {
    **_both("500 before", Fault("status", status=500)),
    **_both("500 after", Fault("status", when="after", status=500)),
    **_both("503 before", Fault("status", status=503, headers={"Retry-After": "5"})),
    **_both("503 after", Fault("status", when="after", status=503)),
    **_both("502 page", Fault("html", status=502)),
    **_both("404 by a gateway", Fault("html", status=404)),
    **_both("page with 200, before", Fault("html", status=200)),
    **_both("page with 200, after", Fault("html", when="after", status=200)),
    **_both("drop before", Fault("drop")),
    **_both("drop after", Fault("drop", when="after")),
    **_both("drop after POST", Fault("drop", when="after", method="POST")),
    **_both("drop after PATCH", Fault("drop", when="after", method="PATCH")),
    **_both("drop after DELETE", Fault("drop", when="after", method="DELETE")),
    **_both("truncated", Fault("truncate")),
    **_both("hang before", Fault("slow", seconds=HANG_S)),
    **_both("hang after", Fault("slow", when="after", seconds=HANG_S)),
    **_both("401", Fault("status", status=401)),
    **_both("blocked by a page", Fault("html", status=403)),
    **_both("items twice", Fault("repeat", path=LISTS)),
    **_both("list cut, still parses", Fault("truncate", still_parses=True, path=LISTS)),
    **_both("404 on PATCH", Fault("status", status=404, method="PATCH")),
    "pipedrive: 429 burst": Trouble("pipedrive", Fault("status", status=429, headers=RESET, path=r"^/(api|v1)/")),
    "pipedrive: 429 daily": Trouble("pipedrive", Fault("status", status=429, reason="daily", path=r"^/(api|v1)/")),
    **{
        f"pipedrive: 429 {reason}": Trouble(
            "pipedrive", Fault("status", status=429, reason=reason, path=r"^/(api|v1)/")
        )
        for reason in CONTRADICTING
    },
    "pipedrive: day used up": Trouble("pipedrive", switch=lambda sandbox: sandbox.pipedrive.state.limits.exhaust_day()),
    "pipedrive: not successful": Trouble(
        "pipedrive", Fault("json", body={"success": False, "error": "no", "data": None}, path=r"^/(api|v1)/")
    ),
    "google: 429": Trouble("google", Fault("status", status=429, headers={"Retry-After": "3"}, path="^/calendar/")),
    "google: 403 rate": Trouble("google", Fault("status", status=403, reason="rateLimitExceeded", path="^/calendar/")),
    "google: 403 user rate": Trouble(
        "google", Fault("status", status=403, reason="userRateLimitExceeded", path="^/calendar/")
    ),
    "google: 403 quota": Trouble("google", Fault("status", status=403, reason="quotaExceeded", path="/events/?")),
    "google: 403 forbidden": Trouble("google", Fault("status", status=403, reason="forbidden", path="^/calendar/")),
    "google: 403 unknown, on events": Trouble("google", replace(NOBODY_LISTED, path="/events/[^/]+$")),
    "google: 403 unknown, on new ones": Trouble("google", replace(NOBODY_LISTED, method="POST", path="/events$")),
    "google: 403 day": Trouble("google", Fault("status", status=403, reason="dailyLimitExceeded", path="^/calendar/")),
    "google: 429, newer form": _aip(429, "rateLimitExceeded", "^/calendar/"),
    "google: 403 rate, newer form": _aip(403, "rateLimitExceeded", "^/calendar/"),
    "google: 403 unknown, newer form": _aip(403, "malformedCalendarItem", "/events/[^/]+$"),
    "google: 503, newer form": _aip(503, "backendError", "^/calendar/"),
    "google: listing without a token": Trouble("google", Fault("no_sync_token", method="GET", path="/events$")),
    "google: 410 full sync": Trouble(
        "google", Fault("status", status=410, reason="fullSyncRequired", method="GET", path="/events$")
    ),
    "google: 410 too long ago": Trouble(
        "google", Fault("status", status=410, reason="updatedMinTooLongAgo", method="GET", path="/events$")
    ),
    "google: 410 deleted": Trouble(
        "google", Fault("status", when="after", status=410, reason="deleted", method="DELETE", path="/events/")
    ),
    "google: 412": Trouble("google", Fault("status", status=412, path="/events/")),
    "google: 409 after": Trouble("google", Fault("status", when="after", status=409, method="POST", path="/events$")),
    "google: no token": Trouble("google", Fault("status", status=503, path="token")),
    "google: tokens expired": Trouble("google", switch=lambda sandbox: sandbox.google.state.expire_access_tokens()),
    "google: sync tokens expired": Trouble("google", switch=lambda sandbox: sandbox.google.state.expire_sync_tokens()),
    "both: listings late": Trouble("both", switch=_lag),
    "both: short and empty pages": Trouble("both", switch=_short_pages),
}


def calm(sandbox: Sandbox) -> None:
    """All of it ends."""
    for service in (sandbox.pipedrive, sandbox.google):
        service.faults.clear()
        service.state.options.list_lag_s = 0
    sandbox.google.state.options.page_sizes.clear()
    sandbox.pipedrive.state.options.empty_pages = 0
