"""What a refusal is told as: fields and reason always, what somebody typed never."""

from __future__ import annotations

from typing import Any

import pytest

from include.calsync.clients.refusals import why_refused

SENT = {
    "subject": "Salary talk with Zoë Krause, not allowed to fail",
    "due_time": "25:61",
    "location": "All users are invalid",
    "attendees": [{"email_address": "zoe@private.example", "name": "Zoë Krause"}],
    "private": True,
    "end": {"dateTime": "2026-03-02T09:00:00Z"},
}


def pipedrive(text: str) -> dict[str, Any]:
    return {"success": False, "error": text, "code": "ERR_SCHEMA_VALIDATION_FAILED"}


def google(message: str, **more: str) -> dict[str, Any]:
    return {"error": {"errors": [{"reason": "invalid", "message": message, **more}], "message": message}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            pipedrive("Validation failed: private: Parameter 'private' is not allowed for this request"),
            (
                "Correct `private`: Pipedrive refuses it, saying "
                "“Validation failed: private: Parameter 'private' is not allowed for this request”"
            ),
        ),
        (
            pipedrive("Validation failed: due_time: This value is not a valid datetime."),
            (
                "Correct `due_time`: Pipedrive refuses it, saying "
                "“Validation failed: due_time: This value is not a valid datetime”"
            ),
        ),
        (
            pipedrive("Validation failed: attendees[0].email_address: must be string"),
            (
                "Correct `attendees[0].email_address`: Pipedrive refuses it, saying "
                "“Validation failed: attendees[0].email_address: must be string”"
            ),
        ),
        (
            pipedrive("subject “Salary talk with Zoë” is longer than 255 characters"),
            "Correct `subject`: Pipedrive refuses it, saying “subject … is longer than 255 characters”",
        ),
        (
            pipedrive("Zoë Krause (zoe@private.example, +49 170 5551234) cannot be used"),
            (
                "Look at this item: Pipedrive refuses it, saying “… cannot be used”. "
                "It was sent `subject`, `due_time`, `location`, `attendees`, `private`, `end`"
            ),
        ),
        (
            pipedrive("The place all users are invalid is unknown"),
            (
                "Look at this item: Pipedrive refuses it, saying “The … is unknown”. "
                "It was sent `subject`, `due_time`, `location`, `attendees`, `private`, `end`"
            ),
        ),
        (google("Missing end time."), "Correct `end`: Pipedrive refuses it, saying “Missing end time”"),
        (
            google("Invalid Value", location="due_time"),
            "Correct `due_time`: Pipedrive refuses it, saying “Invalid Value”",
        ),
        (
            google("Invalid Value", location="Zoë"),
            (
                "Look at this item: Pipedrive refuses it, saying “Invalid Value”. "
                "It was sent `subject`, `due_time`, `location`, `attendees`, `private`, `end`"
            ),
        ),
    ],
)
def test_field_and_reason_are_told_and_nothing_that_was_typed(body: Any, told: str) -> None:
    assert why_refused("Pipedrive", body, SENT) == told


@pytest.mark.parametrize("body", [None, [], {}, {"error": None}, {"error": 5}, {"error": {"errors": 7}}, {"error": ""}])
def test_a_refusal_without_words_says_so(body: Any) -> None:
    told = why_refused("Pipedrive", body, {"subject": "Call"})
    assert told == "Look at this item: Pipedrive refuses it without a reason. It was sent `subject`"
    assert why_refused("Pipedrive", body, None) == "Look at this item: Pipedrive refuses this request without a reason"


def test_a_long_text_is_cut() -> None:
    assert len(why_refused("Pipedrive", pipedrive("is not valid " * 10_000), {})) < 500
