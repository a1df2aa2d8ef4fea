"""Kiosk and hub told of the same: each payment and each claim with all that the journal knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from hub.business.forms import ClaimOrder, Notes, PaymentOrder
from hub.business.forms import Payment as Booked
from hub.business.keeping import ClaimRecord
from kiosk.numbers import reference
from kiosk.payment.events import NoteCount
from kiosk.payment.model import Claim, Payment, PaymentState
from tests.crash.ledger import WHOLE
from tests.crash.memory import Row


def reconcile(world: Any, payments: tuple[Payment, ...], claims: tuple[Claim, ...]) -> None:
    """I14: kiosk and hub tell the same of each payment and claim; unknown became once or not at all, and the same."""
    at_hub, told = world.books.table("payments"), world.books.table("claims")
    for payment in payments:
        stands = [c for c in claims if c.payment_id == payment.payment_id and c.reason in WHOLE]
        _payment(world.judge, payment, at_hub.pop(payment.payment_id, None), stands)
        _as_sent(world.judge, payment)
    for key, row in at_hub.items():
        text = f"the hub has payment {key[-4:]} that no kiosk knows"
        world.judge.wrong("doubled", text, row.stored.amount_fen or 0)
    for claim in claims:
        _claim(world.judge, claim, told.pop(claim.claim_id, None))
    for kept in told.values():
        text = f"the hub has claim {kept.reference} that no kiosk knows"
        world.judge.wrong("doubled", text, kept.amount_fen)


def _payment(judge: Any, payment: Payment, row: Row | None, stands: list[Claim]) -> None:
    if payment.business == "rewrite":
        return  # it was paid before, and what is on the card the cards say
    stored = row.stored if row is not None and row.stored.serial is not None else None
    amount, name = payment.inserted_fen, f"payment {payment.payment_id[-4:]}"
    if payment.state in {PaymentState.PAID, PaymentState.OWED} and stored is None:
        judge.wrong("lost", f"{name}: paid at the kiosk, not at the hub", amount)
    if payment.state is PaymentState.CANCELLED and (stored is not None or amount):
        judge.wrong("lost", f"{name}: cancelled with {amount} fen in", amount)
    if payment.state is PaymentState.CLAIMED and not stands:
        judge.wrong("lost", f"{name}: claimed without a claim", amount)
    if payment.state is not PaymentState.CLAIMED and stands:
        judge.wrong("doubled", f"{name}: {payment.state} and claimed", amount)
    if stored is None:
        return
    if stored.amount_fen != amount:
        judge.wrong("broken", f"{name}: hub {stored.amount_fen} fen, kiosk {amount}")
    if row is not None and row.account_no != payment.account.account_no:
        text = f"{name}: the hub credited {row.account_no}, confirmed was {payment.account.account_no}"
        judge.wrong("broken", text, amount)
    if payment.state in {PaymentState.PAID, PaymentState.OWED} and payment.credit is not None:
        _same_words(judge, name, payment, msgspec.json.decode(stored.reply, type=Booked))


def _same_words(judge: Any, name: str, payment: Payment, said: Booked) -> None:
    credit = payment.credit
    assert credit is not None
    kiosk = (
        payment.account.account_no,
        credit.hub_no,
        [(a.month, a.late_fee_fen, a.principal_fen) for a in credit.allocations],
        credit.to_balance_fen,
        credit.balance_before_fen,
        credit.balance_after_fen,
        credit.arrears_after_fen,
        credit.business_date,
        datetime.fromisoformat(credit.credited_at),
    )
    hub = (
        said.account_no,
        said.hub_no,
        [(a.month, a.late_fee_fen, a.principal_fen) for a in said.allocations],
        said.to_balance_fen,
        said.balance_before_fen,
        said.balance_after_fen,
        said.arrears_after_fen,
        said.business_date.isoformat(),
        said.credited_at,
    )
    if kiosk != hub:
        judge.wrong("broken", f"{name}: the kiosk holds another answer than the hub gave")


def _as_sent(judge: Any, payment: Payment) -> None:
    """The first request that reached the hub had the journal's content; that later ones are the same the hub judges."""
    asked = judge.orders.get(f"/v1/payments/{payment.payment_id}")
    if asked is None:
        return
    if payment.business == "rewrite":
        judge.wrong("broken", f"{payment.payment_id[-4:]} asks for money for a rewrite")
        return
    due = PaymentOrder(
        account_no=payment.account.account_no,
        quote_id=payment.quote.quote_id or None,
        business=payment.business,
        tender="cash",
        amount_fen=payment.inserted_fen,
        months=payment.quote.months,
        notes=_notes(payment.note_counts),
        kiosk_no=payment.kiosk_no,
        business_date=date.fromisoformat(payment.business_date),
        taken_at=datetime.fromisoformat(payment.taken_at),
        reference=reference(payment.payment_id),
    )
    for what in _differ(msgspec.json.decode(asked.body, type=PaymentOrder), due):
        text = f"payment {payment.payment_id[-4:]} reached the hub with another {what} than the journal's"
        judge.wrong("broken", text, payment.inserted_fen)


def _claim(judge: Any, claim: Claim, kept: ClaimRecord | None) -> None:
    if kept is None or (kept.amount_fen, kept.memo_fen) != (claim.amount_fen, claim.memo_fen):
        judge.wrong("lost", f"claim {claim.reference} is not at the hub as it is here", claim.amount_fen)
        return
    due = ClaimOrder(
        reference=claim.reference,
        payment_id=claim.payment_id or None,
        account_no=claim.account_no or None,
        amount_fen=claim.amount_fen,
        memo_fen=claim.memo_fen,
        reason=msgspec.convert(claim.reason, type(kept.reason)),
        notes=_notes(claim.notes),
        made_at=datetime.fromisoformat(claim.made_at),
    )
    for what in _differ(msgspec.json.decode(kept.content, type=ClaimOrder), due):
        text = f"claim {claim.reference} reached the hub with another {what} than the journal's"
        judge.wrong("broken", text, claim.amount_fen)


def _notes(counts: tuple[NoteCount, ...]) -> tuple[Notes, ...]:
    return tuple(Notes(value_fen=n.value_fen, count=n.count) for n in counts)


def _differ(came: msgspec.Struct, due: msgspec.Struct) -> Iterator[str]:
    for name in due.__struct_fields__:
        if getattr(came, name) != getattr(due, name):
            yield name
