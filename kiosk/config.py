"""The kiosk's settings: one TOML file, every key known, every mistake named with its line."""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from kiosk.config_base import Baud, Count, Fen, KeyId, Port, Seconds, Section, Text
from kiosk.config_rules import broken_rules, unusable_dialect, unusable_profile
from kiosk.config_tenders import BankCard, EftTerminal, Phone, PinPad, Recharge, Scanner
from kiosk.hubclient.client import checked_base_url
from kiosk.toml_lines import line_of, line_of_error

MOST_BYTES = 64 * 1024


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, line, key and what was expected."""


class Terminal(Section, frozen=True, kw_only=True):
    """Who this kiosk is. `bench` allows key files that are marked as test keys: never set it in the field."""

    id: str
    site: str = ""
    company: str = "示例供电公司 Sample Power Company"
    hotline: str = "95598"
    form: Literal["lobby", "wall", "through"] = "lobby"
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    """Of the clock on screen and slips; the journal and the hub use UTC."""
    claim_url: str = ""
    """What the code on slips with a reference leads to, `{reference}` in it; empty: the bare reference."""
    bench: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,20}", self.id):
            raise ValueError("id: expected 1 to 20 letters, digits and hyphens")
        if self.claim_url and not re.fullmatch(r"https://[!-z|~]*\{reference\}[!-z|~]*", self.claim_url):
            raise ValueError("claim_url: expected an https address with {reference} once in it")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"timezone: expected a name like Asia/Shanghai: {error}") from error


class Hub(Section, frozen=True, kw_only=True):
    """Where the hub is and how long the kiosk waits. Time-outs nest: `deadline_s` is above the hub's own."""

    url: str
    key_file: Path | None = None
    """The key that calls are signed with, where no security module brings one."""
    connect_s: Seconds = 5.0
    deadline_s: Seconds = 20.0
    sale_deadline_s: Annotated[float, Meta(ge=50, le=600)] = 60.0
    """How long a sale by bank card may take: above the 45 s that the hub waits for a bank at most."""
    query_deadline_s: Seconds = 8.0
    status_every_s: Seconds = 15.0
    checking_after_s: Seconds = 15.0
    """How long a customer waits for an unanswered payment before a slip promises that it is being checked."""
    retry_first_s: Seconds = 1.0
    retry_most_s: Seconds = 300.0
    claim_after_attempts: Count = 200
    """After so many unanswered attempts the payment becomes a claim with an owner."""

    def __post_init__(self) -> None:
        try:
            checked_base_url(self.url)
        except ValueError as error:
            raise ValueError(f"url: {error}") from error
        if self.retry_most_s < self.retry_first_s:
            raise ValueError(f"retry_most_s: expected at least retry_first_s ({self.retry_first_s:g})")


class Security(Section, frozen=True, kw_only=True):
    """The module that holds the terminal's master key and signs on with it, in place of `hub.key_file`.

    "software" is a bench's: it holds the test key of the terminal's name.
    """

    module: Literal["none", "sam", "software"] = "none"
    scheme: Literal["3des", "sm4"] = "3des"
    reader: str = ""
    """The whole name of the PC/SC reader that the SAM stands in, as `pcsc_scan -r` lists it."""
    serial: str = ""
    """The SAM's serial in hex; what else stands in the slot is refused."""
    serial_file: Annotated[int, Meta(ge=1, le=30)] = 0x15
    """The short id of the file in the SAM's master file that begins with its serial."""
    application: str = "DF01"
    """What is selected for its keys, in hex: a file's id of two bytes, or an application's name of 5 to 16."""
    dialect_file: Path | None = None
    """The commands of a SAM that does not speak the PBOC PSAM's; none: those."""
    slot: Annotated[int, Meta(ge=0, le=255)] = 0x10
    """Where in the SAM the master key lies."""
    call_s: Seconds = 5.0

    def __post_init__(self) -> None:
        if self.module == "sam" and not self.reader:
            raise ValueError("reader: expected the name of the SAM's PC/SC reader")
        if self.module == "sam" and not re.fullmatch(r"([0-9A-Fa-f]{2}){4,16}", self.serial):
            raise ValueError("serial: expected the SAM's serial, 8 to 32 hex digits")
        if not re.fullmatch(r"[0-9A-Fa-f]{4}|([0-9A-Fa-f]{2}){5,16}", self.application):
            raise ValueError("application: expected a file's id, 4 hex digits, or a name, 10 to 32 of them")


