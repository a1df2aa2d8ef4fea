"""kiosk.toml: what is right is taken, and every mistake is told with its file, line, key and what was expected."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.config import Config, ConfigError, load

GOOD = """\
[terminal]
id = "T0399001"

[hub]
url = "https://hub.example:8470"
key_file = "terminal.key"

[journal]
path = "data/journal.sqlite"

[acceptor]
port = "/dev/ttyUSB0"

[printer]
port = "/dev/ttyUSB1"
"""
TABLES = ("terminal", "hub", "journal", "acceptor", "printer")
FIELDS = {field.name: field.type.__struct_fields__ for field in msgspec.structs.fields(Config)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the settings are written."""
    return tmp_path / "kiosk.toml"


def complaint(file: Path, text: str) -> str:
    """What is said of this text, without the file's name."""
    file.write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        load(file)
    told = str(caught.value)
    assert told.startswith(f"{file}:")
    return told.removeprefix(f"{file}:")


def test_the_least_that_is_needed(file: Path) -> None:
    file.write_text(GOOD)
    config = load(file)
    assert config.terminal.id == "T0399001"
    assert config.cash.accepted_fen == (10000, 5000, 2000, 1000)
    assert config.health.host == "127.0.0.1"


def test_relative_paths_are_taken_from_the_files_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file.write_text(GOOD)
    monkeypatch.chdir(elsewhere)
    config = load(Path("../kiosk.toml"))
    assert config.hub.key_file == tmp_path / "terminal.key"
    assert config.journal.path == tmp_path / "data" / "journal.sqlite"
    file.write_text(GOOD.replace("data/journal.sqlite", "/var/lib/journal.sqlite"))
    assert load(file).journal.path == Path("/var/lib/journal.sqlite")


