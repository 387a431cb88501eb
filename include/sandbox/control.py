"""The control API below ``/_sandbox/``: faults, request log, options, clock and credentials."""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from datetime import datetime, timedelta
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from include.sandbox.faults import Fault
from include.sandbox.wire import Answer, Call, json_answer

if TYPE_CHECKING:
    from include.sandbox.base import SandboxClock, Service


def answer(service: Service, call: Call) -> Answer:
    """What a sandbox in another process is asked below ``/_sandbox/``; pages get what is nothing of it."""
    try:
        match call.method, call.path:
            case "POST", "/_sandbox/faults":
                service.faults.add(Fault.from_json(call.json()))
                return json_answer({"ok": True})
            case "DELETE", "/_sandbox/faults":
                service.faults.clear()
                return json_answer({"ok": True})
            case "GET", "/_sandbox/requests":
                with service.backend.lock:
                    return json_answer([{**vars(each), "at": each.at.isoformat()} for each in service.requests])
            case "DELETE", "/_sandbox/requests":
                service.reset_requests()
                return json_answer({"ok": True})
            case "GET", "/_sandbox/credentials":
                with service.backend.lock:
                    return json_answer(service.backend.credentials())
            case "GET" | "PATCH", "/_sandbox/options" if hasattr(service.state, "options"):
                with service.backend.lock:
                    if call.method == "PATCH":
                        set_options(service.state.options, call.json())
                    return json_answer(shown_options(service.state.options))
            case "POST", "/_sandbox/clock":
                _set_clock(service.clock, call.json())
                return json_answer({"now": service.clock.now().isoformat()})
    except (ValueError, TypeError) as error:
        return json_answer({"error": str(error)}, 400)
    with service.backend.lock:
        page = service.pages(call) if service.pages else None
    return page or json_answer({"error": "no such control operation"}, 404)


def _set_clock(clock: SandboxClock, wish: dict[str, Any]) -> None:
    """``{"offset_s": n}``, ``{"advance_s": n}``, ``{"freeze": "<RFC 3339>" or true}`` or ``{"freeze": false}``; empty
    = only read."""
    unknown = set(wish) - {"offset_s", "advance_s", "freeze"}
    if unknown:
        raise ValueError(f"unknown members {sorted(unknown)}")
    if "offset_s" in wish:
        clock.offset = timedelta(seconds=float(wish["offset_s"]))
    if "advance_s" in wish:
        clock.advance(float(wish["advance_s"]))
    match wish.get("freeze"):
        case str(at):
            clock.freeze(datetime.fromisoformat(at))
        case True:
            clock.freeze()
        case False:
            clock.unfreeze()


def shown_options(options: Any) -> dict[str, Any]:
    """All options (a dataclass) as JSON: sets are sorted lists."""
    shown = {each.name: getattr(options, each.name) for each in fields(options)}
    return {name: _listed(value) for name, value in shown.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return list(value) if isinstance(value, deque) else value


def set_options(options: Any, wish: Any) -> None:
    """Sets the options that `wish` names, all or none. Raises ValueError on an unknown name or a value that it can't
    have."""
    if not isinstance(wish, dict):
        raise ValueError("an object of options is wanted")
    kinds = get_type_hints(type(options))
    unknown = sorted(set(wish) - set(kinds))
    if unknown:
        raise ValueError(f"unknown options {unknown}")
    made = {name: _fitting(name, kinds[name], value) for name, value in wish.items()}
    for name, value in made.items():
        setattr(options, name, value)


def _fitting(name: str, kind: Any, value: Any) -> Any:
    """`value` as an option of that type holds it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value in inner:
            return value
        raise ValueError(f"{name} must be one of {', '.join(map(str, inner))}")
    if origin in (Union, UnionType):
        if value is None and type(None) in inner:
            return None
        return _fitting(name, next(each for each in inner if each is not type(None)), value)
    if origin in (set, deque) and isinstance(value, list):
        return origin(value)
    plain = origin or kind
    wanted = (int, float) if plain is float else plain
    if isinstance(value, wanted) and (plain is bool or not isinstance(value, bool)):
        return value
    raise ValueError(f"{name} must be {plain.__name__}")
