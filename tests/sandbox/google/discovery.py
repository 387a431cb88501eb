"""Holds requests and answers to the discovery document that google-api-python-client ships."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient

Schema = dict[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "integer": int, "object": dict, "array": list, "number": (int, float),
}  # fmt: skip


@cache
def document() -> dict[str, Any]:
    folder = Path(str(googleapiclient.__file__)).parent
    found: dict[str, Any] = json.loads((folder / "discovery_cache/documents/calendar.v3.json").read_text("utf-8"))
    return found


def method(name: str) -> Schema:
    """The method ``events.list`` and so on."""
    resource, verb = name.split(".")
    found: Schema = document()["resources"][resource]["methods"][verb]
    return found


def parameters(name: str) -> dict[str, Schema]:
    """The query parameters of a method, those of every method included."""
    own = {key: value for key, value in method(name).get("parameters", {}).items() if value["location"] == "query"}
    return {**document()["parameters"], **own}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    found = []
    for resource, members in document()["resources"].items():
        for verb, each in members["methods"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each["path"]))
            found.append((each["httpMethod"], re.compile(pattern), f"{resource}.{verb}"))
    return found


def method_of(verb: str, path: str) -> str:
    """The method that a request calls; ``path`` is what follows ``/calendar/v3/``, ids encoded."""
    names = [name for each, pattern, name in _patterns() if each == verb and pattern.fullmatch(path)]
    assert len(names) == 1, (verb, path, names)
    return names[0]


def problems(value: Any, schema: Schema, place: str = "$") -> list[str]:
    """Where a JSON value differs from a schema: unknown members, wrong types, formats and enumerated values."""
    if "$ref" in schema:
        return problems(value, document()["schemas"][schema["$ref"]], place)
    wanted = _TYPES[schema["type"]]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        return [f"{place}: {value!r} is no {schema['type']}"]
    if isinstance(value, list):
        return [each for n, item in enumerate(value) for each in problems(item, schema["items"], f"{place}[{n}]")]
    if isinstance(value, dict):
        return _member_problems(value, schema, place)
    found = [] if _has_format(value, schema.get("format", "")) else [f"{place}: {value!r} is no {schema['format']}"]
    return found + ([f"{place}: {value!r}"] if "enum" in schema and value not in schema["enum"] else [])


def _member_problems(value: dict[str, Any], schema: Schema, place: str) -> list[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    found: list[str] = []
    for name, member in value.items():
        if name not in known and others is None:
            found.append(f"{place}.{name}: not in the schema")
        else:
            found += problems(member, known.get(name, others), f"{place}.{name}")
    return found


def _has_format(value: Any, form: str) -> bool:
    try:
        match form:
            case "date":
                return date.fromisoformat(value).isoformat() == str(value)
            case "date-time":
                return datetime.fromisoformat(value).tzinfo is not None
            case "int32":
                return bool(-(2**31) <= value < 2**31)
    except ValueError:
        return False
    return True
