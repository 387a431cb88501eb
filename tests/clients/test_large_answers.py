"""How much of one answer is taken in: packed, a small one may be of any size."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib

import pytest

from include.calsync.clients.google_calendar import GoogleCalendarClient
from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.clients.sessions import MOST_BYTES
from include.calsync.errors import RetryableError
from tests.clients.local_server import LocalServer, Reply

PACKED = {"Content-Encoding": "gzip"}


def bomb() -> bytes:
    """0.4 MB that become 400 MB."""
    packer = zlib.compressobj(9, wbits=31)
    head, blanks = b'{"success": true, "data": {"id": 1, "note": "', b" " * 2**20
    packed = [packer.compress(part) for part in (head, *[blanks] * 400, b'"}}')]
    return b"".join([*packed, packer.flush()])


def test_an_answer_that_unpacks_to_400_mb_is_refused(server: LocalServer, pipedrive: PipedriveClient) -> None:
    packed = bomb()
    assert len(packed) < 500_000
    server.answers(Reply(body=packed, headers=PACKED))
    tracemalloc.start()
    with pytest.raises(RetryableError, match="too large") as caught:
        pipedrive.activity(1)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2 * MOST_BYTES
    assert len(server.seen) == 1, "the same answer is not asked for again at once"
    assert not caught.value.unknown_outcome


def test_a_write_answered_so_may_have_been_carried_out(server: LocalServer, google: GoogleCalendarClient) -> None:
    server.answers(Reply(body=bomb(), headers=PACKED))
    with pytest.raises(RetryableError) as caught:
        google.insert_event("c", {"summary": "x"})
    assert caught.value.unknown_outcome


def test_ordinary_packed_answers_are_read(server: LocalServer, pipedrive: PipedriveClient) -> None:
    note = "x" * 2**20
    body = json.dumps({"success": True, "data": {"id": 1, "note": note}}).encode()
    server.answers(Reply(body=gzip.compress(body), headers=PACKED))
    assert pipedrive.activity(1)["note"] == note
