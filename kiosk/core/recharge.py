"""Decisions on recharge cards: the secret number, typed or scanned, and what the hub gives for it."""

from __future__ import annotations

from kiosk.core import begun, credit, refused, settle
from kiosk.core.desk import Desk
from kiosk.core.inputs import RedemptionSaid, SecretSealed
from kiosk.hubclient import tender_wire
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.numbers import recharge_error
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page


def begin(desk: Desk) -> None:
    """Ask for the number."""
    desk.go(Page.RECHARGE, digits="", entry_error="", payment_id="")


def key(desk: Desk, digit: str) -> None:
    """Take one digit, as long as there is room for it."""
    digits = desk.session.digits
    if len(digit) == 1 and digit in "0123456789" and len(digits) < desk.config.recharge.digits:
        desk.change(digits=digits + digit, entry_error="")


def scanned(desk: Desk, text: str) -> None:
    """Take the number that was scanned in place of what was typed."""
    desk.change(digits=text[: desk.config.recharge.digits], entry_error="")


def confirm(desk: Desk, _arg: str) -> None:
    """Check the number as far as the kiosk can, then have it sealed; from here on only the hub can read it."""
    number = desk.session.digits
    if recharge_error(number, desk.config.recharge.digits):
        desk.change(entry_error="wrong_number")
        return
    desk.asked = desk.ids()
    desk.do(fx.SealSecret(desk.asked, number))
    desk.go(Page.PREPARING, digits="")
    desk.after("wait", 2.0)


def on_sealed(desk: Desk, said: SecretSealed) -> None:
    """Ask for the quote that the card's value will be judged by."""
    if said.request != desk.asked or desk.session.page is not Page.PREPARING:
        return
    if not said.sealed:
        begun.message(desk, "hub_gone")
        return
    desk.change(sealed=said.sealed)
    begun.ask_quote(desk)


def quoted(desk: Desk) -> None:
    """Make the redemption durable and send it."""
    sealed = desk.session.sealed
    opening = begun.opening(desk, 0)
    if opening is None:
        return
    desk.change(sealed="", payment_id=opening["key"])
    desk.emit(ev.RechargeOpened(**opening, sealed=sealed))
    credit.send_credit(desk, desk.books.payments[opening["key"]])


def on_redemption(desk: Desk, said: RedemptionSaid) -> None:
    """Deal with the hub's word on one attempt."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or payment.state not in {PaymentState.SENDING, PaymentState.CHECKING}:
        return
    match said.outcome:
        case Answer(tender_wire.Redemption(status="redeemed") as spent):
            if not _approve(desk, payment, spent):
                credit.unanswered(desk, payment, said.attempt, sent=True, why=credit.OTHER_CONTENT)
        case Answer(tender_wire.Redemption(refusal=refusal)):
            _refused(desk, payment, refusal or "unknown")
        case Refused(problem) as no if not no.judges_call_only and payment.attempts == 1:
            # Where an earlier attempt may still be on its way this is no last word: it could spend the card yet.
            _refused(desk, payment, "wait" if problem.code == "too_many_tries" else "other", problem.code)
        case NotSent(reason, detail):
            credit.unanswered(desk, payment, said.attempt, sent=False, why=f"{reason}: {detail}")
        case Unknown(reason, detail):
            credit.unanswered(desk, payment, said.attempt, sent=True, why=f"{reason}: {detail}")
        case Refused(problem):
            credit.unanswered(desk, payment, said.attempt, sent=True, why=problem.code)


def _approve(desk: Desk, payment: Payment, spent: tender_wire.Redemption) -> bool:
    booked = spent.payment
    if booked is None or not spent.value_fen:
        return False
    facts = ev.TenderFacts(card=f"****{spent.card_end}" if spent.card_end else "")
    return credit.approve(desk, payment, booked, tendered_fen=spent.value_fen, facts=facts)


def _refused(desk: Desk, payment: Payment, refusal: str, code: str = "") -> None:
    """Nothing was spent: the customer may type again, or take another means."""
    seen = begun.shown(desk, payment) and payment.state is PaymentState.SENDING
    desk.emit(ev.SaleDeclined(key=payment.payment_id, family=refusal, code=code or refusal))
    desk.stop(f"credit:{payment.payment_id}")
    if not seen:
        settle.show_outcome(desk, payment.payment_id, Page.DECLINED, desk.config.screen.slip_s)
    elif refusal == "other":
        refused.show(desk, desk.books.payments[payment.payment_id], refusal)
    else:
        for name in ("wait", "checking"):
            desk.stop(name)
        begin(desk)
        desk.change(entry_error=refusal, tries=desk.session.tries + 1)