class JournalFile(Section, frozen=True, kw_only=True):
    """Where the journal is: a local disk with write barriers."""

    path: Path


class Acceptor(Section, frozen=True, kw_only=True):
    """The note acceptor's line."""

    protocol: Literal["ccnet"] = "ccnet"
    port: Text
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    poll_ms: Annotated[int, Meta(ge=10, le=2000)] = 100
    counter: bool = True
    """Whether the unit answers GET COUNTER OF STACKED BILLS; where it does not, a lost note becomes a claim."""


class Printer(Section, frozen=True, kw_only=True):
    """The receipt printer's line and paper."""

    port: Text
    baudrate: Baud = 115200
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    columns: Literal[32, 48] = 48
    chinese: Literal["text", "raster"] = "text"
    asks_status: bool = True
    """False for a unit that never answers: it is printed to all the same, and paper-out is not noticed."""
    end_of_job: Literal["process_id", "paper_status", "none"] = "process_id"
    """How the unit tells that a slip is out: by GS ( H, by GS r 1, or not at all."""
    check_every_s: Seconds = 1.0
    print_deadline_s: Seconds = 20.0


class MeterCard(Section, frozen=True, kw_only=True):
    """The reader for prepaid meter cards; without a reader's name the kiosk serves none."""

    reader: str = ""
    """Name of the PC/SC reader, as `pcsc_scan` shows it."""
    profiles: Annotated[tuple[str, ...], Meta(min_length=1)] = ("state_grid_2009", "state_grid_2013")
    """Layouts that cards may have, in the order in which they are tried."""
    module: Literal["hub", "sam", "software"] = "hub"
    """Who computes cryptograms and MACs: the hub, the SAM of `[security]`, or a bench's software. The hub authorises
    each write in any case."""
    cipher: Literal["3des", "sm4"] = "3des"
    sam_keys: tuple[KeyId, KeyId, KeyId] = (1, 2, 3)
    """Where in the SAM the card master keys lie: for internal and external authentication, and for MACs."""
    profile_folder: Path | None = None
    """Where layouts stand that are not shipped: a province's own."""
    read_s: Seconds = 5.0
    write_s: Seconds = 30.0
    """How long reading and writing may take; writing waits for the hub, too."""
    command_s: Seconds = 3.0
    """How long the card may take for one command."""
    most_writes: Count = 3
    """How often one write is tried while its card is in."""
    take_card_s: Seconds = 60.0
    """How long the kiosk asks to take a card that is still in when its customer is done."""
    card_back_s: Seconds = 60.0
    """How long the kiosk waits for a card that was taken out too early."""

    def __post_init__(self) -> None:
        if len(set(self.profiles)) < len(self.profiles):
            raise ValueError("profiles: expected each name once")
        if len(set(self.sam_keys)) < len(self.sam_keys):
            raise ValueError("sam_keys: expected three keys, each in its own place")


class Dispenser(Section, frozen=True, kw_only=True):
    """The dispenser of new meter cards; without port and reader the kiosk makes none."""

    protocol: Literal["crt571"] = "crt571"
    port: str = ""
    baudrate: Baud = 9600
    parity: Literal["N", "E", "O"] = "N"
    bytesize: Literal[7, 8] = 8
    stopbits: Literal[1, 2] = 1
    reader: str = ""
    """Name of the PC/SC reader at its chip station."""
    stacker_sensor: Annotated[int, Meta(ge=0, le=31)] | None = None
    """Which of the unit's sensors, counted from 0, sees the card box; without it a missing box is told as an empty
    one."""
    poll_s: Seconds = 0.3
    chip_s: Seconds = 3.0
    """How long the reader may take to notice a card that has come to the chip station."""
    most_rejects: Count = 3
    """How many cards that are no good are drawn from the stack for one customer."""
    take_card_s: Seconds = 60.0
    """How long a new card is held out before it is drawn in for good."""

    def __post_init__(self) -> None:
        if bool(self.port) != bool(self.reader):
            raise ValueError("reader: expected beside port, and port beside reader")


