"""The meter card's pages as the session and the payment have them: which page, and with what on it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from drivers.meter_card.model import CardCode
from kiosk.hubclient.card_wire import CardRead, LastPurchase, OwedPurchase
from kiosk.numbers import reference
from kiosk.pages import new_card
from kiosk.pages.card import (
    CardSeen,
    MeterTold,
    Power,
    card_contents,
    card_left,
    insert_card,
    not_taken,
    reading_card,
    return_card,
    wrong_card,
)
from kiosk.pages.card_write import CardWork, Slip, cannot_write, take_card, write_failed, writing_card
from kiosk.pages.draft import Draft
from kiosk.pages.end import finish, slip_state
from kiosk.pages.frame import no_cards
from kiosk.pages.look import Look
from kiosk.payment.model import Payment, PaymentState
from kiosk.payment.reach import reachable
from kiosk.session.state import CardSight

_SLIPS: dict[str, Slip] = {"printing": "printing", "printed": "printed", "failed": "failed"}
SPENT = frozenset({CardCode.WORN, CardCode.LOCKED, CardCode.REFUSED_US})
"""Why a card was not written that will not be written tomorrow either."""
OFFERED = frozenset({"ready", "owed"})
"""Verdicts on a card with which something can be done here."""


def insert(look: Look) -> Draft:
    """Ask for the card, and first for the one to be taken out that somebody has left in the slot.

    What kept the choice off the menu may also come while this page stands.
    """
    if look.facts.card_in and not look.session.card_own:
        return card_left(look)
    draft = insert_card(look, lost=look.facts.reissues)
    if (why := no_cards(look)).shown:
        draft.notice("warning", why, look.line("card.insert_off_text"))
    return draft


def reading(look: Look) -> Draft:
    """Wait for the card and the hub."""
    return reading_card(look, look.session.wait_level)


def contents(look: Look) -> Draft:
    """What is on the card, or why nothing can be done with it."""
    sight = look.session.card
    known = sight.known if sight else None
    if sight is None or known is None:
        return wrong_card(look, "card_mute")
    if known.verdict in OFFERED:
        return card_contents(look, _seen(look, sight))
    if known.verdict == "not_taken":
        return not_taken(look, _seen(look, sight))
    return wrong_card(look, known.verdict)


def trouble(look: Look) -> Draft:
    """Why the card cannot be read, or would not be written."""
    sight = look.session.card
    if sight is None:
        return wrong_card(look, "card_mute")
    return wrong_card(look, sight.trouble, owed=_power(sight.known.owed if sight.known else None))


def writing(look: Look) -> Draft:
    """The card is being written: it stays in."""
    payment = look.payment
    if payment is None or payment.delivery is None:
        return reading(look)
    return writing_card(look, _work(payment, ""), look.session.wait_level)


def card_back(look: Look) -> Draft:
    """The card came out, or is another one: it is asked for."""
    payment, sight = look.payment, look.session.card
    if payment is None or payment.delivery is None:
        return insert(look)
    why: Literal["pulled", "unknown", "other"]
    why = "unknown" if payment.state is PaymentState.READING_BACK else "pulled"
    if look.facts.card_in and sight is not None and sight.trouble:
        why = "other"
    return write_failed(look, _work(payment, ""), why)


def owed(look: Look) -> Draft:
    """Paid, and the card is still to be written: the money is safe, and what to do."""
    payment = look.payment
    if payment is None or payment.delivery is None:
        return taking(look)
    if payment.new_card:
        return new_card.failed(look, payment)
    work, delivery = _work(payment, _slip(payment, "owed")), payment.delivery
    if delivery.outcome == "failed" and delivery.reason in SPENT:
        return cannot_write(look, work)
    draft = write_failed(look, work, "unknown" if delivery.outcome == "unknown" else "failed")
    draft.guide = "take" if look.facts.card_in else "insert"
    draft.main = finish(look)
    return draft


def bought(look: Look, payment: Payment) -> Draft:
    """What stands on the card now; it may be taken, and goes into the meter."""
    if payment.new_card:
        return new_card.collect(look, payment)
    return take_card(look, _work(payment, _slip(payment, "paid")), in_hand=not look.facts.card_in)


def taking(look: Look) -> Draft:
    """The card is still in and its customer done."""
    return return_card(look, forgotten=True)


def _in_reach(look: Look, known: CardRead) -> bool:
    most = min(known.max_fen, look.facts.max_payment_fen)
    if look.facts.tenders != ("cash",) and known.min_fen <= most:
        return True  # only notes come in values of their own
    return reachable(look.facts.accepted_fen, known.min_fen, most)


def _seen(look: Look, sight: CardSight) -> CardSeen:
    read, known = sight.contents, sight.known
    if read is None or known is None:
        return CardSeen("", "", 0, 0)
    told = read.write_back
    meter = None
    if told is not None:
        at = datetime.fromisoformat(told.written_at) if told.written_at else None
        meter = MeterTold(told.remaining_fen, told.count, told.overdraft_fen, at)
    return CardSeen(
        serial_end=read.serial[-4:],
        meter_no=read.meter_no or known.meter_no or "",
        amount_fen=read.wallet.amount_fen,
        count=read.wallet.count if read.files or known.owed is None else known.owed.count,
        meter=meter,
        last=_power(known.last),
        owed=_power(known.owed),
        unread=not read.files,
        full=known.max_fen < max(known.min_fen, 1) or not _in_reach(look, known),
    )


def _power(bought: LastPurchase | OwedPurchase | None) -> Power | None:
    if bought is None:
        return None
    return Power(bought.amount_fen, bought.count, bought.paid_at, bought.reference or "")


def _work(payment: Payment, slip: Slip) -> CardWork:
    delivery, card = payment.delivery, payment.card
    if delivery is None or card is None:
        return CardWork(Power(0, 0))
    sold = delivery.purchase
    return CardWork(
        power=Power(sold.amount_fen, sold.count, reference=reference(sold.purchase_id)),
        serial_end=card.serial[-4:],
        meter_no=sold.meter_no,
        rewrite=payment.business == "rewrite",
        to_take_fen=sold.amount_fen,
        slip=slip,
        taken=delivery.taken,
    )


def _slip(payment: Payment, kind: str) -> Slip:
    if not any(slip.kind == kind for slip in payment.slips):
        return ""
    return _SLIPS[slip_state(payment.slips, kind)]
