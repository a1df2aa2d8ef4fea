"""Decisions on what to pay and how: months, means of payment, quote, and the opening of the payment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from kiosk.core import card, closing
from kiosk.core.desk import Desk
from kiosk.core.inputs import QuoteSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, Refused, is_busy
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.payment.table import TABLE
from kiosk.session.state import Choose, NoteNotice, Page

Move = Callable[[Desk, str], None]


def choose_all(desk: Desk, _arg: str) -> None:
    """Pay all months."""
    _choose(desk, "all", len(_bills(desk)))


def choose_oldest(desk: Desk, _arg: str) -> None:
    """Pay the oldest month."""
    _choose(desk, "oldest", 1)


def choose_chosen(desk: Desk, _arg: str) -> None:
    """Choose months one by one."""
    _choose(desk, "chosen", len(desk.session.months))


def toggle(desk: Desk, month: str) -> None:
    """Choose a run from the oldest month: a tick takes all older ones along, an untick lets all newer ones go."""
    months = [b.month for b in _bills(desk)]
    if month in months:
        place = months.index(month)
        _choose(desk, "chosen", max(place if month in desk.session.months else place + 1, 1))


def _choose(desk: Desk, choose: Choose, count: int) -> None:
    desk.change(choose=choose, months=tuple(b.month for b in _bills(desk)[:count]))


def _bills(desk: Desk) -> tuple[wire.Bill, ...]:
    return desk.session.account.bills if desk.session.account else ()


def page_bills(by: int) -> Move:
    """Turn the page of a long list."""

    def move(desk: Desk, _arg: str) -> None:
        first = desk.session.first_bill + by
        if 0 <= first < len(_bills(desk)):
            desk.change(first_bill=first)

    return move


def means(business: Literal["arrears", "prepay"]) -> Move:
    """Go on to the means of payment."""

    def move(desk: Desk, _arg: str) -> None:
        desk.go(Page.MEANS, business=business)

    return move


def back_from_means(desk: Desk, _arg: str) -> None:
    """Back to what is to be paid: the bills, or the card."""
    desk.go(Page.CARD if desk.session.business == "buy_power" else Page.BILLS)


def cash(desk: Desk, _arg: str) -> None:
    """Ask the hub for a quote, unless cash does not work now."""
    session = desk.session
    if session.account is None or not desk.facts.cash_works or desk.collecting is not None:
        return
    desk.change(tender="cash", amount_fen=0)
    if desk.facts.stands_in:
        _without_hub(desk)
        return
    desk.asked = desk.ids()
    months = session.months if session.business == "arrears" else ()
    desk.do(fx.AskQuote(desk.asked, session.account.account_no, session.business, months, _read_of(desk)))
    desk.go(Page.PREPARING)
    desk.after("wait", 2.0)


def on_quote(desk: Desk, said: QuoteSaid) -> None:
    """Open the payment: everything that it needs to end well has been seen to work."""
    if said.quote_id != desk.asked or desk.session.page is not Page.PREPARING:
        return
    desk.asked = ""
    desk.stop("wait")
    match said.outcome:
        case Answer(body):
            _open_payment(desk, body)
        case Refused(problem):
            refused = "power_refused" if desk.session.business == "buy_power" else "quote_refused"
            code = "account_closed" if problem.code == "account_closed" else refused
            _message(desk, code)
        case outcome if is_busy(outcome):
            _message(desk, "busy")
        case _ if desk.facts.offline_fen:
            _without_hub(desk)
        case _:
            _message(desk, "hub_gone")


def _without_hub(desk: Desk) -> None:
    """Only the hub can sell a purchase count: without it no power is sold on a card."""
    if desk.session.business == "buy_power":
        _message(desk, "hub_gone")
    else:
        desk.go(Page.PROVISIONAL)


def _read_of(desk: Desk) -> str:
    """The read by which the hub knows the card that the payment is for; none where it is for no card."""
    sight = desk.session.card
    return sight.read_id if sight is not None and desk.session.business == "buy_power" else ""


def _open_payment(desk: Desk, quote: wire.Quote) -> None:
    account = desk.session.account
    if account is None or not desk.facts.cash_works or desk.collecting is not None:
        _message(desk, "no_cash")
        return
    buys = desk.session.business == "buy_power"
    if buys and not desk.facts.card_in:
        _message(desk, "card_gone")
        return
    if not card.in_reach(desk, quote.min_fen, quote.max_fen):
        _message(desk, "power_refused")
        return
    payment_id = desk.ids()
    desk.emit(
        ev.PaymentOpened(
            key=payment_id,
            kiosk_no=desk.books.kiosk_no + 1,
            business=desk.session.business,
            account=card.account_facts(account),
            quote=card.quote_facts(quote),
            lang=desk.session.modes.lang,
            at=desk.now.stamp,
            card=card.facts(desk.session.card) if buys else None,
        )
    )
    desk.go(Page.CASH, payment_id=payment_id, note_notice=None)


def _message(desk: Desk, what: str) -> None:
    desk.go(Page.MESSAGE, message=what)


def give_up_quote(desk: Desk, _arg: str) -> None:
    """Back to the means of payment; a late answer is stale."""
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.MEANS)


def pay_now(desk: Desk, _arg: str) -> None:
    """Pay what has been put in."""
    payment = desk.shown
    if payment is not None and ev.PayRequested in TABLE[payment.state]:
        closing.request_pay(desk, payment, "customer")


def cancel(desk: Desk, _arg: str) -> None:
    """End the payment, as long as nothing is in."""
    payment = desk.shown
    if payment is None:
        return
    if payment.state is PaymentState.OPEN:
        closing.request_cancel(desk, payment, "customer")
    elif payment.inserted_fen:  # while the first note moves, the page says so, and no money is in yet
        desk.change(note_notice=NoteNotice("kept", payment.inserted_fen, "money_in"))
