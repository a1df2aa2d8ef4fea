"""Kiosk and hub as they might have been written for money that is not cash: each function is one fault."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from drivers.eft.model import EftKind
from hub.business.phone_rules import phone_order
from hub.business.tender_forms import payment_order
from hub.composition import bank_wire, bank_witness, phone_keeper, recharge_desk, sale_book, switch
from hub.composition.giving_back import GivingBack
from hub.composition.phone_keeper import PhoneKeeper
from hub.composition.switch import Switch
from kiosk.core import box, credit, phone, recharge, refused, reverse, void
from kiosk.hubclient.client import HubClient
from kiosk.lanes.eft import EftLane
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from tests.crash import tender_wallet
from tests.crash.memory_recharge import MemoryRecharge
from tests.crash.memory_sales import MemorySales
from tests.crash.patches import Patch, wrapped

# The kiosk.


def reversal_forgotten_at_start() -> tuple[Patch, ...]:
    def resume(original: Any, desk: Any, payment: Any) -> None:
        if payment.state is not PaymentState.REVERSING:
            original(desk, payment)

    return (wrapped(reverse, "resume", resume),)


def unknown_is_declined() -> tuple[Patch, ...]:
    def begin(_original: Any, desk: Any, payment: Any, why: str) -> None:
        refused.decline(desk, payment, "other", why)

    return (wrapped(reverse, "begin", begin),)


def new_id_for_each_reversal() -> tuple[Patch, ...]:
    numbers = count(1)

    def put(original: Any, client: Any, reversal_id: str, request: Any) -> Any:
        if not client.outcomes:
            reversal_id = f"{next(numbers):032x}"
        return original(client, reversal_id, request)

    return (wrapped(HubClient, "put_reversal", put),)


def box_not_asked_at_start() -> tuple[Patch, ...]:
    def resume(original: Any, desk: Any, payment: Any) -> None:
        if payment.state is PaymentState.AUTHORISING_BOX:
            refused.decline(desk, payment, "other", "restart")
        else:
            original(desk, payment)

    return (wrapped(box, "resume", resume),)


def any_last_result() -> tuple[Patch, ...]:
    def own(_payment: Any, result: Any, kind: Any = EftKind.SALE) -> bool:
        return bool(result.kind is kind)

    def find(lane: Any, _payment: Any) -> Any:
        return lane._look_up()

    return patch.object(box, "_is_own", own), patch.object(EftLane, "_find", find)


def box_asked_for_the_sale_again() -> tuple[Patch, ...]:
    def ask_last(original: Any, desk: Any, payment: Any) -> None:
        original(desk, payment)
        desk.do(fx.AskBoxForSale(payment))

    return (wrapped(box, "ask_last", ask_last),)


def refused_sale_stays_in_the_box() -> tuple[Patch, ...]:
    def ask(_original: Any, desk: Any, payment: Any, why: str) -> None:
        refused.decline(desk, payment, "other", why)

    return (wrapped(void, "ask", ask),)


def unanswered_void_is_done() -> tuple[Patch, ...]:
    def on_void(original: Any, desk: Any, payment: Any, said: Any) -> None:
        if said.result is None:
            desk.emit(ev.Voided(key=payment.payment_id, facts=ev.TenderFacts()))
        else:
            original(desk, payment, said)

    return (wrapped(box, "_on_void", on_void),)


def unanswered_closing_is_closed() -> tuple[Patch, ...]:
    def unanswered(original: Any, desk: Any, payment: Any, said: Any, why: str) -> None:
        if payment.state in phone.CLOSING:
            phone._closed(desk, payment)
        else:
            original(desk, payment, said, why)

    return (wrapped(phone, "_unanswered", unanswered),)


def silent_redemption_is_refused() -> tuple[Patch, ...]:
    def unanswered(_original: Any, desk: Any, payment: Any, _attempt: int, *, sent: bool, why: str) -> None:
        recharge._refused(desk, payment, "other", why if sent else "not_sent")

    return (wrapped(credit, "unanswered", unanswered),)


# The switch.


def sale_not_written() -> tuple[Patch, ...]:
    async def add_sale(*_: Any) -> None:
        pass

    return (patch.object(MemorySales, "add_sale", add_sale),)


def reversal_given_up() -> tuple[Patch, ...]:
    def kept(original: Any, back: Any, acquirer: Any, sale: Any, code: str) -> Any:
        return original(back, acquirer, sale, code or ("25" if sale.attempts >= 1 else ""))

    return (wrapped(GivingBack, "_set", kept),)


def any_mac_is_good() -> tuple[Patch, ...]:
    async def vouched(*_: Any) -> bool:
        return True

    return patch.object(bank_wire, "vouched", vouched), patch.object(bank_witness, "vouched", vouched)


def doubt_is_a_no() -> tuple[Patch, ...]:
    def settled(original: Any, here: Any, begun: Any, finding: Any) -> Any:
        if finding.verdict == "doubtful":
            finding = replace(finding, verdict="declined")
        return original(here, begun, finding)

    return (wrapped(Switch, "_settled", settled),)


def doubt_is_a_yes() -> tuple[Patch, ...]:
    def settled(original: Any, here: Any, begun: Any, finding: Any) -> Any:
        if finding.verdict == "doubtful":
            finding = replace(finding, verdict="approved")
        return original(here, begun, finding)

    return (wrapped(Switch, "_settled", settled),)


def reversal_leaves_the_sale() -> tuple[Patch, ...]:
    async def give_back(*_: Any) -> None:
        pass

    return (patch.object(sale_book.SaleBook, "give_back", give_back),)


def sales_one_after_the_other_or_not() -> tuple[Patch, ...]:
    async def refuse(*_: Any) -> None:
        pass

    return (patch.object(Switch, "_refuse_unsettled", refuse),)


def sealed_card_is_kept() -> tuple[Patch, ...]:
    return (patch.object(switch, "replace_fields", lambda order, **_: order),)


def sale_sent_again() -> tuple[Patch, ...]:
    def asked(original: Any, here: Any, begun: Any) -> Any:
        async def twice() -> Any:
            finding, heard = await original(here, begun)
            if finding.verdict != "doubtful":
                return finding, heard
            sale = replace(begun.sale, stan=f"{int(begun.sale.stan) + 500_000:06d}")
            return await original(here, replace(begun, sale=sale, deadline=begun.deadline + 10.0))

        return twice()

    return (wrapped(Switch, "_asked", asked),)


# Phones and recharge cards at the hub.


def refund_has_a_new_number() -> tuple[Patch, ...]:
    numbers = count(1)
    return (patch.object(tender_wallet, "refund_no", lambda order_id: f"{order_id}-r{next(numbers)}"),)


def late_payment_credited_and_refunded() -> tuple[Patch, ...]:
    def keep_back(original: Any, keeper: Any, connection: Any, record: Any, now: Any) -> Any:
        async def both() -> None:
            if record.content and await keeper._store(connection).payment(record.id) is None:
                order = payment_order(phone_order(record), "qr", record.amount_fen)
                await keeper._booking.book(connection, record.terminal, record.id, order, now)
            await original(keeper, connection, record, now)

        return both()

    return (wrapped(PhoneKeeper, "_keep_back", keep_back),)


def refund_forgotten() -> tuple[Patch, ...]:
    def duty(original: Any, record: Any, now: Any, policy: Any) -> Any:
        return "" if record.state == "refund_due" else original(record, now, policy)

    return (wrapped(phone_keeper, "duty", duty),)


def paid_order_is_closed() -> tuple[Patch, ...]:
    def step(original: Any, record: Any, told: str) -> Any:
        return original(
            record, "closed" if record.state in {"closing", "closed"} and told == "paid" else told
        )

    return (wrapped(phone_keeper, "step", step),)


def card_spent_twice() -> tuple[Patch, ...]:
    def why_not(original: Any, card: Any, quote: Any, on: Any) -> Any:
        return original(card and replace(card, state="active"), quote, on)

    async def spend(cards: Any, serial: str, payment_id: str) -> None:
        card = await cards._all.hold("recharge_cards", serial)
        await cards._all.put("recharge_cards", serial, replace(card, state="spent", spent_by=payment_id))

    return wrapped(recharge_desk, "why_not", why_not), patch.object(MemoryRecharge, "spend", spend)


def card_not_marked_spent() -> tuple[Patch, ...]:
    async def spend(*_: Any) -> None:
        pass

    return (patch.object(MemoryRecharge, "spend", spend),)
