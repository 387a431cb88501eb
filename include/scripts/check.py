"""Checks the environment, the accounts, the store, the connections and each account, and writes nothing.

    python -m include.scripts.check

Run it where Airflow runs, with Airflow's environment and PYTHONPATH. It ends with 0 if all is well, else with 1.
It costs at most 44 tokens of Pipedrive's daily budget per connection, and two or three requests to Google per account.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine

from include.calsync.environment import Environment
from include.calsync.errors import CalsyncError
from include.calsync.flows import check
from include.calsync.flows.check import Finding
from include.calsync.store.engine import create_store_engine
from include.calsync.store.schema import is_current
from include.scripts.commands import in_airflow, reading_services


def main() -> int:
    argparse.ArgumentParser(prog="python -m include.scripts.check", description=__doc__).parse_args()
    with in_airflow():
        return _show()


def _show() -> int:
    failed_count = 0
    for finding in findings():
        failed_count += not finding.is_well
        print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.what}: {finding.text}", flush=True)
    print("All is well." if not failed_count else f"Problems: {failed_count}. Correct them, and check again.")
    return 1 if failed_count else 0


def findings() -> Iterator[Finding]:
    """All that can be looked at, in an order in which the first problem is often the cause of the others."""
    from calsync_airflow.services import deployment_id

    environment, found = check.check_environment(os.environ, deployment_id())
    yield from found
    found = [] if environment is None else check.check_accounts_file(environment)
    yield from found
    with ExitStack() as stack:
        engine, finding = _store(stack)
        yield finding
        if environment is not None and all(each.is_well for each in found):
            yield from _services(environment, engine)


def _store(stack: ExitStack) -> tuple[Engine | None, Finding]:
    from calsync_airflow.hooks.store import StoreHook

    try:
        url = StoreHook().get_url()
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return None, _unmade(Path(str(url.database)))
        engine = create_store_engine(url.render_as_string(hide_password=False))
    except CalsyncError as error:
        return None, Finding(check.STORE, False, str(error))
    stack.callback(engine.dispose)
    finding = check.check_schema(engine)
    return (engine if finding.is_well and is_current(engine) else None), finding


def _unmade(path: Path) -> Finding:
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        return Finding(check.STORE, False, f"Create the folder of {path}, and let Airflow's user write to it.")
    return Finding(check.STORE, True, f"{path} does not exist yet: the first run creates it")


def _services(environment: Environment, store: Engine | None) -> Iterator[Finding]:
    with reading_services(environment, store) as services:
        if store is not None:
            yield check.check_owner(services)
        accounts, found = check.check_accounts(services)
        yield from found
        yield from check.check_services(services, accounts)
        pipedrive, google, tokens = services.usage()
        text = f"requests: {pipedrive} to Pipedrive ({tokens} tokens), {google} to Google Calendar"
        yield Finding("asked", True, text)


if __name__ == "__main__":
    sys.exit(main())
