"""The bodies of the calls about money that is not cash, made of journalled facts and of what the lanes hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from kiosk.hubclient import tender_wire, wire
from kiosk.hubclient.card_calls import Seal
from kiosk.numbers import reference
from kiosk.payment import effects as fx
from kiosk.payment.model import Payment

BUSINESS: dict[str, wire.Business] = {
    "arrears": "arrears",
    "prepay": "prepay",
    "buy_power": "buy_power",
    "reissue": "reissue",
    "open_card": "open_card",
}
"""What the hub sells; a rewrite was paid before."""


def route_request(effect: fx.AskRoute) -> tender_wire.RouteRequest:
    """The body that asks which bank takes a card."""
    return tender_wire.RouteRequest(prefix=effect.prefix, length=effect.length, amount_fen=effect.amount_fen)


def sale_request(payment: Payment, card: tender_wire.BankCard, seal: Seal) -> tender_wire.SaleRequest:
    """The body of a sale; what it says of the card is for the hub alone."""
    sealed = seal(tender_wire.BankCard.FIELD, wire.encode(card).decode())
    return tender_wire.SaleRequest(
        **_common(payment), amount_fen=payment.asked_fen, route_id=payment.route_id, sealed=sealed
    )


def reversal_request(payment: Payment) -> tender_wire.ReversalRequest:
    """The body of a reversal, the same at every attempt."""
    return tender_wire.ReversalRequest(
        payment_id=payment.payment_id,
        amount_fen=payment.asked_fen,
        reason="unanswered",
        made_at=datetime.fromisoformat(payment.opened_at),
    )


def phone_request(payment: Payment, sealed: str | None) -> tender_wire.PhoneRequest:
    """The body that opens an order; `sealed` is the payer's own code where one was scanned."""
    return tender_wire.PhoneRequest(**_common(payment), amount_fen=payment.asked_fen, sealed=sealed)


def closing_request(payment: Payment) -> tender_wire.PhoneClosing:
    """The body that closes an order, the same at every attempt."""
    return tender_wire.PhoneClosing(
        amount_fen=payment.asked_fen, made_at=datetime.fromisoformat(payment.opened_at)
    )


def redemption_request(payment: Payment) -> tender_wire.RedemptionRequest:
    """The body that spends a recharge card, the same at every attempt."""
    return tender_wire.RedemptionRequest(**_common(payment), sealed=payment.sealed)


def box_sale(payment: Payment) -> wire.BoxSale | None:
    """What the terminal box said of the sale; none for other money."""
    facts = payment.facts
    if not payment.by_box or facts is None:
        return None
    return wire.BoxSale(
        terminal_no=facts.terminal_no,
        merchant_no=facts.merchant_no,
        card=facts.card,
        trace=facts.trace,
        batch=facts.batch,
        rrn=facts.number,
        auth_code=facts.auth_code,
        at=datetime.fromisoformat(facts.at or payment.opened_at),
    )


def _common(payment: Payment) -> dict[str, Any]:
    return {
        "account_no": payment.account.account_no,
        "quote_id": payment.quote.quote_id,
        "business": BUSINESS[payment.business],
        "months": payment.quote.months,
        "kiosk_no": payment.kiosk_no,
        "business_date": date.fromisoformat(payment.business_date),
        "made_at": datetime.fromisoformat(payment.opened_at),
        "reference": reference(payment.payment_id),
    }
