"""Writes kiosk.toml for a kiosk of the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.bench.tenders import SLOTS, Means
from simulators.card_dispenser import STACKER_SENSOR

Value = str | int | float | bool
Tables = Mapping[str, Mapping[str, Value]]

TERMINAL = "BENCH-0001"
ONLOOKER = "BENCH-EYE"
"""A terminal of its own for whoever asks the hub past the kiosk."""
SAM_SERIAL = "5A4D000000000001"


@dataclass(frozen=True, slots=True)
class CardSlots:
    """The PC/SC readers of a kiosk that serves meter cards: the customer's, and the one that its SAM stands in.

    The bench has two slots: where a dispenser has its chip station in the second, the kiosk signs on without a SAM.
    """

    customer: str
    sam: str = ""
    station: str = ""


def kiosk_toml(
    hub_url: str,
    folder: Path,
    form: str = "lobby",
    language: str = "zh",
    changes: Tables | None = None,
    slots: CardSlots | None = None,
    means: Means | None = None,
) -> str:
    """Give the settings of a kiosk whose devices and hub are the bench's own; `changes` are laid over them.

    With `slots` it serves meter cards, and signs on with its master key in place of a key file; `means` are its
    places for money that is not cash.

    Bench lines are 8N1: a pty carries no parity, and the second opening with one fails.
    """
    tables: dict[str, dict[str, Value]] = {
        "terminal": {
            "id": TERMINAL,
            "site": "试验台 Bench",
            "form": form,
            "language": language,
            "bench": True,
        },
        "hub": {"url": hub_url} if slots else {"url": hub_url, "key_file": str(folder / "terminal.key")},
        "journal": {"path": str(folder / "journal.sqlite")},
        "acceptor": {"protocol": "ccnet", "port": str(folder / "ccnet_validator")},
        "printer": {"port": str(folder / "escpos_printer")},
        **(_cards(slots, folder) if slots else {}),
        **(_means(means, folder) if means else {}),
        "health": {"port": 0},
        "log": {"level": "info"},
    }
    for table, keys in (changes or {}).items():
        tables.setdefault(table, {}).update(keys)
    return "\n".join(f"[{name}]\n{_lines(keys)}" for name, keys in tables.items())


def _cards(slots: CardSlots, folder: Path) -> dict[str, dict[str, Value]]:
    tables: dict[str, dict[str, Value]] = {"meter_card": {"reader": slots.customer}}
    if slots.sam:
        tables["security"] = {"module": "sam", "reader": slots.sam, "serial": SAM_SERIAL}
    else:
        tables["security"] = {"module": "software"}
    if slots.station:
        port = str(folder / "card_dispenser")
        tables["dispenser"] = {"port": port, "reader": slots.station, "stacker_sensor": STACKER_SENSOR}
    return tables


def _means(means: Means, folder: Path) -> dict[str, dict[str, Value]]:
    tables: dict[str, dict[str, Value]] = {}
    if means.bank_reader:
        motor = {"port": str(folder / "motor_reader")} if means.motor else {}
        tables["bank_card"] = {"reader": means.bank_reader, **motor}
        tables["pin_pad"] = {"port": str(folder / "pin_pad")}
        tables["pin_pad.slots"] = dict(SLOTS)
    if means.box:
        tables["eft_terminal"] = {"port": str(folder / "eft_box")}
    if means.scanner:
        tables["scanner"] = {"port": str(folder / "scanner")}
    if means.phone:
        tables["phone"] = {"enabled": True}
    if means.recharge:
        tables["recharge"] = {"enabled": True}
    return tables


def _lines(keys: Mapping[str, Value]) -> str:
    # A JSON string, number or truth value is written the same way in TOML.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in keys.items())
