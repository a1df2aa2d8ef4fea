"""The pages of a new meter card as the session and the payment have them: which page, and with what on it."""

from __future__ import annotations

from kiosk.hubclient.card_wire import PendingCard
from kiosk.hubclient.wire import Account
from kiosk.numbers import reference
from kiosk.pages import reissue
from kiosk.pages.card import Power
from kiosk.pages.draft import Draft
from kiosk.pages.end import slip_state
from kiosk.pages.look import Look
from kiosk.pages.reissue import Identity, NewCard
from kiosk.payment.model import Payment

_STATES = {"printing": "printing", "printed": "printed", "failed": "failed"}


def identity(look: Look) -> Draft:
    """Ask who it is."""
    session = look.session
    return reissue.identity(
        look, Identity(session.proof, session.digits, session.entry_error, session.tries_left)
    )


def checking_identity(look: Look) -> Draft:
    """Wait for the hub's word on it."""
    return reissue.checking_identity(look, look.session.wait_level)


def staging(look: Look) -> Draft:
    """Wait for a card that is good."""
    return reissue.staging_card(look, look.session.wait_level)


def check(look: Look) -> Draft:
    """Show whose new card it will be and what it costs, or that it was paid for before."""
    account, quote, pending = look.session.account, look.session.quote, look.session.pending
    if account is not None and pending is not None:
        return _paid_before(look, account, pending)
    if account is None or quote is None:
        return staging(look)
    own = [meter.meter_no for meter in account.meters if meter.kind == "card"]
    card = NewCard(
        account.account_no,
        account.name_masked,
        own[0] if own else "",
        quote.fee_fen,
        opening=quote.business == "open_card",
        least_fen=quote.min_fen,
    )
    return reissue.new_card(look, card)


def _paid_before(look: Look, account: Account, pending: PendingCard) -> Draft:
    card = NewCard(
        account.account_no,
        account.name_masked,
        pending.meter_no,
        0,
        Power(pending.amount_fen, pending.count, pending.paid_at),
        reference=pending.reference or "",
        opening=pending.kind == "open",
        free=True,
    )
    return reissue.paid_before(look, card)


def making(look: Look) -> Draft:
    """Wait for the new card to be written."""
    if look.payment is None:
        return staging(look)
    return reissue.making_card(look, _made(look.payment), look.session.wait_level)


def collect(look: Look, payment: Payment) -> Draft:
    """Hand it over, and say what to do with it."""
    return reissue.collect_card(look, _made(payment, "paid"))


def failed(look: Look, payment: Payment) -> Draft:
    """Paid, and no card could be made."""
    return reissue.new_card_failed(look, _made(payment, "owed"))


def _made(payment: Payment, slip: str = "") -> NewCard:
    """What the payment's new card is; `slip` is the kind that stands on the page."""
    delivery, account = payment.delivery, payment.account
    sold = delivery.purchase if delivery is not None else None
    printed = any(each.kind == slip for each in payment.slips)
    free = payment.business == "rewrite"
    return NewCard(
        account.account_no,
        account.name_masked,
        sold.meter_no if sold is not None else "",
        sold.fee_fen if sold is not None else 0,
        Power(sold.amount_fen, sold.count) if sold is not None and (sold.amount_fen or free) else None,
        payment.card.serial[-4:] if payment.card is not None else "",
        slip_state(payment.slips, slip) if printed else "",
        reference(sold.purchase_id if sold is not None else payment.payment_id),
        opening=payment.business == "open_card" or (sold is not None and sold.good == "open"),
        in_hand=payment.hand_over in {"taken", "gone"},
        free=free,
        elsewhere=delivery is not None and delivery.made_elsewhere,
    )
