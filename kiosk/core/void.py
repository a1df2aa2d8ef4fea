"""The decision to have the terminal box give money back that the hub does not take."""

from __future__ import annotations

from kiosk.core.desk import Desk
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState


def ask(desk: Desk, payment: Payment, why: str) -> None:
    """Make the next attempt durable and ask the box; it gives a sale back once, however often it is asked."""
    first = payment.state is not PaymentState.VOIDING_BOX
    attempt = 1 if first else payment.asks + 1
    desk.emit(ev.VoidAsked(key=payment.payment_id, attempt=attempt, reason=why[:200]))
    desk.stop(f"credit:{payment.payment_id}")
    desk.stop(f"box:{payment.payment_id}")
