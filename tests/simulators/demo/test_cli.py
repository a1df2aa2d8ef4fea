"""`power-kiosk demo` lists what it can play, plays it on the real kiosk, and ends with one JSON line of evidence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulators.customer.faults import FAULTS
from simulators.customer.journeys import JOURNEYS

KIOSK = str(Path(sys.executable).parent / "power-kiosk")


def demo(*options: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [KIOSK, "demo", *options], capture_output=True, text=True, timeout=220, check=False, env=environment
    )


def played(out: Path, *options: str) -> dict[str, Any]:
    """Play a journey and give the JSON object of the last line."""
    done = demo("--headless", "--speed", "10", "--out", str(out), *options)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 0) is result["ok"], done.stderr
    assert result["ok"], result
    return result


def test_lists_every_journey_and_fault() -> None:
    listed = json.loads(demo("--list").stdout)
    assert {one["name"] for one in listed["journeys"]} == set(JOURNEYS)
    assert {one["name"] for one in listed["faults"]} == set(FAULTS)


def test_without_a_display_it_asks_for_headless() -> None:
    done = demo(environment={"PATH": "/usr/bin"})
    assert done.returncode == 2
    assert "--headless" in done.stderr


@pytest.mark.timeout(240)
def test_pay_cash_leaves_evidence_of_all_of_it(tmp_path: Path) -> None:
    result = played(tmp_path, "--journey", "pay-cash")
    assert result["credited"] == result["tendered"] >= 32000
    assert (result["returned"], result["suspense"], result["in_flight"], result["ledger_sum"]) == (0, 0, 0, 0)
    pages = [Path(screen).stem.partition("-")[2] for screen in result["screens"]]
    assert pages == [
        "attract", "home", "enter_account", "confirm_account", "bills", "means", "cash", "cash-in", "done", "slip",
        "attract",
    ]  # fmt: skip
    assert result["touches"] <= 9
    assert all(Path(screen).read_bytes().startswith(b"\x89PNG") for screen in result["screens"])
    receipt = Path(result["receipt"]).read_text(encoding="utf-8")
    assert f"{result['tendered'] / 100:.2f} 元" in receipt
    assert "0399000000000018" in receipt
    assert (tmp_path / "receipt.png").exists()
    assert json.loads((tmp_path / "ledger.json").read_text())["credited_fen"] == result["credited"]
    assert [item["state"] for item in json.loads((tmp_path / "journal.json").read_text())] == ["paid"]
    verify = [KIOSK, "journal", "verify", "--json", "--journal", str(tmp_path / "journal.sqlite")]
    assert json.loads(subprocess.run(verify, capture_output=True, check=True).stdout)["ok"]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_killed_kiosk_is_started_again_under_the_customers_hand(tmp_path: Path) -> None:
    result = played(tmp_path, "--journey", "pay-cash-partial", "--fault", "kiosk-killed-after-first-note")
    assert (result["tendered"], result["credited"]) == (1000, 1000)


def test_a_fault_of_a_meter_card_is_not_played_without_one() -> None:
    done = demo("--headless", "--journey", "pay-cash", "--fault", "sam-pulled")
    assert done.returncode == 2
    assert "sam-pulled cannot happen in pay-cash, but in: buy-power" in done.stderr
