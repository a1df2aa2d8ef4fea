"""Decisions of the customer: which choice leads where, as a table; a pair that is missing does nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from kiosk.core import (
    bank_card,
    begun,
    card,
    choose,
    closing,
    deliver,
    find,
    handover,
    offline,
    phone,
    recharge,
    reference,
    reissue,
    tender,
)
from kiosk.core.desk import Desk
from kiosk.pages import BILLS_A_PAGE
from kiosk.payment import events as ev
from kiosk.payment.model import NEW_CARD, Payment
from kiosk.payment.table import TABLE
from kiosk.session.state import Page

Move = Callable[[Desk, str], None]
ENDS = frozenset(
    {
        Page.DONE,
        Page.OWED,
        Page.CHECKING,
        Page.CLAIM,
        Page.CANCELLED,
        Page.DECLINED,
        Page.REVERSED,
    }
)
"""Pages that end by their own timer, which waits while help lies over them."""


def _to(page: Page) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(page)

    return move


def _start(desk: Desk, _arg: str) -> None:
    desk.go(Page.HOME)
    if not desk.facts.hub_up:
        desk.after("status", 0.0)  # it may be back; the customer will know before the number is typed


def _finish(desk: Desk, _arg: str) -> None:
    if not handover.holds_page(desk):  # a card that is held out is taken first
        desk.start_over()


def _business(business: Literal["arrears", "prepay"]) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        desk.go(Page.ENTER_ACCOUNT, business=business, digits="", entry_error="", account=None)

    return move


def _tender(name: str) -> Move:
    def move(desk: Desk, _arg: str) -> None:
        tender.choose(desk, name)

    return move


def _correct(desk: Desk, _arg: str) -> None:
    if desk.session.business in NEW_CARD:
        reissue.ask_identity(desk)
    else:
        desk.go(Page.BILLS)


def _more_time(desk: Desk, _arg: str) -> None:
    if desk.session.under is not None:
        _return_to(desk, desk.session.under)


def _return_to(desk: Desk, page: Page) -> None:
    desk.go(page)
    if page in ENDS:
        desk.after("page", desk.config.screen.slip_s)


def leave(desk: Desk, by: str) -> None:
    """End this customer's visit: money that is in is paid in, else everything is forgotten."""
    payment: Payment | None = desk.shown
    desk.stop("question")
    if desk.session.under in ENDS and handover.holds_page(desk):
        _return_to(desk, desk.session.under)
    elif desk.session.under in ENDS:
        desk.start_over()
    elif payment is not None and ev.PayRequested in TABLE[payment.state]:
        closing.request_pay(desk, payment, by)
    elif payment is not None and ev.CancelRequested in TABLE[payment.state]:
        closing.request_cancel(desk, payment, by)
    elif payment is not None and payment.state in phone.OPENED:
        phone.close(desk, payment, by)
    elif payment is not None and payment.tender != "cash" and not payment.ended:
        desk.go(desk.session.under or Page.BOX)  # it is on its way; what comes of it decides
    elif payment is not None and not payment.ended:
        desk.go(Page.CASH)  # a note is on its way; its report decides
    else:
        desk.start_over()


def _leave(desk: Desk, _arg: str) -> None:
    leave(desk, "customer")


def _help(desk: Desk, _arg: str) -> None:
    here = desk.session.page
    if here in ENDS:
        desk.stop("page")
    desk.go(Page.HELP)
    desk.change(under=here)


