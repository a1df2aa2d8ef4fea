"""docs/bad-input-cards.md is whole and true: each case has its test, and says what kiosk and operations page say."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "bad-input-cards.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CASES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| case |", "|---"))
]


def texts(node: Any) -> Iterator[str]:
    """All texts of a tree of words."""
    if isinstance(node, str):
        yield node
    else:
        for child in node.values():
            yield from texts(child)


ENGLISH = {
    text
    for name in ("card", "screen")
    for text in texts(tomllib.loads((ROOT / "kiosk" / "texts" / f"{name}.en.toml").read_text("utf-8")))
}


@pytest.mark.parametrize("case", CASES, ids=[case[0][:60] for case in CASES])
def test_every_case_is_told_in_full_and_shown_by_tests_that_exist(case: list[str]) -> None:
    assert len(case) == 5
    assert all(case)
    tests = re.findall(r"`([^`]+)`", case[4])
    assert tests
    for test in tests:
        path, _, name = test.partition("::")
        body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        assert name in {node.name for node in body if isinstance(node, ast.FunctionDef)}


def test_what_the_customer_reads_is_what_the_kiosk_says() -> None:
    said = re.findall(r"\*([^*]+)\*", PAGE)
    assert len(said) >= len(CASES)
    assert [words for words in said if words not in ENGLISH] == []


def test_what_the_technician_finds_is_explained_to_him() -> None:
    for case in CASES:
        for word in re.findall(r"`([^`]+)`", case[3]):
            assert f"`{word}" in OPERATIONS, word
