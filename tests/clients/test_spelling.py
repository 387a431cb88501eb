"""Edits of activities as Pipedrive may want them: what clears a field, what is taken of attendees, what never goes."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.clients.pipedrive import PipedriveClient
from include.calsync.errors import PartlyRefused, RecordError
from tests.clients.local_server import LocalServer, Reply

OK = Reply(body={"success": True, "data": {"id": 5}})
EVA = {"email": "eva@x.example", "name": "Eva"}


def refusal(code: str, text: str) -> Reply:
    return Reply(400, {"success": False, "error": text, "code": code})


NULL = refusal("ERR_SCHEMA_VALIDATION_FAILED", "Validation failed: due_time must not be null")
TEXT = refusal("ERR_BAD_REQUEST", "This value is not a valid datetime.")


def sent(server: LocalServer) -> list[Any]:
    return [request.json for request in server.seen if request.method in ("PATCH", "POST")]


def test_what_was_read_goes_back_clean(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """As read: nulls, older names, wrong types, members that may not be written."""
    server.answers(OK)
    read = {
        "id": 5, "subject": "Call", "private": True, "update_time": "2026-11-22T15:00:00Z", "is_deleted": False,
        "person_id": 7, "conference_meeting_url": None, "marked_as_done_time": "", "add_time": "x",
        "creator_user_id": 1,
        "attendees": [
            {"email_address": "eva@x.example", "name": "Eva", "is_organizer": 0, "status": None, "person_id": None},
            {"email": "ben@x.example", "name": None, "status": "accepted", "is_organizer": True, "user_id": "3"},
            {"email": None, "name": "", "color": "red"},
        ],
        "participants": [
            {"person_id": 7, "primary": True, "name": "x"}, {"person_id": 8, "primary_flag": False},
            {"person_id": None},
        ],
        "location": {"value": "Bar", "country": None, "formatted_address": "Bar, Bonn", "locality": "Bonn"},
    }  # fmt: skip
    pipedrive.update_activity(5, read)
    assert sent(server) == [
        {
            "subject": "Call",
            "attendees": [EVA, {"email": "ben@x.example", "status": "accepted", "is_organizer": True}],
            "participants": [{"person_id": 7, "primary": True}, {"person_id": 8, "primary": False}],
            "location": {"value": "Bar", "locality": "Bonn"},
        }
    ]


def test_a_person_alone_is_sent_as_the_primary_participant(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(OK)
    pipedrive.create_activity({"subject": "Call", "person_id": 7})
    assert sent(server) == [{"subject": "Call", "participants": [{"person_id": 7, "primary": True}]}]


GUESTS = [EVA | {"status": "accepted", "person_id": 4}, {"name": "No address"}]
STATUS = refusal("ERR_BAD_REQUEST", "attendees: status is not allowed")


def test_after_a_refusal_attendees_go_with_address_and_name_alone(
    server: LocalServer, pipedrive: PipedriveClient
) -> None:
    server.answers(STATUS, OK)
    pipedrive.update_activity(5, {"owner_id": 3, "attendees": GUESTS})
    assert sent(server)[1:] == [{"owner_id": 3, "attendees": [EVA]}]
    server.answers(OK)
    pipedrive.update_activity(6, {"owner_id": 3, "attendees": GUESTS})
    assert sent(server)[2:] == [{"owner_id": 3, "attendees": [EVA]}], "remembered"


def test_a_new_activity_is_given_its_attendees_likewise(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(STATUS, OK)
    pipedrive.create_activity({"subject": "x", "attendees": GUESTS})
    assert sent(server) == [{"subject": "x", "attendees": GUESTS}, {"subject": "x", "attendees": [EVA]}]


CLEARED = {"subject": "x", "due_date": "2026-11-25", "due_time": None, "duration": None}
ALL_DAY = {"due_date": "2026-11-25", "due_time": None, "duration": None}
ALL_DAY_TEXT = {"due_date": "2026-11-25", "due_time": "", "duration": ""}


def test_what_clears_is_remembered_for_each_field(server: LocalServer, pipedrive: PipedriveClient) -> None:
    """Times want an empty text, places null."""
    server.answers(NULL, TEXT, OK, NULL, OK, OK)
    pipedrive.update_activity(5, CLEARED | {"location": None})
    assert sent(server)[2:] == [{"subject": "x"}, ALL_DAY, ALL_DAY_TEXT, {"location": None}]
    server.answers(OK, OK)
    pipedrive.update_activity(6, CLEARED | {"location": None})
    pipedrive.update_activity(7, {"public_description": None})
    assert sent(server)[6:] == [
        {"subject": "x"} | ALL_DAY_TEXT | {"location": None},
        {"public_description": None},
    ]


@pytest.mark.parametrize(
    ("member", "empty"), [("public_description", ""), ("note", ""), ("location", {"value": ""}), ("due_time", "")]
)
def test_an_empty_text_clears_where_null_is_refused(
    server: LocalServer, pipedrive: PipedriveClient, member: str, empty: Any
) -> None:
    server.answers(NULL, OK)
    pipedrive.update_activity(5, {member: None})
    assert sent(server) == [{member: None}, {member: empty}]


def test_what_is_no_text_is_cleared_by_null_alone(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(NULL)
    with pytest.raises(RecordError):
        pipedrive.update_activity(5, {"deal_id": None})
    assert sent(server) == [{"deal_id": None}]


def test_both_refusals_are_told_and_the_rest_is_written(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(NULL, TEXT, OK, NULL, TEXT, OK)
    with pytest.raises(PartlyRefused) as caught:
        pipedrive.update_activity(5, CLEARED | {"note": None})
    said = str(caught.value)
    assert said.startswith("Clear `due_time`, `duration` in Pipedrive by hand: ")
    assert "ERR_SCHEMA_VALIDATION_FAILED" in said
    assert "ERR_BAD_REQUEST" in said
    assert caught.value.written == {"subject", "note"}
    assert sent(server)[2:] == [{"subject": "x"}, ALL_DAY, ALL_DAY_TEXT, {"note": None}]


def test_alone_it_is_refused_as_a_whole(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(NULL, TEXT)
    with pytest.raises(RecordError) as caught:
        pipedrive.update_activity(5, ALL_DAY)
    assert not isinstance(caught.value, PartlyRefused)
    assert not caught.value.unknown_outcome
    assert all(code in str(caught.value) for code in ("ERR_SCHEMA_VALIDATION_FAILED", "ERR_BAD_REQUEST"))
    assert sent(server) == [ALL_DAY, ALL_DAY_TEXT]


def test_what_was_written_before_a_failure_is_not_forgotten(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(NULL, TEXT, OK, Reply(403, {"success": False, "error": "no"}), Reply(403, {"success": False}))
    with pytest.raises(Exception, match="403") as caught:
        pipedrive.update_activity(5, CLEARED)
    assert caught.value.unknown_outcome  # type: ignore[attr-defined]
    assert len(sent(server)) == 4


def test_another_refusal_is_not_asked_about(server: LocalServer, pipedrive: PipedriveClient) -> None:
    server.answers(refusal("ERR_BAD_REQUEST", "subject is too long"))
    with pytest.raises(RecordError):
        pipedrive.update_activity(5, {"subject": "x"})
    assert len(sent(server)) == 1
