"""Settings: accounts (one Pipedrive user paired with one Google calendar), checked once, at the edge.

Every problem is named at once, with its place and its remedy. Values that may be personal are not repeated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from include.calsync.core.alerts import KINDS, Kind
from include.calsync.errors import SettingsError
from include.calsync.setting_problems import meant as meant
from include.calsync.setting_problems import problem
from include.calsync.setting_problems import short as short

Mode = Literal["all_events", "pipedrive_only", "to_google", "to_pipedrive"]
TitlePart = Literal["deal", "person", "organization", "subject"]
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class CreateCalendar(BaseModel):
    """A calendar that is created once, and found again by this name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    create: str


def _name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9_-]+", value):
        raise ValueError("must consist of a-z, 0-9, _ and -; put a number in quotes")
    return value


def _pipedrive_user(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"0{0,9}[1-9][0-9]{0,17}", value.strip(), re.ASCII):
        return int(value)
    return _mail(value, "must be the user's e-mail address or id")


def _google_user(value: object) -> object:
    return _mail(value, "must be the e-mail address of a Google user")


def _mail(value: object, problem: str) -> str:
    if not isinstance(value, str) or not _MAIL.fullmatch(value.strip()):
        raise ValueError(problem)
    return value.strip().lower()


def _calendar(value: object) -> object:
    name = value.get("create") if isinstance(value, Mapping) and set(value) == {"create"} else value
    if isinstance(name, CreateCalendar):
        return name
    if not isinstance(name, str) or not name.strip():
        raise ValueError('must be `primary`, a calendar id, or {create: "Name"}')
    return name.strip() if name is value else CreateCalendar(create=name.strip())


def _time_zone(value: str | None) -> str | None:
    if value is not None and value not in available_timezones():
        raise ValueError(f"is no IANA time zone: {short(value)}{meant(value, available_timezones())}")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty; leave the key out for the default")
    return value.strip()


