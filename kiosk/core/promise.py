"""The decision to let a customer go: a slip says that the outcome is being checked, whatever it was paid with."""

from __future__ import annotations

from kiosk.core import box, credit, phone
from kiosk.core.desk import Desk
from kiosk.payment.model import PaymentState


def check(desk: Desk) -> None:
    """The customer has waited long enough."""
    payment = desk.shown
    if payment is None:
        return
    if payment.state is PaymentState.ASKING_BOX:
        box.promise(desk, payment)
    elif payment.state is PaymentState.CLOSING_ORDER:
        phone.promise(desk, payment)
    else:
        credit.promise_check(desk)
