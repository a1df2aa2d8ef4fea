"""Decisions on a new card in the dispenser: whose it is, offered, taken, or drawn in for good."""

from __future__ import annotations

from dataclasses import replace

from drivers.card.model import CardState
from kiosk.core.desk import Desk
from kiosk.core.inputs import CardPresented, CardRead, CardStaged, DispenserSaid
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import DELIVERING, Payment, PaymentState
from kiosk.session.state import Page

INSIDE = frozenset({CardState.INSIDE, CardState.CONTACT, CardState.REAR})
"""Where nobody can reach it."""
OUTSIDE = frozenset({CardState.HELD, CardState.LOOSE})
PRESENT_AGAIN_S = 3.0


def owner(desk: Desk) -> Payment | None:
    """The payment that the card in the dispenser's path belongs to."""
    own = [p for p in desk.books.payments.values() if p.new_card]
    return next((p for p in own if p.unhanded or p.state in DELIVERING), None)


def occupied(desk: Desk) -> bool:
    """Whether the station is promised to a payment: no card is staged or rejected for anyone else then."""
    return any(p.new_card and (not p.ended or p.unhanded) for p in desk.books.payments.values())


def holds_page(desk: Desk) -> bool:
    """Whether the customer's page must stand: a card is held out to him, or will be when it is seen that it is his."""
    key = desk.session.payment_id
    return any(f"{kind}:{key}" in desk.timers for kind in ("collect", "unseen", "unheard"))


def on_dispenser(desk: Desk, said: DispenserSaid) -> None:
    """A card came, went or stands there after a start: what that means for its owner."""
    state, before = said.report.state, desk.facts.station
    desk.facts = replace(desk.facts, station=state)
    payment = owner(desk)
    if payment is None:
        if state in OUTSIDE:
            desk.do(fx.RetractCard())  # it may bear somebody's data, and is nobody's to take
    elif payment.unhanded:
        _hand_over(desk, payment, state)
    elif (
        state is CardState.INSIDE and before is not state and f"card_back:{payment.payment_id}" in desk.timers
    ):
        to_contact(desk, payment)


def to_contact(desk: Desk, payment: Payment) -> None:
    """Have the card that is inside contacted, never one from the stack."""
    desk.do(fx.StageCard(payment.payment_id, fresh=False))


def _hand_over(desk: Desk, payment: Payment, state: CardState) -> None:
    key = payment.payment_id
    if state in INSIDE | OUTSIDE:
        desk.stop(f"unheard:{key}")
    if state is CardState.EMPTY:
        _left(desk, payment, "taken" if f"collect:{key}" in desk.timers else "gone")
    elif f"collect:{key}" not in desk.timers:  # found so after a start
        if state in INSIDE | OUTSIDE and not _in_front(desk, key):
            _not_taken(desk, payment)
        elif state in OUTSIDE:
            _wait_for_hand(desk, key)
        elif state in INSIDE and f"unseen:{key}" not in desk.timers:
            desk.after(f"unseen:{key}", desk.config.dispenser.take_card_s)
            to_contact(desk, payment)  # it is looked at before anybody gets it


def on_staged(desk: Desk, payment: Payment, said: CardStaged) -> None:
    """The card that was found after a start is contacted: read it, to see whether it is the one."""
    if said.code:
        desk.after(f"present:{payment.payment_id}", PRESENT_AGAIN_S)
    else:
        desk.do(fx.ReadCard(payment.payment_id, new=True))


def on_read(desk: Desk, payment: Payment, read: CardRead) -> None:
    """Offer the payment's own card; any other is not its customer's."""
    if not payment.unhanded or payment.card is None:
        return
    if read.face is None or read.face.damaged:
        desk.after(f"present:{payment.payment_id}", PRESENT_AGAIN_S)
    elif read.face.contents.serial == payment.card.serial:
        offer(desk, payment)
    else:
        _left(desk, payment, "gone")


def _in_front(desk: Desk, key: str) -> bool:
    """Whether what the screen shows is still for this payment's customer."""
    return desk.session.payment_id == key


def offer(desk: Desk, payment: Payment) -> None:
    """Hold the card out, for as long as a customer may take; to nobody else when he is gone."""
    if not _in_front(desk, payment.payment_id):
        _not_taken(desk, payment)
        return
    desk.emit(ev.CardOffered(key=payment.payment_id))
    _wait_for_hand(desk, payment.payment_id)


def _wait_for_hand(desk: Desk, key: str) -> None:
    desk.stop(f"unseen:{key}")
    desk.after(f"collect:{key}", desk.config.dispenser.take_card_s)


def on_presented(desk: Desk, said: CardPresented) -> None:
    """What did not move is moved again while the customer waits: the card is still inside, and still his."""
    if said.code and f"collect:{said.payment_id}" in desk.timers:
        desk.after(f"present:{said.payment_id}", PRESENT_AGAIN_S)


def present_again(desk: Desk, key: str) -> None:
    """The next attempt to hold the card out, or to see first that it is the one."""
    payment = desk.books.payments.get(key)
    if payment is None or not payment.unhanded or desk.facts.station not in INSIDE:
        return
    if f"collect:{key}" in desk.timers:
        desk.do(fx.PresentCard(payment))
    else:
        to_contact(desk, payment)


def waited(desk: Desk, key: str) -> None:
    """Nobody took the card, or could be given it: it goes into the bin, where only a person gets it out again."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.unhanded:
        keep(desk, payment, "not readable" if f"present:{key}" in desk.timers else "not taken")
        _over(desk, key)


def _not_taken(desk: Desk, payment: Payment) -> None:
    keep(desk, payment, "not taken")
    _over(desk, payment.payment_id)


def keep(desk: Desk, payment: Payment, why: str) -> None:
    """Draw the card in for good."""
    desk.emit(ev.CardKept(key=payment.payment_id, reason=why))


def _left(desk: Desk, payment: Payment, how: str) -> None:
    desk.emit(ev.CardLeft(key=payment.payment_id, how=how))
    _over(desk, payment.payment_id)


def _over(desk: Desk, key: str) -> None:
    for kind in ("collect", "present", "unseen", "unheard"):
        desk.stop(f"{kind}:{key}")
    payment = desk.books.payments[key]
    if desk.session.payment_id == key and desk.session.page is Page.DONE:
        printing = payment.state is PaymentState.CREDITED
        desk.after("page", desk.config.screen.slip_s if printing else desk.config.screen.done_s)


def resume(desk: Desk) -> None:
    """After a start: the card of a payment that is settled may still stand in the machine."""
    for payment in desk.books.unhanded_payments:
        desk.after(f"unheard:{payment.payment_id}", desk.config.dispenser.take_card_s)
        if not desk.session.payment_id:
            desk.change(payment_id=payment.payment_id, modes=type(desk.session.modes)(lang=payment.lang))
            desk.go(Page.DONE)
            desk.after("page", desk.config.screen.slip_s)
