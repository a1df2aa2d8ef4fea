"""The end of a run of money that is not cash: taken = credited + given back + in suspense, by everybody's books."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hub.business.ledger import SUSPENSE
from hub.business.phone_rules import UNSETTLED
from kiosk.payment.model import Claim, ClaimState, Payment, PaymentState
from tests.crash.disk import PACKING
from tests.crash.memory_sales import is_unsettled
from tests.crash.privacy import exposed
from tests.crash.tender_judge import booked_fen
from tests.crash.tender_keys import seal

SEALED_CARD = seal("bank_card", "")[:-4].encode()
"""How whatever is sealed of a bank card begins."""
PAID = frozenset({PaymentState.PAID, PaymentState.CREDITED})
NOT_TAKEN = frozenset({PaymentState.DECLINED, PaymentState.REVERSED, PaymentState.CANCELLED})


def judge_tenders(world: Any) -> None:
    """Hold all books against one another; what does not fit goes to the world's judge."""
    books = world.disk.whole()
    payments, claims = tuple(books.payments.values()), tuple(books.claims.values())
    _in_flight(world, payments, claims)
    for payment in payments:
        _payment(world, payment)
    _banks(world, {payment.payment_id for payment in payments})
    _orders(world)
    _ledger(world)
    _private(world)


def _in_flight(world: Any, payments: tuple[Payment, ...], claims: tuple[Claim, ...]) -> None:
    """I5: nothing waits for anybody once everything works."""
    for payment in payments:
        if not payment.ended:
            world.judge.wrong("in flight", f"I5: payment {payment.payment_id[-4:]} is {payment.state}")
    for claim in claims:
        if claim.state is ClaimState.OPEN:
            world.judge.wrong("in flight", f"I5: claim {claim.reference} never reached the hub")
    for sale in world.books.table("sales").values():
        if is_unsettled(sale) or sale.state == "reversing":
            world.judge.wrong("in flight", f"I5: sale {sale.id[-4:]} is {sale.state} at the hub")


def _payment(world: Any, payment: Payment) -> None:
    """One payment: what the far end took of it, what the hub credits, what stands in suspense, and what was said."""
    judge, key = world.judge, payment.payment_id
    taken, booked, claimed = world.taken_fen(key), booked_fen(world, key), _claimed_fen(world, key)
    sums = (
        f"{payment.tender} {key[-4:]} ({payment.state}): taken {taken}, credited {booked}, claimed {claimed}"
    )
    if booked + claimed > taken:
        judge.wrong("doubled", f"I1: {sums}", booked + claimed - taken)
    if taken > booked + claimed + _memo_fen(world, key):
        judge.wrong("lost", f"I1: {sums}", taken - booked - claimed)
    if payment.state in PAID and not booked:
        judge.wrong("lost", f"I14: paid at the kiosk, not at the hub: {sums}", taken)
    if payment.state in PAID and payment.credit is not None and payment.tendered_fen not in {booked, 0}:
        judge.wrong("broken", f"I14: another amount at the kiosk, {payment.tendered_fen}: {sums}")
    if payment.state in NOT_TAKEN and booked and not _late(world, payment):
        judge.wrong("lost", f"I14: not paid at the kiosk, credited at the hub: {sums}", booked)


def _late(world: Any, payment: Payment) -> bool:
    """Whether a phone paid after its order was closed, and the utility credits what comes late."""
    return payment.tender == "qr" and world.hub.policy.late == "credit"


def _claimed_fen(world: Any, key: str) -> int:
    return sum(
        c.amount_fen for c in world.books.table("claims").values() if c.payment_id == key and not c.resolution
    )


def _memo_fen(world: Any, key: str) -> int:
    return sum(
        c.memo_fen for c in world.books.table("claims").values() if c.payment_id == key and not c.resolution
    )


def _banks(world: Any, known: set[str]) -> None:
    """I3: every sale in a bank's books is one of a payment of ours, and no payment has two."""
    sales = world.books.table("sales")
    ours = {(s.acquirer, s.tid, s.batch, s.stan): s.id for s in sales.values()}
    if len(ours) != len(sales):
        world.judge.wrong("broken", "two sales have one trace number")
    for name in world.house.banks:
        taken: Counter[str] = Counter()
        for row in world.house.sales(name):
            sale_id = ours.get((name, row["tid"], row["batch"], row["stan"]))
            if sale_id is None or sale_id not in known:
                world.judge.wrong("doubled", f"{name} has a sale {row['stan']} that nobody knows", row["fen"])
            elif row["state"] == "approved":
                taken[sale_id] += 1
        for sale_id, times in taken.items():
            if times > 1:
                world.judge.wrong("doubled", f"I3: {name} took payment {sale_id[-4:]} {times} times")


def _orders(world: Any) -> None:
    """I5: no order waits to be closed or refunded, and what a refund is owed for has gone back, once."""
    for order in world.books.table("phone_orders").values():
        if order.state in UNSETTLED:
            world.judge.wrong("in flight", f"I5: order {order.id[-4:]} is {order.state} at the hub")
    for order in world.wallet.books.judged()["orders"]:
        if order["refunds"] > 1 or order["refunded_fen"] > order["paid_fen"]:
            world.judge.wrong(
                "doubled", f"I3: order {order['order_no'][-4:]} went back twice", order["paid_fen"]
            )


def _ledger(world: Any) -> None:
    """I2: the legs of each booking add up, and what each means of payment holds is what the far ends took."""
    totals: Counter[str] = Counter()
    for booking in world.books.table("transactions").values():
        if sum(leg.amount_fen for leg in booking.legs):
            world.judge.wrong("broken", "I2: a booking does not add up")
        for leg in booking.legs:
            totals[leg.account] += leg.amount_fen
    for tender in ("bank_card", "qr", "recharge_card"):
        held = sum(fen for account, fen in totals.items() if account.partition(":")[0] == tender)
        took, memo = world.took_fen(tender), _all_memo(world, tender)
        if not took - memo <= held <= took:
            world.judge.wrong(
                "lost" if held < took else "doubled", f"I1: {tender}: ledger {held}, taken {took}"
            )
    claimed = sum(c.amount_fen for c in world.books.table("claims").values() if not c.resolution)
    if -totals[SUSPENSE] != claimed:
        world.judge.wrong("broken", f"I2: suspense {-totals[SUSPENSE]}, claims {claimed}")


def _all_memo(world: Any, tender: str) -> int:
    claims = world.books.table("claims").values()
    return sum(c.memo_fen for c in claims if not c.resolution and tender == "bank_card")


def _private(world: Any) -> None:
    """I13: no card number, PIN block, payer's code or secret number in any row of journal or hub."""
    rows = b"\n".join(PACKING.unpack(columns[3]) for columns in world.disk.rows)
    snapshot = world.disk.snapshot[1] if world.disk.snapshot else b""
    kept = {
        table: repr([r for (t, _), r in world.books.rows.items() if t == table]).encode()
        for table in {t for t, _ in world.books.rows} - {"accounts"}
    }
    places = {"the journal": rows, "the journal's snapshot": snapshot}
    places |= {f"the hub's {table}": text for table, text in kept.items()}
    for where, text in places.items():
        if where.startswith("the hub's") and SEALED_CARD in text:
            world.judge.wrong("broken", f"I13: {where} holds a sealed card")
        for open_secret in exposed(where, text, world.judge.secrets):
            world.judge.wrong("broken", open_secret)
