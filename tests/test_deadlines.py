"""docs/deadlines.md names every limit of time in settings and source, and every test that it names is there."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from drivers.cash.ccnet_driver import CcnetSettings
from drivers.printer.escpos_driver import EscposSettings
from kiosk.config import Config

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "deadlines.md").read_text(encoding="utf-8")
ROWS = {row[1]: row[0] for row in re.finditer(r"(?m)^\| `([\w.]+)` \|.*\|$", PAGE)}
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
_CONSTANT = re.compile(r"(_S|_TIMEOUT|_GRACE|_POLL|_SLICE|_LIMITS)$|^WINDOW$")


def limits() -> Iterator[str]:
    """Every setting in seconds, and every constant that is named like a time."""
    for table in msgspec.structs.fields(Config):
        for field in msgspec.structs.fields(table.type):
            if field.name.endswith("_s"):
                yield f"{table.name}.{field.name}"
    for settings in (CcnetSettings, EscposSettings):
        for each in dataclasses.fields(settings):
            if each.type in (float, "float"):
                yield f"{settings.__name__}.{each.name}"
    for folder in ("kiosk", "drivers", "hub"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield from (f"{module}.{name}" for name in _constants(path))


def _constants(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        yield from (
            target.id for target in targets if isinstance(target, ast.Name) and _CONSTANT.search(target.id)
        )


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


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_every_test_on_the_page_exists(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")
