"""What `/health` and `/metrics` say of a kiosk with a SAM: pulled, back, signed on, and what computes for its cards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.config import load
from kiosk.lanes import sam
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.settings import SAM_SERIAL, TERMINAL, CardSlots, kiosk_toml
from tests.kiosk.health.test_metrics import NONE, OPENMETRICS, samples
from tools.hub_process import HubProcess, power_hub

if TYPE_CHECKING:
    from tests.kiosk.health.conftest import Cabinet, Kiosk

PROFILE = "state_grid_2013"


@pytest.fixture
def sam_program(pcscd: BenchPcscd, tmp_path: Path) -> Iterator[CardProgram]:
    """The SAM of the bench, not yet in its slot."""
    options = ("--sam", "--serial", SAM_SERIAL, "--profile", PROFILE, "--terminal", TERMINAL)
    program = card_program("sam", pcscd.slots[1], tmp_path, 1000.0, options)
    yield program
    program.end()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    """A hub at which the terminal signs on."""
    database = f"sqlite:///{tmp_path / 'hub.sqlite'}"
    power_hub("terminal", "add", TERMINAL, "--signs-on", "--database", database)
    hub = HubProcess(database)
    yield hub
    hub.stop()


def test_a_sam_is_missed_signs_on_and_is_missed_again(
    cabinet: Cabinet,
    hub: HubProcess,
    pcscd: BenchPcscd,
    sam_program: CardProgram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sam, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(sam, "LOOK_AGAIN_S", 0.2)
    slots = CardSlots(pcscd.slots[0].reader, pcscd.slots[1].reader)
    changes = {"hub": {"status_every_s": 0.3}}
    file = cabinet.folder / "kiosk.toml"
    file.write_text(kiosk_toml(hub.url, cabinet.folder, changes=changes, slots=slots), encoding="utf-8")
    with cabinet.running(load(file)) as kiosk:
        missing = kiosk.wait_for(lambda told: told["sign_on"]["failure"] and _code(told, "no_device"))
        assert missing["sign_on"]["failure"].startswith("security module: TransportError: no SAM answers")
        assert (missing["sign_on"]["signed_on"], missing["sign_on"]["until"]) == (False, None)
        assert missing["card_module"] == {
            "module": "hub",
            "status": "offline",
            "code": "module_untried",
            "detail": "the hub was not asked yet",
        }
        found = _samples(kiosk)
        assert (found["power_kiosk_signed_on", NONE], found["power_kiosk_sign_on_failing", NONE]) == (0, 1)
        assert found["power_kiosk_device_usable", frozenset({"sam"})] == 0
        assert ("power_kiosk_card_module_failing", NONE) not in found

        sam_program.do("insert")
        there = kiosk.wait_for(lambda told: told["sign_on"]["signed_on"] and _code(told, "ok"))
        until = datetime.fromisoformat(there["sign_on"]["until"])
        assert timedelta(hours=23) < until - datetime.now(UTC) < timedelta(hours=25)
        assert (there["sign_on"]["failure"], there["sign_on"]["failed_at"]) == ("", None)
        found = _samples(kiosk)
        assert (found["power_kiosk_signed_on", NONE], found["power_kiosk_sign_on_failing", NONE]) == (1, 0)
        assert found["power_kiosk_working_key_end_timestamp_seconds", NONE] == pytest.approx(
            until.timestamp()
        )

        sam_program.do("pull")
        pulled = kiosk.wait_for(lambda told: _code(told, "no_device"))
        assert pulled["sign_on"]["signed_on"], "the working key outlasts the SAM"


def test_a_kiosk_with_a_key_file_tells_of_no_sign_on_and_no_cards(bare: Kiosk) -> None:
    told = bare.report()
    assert (told["sign_on"], told["card_module"]) == (None, None)
    assert "sam" not in told["devices"]
    names = {name for name, _ in _samples(bare)}
    assert not {name for name in names if "sign" in name or "card_module" in name or "working" in name}


def _code(told: dict[str, dict[str, dict[str, str]]], code: str) -> bool:
    return told["devices"]["sam"]["code"] == code


def _samples(kiosk: Kiosk) -> dict[tuple[str, frozenset[str]], float]:
    return samples(kiosk.get("/metrics", OPENMETRICS)[2])
