"""What a person has to look up is written down: every setting, health code, exit status, command and metric."""

from __future__ import annotations

import argparse
import ast
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import hub.cli
import ui.app
from drivers.cash.ccnet_states import FAILURES
from drivers.meter_card.model import CardCode
from drivers.meter_card.profile_file import find as find_profiles
from drivers.printer.escpos_codec import PrinterState
from drivers.printer.escpos_driver import health_of
from hub.business.card_forms import CardVerdict
from hub.data.acquirers_file import AcquirerPart, read_acquirers
from hub.data.engine import DEFAULT_URL
from hub.data.keys_settings import Pkcs11Part, ProfilePart, read_store_file
from kiosk.config import Config, load
from kiosk.core.card_fate import Seen
from kiosk.health.metrics import Exposition
from kiosk.health.report import (
    CoreReport,
    DeviceReport,
    HubReport,
    JournalReport,
    LaneReport,
    ModuleReport,
    Report,
    SignOnReport,
    TenderReport,
)
from kiosk.hubclient.wire import ClaimReason
from kiosk.pages.start import CLOSED_REASONS

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
"""Of kiosk.toml: the first is complete, each further one shows tables that stand in place of its own."""
SETTINGS = [
    (section.name, field)
    for section in msgspec.structs.fields(Config)
    for field in msgspec.structs.fields(section.type)
]
REPORTS = (
    Report,
    DeviceReport,
    HubReport,
    SignOnReport,
    ModuleReport,
    TenderReport,
    JournalReport,
    CoreReport,
    LaneReport,
)


def rows(text: str) -> dict[str, list[str]]:
    """The table rows of a page by what stands between backticks in their first cell."""
    found = {}
    for line in text.splitlines():
        if cell := re.match(r"\| `([^`]+)` \|", line):
            found[cell[1]] = [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]
    return found


def section(text: str, title: str) -> str:
    """The part of a page under a heading, down to the next one of any level."""
    _, _, after = text.partition(f"# {title}\n")
    assert after, f"no heading {title!r}"
    return re.split(r"(?m)^#+ ", after)[0]


def in_toml(value: Any) -> str:
    """A value as it would be written in kiosk.toml."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def default(field: msgspec.structs.FieldInfo) -> str:
    """What the page says of a setting that is not written down."""
    if field.required:
        return "required"
    return "none" if (value := unset(field)) is None else f"`{in_toml(value)}`"


def unset(field: msgspec.structs.FieldInfo) -> Any:
    """What a setting is that is not written down."""
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


@pytest.mark.parametrize(("table", "field"), SETTINGS, ids=lambda part: getattr(part, "name", part))
def test_every_setting_is_documented_with_its_default(table: str, field: msgspec.structs.FieldInfo) -> None:
    assert rows(CONFIGURATION)[f"{table}.{field.name}"][2] == default(field)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    names = {f"{table}.{field.name}" for table, field in SETTINGS}
    assert {name for name in rows(CONFIGURATION) if re.fullmatch(r"\w+\.\w+", name)} == names


def test_the_example_file_loads_and_has_every_key(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(EXAMPLES[0], encoding="utf-8")
    config = load(file)
    written = tomllib.loads(EXAMPLES[0])
    assert {(table, key) for table in written for key in written[table]} == {
        (table, field.name) for table, field in SETTINGS
    }
    for table, field in SETTINGS:
        if not field.required and unset(field) is not None and field.name != "site":
            assert getattr(getattr(config, table), field.name) == unset(field)


@pytest.mark.parametrize("text", EXAMPLES[1:])
def test_the_tables_of_a_further_example_load_in_place_of_the_first_ones(text: str, tmp_path: Path) -> None:
    tables = tomllib.loads(EXAMPLES[0]) | tomllib.loads(text)
    file = tmp_path / "kiosk.toml"
    lines = (
        "\n".join((f"[{name}]", *(f"{key} = {in_toml(value)}" for key, value in keys.items())))
        for name, keys in tables.items()
    )
    file.write_text("\n".join(lines), encoding="utf-8")
    config = load(file)
    assert config.meter_card.reader
    assert (config.hub.key_file is None) == (config.security.module == "sam")


def test_the_example_of_a_key_store_is_read(tmp_path: Path) -> None:
    [text] = re.findall(r"```ini\n(.*?)```", section(CONFIGURATION, "The hub's key store"), re.DOTALL)
    file = tmp_path / "keys.toml"
    file.write_text(text, encoding="utf-8")
    settings = read_store_file(file)
    documented = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"(?m)^\| (`[^|]*) \|", CONFIGURATION))))
    names = {name for part in (Pkcs11Part, ProfilePart) for name in part.__struct_fields__}
    assert names <= documented
    assert set(settings.profile) <= set(find_profiles())


def test_the_example_of_banks_is_read_and_every_key_is_documented_with_its_default(tmp_path: Path) -> None:
    part = section(CONFIGURATION, "The banks that take cards")
    [text] = re.findall(r"```ini\n(.*?)```", part, re.DOTALL)
    file = tmp_path / "banks.toml"
    file.write_text(text, encoding="utf-8")
    [acquirer] = read_acquirers(file)
    documented = {
        name: default
        for names, default in re.findall(r"(?m)^\| (`[^|]*) \| ([^|]*) \|", part)
        for name in re.findall(r"`(\w+)`", names)
    }
    for field in msgspec.structs.fields(AcquirerPart):
        told = "required" if field.required else f"`{in_toml(getattr(acquirer, field.name))}`"
        assert documented.pop(field.name) == told
    assert not documented


def parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """All subcommands of a parser, those of subcommands too, by what one types."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                inner = [(f"{name} {deep}", found) for deep, found in parsers(child)]
                yield from inner or [(name, child)]


