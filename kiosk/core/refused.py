"""Decisions when nothing was taken: what the customer is told, and what becomes of the bank card."""

from __future__ import annotations

from kiosk.core import settle
from kiosk.core.desk import Desk
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Payment
from kiosk.session.state import Page


def decline(desk: Desk, payment: Payment, family: str, code: str) -> None:
    """Nothing was taken. `family` is the word for the customer, `code` what the other side said."""
    desk.emit(ev.SaleDeclined(key=payment.payment_id, family=family, code=code[:40]))
    show(desk, payment, family)


def show(desk: Desk, payment: Payment, family: str) -> None:
    """Tell the customer, who may choose another means; a card that its bank wants is kept."""
    if desk.session.payment_id != payment.payment_id:
        return
    bank = desk.session.bank is not None and desk.facts.bank_reader is not None
    if bank and family == "capture" and desk.config.bank_card.port:
        desk.do(fx.CaptureBankCard("bank"))
        desk.change(captured="bank")
        print_captured(desk, desk.books.payments[payment.payment_id])
    else:
        desk.eject_bank_card()
    settle.show_outcome(desk, payment.payment_id, Page.DECLINED, desk.config.screen.slip_s)


def print_captured(desk: Desk, payment: Payment) -> None:
    """A slip says which card was kept, and where to ask for it."""
    settle.print_slip(desk, payment.payment_id, "captured")
