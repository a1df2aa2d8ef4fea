"""docs/faults.md is whole: each line leads to a demonstration or a test, and no demonstration is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from simulators.customer.faults import FAULTS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| what ", "|---"))
]


def quoted(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_fault_of_the_demonstration_is_in_the_page_once() -> None:
    named = [name for _, demos, _ in LINES for name in quoted(demos)]
    assert sorted(named) == sorted(FAULTS)


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_every_line_leads_to_something_that_exists(line: list[str]) -> None:
    _, demos, tests = line
    assert quoted(demos) or quoted(tests)
    for test in quoted(tests):
        path, _, name = test.partition("::")
        body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        assert name.startswith("test_")
        assert name in {node.name for node in body if isinstance(node, ast.FunctionDef)}