def _close_help(desk: Desk, _arg: str) -> None:
    _return_to(desk, desk.session.under or Page.HOME)


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
    "key": find.key,
    "delete": find.delete,
    "clear": find.clear,
    "by_account": find.entry(Page.ENTER_ACCOUNT),
    "by_meter": find.entry(Page.ENTER_METER),
    "confirm": find.look_up,
    "back": _to(Page.HOME),
    "help": _help,
}
_END: Mapping[str, Move] = {"finish": _finish, "back": _finish, "help": _help}
MOVES: Mapping[Page, Mapping[str, Move]] = {
    Page.ATTRACT: {"start": _start, "help": _help},
    Page.HOME: {
        "pay_bill": _business("arrears"),
        "prepay": _business("prepay"),
        "meter_card": card.insert,
        "look_up_slip": reference.another,
        "back": _finish,
        "help": _help,
    },
    Page.INSERT_CARD: {"reissue": reissue.begin, "back": _to(Page.HOME), "help": _help},
    Page.READING_CARD: {"take_card": _finish},
    Page.CARD: {
        "buy_power": card.buy,
        "rewrite": card.rewrite,
        "insert_again": card.insert,
        "reissue": reissue.begin,
        "take_card": _finish,
        "finish": _finish,
        "help": _help,
    },
    Page.CARD_TROUBLE: {
        "insert_again": card.insert,
        "reissue": reissue.begin,
        "finish": _finish,
        "help": _help,
    },
    Page.IDENTITY: {
        "key": reissue.key,
        "delete": find.delete,
        "clear": find.clear,
        "by_phone": reissue.prove_by("phone"),
        "by_identity": reissue.prove_by("identity"),
        "confirm": reissue.confirm,
        "back": _to(Page.CONFIRM_ACCOUNT),
        "help": _help,
    },
    Page.CHECKING_IDENTITY: {"back": reissue.give_up_check},
    Page.IDENTITY_REFUSED: _END,
    Page.STAGING: {"back": reissue.give_up_staging},
    Page.NEW_CARD: {
        "confirm_reissue": reissue.pay,
        "make_card": reissue.make,
        "back": reissue.give_up_staging,
        "help": _help,
    },
    Page.CARD_BACK: {"write_later": deliver.later},
    Page.ENTER_ACCOUNT: _ENTRY,
    Page.ENTER_METER: _ENTRY,
    Page.ENTER_AGAIN: {
        "key": find.key,
        "delete": find.delete,
        "clear": find.clear,
        "confirm": find.compare,
        "back": find.back_to_first,
        "help": _help,
    },
    Page.PROVISIONAL: {"accept": offline.accept, "back": offline.back, "help": _help},
    Page.LOOKING_UP: {"back": find.give_up_look_up},
    Page.ENTER_REFERENCE: {
        "key": reference.key,
        "delete": find.delete,
        "clear": find.clear,
        "confirm": reference.confirm,
        "back": _to(Page.HOME),
        "help": _help,
    },
    Page.ASKING_REFERENCE: {"back": reference.give_up},
    Page.REFERENCE: {
        "correct": reference.correct,
        "another": reference.another,
        "finish": _finish,
        "help": _help,
    },
    Page.CONFIRM_ACCOUNT: {"correct": _correct, "wrong": find.wrong, "help": _help},
    Page.BILLS: {
        "pay_all": choose.choose_all,
        "pay_oldest": choose.choose_oldest,
        "pay_chosen": choose.choose_chosen,
        "toggle_month": choose.toggle,
        "bills_up": choose.page_bills(-BILLS_A_PAGE),
        "bills_down": choose.page_bills(BILLS_A_PAGE),
        "pay": choose.means("arrears"),
        "prepay": choose.means("prepay"),
        "back": _to(Page.CONFIRM_ACCOUNT),
        "help": _help,
    },
    Page.MEANS: {
        "cash": choose.cash,
        "bank_card": _tender("bank_card"),
        "qr": _tender("qr"),
        "recharge_card": _tender("recharge_card"),
        "back": choose.back_from_means,
        "help": _help,
    },
    Page.AMOUNT: {
        "key": tender.key,
        "delete": find.delete,
        "clear": find.clear,
        "preset": tender.preset,
        "confirm": tender.confirm,
        "back": begun.back_to_means,
        "help": _help,
    },
    Page.INSERT_BANK_CARD: {"back": begun.back_to_means, "help": _help},
    Page.PIN: {"cancel_pin": bank_card.cancel_pin},
    Page.BOX: {"help": _help},
    Page.PHONE: {"cancel_phone": phone.cancel, "help": _help},
    Page.RECHARGE: {
        "key": recharge.key,
        "delete": find.delete,
        "clear": find.clear,
        "confirm": recharge.confirm,
        "back": begun.back_to_means,
        "help": _help,
    },
    Page.DECLINED: {"other_means": tender.other_means, **_END},
    Page.REVERSED: _END,
    Page.PREPARING: {"back": choose.give_up_quote},
    Page.CASH: {"pay_now": choose.pay_now, "cancel": choose.cancel, "help": _help},
    Page.DONE: _END,
    Page.CHECKING: _END,
    Page.OWED: {**_END, "reissue": reissue.begin},
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
