"""Decisions on paying without cash: which means, how much, and what the hub says to it before any money moves."""

from __future__ import annotations

from kiosk.core import bank_card, begun, box, phone, recharge
from kiosk.core.desk import Desk
from kiosk.core.inputs import QuoteSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, Refused, is_busy
from kiosk.payment.model import PaymentState, Tender
from kiosk.session.state import Page

MOST_DIGITS = 6
"""An amount is typed in whole yuan."""
FEN_A_YUAN = 100
AT_THE_BOX = frozenset({PaymentState.AUTHORISING_BOX, PaymentState.ASKING_BOX, PaymentState.VOIDING_BOX})
"""While a sale of the box is in doubt it is asked for nothing else."""


def works(desk: Desk, tender: Tender) -> bool:
    """Whether this means can be begun now."""
    busy = tender == "bank_card" and any(p.state in AT_THE_BOX for p in desk.books.payments.values())
    return tender in desk.facts.tenders and not desk.facts.tender_reason(tender) and not busy


def choose(desk: Desk, name: str) -> None:
    """Take the means and ask the hub what it would take by it."""
    session = desk.session
    tender: Tender = {"bank_card": "bank_card", "qr": "qr"}.get(name, "recharge_card")  # type: ignore[assignment]
    if session.account is None or desk.collecting is not None or not works(desk, tender):
        return
    desk.change(tender=tender, amount_fen=0, bank=None, quote=None, digits="", entry_error="")
    if tender == "recharge_card":
        recharge.begin(desk)
    else:
        begun.ask_quote(desk)


def on_quote(desk: Desk, said: QuoteSaid) -> None:
    """Go on to the amount, or straight to the means where what is due is the amount."""
    desk.asked = ""
    desk.stop("wait")
    match said.outcome:
        case Answer(body):
            _quoted(desk, body)
        case Refused(problem):
            refused = "power_refused" if desk.session.business == "buy_power" else "quote_refused"
            known = {"account_closed": "account_closed", "tender_off": "tender_off"}
            begun.message(desk, known.get(problem.code, refused))
        case outcome if is_busy(outcome):
            begun.message(desk, "busy")
        case _:
            begun.message(desk, "hub_gone")


def _quoted(desk: Desk, quote: wire.Quote) -> None:
    desk.change(quote=quote)
    if desk.session.business == "buy_power" and not desk.facts.card_in:
        begun.message(desk, "card_gone")
    elif desk.session.tender == "recharge_card":
        recharge.quoted(desk)
    elif quote.due_fen and desk.session.business == "arrears":
        pay(desk, quote.due_fen)
    else:
        desk.go(Page.AMOUNT, digits="", entry_error="")


def limits(quote: wire.Quote) -> tuple[int, int]:
    """The least and the most that may be paid, in whole yuan as fen."""
    least = max(quote.min_fen, FEN_A_YUAN)
    return -(-least // FEN_A_YUAN) * FEN_A_YUAN, quote.max_fen // FEN_A_YUAN * FEN_A_YUAN


def key(desk: Desk, digit: str) -> None:
    """Take one digit of the amount; it does not begin with 0."""
    digits = desk.session.digits
    fits = len(digit) == 1 and digit in "0123456789" and len(digits) < MOST_DIGITS
    if fits and (digits or digit != "0"):
        desk.change(digits=digits + digit, entry_error="")


def preset(desk: Desk, arg: str) -> None:
    """Take an amount that the page offers."""
    if arg.isascii() and arg.isdecimal():
        _take(desk, int(arg))


def confirm(desk: Desk, _arg: str) -> None:
    """Take the amount that was typed."""
    _take(desk, int(desk.session.digits or "0") * FEN_A_YUAN)


def _take(desk: Desk, amount_fen: int) -> None:
    quote = desk.session.quote
    if quote is None:
        return
    least, most = limits(quote)
    due = amount_fen == quote.due_fen > 0
    if amount_fen < least and not due:
        desk.change(entry_error="too_little")
    elif amount_fen > most and not due:
        desk.change(entry_error="too_much")
    else:
        pay(desk, amount_fen)


def pay(desk: Desk, amount_fen: int) -> None:
    """Begin to take so much by the means that was chosen."""
    tender = desk.session.tender
    if not works(desk, tender):
        begun.message(desk, "no_means")
        return
    desk.change(amount_fen=amount_fen)
    if tender == "qr":
        phone.begin(desk)
    elif desk.facts.eft is not None:
        box.begin(desk)
    else:
        bank_card.begin(desk)


def other_means(desk: Desk, _arg: str) -> None:
    """After a refusal: another means for the same bill, as long as there is one to pay."""
    if desk.session.account is None:
        desk.start_over()
    else:
        begun.back_to_means(desk)
