"""The pages on which a person plays Pipedrive's user: our own requirement, so no vendor is named."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
import requests

from include.sandbox.base import Service
from include.sandbox.pipedrive.pages import ActivityPages
from include.sandbox.pipedrive.state import PipedriveState


class Controls(HTMLParser):
    """Names of the visible form controls, and those of them that stand inside a label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[str] = []
        self.labelled: list[str] = []
        self._in_label = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_label = self._in_label or tag == "label"
        fields = dict(attrs)
        if tag in ("input", "select", "textarea") and fields.get("type") != "hidden":
            self.all.append(fields["name"] or "")
            if self._in_label:
                self.labelled.append(fields["name"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_label = self._in_label and tag != "label"


@pytest.fixture
def paged(pipedrive: Service) -> Service:
    pipedrive.pages = ActivityPages(pipedrive, "Pipedrive")
    pipedrive.clock.freeze(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    return pipedrive


def get(service: Service, path: str = "/_sandbox/") -> requests.Response:
    return requests.get(service.url + path, timeout=10)


def post(service: Service, **fields: object) -> requests.Response:
    return requests.post(f"{service.url}/_sandbox/activity", data=fields, timeout=10)


def test_list_shows_a_users_coming_activities_in_their_zone(paged: Service, company: PipedriveState) -> None:
    asha = company.add_user("Asha", "asha@acme.example", "Asia/Kathmandu")["id"]
    deal = company.add_deal("Wärmepumpe")["id"]
    company.add_activity(
        "later", owner_id=asha, due_date="2026-11-24", due_time="20:00", deal_id=deal, location="Pokhara",
        attendees=[{"email": "ben@acme.example", "name": "Ben"}, {"email": "kim@kunde.example"}],
    )  # fmt: skip
    company.add_activity("past", owner_id=asha, due_date="2026-11-20")
    company.add_activity("of Anna", due_date="2026-11-24")
    page = get(paged, f"/_sandbox/?user={asha}").text
    assert "2026-11-25 01:45" in page
    assert "Wärmepumpe · with Ben, kim@kunde.example" in page
    assert "Pokhara" in page
    assert "past" not in page
    assert "of Anna" not in page
    assert "past" in get(paged, f"/_sandbox/?user={asha}&from=2026-11-19").text
    assert get(paged, "/").url.endswith("/_sandbox/")


def test_create_edit_done_delete(paged: Service, company: PipedriveState) -> None:
    answer = post(
        paged, user=11, subject="Anruf", type="call", date="2026-11-25", time="09:30", duration="00:45", place="Bonn"
    )
    assert answer.url.startswith(f"{paged.url}/_sandbox/?user=11&said=Saved")
    row = company.activities[1]
    when = (row["due_date"], row["due_time"], row["duration"])
    assert when == ("2026-11-25", "08:30", "00:45")
    assert (row["subject"], row["type"], row["location"]["value"], row["owner_id"]) == ("Anruf", "call", "Bonn", 11)
    paged.clock.advance(60)
    post(paged, id=1, subject="Rückruf")
    row = company.activities[1]
    assert (row["subject"], row["due_time"], row["duration"], row["location"]["value"]) == (
        "Rückruf",
        "08:30",
        "00:45",
        "Bonn",
    )
    assert row["update_time"] == "2026-11-22T08:01:00Z"
    post(paged, id=1, date="2026-11-26", done="yes", duration="", place="", note="<p>x</p>")
    row = company.activities[1]
    assert (row["due_date"], row["due_time"], row["duration"], row["done"]) == ("2026-11-26", "08:30", None, True)
    assert (row["location"], row["note"]) == (None, "<p>x</p>")
    post(paged, id=1, time="")
    assert (company.activities[1]["due_date"], company.activities[1]["due_time"]) == ("2026-11-26", None)
    post(paged, id=1, date="", time="")
    assert company.activities[1]["due_date"] is None
    assert "Deleted: Rückruf" in post(paged, id=1, action="delete").text
    assert company.activities[1]["is_deleted"] is True
    assert get(paged, "/_sandbox/activity?id=1").status_code == 404
    assert company.limits.spent_today == 0
    assert paged.requests == []


def test_form_shows_what_is_stored(paged: Service, company: PipedriveState) -> None:
    deal = company.add_deal("Wärmepumpe")["id"]
    company.add_activity(
        "Demo", type="meeting", due_date="2026-11-25", due_time="23:30", duration="01:00", deal_id=deal, note="<b>n</b>"
    )
    page = get(paged, "/_sandbox/activity?id=1").text
    for shown in ('value="Demo"', 'value="2026-11-26"', 'value="00:30"', 'value="01:00"', "&lt;b&gt;n&lt;/b&gt;"):
        assert shown in page
    assert '<option value="meeting" selected>' in page
    assert '<option value="1" selected>Wärmepumpe' in page


def test_saving_an_unchanged_form_changes_nothing(paged: Service, company: PipedriveState) -> None:
    company.add_activity("Demo", due_date="2026-11-25", due_time="23:30", duration="01:00", location="Bonn")
    before = company.activities[1]
    post(paged, id=1, subject="Demo", type="call", date="2026-11-26", time="00:30", duration="01:00", done="no",
         deal="", place="Bonn", description="", note="")  # fmt: skip
    assert company.activities[1] == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": " "}, "Subject is empty"),
        ({"duration": "45"}, "Duration must be"),
        ({"date": "25.11."}, "Date must be"),
        ({"date": "", "time": "10:00"}, "A time needs a date"),
        ({"type": "nap"}, "type nap not found"),
        ({"deal": "99"}, "deal_id 99 not found"),
    ],
)
def test_wrong_input_is_said_and_kept(
    paged: Service, company: PipedriveState, fields: dict[str, str], said: str
) -> None:
    company.add_activity("Demo", due_date="2026-11-25")
    before = company.activities[1]
    answer = post(paged, id=1, **{"place": "typed before", **fields})
    assert answer.status_code == 400
    assert said in answer.text
    assert "typed before" in answer.text
    assert company.activities[1] == before


def test_texts_are_escaped(paged: Service, company: PipedriveState) -> None:
    evil = "<script>alert(1)</script>\"'"
    company.add_user(evil, "x@acme.example")
    company.add_deal(evil)
    company.add_activity(evil, due_date="2026-11-25", location=evil, note=evil, public_description=evil, deal_id=1)
    for path in ("/_sandbox/", "/_sandbox/activity?id=1", "/_sandbox/?said=<script>"):
        page = get(paged, path)
        assert page.status_code == 200
        assert "<script" not in page.text


def test_every_control_is_labelled_and_no_script_is_needed(paged: Service, company: PipedriveState) -> None:
    company.add_activity("Demo", due_date="2026-11-25")
    for path in ("/_sandbox/", "/_sandbox/activity?id=1", "/_sandbox/activity?user=11"):
        page = get(paged, path).text
        controls = Controls(page)
        assert controls.all
        assert controls.all == controls.labelled
        assert "<script" not in page
        assert "onclick" not in page
    assert "curl -d id=1 -d subject=" in get(paged).text


@pytest.mark.parametrize("path", ["/_sandbox/activity?id=9", "/_sandbox/?user=9", "/_sandbox/nothing"])
def test_what_is_not_there(paged: Service, path: str) -> None:
    assert get(paged, path).status_code == 404


def test_nonsense_is_shown_as_it_is(paged: Service, company: PipedriveState) -> None:
    company.add_activity("Demo", due_date="2026-11-25")
    company.put_raw_activity(1, subject=None, due_date="2026-99-99", due_time="x")
    assert "2026-99-99 x" in get(paged).text
    assert get(paged, "/_sandbox/activity?id=x").status_code == 400
