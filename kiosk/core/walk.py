"""Decisions of the customer: which choice leads where, as a table; a pair that is missing does nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from kiosk.core import cash
from kiosk.core.desk import Desk
from kiosk.core.inputs import AccountSaid, QuoteSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, Refused
from kiosk.numbers import account_error, meter_error
from kiosk.pages import BILLS_A_PAGE
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.payment.table import TABLE
from kiosk.session.state import Choose, NoteNotice, Page

Move = Callable[[Desk, str], None]
ENTRY = (Page.ENTER_ACCOUNT, Page.ENTER_METER)


def _to(page: Page) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(page)

    return move


def _start(desk: Desk, _arg: str) -> None:
    desk.go(Page.HOME)


def _finish(desk: Desk, _arg: str) -> None:
    desk.start_over()


def _business(business: Literal["arrears", "prepay"]) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(Page.ENTER_ACCOUNT, business=business, digits="", entry_error="", account=None)

    return move


def _entry(page: Page) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(page, digits="", entry_error="")

    return move


def _key(desk: Desk, digit: str) -> None:
    longest = max(desk.facts.account_lengths)
    if desk.session.page is Page.ENTER_METER:
        longest = desk.facts.meter_length
    if len(digit) == 1 and digit in "0123456789" and len(desk.session.digits) < longest:
        desk.change(digits=desk.session.digits + digit, entry_error="")


def _delete(desk: Desk, _arg: str) -> None:
    desk.change(digits=desk.session.digits[:-1], entry_error="")


def _clear(desk: Desk, _arg: str) -> None:
    desk.change(digits="", entry_error="")


def _look_up(desk: Desk, _arg: str) -> None:
    session = desk.session
    meter = session.page is Page.ENTER_METER
    error = (
        meter_error(session.digits, desk.facts.meter_length)
        if meter
        else account_error(session.digits, desk.facts.account_lengths)
    )
    if error:
        desk.change(entry_error=error)
        return
    desk.asked = desk.ids()
    desk.do(fx.LookUp(desk.asked, "meter" if meter else "account", session.digits))
    desk.go(Page.LOOKING_UP)
    desk.session = replace(desk.session, under=session.page)
    desk.after("wait", 2.0)


def on_account(desk: Desk, said: AccountSaid) -> None:
    """Show whose account it is, or say on the keypad page what was wrong with the number."""
    if said.request != desk.asked or desk.session.page is not Page.LOOKING_UP:
        return
    desk.asked = ""
    desk.stop("wait")
    match said.outcome:
        case Answer(body):
            if body.state == "closed":
                _back_to_entry(desk, "account_closed")
            else:
                desk.go(Page.CONFIRM_ACCOUNT, account=body)
                _choose_all(desk, "")
        case Refused(problem) if problem.code in {"unknown_account", "unknown_meter", "wrong_check_digit"}:
            _back_to_entry(desk, problem.code)
        case Refused(problem) if problem.code == "hub_busy":
            _back_to_entry(desk, "hub_busy")
        case _:
            _back_to_entry(desk, "hub_gone")


def _back_to_entry(desk: Desk, error: str) -> None:
    desk.go(desk.session.under or Page.ENTER_ACCOUNT, entry_error=error)


def _give_up_look_up(desk: Desk, _arg: str) -> None:
    desk.asked = ""
    desk.stop("wait")
    _back_to_entry(desk, "")


def _wrong(desk: Desk, _arg: str) -> None:
    desk.go(Page.ENTER_ACCOUNT, digits="", account=None)


def _choose_all(desk: Desk, _arg: str) -> None:
    _choose(desk, "all", len(_bills(desk)))


def _choose_oldest(desk: Desk, _arg: str) -> None:
    _choose(desk, "oldest", 1)


def _choose_chosen(desk: Desk, _arg: str) -> None:
    _choose(desk, "chosen", len(desk.session.months))


def _toggle(desk: Desk, month: str) -> None:
    """Choose a run from the oldest month: a tick takes all older ones along, an untick lets all newer ones go."""
    months = [b.month for b in _bills(desk)]
    if month in months:
        place = months.index(month)
        _choose(desk, "chosen", max(place if month in desk.session.months else place + 1, 1))


def _choose(desk: Desk, choose: Choose, count: int) -> None:
    desk.change(choose=choose, months=tuple(b.month for b in _bills(desk)[:count]))


def _bills(desk: Desk) -> tuple[wire.Bill, ...]:
    return desk.session.account.bills if desk.session.account else ()


def _page_bills(by: int) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        first = desk.session.first_bill + by
        if 0 <= first < len(_bills(desk)):
            desk.change(first_bill=first)

    return move


def _means(business: Literal["arrears", "prepay"]) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(Page.MEANS, business=business)

    return move


def _cash(desk: Desk, _arg: str) -> None:
    session = desk.session
    if session.account is None or not desk.facts.cash_works or desk.collecting is not None:
        return
    desk.asked = desk.ids()
    months = () if session.business == "prepay" else session.months
    desk.do(fx.AskQuote(desk.asked, session.account.account_no, session.business, months))
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
            code = "account_closed" if problem.code == "account_closed" else "quote_refused"
            _message(desk, "busy" if problem.code == "hub_busy" else code)
        case _:
            _message(desk, "hub_gone")


def _open_payment(desk: Desk, quote: wire.Quote) -> None:
    account = desk.session.account
    if account is None or not (desk.facts.acceptor.usable and desk.facts.printer.usable):
        _message(desk, "no_cash")
        return
    payment_id = desk.ids()
    desk.emit(
        ev.PaymentOpened(
            key=payment_id,
            kiosk_no=desk.books.kiosk_no + 1,
            business=desk.session.business,
            account=ev.AccountFacts(
                account.account_no, account.name_masked, account.address_masked, account.supply_unit
            ),
            quote=ev.QuoteFacts(
                quote.id, quote.months, quote.due_fen, quote.max_fen, quote.expires_at.isoformat()
            ),
            lang=desk.session.modes.lang,
            at=desk.now.stamp,
        )
    )
    desk.go(Page.CASH, payment_id=payment_id, note_notice=None)


def _message(desk: Desk, what: str) -> None:
    desk.go(Page.MESSAGE, message=what)


def _give_up_quote(desk: Desk, _arg: str) -> None:
    desk.asked = ""
    desk.stop("wait")
    desk.go(Page.MEANS)


def _pay_now(desk: Desk, _arg: str) -> None:
    payment = desk.shown
    if payment is not None and ev.PayRequested in TABLE[payment.state]:
        cash.request_pay(desk, payment, "customer")


def _cancel(desk: Desk, _arg: str) -> None:
    payment = desk.shown
    if payment is None:
        return
    if payment.state is PaymentState.OPEN:
        cash.request_cancel(desk, payment, "customer")
    else:
        desk.change(note_notice=NoteNotice("kept", payment.inserted_fen, "money_in"))


def _more_time(desk: Desk, _arg: str) -> None:
    if desk.session.under is not None:
        desk.go(desk.session.under)


def leave(desk: Desk, by: str) -> None:
    """End this customer's visit: money that is in is paid in, else everything is forgotten."""
    payment: Payment | None = desk.shown
    desk.stop("question")
    if payment is not None and ev.PayRequested in TABLE[payment.state]:
        cash.request_pay(desk, payment, by)
    elif payment is not None and ev.CancelRequested in TABLE[payment.state]:
        cash.request_cancel(desk, payment, by)
    elif payment is not None and not payment.ended:
        desk.go(Page.CASH)  # a note is on its way; its report decides
    else:
        desk.start_over()


