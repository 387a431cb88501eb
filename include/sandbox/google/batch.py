"""The batch endpoint: many calls in one multipart/mixed request. Source: Google Calendar API guide "Send batch
requests"."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from email.message import Message
from email.parser import BytesHeaderParser
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from multidict import CIMultiDict

from include.sandbox.base import Answer, Call
from include.sandbox.google.errors import GoogleError, error_answer
from include.sandbox.google.options import Options

MAX_CALLS = 1000
_PARSER = BytesHeaderParser()


def split_batch(call: Call) -> list[tuple[str, Call]]:
    """(Content-ID, inner call) of each part. Raises GoogleError 400 for what is no batch, or has more than 1000
    calls."""
    outer = Message()
    outer["Content-Type"] = call.headers.get("Content-Type", "")
    boundary = outer.get_param("boundary")
    if outer.get_content_type() != "multipart/mixed" or not isinstance(boundary, str):
        raise GoogleError(400, "badRequest", "The batch request must be multipart/mixed with a boundary.")
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", call.body)
    parts = [_inner(piece, call) for piece in pieces[1:] if piece.strip()]
    if not parts:
        raise GoogleError(400, "badRequest", "The batch request has no calls.")
    if len(parts) > MAX_CALLS:
        raise GoogleError(400, "badRequest", "The batch request has too many calls.")
    return parts


def _inner(piece: bytes, outer: Call) -> tuple[str, Call]:
    part_head, _, request = _cut(piece)
    part = _PARSER.parsebytes(part_head + b"\r\n\r\n")
    if part.get_content_type() != "application/http":
        raise GoogleError(400, "badRequest", "Each part must be application/http.")
    head, _, body = _cut(request.lstrip(b"\r\n"))
    line, _, head_rest = head.partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2 or "://" in words[1]:
        raise GoogleError(400, "badRequest", "A part's request line needs a method and a path.")
    headers = CIMultiDict(_PARSER.parsebytes(head_rest + b"\r\n\r\n").items())
    if "Authorization" in outer.headers:
        headers.setdefault("Authorization", outer.headers["Authorization"])
    url = urlsplit(words[1])
    inner = Call(
        method=words[0],
        path=unquote(url.path),
        segments=tuple(unquote(each) for each in url.path.strip("/").split("/")),
        query=parse_qs(url.query, keep_blank_values=True),
        headers=headers,
        body=body.rstrip(b"\r\n"),
    )
    return str(part.get("Content-ID", "")), inner


def _cut(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, blank line, rest."""
    match = re.search(rb"\r?\n\r?\n", data)
    return (data, b"", b"") if match is None else (data[: match.start()], match[0], data[match.end() :])


def answer_batch(parts: list[tuple[str, Call]], handle: Callable[[Call], Answer], options: Options) -> Answer:
    """All inner answers in one; the outer status is 200 whatever they are. Two writes to one event are in each
    other's way."""
    written: set[str] = set()
    answers: list[tuple[str, Answer]] = []
    for content_id, call in parts:
        if call.method != "GET" and "events" in call.segments[:-1]:
            if call.path in written:
                answers.append((content_id, error_answer(GoogleError(409, "conflict"))))
                continue
            written.add(call.path)
        answers.append((content_id, handle(call)))
    if options.batch_shuffle:
        answers.reverse()
    dropped_count = options.batch_drop.popleft() if options.batch_drop else 0
    boundary = f"batch_{secrets.token_hex(12)}"
    kept = answers[: len(answers) - dropped_count]
    body = b"".join(_part(boundary, content_id, answer) for content_id, answer in kept) + f"--{boundary}--\r\n".encode()
    principal = next((answer.principal for _, answer in answers if answer.principal), None)
    return Answer(200, body, {"Content-Type": f"multipart/mixed; boundary={boundary}"}, principal)


def _part(boundary: str, content_id: str, answer: Answer) -> bytes:
    name = content_id.strip().removeprefix("<").removesuffix(">")
    lines = [f"--{boundary}", "Content-Type: application/http"]
    lines += [f"Content-ID: <response-{name}>"] if name else []
    lines += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines += [f"{header}: {value}" for header, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body + b"\r\n"
