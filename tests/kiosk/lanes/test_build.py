"""Which lanes a kiosk has follows from its settings; nothing is opened for it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from kiosk.config import Acceptor, Config, Hub, JournalFile, Printer, Terminal
from kiosk.config_tenders import BankCard, PinPad
from kiosk.lanes.build import build_lanes

PLAIN = Config(
    terminal=Terminal(id="T-1", bench=True),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("k")),
    journal=JournalFile(path=Path("j")),
    acceptor=Acceptor(port="a"),
    printer=Printer(port="p"),
)
PAD = PinPad(port="pad", slots={"union": 0, "other": 3})


def names(config: Config) -> set[str]:
    return set(build_lanes(config, bytes(32), lambda told: None))


def test_a_kiosk_without_a_place_for_bank_cards() -> None:
    assert names(PLAIN).isdisjoint({"bank_card", "pin_pad"})


@pytest.mark.parametrize("port", ["", "motor"])
def test_a_kiosk_that_takes_bank_cards_leaves_no_core_dump(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("drivers.security.core_dumps.off", lambda: told.append("off"))
    config = msgspec.structs.replace(PLAIN, bank_card=BankCard(reader="R", port=port), pin_pad=PAD)
    assert names(config) - names(PLAIN) == {"bank_card", "pin_pad"}
    assert told == ["off"]


def test_the_lanes_share_one_hold() -> None:
    config = msgspec.structs.replace(PLAIN, bank_card=BankCard(reader="R"), pin_pad=PAD)
    lanes = build_lanes(config, bytes(32), lambda told: None)
    holds = {id(vars(lanes[name])["_hold"]) for name in ("bank_card", "pin_pad", "hub")}
    assert len(holds) == 1


def test_the_pin_pad_wants_a_key_in_each_banks_slot() -> None:
    config = msgspec.structs.replace(PLAIN, bank_card=BankCard(reader="R"), pin_pad=PAD)
    lane = build_lanes(config, bytes(32), lambda told: None)["pin_pad"]
    assert vars(lane)["_device"].settings.slots == (0, 3)
