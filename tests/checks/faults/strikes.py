"""Faults that strike a request: each at every request that the service could answer so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

from include.sandbox.base import Recorded, Service
from include.sandbox.faults import Fault
from tests.checks.faults.outcomes import Case, Want
from tests.checks.faults.work import Moment
from tests.laws.meanwhile import before_request
from tests.laws.trouble import HANG_S, RESET, calm

DAY_S = 25 * 3600
"""Longer than any pause and quarantine."""
SOON_S = 600
"""Longer than a lease, and than the time after which a lost request is sent again."""
RESTED_S = 1000
"""Longer than the pause after a limit of Google that did not say when it ends."""
SLOW_S = 0.02
ELSEWHERE = "/elsewhere"

Meets = Callable[[Recorded], bool]


def any_call(request: Recorded) -> bool:
    return "token" not in request.path


def writes(request: Recorded) -> bool:
    return any_call(request) and request.method != "GET"


def reads(request: Recorded) -> bool:
    return request.method == "GET"


def changes(request: Recorded) -> bool:
    """PATCH and DELETE."""
    return request.method in ("PATCH", "DELETE")


def deletes(request: Recorded) -> bool:
    return request.method == "DELETE"


def inserts(request: Recorded) -> bool:
    return request.method == "POST" and request.path.endswith("/events")


def lists_events(request: Recorded) -> bool:
    return request.method == "GET" and request.path.endswith("/events")


def lists(request: Recorded) -> bool:
    return request.method == "GET" and request.operation.endswith(".list")


def lists_items(request: Recorded) -> bool:
    return lists(request) and request.operation in ("activities.list", "events.list")


def lists_names(request: Recorded) -> bool:
    return lists(request) and not lists_items(request)


def token(request: Recorded) -> bool:
    return "token" in request.path


@dataclass(frozen=True)
class Strike:
    """One fault of the page. `times`: how often it strikes in a row from its request on (0: until the run is over).

    `hush_s`: so long nothing may be sent to the service after a strike. `paused`: the next run, too, sends nothing of
    that kind. `green`: the run that a single strike meets is green. `alone`: an account may fail, but no other.
    """

    id: str
    name: str
    services: tuple[str, ...]
    fault: Fault
    meets: Meets = any_call
    times: tuple[int, ...] = (1,)
    wait_s: float = SOON_S
    hush_s: float = 0.0
    paused: Meets | None = None
    green: bool = False
    alone: bool = False
    hides: bool = False


BOTH, PIPEDRIVE, GOOGLE = ("pipedrive", "google"), ("pipedrive",), ("google",)
AGAIN = (1, 3, 0)


def status(code: int, reason: str | None = None, **fields: object) -> Fault:
    return Fault("status", status=code, reason=reason, **fields)  # type: ignore[arg-type]


EMPTY_PAGE = Fault("repeat")
"""Stands for a switch of the service: see `_striking`."""
NOT_SUCCESSFUL = {"success": False, "error": "no", "data": None}
REFUSED = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}

STRIKES: tuple[Strike, ...] = (
    Strike("F101", "429 burst", PIPEDRIVE, status(429, headers=RESET), times=AGAIN, hush_s=3),
    Strike("F102", "429 daily", PIPEDRIVE, status(429, "daily"), times=(1, 0), wait_s=DAY_S, paused=any_call),
    Strike("F103", "403 rateLimitExceeded", GOOGLE, status(403, "rateLimitExceeded"), times=AGAIN,
           wait_s=RESTED_S, hush_s=1),
    Strike("F103", "403 userRateLimitExceeded", GOOGLE, status(403, "userRateLimitExceeded"), hush_s=1),
    Strike("F103", "429", GOOGLE, status(429, headers={"Retry-After": "3"}), hush_s=3),
    Strike("F104", "403 quotaExceeded", GOOGLE, status(403, "quotaExceeded"), writes, times=(1, 0), wait_s=DAY_S,
           paused=writes, alone=True),
    Strike("F105", "403 forbidden", GOOGLE, status(403, "forbidden"), wait_s=DAY_S, alone=True),
    Strike("F105", "403 insufficientPermissions", GOOGLE, status(403, "insufficientPermissions"), wait_s=DAY_S,
           alone=True),
    Strike("F105", "403 forbiddenForNonOrganizer", GOOGLE, status(403, "forbiddenForNonOrganizer"), writes,
           wait_s=DAY_S, alone=True),
    Strike("F105", "403", PIPEDRIVE, status(403), wait_s=DAY_S),
    Strike("F106", "500 before", BOTH, status(500), times=AGAIN),
    Strike("F106", "500 after", BOTH, status(500, when="after"), writes, times=AGAIN),
    Strike("F106", "502 page", BOTH, Fault("html", status=502)),
    Strike("F106", "503 before", BOTH, status(503, headers={"Retry-After": "5"}), hush_s=5),
    Strike("F106", "503 after", BOTH, status(503, when="after"), writes),
    Strike("F107", "400", BOTH, status(400), wait_s=DAY_S, alone=True),
    Strike("F107", "422", BOTH, status(422), writes, wait_s=DAY_S, alone=True),
    Strike("F108", "404", BOTH, status(404), changes, green=True),
    Strike("F109", "410 deleted", GOOGLE, status(410, "deleted", when="after"), deletes, green=True),
    Strike("F110", "410 fullSyncRequired", GOOGLE, status(410, "fullSyncRequired"), lists_events, green=True),
    Strike("F110", "410 updatedMinTooLongAgo", GOOGLE, status(410, "updatedMinTooLongAgo"), lists_events, green=True),
    Strike("F111", "409 duplicate", GOOGLE, status(409, "duplicate", when="after"), inserts, green=True),
    Strike("F112", "412", GOOGLE, status(412, "conditionNotMet"), changes, times=(1, 3), green=True),
    Strike("F113", "401", GOOGLE, status(401), green=True),
    Strike("F113", "401", PIPEDRIVE, status(401)),
    Strike("F114", "400 invalid_grant", GOOGLE, Fault("json", status=400, body=REFUSED), token, alone=True),
    Strike("F115", "200 success:false, before", PIPEDRIVE, Fault("json", body=NOT_SUCCESSFUL), times=AGAIN),
    Strike("F115", "200 success:false, after", PIPEDRIVE, Fault("json", when="after", body=NOT_SUCCESSFUL), writes),
    Strike("F116", "200 empty with next_cursor", PIPEDRIVE, EMPTY_PAGE, lists, green=True),
    Strike("F119", "301 elsewhere", BOTH, status(301), wait_s=DAY_S),
    Strike("F119", "302 elsewhere", BOTH, status(302), wait_s=DAY_S),
    Strike("F119", "304", BOTH, status(304, body=""), wait_s=DAY_S),
    Strike("F201", "no answer in time", BOTH, Fault("slow", when="after", seconds=HANG_S), writes),
    Strike("F202", "reset before", BOTH, Fault("drop"), times=AGAIN),
    Strike("F202", "reset after", BOTH, Fault("drop", when="after"), times=AGAIN),
    Strike("F203", "truncated", BOTH, Fault("truncate"), times=(1, 3)),
    Strike("F203", "page with 200, before", BOTH, Fault("html", status=200), times=(1, 3)),
    Strike("F203", "page with 200, after", BOTH, Fault("html", when="after", status=200), writes),
    Strike("F203", "page with 403", BOTH, Fault("html", status=403), wait_s=DAY_S),
    Strike("F204", "list of items cut, still parses", BOTH, Fault("truncate", still_parses=True), lists_items,
           times=(1, 0), hides=True),
    Strike("F204", "list of names cut, still parses", PIPEDRIVE, Fault("truncate", still_parses=True), lists_names),
    Strike("F205", "drip", BOTH, Fault("drip", seconds=SLOW_S)),
    Strike("F301", "items twice", BOTH, Fault("repeat"), lists, green=True),
)  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """One case: a fault at the request number `at` (from 1) of its service."""

    strike: Strike
    service: str
    at: int
    times: int
    request: str = field(compare=False, default="")

    def __str__(self) -> str:
        often = {1: "once", 0: "until the end of the run"}.get(self.times, f"{self.times} times")
        where = f"{self.service} {self.request}, --at {self.at}"
        return f"--only {self.strike.id} {where}: {self.strike.name} {self.strike.fault.when}, {often}"


def specs(requests: list[Recorded]) -> Iterator[Spec]:
    """All cases of the run that sends these requests."""
    for strike in STRIKES:
        for service in strike.services:
            mine = [request for request in requests if request.service == service]
            for at, request in enumerate(mine, 1):
                if strike.meets(request):
                    for times in strike.times:
                        yield Spec(strike, service, at, times, f"{request.method} {request.operation}")


def judge(spec: Spec, moment: Moment, secrets: list[str], want: Want) -> Case:
    """The case, carried out."""
    case = Case(moment, secrets)
    company = case.company
    moment.work.short_pages()
    once = spec.times == 1
    with _striking(case, spec):
        summary = case.run(must_be_green=once and spec.strike.green)
    strikes_count = case.strikes_count
    if not strikes_count:
        case.note("e", "the fault never struck: the table is wrong, not the product")
    calm(company.sandbox)
    _hushed(case, spec)
    if any(ELSEWHERE in request.path for request in case.sent):
        case.note("f", "a redirect was followed")
    if summary is not None and spec.strike.alone and once and spec.service == "google":
        failed = [name for name, seen in summary.result["accounts"].items() if seen["state"] == "failed"]
        if len(failed) > 1:
            case.note("g", f"not only one account failed: {failed}")
    if spec.strike.paused is not None:
        _paused(case, spec, summary is not None)
    case.settle(want, strikes_count, spec.strike.wait_s, hidden=spec.strike.hides)
    return case


@contextmanager
def _striking(case: Case, spec: Spec) -> Iterator[None]:
    """The fault is installed; afterwards `case.strikes_count` says how often it struck."""
    sandbox = case.company.sandbox
    if spec.strike.fault is EMPTY_PAGE:
        options = sandbox.pipedrive.state.options

        def empty() -> None:
            options.empty_pages, case.strikes_count = options.empty_pages + 1, 1

        with before_request(spec.at - 1, empty, re.escape(sandbox.pipedrive.url)):
            yield
        return
    service: Service = getattr(sandbox, spec.service)
    other = sandbox.google if spec.service == "pipedrive" else sandbox.pipedrive
    fault = replace(spec.strike.fault, nth=spec.at, times=spec.times)
    if fault.status in (301, 302):
        fault = replace(fault, headers={"Location": other.url + ELSEWHERE})
    service.faults.add(fault)
    yield
    case.strikes_count = len(service.faults.struck)


def _hushed(case: Case, spec: Spec) -> None:
    """Nothing is sent before the time that the service named is over."""
    mine = [request for request in case.last if request.service == spec.service and not token(request)]
    for struck, following in pairwise(mine):
        if (
            spec.service == "google"
            and writes(struck)
            and (reads(following) or _owner(following.path) != _owner(struck.path))
        ):
            continue  # writes that are too many rest their calendar's writes; only a refused read rests the user
        waited = following.at - struck.at
        if struck.fault and waited < timedelta(seconds=spec.strike.hush_s):
            case.note("e", f"{following.method} {following.path} after {waited}, not {spec.strike.hush_s} s")


def _paused(case: Case, spec: Spec, is_told: bool) -> None:
    """What was used up is not asked for again, neither in the same run nor at once in the next one."""
    assert spec.strike.paused is not None
    mine = [request for request in case.last if request.service == spec.service]
    first = next((at for at, request in enumerate(mine) if request.fault), len(mine))
    owner = _owner(mine[first].path) if mine[first:] else ""
    same = [request for request in mine[first + 1 :] if spec.strike.paused(request) and _owner(request.path) == owner]
    if is_told:
        case.run()
        mine = [request for request in case.last if request.service == spec.service]
        same += [request for request in mine if spec.strike.paused(request) and _owner(request.path) == owner]
    for request in same:
        case.note("e", f"{request.method} {request.path} in spite of the pause")


def _owner(path: str) -> str:
    """The calendar of a request to Google; all of Pipedrive is one."""
    return path.split("/events")[0] if path.startswith("/calendar/") else ""
