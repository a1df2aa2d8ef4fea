"""Payments as the card switch books them: what a bank approved through the hub, without the bank."""

from __future__ import annotations

from typing import Any

from hub.business import forms
from hub.business.identity import canonical
from hub.composition.forestalling import refuse_forestalled
from hub.composition.replies import Reply, once, replay


async def pay_by_switch(desk: Any, terminal: str, payment_id: str, order: forms.PaymentOrder) -> Reply:
    """Book a payment by bank card as the switch does, each id once; raises Refusal."""

    async def attempt() -> Reply:
        async with desk._shelf.write() as connection:
            stored = await desk._store(connection).payment(payment_id)
            if stored is not None:
                if stored.terminal == terminal:
                    refuse_forestalled(stored)
                return replay(stored, terminal, order, canonical(order))
            _, body = await desk._booking.book(connection, terminal, payment_id, order, desk._clock())
        return Reply(body, new=True)

    return await once(attempt)
