"""A bank's master key in the PIN pad: looked at, loaded by two persons, and refused when a component is wrong."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.security import keys
from drivers.security.bench_keys import bank_components
from drivers.security.cipher import TRIPLE_DES
from kiosk import pin_pad_cli
from simulators.bench.settings import kiosk_toml
from simulators.far_end import Launched, launched

FIRST, SECOND = os.urandom(16), os.urandom(16)
Sit = Callable[..., int]
PAYER = ("--bank", "union", "--terminal-no", "10000001")


def check_of(component: bytes) -> str:
    return keys.check_value(TRIPLE_DES, component).hex()


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    with launched("simulators.pin_pad", tmp_path, "--speed", "1000") as far_end:
        yield far_end


@pytest.fixture
def sit(unit: Launched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sit:
    """Call `power-kiosk pin-pad ARGUMENTS` with what is entered at the keyboard, hidden or not, in this order."""
    config = tmp_path / "kiosk.toml"

    def call(*arguments: str, entered: tuple[str, ...] = (), bench: bool = True, port: str = "") -> int:
        text = kiosk_toml("http://127.0.0.1:1", tmp_path).replace(
            "bench = true", f"bench = {str(bench).lower()}"
        )
        slots = "slots = { union = 3, other = 0 }"
        tables = f'[bank_card]\nreader = "R"\n[pin_pad]\nport = "{port or unit.link}"\n{slots}\n'
        config.write_text(text + ("" if port == "none" else tables), encoding="utf-8")
        lines = iter(entered)
        monkeypatch.setattr("getpass.getpass", lambda _prompt: next(lines))
        monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))
        parser = argparse.ArgumentParser()
        pin_pad_cli.command.configure(parser)
        status = pin_pad_cli.command.run(parser.parse_args([*arguments, "--config", str(config)]))
        assert next(lines, None) is None, "not all was asked for"
        return status

    return call


def test_two_persons_load_the_key_and_its_check_value_is_told(
    sit: Sit, unit: Launched, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sit("check") == 1
    assert "slot 3, union: no key" in capsys.readouterr().out
    entered = (FIRST.hex(), check_of(FIRST), SECOND.hex(), check_of(SECOND))
    assert sit("load", *PAYER, entered=entered) == 0
    told = capsys.readouterr().out
    assert check_of(keys.xor(FIRST, SECOND)).upper() in told
    assert FIRST.hex() not in told.lower()
    unit.do("load", slot=0, master=FIRST.hex())
    assert sit("check") == 0
    assert "slot 3, union: master key" in capsys.readouterr().out
    unit.do("self_test", fails=True)
    assert sit("check") == 1


@pytest.mark.parametrize(
    ("entered", "status", "says"),
    [
        ((FIRST.hex()[:-2],), 2, "component 1: 32 hex digits"),
        ((FIRST.hex(), "000000"), 1, "component 1"),
        ((FIRST.hex(), check_of(FIRST), FIRST.hex(), check_of(FIRST)), 1, "component 2"),
    ],
    ids=["too short", "wrong check value", "the same twice"],
)
def test_what_is_entered_wrong_is_named_and_loads_nothing(
    sit: Sit,
    unit: Launched,
    capsys: pytest.CaptureFixture[str],
    entered: tuple[str, ...],
    status: int,
    says: str,
) -> None:
    assert sit("load", *PAYER, entered=entered) == status
    assert says in capsys.readouterr().err
    assert unit.do("status")["slots"] == {}


def test_a_test_key_is_for_a_bench_alone(sit: Sit, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = bank_components("union", "10000001")
    assert sit("load", *PAYER, entered=(one.hex(),), bench=False) == 2
    assert "test key of the bench" in capsys.readouterr().err
    assert sit("load", *PAYER, entered=(one.hex(), check_of(one), two.hex(), check_of(two))) == 0


def test_no_such_bank_and_no_pin_pad(sit: Sit, unit: Launched, capsys: pytest.CaptureFixture[str]) -> None:
    assert sit("load", "--bank", "third", "--terminal-no", "1") == 2
    assert "no bank 'third'" in capsys.readouterr().err
    assert sit("check", port="none") == 2
    assert sit("check", port="/dev/null/nowhere") == 3
    unit.do("tamper")
    assert sit("load", *PAYER, entered=(FIRST.hex(), check_of(FIRST))) == 1
    assert "tampered" in capsys.readouterr().err
