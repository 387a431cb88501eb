"""calsync's whole syncs, beside those of its peers: real runs of all steps over a store on disk with many links.

    python -m tests.checks.peers.product compared FOLDER     # in a FOLDER that `Company` made

Both services are the sandbox, in a process of its own that answers at once and knows no quotas: a run's seconds hold
its waiting for them, its CPU seconds don't. A few activities are uploaded by a real run; their pairs are then copied,
in both services and in the store, until there are enough. So no run has to upload them all, and each link is like one
that a run made.

Cases: `known`: an incremental run, nothing was edited; `compared`: complete listings of both sides; `changed`: an
incremental run after one activity in a hundred got another subject; `planned`: a dry run after all of them did.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import multiprocessing
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.checks.peers.items import CHANGED_EVERY, SENTENCE
from tests.checks.peers.measured import Figure, in_process, measured, tell

# The product and the sandbox are imported where they run.
if TYPE_CHECKING:
    from include.sandbox.server import Sandbox
    from tests.checks.runner import Runner

PROCESSES = multiprocessing.get_context("spawn")
MAIL = "user1@acme.example"
TEMPLATES_COUNT = 20
SHOWN = ("summary", "description", "location", "start", "end", "transparency", "source", "reminders", "colorId")
"""What of a template's event its copies show, too."""
BATCH = 1000
EDITED_EVERY = {"changed": CHANGED_EVERY, "planned": 1}
"""By case: each so many-th activity is edited before."""


class Company:
    """A sandbox and a store with `count` linked pairs in `folder`, until the end of the `with`."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        self._conn, there = PROCESSES.Pipe()
        self._sandbox = PROCESSES.Process(target=_serve, args=(there, folder), daemon=True)
        self._edits_count = 0

    def __enter__(self) -> Self:
        self._sandbox.start()
        self._conn.recv()
        self.run("upload")
        self._ask("copy", self.count)
        copying = PROCESSES.Process(target=_copy_links, args=(self.folder,))
        copying.start()
        copying.join()
        if copying.exitcode != 0:
            raise RuntimeError("the links were not copied; see above")
        # The first one learns the copies' stamps and moves the cursors past them; the second one shows that it did.
        self.run("compared")
        self.run("known")
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.terminate()
        self._sandbox.join()

    def run(self, case: str) -> Figure:
        """One run in a process of its own. The outcome is how many events and activities were written."""
        if case in EDITED_EVERY:
            self._edits_count += 1
            self._ask("edit", (self._edits_count, EDITED_EVERY[case]))
        self._ask("writes")
        figure = in_process(Path(sys.executable), "product", case, str(self.folder))
        return dataclasses.replace(figure, outcome=f"{self._ask('writes')} written")

    def _ask(self, question: str, value: object = 0) -> int:
        self._conn.send((question, value))
        answer: int = self._conn.recv()
        return answer


# The sandbox's process.


def _serve(conn: Connection, folder: Path) -> None:
    from include.sandbox.server import Sandbox
    from tests.checks.runner import Addresses

    sandbox = Sandbox()
    sandbox.google.state.quotas.on = sandbox.pipedrive.state.options.burst_enabled = False
    with sandbox:
        _fill(sandbox)
        addresses = Addresses.of(sandbox.pipedrive.url, sandbox.google.url)
        (folder / "addresses.json").write_text(json.dumps(dataclasses.asdict(addresses)), encoding="utf-8")
        conn.send("ready")
        while True:
            match conn.recv():
                case ("copy", count):
                    conn.send(_copy_items(sandbox, folder, count))
                case ("edit", (number, every)):
                    conn.send(_edit(sandbox, number, every))
                case ("writes", _):
                    conn.send(_writes_count(sandbox))


def _fill(sandbox: Sandbox) -> None:
    state = sandbox.pipedrive.state
    sandbox.google.state.add_user(MAIL)
    user = state.add_user("user1", MAIL)["id"]
    organization = state.add_organization("Company")["id"]
    person = state.add_person("Person", org_id=organization)["id"]
    deal = state.add_deal("Deal", person_id=person)["id"]
    now = datetime.now(UTC)
    for number in range(TEMPLATES_COUNT):
        due = now + timedelta(hours=number + 24)
        state.add_activity(
            f"Call {_token(number)}",
            at=now - timedelta(days=1),
            type="call",
            owner_id=user,
            deal_id=deal,
            person_id=person,
            org_id=organization,
            due_date=due.date().isoformat(),
            due_time=due.strftime("%H:%M"),
            duration="00:30",
            location="Room 1",
            public_description=f"<p>{SENTENCE * (number % 4)}</p>",
        )


def _token(number: int) -> str:
    """In the subject of each pair, and in nothing else."""
    return f"item{number:08d}"


def _copy_items(sandbox: Sandbox, folder: Path, count: int) -> int:
    """Copies of the templates in both services, and beside them, as lines of JSON, what the services show."""
    from include.calsync.core.marks import event_id

    pipedrive, google = sandbox.pipedrive.state, sandbox.google.state
    company_id, old = str(pipedrive.company()["id"]), datetime.now(UTC) - timedelta(days=1)
    templates = list(pipedrive.activities.values())
    events = [google.event(MAIL, event_id(company_id, row["id"], MAIL, 0)) for row in templates]
    given = ("type", "owner_id", "deal_id", "person_id", "org_id", "due_date", "due_time", "duration")
    with (folder / "copies.jsonl").open("w", encoding="utf-8") as out:
        for number in range(TEMPLATES_COUNT, count):
            at = number % TEMPLATES_COUNT
            template, event = templates[at], events[at]
            activity = pipedrive.add_activity(
                template["subject"].replace(_token(at), _token(number)),
                at=old,
                location="Room 1",
                public_description=template["public_description"],
                **{name: template[name] for name in given},
            )
            own_id = event_id(company_id, activity["id"], MAIL, 0)
            marks = {**event["extendedProperties"]["private"], "calsyncActivityId": str(activity["id"])}
            shown = json.dumps({name: event[name] for name in SHOWN if name in event})
            copy = google.add_event(
                MAIL,
                **json.loads(shown.replace(_token(at), _token(number))),
                id=own_id,
                created=old,
                updated=old,
                extendedProperties={"private": {**marks, "calsyncEventId": own_id}},
            )
            out.write(json.dumps({"template": template["id"], "activity": activity, "event": copy}) + "\n")
    return count - TEMPLATES_COUNT


def _edit(sandbox: Sandbox, number: int, every: int) -> int:
    state = sandbox.pipedrive.state
    edited = list(state.activities)[::every]
    for activity_id in edited:
        subject = state.activities[activity_id]["subject"].partition(" moved")[0]
        state.edit_activity(activity_id, subject=f"{subject} moved {number}")
    return len(edited)


def _writes_count(sandbox: Sandbox) -> int:
    """How many writes both services were asked since the last time."""
    asked = [*sandbox.pipedrive.requests, *sandbox.google.requests]
    sandbox.pipedrive.reset_requests()
    sandbox.google.reset_requests()
    return sum(request.method != "GET" and request.operation != "token" for request in asked)


# The store's copies: a process of its own, so that no run begins with its memory.


def _copy_links(folder: Path) -> None:
    from sqlalchemy import insert, select

    from include.calsync.store.engine import create_store_engine
    from include.calsync.store.tables import link

    engine = create_store_engine(f"sqlite:///{folder / 'calsync.db'}")
    with engine.connect() as conn:
        templates = {row.activity_id: dict(row._mapping) for row in conn.execute(select(link))}
    with (folder / "copies.jsonl").open(encoding="utf-8") as lines:
        copies = (_link(templates, json.loads(line)) for line in lines)
        while batch := list(islice(copies, BATCH)):
            with engine.begin() as conn:
                conn.execute(insert(link), batch)
    engine.dispose()


def _link(templates: dict[int, dict[str, Any]], copy: dict[str, Any]) -> dict[str, Any]:
    """The template's link, of the copied activity and event."""
    from include.calsync.core.model import ActivityView, EventView, digest
    from include.calsync.core.series import series_columns

    template, activity, event = templates[copy["template"]], copy["activity"], copy["event"]
    was, now = (next(_tokens(raw["subject"])) for raw in (template["activity_raw"], activity))
    said = json.dumps({name: template[name] for name in ("base_activity", "base_event", "rendered")})
    base = json.loads(said.replace(was, now))
    return {
        **{name: value for name, value in template.items() if name != "id"},
        **base,
        **series_columns(event),
        "activity_id": activity["id"],
        "event_id": event["id"],
        "etag": event["etag"],
        "activity_raw": activity,
        "event_raw": event,
        "activity_digest": digest(ActivityView.from_json(base["base_activity"])),
        "event_digest": digest(EventView.from_json(base["base_event"])),
    }


