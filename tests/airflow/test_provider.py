"""The connection types, as deployed: PYTHONPATH is the project root and nothing is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROBE = """
import json, sys
from airflow import plugins_manager
from airflow.providers_manager import ProvidersManager
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
manager = ProvidersManager()
forms = {m.connection_type: m.model_dump() for m in HookMetaService.hook_meta_data()}
plugins_manager.ensure_plugins_loaded()
executed = sorted(n for n, m in sys.modules.items() if (getattr(m, "__file__", "") or "").startswith(sys.argv[1]))
testable = {name: manager.hooks[name].connection_testable for name in ("pipedrive", "google_calendar")}
print(json.dumps({
    "executed": executed,
    "version": manager.providers["calsync-provider"].version,
    "forms": {name: forms[name] for name in testable},
    "testable": testable,
}))
"""

PLUGINS = """
import json, sys
from airflow import plugins_manager
plugins_manager.ensure_plugins_loaded()
files = {name: getattr(module, "__file__", "") or "" for name, module in sys.modules.items()}
print(json.dumps(sorted(name for name, path in files.items() if path.startswith(sys.argv[1]))))
"""
EXECUTED = ["calsync_airflow", "calsync_airflow.run_events", "calsync_airflow.run_notes", "calsync_plugin"]
EXECUTED += ["plugins.calsync_airflow", "plugins.calsync_airflow.provider_info"]


@pytest.fixture(scope="module")
def seen(root: Path) -> dict[str, Any]:
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", PROBE, str(root / "plugins")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_both_types_are_registered_and_testable(seen: dict[str, Any]) -> None:
    assert seen["testable"] == {"pipedrive": True, "google_calendar": True}


def test_pipedrive_form(seen: dict[str, Any]) -> None:
    form = seen["forms"]["pipedrive"]
    assert form["hook_name"] == "Pipedrive"
    assert form["standard_fields"]["host"]["title"] == "Company address"
    assert form["standard_fields"]["password"]["title"] == "API token"
    assert list(form["extra_fields"]) == ["client_id", "client_secret", "refresh_token", "token_url"]


def test_google_calendar_form(seen: dict[str, Any]) -> None:
    form = seen["forms"]["google_calendar"]
    assert form["hook_name"] == "Google Calendar"
    assert form["extra_fields"]["delegate"]["value"] is True
    assert list(form["extra_fields"]) == [
        "keyfile_dict",
        "key_path",
        "delegate",
        "client_id",
        "client_secret",
        "refresh_token",
        "token_uri",
        "api_endpoint",
    ]


@pytest.mark.parametrize("name", ["pipedrive", "google_calendar"])
def test_secrets_are_password_fields(seen: dict[str, Any], name: str) -> None:
    fields = seen["forms"][name]["extra_fields"]
    hidden = {key for key, field in fields.items() if field["schema"].get("format") == "password"}
    assert hidden == {"client_secret", "refresh_token", "keyfile_dict"} & set(fields)


def test_forms_and_plugins_are_loaded_without_a_hook(seen: dict[str, Any]) -> None:
    assert seen["executed"] == EXECUTED


@pytest.mark.parametrize("syntax", ["glob", "regexp"])
def test_one_file_is_a_plugin_in_both_syntaxes_of_what_is_ignored(root: Path, syntax: str) -> None:
    """With regexp no warning of a library of Airflow's comes along, as it does into each log with glob."""
    env = {**os.environ, "PYTHONPATH": str(root), "AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX": syntax}
    command = [sys.executable, "-W", "always::DeprecationWarning", "-c", PLUGINS, str(root / "plugins")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == EXECUTED
    assert ("GitWildMatchPattern" in done.stdout + done.stderr) == (syntax == "glob")
