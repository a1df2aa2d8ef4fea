"""What a kiosk has leaked into its log is a fault of the case, and so is a log that holds nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.kills.leaks import searched
from tests.powercut.judge import Verdict
from tests.powercut.lanes import Outcome

CUSTOMER = SimpleNamespace(name="测试户", address="江城区试验路18号502房", phone="13900000000")
FINE = '{"event": "began"}\n{"schema":1}\npower_kiosk_up 1.0\n'


@pytest.mark.parametrize(
    ("log", "leak"),
    [
        (FINE, ""),
        ("", "neither"),
        ('{"event": "began"}\n', "neither"),
        (FINE + '{"event":"looked up 测试户"}', "测试户"),
        (FINE + "江城区试验路18号502房", "502"),
        (FINE + 'kiosk_last{phone="13900000000"} 1.0', "13900000000"),
        (FINE + '{"detail":"card 6212345678900000003"}', "621234...0003"),
    ],
)
def test_what_the_log_holds_is_judged_and_begins_anew(tmp_path: Path, log: str, leak: str) -> None:
    (tmp_path / "kiosk.log").write_text(log, encoding="utf-8")
    station: Any = SimpleNamespace(
        town=SimpleNamespace(account=lambda *_: CUSTOMER), cabinet=SimpleNamespace(folder=tmp_path)
    )
    outcome = searched(station, Outcome(Verdict(("before",)), kills=2))
    before, *leaks = outcome.verdict.faults
    assert (before, outcome.kills, len(leaks)) == ("before", 2, bool(leak))
    assert leak in "".join(leaks)
    assert (tmp_path / "kiosk.log").read_bytes() == b""
