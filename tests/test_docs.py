"""The documentation and the code say the same: links lead somewhere, what is named exists, what exists is named."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from include.calsync.core.sentences_en import LEFT_OUT
from include.calsync.settings import Account, load_accounts

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").glob("*.md")])
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples/accounts.yaml"
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
DAGS = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a language, without their indentation."""
    for indent, found, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    heads = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", head).lower()).strip().replace(" ", "-") for head in heads}


def tracked() -> set[str]:
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in out.split("\0") if name}


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("https://", "http://localhost")):
            continue
        name, _, anchor = target.partition("#")
        goal = (page.parent / name).resolve() if name else page
        assert goal.exists(), target
        assert short(goal) in tracked(), target
        if anchor:
            assert anchor in anchors(goal), target


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """A path in code quotes that begins with a folder of the project's."""
    tops = {name.split("/")[0] for name in tracked() if "/" in name}
    for quoted in re.findall(r"`([\w.-]+/[\w./*…-]*)`", prose(page)):
        if quoted.split("/")[0] in tops:
            assert list(ROOT.glob(quoted.rstrip("/").replace("…", "*"))), quoted


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_command_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets
    assert set(re.findall(r"airflow dags (?:test|trigger) ([\w-]+)", text)) <= set(DAGS)
    assert set(re.findall(r"--dag-id ([\w-]+)", text)) <= set(DAGS)
    for module in set(re.findall(r"python -m ([\w.]+)", text)):
        parts = ROOT.joinpath(*module.split("."))
        assert (parts / "__main__.py").is_file() or parts.with_suffix(".py").is_file(), module


def test_the_readme_is_a_front_door() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len([word for word in text.split() if re.search(r"\w", word)]) <= 1500
    assert all(f"({short(page)})" in text for page in PAGES if page.parent == ROOT / "docs")


