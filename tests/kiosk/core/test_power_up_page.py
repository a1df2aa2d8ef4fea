"""The page for people holds what the table holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.model import CashState
from kiosk.core import power_up_page
from kiosk.core.power_up import IMPOSSIBLE, TABLE


def test_the_page_is_what_the_table_says() -> None:
    assert power_up_page.main(["--check"]) == 0


def test_every_row_stands_on_the_page_with_its_reason() -> None:
    page = power_up_page.page()
    for row in TABLE + IMPOSSIBLE:
        assert f"`{row.name}`: {row.why}" in page
    assert all(line.count("|") == 9 for line in page.splitlines() if line.startswith("|"))


def test_drift_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_up_page, "PAGE", tmp_path / "power-up.md")
    assert power_up_page.main(["--check"]) == 1
    assert power_up_page.main([]) == 0
    assert power_up_page.main(["--check"]) == 0


def test_no_state_is_left_out_of_the_words() -> None:
    assert (
        power_up_page.states(frozenset({CashState.BOX_OUT, CashState.IDLE, CashState.DISABLED}))
        == "at rest, box out"
    )