class Cash(Section, frozen=True, kw_only=True):
    """Which notes are taken and how much at once."""

    accepted_fen: tuple[Fen, ...] = (10000, 5000, 2000, 1000)
    currencies: Annotated[tuple[str, ...], Meta(min_length=1)] = ("CNY", "CHN")
    """Codes that mark our notes in the acceptor's table: the ISO currency, or the country as CCNET units put it."""
    most_notes: Count = 50
    most_fen: Fen = 200000
    closing_s: Seconds = 5.0
    """How long the acceptor may take to report itself closed when no note is on its way."""
    note_fate_s: Seconds = 60.0
    """How long a note may be on its way to the box before its fate counts as unknown."""

    def __post_init__(self) -> None:
        if not self.accepted_fen or len(set(self.accepted_fen)) < len(self.accepted_fen):
            raise ValueError("accepted_fen: expected at least one note value, each once")
        if self.most_fen < min(self.accepted_fen):
            raise ValueError(f"most_fen: expected at least the smallest note ({min(self.accepted_fen)})")


class Offline(Section, frozen=True, kw_only=True):
    """Whether cash is taken while the hub cannot be reached, against a provisional receipt, and how much."""

    take_cash: bool = False
    most_fen: Fen = 20000
    """At most so much in one payment."""
    most_waiting_fen: Fen = 200000
    """At most so much in all payments that the hub has not booked yet."""
    most_s: Seconds = 14400.0
    """For so long after the hub's last word."""

    def __post_init__(self) -> None:
        if self.most_waiting_fen < self.most_fen:
            raise ValueError(f"most_waiting_fen: expected at least most_fen ({self.most_fen})")


class Screen(Section, frozen=True, kw_only=True):
    """How long pages stand (screen times in seconds), and how much may be tried on them."""

    idle_s: Seconds = 60.0
    private_idle_s: Seconds = 45.0
    cash_idle_s: Seconds = 180.0
    question_s: Annotated[float, Meta(ge=20, le=600)] = 30.0
    done_s: Seconds = 8.0
    slip_s: Seconds = 30.0
    """How long a page stands that asks to take a slip with a reference."""
    most_unknown_references: Count = 5
    """How many references that nobody knows one customer may look up, for they could be guessed."""


class Health(Section, frozen=True, kw_only=True):
    """Where `GET /health` and `GET /metrics` answer; port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Port = 9180

    def __post_init__(self) -> None:
        try:
            loopback = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            # Whoever reaches it from outside must first prove who they are, and this server asks nobody.
            raise ValueError("host: expected a loopback address, 127.0.0.1 or ::1")


class Log(Section, frozen=True, kw_only=True):
    """What is written to the standard error stream."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section, frozen=True, kw_only=True):
    """The whole of kiosk.toml."""

    terminal: Terminal
    hub: Hub
    security: Security = Security()
    journal: JournalFile
    acceptor: Acceptor
    printer: Printer
    meter_card: MeterCard = MeterCard()
    dispenser: Dispenser = Dispenser()
    bank_card: BankCard = BankCard()
    pin_pad: PinPad = PinPad()
    eft_terminal: EftTerminal = EftTerminal()
    phone: Phone = Phone()
    recharge: Recharge = Recharge()
    scanner: Scanner = Scanner()
    cash: Cash = Cash()
    offline: Offline = Offline()
    screen: Screen = Screen()
    health: Health = Health()
    log: Log = Log()


def load(path: Path) -> Config:
    """Read and check the settings. Relative paths are taken from the file's own folder. Raises ConfigError."""
    text = _read(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}:{line_of_error(text, error)}: not TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise ConfigError(f"{path}:1: not to be read as TOML: {error}") from error
    for keys, expected in _unknown(raw):
        raise ConfigError(
            f"{path}:{line_of(text, *keys)}: unknown key {_name(keys)}; expected one of: {expected}"
        )
    try:
        config = msgspec.convert(raw, type=Config, dec_hook=_decode)
    except msgspec.ValidationError as error:
        keys, what = _explained(str(error))
        raise ConfigError(f"{path}:{_line(text, keys)}: {what}") from error
    for keys, what in broken_rules(config):
        raise ConfigError(f"{path}:{_line(text, keys)}: {what}")
    config = _resolved(config, path.parent.resolve())
    if config.meter_card.reader and (wrong := unusable_profile(config.meter_card)):
        raise ConfigError(f"{path}:{line_of(text, 'meter_card', 'profiles')}: meter_card.profiles: {wrong}")
    if wrong := unusable_dialect(config.security):
        at = line_of(text, "security", "dialect_file")
        raise ConfigError(f"{path}:{at}: security.dialect_file: {wrong}")
    return config


