"""Decisions on asking the hub for the credit: sent, answered, repeated, promised, claimed."""

from __future__ import annotations

import msgspec

from kiosk.core import deliver, settle, void
from kiosk.core.desk import Desk
from kiosk.core.inputs import CreditSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.numbers import reference
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page

OTHER_CONTENT = "the answer is for other content"
KINDS = {"buy_power": "purchase", "reissue": "reissue", "open_card": "open"}
"""What the hub calls the good of each kind of business."""


def send_credit(desk: Desk, payment: Payment) -> None:
    """Make the next attempt durable and send it; every attempt has the content of the first."""
    day = desk.business_date or desk.now.day
    desk.emit(
        ev.CreditSending(
            key=payment.payment_id,
            attempt=payment.attempts + 1,
            amount_fen=payment.inserted_fen,
            taken_at=payment.taken_at or desk.now.stamp,
            business_date=payment.business_date or day.isoformat(),
        )
    )
    desk.stop(f"credit:{payment.payment_id}")
    if payment.attempts == 0 and desk.session.payment_id == payment.payment_id:
        wait_for_credit(desk)
        if payment.provisional and not desk.facts.hub_up:
            promise_check(desk)  # nobody is there to wait for


def wait_for_credit(desk: Desk) -> None:
    """Show the customer that the payment is on its way, for as long as may be asked of anyone."""
    desk.go(Page.PAYING)
    desk.after("wait", 2.0)
    desk.after("checking", desk.config.hub.checking_after_s)