def _leave(desk: Desk, _arg: str) -> None:
    leave(desk, "customer")


def _help(desk: Desk, _arg: str) -> None:
    here = desk.session.page
    desk.go(Page.HELP)
    desk.change(under=here)


def _close_help(desk: Desk, _arg: str) -> None:
    desk.go(desk.session.under or Page.HOME)


def _language(desk: Desk, arg: str) -> None:
    other = "en" if desk.session.modes.lang == "zh" else "zh"
    desk.change(modes=replace(desk.session.modes, lang=arg if arg in {"zh", "en"} else other))


def _large(desk: Desk, _arg: str) -> None:
    desk.change(modes=replace(desk.session.modes, large=not desk.session.modes.large))


def _contrast(desk: Desk, _arg: str) -> None:
    theme: Literal["normal", "contrast"] = "contrast" if desk.session.modes.theme == "normal" else "normal"
    desk.change(modes=replace(desk.session.modes, theme=theme))


def _low(desk: Desk, _arg: str) -> None:
    desk.change(modes=replace(desk.session.modes, low=not desk.session.modes.low))


EVERYWHERE: Mapping[str, Move] = {
    "language": _language,
    "large": _large,
    "contrast": _contrast,
    "low": _low,
}
_ENTRY: Mapping[str, Move] = {
    "key": _key,
    "delete": _delete,
    "clear": _clear,
    "by_account": _entry(Page.ENTER_ACCOUNT),
    "by_meter": _entry(Page.ENTER_METER),
    "confirm": _look_up,
    "back": _to(Page.HOME),
    "help": _help,
}
_END: Mapping[str, Move] = {"finish": _finish, "back": _finish}
MOVES: Mapping[Page, Mapping[str, Move]] = {
    Page.ATTRACT: {"start": _start},
    Page.HOME: {
        "pay_bill": _business("arrears"),
        "prepay": _business("prepay"),
        "back": _finish,
        "help": _help,
    },
    Page.ENTER_ACCOUNT: _ENTRY,
    Page.ENTER_METER: _ENTRY,
    Page.LOOKING_UP: {"back": _give_up_look_up},
    Page.CONFIRM_ACCOUNT: {"correct": _to(Page.BILLS), "wrong": _wrong, "help": _help},
    Page.BILLS: {
        "pay_all": _choose_all,
        "pay_oldest": _choose_oldest,
        "pay_chosen": _choose_chosen,
        "toggle_month": _toggle,
        "bills_up": _page_bills(-BILLS_A_PAGE),
        "bills_down": _page_bills(BILLS_A_PAGE),
        "pay": _means("arrears"),
        "prepay": _means("prepay"),
        "back": _to(Page.CONFIRM_ACCOUNT),
        "help": _help,
    },
    Page.MEANS: {"cash": _cash, "back": _to(Page.BILLS), "help": _help},
    Page.PREPARING: {"back": _give_up_quote},
    Page.CASH: {"pay_now": _pay_now, "cancel": _cancel, "help": _help},
    Page.DONE: _END,
    Page.CHECKING: _END,
    Page.CLAIM: _END,
    Page.CANCELLED: _END,
    Page.MESSAGE: _END,
    Page.HELP: {"close_help": _close_help, "back": _close_help},
    Page.MORE_TIME: {"more_time": _more_time, "leave": _leave},
}


def on_intent(desk: Desk, name: str, arg: str) -> bool:
    """Follow the choice; False if this page does not have it (a stale press)."""
    move = MOVES.get(desk.session.page, {}).get(name) or EVERYWHERE.get(name)
    if move is None:
        return False
    move(desk, arg)
    return True