def _types(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if value is not None and not value:
        raise ValueError("is empty, so nothing would be synced; leave it out for all types")
    return value


def _title(value: tuple[TitlePart, ...]) -> tuple[TitlePart, ...]:
    if value.count("subject") != 1:
        raise ValueError("must contain `subject` exactly once")
    if len(set(value)) < len(value):
        raise ValueError("must not repeat a part")
    return value


Text = Annotated[str, AfterValidator(_text)]
Flag = Annotated[bool, Field(strict=True)]
Ratio = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Color = Annotated[int, Field(strict=True, ge=1, le=11)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class Account(BaseModel):
    """One account. The table in docs/settings.md says what each key does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, BeforeValidator(_name)]
    pipedrive_user: Annotated[int | str, BeforeValidator(_pipedrive_user)]
    """User id, or e-mail address in lower case."""
    google_user: Annotated[str, BeforeValidator(_google_user)]
    """E-mail address in lower case."""
    calendar: Annotated[str | CreateCalendar, BeforeValidator(_calendar)] = "primary"
    time_zone: Annotated[str | None, AfterValidator(_time_zone)] = None
    """None: the Pipedrive user's."""
    mode: Mode = "all_events"
    activity_types: Annotated[tuple[Text, ...] | None, AfterValidator(_types)] = None
    """None: all."""
    event_type: Text = "meeting"
    title: Annotated[tuple[TitlePart, ...], AfterValidator(_title)] = ("deal", "person", "organization", "subject")
    conflict: Literal["newest", "pipedrive", "google"] = "newest"
    default_duration_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] = 30
    private_events: Literal["skip", "busy", "full"] = "busy"
    include_note: Flag = False
    include_context: Flag | Literal["always"] = True
    done: Literal["keep", "prefix", "remove"] = "keep"
    on_event_deleted: Literal["delete", "done", "keep"] = "delete"
    on_activity_deleted: Literal["delete", "keep"] = "delete"
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 365
    max_delete_ratio: Ratio = 0.2
    max_delete_count: Count = 25
    max_change_ratio: Ratio = 0.5
    max_change_count: Count = 100
    max_create_ratio: Ratio = 0.2
    max_create_count: Count = 50
    notify_guests: Literal["none", "external", "all"] = "none"
    colors: Annotated[dict[Text, Color], Field(default_factory=dict)]
    """Activity type to Google's color of events."""
    enabled: Flag = True
    pipedrive_conn_id: Text = "pipedrive_default"
    google_conn_id: Text = "google_calendar_default"

    def digest(self) -> str:
        """Hash of the settings that change what is written; another one causes one full pull."""
        text = json.dumps(self.model_dump(mode="json", include=set(WRITTEN)), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def checked(values: Mapping[str, Any]) -> Account | list[tuple[str, str]]:
    """The account with these settings, or all that is wrong with them: key, and what to do about it."""
    try:
        return Account.model_validate(dict(values))
    except ValidationError as error:
        return [_told(detail) for detail in error.errors(include_url=False)]


def _told(detail: Mapping[str, Any]) -> tuple[str, str]:
    key, *inside = detail["loc"]
    place = ".".join(str(step) for step in inside)
    text = problem(Account.model_fields, detail)
    return str(key), f"{place}: {text}" if place else text


WRITTEN = (
    *("time_zone", "mode", "activity_types", "event_type", "title", "default_duration_minutes", "private_events"),
    *("include_note", "include_context", "done", "horizon_days", "colors"),
)
"""The keys that change what is written."""


def _dotted(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value, re.ASCII):
        raise ValueError("must be the dotted path of a notifier's class, such as package.module.SmtpNotifier")
    return value


class AlertsTo(BaseModel):
    """Who is told of what. The table in docs/settings.md says what each key does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notifier: Annotated[str, AfterValidator(_dotted)]
    arguments: dict[str, Any] = Field(default_factory=dict)
    """What the notifier is made with; its template fields may name `alert`."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS
    no_success_minutes: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 60
    quarantine_count: Count = 10
    """More than so many items of an account in quarantine."""


def load_alerts(path: Path) -> list[AlertsTo]:
    """Who is told, in the file's order. What is wrong elsewhere in the file does not matter here: it is to be told of.

    Raises SettingsError as `load_accounts` does.
    """
    return _AccountsFile(path).load_alerts()


def load_accounts(path: Path) -> list[Account]:
    """The accounts of a YAML file, in its order, `defaults` filled in.

    Raises SettingsError naming every problem as "file:line: accounts[2].title: what, remedy".
    """
    return [account for account, _ in located_accounts(path)]


def located_accounts(path: Path) -> list[tuple[Account, int]]:
    """As `load_accounts`, each with the line where it begins."""
    return _AccountsFile(path).load()


Model = TypeVar("Model", bound=BaseModel)


class _AccountsFile:
    """One reading of the file: collects problems with their lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[tuple[int, str]] = []
        self.root: yaml.Node | None = None
        self.readable = True

    def load(self) -> list[tuple[Account, int]]:
        value = self._document()
        accounts = self._accounts(value) if self.readable else []
        self._raise()
        return accounts

    def load_alerts(self) -> list[AlertsTo]:
        value = self._document()
        alerts = self._alerts(value.get("alerts") or []) if isinstance(value, dict) else []
        self._raise()
        return alerts

    def _raise(self) -> None:
        if self.problems:
            ordered = sorted(set(self.problems))
            raise SettingsError([f"{self.path}:{line}: {text}" for line, text in ordered])

    def _document(self) -> Any:
        """The file's value, and its nodes in `root`. Syntax errors and repeated keys become problems."""
        try:
            self.root = yaml.compose(self.path.read_text(encoding="utf-8-sig"), Loader=_Loader)
            self._find_repeated_keys(self.root, set())
            return None if self.root is None else _Loader("").construct_document(self.root)
        except OSError as error:
            raise SettingsError(
                [f"{self.path}: can't be read ({error.strerror}); check CALSYNC_ACCOUNTS_FILE"]
            ) from None
        except yaml.MarkedYAMLError as error:
            self.readable = False
            mark = error.problem_mark or error.context_mark
            self._add(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem}; check indentation and quotes")
        except (yaml.YAMLError, ValueError, RecursionError):
            self.readable = False
            self._add(1, "not valid YAML: not UTF-8, not printable, or a value that doesn't fit its tag")
        return None

    def _accounts(self, value: Any) -> list[tuple[Account, int]]:
        if not isinstance(value, dict):
            self._add(1, "must be a mapping with the key `accounts`; see the README for an example")
            return []
        known = ["accounts", "defaults", "alerts"]
        for key in value.keys() - set(known):
            self._at((key,), f"unknown key{meant(key, known)}; remove or correct it")
        self._alerts(value.get("alerts") or [])
        listed = value.get("accounts")
        if not isinstance(listed, list):
            self._at(("accounts",), "must be a list of accounts, each starting with `- name:`")
            listed = []
        defaults = self._defaults(value.get("defaults") or {})
        accounts = [self._account(index, item, defaults) for index, item in enumerate(listed)]
        self._find_repeated_names(listed)
        return [(account, self._line(("accounts", index))) for index, account in enumerate(accounts) if account]

    def _find_repeated_names(self, listed: list[Any]) -> None:
        first: dict[str, int] = {}
        for index, item in enumerate(listed):
            name = item.get("name") if isinstance(item, dict) else None
            if isinstance(name, str) and first.setdefault(name, index) != index:
                self._at(("accounts", index, "name"), f"is also the name of accounts[{first[name]}]; rename one")

    def _defaults(self, defaults: Any) -> dict[str, Any]:
        """The valid ones; the others are reported once, not once per account."""
        if not isinstance(defaults, dict):
            self._at(("defaults",), "must be a mapping of account keys")
            return {}
        needed = {"name": "x", "pipedrive_user": 1, "google_user": "x@x"}
        wrong = self._validate(Account, {**needed, **defaults}, ("defaults",))
        return {key: item for key, item in defaults.items() if isinstance(wrong, Account) or key not in wrong}

    def _account(self, index: int, item: Any, defaults: dict[str, Any]) -> Account | None:
        if not isinstance(item, dict):
            self._at(("accounts", index), "must be a mapping of account keys")
            return None
        found = self._validate(Account, {**defaults, **item}, ("accounts", index))
        return found if isinstance(found, Account) else None

    def _alerts(self, listed: Any) -> list[AlertsTo]:
        if not isinstance(listed, list):
            self._at(("alerts",), "must be a list of notifiers, each starting with `- notifier:`")
            return []
        found = [self._alert(index, item) for index, item in enumerate(listed)]
        return [each for each in found if isinstance(each, AlertsTo)]

    def _alert(self, index: int, item: Any) -> AlertsTo | set[str | int]:
        if not isinstance(item, dict):
            self._at(("alerts", index), "must be a mapping with the key `notifier`")
            return set()
        return self._validate(AlertsTo, item, ("alerts", index))

    def _validate(
        self, model: type[Model], value: dict[Any, Any], place: tuple[str | int, ...]
    ) -> Model | set[str | int]:
        """The account, or what else it is, or the keys that are wrong."""
        odd = [key for key in value if not isinstance(key, str)]
        for key in odd:
            self._at((*place, str(key)), "unknown key; keys are text")
        try:
            found = model.model_validate({key: item for key, item in value.items() if key not in odd})
            return set(odd) if odd else found
        except ValidationError as error:
            details = error.errors(include_url=False)
            for detail in details:
                self._at((*place, *detail["loc"]), problem(model.model_fields, detail))
            return {*odd, *(detail["loc"][0] for detail in details)}

    def _find_repeated_keys(self, node: yaml.Node | None, seen: set[int]) -> None:
        if id(node) in seen:  # an alias
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self._find_repeated_keys(child, seen)
        elif isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, child in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and lines.setdefault((key.tag, key.value), line) != line:
                    before = lines[key.tag, key.value]
                    self._add(line, f"{short(key.value)} is given twice, first in line {before}; remove one")
                self._find_repeated_keys(child, seen)

    def _at(self, place: tuple[str | int, ...], text: str) -> None:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
        self._add(self._line(place), f"{path}: {text}")

    def _line(self, place: Iterable[str | int]) -> int:
        """The line of the key or item, or of the nearest thing around it that is in the file."""
        node, line = self.root, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                pairs = [(key, child) for key, child in node.value if key.value == str(step)]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                pairs = [(child, child) for child in node.value[step : step + 1]]
            else:
                pairs = []
            if not pairs:
                break
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        return line

    def _add(self, line: int, text: str) -> None:
        self.problems.append((line, text))


class _Loader(yaml.SafeLoader):
    """YAML without dates: no setting is one, and a text that looks like one stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
