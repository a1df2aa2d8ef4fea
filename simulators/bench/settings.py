"""Writes kiosk.toml for a kiosk of the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

Value = str | int | float | bool
Tables = Mapping[str, Mapping[str, Value]]

TERMINAL = "BENCH-0001"


def kiosk_toml(
    hub_url: str, folder: Path, form: str = "lobby", language: str = "zh", changes: Tables | None = None
) -> str:
    """Give the settings of a kiosk whose devices and hub are the bench's own; `changes` are laid over them.

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
        "hub": {"url": hub_url, "key_file": str(folder / "terminal.key")},
        "journal": {"path": str(folder / "journal.sqlite")},
        "acceptor": {"protocol": "ccnet", "port": str(folder / "ccnet_validator")},
        "printer": {"port": str(folder / "escpos_printer")},
        "health": {"port": 0},
        "log": {"level": "info"},
    }
    for table, keys in (changes or {}).items():
        tables.setdefault(table, {}).update(keys)
    return "\n".join(f"[{name}]\n{_lines(keys)}" for name, keys in tables.items())


def _lines(keys: Mapping[str, Value]) -> str:
    # A JSON string, number or truth value is written the same way in TOML.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in keys.items())
