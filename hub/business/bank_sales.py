"""The rules for what kiosks ask of the card switch: which sales are begun, and how a sale is told."""

import msgspec

from hub.business.allocation import Standing
from hub.business.bank_keeping import RouteRecord, SaleRecord
from hub.business.bank_rules import APPROVED, family
from hub.business.forms import Payment, Quote, QuoteOrder
from hub.business.keeping import Stored
from hub.business.refusals import Refusal
from hub.business.tender_forms import BankCard, BankFacts, Decline, RouteOrder, Sale, SaleOrder, Title


def check_sale(
    order: SaleOrder,
    terminal: str,
    quote: Stored | None,
    standing: Standing | None,
    now_pik: str | None,
    route: RouteRecord,
) -> None:
    """Refuse a sale that may not be begun. Nothing was taken yet, so unlike cash it needs all it says to be true."""
    if quote is None or quote.terminal != terminal:
        raise Refusal("unknown_quote", f"no quote {order.quote_id} of this terminal", field="quote_id")
    asked = msgspec.json.decode(quote.content, type=QuoteOrder)
    if (asked.account_no, asked.business, asked.tender) != (order.account_no, order.business, "bank_card"):
        raise Refusal(
            "unknown_quote", "the quote is for another account, business or tender", field="quote_id"
        )
    told = msgspec.json.decode(quote.reply, type=Quote)
    if not told.min_fen <= order.amount_fen <= told.max_fen:
        limits = f"{told.min_fen} to {told.max_fen} fen"
        raise Refusal("amount_off_limits", f"the quote is for {limits}", field="amount_fen")
    if standing is None:
        raise Refusal("unknown_account", "no such account", field="account_no")
    if standing.state == "closed":
        raise Refusal("account_closed", f"account {order.account_no} is closed")
    if route.pik_check is not None and route.pik_check != now_pik:
        raise Refusal("unknown_route", "its PIN key is not in use any more", field="route_id")


def check_card(card: BankCard, route: RouteRecord) -> None:
    """Refuse a card that is not the one which the route was asked for: it would go to another's bank."""
    asked = msgspec.json.decode(route.stored.content, type=RouteOrder)
    if (card.pan[:6], len(card.pan)) != (asked.prefix, asked.length):
        raise Refusal("unknown_route", "the route is for another card", field="route_id")


def sale_view(sale: SaleRecord, title: Title, payment: Payment | None) -> Sale:
    """Say what became of a sale.

    A bank's refusal is told also where nothing vouches for it: the customer hears why, and what may have been taken
    goes back.
    """
    decline = None
    if sale.state == "declined":
        decline = Decline(family=family(sale.code) if sale.code else "bank_away", code=sale.code)
    elif sale.state in {"reversing", "reversed"} and sale.code not in {"", APPROVED}:
        decline = Decline(family=family(sale.code), code=sale.code)
    return Sale(
        id=sale.id,
        status="pending" if sale.state == "sending" else sale.state,
        amount_fen=sale.amount_fen,
        bank=BankFacts(
            acquirer=sale.acquirer,
            title=title,
            card=sale.card,
            terminal_no=sale.tid,
            merchant_no=sale.merchant_no,
            trace=sale.stan,
            batch=sale.batch,
            rrn=sale.rrn,
            auth_code=sale.auth_code,
            at=sale.answered_at or sale.made_at,
        ),
        payment=payment if sale.state == "approved" else None,
        decline=decline,
    )
