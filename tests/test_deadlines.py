"""docs/deadlines.md names every limit of time in settings and source, and every test that it names is there."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from drivers.barcode.driver import ScannerSettings
from drivers.card.line import CardLineSettings
from drivers.card.motor_driver import Crt310Settings
from drivers.cash.ccnet_driver import CcnetSettings
from drivers.eft.driver import EftSettings
from drivers.pinpad.line import PinPadSettings
from drivers.printer.escpos_driver import EscposSettings
from drivers.security.psam import SamSettings
from hub.data.wallet_file import WalletSettings
from kiosk.config import Config

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "deadlines.md").read_text(encoding="utf-8")
ROWS = {row[1]: row[0] for row in re.finditer(r"(?m)^\| `([\w.]+)` \|.*\|$", PAGE)}
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
NO_TRICKLE = {
    "the same test",
    "the same tests",
    "the same test, in each part of the reply",
    "the same test: resets, errors, refused connections",
    "a whole frame is a sign of life and is meant to begin it anew",
    "each beat is a sign of life and is meant to begin it anew",
    "PostgreSQL counts the whole statement",
    "one moment counts, not a stream",
    "one lock is one wait",
    "one join is one wait",
}
"""What may stand in place of a test with a trickling peer."""
_CONSTANT = re.compile(r"(_S|_TIMEOUT|_GRACE|_POLL|_SLICE|_LIMITS)$|^WINDOW$")


def limits() -> Iterator[str]:
    """Every setting in seconds, and every constant that is named like a time."""
    for table in msgspec.structs.fields(Config):
        for field in msgspec.structs.fields(table.type):
            if field.name.endswith("_s"):
                yield f"{table.name}.{field.name}"
    yield from (f"wallet.{f.name}" for f in msgspec.structs.fields(WalletSettings) if f.name.endswith("_s"))
    for settings in (
        CcnetSettings,
        EscposSettings,
        SamSettings,
        CardLineSettings,
        Crt310Settings,
        PinPadSettings,
        EftSettings,
        ScannerSettings,
    ):
        for each in dataclasses.fields(settings):
            if each.type in (float, "float") and each.name in settings.__annotations__:
                yield f"{settings.__name__}.{each.name}"
    for path in sources():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield from (f"{module}.{name}" for name in _constants(path))


def sources() -> Iterator[Path]:
    for folder in ("kiosk", "drivers", "hub", "ui"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def _constants(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for target in _targets(node):
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (n.id for n in names if isinstance(n, ast.Name) and _CONSTANT.search(n.id))


def _targets(node: ast.stmt) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target):
            return [target]
    return []


def unnamed(path: Path) -> Iterator[str]:
    """Limits of time that stand in the source as a bare number."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.keyword(arg=str(name), value=ast.Constant(value=int() | float())) if "timeout" in name:
                yield f"{path.name}:{node.value.lineno}: {name}"
            case ast.Constant(value=str(text)) if re.search(r"timeout *= *[1-9]", text):
                yield f"{path.name}:{node.lineno}: {text}"
            case ast.Call(func=ast.Attribute(attr="settimeout" | "wait" | "join"), args=[ast.Constant()]):
                yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"
            case ast.FunctionDef(name=name, args=arguments):
                for argument, value in _defaults(arguments):
                    if argument in {"seconds", "timeout", "timeout_s"} and value:
                        yield f"{path.name}: {name}({argument}={value})"


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, object]]:
    plain = [*arguments.posonlyargs, *arguments.args][::-1]
    pairs = [*zip(plain, arguments.defaults[::-1], strict=False)]
    pairs += [(k, d) for k, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d]
    yield from ((a.arg, value.value) for a, value in pairs if isinstance(value, ast.Constant))


def test_every_limit_is_on_the_page_and_no_other() -> None:
    assert set(ROWS) == set(limits())


def test_every_limit_has_a_silent_and_a_trickling_peer() -> None:
    waiting = PAGE.partition("## What waits for a peer")[2].partition("\n## ")[0]
    rows = [row for name, row in ROWS.items() if row in waiting]
    assert len(rows) > 20
    for row in rows:
        name, bounds, silent, trickling = (cell.strip() for cell in row.strip("|").split("|"))
        assert all((name, bounds, trickling)), row
        assert silent.startswith(("`tests/", "as ")), name
        assert "`tests/" in trickling or trickling in NO_TRICKLE or trickling.startswith("as "), name


def test_no_limit_is_a_bare_number() -> None:
    assert [found for path in sources() for found in unnamed(path)] == []


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_every_test_on_the_page_exists(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")
