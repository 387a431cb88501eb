"""Does anything personal or secret get where operators look? The whole demo at log level DEBUG, then a search.

    python -m tests.checks.leaks        # part of `make proofs`; two minutes

The sample company's names, addresses, phone numbers, titles, texts, tokens and keys are looked for in all logs, in
Airflow's database (XCom, notes, requests to people) and in the metrics. Left out is what a person enters
there: Airflow's connections, the audit of their entry, and the accounts file. Exits 1 if anything is found, and says
where.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from include.scripts.demo.__main__ import DAGS, _connections, _show, say
from include.scripts.demo.company import Company
from include.scripts.demo.components import WORK_FOLDER, start
from include.scripts.demo.home import ROOT, free_port, make_home
from include.scripts.demo.processes import DemoError, Processes, kill_all_in

FOLDER = ROOT / ".calsync" / "leaks"
ENTERED = {"connection": "1 = 0", "log": "COALESCE(event, '') NOT LIKE '%connection%'"}
"""By table what is not what a person entered, as a condition: Airflow keeps that, and writes it into its audit log."""
SHORTEST = 8
"""Characters of a text that says something. Shorter ones are words of ours, too."""
SHOWN = 40
TAG = re.compile(r"<[^>]+>")


def main() -> int:
    """Run the demo, and search. Returns the exit code."""
    kill_all_in(FOLDER / WORK_FOLDER)
    shutil.rmtree(FOLDER, ignore_errors=True)
    company = Company(0, 0)
    try:
        with company.sandbox, metrics() as (port, told):
            work(company, port)
            known = needles(company)
    except DemoError as error:
        print(f"leaks: {error}", file=sys.stderr)
        return 1
    found = [*in_logs(FOLDER / "logs", known), *in_database(FOLDER / "airflow.db", known)]
    found += [f"metrics: {each}" for each in hits("\n".join(told), known)]
    places = f"{count(FOLDER / 'logs')} logs, Airflow's database and {len(told)} messages of metrics"
    say(f"looked for {len(known)} texts in {places}")
    for line in found[:SHOWN]:
        print(f"  ✗ {line}")
    print(f"{len(found)} found")
    return 1 if found or not told else 0


def work(company: Company, port: int) -> None:
    """The demo's runs. Raises DemoError if something fails. `port`: of the metrics."""
    more = {
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "AIRFLOW__METRICS__OTEL_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__OTEL_PORT": str(port),
        "AIRFLOW__METRICS__OTEL_INTERVAL_MILLISECONDS": "2000",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{port}/v1/metrics",
    }
    home = make_home(FOLDER, free_port(8080), company.accounts_yaml(), more)
    processes = Processes(home.env, FOLDER / WORK_FOLDER, FOLDER / "logs" / "components")
    try:
        airflow = start(processes, home, lambda: _connections(company), DAGS, say)
        if not _show(airflow, processes, company):
            raise DemoError("the demo failed")
    finally:
        processes.stop()


@contextmanager
def metrics() -> Iterator[tuple[int, list[str]]]:
    """Take in metrics, as OpenTelemetry sends them (OTLP over HTTP): the port, and what came. Protobuf has texts as
    they are."""
    told: list[str] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers["Content-Encoding"] == "gzip"
            told.append((gzip.decompress(body) if zipped else body).decode(errors="replace"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody asks."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, told
        finally:
            server.shutdown()
            thread.join()


# What is looked for.


def needles(company: Company) -> dict[str, str]:
    """What must be nowhere, and what it is: each text as it is, as JSON escapes it, and as an address quotes it."""
    found: dict[str, str] = {}
    for what, value in texts(company):
        for text in TAG.sub("\n", value).split("\n"):
            told = text.strip()
            if len(told) >= SHORTEST:
                found = dict.fromkeys((told, json.dumps(told)[1:-1], quote(told)), what) | found
    return found


def texts(company: Company) -> Iterator[tuple[str, str]]:
    """What the company knows of people, and its secrets: kind and text."""
    pipedrive, google = company.pipedrive, company.google
    for user in pipedrive.users.values():
        yield "user", str(user["name"])
        yield "address", str(user["email"])
        yield "token", pipedrive.token_for(user["id"])
    for kind in ("person", "organization", "deal"):
        for row in pipedrive.tables[kind].rows.values():
            yield kind, str(row.get("name") or row.get("title") or "")
            for name in ("email", "emails", "phone", "phones"):
                yield from ((name, str(each.get("value"))) for each in row.get(name) or () if isinstance(each, dict))
    for row in pipedrive.leads.values():
        yield "lead", str(row.get("title") or "")
    for row in pipedrive.live_activities():
        place = row["location"]
        values = row["subject"], row["public_description"], row["note"], place.get("value") if place else ""
        yield from (("activity", str(value or "")) for value in values)
    for calendar in google.calendars.values():
        yield "address", calendar.owner
        for event in google.events(calendar.id).values():
            yield from (("event", str(event.get(name) or "")) for name in ("summary", "location", "description"))
            yield from (("guest", str(each["email"])) for each in event.get("attendees") or ())
    yield from (("token", token) for token in google.auth._access)
    key = google.service_account_key()["private_key"].splitlines()
    yield from (("key", line) for line in key[1:-1])


# Where it is looked for.


def in_logs(folder: Path, known: dict[str, str]) -> Iterator[str]:
    """Hits in the files of a folder, each text once per file."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for hit in hits(path.read_text(encoding="utf-8", errors="replace"), known):
            yield f"{path.relative_to(folder)}: {hit}"


def in_database(path: Path, known: dict[str, str]) -> Iterator[str]:
    """Hits in the tables of a database (SQLite), each text once per table."""
    with closing(sqlite3.connect(path)) as conn:
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(tables):
            rows = conn.execute(f'SELECT * FROM "{table}" WHERE {ENTERED.get(table, "1 = 1")}')
            for hit in hits("\n".join(str(cell) for row in rows for cell in row if cell is not None), known):
                yield f"table {table}: {hit}"


def hits(text: str, known: dict[str, str]) -> Iterable[str]:
    """What of the texts is in this one, with what stands around it."""
    for needle, what in known.items():
        at = text.find(needle)
        if at >= 0:
            around: Any = text[max(0, at - 60) : at + len(needle) + 20]
            yield f"{what} {needle!r} in {around!r}"


def count(folder: Path) -> int:
    """How many files there are."""
    return sum(each.is_file() for each in folder.rglob("*"))


if __name__ == "__main__":
    sys.exit(main())
