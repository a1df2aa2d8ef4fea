"""What every page says, in both languages: a pure function of what the kiosk knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.page import PageModel
from kiosk.pages import (
    bank_card,
    bills,
    cash,
    end,
    find,
    meter_card,
    new_card,
    over,
    phone,
    recharge,
    reference,
    reissue,
    start,
    tender,
)
from kiosk.pages.bills import BILLS_A_PAGE
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look
from kiosk.payment.model import Claim, Payment
from kiosk.session.state import Facts, Page, Session

__all__ = ["BILLS_A_PAGE", "BUILDERS", "build"]


def _done(look: Look) -> Draft:
    payment = look.payment
    return end.done(look) if payment is None or payment.delivery is None else meter_card.bought(look, payment)


BUILDERS: Mapping[Page, Callable[[Look], Draft]] = {
    Page.ATTRACT: start.attract,
    Page.HOME: start.home,
    Page.ENTER_ACCOUNT: find.enter_account,
    Page.ENTER_METER: find.enter_meter,
    Page.ENTER_AGAIN: find.enter_again,
    Page.PROVISIONAL: find.provisional,
    Page.LOOKING_UP: find.looking_up,
    Page.CONFIRM_ACCOUNT: find.confirm_account,
    Page.ENTER_REFERENCE: reference.enter_reference,
    Page.ASKING_REFERENCE: reference.asking_reference,
    Page.REFERENCE: reference.reference,
    Page.INSERT_CARD: meter_card.insert,
    Page.READING_CARD: meter_card.reading,
    Page.CARD: meter_card.contents,
    Page.CARD_TROUBLE: meter_card.trouble,
    Page.WRITING: meter_card.writing,
    Page.CARD_BACK: meter_card.card_back,
    Page.TAKE_CARD: meter_card.taking,
    Page.IDENTITY: new_card.identity,
    Page.CHECKING_IDENTITY: new_card.checking_identity,
    Page.IDENTITY_REFUSED: reissue.identity_refused,
    Page.STAGING: new_card.staging,
    Page.NEW_CARD: new_card.check,
    Page.MAKING: new_card.making,
    Page.OWED: meter_card.owed,
    Page.BILLS: bills.bills,
    Page.MEANS: tender.means,
    Page.PREPARING: cash.preparing,
    Page.AMOUNT: tender.amount,
    Page.INSERT_BANK_CARD: bank_card.insert,
    Page.READING_BANK_CARD: bank_card.reading,
    Page.PIN: bank_card.pin,
    Page.AUTHORISING: bank_card.authorising,
    Page.BOX: bank_card.box,
    Page.ASKING_BOX: bank_card.asking_box,
    Page.PHONE: phone.phone,
    Page.CLOSING_ORDER: phone.closing_order,
    Page.RECHARGE: recharge.recharge,
    Page.DECLINED: tender.declined,
    Page.REVERSED: tender.reversed_,
    Page.TAKE_BANK_CARD: bank_card.taking,
    Page.CASH: cash.cash,
    Page.CLOSING: cash.closing,
    Page.PAYING: cash.paying,
    Page.DONE: _done,
    Page.CHECKING: end.checking,
    Page.CLAIM: end.claim,
    Page.CANCELLED: end.cancelled,
    Page.MESSAGE: end.message,
    Page.HELP: over.help_,
    Page.MORE_TIME: over.more_time,
    Page.CLOSED: start.closed,
    Page.SETTLING: start.settling,
}


def build(session: Session, payment: Payment | None, claim: Claim | None, facts: Facts) -> PageModel:
    """Return the page that the customer stands on, complete, in the session's language."""
    return BUILDERS[session.page](Look(session, payment, claim, facts)).model()