def test_every_variable_of_the_environment_is_documented() -> None:
    code = [path for top in ("dags", "include/calsync", "plugins") for path in (ROOT / top).rglob("*.py")]
    used = {name for path in code for name in re.findall(r"\bCALSYNC_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))}
    assert used == set(re.findall(r"^\| `(CALSYNC_\w+)`", SETTINGS, re.MULTILINE))
    assert used == set(re.findall(r"\bCALSYNC_[A-Z_]*[A-Z]\b", (ROOT / "examples/calsync.env").read_text("utf-8")))


def documented() -> dict[str, str]:
    """The table of an account's keys: each with its default as it is written there."""
    table = SETTINGS.split("## Settings of an account")[1].split("###")[0]
    found: dict[str, str] = {}
    for keys, defaults in re.findall(r"^\| (`.+?) \| (.+?) \|", table, re.MULTILINE):
        names, values = re.findall(r"`(\w+)`", keys), re.findall(r"`([^`]+)`", defaults)
        found |= dict(zip(names, values or [defaults] * len(names), strict=True))
    return found


def test_every_key_of_an_account_is_documented_with_its_default() -> None:
    told = documented()
    assert told.keys() == Account.model_fields.keys()
    in_words = {"required", "all", "none", "the Pipedrive user's"}
    for key, default in told.items():
        field = Account.model_fields[key]
        assert field.is_required() == (default == "required"), key
        if default not in in_words or key in ("private_events", "notify_guests"):
            real = field.default
            assert yaml.safe_load(default) == (list(real) if isinstance(real, tuple) else real), key


def test_the_example_is_what_the_settings_read(tmp_path: Path) -> None:
    (first,) = load_accounts(EXAMPLE)
    assert not isinstance(first.calendar, str), "the first example uses a calendar of its own"
    text = EXAMPLE.read_text(encoding="utf-8")
    whole = tmp_path / "accounts.yaml"
    whole.write_text(re.sub(r"^  # (?=- name| {2}\w+:)", "  ", text, flags=re.MULTILINE), encoding="utf-8")
    second = load_accounts(whole)[1]
    assert second.model_fields_set == Account.model_fields.keys(), "it shows every key"
    examples = {"name", "pipedrive_user", "google_user", "time_zone", "activity_types", "colors"}
    for key in Account.model_fields.keys() - examples:
        assert getattr(second, key) == Account.model_fields[key].default, key


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_accounts_and_json_can_be_read(page: Path, tmp_path: Path) -> None:
    for text in blocks(page, "json"):
        json.loads(text)
    for text in blocks(page, "yaml"):
        file = tmp_path / "accounts.yaml"
        file.write_text(text, encoding="utf-8")
        assert load_accounts(file)


def test_every_param_of_a_dag_is_documented() -> None:
    table = (ROOT / "docs/operating.md").read_text(encoding="utf-8").split("## A run")[0]
    for dag in DAGS:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{dag}`"))
        tree = ast.parse((ROOT / "dags" / f"{dag}.py").read_text(encoding="utf-8"))
        given = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "params"]
        if not given:
            assert "| none" in row, dag
            continue
        params = given[0]
        assert isinstance(params, ast.Dict)
        names = [str(key.value) for key in params.keys if isinstance(key, ast.Constant)]
        assert names
        assert [name for name in names if f"`{name}`" not in row] == []


# What Airflow or a service says.
NOT_OURS = {"Bad Request", "TI was not in a state where it could be marked as running", "database is locked"}


def said() -> str:
    """Every text in the code, one a line; what is filled in is "…"."""
    found = []
    for path in [path for top in ("include/calsync", "plugins") for path in (ROOT / top).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            if all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts):
                found.append("".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts))
    return "\n".join(found)


@pytest.mark.parametrize("page", ["docs/operating.md", "docs/troubleshooting.md"])
def test_every_message_that_is_quoted_is_one(page: str) -> None:
    """Quoted in the text, or in the first column of a table."""
    texts, known = [], said()
    for line in prose(ROOT / page).splitlines():
        texts.append(line.split(" | ")[0] if line.startswith("|") else line)
    quoted = set(re.findall(r'"([^"\n]{10,})"', "\n".join(texts))) - NOT_OURS
    assert quoted
    for quote in quoted:
        for part in re.split(r"…|\(403|`.+?`|\bN\b|[“”]", quote):
            assert part.strip(" ,") in known, quote


def test_every_reason_to_leave_out_is_documented() -> None:
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    table = text.split("| `skipped_by_reason` |")[1].split("\n\n")[0]
    first = "\n".join(line.split(" | ")[0] for line in table.splitlines()[2:])
    assert set(re.findall(r"`(\w+)`", first)) == LEFT_OUT.keys()


def test_there_is_one_version() -> None:
    (folder,) = ROOT.glob("calsync_provider-*.dist-info")
    version = folder.name.removeprefix("calsync_provider-").removesuffix(".dist-info")
    assert f"\nVersion: {version}\n" in (folder / "METADATA").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert latest is not None
    assert latest[1] == version
    for name in ("Dockerfile", "README.md", "compose.yaml", "values.yaml"):
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"calsync-airflow:([\d.]+\d)|defaultAirflowTag: \"(.+)\"", text)) <= {
            (version, ""), ("", version),
        }  # fmt: skip
    assert folder.name in (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")


def test_what_is_deployed_runs_the_version_of_the_lock() -> None:
    lock = re.search(r"^apache-airflow==([\d.]+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert lock is not None
    places = ["README.md", "docs/installing.md", "deploy/Dockerfile", "deploy/README.md", "deploy/values.yaml"]
    for place in places:
        text = (ROOT / place).read_text(encoding="utf-8")
        named = re.findall(r"(?:apache-airflow==|constraints-|apache/airflow:|airflowVersion: \")(\d+\.\d+\.\d+)", text)
        assert named, place
        assert set(named) == {lock[1]}, place


def test_compose_and_helm_name_what_exists() -> None:
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
    common = compose["services"]["scheduler"]
    assert (ROOT / "deploy" / common["build"]["context"] / common["build"]["dockerfile"]).is_file()
    filled_in = {"./config", "calsync.env"}
    mounts = [each for service in compose["services"].values() for each in service.get("volumes", [])]
    for source in {each.split(":")[0] for each in mounts if each.startswith(".")} | set(common["env_file"]):
        assert source in filled_in or (ROOT / "deploy" / source).is_file(), source
    text = (ROOT / "deploy/compose.yaml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{(\w+)", text))
    assert wanted == set(re.findall(r"^(\w+)=", (ROOT / "deploy/env.example").read_text("utf-8"), re.MULTILINE))
    values = yaml.safe_load((ROOT / "deploy/values.yaml").read_text(encoding="utf-8"))
    secrets = {each["secretName"] for each in values["secret"]} | {
        name
        for key, name in {**values, **values["data"]}.items()
        if key.endswith("SecretName") or key == "jwtSecretName"
    }
    guide = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    assert all(f"secret generic {name}" in guide for name in secrets)


def test_a_cluster_is_the_same_installation_with_other_settings() -> None:
    one, many = (
        yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8"))
        for name in ("compose.yaml", "compose.cluster.yaml")
    )
    base = one["services"][many["services"]["worker"]["extends"]["service"]]
    airflow = {name for name, service in one["services"].items() if service.get("image") == base["image"]}
    with_celery = {
        name
        for name, service in many["services"].items()
        if service.get("environment", {}).get("AIRFLOW__CORE__EXECUTOR") == "CeleryExecutor"
    }
    assert with_celery == (airflow - {"init"}) | {"worker"}, "all components need the same executor and broker"
    named = set(re.findall(r"\$\{(\w+)", (ROOT / "deploy/compose.cluster.yaml").read_text(encoding="utf-8")))
    assert named <= set(re.findall(r"^(\w+)=", (ROOT / "deploy/env.example").read_text("utf-8"), re.MULTILINE))
    values, more = (
        yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8"))
        for name in ("values.yaml", "values.cluster.yaml")
    )
    assert more["env"][: len(values["env"])] == values["env"], "Helm replaces lists as a whole"
