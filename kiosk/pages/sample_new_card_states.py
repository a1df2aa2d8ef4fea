"""The sample pages of a customer who needs a new meter card, from the account to the card in the hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import structs

from drivers.meter_card.model import CardCode
from kiosk.hubclient.card_wire import PendingCard
from kiosk.hubclient.wire import Quote
from kiosk.pages.sample_accounts import BOX_FULL, CLEAR, FACTS, ONLINE, Sample
from kiosk.pages.sample_card_states import CARD, DONE_WITH, FINE, NUMBERS, PROFILE, SERIAL, known, power
from kiosk.pages.sample_payments import PAYMENT_ID, payment
from kiosk.payment.events import PurchaseFacts, QuoteFacts
from kiosk.payment.model import ALREADY_WRITTEN, Claim, Credit, Delivery, Payment, PaymentState, Slip
from kiosk.session.state import CardSight, Facts, Page, Session

NewBusiness = Literal["reissue", "open_card"]
MAKES = replace(FACTS, card_writer=FINE, dispenser=ONLINE, new_card=ONLINE)
FEE_FEN = 2000
AT = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
CARRIED = PurchaseFacts(PAYMENT_ID, "reissue", *NUMBERS, 8, 20000, SERIAL, PROFILE, FEE_FEN)
PENDING = PendingCard(
    purchase_id=PAYMENT_ID,
    kind="reissue",
    meter_no=NUMBERS[0],
    customer_no=NUMBERS[1],
    count=8,
    amount_fen=20000,
    profile=PROFILE,
    paid_at=AT,
    reference="3F9A-C27B-6A",
)


def new_cards() -> Iterator[Sample]:
    """Yield the states of a customer whose card is lost, worn out, or not there yet."""
    yield from _before()
    yield from _paying()
    yield from _made()


def quote(business: NewBusiness = "reissue") -> Quote:
    """Return what the hub asks for a new card, or for a first one."""
    fee = FEE_FEN if business == "reissue" else 0
    return Quote(
        id="q" * 32,
        account_no=CLEAR.account_no,
        business=business,
        months=(),
        due_fen=fee,
        max_fen=200000,
        expires_at=AT,
        as_of=AT,
        min_fen=fee or 1000,
        fee_fen=fee,
    )


def _before() -> Iterator[Sample]:
    damaged = Session(page=Page.CARD, account=CLEAR, card=known("damaged"))
    yield "card_damaged_replaced", damaged, None, None, MAKES
    worn = Session(page=Page.CARD_TROUBLE, card=CardSight("", None, trouble="card_worn"))
    yield "card_trouble_replaced", worn, None, None, MAKES
    unwritten = power(
        10000, 10000, state=PaymentState.OWED, delivery=replace(DONE_WITH, reason=CardCode.WORN)
    )
    yield "owed_replaced", Session(page=Page.OWED, payment_id=PAYMENT_ID), unwritten, None, MAKES
    asks = Session(account=CLEAR, business="reissue")
    yield "insert_card_or_lost", Session(page=Page.INSERT_CARD), None, None, MAKES
    at_identity = replace(asks, page=Page.IDENTITY)
    yield "identity_session", at_identity, None, None, MAKES
    yield "identity_session_full", replace(at_identity, digits="15400000083"), None, None, MAKES
    by_number = replace(at_identity, proof="identity", digits="123")
    yield "identity_session_number", by_number, None, None, MAKES
    wrong = replace(at_identity, entry_error="not_matched", tries_left=4)
    yield "identity_session_wrong", wrong, None, None, MAKES
    for level in range(3):
        checks = replace(asks, page=Page.CHECKING_IDENTITY, wait_level=level)
        yield f"checking_identity_session_{level}", checks, None, None, MAKES
        stages = replace(asks, page=Page.STAGING, wait_level=level)
        yield f"staging_card_session_{level}", stages, None, None, MAKES
    yield "identity_refused_session", Session(page=Page.IDENTITY_REFUSED), None, None, MAKES
    at_price = replace(asks, page=Page.NEW_CARD, quote=quote())
    yield "new_card_session", at_price, None, None, MAKES
    yield "new_card_session_no_cash", at_price, None, None, BOX_FULL
    first = replace(at_price, business="open_card", quote=quote("open_card"))
    yield "new_card_session_first", first, None, None, MAKES
    for kind in ("reissue", "open"):
        owed = structs.replace(PENDING, kind=kind, count=1 if kind == "open" else 8)
        yield f"card_paid_before_{kind}", replace(asks, page=Page.NEW_CARD, pending=owed), None, None, MAKES
    for word in ("no_new_card", "card_owed", "no_card_meter"):
        yield f"message_{word}", Session(page=Page.MESSAGE, message=word), None, None, MAKES


def _paying() -> Iterator[Sample]:
    def page(name: str, shown: Page, business: NewBusiness, *notes: int, **changes: Any) -> Sample:
        session = Session(page=shown, account=CLEAR, business=business, payment_id=PAYMENT_ID)
        return name, session, bought(business, *notes, **changes), None, MAKES

    yield page("cash_reissue_empty", Page.CASH, "reissue")
    yield page("cash_reissue_part", Page.CASH, "reissue", 1000)
    yield page("cash_reissue", Page.CASH, "reissue", 2000)
    yield page("cash_reissue_more", Page.CASH, "reissue", 5000)
    yield page("cash_open_card", Page.CASH, "open_card", 10000)
    little = Credit("000000000051", (), 1000, 0, 1000, 0, "2026-11-22T10:00:00Z", "2026-11-22")
    yield page("done_no_card", Page.DONE, "reissue", 1000, state=PaymentState.CREDITED, credit=little)
    yield page("paying_reissue", Page.PAYING, "reissue", 2000, state=PaymentState.SENDING)


def _made() -> Iterator[Sample]:
    def page(name: str, shown: Page, state: PaymentState, outcome: str = "", **changes: Any) -> Sample:
        session = Session(page=shown, account=CLEAR, payment_id=PAYMENT_ID)
        made = bought("reissue", 2000, state=state, **changes)
        return name, session, replace(made, delivery=Delivery(CARRIED, "w" * 32, 1, outcome)), None, MAKES

    yield page("making_card_session", Page.MAKING, PaymentState.WRITING)
    yield _free(*page("making_card_free", Page.MAKING, PaymentState.WRITING))
    out = {"slips": (Slip("k" * 32, "paid", 0, True),), "hand_over": "offered"}
    yield _free(*page("collect_card_free", Page.DONE, PaymentState.PAID, "written", **out))
    for printed, name in ((None, "printing"), (True, "slip"), (False, "no_slip")):
        slips = (Slip("k" * 32, "paid", 0, printed),)
        offered = {"slips": slips, "hand_over": "offered"}
        yield page(f"collect_card_{name}", Page.DONE, PaymentState.PAID, "written", **offered)
    taken = {"slips": (Slip("k" * 32, "paid", 0, True),), "hand_over": "taken"}
    yield page("collect_card_taken", Page.DONE, PaymentState.PAID, "written", **taken)
    owed = {"slips": (Slip("k" * 32, "owed", 0, True),), "hand_over": "kept"}
    yield page("new_card_failed_session", Page.OWED, PaymentState.OWED, "failed", **owed)
    yield _free(*page("new_card_failed_again", Page.OWED, PaymentState.OWED, "failed", **owed))
    yield _elsewhere(*page("new_card_elsewhere", Page.OWED, PaymentState.OWED, "failed", **owed))


def _free(name: str, session: Session, made: Payment | None, claim: Claim | None, facts: Facts) -> Sample:
    """The same for a card that was paid for another day."""
    if made is None or made.delivery is None:
        return name, session, made, claim, facts
    good = structs.replace(made.delivery.purchase, fee_fen=0)
    free = replace(made, business="rewrite", notes=(), delivery=replace(made.delivery, purchase=good))
    return name, session, free, claim, facts


def _elsewhere(
    name: str, session: Session, made: Payment | None, claim: Claim | None, facts: Facts
) -> Sample:
    """The same for a card that another kiosk has made meanwhile."""
    if made is None or made.delivery is None:
        return name, session, made, claim, facts
    told = replace(made.delivery, reason=ALREADY_WRITTEN)
    return name, session, replace(made, delivery=told), claim, facts


def bought(business: NewBusiness, *notes: int, **changes: Any) -> Payment:
    """Return a payment for a new card with these notes in the box."""
    asked = quote(business)
    facts = QuoteFacts(asked.id, (), asked.due_fen, asked.max_fen, "2026-11-22T10:00:00Z", asked.min_fen)
    hand_over = changes.pop("hand_over", "")
    made = payment(CLEAR, *notes, business=business, quote=facts, **changes)
    return replace(
        made, card=structs.replace(CARD, meter_no="", customer_no="", count=0), hand_over=hand_over
    )
