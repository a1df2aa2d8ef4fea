"""The SAM's master key over a real pcscd: looked at, loaded by two persons, and refused when a component is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.card.pcsc import PcscCard
from drivers.security import keys
from drivers.security.bench_keys import terminal_components
from drivers.security.cipher import TRIPLE_DES
from drivers.security.psam import Sam, SamSettings
from kiosk import sam_cli
from kiosk.cli import main
from kiosk.config import load
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.settings import CardSlots, kiosk_toml
from simulators.cards.sam_card import PIN

SERIAL = "5A4D000000000001"
FIRST, SECOND = os.urandom(16), os.urandom(16)
Sit = Callable[..., int]


def check_of(component: bytes) -> str:
    return keys.check_value(TRIPLE_DES, component).hex()


@pytest.fixture
def sam(pcscd: BenchPcscd, tmp_path: Path) -> Iterator[CardProgram]:
    """A SAM without a terminal's key in slot 1."""
    program = card_program("sam", pcscd.slots[1], tmp_path, 1000.0, ("--sam", "--serial", SERIAL))
    assert program.do("insert")["powered"]
    yield program
    program.end()


@pytest.fixture
def sit(sam: CardProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sit]:
    """Call `power-kiosk sam ACTION` with what is entered at the keyboard, hidden or not, in this order."""
    config = tmp_path / "kiosk.toml"
    slots = CardSlots("no reader", sam=sam.slot.reader)
    config.write_text(kiosk_toml("http://127.0.0.1:1", tmp_path, slots=slots), encoding="utf-8")
    reader = PcscCard(sam.slot.reader)
    monkeypatch.setattr(
        sam_cli, "sam_of", lambda settings: Sam(reader.exchange, SamSettings(settings.serial), reader.connect)
    )

    def call(action: str, *entered: str) -> int:
        lines = iter(entered)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(lines))
        monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))
        status = main(["sam", action, "--config", str(config)])
        assert next(lines, None) is None, "not all was asked for"
        return status

    yield call
    reader.disconnect()
    reader.close()


def test_two_persons_load_the_key_and_its_check_value_is_told(
    sit: Sit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sit("check") == 1
    assert "no master key" in capsys.readouterr().out
    entered = (PIN.hex(), FIRST.hex(), check_of(FIRST), SECOND.hex(), check_of(SECOND))
    assert sit("load", *entered) == 0
    whole = check_of(bytes(a ^ b for a, b in zip(FIRST, SECOND, strict=True))).upper()
    told = capsys.readouterr().out
    assert whole in told
    assert FIRST.hex() not in told.lower()
    assert sit("check") == 0
    assert whole in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entered", "status", "says"),
    [
        (("000000",), 1, "the loading PIN is not taken"),
        (("12",), 2, "PIN has 4 to 16 digits"),
        (
            (
                PIN.hex(),
                FIRST.hex()[:-2],
            ),
            2,
            "component 1: 32 hex digits",
        ),
        ((PIN.hex(), FIRST.hex(), "000000"), 1, "component 1"),
        (
            (PIN.hex(), FIRST.hex(), check_of(FIRST), FIRST.hex(), check_of(FIRST)),
            1,
            "component 2: it is component 1 once more",
        ),
    ],
    ids=["wrong PIN", "no PIN", "too short", "wrong check value", "the same twice"],
)
def test_what_is_entered_wrong_is_named_and_loads_nothing(
    sit: Sit, capsys: pytest.CaptureFixture[str], entered: tuple[str, ...], status: int, says: str
) -> None:
    assert sit("load", *entered) == status
    assert says in capsys.readouterr().err
    assert sit("check") == 1


def test_a_test_key_is_loaded_on_a_bench_only(
    sit: Sit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "kiosk.toml"
    settings = config.read_text(encoding="utf-8")
    first, second = terminal_components(load(config).terminal.id)
    config.write_text(settings.replace("bench = true", "bench = false"), encoding="utf-8")
    assert sit("load", PIN.hex(), FIRST.hex(), check_of(FIRST), second.hex()) == 2
    told = capsys.readouterr().err
    assert "component 2: this is a test key" in told
    assert second.hex() not in told.lower()
    assert sit("check") == 1
    config.write_text(settings, encoding="utf-8")
    assert sit("load", PIN.hex(), first.hex(), check_of(first), second.hex(), check_of(second)) == 0


def test_a_slot_without_a_sam_is_told(sit: Sit, sam: CardProgram, capsys: pytest.CaptureFixture[str]) -> None:
    sam.do("pull")
    assert sit("check") == 3
    assert "does not answer" in capsys.readouterr().err


def test_a_kiosk_without_a_sam_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(kiosk_toml("http://127.0.0.1:1", tmp_path), encoding="utf-8")
    assert main(["sam", "check", "--config", str(config)]) == 2
    assert "has no SAM" in capsys.readouterr().err
