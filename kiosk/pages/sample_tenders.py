"""The sample pages of bank cards, the terminal box, phones and recharge cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.wire import Quote
from kiosk.pages.bank_card import TROUBLES
from kiosk.pages.recharge import REFUSALS
from kiosk.pages.sample_accounts import CLEAR, FACTS, LONGEST, NO_HUB, ONE, ONLINE, THREE, Sample, plain
from kiosk.pages.sample_payments import PAYMENT_ID, claim, credited, payment
from kiosk.pages.tender import BANK_WORDS, PHONE_WORDS
from kiosk.payment.events import TenderFacts
from kiosk.payment.model import Claim, Payment, PaymentState, Slip, Tender
from kiosk.session.state import BankSight, Facts, Page, Session

OUT_OF_ORDER = DeviceHealth(DeviceStatus.HARDWARE_ERROR, "failed")
ALL = replace(
    FACTS, bank_reader=ONLINE, pin_pad=ONLINE, scanner=ONLINE, phone=True, recharge=True, draws_in=True
)
"""A kiosk that takes everything, and all of it works."""
BY_BOX = replace(FACTS, eft=ONLINE, phone=True)
HELD_OUT = replace(ALL, bank_card="mouth")
ASKED_FEN = 12850
BANK = BankSight("621421******0012", "UnionPay", "示例银行", "Sample Bank", "sample", "r" * 32)
LONG_BANK = replace(BANK, title_zh="示例农村商业银行股份有限公司", title_en="Sample Rural Commercial Bank")
BANK_FACTS = TenderFacts(
    title_zh="示例银行",
    title_en="Sample Bank",
    card="621421******0012",
    terminal_no="10000001",
    merchant_no="103290049000001",
    trace="000123",
    batch="000007",
    number="112217330012",
    auth_code="778899",
    at="2026-11-22T09:33:00Z",
)
WALLET = TenderFacts(title_zh="示例钱包", title_en="Sample Wallet")
WALLET_FACTS = TenderFacts(
    title_zh="示例钱包", title_en="Sample Wallet", number="4200001234202611220123456789"
)
RECHARGE_FACTS = TenderFacts(card="****4821")
PHONE_CODE = "https://pay.example/q/0198f2c4a1b3e5d7a9c1e3f5b7d9f1a3"
SCRATCHED = "735194862037591849"
"""Of no card: made up, with its check digit."""


def tenders() -> Iterator[Sample]:
    """Yield the states from choosing the means to the end, for all means but cash."""
    for group in (_choosing, _card, _waits, _phone, _recharge, _refused, _ends, _over):
        yield from group()


def tendered(tender: Tender = "bank_card", fen: int = ASKED_FEN, **changes: Any) -> Payment:
    """Return a payment of a tender under way, nothing taken yet."""
    changes = {"state": PaymentState.AUTHORISING, "tender": tender, "asked_fen": fen} | changes
    return payment(ONE, **changes)


def settled(tender: Tender, facts: TenderFacts, fen: int = ASKED_FEN, **changes: Any) -> Payment:
    """Return a payment of a tender as the hub booked it."""
    booked = credited(ONE, fen, printed=True)
    changes = {"tender": tender, "asked_fen": fen, "tendered_fen": fen, "facts": facts} | changes
    return replace(booked, notes=(), **changes)


def _page(name: str, page: Page, paid: Payment | None, facts: Facts = ALL, **changes: Any) -> Sample:
    tender = paid.tender if paid else "bank_card"
    fen = paid.asked_fen if paid else ASKED_FEN
    session = Session(page=page, account=ONE, tender=tender, amount_fen=fen, payment_id=PAYMENT_ID)
    return name, replace(session, **changes), paid, None, facts


def _without(facts: Facts, unit: str) -> Facts:
    broken: dict[str, Any] = {unit: OUT_OF_ORDER}
    return replace(facts, **broken)


def _choosing() -> Iterator[Sample]:
    yield plain("attract_all", Page.ATTRACT, ALL)
    yield plain("attract_no_cash_but_cards", Page.ATTRACT, replace(ALL, acceptor=OUT_OF_ORDER))
    yield plain("attract_bank_card_inside", Page.ATTRACT, HELD_OUT)
    no_paper = replace(ALL, printer=DeviceHealth(DeviceStatus.USER_ERROR, "paper_out"))
    yield plain("attract_nothing_works", Page.ATTRACT, no_paper)
    yield plain("attract_all_no_hub", Page.ATTRACT, replace(ALL, hub_up=False, hub_heard=True))
    yield plain("home_all", Page.HOME, ALL)
    yield plain("home_nothing_works", Page.HOME, no_paper)
    yield plain("bills_any_means", Page.BILLS, ALL, account=THREE)
    yield plain("bills_any_means_prepay", Page.BILLS, ALL, account=CLEAR, business="prepay")
    yield plain("means_all", Page.MEANS, ALL, account=THREE)
    yield plain("means_all_prepay", Page.MEANS, ALL, account=CLEAR, business="prepay")
    yield plain("means_box", Page.MEANS, BY_BOX, account=THREE)
    unwell = replace(ALL, scanner=OUT_OF_ORDER, acceptor=OUT_OF_ORDER)
    for name in ("bank_reader", "pin_pad"):
        yield plain(f"means_no_{name}", Page.MEANS, _without(unwell, name), account=THREE)
    yield plain("means_no_box", Page.MEANS, replace(BY_BOX, eft=OUT_OF_ORDER), account=THREE)
    yield plain("means_card_inside", Page.MEANS, HELD_OUT, account=THREE)
    yield plain("means_nothing_works", Page.MEANS, no_paper, account=THREE)
    for level in range(3):
        waiting: dict[str, Any] = {"account": ONE, "tender": "bank_card", "wait_level": level}
        yield plain(f"preparing_bank_card_{level}", Page.PREPARING, ALL, **waiting)
    asked: dict[str, Any] = {"account": ONE, "tender": "bank_card"}
    yield plain("amount_empty", Page.AMOUNT, ALL, **asked)
    yield plain("amount_typed", Page.AMOUNT, ALL, digits="150", **asked)
    yield plain("amount_too_much", Page.AMOUNT, ALL, digits="9000", entry_error="too_much", **asked)
    yield plain("amount_too_little", Page.AMOUNT, ALL, digits="0", entry_error="too_little", **asked)
    yield plain("amount_prepay", Page.AMOUNT, ALL, account=CLEAR, business="prepay", tender="qr")
    quote = Quote(
        id="q" * 32,
        account_no=ONE.account_no,
        business="buy_power",
        months=(),
        due_fen=0,
        max_fen=100000,
        min_fen=1000,
        expires_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        as_of=datetime(2026, 11, 22, 9, tzinfo=UTC),
    )
    yield plain("amount_power", Page.AMOUNT, ALL, quote=quote, business="buy_power", **asked)
    for word in ("no_means", "tender_off", "pin_timeout", "pin_failed"):
        facts = HELD_OUT if word == "pin_timeout" else ALL
        yield plain(f"message_{word}", Page.MESSAGE, facts, account=ONE, message=word)


def _card() -> Iterator[Sample]:
    yield _page("insert_bank_card", Page.INSERT_BANK_CARD, None)
    yield _page("insert_bank_card_part", Page.INSERT_BANK_CARD, None, amount_fen=5000)
    yield _page("insert_bank_card_surplus", Page.INSERT_BANK_CARD, None, amount_fen=20000)
    prepay: dict[str, Any] = {"account": CLEAR, "business": "prepay", "amount_fen": 10000}
    yield _page("insert_bank_card_prepay", Page.INSERT_BANK_CARD, None, **prepay)
    for word in TROUBLES:
        where = "in" if word in {"not_a_bank_card", "expired", "not_served"} else "none"
        facts = replace(ALL, bank_card=where)
        bank = BankSight(trouble=word)
        yield _page(f"insert_bank_card_{word}", Page.INSERT_BANK_CARD, None, facts, bank=bank)
    in_slot = replace(ALL, bank_card="in")
    for count in (0, 4, 6):
        yield _page(f"pin_{count}", Page.PIN, None, in_slot, bank=BANK, pin_digits=count)
    yield _page("pin_retry", Page.PIN, None, in_slot, bank=BANK, pin_trouble="retry")
    longest: dict[str, Any] = {"account": LONGEST, "bank": LONG_BANK, "amount_fen": 99_999_900}
    yield _page("pin_longest", Page.PIN, None, in_slot, pin_digits=12, **longest)
    yield _page("box", Page.BOX, tendered(box_reference="1", state=PaymentState.AUTHORISING_BOX), BY_BOX)
    for reminders in range(2):
        yield plain(f"take_bank_card_{reminders}", Page.TAKE_BANK_CARD, HELD_OUT, reminders=reminders)
    by_hand = replace(HELD_OUT, draws_in=False)
    yield plain("take_bank_card_by_hand", Page.TAKE_BANK_CARD, by_hand)
    yield plain("take_bank_card_stuck", Page.TAKE_BANK_CARD, replace(ALL, bank_card="stuck"))


def _waits() -> Iterator[Sample]:
    in_slot = replace(ALL, bank_card="in")
    asking = tendered(box_reference="1", state=PaymentState.ASKING_BOX)
    closing = tendered("qr", state=PaymentState.CLOSING_ORDER, code=PHONE_CODE)
    for level in range(3):
        yield _page(f"reading_bank_card_{level}", Page.READING_BANK_CARD, None, in_slot, wait_level=level)
        waiting: dict[str, Any] = {"wait_level": level, "bank": BANK}
        yield _page(f"authorising_{level}", Page.AUTHORISING, tendered(), in_slot, **waiting)
        yield _page(f"asking_box_{level}", Page.ASKING_BOX, asking, BY_BOX, wait_level=level)
        yield _page(f"closing_order_{level}", Page.CLOSING_ORDER, closing, wait_level=level)
        redeeming = tendered("recharge_card", 0, state=PaymentState.SENDING)
        yield _page(f"paying_recharge_card_{level}", Page.PAYING, redeeming, wait_level=level)
    yield _page("closing_order_scanned", Page.CLOSING_ORDER, closing, payer_waits=True)
    taken = tendered(box_reference="1", state=PaymentState.SENDING, tendered_fen=ASKED_FEN)
    yield _page("paying_box", Page.PAYING, taken, BY_BOX)


def _phone() -> Iterator[Sample]:
    opening = tendered("qr", state=PaymentState.OPENING_ORDER)
    yield _page("phone_getting", Page.PHONE, opening)
    facts = WALLET
    shown = replace(opening, state=PaymentState.AWAITING_PHONE, code=PHONE_CODE, facts=facts)
    shown = replace(shown, expires_at="2026-11-22T09:33:00Z")
    yield _page("phone_code", Page.PHONE, shown, phone_left=105)
    yield _page("phone_code_no_scanner", Page.PHONE, shown, BY_BOX, phone_left=9)
    unnamed = replace(shown, facts=None, expires_at="", asked_fen=99_999_900)
    yield _page("phone_code_any_wallet", Page.PHONE, unnamed, phone_left=60)
    scanned = replace(shown, scanned=True, code="")
    yield _page("phone_scanned", Page.PHONE, scanned, phone_left=50)


def _recharge() -> Iterator[Sample]:
    typed: dict[str, Any] = {"account": ONE, "tender": "recharge_card"}
    yield plain("recharge_empty", Page.RECHARGE, ALL, **typed)
    no_scanner = replace(ALL, scanner=None)
    yield plain("recharge_part", Page.RECHARGE, no_scanner, digits=SCRATCHED[:7], **typed)
    yield plain("recharge_full", Page.RECHARGE, ALL, digits=SCRATCHED, **typed)
    for word in REFUSALS:
        yield plain(f"recharge_{word}", Page.RECHARGE, ALL, digits=SCRATCHED, entry_error=word, **typed)


def _refused() -> Iterator[Sample]:
    no = replace(tendered(state=PaymentState.DECLINED), facts=BANK_FACTS)
    for word in (*BANK_WORDS, "other"):
        yield _page(f"declined_{word}", Page.DECLINED, replace(no, declined=word))
    yield _page("declined_card_held_out", Page.DECLINED, replace(no, declined="funds"), HELD_OUT)
    for why in ("bank", "not_taken"):
        declined = replace(no, declined="capture" if why == "bank" else "limit")
        yield _page(f"declined_captured_{why}", Page.DECLINED, declined, captured=why)
    phone = replace(tendered("qr", state=PaymentState.DECLINED), facts=WALLET)
    for word in (*PHONE_WORDS, "other"):
        yield _page(f"declined_phone_{word}", Page.DECLINED, replace(phone, declined=word))
    for by in ("customer", "timeout", "fault"):
        closed = tendered("qr", state=PaymentState.DECLINED, ended_by=by)
        yield _page(f"declined_order_closed_{by}", Page.DECLINED, closed)
    recharge = tendered("recharge_card", 0, state=PaymentState.DECLINED, declined="used")
    yield _page("declined_recharge", Page.DECLINED, recharge)


def _slips(kind: str, printed: bool | None) -> tuple[Slip, ...]:
    return (Slip("r" * 32, kind, 0, printed),)


def _ends() -> Iterator[Sample]:
    undone = replace(tendered(state=PaymentState.REVERSING), facts=BANK_FACTS)
    for printed, name in ((None, "printing"), (True, "slip"), (False, "no_slip")):
        one = replace(undone, slips=_slips("reversal", printed))
        yield _page(f"reversed_{name}", Page.REVERSED, one)
        doubt = replace(tendered("qr", state=PaymentState.CLOSING_ORDER), slips=_slips("checking", printed))
        yield _page(f"checking_phone_{name}", Page.CHECKING, replace(doubt, facts=WALLET_FACTS))
    yield _page("reversed_held_out", Page.REVERSED, undone, HELD_OUT)
    yield _page("reversed_phone", Page.REVERSED, replace(tendered("qr"), facts=WALLET_FACTS))
    yield _page("reversed_box", Page.REVERSED, replace(undone, box_reference="1"), BY_BOX)
    box = tendered(box_reference="1", tendered_fen=ASKED_FEN, slips=_slips("checking", True))
    yield _page("checking_box", Page.CHECKING, replace(box, facts=BANK_FACTS), BY_BOX)
    redeeming = tendered("recharge_card", 0, state=PaymentState.CHECKING, slips=_slips("checking", True))
    yield _page("checking_recharge_card", Page.CHECKING, redeeming)
    for tender, facts in PAID.items():
        yield _page(f"done_{tender}", Page.DONE, settled(tender, facts))
    drawn_in = settled("bank_card", BANK_FACTS)
    yield _page("done_bank_card_captured", Page.DONE, drawn_in, captured="not_taken")
    yield _page("done_bank_card_held_out", Page.DONE, settled("bank_card", BANK_FACTS), HELD_OUT)
    for name, case in claims().items():
        session = Session(page=Page.CLAIM, account=ONE, payment_id=PAYMENT_ID, tender=case.tender)
        owner = tendered(case.tender, case.amount_fen, state=PaymentState.CLAIMED)
        yield f"claim_{name}", session, owner, case, ALL


PAID: dict[Tender, TenderFacts] = {
    "bank_card": BANK_FACTS,
    "qr": WALLET_FACTS,
    "recharge_card": RECHARGE_FACTS,
}
"""Each tender, and what a slip tells of its other side."""


def claims() -> dict[str, Claim]:
    """Return claims of money that is not cash, by name."""
    box = replace(claim("sale_fate_unknown", 0, ASKED_FEN), tender="bank_card", notes=())
    recharge = replace(claim("unanswered", 0), tender="recharge_card", notes=())
    return {"sale_fate_unknown": box, "recharge_card": recharge}


def _over() -> Iterator[Sample]:
    order = tendered("qr", state=PaymentState.AWAITING_PHONE, code=PHONE_CODE)
    asked: dict[str, Any] = {"under": Page.PHONE, "seconds_left": 21}
    yield _page("more_time_over_phone", Page.MORE_TIME, order, **asked)
    yield _page("more_time_over_pin", Page.MORE_TIME, None, under=Page.PIN, seconds_left=21)
    yield plain("amount_no_hub", Page.AMOUNT, NO_HUB, account=ONE, tender="bank_card")
