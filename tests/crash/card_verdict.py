"""The judgement on meter cards at the end of a run: what was paid for power is in the meters, once."""

from __future__ import annotations

from typing import Any

import msgspec

from drivers.meter_card.model import Wallet
from hub.business.forms import PaymentOrder
from hub.business.ledger import CARD_FEE, balance, power
from kiosk.core.deliver import NEVER_AUTHORISED
from kiosk.numbers import reference
from kiosk.payment.model import Payment, PaymentState
from tests.crash.home import Home
from tests.crash.ledger import FEE_FEN, strange_fen

LEAST_FEN, MOST_FEN = 1_000, 500_000
"""What the hub sells at once."""
DUE_FEN = {"reissue": FEE_FEN, "open_card": LEAST_FEN}
"""For less than this there is no new card."""


def judge_cards(world: Any, payments: tuple[Payment, ...]) -> None:
    """Hold meters, cards and notes against one another, then kiosk and hub."""
    for home in world.cards.homes:
        _paid_for(world, home)
        _sold(world, home)
    for payment in payments:
        if payment.delivery is not None:
            _ended(world, payment)


def _paid_for(world: Any, home: Home) -> None:
    """Money on the meter and on a card that is not taken yet is what was paid for power, in notes.

    Notes that went into suspense, for a new card or, where nothing could be sold for them, into the balance, are not
    for power.
    """
    judge = world.judge
    for count, times in home.credits.items():
        if times > 1:
            judge.wrong("doubled", f"the meter has credited count {count} {times} times")
    got = home.credited_fen + home.waiting_fen - home.began_fen
    mine = {key for key, its in world.cards.judge.whose.items() if its is home}
    box = [note for note in world.unit.box if note.owner in mine]
    paid = sum(note.value_fen for note in box)
    other = sum(_elsewhere(world, key, home) for key in mine)
    claims = [c for c in world.books.table("claims").values() if c.payment_id in mine and not c.resolution]
    other += sum(claim.amount_fen for claim in claims)
    unsure = sum(claim.memo_fen or (0 if claim.amount_fen else 10000) for claim in claims)
    strange = [note for note in world.unit.box if note.unasked]
    sums = (
        f"meter and card of {home.account_no} have {got} fen more, {paid} are in the box, {other} elsewhere"
    )
    if got + other > paid + strange_fen(strange) + sum(note.value_fen for note in strange):
        judge.wrong("doubled", sums, got + other - paid)
    if got + other + unsure + sum(note.value_fen for note in strange) < paid:
        judge.wrong("lost", sums, paid - got - other)


def _elsewhere(world: Any, key: str, home: Home) -> int:
    """What of a payment has gone for a new card and into the account's balance, and whether that had to be."""
    row, judge = world.books.rows.get(("payments", key)), world.cards.judge
    if row is None or row.stored.serial is None:
        return 0
    booking = world.books.rows["transactions", row.stored.serial]

    def legs(account: str) -> int:
        return -sum(int(leg.amount_fen) for leg in booking.legs if leg.account == account)

    to_balance, to_power, fee = legs(balance(home.account_no)), legs(power(home.meter_no)), legs(CARD_FEE)
    sold = judge.sold.get(key)
    least = LEAST_FEN if key in judge.bought_on else DUE_FEN[_business(row)]
    if sold is None and key not in judge.raced and row.stored.amount_fen >= least:
        text = f"payment {key[-4:]} buys no {'power' if key in judge.bought_on else 'card'} although it could"
        judge.wrong("lost", text, to_balance)
    if sold is not None and fee != (FEE_FEN if sold.kind == "reissue" else 0):
        judge.wrong("lost", f"payment {key[-4:]} pays {fee} fen for a {sold.kind}", fee)
    if to_power and to_balance and to_power < min(MOST_FEN, judge.room[key]):
        judge.wrong("lost", f"payment {key[-4:]} buys {to_power} fen of power, and more fits", to_balance)
    return to_balance + fee


def _business(row: Any) -> str:
    return msgspec.json.decode(row.stored.content, type=PaymentOrder).business


def _sold(world: Any, home: Home) -> None:
    """What was sold is delivered, and the legs say so much."""
    rows = [row for row in world.cards.judge.sold.values() if row.meter_no == home.meter_no]
    for row in rows:
        if row.kind != "purchase" and row.state in {"authorised", "owed"}:
            world.judge.wrong("lost", f"a {row.kind} of {home.account_no} is paid for, and nobody has a card")
        if not home.delivered(Wallet(row.amount_fen, row.count)):
            text = f"count {row.count} is sold and not on its card, and the hub has it as {row.state}"
            world.judge.wrong("lost", text, row.amount_fen)
    legs = [leg for booking in world.books.table("transactions").values() for leg in booking.legs]
    booked = -sum(leg.amount_fen for leg in legs if leg.account == power(home.meter_no))
    if booked != sum(row.amount_fen for row in rows if row.sells and row.serial):
        world.judge.wrong("broken", f"I2: the legs for power are {booked} fen, which is not what was sold")


def _ended(world: Any, payment: Payment) -> None:
    """The hub has been told how each write ended; what a kiosk has written the hub has as written."""
    judge, delivery, key = world.judge, payment.delivery, payment.payment_id
    assert delivery is not None
    if payment.untold:
        judge.wrong("in flight", f"I5: the hub was never told how the write of {key[-4:]} ended")
    if payment.unhanded:
        judge.wrong("in flight", f"I5: nobody knows what became of the new card of {key[-4:]}")
    write = world.books.rows.get(("card_writes", delivery.write_id))
    if payment.state is PaymentState.PAID:
        order = world.books.rows.get(("purchases", delivery.purchase.purchase_id))
        if order is None or order.state not in {"written", "taken"}:
            state, fen = (order.state, order.amount_fen) if order else ("unknown", 0)
            judge.wrong("lost", f"{key[-4:]} is written and the hub has it as {state}", fen)
    never = world.cards.judge.told.get(key) == NEVER_AUTHORISED
    if write is not None and delivery.told and write.state == "authorised" and not never:
        judge.wrong("broken", f"the hub forgets how the write of {key[-4:]} ended")


def power_slip(world: Any, payment: Payment, facts: Any) -> None:
    """A slip that tells of power on a card says what was sold, and is for its own payment."""
    judge, delivery, key = world.judge, payment.delivery, payment.payment_id[-4:]
    if delivery is None or facts.power is None:
        judge.wrong("broken", f"a {facts.kind} slip of {key} tells of no power")
        return
    good = delivery.purchase
    spoiled = facts.kind == "owed" and payment.new_card  # in the bin, and no card of anybody's
    end = "" if spoiled else good.card_serial[-4:]
    told = (facts.power.amount_fen, facts.power.count, facts.power.card_end, facts.power.written)
    if told != (good.amount_fen, good.count, end, facts.kind == "paid"):
        judge.wrong("broken", f"a {facts.kind} slip of {key} tells of power {told}, and it is {good.count}")
    if facts.kind == "owed" and facts.reference != reference(good.purchase_id):
        judge.wrong("broken", f"an owed slip of {key} names another reference")
