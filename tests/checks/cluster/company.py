"""A company whose activities nobody has brought over yet."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from include.sandbox.google.state import GoogleState
from include.sandbox.pipedrive.state import PipedriveState
from include.sandbox.sample import Sample, SampleAccount
from include.scripts.demo.company import Load

SPAN_DAYS = 90
ZONE = "Europe/Berlin"
SEED = 7


def loads(activities: int, users: int) -> Load:
    """A company of that many activities, a day old, so that only an upload brings them over."""

    def load(pipedrive: PipedriveState, google: GoogleState, *, today: date) -> Sample:
        draw, noon = random.Random(SEED), datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        accounts = tuple(_account(pipedrive, google, number) for number in range(1, users + 1))
        persons = [pipedrive.add_person(f"Person {number}")["id"] for number in range(100)]
        deals = [pipedrive.add_deal(f"Deal {number}", person_id=draw.choice(persons))["id"] for number in range(80)]
        for number in range(activities):
            due = noon + timedelta(minutes=15 * draw.randrange(-SPAN_DAYS * 96, SPAN_DAYS * 96))
            pipedrive.add_activity(
                f"Call {number}",
                at=datetime.now(UTC) - timedelta(days=2),
                type=draw.choice(["call", "meeting", "task"]),
                owner_id=accounts[number % users].user_id,
                deal_id=draw.choice([*deals, None]),
                person_id=draw.choice(persons),
                due_date=due.date().isoformat(),
                due_time=draw.choice([due.strftime("%H:%M"), due.strftime("%H:%M"), None]),
                duration=draw.choice(["00:30", "01:00", None]),
                public_description="<p>The <b>offer</b> and the next steps.</p>" * draw.randrange(3),
            )
        return Sample(SEED, today, accounts)

    return load


def _account(pipedrive: PipedriveState, google: GoogleState, number: int) -> SampleAccount:
    name = f"user{number}"
    mail = f"{name}@acme.example"
    user = pipedrive.add_user(f"User {number}", mail, ZONE)
    google.add_user(mail, time_zone=ZONE)
    return SampleAccount(name, mail, f"User {number}", ZONE, user["id"], "primary", {})
