"""Plays a profile's vector file: its files both ways, its damaged files, its commands and its whole cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout, LayoutError
from drivers.meter_card.model import FileData

SERIAL = "1122334455667788"


def play(layout: Layout, path: Path) -> None:
    """Every line of the vector file holds, and each of the profile's files has one."""
    vectors = json.loads(path.read_text(encoding="utf-8"))
    for vector in vectors["files"]:
        _both_ways(layout, vector["file"], bytes.fromhex(vector["hex"]), values_of(vector["values"]))
    assert {vector["file"] for vector in vectors["files"]} == set(layout.profile.files)
    for vector in vectors["damaged"]:
        _damaged(layout, vector["file"], bytes.fromhex(vector["hex"]), vector["field"])
    for file, commands in vectors["reads"].items():
        assert [each.encode().hex().upper() for each in layout.reads(file)] == commands
    for vector in vectors["updates"]:
        updates = layout.updates(FileData(vector["file"], bytes.fromhex(vector["hex"])))
        assert [each.message.hex().upper() for each in updates] == vector["messages"]
    for vector in vectors["cards"]:
        _whole_card(layout, vector["files"], vector["contents"])


def values_of(told: Mapping[str, Any]) -> dict[str, Value]:
    """JSON knows no tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


def _both_ways(layout: Layout, file: str, data: bytes, values: Mapping[str, Value]) -> None:
    assert layout.decode(file, data) == values
    assert layout.encode(file, values) == data


def _damaged(layout: Layout, file: str, data: bytes, field: str) -> None:
    with pytest.raises(LayoutError) as caught:
        layout.decode(file, data)
    assert (caught.value.file, caught.value.field) == (file, field)


def _whole_card(layout: Layout, files: Mapping[str, str], told: Mapping[str, object]) -> None:
    raw = {name: bytes.fromhex(data) for name, data in files.items()}
    contents = asdict(layout.contents(raw, SERIAL))
    assert contents.pop("files") == raw
    assert contents == told
