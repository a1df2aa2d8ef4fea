"""The buttons of the bench panel: each is one order to one far end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Order:
    """One button: what it says and what it asks of which far end."""

    label: str
    far_end: str
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Buttons that belong together."""

    title: str
    orders: tuple[Order, ...]


GROUPS = (
    Group(
        "Put a note in 投入纸币",
        tuple(
            Order(f"¥{yuan}", "validator", "insert", {"value_fen": yuan * 100})
            for yuan in (100, 50, 20, 10, 5, 1)
        ),
    ),
    Group(
        "Note acceptor 识币器",
        (
            Order("Take note back", "validator", "take_note"),
            Order("Bad next note", "validator", "reject_next"),
            Order("Jam", "validator", "jam"),
            Order("Clear jam", "validator", "clear"),
            Order("Box out", "validator", "box_remove"),
            Order("Box in", "validator", "box_insert"),
            Order("Power off", "validator", "power_off"),
            Order("Power on", "validator", "power_on"),
            Order("Pull cable", "validator", "unplug"),
            Order("Put cable in", "validator", "plug"),
        ),
    ),
    Group(
        "Printer 打印机",
        (
            Order("Take paper", "printer", "paper_out"),
            Order("Put paper in", "printer", "paper_in"),
            Order("Open cover", "printer", "cover_open"),
            Order("Close cover", "printer", "cover_close"),
            Order("Pull cable", "printer", "unplug"),
            Order("Put cable in", "printer", "plug"),
        ),
    ),
    Group(
        "Line to the hub 网络",
        (
            Order("Cut", "line", "cut"),
            Order("Restore", "line", "restore"),
            Order("Slow: 2 s", "line", "delay", {"ms": 2000}),
            Order("Fast again", "line", "delay", {"ms": 0}),
            Order("Lose an answer", "line", "drop_answer"),
        ),
    ),
)