def on_credit(desk: Desk, said: CreditSaid) -> None:
    """Deal with the hub's word on one attempt."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or payment.state not in {PaymentState.SENDING, PaymentState.CHECKING}:
        return  # a late word on what is settled already; the hub's books hold it
    match said.outcome:
        case Answer(body, replayed):
            if not approve(desk, payment, body, replayed=replayed):
                unanswered(desk, payment, payment.attempts, sent=True, why=OTHER_CONTENT)
        case Refused() as refused if not refused.judges_call_only and payment.by_box:
            void.ask(desk, payment, refused.problem.code)
        case Refused() as refused if not refused.judges_call_only:
            claim_payment(desk, payment, "declined", refused.problem.code)
        case NotSent(reason, detail):
            unanswered(desk, payment, said.attempt, sent=False, why=f"{reason}: {detail}")
        case Unknown(reason, detail):
            unanswered(desk, payment, said.attempt, sent=True, why=f"{reason}: {detail}")
        case Refused(problem):
            unanswered(desk, payment, said.attempt, sent=True, why=problem.code)


def approve(
    desk: Desk,
    payment: Payment,
    body: wire.Payment,
    *,
    replayed: bool = False,
    tendered_fen: int = 0,
    facts: ev.TenderFacts | None = None,
) -> bool:
    """Take the hub's word that the money is booked; False where its answer is for other content than the payment's.

    `tendered_fen` is what was taken by other means than cash, where the same word tells of it.
    """
    asked = (tendered_fen or payment.inserted_fen, payment.account.account_no)
    if (body.amount_fen, body.account_no) != asked or not _fits(payment, body, asked[0]):
        return False
    booked = ev.CreditApproved(
        key=payment.payment_id,
        hub_no=body.hub_no,
        allocations=tuple(ev.Allocation(a.month, a.late_fee_fen, a.principal_fen) for a in body.allocations),
        to_balance_fen=body.to_balance_fen,
        balance_before_fen=body.balance_before_fen,
        balance_after_fen=body.balance_after_fen,
        arrears_after_fen=body.arrears_after_fen,
        credited_at=body.credited_at.isoformat(),
        business_date=body.business_date.isoformat(),
        replayed=replayed,
        tendered_fen=tendered_fen,
        facts=facts,
    )
    desk.emit(booked if body.purchase is None else _sold(payment, booked, body, body.purchase))
    desk.stop(f"credit:{payment.payment_id}")
    _go_on(desk, payment)
    return True


def _fits(payment: Payment, body: wire.Payment, money_fen: int) -> bool:
    """Whether what was sold is the payment's own, for its own card and of its own money.

    Where nothing was sold, the money is in the balance. A reissue carries what was paid before.
    """
    sold, card = body.purchase, payment.card
    if sold is None:
        return True
    if card is None or (sold.id, sold.kind) != (payment.payment_id, KINDS.get(payment.business)):
        return False
    of_this_money = body.fee_fen + (0 if sold.kind == "reissue" else sold.amount_fen)
    if of_this_money > money_fen:
        return False
    if payment.new_card:  # it has no numbers yet
        return sold.card_tail in {None, card.serial[-4:]}
    of_this_card = sold.card_tail, sold.meter_no, sold.customer_no, sold.count
    own = card.serial[-4:], card.meter_no, card.customer_no, card.count + 1
    return of_this_card == own and sold.amount_fen > 0


def _sold(
    payment: Payment, booked: ev.CreditApproved, body: wire.Payment, sold: wire.Purchase
) -> ev.GoodApproved:
    purchase = ev.PurchaseFacts(
        purchase_id=sold.id,
        good=sold.kind,
        meter_no=sold.meter_no,
        customer_no=sold.customer_no,
        count=sold.count,
        amount_fen=sold.amount_fen,
        card_serial=payment.card.serial if payment.card is not None else "",
        profile=sold.profile,
        fee_fen=body.fee_fen,
        old_card_end=sold.old_card_tail,
    )
    return ev.GoodApproved(**msgspec.structs.asdict(booked), purchase=purchase)


def _go_on(desk: Desk, before: Payment) -> None:
    """After the booking: the card, an order for it, or the receipt."""
    # Help may be open over the page.
    seen = {desk.session.page, desk.session.under}
    still_there = desk.session.payment_id == before.payment_id and Page.CHECKING in seen
    desk.eject_bank_card()
    payment = desk.books.payments[before.payment_id]
    if payment.state is PaymentState.UNDELIVERED:
        for name in ("wait", "checking", "idle", "question"):
            desk.stop(name)
        deliver.begin(desk, payment)
        return
    if payment.state is PaymentState.OWED:
        # Who leaves an order that was paid all the same has no slip of it yet.
        if still_there or before.state is PaymentState.CLOSING_ORDER:
            deliver.owe(desk, payment)
        return
    if payment.state is PaymentState.CREDITED or still_there:
        settle.print_slip(desk, payment.payment_id, "paid")
    settle.show_outcome(desk, payment.payment_id, Page.DONE, desk.config.screen.done_s)


def unanswered(desk: Desk, payment: Payment, attempt: int, *, sent: bool, why: str) -> None:
    """Note that an attempt ended without a usable answer, and when the next one is due."""
    desk.emit(ev.CreditUnknown(key=payment.payment_id, attempt=attempt, sent=sent, reason=why[:200]))
    if payment.attempts >= desk.config.hub.claim_after_attempts:
        claim_payment(desk, payment, "unanswered", why)
    else:
        desk.after(f"credit:{payment.payment_id}", settle.pause(desk, payment.payment_id, payment.attempts))


def promise_check(desk: Desk) -> None:
    """The customer has waited long enough: a slip says that the outcome is being checked, and they may go."""
    payment = desk.shown
    if payment is None or payment.state is not PaymentState.SENDING:
        return
    key = payment.payment_id
    desk.emit(ev.CheckingPromised(key=key, reference=reference(key)))
    settle.print_slip(desk, key, "provisional" if payment.provisional else "checking")
    settle.show_outcome(desk, key, Page.CHECKING, desk.config.screen.slip_s)


def claim_payment(desk: Desk, payment: Payment, reason: str, why: str, memo_fen: int = 0) -> None:
    """Nobody can book all of the payment's money, or tell whether it is there: a person decides."""
    gone = desk.session.payment_id != payment.payment_id
    # Whoever left with a slip has the reference; another slip would fall into the next customer's hands.
    slip = not (gone and any(s.printed for s in payment.slips))
    claim_id = settle.open_claim(
        desk,
        reason=reason,
        payment=payment,
        amount_fen=payment.inserted_fen,
        memo_fen=memo_fen,
        slip=slip,
    )
    desk.emit(ev.Claimed(key=payment.payment_id, claim_id=claim_id, reason=why[:200]))
    desk.stop(f"credit:{payment.payment_id}")
    settle.show_outcome(desk, payment.payment_id, Page.CLAIM, desk.config.screen.slip_s)
