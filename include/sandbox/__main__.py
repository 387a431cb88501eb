"""Serves both services until Ctrl-C or SIGTERM, as a process of its own: ``python -m include.sandbox --sample``."""

from __future__ import annotations

import argparse
import signal
import threading
from datetime import UTC, datetime

from include.sandbox import pages, sample
from include.sandbox.server import Sandbox


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    parser.add_argument("--pipedrive-port", type=int, default=8765)
    parser.add_argument("--google-port", type=int, default=8766)
    parser.add_argument("--sample", action="store_true", help="load the sample company")
    parser.add_argument("--seed", type=int, default=7, help="of the sample company (default: 7)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time that every answer takes")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    sandbox = Sandbox(
        pipedrive_port=options.pipedrive_port,
        google_port=options.google_port,
        latency_s=options.latency_ms / 1000,
        seed=options.seed,
    )
    pages.install(sandbox.pipedrive, sandbox.google)
    if options.sample:
        sample.load(sandbox.pipedrive.state, sandbox.google.state, seed=options.seed, today=datetime.now(UTC).date())
    with sandbox:
        print(f"Pipedrive: {sandbox.pipedrive.url}")
        print(f"Google Calendar: {sandbox.google.url}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
