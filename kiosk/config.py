"""The kiosk's settings: one TOML file, every key known, every mistake named with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Fen = Annotated[int, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, line, key and what was expected."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of kiosk.toml."""


class Terminal(Section, frozen=True, kw_only=True):
    """Who this kiosk is. `bench` allows test keys and is refused nowhere else than in a field unit's packaging."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    site: str = ""
    company: str = "示例供电公司 Sample Power Company"
    hotline: str = "95598"
    form: Literal["lobby", "wall", "through"] = "lobby"
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    """Of the clock on screen and slips; the journal and the hub use UTC."""
    bench: bool = False


class Hub(Section, frozen=True, kw_only=True):
    """Where the hub is and how long the kiosk waits. Time-outs nest: `deadline_s` is above the hub's own."""

    url: str
    key_file: Path
    connect_s: Positive = 5.0
    deadline_s: Positive = 20.0
    query_deadline_s: Positive = 8.0
    status_every_s: Positive = 15.0
    checking_after_s: Positive = 15.0
    """How long a customer waits for an unanswered payment before a slip promises that it is being checked."""
    retry_first_s: Positive = 1.0
    retry_most_s: Positive = 300.0
    claim_after_attempts: Count = 200
    """After so many unanswered attempts the payment becomes a claim with an owner."""


class JournalFile(Section, frozen=True, kw_only=True):
    """Where the journal is: a local disk with write barriers."""

    path: Path


class Acceptor(Section, frozen=True, kw_only=True):
    """The note acceptor's line."""

    protocol: Literal["ccnet"] = "ccnet"
    port: str
    baudrate: Count = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    poll_ms: Count = 100
    counter: bool = True
    """Whether the unit answers GET COUNTER OF STACKED BILLS; where it does not, a lost note becomes a claim."""


class Printer(Section, frozen=True, kw_only=True):
    """The receipt printer's line and paper."""

    port: str
    baudrate: Count = 115200
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    columns: Literal[32, 48] = 48
    chinese: Literal["text", "raster"] = "text"
    check_every_s: Positive = 2.0
    print_deadline_s: Positive = 20.0


class Cash(Section, frozen=True, kw_only=True):
    """Which notes are taken and how much at once."""

    accepted_fen: tuple[Fen, ...] = (10000, 5000, 2000, 1000)
    currency: str = "CNY"
    most_notes: Count = 50
    most_fen: Count = 200000
    closing_s: Positive = 5.0
    """How long the acceptor may take to report itself closed when no note is on its way."""
    note_fate_s: Positive = 60.0
    """How long a note may be on its way to the box before its fate counts as unknown."""


class Screen(Section, frozen=True, kw_only=True):
    """How long pages stand (screen times in seconds)."""

    idle_s: Positive = 60.0
    private_idle_s: Positive = 45.0
    cash_idle_s: Positive = 180.0
    question_s: Annotated[float, Meta(ge=20)] = 30.0
    done_s: Positive = 8.0
    slip_s: Positive = 30.0
    """How long a page stands that asks to take a slip with a reference."""


class Health(Section, frozen=True, kw_only=True):
    """Where `GET /health` and `GET /metrics` answer; port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Port = 9180


class Log(Section, frozen=True, kw_only=True):
    """What is written to the standard error stream."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section, frozen=True, kw_only=True):
    """The whole of kiosk.toml."""

    terminal: Terminal
    hub: Hub
    journal: JournalFile
    acceptor: Acceptor
    printer: Printer
    cash: Cash = Cash()
    screen: Screen = Screen()
    health: Health = Health()
    log: Log = Log()


def load(path: Path) -> Config:
    """Read and check the settings. Relative paths are taken from the file's own folder. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        config = msgspec.convert(raw, type=Config, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(path, text, str(error))) from error
    try:
        ZoneInfo(config.terminal.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        at = _line(text, "terminal", "timezone")
        raise ConfigError(f"{path}:{at}: terminal.timezone: no such time zone: {error}") from error
    return _resolved(config, path.parent.resolve())


def _decode(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def _resolved(config: Config, folder: Path) -> Config:
    hub = msgspec.structs.replace(config.hub, key_file=folder / config.hub.key_file)
    journal = msgspec.structs.replace(config.journal, path=folder / config.journal.path)
    return msgspec.structs.replace(config, hub=hub, journal=journal)


_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]+)`(?: - at `\$\.?(?P<at>[^`]*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`(?: - at `\$\.?(?P<at>[^`]*)`)?")
_WRONG = re.compile(r"(?P<what>.*) - at `\$\.?(?P<at>[^`]*)`")


def _explain(path: Path, text: str, message: str) -> str:
    if found := _UNKNOWN.fullmatch(message):
        table, key = found["at"] or "", found["key"]
        expected = ", ".join(_known(table))
        name = f"{table}.{key}" if table else key
        return f"{path}:{_line(text, table, key)}: unknown key {name}; expected one of: {expected}"
    if found := _MISSING.fullmatch(message):
        table, key = found["at"] or "", found["key"]
        name = f"{table}.{key}" if table else f"[{key}]"
        return f"{path}:{_line(text, table, '')}: {name} is missing"
    if found := _WRONG.fullmatch(message):
        table, _, key = re.sub(r"\[.*", "", found["at"]).partition(".")
        name = f"{table}.{key}" if key else table
        return f"{path}:{_line(text, table, key)}: {name}: {found['what']}"
    return f"{path}: {message}"


def _known(table: str) -> tuple[str, ...]:
    if not table:
        return Config.__struct_fields__
    for field in msgspec.structs.fields(Config):
        if field.name == table and isinstance(field.type, type) and issubclass(field.type, Section):
            return field.type.__struct_fields__
    return ()


def _line(text: str, table: str, key: str) -> int:
    """Find the line of a key (or of its table's header) for the message; 1 if it is not written plainly."""
    current, header_at = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            current = header[1].strip()
            if current in {table, key}:
                header_at = number
            if not table and current == key:
                return number
        elif current == table and key and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return number
    return header_at
