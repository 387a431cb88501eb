"""The batch endpoint. Source: Google Calendar API guide "Send batch requests"."""

from __future__ import annotations

import json
from typing import Any

import requests

from include.sandbox.base import Fault
from include.sandbox.google.service import GoogleService
from include.sandbox.google.state import GoogleState
from tests.sandbox.google.api import ANNA, BOB, TIMED, Api, event_path

BOUNDARY = "batch_sent"
Part = tuple[str, str, dict[str, Any] | None, dict[str, str]]


def body_of(parts: list[Part]) -> bytes:
    texts = []
    for number, (verb, path, body, headers) in enumerate(parts):
        lines = [f"--{BOUNDARY}", "Content-Type: application/http", f"Content-ID: <item-{number}>", ""]
        lines += [f"{verb} /calendar/v3/{path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += ["", "" if body is None else json.dumps(body), ""]
        texts.append("\r\n".join(lines))
    return ("".join(texts) + f"--{BOUNDARY}--\r\n").encode()


def post(api: Api, body: bytes, kind: str = f"multipart/mixed; boundary={BOUNDARY}") -> requests.Response:
    url = f"{api.google.url}/batch/calendar/v3"
    answer: requests.Response = api.session.post(url, data=body, headers={"Content-Type": kind}, timeout=30)
    return answer


def batch(api: Api, parts: list[Part]) -> list[tuple[str, int, Any]]:
    """(Content-ID, status, JSON or None) of each answer."""
    answer = post(api, body_of(parts))
    assert answer.status_code == 200
    kind, boundary = answer.headers["Content-Type"].split("; boundary=")
    assert kind == "multipart/mixed"
    found = []
    for piece in answer.content.decode().split(f"--{boundary}")[1:-1]:
        head, inner_head, inner_body = (*piece.strip("\r\n").split("\r\n\r\n", 2), "")[:3]
        assert "Content-Type: application/http" in head
        content_id = head.split("Content-ID: ")[1].split("\r\n")[0]
        found.append((content_id, int(inner_head.split()[1]), json.loads(inner_body) if inner_body else None))
    return found


def test_each_part_has_its_own_answer(anna: Api, state: GoogleState) -> None:
    made = state.add_event(ANNA, **TIMED)
    parts: list[Part] = [
        ("POST", event_path("primary") + "?sendUpdates=none", {**TIMED, "summary": "Ä"}, {}),
        ("PATCH", event_path("primary", made["id"]), {"summary": "B"}, {"If-Match": '"1"'}),
        ("DELETE", event_path("primary", made["id"]), None, {"If-Match": made["etag"]}),
        ("GET", event_path("primary", "never1"), None, {}),
    ]
    found = batch(anna, parts[:2] + parts[3:])
    assert [(name, status) for name, status, _ in found] == [
        ("<response-item-0>", 200), ("<response-item-1>", 412), ("<response-item-2>", 404),
    ]  # fmt: skip
    assert found[0][2]["summary"] == "Ä"
    assert found[1][2]["error"]["errors"][0]["reason"] == "conditionNotMet"
    ((name, status, body),) = batch(anna, [parts[2]])
    assert (name, status, body) == ("<response-item-0>", 204, None)


def test_two_writes_to_one_event_conflict(anna: Api, state: GoogleState) -> None:
    """Guide "Handle API errors": 409 conflict: batched items in each other's way."""
    path = event_path("primary", state.add_event(ANNA, **TIMED)["id"])
    found = batch(
        anna, [("PATCH", path, {"summary": "A"}, {}), ("PATCH", path, {"summary": "B"}, {}), ("GET", path, None, {})]
    )
    assert [status for _, status, _ in found] == [200, 409, 200]


def test_parts_out_of_order_and_missing(anna: Api, state: GoogleState) -> None:
    """Guide: the order of execution and of answers is not guaranteed."""
    state.options.batch_shuffle = True
    state.options.batch_drop.append(1)
    parts: list[Part] = [("POST", event_path("primary"), {**TIMED, "id": f"abcd{n}"}, {}) for n in range(3)]
    assert [name for name, _, _ in batch(anna, parts)] == ["<response-item-2>", "<response-item-1>"]
    assert len(state.events(ANNA)) == 3
    assert len(batch(anna, [("GET", event_path("primary", "abcd1"), None, {})])) == 1


def test_faults_of_single_parts(google: GoogleService, anna: Api) -> None:
    google.part_faults.add(Fault("status", status=403, reason="rateLimitExceeded", nth=2))
    google.part_faults.add(Fault("status", when="after", status=500, nth=3))
    parts: list[Part] = [("POST", event_path("primary"), {**TIMED, "id": f"abcd{n}"}, {}) for n in range(4)]
    assert [status for _, status, _ in batch(anna, parts)] == [200, 403, 500, 200]
    assert sorted(google.state.events(ANNA)) == ["abcd0", "abcd2", "abcd3"]


def test_each_call_counts_in_the_quota(google: GoogleService, anna: Api) -> None:
    """Guide: n calls in a batch count as n requests."""
    google.state.quotas.per_user = 2
    parts: list[Part] = [("GET", event_path("primary"), None, {})] * 3
    assert [status for _, status, _ in batch(anna, parts)] == [200, 200, 403]


def test_a_part_may_bring_its_own_authorization(google: GoogleService, anna: Api, bob: Api) -> None:
    bob.page()
    token = bob.session.credentials.token
    path = event_path("primary")
    found = batch(anna, [("GET", path, None, {}), ("GET", path, None, {"Authorization": f"Bearer {token}"})])
    assert [body["summary"] for _, _, body in found] == [ANNA, BOB]
    assert google.requests[-1].body == [f"GET /calendar/v3/{path}"] * 2
    assert google.requests[-1].operation == "batch"


def test_a_thousand_calls_and_no_more(google: GoogleService, anna: Api) -> None:
    """Guide: 1000 calls in a batch."""
    google.state.quotas.on = False
    parts: list[Part] = [("POST", event_path("primary"), TIMED, {})] * 1000
    assert [status for _, status, _ in batch(anna, parts)] == [200] * 1000
    answer = post(anna, body_of([*parts, parts[0]]))
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "badRequest")
    assert len(google.state.events(ANNA)) == 1000


def test_what_is_no_batch(anna: Api) -> None:
    good = body_of([("GET", event_path("primary"), None, {})])
    assert post(anna, b"", "application/json").status_code == 400
    assert post(anna, b"nothing").status_code == 400
    assert post(anna, good.replace(b"application/http", b"text/plain")).status_code == 400
    assert post(anna, good.replace(b"GET /calendar", b"GET https://other.example/calendar")).status_code == 400


def test_without_a_token_each_part_is_401(google: GoogleService) -> None:
    body = body_of([("GET", event_path("primary"), None, {})])
    headers = {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}
    answer = requests.post(f"{google.url}/batch/calendar/v3", data=body, headers=headers, timeout=10)
    assert answer.status_code == 200
    assert b"HTTP/1.1 401 Unauthorized" in answer.content
