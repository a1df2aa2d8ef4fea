"""The chip contact of a card unit, and a card program that it tells to come and go."""

from __future__ import annotations

import asyncio
from pathlib import Path

from simulators.chip_slot import ChipSlot
from tests.simulators.card_program import card_program


def test_orders_in_turn(tmp_path: Path) -> None:
    done: list[str] = []

    async def use(slot: ChipSlot) -> None:
        over = asyncio.Event()
        slot.pull(lambda: done.append("nothing there"))
        slot.insert({"card": "blank"}, lambda: done.append("in"))
        assert slot.inserted
        slot.pull()
        slot.insert({}, over.set)
        await over.wait()
        assert slot.error == ""

    with card_program(tmp_path / "card.sock") as program:
        asyncio.run(use(ChipSlot(program.path)))
        assert program.orders == [{"do": "insert", "card": "blank"}, {"do": "pull"}, {"do": "insert"}]
    assert done == ["nothing there", "in"]


def test_a_card_program_that_is_not_there_or_refuses_stops_nothing(tmp_path: Path) -> None:
    async def use(path: Path) -> str:
        slot, over = ChipSlot(path), asyncio.Event()
        slot.insert({}, over.set)
        await over.wait()
        return slot.error

    assert "No such file" in asyncio.run(use(tmp_path / "nobody"))
    with card_program(tmp_path / "card.sock") as program:
        program.refuse = "is in the slot"
        assert asyncio.run(use(program.path)) == "is in the slot"


def test_a_unit_without_a_chip_program() -> None:
    done: list[str] = []
    slot = ChipSlot(None)
    slot.insert({}, lambda: done.append("in"))
    slot.pull(lambda: done.append("out"))
    assert done == ["in", "out"]
