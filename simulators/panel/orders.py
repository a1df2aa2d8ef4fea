"""The buttons of the bench panel: each is one order to one far end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.customer.purse import recharge_number


@dataclass(frozen=True)
class Order:
    """One button: what it says and what it asks of which far end; with `own` it is about the customer's own card.

    `file` is the memory of a bank's card in the bench's folder that is put in.
    """

    label: str
    far_end: str
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    own: bool = False
    file: str = ""


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
TENDER_GROUPS = (
    Group(
        "Bank card 银行卡",
        (
            Order("Card of bank A", "bank_card", "insert", file="bank_a_plain.json"),
            Order("Card of bank B", "bank_card", "insert", file="bank_b_plain.json"),
            Order("Pull it out", "bank_card", "pull"),
        ),
    ),
    Group(
        "PIN pad 密码键盘",
        (
            Order("Type 123456", "pin_pad", "press", {"digits": "123456"}),
            Order("Type 000000", "pin_pad", "press", {"digits": "000000"}),
            Order("Enter", "pin_pad", "enter"),
            Order("Delete", "pin_pad", "delete"),
            Order("Cancel", "pin_pad", "cancel"),
        ),
    ),
    *(
        Group(
            f"Bank {name[-1].upper()} 银行",
            (
                Order("Decline: funds", name, "decline", {"code": "51"}),
                Order("Lose an answer", name, "drop_answer"),
                Order("Fall silent", name, "silence"),
                Order("Wrong MAC", name, "break_mac"),
                Order("Want the card", name, "decline", {"code": "04"}),
                Order("All well again", name, "pass"),
            ),
        )
        for name in ("bank_a", "bank_b")
    ),
    Group(
        "Terminal box 刷卡终端",
        (
            Order("Card and PIN", "box", "present"),
            Order("Cancel", "box", "cancel"),
            Order("Decline: funds", "box", "decline", {"code": "51"}),
            Order("Power off", "box", "power_off"),
            Order("Power on", "box", "power_on"),
        ),
    ),
    Group(
        "Phone 手机",
        (
            Order("Tap pay", "wallet", "tap_pay"),
            Order("Refuse", "wallet", "tap_cancel"),
            Order("Pay too late", "wallet", "pay_late"),
            Order("Provider silent", "wallet", "silent"),
            Order("All well again", "wallet", "pass"),
        ),
    ),
    Group(
        "Scanner 扫码器",
        (
            Order("Phone's own code", "scanner", "scan", {"text": "280000000000000001"}),
            Order("A recharge card", "scanner", "scan", {"text": recharge_number(3)}),
        ),
    ),
)
"""Of a bench whose kiosk takes other money than notes; each is shown where there is such a far end."""