def test_every_option_of_the_hub_is_documented_with_its_subcommands() -> None:
    taken: dict[str, list[str]] = {}
    for name, parser in parsers(hub.cli._parser()):
        for option in parser._option_string_actions:
            if option.startswith("--") and option != "--help":
                taken.setdefault(option, []).append(name)
    documented = {name: row[1] for name, row in rows(CONFIGURATION).items() if name.startswith("--")}
    assert set(documented) == set(taken)
    for option, commands in taken.items():
        assert set(documented[option].split(", ")) == set(commands), option
    defaults = {name: row[3].strip("`") for name, row in rows(CONFIGURATION).items() if name.startswith("--")}
    serve = dict(parsers(hub.cli._parser()))["serve"]
    set_by_utility = [
        o for o in serve._option_string_actions if re.match("--(power|identity|recharge)-|--.*-fee$", o)
    ]
    assert len(set_by_utility) == 9
    for option in ("--host", "--port", "--cut-over", "--closing-minutes", "--key-hours", *set_by_utility):
        built_in = str(serve._option_string_actions[option].default)
        assert defaults[option].removesuffix(".0") == built_in.removesuffix(".0")
    assert defaults["--database"] == DEFAULT_URL


def test_every_environment_variable_is_documented() -> None:
    source = (ROOT / "hub" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(POWER_HUB_[A-Z_]+)"', source))
    assert names == set(re.findall(r"`(POWER_HUB_[A-Z_]+)`", CONFIGURATION))
    assert set(re.findall(r"POWER_HUB_[A-Z_]+", OPERATIONS)) <= names
    elsewhere = [
        path
        for folder in ("kiosk", "drivers", "ui", "hub")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "settings.py"
        and re.search(r"os\.environ\b|os\.getenv\b", path.read_text(encoding="utf-8"))
    ]
    # The display's own variables are read, none of ours.
    assert {str(path.relative_to(ROOT)) for path in elsewhere} <= {"ui/app.py", "ui/gallery.py"}


def health_codes() -> set[str]:
    """Every code that the source can put into a DeviceHealth."""
    codes = {"ok"}
    for folder in ("drivers", "kiosk"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DeviceHealth":
                    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "code")]
                    codes |= {str(value.value) for value in given if isinstance(value, ast.Constant)}
    return codes


def test_codes_are_found_in_the_source() -> None:
    names = list(PrinterState.__dataclass_fields__)
    states = (
        PrinterState(**dict(zip(names, bits, strict=True)))
        for bits in product((False, True), repeat=len(names))
    )
    assert {health_of(state).code for state in states} < health_codes()
    assert {"jam_box", "starting", "no_device"} < health_codes()


@pytest.mark.parametrize("code", sorted(health_codes()))
def test_every_health_code_says_what_it_means_what_is_seen_and_what_to_do(code: str) -> None:
    heading = OPERATIONS.partition("\n## Devices\n")[2].partition("\n## ")[0]
    row = rows(heading)[code]
    assert len(row) == 5
    assert all(row[1:3])
    assert code == "ok" or all(row[3:])


def test_the_vendors_own_failures_are_listed() -> None:
    listed = {name: row[1] for name, row in rows(section(OPERATIONS, "Note acceptor")).items()}
    for code, name in FAILURES.items():
        assert listed[name] == f"{code:02X}h"


def test_every_reason_for_no_service_is_listed() -> None:
    listed = set(rows(section(OPERATIONS, "Out of service")))
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kiosk").rglob("*.py"))
    closed = set(re.findall(r'\.close\("(\w+)"\)', source)) | {"journal_damaged", "core_stalled"}
    assert closed | set(CLOSED_REASONS) == listed


def test_every_kind_of_claim_is_listed() -> None:
    assert set(rows(section(OPERATIONS, "Claims"))) == set(get_args(ClaimReason))


def test_every_verdict_on_a_card_is_listed() -> None:
    assert set(rows(section(OPERATIONS, "What the hub says of a card"))) == set(get_args(CardVerdict))


def test_every_trouble_with_a_card_is_listed() -> None:
    listed = rows(section(OPERATIONS, "What is wrong with a card"))
    assert set(listed) == {str(code) for code in CardCode}
    assert all(all(row[1:]) for row in listed.values())