@pytest.mark.parametrize("change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")])
def test_files_of_other_editors(file: Path, change: object) -> None:
    assert callable(change)
    file.write_bytes(change(GOOD).encode())
    assert load(file).terminal.id == "T0399001"
    assert complaint(file, change(GOOD + "[log]\nlevel = 3\n")).startswith("17: log.level: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[cash]\nmost_nots = 3\n", "17: unknown key cash.most_nots; expected one of: accepted_fen, "),
        ("[cahs]\nmost_notes = 3\n", "16: unknown key cahs; expected one of: terminal, hub, "),
        ('[log]\n"le vel" = 3\n', '17: unknown key log."le vel"; expected one of: level'),
        ("cash.limit = 3\n", "16: unknown key printer.cash; expected one of: port, "),
        ("[screen]\n\n# idle_s = 3\nidle_s = 'x'\n", "19: screen.idle_s: Expected `float`, got `str`"),
        ("[screen]\nidle_s = true\n", "17: screen.idle_s: Expected `float`, got `bool`"),
        ("[screen]\nidle_s = nan\n", "17: screen.idle_s: Expected `float` > 0.0"),
        ("[screen]\nidle_s = inf\n", "17: screen.idle_s: Expected `float` <= 86400.0"),
        ("[screen]\nquestion_s = 19\n", "17: screen.question_s: Expected `float` >= 20.0"),
        ("[cash]\nmost_notes = 0\n", "17: cash.most_notes: Expected `int` >= 1"),
        ("[cash]\nmost_notes = 1.5\n", "17: cash.most_notes: Expected `int`, got `float`"),
        ("[cash]\nmost_fen = 999\n", "17: cash.most_fen: expected at least the smallest note (1000)"),
        ("[cash]\naccepted_fen = []\n", "17: cash.accepted_fen: expected at least one note value, each once"),
        (
            "[cash]\naccepted_fen = [\n  1000,\n  'x',\n]\n",
            "17: cash.accepted_fen: Expected `int`, got `str`",
        ),
        ("[cash]\ncurrencies = []\n", "17: cash.currencies: Expected `array` of length >= 1"),
        ("[health]\nport = 65536\n", "17: health.port: Expected `int` <= 65535"),
        ("[health]\nport = 2026-11-02\n", "17: health.port: Expected `int`, got `date`"),
        ("[health]\nhost = '0.0.0.0'\n", "17: health.host: expected a loopback address, 127.0.0.1 or ::1"),
        ("[health]\nhost = 'kiosk.lan'\n", "17: health.host: expected a loopback address, 127.0.0.1 or ::1"),
        ("[log]\nlevel = 'loud'\n", '17: log.level: expected one of "debug", "info", "warning", "error"'),
        ("[log]\nlevel = 3\n", '17: log.level: expected one of "debug", "info", "warning", "error"'),
        ("[[log]]\nlevel = 'info'\n", "16: log: expected a table, written [log]"),
        ("[printer]\n", "16: not TOML: Cannot declare ('printer',) twice"),
        ("port = 1\n", "16: not TOML: Cannot overwrite a value"),
        ("columns = \n", "16: not TOML: Invalid value"),
        ("columns = '''48\n\n", "18: not TOML: "),
        ("columns = 64\n", "16: printer.columns: expected one of 32, 48"),
        ("baudrate = 110\n", "16: printer.baudrate: Expected `int` >= 300"),
        ("[meter_card]\nprofiles = ['a', 'b', 'a']\n", "17: meter_card.profiles: expected each name once"),
        (
            "[meter_card]\nsam_keys = [1, 2, 2]\n",
            "17: meter_card.sam_keys: expected three keys, each in its own place",
        ),
        (
            "[meter_card]\nreader = 'Reader 00 00'\n[dispenser]\nport = 'd'\nreader = 'Reader 00 00'\n",
            "20: dispenser.reader: expected another one than meter_card.reader",
        ),
        (
            "[meter_card]\nreader = 'Reader 00 00'\n[dispenser]\nreader = 'Reader 01 00'\nport = '/dev/ttyUSB0'\n",
            "20: dispenser.port: expected another one than acceptor.port",
        ),
        (
            "[meter_card]\nreader = 'Reader 00 00'\nprofiles = ['atlantis']\n",
            "18: meter_card.profiles: atlantis.toml: there is no such profile; in those shipped there are: ",
        ),
    ],
)
def test_each_mistake_is_named_with_its_line(file: Path, text: str, told: str) -> None:
    assert complaint(file, GOOD + text).startswith(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"T0399001"', '"T 1"', "2: terminal.id: expected 1 to 20 letters, digits and hyphens"),
        ('"T0399001"', '"T1\\n"', "2: terminal.id: expected 1 to 20 letters, digits and hyphens"),
        ('"T0399001"', "7", "2: terminal.id: Expected `str`, got `int`"),
        (
            '"T0399001"',
            '"T1"\nclaim_url = "http://example.invalid/{reference}"',
            "3: terminal.claim_url: expected an https address with {reference} once in it",
        ),
        ('id = "T0399001"', "", "1: terminal.id is missing; expected a string"),
        (
            'id = "T0399001"',
            'id = "T"\ntimezone = "Mars"',
            "3: terminal.timezone: expected a name like Asia/Shanghai: ",
        ),
        ("https:", "http:", "5: hub.url: hub address 'http://hub.example:8470': plain http is for loopback"),
        ("https:", "ftp:", "5: hub.url: hub address 'ftp://hub.example:8470': expected https://host"),
        ('"terminal.key"', "3", "6: hub.key_file: Expected a path, got 3"),
        ('"terminal.key"', '""', '6: hub.key_file: Expected a path, got ""'),
        (
            '"terminal.key"',
            '"k"\nretry_first_s = 9\nretry_most_s = 8',
            "8: hub.retry_most_s: expected at least retry_first_s (9)",
        ),
        (
            'key_file = "terminal.key"',
            "",
            "4: hub.key_file is missing; expected a path, or a security.module to sign on with",
        ),
        (
            "[journal]",
            '[security]\nmodule = "sam"\nreader = "r"\nserial = "00112233"\n[journal]',
            '9: security.module: expected "none" beside hub.key_file; a terminal has one way of signing',
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "software"',
            '7: security.module: "software" is for a bench only (terminal.bench = true)',
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "hsm"',
            '7: security.module: expected one of "none", "sam", "software"',
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "sam"\nserial = "00112233"',
            "6: security.reader: expected the name of the SAM's PC/SC reader",
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "sam"\nreader = "r"\nserial = "0011223"',
            "9: security.serial: expected the SAM's serial, 8 to 32 hex digits",
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "sam"\nreader = "r"\nserial = "00112233"\napplication = "DF0"',
            "10: security.application: expected a file's id, 4 hex digits, or a name, 10 to 32 of them",
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "sam"\nreader = "r"\nserial = "00112233"\nserial_file = 31',
            "10: security.serial_file: Expected `int` <= 30",
        ),
        (
            'key_file = "terminal.key"',
            '[security]\nmodule = "sam"\nreader = "r"\nserial = "00112233"\ndialect_file = "no.toml"',
            "10: security.dialect_file: no.toml: No such file or directory",
        ),
        (
            '[journal]\npath = "data/journal.sqlite"',
            "",
            "1: [journal] is missing; expected a table with path",
        ),
        ('"/dev/ttyUSB0"', '""', "12: acceptor.port: Expected `str` of length >= 1"),
    ],
)
def test_what_must_be_there_must_be_right(file: Path, old: str, new: str, told: str) -> None:
    assert complaint(file, GOOD.replace(old, new)).startswith(told)