def _line(text: str, keys: tuple[str, ...]) -> int:
    """The key's line, or its table's where a rule asks for a key that is left out."""
    return max(line_of(text, *keys), line_of(text, *keys[:1]))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ConfigError(
                f"{path}: more than {MOST_BYTES // 1024} KiB; is this the kiosk's settings file?"
            )
        # Some editors begin a file with a byte order mark, and end lines their own way.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8: {error.reason}") from error


def _decode(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise TypeError(f"Expected a path, got {json.dumps(value, ensure_ascii=False, default=str)}")


def _resolved(config: Config, folder: Path) -> Config:
    hub = config.hub
    if hub.key_file is not None:
        hub = msgspec.structs.replace(hub, key_file=folder / hub.key_file)
    journal = msgspec.structs.replace(config.journal, path=folder / config.journal.path)
    cards = config.meter_card
    if cards.profile_folder is not None:
        cards = msgspec.structs.replace(cards, profile_folder=folder / cards.profile_folder)
    security = config.security
    if security.dialect_file is not None:
        security = msgspec.structs.replace(security, dialect_file=folder / security.dialect_file)
    return msgspec.structs.replace(config, hub=hub, security=security, journal=journal, meter_card=cards)


def _unknown(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys that no section has, with those that could stand there."""
    tables = {field.name: field.type.__struct_fields__ for field in msgspec.structs.fields(Config)}
    for table, value in raw.items():
        if table not in tables:
            yield (table,), ", ".join(tables)
        elif isinstance(value, dict):
            for key in value:
                if key not in tables[table]:
                    yield (table, key), ", ".join(tables[table])


_MISSING = re.compile(r"Object missing required field `(?P<key>\w+)`(?: - at `\$\.(?P<table>\w+)`)?")
_WRONG = re.compile(r"(?P<what>.*) - at `\$\.(?P<table>\w+)(?:\.(?P<key>\w+))?[^`]*`", re.DOTALL)
_RULE = re.compile(r"(?P<key>\w+): (?P<what>.*)", re.DOTALL)


def _explained(message: str) -> tuple[tuple[str, ...], str]:
    """The place in the file and the sentence for one of msgspec's messages."""
    if found := _MISSING.fullmatch(message):
        if not found["table"]:
            return (
                found["key"],
            ), f"[{found['key']}] is missing; expected a table with {_needed(found['key'])}"
        keys = (found["table"], found["key"])
        return keys[:1], f"{_name(keys)} is missing; expected {_wanted(*keys)}"
    found = _WRONG.fullmatch(message)
    if found is None:
        return (), message
    table, key, what = found["table"], found["key"], found["what"]
    if key is None and (rule := _RULE.fullmatch(what)):
        key, what = rule["key"], rule["what"]
    if key is None:
        return (table,), f"{table}: expected a table, written [{table}]"
    if (wanted := _wanted(table, key)).startswith("one of"):
        what = f"expected {wanted}"
    return (table, key), f"{table}.{key}: {what}"


def _needed(table: str) -> str:
    """The keys that the table cannot do without."""
    return ", ".join(field.name for field in _fields(table) if field.required)


def _wanted(table: str, key: str) -> str:
    """What may stand at the key, in words."""
    kind = next(field.type for field in _fields(table) if field.name == key)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(json.dumps(value) for value in get_args(kind))
    return {str: "a string", Path: "a path"}.get(kind, "a value")


def _fields(table: str) -> tuple[msgspec.structs.FieldInfo, ...]:
    section = next(field.type for field in msgspec.structs.fields(Config) if field.name == table)
    return msgspec.structs.fields(section)


def _name(keys: tuple[str, ...]) -> str:
    """The key as it would be written in TOML with dots."""
    return ".".join(
        key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False) for key in keys
    )
