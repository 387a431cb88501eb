"""The demo as a newcomer starts it: a real Airflow, its scheduler, the REST API."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from include.scripts.demo.processes import working_in


@pytest.mark.timeout(900)
def test_once_makes_both_sides_equal_and_leaves_nothing_running(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "demo"
    command = [sys.executable, "-m", "include.scripts.demo", "--once", "--home", str(home)]
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "both sides are equal" in done.stdout
    assert not re.search(r"\bNO\b", done.stdout)  # as a word: the password is random
    for told in ("5 activities", "Jürgen Groß", "Asha Gurung attends", "“Busy”", "1 declined, 1 shared"):
        assert told in done.stdout
    assert working_in(home / "components") == []
    with closing(sqlite3.connect(home / "calsync.db")) as store:
        accounts = store.execute("SELECT name, source, state FROM account ORDER BY 1").fetchall()
    assert accounts == [("anna", "file", "ok"), ("asha", "file", "ok")], "the third one is left to be added on the page"
    with closing(sqlite3.connect(home / "airflow.db")) as airflow:
        connections = airflow.execute("SELECT conn_id, conn_type, port FROM connection ORDER BY 1").fetchall()
    assert connections == [
        ("calsync_db", "sqlite", 0),
        ("google_calendar_default", "google_calendar", 0),
        ("pipedrive_default", "pipedrive", 0),
    ]
    assert "AIRFLOW_CONN_" not in (home / "env.sh").read_text(), "it would hide what a person edits in Airflow"


def test_a_folder_that_no_demo_made_is_not_emptied(root: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    command = [sys.executable, "-m", "include.scripts.demo", "--home", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "another folder" in done.stderr
    assert (tmp_path / "thesis.txt").exists()
