"""Serves both services until Ctrl-C or SIGTERM, as a process of its own: ``python -m include.sandbox --sample``.

With the sample company it also prints how to connect an Airflow to it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from include.sandbox import pages, sample
from include.sandbox.server import Sandbox


def main() -> None:
    options = _options()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    sandbox = Sandbox(
        pipedrive_port=options.pipedrive_port,
        google_port=options.google_port,
        latency_s=options.latency_ms / 1000,
        seed=options.seed,
    )
    pages.install(sandbox.pipedrive, sandbox.google)
    company = None
    if options.sample:
        states = sandbox.pipedrive.state, sandbox.google.state
        company = sample.load(*states, seed=options.seed, today=datetime.now(UTC).date())
    with sandbox, tempfile.TemporaryDirectory(prefix="calsync-sandbox-") as folder:  # its owner's alone
        print(f"Pipedrive: {sandbox.pipedrive.url}")
        print(f"Google Calendar: {sandbox.google.url}", flush=True)
        if company is not None:
            print("\n".join(_how_to_connect(sandbox, company, Path(folder))), flush=True)
        stopped.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    parser.add_argument("--pipedrive-port", type=int, default=8765)
    parser.add_argument("--google-port", type=int, default=8766)
    parser.add_argument("--sample", action="store_true", help="load the sample company")
    parser.add_argument("--seed", type=int, default=7, help="of the sample company (default: 7)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time that every answer takes")
    return parser.parse_args()


def _how_to_connect(sandbox: Sandbox, company: sample.Sample, folder: Path) -> Iterator[str]:
    """For the forms of Airflow, and for its environment. Key and accounts are files in `folder`, while this runs."""
    made = sample.connections(sandbox.pipedrive, sandbox.google)
    pipedrive, google = made["pipedrive_default"], made["google_calendar_default"]
    key, accounts = folder / "google_key.json", folder / "accounts.yaml"
    key.write_text(json.dumps(google["extra"].pop("keyfile_dict"), indent=2))
    accounts.write_text(sample.accounts_yaml(company), encoding="utf-8")
    google["extra"]["key_path"] = str(key)
    yield f"""
What people see: {sandbox.pipedrive.url}/_sandbox/ and {sandbox.google.url}/_sandbox/week

To connect Airflow, under Admin > Connections (Port: 0 in both, for the Test button):
  pipedrive_default, type Pipedrive
    Company address            {pipedrive["host"]}
    API token                  {pipedrive["password"]}
  google_calendar_default, type Google Calendar
    Service account key file   {key}
    API address                {google["extra"]["api_endpoint"]}
    Test as user               {company.accounts[0].email}

Or in the environment of every component of Airflow:"""
    for conn_id, fields in made.items():
        yield f"  export AIRFLOW_CONN_{conn_id.upper()}={shlex.quote(json.dumps(fields))}"
    yield f"  export CALSYNC_ACCOUNTS_FILE={shlex.quote(str(accounts))}"
    yield "\nCtrl-C ends it."


if __name__ == "__main__":
    main()
