"""The buttons of the bench panel: each is one order to one far end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Order:
    """One button: what it says and what it asks of which far end; with `own` it is about the customer's own card."""

    label: str
    far_end: str
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    own: bool = False


@dataclass(frozen=True)
class Group:
    """Buttons that belong together."""

    title: str
    orders: tuple[Order, ...]

    @property
    def far_end(self) -> str:
        """Whose buttons they are."""
        return self.orders[0].far_end


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
FIRST_UPDATE = 7
"""Of a write's commands, which are counted from the last one before it."""
CARD_GROUPS = (
    Group(
        "Meter card in the kiosk 电卡",
        (
            Order("Insert", "card", "insert", own=True),
            Order("Take out", "card", "pull"),
            Order("Pull at the write", "card", "pull", {"at": FIRST_UPDATE + 2}),
            Order("Insert a bank card", "card", "insert", {"kind": "bank"}),
            Order("Insert a strange card", "card", "insert", {"kind": "foreign"}),
            Order("Insert it reversed", "card", "insert", {"kind": "mute"}),
            Order("Wear out", "card", "wear"),
            Order("Lock", "card", "lock"),
            Order("Fall silent", "card", "silence"),
            Order("Answer again", "card", "calm"),
        ),
    ),
    Group(
        "New cards 补卡机",
        (
            Order("Take the new card", "dispenser", "take"),
            Order("Jam at the mouth", "dispenser", "jam", {"step": "present"}),
            Order("Clear jam", "dispenser", "clear"),
            Order("Box out", "dispenser", "stacker", {"inserted": False}),
            Order("Box in", "dispenser", "stacker", {"inserted": True}),
            Order("Bin full", "dispenser", "bin", {"full": True}),
            Order("Empty bin", "dispenser", "bin", {"full": False}),
            Order("Power off", "dispenser", "power_off"),
            Order("Power on", "dispenser", "power_on"),
            Order("Pull cable", "dispenser", "unplug"),
            Order("Put cable in", "dispenser", "plug"),
        ),
    ),
    Group(
        "SAM in the cabinet 安全模块",
        (Order("Pull", "sam", "pull"), Order("Put in", "sam", "insert")),
    ),
)
"""Of a bench whose kiosk serves meter cards; each is shown where there is such a far end."""
