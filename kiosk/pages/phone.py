"""The pages of a payment by phone: a code for it to scan with the time that is left, and the order being closed."""

from __future__ import annotations

from datetime import datetime

from kiosk.page import Code, PageKind
from kiosk.pages.draft import Draft
from kiosk.pages.look import Look, Press
from kiosk.pages.money import asked_panel
from kiosk.payment.model import Payment
from kiosk.session.state import Page


def phone(look: Look) -> Draft:
    """Show the code, or ask to confirm on the phone whose own code was read."""
    draft = Draft(look, Page.PHONE, PageKind.CODE, step=2)
    payment = look.payment
    draft.panel = asked_panel(look)
    draft.back = Press("cancel_phone", look.line("phone.cancel"), icon="back")
    if payment is not None and payment.scanned:
        draft.title, draft.prompt = look.line("phone.confirm"), look.line("phone.confirm_prompt")
        draft.code = Code("", look.line("phone.picture_scanned").shown, look.line("phone.only_scan").shown)
        return draft
    if payment is None or not payment.code:
        draft.title, draft.prompt = look.line("phone.getting"), look.line("phone.getting_prompt")
        return draft
    wallet = _wallet(look, payment)
    draft.title = look.line("phone.title_wallet", wallet=wallet) if wallet else look.line("phone.title")
    draft.prompt = look.line("phone.prompt")
    scanner = look.facts.scanner
    hint = "scanner" if scanner is not None and scanner.usable else "only_scan"
    draft.code = Code(
        payment.code,
        look.line("phone.picture").shown,
        look.line(f"phone.{hint}").shown,
        look.line("phone.left").shown,
        _lasts_s(payment),
    )
    draft.seconds_left = look.session.phone_left
    return draft


def _wallet(look: Look, payment: Payment) -> str:
    if payment.facts is None:
        return ""
    return payment.facts.title_zh if look.words.lang == "zh" else payment.facts.title_en


def _lasts_s(payment: Payment) -> int:
    """For how long the code stands in all, in seconds; 0 where it is not said."""
    try:
        ends, began = (datetime.fromisoformat(at) for at in (payment.expires_at, payment.opened_at))
        return max(int((ends - began).total_seconds()), 0)
    except (ValueError, TypeError):
        return 0


def closing_order(look: Look) -> Draft:
    """Wait until it is known whether the order was paid before it was closed."""
    draft = Draft(look, Page.CLOSING_ORDER, PageKind.WAIT, step=2)
    draft.picture = "hourglass"
    draft.panel = asked_panel(look)
    if look.session.payer_waits:  # the order before it is closed first
        draft.title, draft.prompt = (
            look.line("closing_order.scanned"),
            look.line("closing_order.scanned_wait"),
        )
        return draft
    draft.title = look.line("closing_order.title")
    draft.prompt = look.line(f"closing_order.wait{min(look.session.wait_level, 2)}")
    return draft
