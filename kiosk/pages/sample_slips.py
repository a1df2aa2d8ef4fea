"""The slips that go with the sample pages, composed by the real composer: what the gallery draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from drivers.printer.document import Document
from kiosk.config import Acceptor, Config, Hub, JournalFile, Printer, Terminal
from kiosk.pages.sample_accounts import ACCOUNT_NO, FACTS, THREE
from kiosk.pages.sample_payments import claim, credited, payment, unquoted
from kiosk.pages.sample_tenders import ASKED_FEN, BANK_FACTS, PAID, WALLET_FACTS, claims, settled, tendered
from kiosk.payment.effects import PrintSlip
from kiosk.payment.events import AccountFacts, NoteCount
from kiosk.payment.model import Claim, Note, NoteState, Payment, PaymentState
from kiosk.power_receipt import PowerFacts
from kiosk.receipts import Place, ReceiptFacts, receipt
from kiosk.slips import Slips

_CONFIG = Config(
    terminal=Terminal(id=FACTS.terminal, site=FACTS.site, hotline=FACTS.hotline),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("unused")),
    journal=JournalFile(path=Path("unused")),
    acceptor=Acceptor(port="unused"),
    printer=Printer(port="unused"),
)
_FIVE = (10000,) * 5
_KEY = b"no kiosk's key"
POWER = PowerFacts(20000, 8, "7A3C", "000000001250", meter_before_fen=3520)
BOUGHT = ReceiptFacts(
    kind="paid",
    lang="zh",
    place=Place("示例供电公司", FACTS.terminal, FACTS.site, FACTS.hotline),
    at=datetime(2026, 11, 22, 17, 33, 5),  # noqa: DTZ001 - a slip prints local time
    kiosk_no="001234",
    business="buy_power",
    account=AccountFacts(ACCOUNT_NO, "张**", "漠阳花园3栋**单元***"),
    received_fen=20000,
    notes=(NoteCount(10000, 2),),
    business_date="2026-11-22",
    hub_no="2026112200012345",
    power=POWER,
)
POWER_SLIPS: Mapping[str, ReceiptFacts] = {
    "power": BOUGHT,
    "power_surplus": replace(
        BOUGHT,
        received_fen=25000,
        notes=(NoteCount(10000, 2), NoteCount(5000, 1)),
        to_balance_fen=5000,
        balance_before_fen=35,
        balance_after_fen=5035,
    ),
    "power_owed": replace(
        BOUGHT, kind="owed", reference="0198-F2C4-A1B3", power=replace(POWER, written=False)
    ),
    "power_unknown": replace(
        BOUGHT, kind="owed", reference="0198-F2C4-A1B3", power=replace(POWER, written=False, doubtful=True)
    ),
    "power_in_meter": replace(BOUGHT, power=replace(POWER, taken=True)),
    "reissued": replace(
        BOUGHT,
        business="reissue",
        received_fen=2000,
        notes=(NoteCount(2000, 1),),
        power=replace(POWER, fee_fen=2000, card_end="91D0", old_card_end="7A3C"),
    ),
    "new_card_owed": replace(
        BOUGHT,
        kind="owed",
        business="reissue",
        received_fen=2000,
        notes=(NoteCount(2000, 1),),
        reference="0198-F2C4-A1B3",
        power=replace(POWER, fee_fen=2000, card_end="", written=False),
    ),
    "new_card_elsewhere": replace(
        BOUGHT,
        kind="owed",
        business="reissue",
        received_fen=2000,
        notes=(NoteCount(2000, 1),),
        reference="0198-F2C4-A1B3",
        power=replace(POWER, fee_fen=2000, card_end="", written=False, elsewhere=True),
    ),
    "made_later": replace(
        BOUGHT,
        business="reissue",
        received_fen=0,
        notes=(),
        business_date="",
        hub_no="",
        power=replace(POWER, card_end="91D0", meter_before_fen=None, free=True),
    ),
}
"""Slips of power bought and of a new card, from plain facts."""


def slips(lang: str) -> dict[str, Document]:
    """Every slip by name, in one language; the check codes on them are of no kiosk."""
    composer = Slips(_CONFIG, _KEY)
    made = {
        name: composer.compose(PrintSlip(f"{at:032x}", kind, copy_no, replace(about, lang=lang)))
        for at, (name, kind, copy_no, about) in enumerate(_states())
    }
    return made | {
        name: receipt(replace(facts, lang=lang), "c" * 32, _KEY) for name, facts in POWER_SLIPS.items()
    }


def _states() -> Iterator[tuple[str, str, int, Payment | Claim]]:
    paid = credited(THREE, *_FIVE)
    yield "paid", "paid", 0, paid
    yield "paid_copy", "paid", 1, paid
    back = Note("n9", 10000, NoteState.RETURNED, recovered=True)
    yield "paid_note_back", "paid", 0, replace(paid, notes=(*paid.notes, back))
    yield "returned", "returned", 0, replace(paid, notes=(back,), state=PaymentState.CANCELLED, credit=None)
    yield "checking", "checking", 0, payment(THREE, *_FIVE, state=PaymentState.CHECKING)
    yield "provisional", "provisional", 0, unquoted(10000, 5000, state=PaymentState.CHECKING)
    yield "claim", "claim", 0, replace(claim("unanswered", 50000), notes=paid.note_counts)
    back_too = (NoteCount(10000, 1),)
    yield "claim_note_back", "claim", 0, replace(claim("declined", 10000), notes=back_too, returned=back_too)
    yield "claim_in_doubt", "claim", 0, claim("note_fate_unknown", 0, 10000)
    yield from _tender_states()


def _tender_states() -> Iterator[tuple[str, str, int, Payment | Claim]]:
    for tender, facts in PAID.items():
        yield f"paid_{tender}", "paid", 0, settled(tender, facts)
    yield "paid_bank_card_surplus", "paid", 0, settled("bank_card", BANK_FACTS, 20000)
    undone = tendered(facts=BANK_FACTS, state=PaymentState.REVERSING)
    yield "reversal", "reversal", 0, undone
    yield "reversal_phone", "reversal", 0, tendered("qr", facts=WALLET_FACTS)
    for family in ("capture", "limit"):
        name = "captured" if family == "capture" else "captured_not_taken"
        yield name, "captured", 0, replace(undone, state=PaymentState.DECLINED, declined=family)
    yield (
        "checking_phone",
        "checking",
        0,
        tendered("qr", facts=WALLET_FACTS, state=PaymentState.CLOSING_ORDER),
    )
    box = tendered(facts=BANK_FACTS, box_reference="1", tendered_fen=ASKED_FEN, state=PaymentState.CHECKING)
    yield "checking_box", "checking", 0, box
    yield "checking_recharge_card", "checking", 0, tendered("recharge_card", 0, state=PaymentState.CHECKING)
    yield from ((f"claim_{name}", "claim", 0, case) for name, case in claims().items())