def words_in(*files: str, pattern: str) -> set[str]:
    """What a pattern's first group finds in these source files."""
    return {word for file in files for word in re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"))}


def listed(title: str) -> set[str]:
    """All that stands between backticks in the first column of a section's tables."""
    firsts = re.findall(r"(?m)^\| (`[^|]*) \|", section(OPERATIONS, title))
    return {word for cell in firsts for word in re.findall(r"`([^`]+)`", cell)}


def test_every_line_of_the_log_about_cards_keys_and_hub_is_explained_and_no_other() -> None:
    lanes = ("card", "dispenser", "hub", "lane", "sam")
    files = (*(f"kiosk/lanes/{name}.py" for name in lanes), "kiosk/hubclient/sign_on.py", "kiosk/slips.py")
    said = words_in(*files, pattern=r'log\.(?:info|warning|error|exception)\(\s*"(\w+)"')
    said |= words_in("kiosk/lanes/card.py", pattern=r'(?:_not_read\(error, |word: str = )"(\w+)"')
    assert {"card_judged", "reader_lost", "sam_unusable"} < said
    assert listed("Words of the log") == said


def test_every_reason_why_a_card_was_not_written_is_listed() -> None:
    told = words_in(
        "kiosk/core/deliver.py",
        pattern=r'(?:reason=|delivery\.reason or |outcome(?:\(payment\))?, )"([^"]+)"',
    )
    told |= words_in("kiosk/lanes/authority.py", pattern=r'NotAuthorised\("(\w+)"\)')
    checks = (ROOT / "hub/business/card_writes.py").read_text(encoding="utf-8").partition("def check_open")[0]
    told |= set(re.findall(r'Refusal\("(\w+)"', checks))
    told |= {seen.value for seen in Seen} - {Seen.WRITTEN.value, Seen.TAKEN.value}
    told |= {"hub_gone", "no_answer", "module_refused", "software_error", "not_authorised"}
    assert {"tried often enough", "the card was not there", "card_behind", "other_purchase"} < told
    assert listed("Why a card was not written") == told


def test_every_reason_why_a_new_card_was_kept_is_told() -> None:
    core = ("kiosk/core/handover.py", "kiosk/core/deliver.py")
    calls = words_in(*core, pattern=r"[ .]keep\(desk, payment, (.*)\)\n")
    kept = {word for call in calls for word in re.findall(r'"([a-z ]+)"', call)}
    assert {"not written", "not taken", "not readable"} <= kept
    page = section(OPERATIONS, "Why a card was not written")
    assert {word for word in kept if f"`{word}`" not in page} == set()


def test_every_alarm_is_on_a_metric_that_there_is() -> None:
    page = section(OPERATIONS, "Health")
    metrics = set(re.findall(r"`(power_kiosk_\w+)`", page))
    alarms = page.partition("Good first alarms")[2]
    named = {f"power_kiosk_{name}" for name in re.findall(r"(?m)^\| `(\w+)", alarms)}
    named |= set(re.findall(r"(power_kiosk_\w+)", alarms)) - {"power_kiosk_"}
    assert len(named) > 10
    assert named <= metrics


def test_every_exit_status_is_listed() -> None:
    statuses = {value for name, value in vars(ui.app).items() if name.startswith("EXIT_")}
    assert statuses == {2, 3, 4, 70}
    for status in statuses:
        assert re.search(rf"(?m)^\| {status} \| \w", OPERATIONS)


def test_every_command_is_named() -> None:
    commands = {f"power-kiosk {point.name}" for point in entry_points(group="power_kiosk.commands")}
    commands |= {f"power-hub {name}" for name, _ in parsers(hub.cli._parser())} | {"power-bench"}
    assert {command for command in commands if f"`{command}" not in OPERATIONS} == set()


def test_every_field_of_health_is_explained() -> None:
    page = section(OPERATIONS, "Health")
    names = {name for report in REPORTS for name in report.__struct_fields__}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_metric_is_explained_and_no_other() -> None:
    page = section(OPERATIONS, "Health")
    source = (ROOT / "kiosk" / "health" / "metrics.py").read_text(encoding="utf-8")
    assert Exposition.__module__ == "kiosk.health.metrics"
    gauges = {f"power_kiosk_{name}" for name in re.findall(r'_gauge\(\s*"(\w+)"', source)}
    families = set(re.findall(r'(?:Gauge|StateSet)MetricFamily\(\s*"(\w+)"', source))
    counters = {f"{name}_total" for name in re.findall(r'CounterMetricFamily\(\s*"(\w+)"', source)}
    assert gauges | families | counters | {"power_kiosk_info"} == set(
        re.findall(r"`(power_kiosk_\w+)`", page)
    )


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        headings = {
            re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"(?m)^#+ (.*)$", text)
        }
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("#"):
                assert target[1:] in headings, f"{page.name}: {target}"
            elif "://" not in target:
                assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"
