"""The pages that lie over another: help, and the question whether more time is needed."""

from __future__ import annotations

from kiosk.page import PageKind
from kiosk.pages.cash import pay_label
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look, Press
from kiosk.pages.money import cash_panel
from kiosk.pages.reading import Amount
from kiosk.pages.start import contact
from kiosk.session.state import Page

HELP_TEXTS = {
    Page.HOME: "start",
    Page.ENTER_ACCOUNT: "account",
    Page.ENTER_METER: "meter",
    Page.ENTER_AGAIN: "again",
    Page.PROVISIONAL: "provisional",
    Page.CONFIRM_ACCOUNT: "confirm",
    Page.ENTER_REFERENCE: "reference",
    Page.REFERENCE: "slip",
    Page.INSERT_CARD: "card",
    Page.CARD: "card",
    Page.CARD_TROUBLE: "card",
    Page.BILLS: "bills",
    Page.MEANS: "means",
    Page.CASH: "cash",
    Page.AMOUNT: "amount",
    Page.INSERT_BANK_CARD: "bank_card",
    Page.BOX: "box",
    Page.PHONE: "phone",
    Page.RECHARGE: "recharge",
    Page.DECLINED: "declined",
    Page.REVERSED: "reversed",
    Page.ATTRACT: "attract",
    Page.DONE: "end",
    Page.OWED: "end",
    Page.CHECKING: "end",
    Page.CLAIM: "end",
    Page.CANCELLED: "end",
}

OF_MONEY_TAKEN = frozenset(
    {
        Page.DONE,
        Page.OWED,
        Page.CHECKING,
        Page.CLAIM,
        Page.CANCELLED,
        Page.DECLINED,
        Page.REVERSED,
        Page.BOX,
        Page.ENTER_REFERENCE,
        Page.REFERENCE,
    }
)
"""Pages of a payment that is made, or of a slip: whoever asks there must not hear that no money was taken."""


def help_(look: Look) -> Draft:
    """Say what the page below asks, how to see and hear better, and whom to call; the way is kept."""
    draft = Draft(look, Page.HELP, PageKind.QUESTION)
    under = look.session.under or Page.HOME
    draft.title = look.line("help.title")
    about = look.line(f"help.{HELP_TEXTS.get(under, 'other')}")
    draft.prompt = look.join(about, look.line("help.see_better"))
    draft.picture = "help"
    contact(draft)
    if look.payment and under is Page.CASH:
        draft.panel = cash_panel(look, look.payment)
    draft.main = Press("close_help", look.line("help.close"), icon="tick")
    return draft


def more_time(look: Look) -> Draft:
    """Ask before the time ends, and say what happens to money that is in if there is no answer."""
    draft = Draft(look, Page.MORE_TIME, PageKind.QUESTION)
    draft.title = look.line("more_time.title")
    draft.picture = "clock"
    draft.seconds_left = look.session.seconds_left
    draft.main = Press("more_time", look.line("more_time.yes"), icon="tick")
    payment = look.payment
    under = look.session.under
    if payment is None or under is not Page.CASH or not payment.inserted_fen:
        order = payment is not None and payment.tender == "qr" and not payment.ended
        end = "order_text" if order else "clear_text" if under in OF_MONEY_TAKEN else "end_text"
        draft.prompt = look.line(f"more_time.{end}")
        draft.back = Press("leave", look.line("more_time.end"), icon="cross")
        return draft
    draft.panel = cash_panel(look, payment)
    draft.prompt = look.line("more_time.pay_text", amount=Amount(payment.inserted_fen))
    draft.back = Press("leave", pay_label(look, payment), icon="next")
    return draft
