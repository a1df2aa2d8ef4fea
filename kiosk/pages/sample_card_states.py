"""The sample pages of a customer with a meter card, from the menu to the card in the hand, as the session has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from drivers.meter_card.model import CardCode, CardContents, Wallet, WriteBack
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.card_wire import CardRead, CardVerdict, LastPurchase, OwedPurchase
from kiosk.pages.sample_accounts import CLEAR, FACTS, METER, NO_HUB, Sample, plain
from kiosk.pages.sample_payments import PAYMENT_ID, payment
from kiosk.payment.events import CardFacts, PurchaseFacts, QuoteFacts
from kiosk.payment.model import Credit, Delivery, Payment, PaymentState, Slip
from kiosk.session.state import CardSight, Page, Session

FINE = DeviceHealth(DeviceStatus.ONLINE)
BROKEN = DeviceHealth(DeviceStatus.NO_DEVICE, code="no_device")
OFFERS = replace(FACTS, card_writer=FINE)
INSIDE = replace(OFFERS, card_in=True)
AT = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
NUMBERS = ("000000123456", "000000654321")
SERIAL, PROFILE = "00000000BEEF7A3C", "state_grid_2013"
TOLD = WriteBack(*NUMBERS, 3520, 7, 0, 0, "2026-11-20T21:18")
ON_CARD = CardContents(PROFILE, SERIAL, 2, *NUMBERS, Wallet(15000, 7), TOLD, {"wallet": b""})
CARD = CardFacts(SERIAL, PROFILE, *NUMBERS, 7, "r" * 32)
SOLD = PurchaseFacts(PAYMENT_ID, "purchase", *NUMBERS, 8, 20000, SERIAL, PROFILE)
DONE_WITH = Delivery(SOLD, "w" * 32, 1, "failed", "the card was not there")
LAST = LastPurchase(count=7, amount_fen=15000, state="taken", paid_at=AT, reference="0198-A77B-09D2")
OWED = OwedPurchase(
    purchase_id=PAYMENT_ID, kind="purchase", count=8, amount_fen=20000, paid_at=AT, reference="0198-F2C4-A1B3"
)


def known(verdict: CardVerdict, contents: CardContents = ON_CARD, trouble: str = "") -> CardSight:
    """Return a card that was read and that the hub knows so."""
    said = CardRead(
        id="r" * 32,
        verdict=verdict,
        account=CLEAR,
        meter_no=METER,
        last=LAST,
        owed=OWED if verdict == "owed" else None,
        min_fen=100,
        max_fen=200000,
        hoarding_limit_fen=500000,
        as_of=AT,
        business_date=date(2026, 11, 22),
    )
    return CardSight("r" * 32, contents, said, trouble)


def cards() -> Iterator[Sample]:
    """Yield the states of a customer with a meter card."""
    yield from _before()
    yield from _buying()
    yield from _writing()


def _before() -> Iterator[Sample]:
    yield "home_meter_card", Session(page=Page.HOME), None, None, OFFERS
    yield "home_meter_card_broken", Session(page=Page.HOME), None, None, replace(FACTS, card_writer=BROKEN)
    yield "home_meter_card_no_hub", Session(page=Page.HOME), None, None, replace(NO_HUB, card_writer=FINE)
    yield "insert_card_session", Session(page=Page.INSERT_CARD), None, None, OFFERS
    for name, facts in {
        "broken": replace(FACTS, card_writer=BROKEN),
        "no_hub": replace(NO_HUB, card_writer=FINE),
    }.items():
        yield f"insert_card_{name}", Session(page=Page.INSERT_CARD), None, None, facts
    yield "insert_card_left", Session(page=Page.INSERT_CARD), None, None, INSIDE
    yield "attract_card_left", Session(page=Page.ATTRACT), None, None, INSIDE
    for level in range(3):
        waits = Session(page=Page.READING_CARD, wait_level=level)
        yield f"reading_card_session_{level}", waits, None, None, INSIDE
    waiting = replace(ON_CARD, wallet=Wallet(15000, 7), write_back=None)
    shown = {"ready": ON_CARD, "owed": ON_CARD, "not_taken": waiting, "other_card": ON_CARD, "ahead": ON_CARD}
    verdicts: tuple[CardVerdict, ...] = ("ready", "owed", "not_taken", "other_card", "ahead")
    for verdict in verdicts:
        session = Session(page=Page.CARD, account=CLEAR, card=known(verdict, shown[verdict]))
        yield f"card_{verdict}", session, None, None, INSIDE
    for code in ("card_foreign", "bank_card", "card_mute", "reader_gone"):
        session = Session(page=Page.CARD_TROUBLE, card=CardSight("", None, trouble=code))
        yield f"card_trouble_{code}", session, None, None, INSIDE
    for code in ("card_locked", "card_refused_us"):
        session = Session(page=Page.CARD_TROUBLE, card=known("ready", trouble=code))
        yield f"card_trouble_{code}", session, None, None, INSIDE
    session = Session(page=Page.CARD_TROUBLE, card=known("owed", trouble="card_locked"))
    yield "card_trouble_owed", session, None, None, INSIDE
    yield "take_card_left", Session(page=Page.TAKE_CARD), None, None, INSIDE


def _buying() -> Iterator[Sample]:
    at_means = Session(page=Page.MEANS, account=CLEAR, business="buy_power", card=known("ready"))
    yield "means_buy_power", at_means, None, None, INSIDE
    yield "means_buy_power_by_phone", at_means, None, None, replace(INSIDE, phone=True)
    session = replace(at_means, page=Page.CASH)
    yield "cash_buy_power_empty", session, power(), None, INSIDE
    yield "cash_buy_power", session, power(10000, 10000), None, INSIDE
    yield "cash_buy_power_part", session, power(1000, least_fen=5000), None, INSIDE
    paying = replace(at_means, page=Page.PAYING)
    yield "paying_buy_power", paying, power(10000, 10000, state=PaymentState.SENDING), None, INSIDE
    credit = Credit("000000000050", (), 20000, 0, 20000, 0, "2026-11-22T10:00:00Z", "2026-11-22")
    nothing = replace(power(10000, 10000, state=PaymentState.CREDITED), credit=credit)
    yield "done_no_power", replace(at_means, page=Page.DONE), nothing, None, INSIDE
    for word in ("card_gone", "power_refused"):
        yield plain(f"message_{word}", Page.MESSAGE, account=CLEAR, message=word)


def _writing() -> Iterator[Sample]:
    def page(name: str, shown: Page, state: PaymentState, *, inside: bool = True, **changes: Any) -> Sample:
        session = Session(page=shown, account=CLEAR, payment_id=PAYMENT_ID, card=known("ready"))
        return name, session, power(10000, 10000, state=state, **changes), None, INSIDE if inside else OFFERS

    yield page("writing_session", Page.WRITING, PaymentState.WRITING)
    name, session, written, claim, facts = page("writing_session_1", Page.WRITING, PaymentState.WRITING)
    yield name, replace(session, wait_level=1), written, claim, facts
    yield page("card_back_pulled", Page.CARD_BACK, PaymentState.UNDELIVERED, inside=False)
    yield page("card_back_unknown", Page.CARD_BACK, PaymentState.READING_BACK, inside=False)
    name, session, torn, claim, facts = page("card_back_other", Page.CARD_BACK, PaymentState.READING_BACK)
    yield name, replace(session, card=known("ready", trouble=CardCode.CHANGED)), torn, claim, facts
    for printed, name in ((None, "printing"), (True, "slip"), (False, "no_slip")):
        slips = (Slip("k" * 32, "owed", 0, printed),)
        yield page(f"owed_{name}", Page.OWED, PaymentState.OWED, slips=slips)
        worn = replace(DONE_WITH, reason=CardCode.WORN)
        yield page(f"owed_worn_{name}", Page.OWED, PaymentState.OWED, slips=slips, delivery=worn)
        doubtful = replace(DONE_WITH, outcome="unknown")
        yield page(f"owed_unknown_{name}", Page.OWED, PaymentState.OWED, slips=slips, delivery=doubtful)
        slips = (Slip("k" * 32, "paid", 0, printed),)
        yield page(f"done_bought_{name}", Page.DONE, PaymentState.PAID, slips=slips)
        yield page(f"done_bought_in_hand_{name}", Page.DONE, PaymentState.PAID, slips=slips, inside=False)
    slips = (Slip("k" * 32, "paid", 0, True),)
    yield page("done_rewritten", Page.DONE, PaymentState.PAID, business="rewrite", slips=slips)
    in_meter = Delivery(SOLD, "w" * 32, 1, "written", taken=True)
    done: dict[str, Any] = {"business": "rewrite", "slips": slips, "delivery": in_meter}
    yield page("done_in_meter", Page.DONE, PaymentState.PAID, **done)
    yield page("done_in_meter_in_hand", Page.DONE, PaymentState.PAID, inside=False, **done)


def power(*notes: int, delivery: Delivery | None = None, **changes: Any) -> Payment:
    """Return a payment for power on the sample card with these notes in the box."""
    sold = changes.get("state") in {
        PaymentState.UNDELIVERED,
        PaymentState.WRITING,
        PaymentState.READING_BACK,
        PaymentState.OWED,
        PaymentState.PAID,
    }
    made = payment(
        CLEAR,
        *notes,
        business=changes.pop("business", "buy_power"),
        quote=QuoteFacts("q" * 32, (), 0, 200000, "2026-11-22T10:00:00Z", changes.pop("least_fen", 1000)),
        **changes,
    )
    return replace(made, card=CARD, delivery=delivery or (DONE_WITH if sold else None))
