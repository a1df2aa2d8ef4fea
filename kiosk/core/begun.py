"""What all payments without cash have in common: the quote, the opening, and the ways back before any money moves."""

from __future__ import annotations

from typing import Any

from kiosk.core import card
from kiosk.core.desk import Desk
from kiosk.payment import effects as fx
from kiosk.payment.model import Payment
from kiosk.session.state import Page


def ask_quote(desk: Desk) -> None:
    """Have the hub say what it would take; until then nothing moves."""
    session = desk.session
    if session.account is None:
        return
    desk.asked = desk.ids()
    months = session.months if session.business == "arrears" else ()
    sight = session.card
    read_id = sight.read_id if sight is not None and session.business == "buy_power" else ""
    desk.do(
        fx.AskQuote(
            desk.asked,
            session.account.account_no,
            session.business,
            months,
            read_id,
            tender=session.tender,
        )
    )
    desk.go(Page.PREPARING)
    desk.after("wait", 2.0)


def opening(desk: Desk, amount_fen: int) -> dict[str, Any] | None:
    """What every opening says; none without paper, or where the power that is bought has lost its card."""
    session = desk.session
    account, quote = session.account, session.quote
    if account is None or quote is None:
        return None
    if not desk.facts.printer.usable:  # what becomes of the money must stand on paper
        message(desk, "no_means")
        return None
    buys = session.business == "buy_power"
    if buys and not desk.facts.card_in:
        message(desk, "card_gone")
        return None
    return {
        "key": desk.ids(),
        "kiosk_no": desk.books.kiosk_no + 1,
        "business": session.business,
        "account": card.account_facts(account),
        "quote": card.quote_facts(quote),
        "lang": session.modes.lang,
        "at": desk.now.stamp,
        "amount_fen": amount_fen,
        "business_date": (desk.business_date or desk.now.day).isoformat(),
        "card": card.facts(session.card) if buys else None,
    }


def back_to_means(desk: Desk, _arg: str = "") -> None:
    """Back to the means of payment, with nothing moved."""
    desk.asked = ""
    desk.stop("wait")
    desk.eject_bank_card()
    desk.go(Page.MEANS, bank=None, quote=None, payment_id="", digits="", entry_error="", captured="")


def message(desk: Desk, what: str) -> None:
    """Say that it cannot be done, and let a bank card go."""
    desk.asked = ""
    desk.stop("wait")
    desk.eject_bank_card()
    desk.go(Page.MESSAGE, message=what)


def shown(desk: Desk, payment: Payment) -> bool:
    """Whether its customer stands before it."""
    return desk.session.payment_id == payment.payment_id