def _tokens(subject: str) -> Iterator[str]:
    return (word for word in subject.split() if word.startswith("item"))


# The measured process.


def main() -> None:
    from tests.checks.runner import Addresses, Runner

    case, folder = sys.argv[1], Path(sys.argv[2])
    logging.basicConfig(level=logging.ERROR)
    runner = Runner(folder, Addresses(**json.loads((folder / "addresses.json").read_text(encoding="utf-8"))))
    runner.write_accounts([{"name": "user1", "pipedrive_user": MAIL, "google_user": MAIL, "calendar": "primary"}])
    http, written = _http_time(), _link_updates(runner)
    figure, summary = measured(lambda: _run(runner, case))
    if summary.failure:
        sys.exit(summary.failure)
    runner.close()
    counts = {"updates of links": len(written)}
    tell(dataclasses.replace(figure, parts=runner.seconds, http_cpu_s=sum(http), counts=counts))


def _run(runner: Runner, case: str) -> Any:
    if case == "upload":
        return runner.upload()
    return runner.sync(full=case == "compared", dry_run=case == "planned")


def _http_time() -> list[float]:
    """Seconds of CPU of each request from now on, as `requests` sends it and takes its answer."""
    import requests

    spent: list[float] = []
    send = requests.Session.send

    def timed(*arguments: Any, **options: Any) -> requests.Response:
        begun = time.thread_time()
        try:
            return send(*arguments, **options)
        finally:
            spent.append(time.thread_time() - begun)

    requests.Session.send = timed  # type: ignore[method-assign]
    return spent


def _link_updates(runner: Runner) -> list[str]:
    """The statements from now on that change links."""
    from sqlalchemy import event

    written: list[str] = []

    @event.listens_for(runner.engine, "after_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("UPDATE link ", "INSERT INTO link ", "DELETE FROM link ")) and cursor.rowcount:
            written.append(statement)

    return written


if __name__ == "__main__":
    main()