def test_the_line_is_found_however_the_key_is_written(file: Path) -> None:
    assert complaint(file, "screen = {idle_s = 'x'}\n" + GOOD).startswith("1: screen.idle_s: ")
    assert complaint(file, "screen.done_s = 1\nscreen.idle_s = 'x'\n" + GOOD).startswith("2: screen.idle_s: ")
    assert complaint(file, GOOD + "[ 'screen' ]\n'idle_s' = 'x'\n").startswith("17: screen.idle_s: ")
    quoted = '[screen]\nidle_s = """\ndone_s = 1\n"""\n'
    assert complaint(file, GOOD + quoted).startswith("17: screen.idle_s: ")
    hidden = "[terminal]\nsite = '''\n[screen]\nidle_s = 1\n'''\n" + GOOD.removeprefix("[terminal]\n")
    assert complaint(file, hidden + "[screen]\nidle_s = 'x'\n").startswith("21: screen.idle_s: ")


def test_a_file_that_is_no_text_or_not_there(file: Path, tmp_path: Path) -> None:
    file.write_bytes(GOOD.encode() + "company = '电力'\n".encode("gb18030"))
    with pytest.raises(ConfigError, match=r"kiosk\.toml:16: not UTF-8: "):
        load(file)
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.sampled_from(["1", "'x'", "true", "[]", "{a = 1}", "1.5", "2026-11-02", "'''\n\n'''"])


def as_toml(key: str) -> str:
    """The key in quotes; not as JSON, which writes what is beyond the basic plane as two escapes."""
    escaped = re.sub(r'[\x00-\x1f\x7f"\\]', lambda found: f"\\u{ord(found[0]):04x}", key)
    return f'"{escaped}"'


@settings(deadline=None)
@given(table=st.sampled_from(sorted(FIELDS)), key=words, value=values, blank=st.integers(0, 3))
def test_any_unknown_key_in_any_table_is_named_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, table: str, key: str, value: str, blank: int
) -> None:
    if key in FIELDS[table]:
        return
    line = f"{as_toml(key)} = {value}\n"
    text = GOOD if table in TABLES else f"{GOOD}[{table}]\n"
    head, tail = text.split(f"[{table}]\n")
    text = f"{head}[{table}]\n" + "\n" * blank + line + tail
    told = complaint(tmp_path_factory.getbasetemp() / "kiosk.toml", text)
    name = key if re.fullmatch("[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
    expected = ", ".join(FIELDS[table])
    at = head.count("\n") + 2 + blank
    assert told == f"{at}: unknown key {table}.{name}; expected one of: {expected}"


@settings(deadline=None)
@given(key=words, value=values)
def test_any_unknown_table_or_top_key_is_named(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: str
) -> None:
    if key in FIELDS:
        return
    told = complaint(tmp_path_factory.getbasetemp() / "kiosk.toml", f"{as_toml(key)} = {value}\n{GOOD}")
    name = key if re.fullmatch("[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
    assert told == f"1: unknown key {name}; expected one of: {', '.join(FIELDS)}"


@settings(deadline=None)
@given(table=st.sampled_from(sorted(FIELDS)), value=values, number=st.integers(0, 30))
def test_whatever_stands_at_a_key_loads_or_is_named(
    tmp_path_factory: pytest.TempPathFactory, table: str, value: str, number: int
) -> None:
    key = FIELDS[table][number % len(FIELDS[table])]
    text = re.sub(rf"(?m)^{key} = .*\n", "", GOOD) if table in TABLES else f"{GOOD}[{table}]\n"
    file = tmp_path_factory.getbasetemp() / "kiosk.toml"
    file.write_text(text.replace(f"[{table}]\n", f"[{table}]\n{key} = {value}\n"), encoding="utf-8")
    told = f"{file}:1: "
    try:
        load(file)
    except ConfigError as error:
        told = str(error)
    assert re.match(rf"{re.escape(str(file))}:\d+: ", told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 100_000, "more than 64 KiB"),
        ("a = " + "[" * 50_000, ":1: not to be read as TOML"),
        ("a = " + "9" * 5_000, ":1: not to be read as TOML"),
    ],
    ids=["too long", "nested without end", "a number without end"],
)
def test_what_is_meant_to_choke_the_reader_is_an_error_as_any_other(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        load(file)
