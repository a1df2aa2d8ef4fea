"""The rules for what kiosks ask: what is accepted, what is answered. Time and ids come in."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

import msgspec

from hub.business.allocation import Settlement, Standing
from hub.business.billing import Customer
from hub.business.forms import (
    Account,
    AllocationView,
    BillView,
    Claim,
    ClaimOrder,
    Heartbeat,
    HeartbeatOrder,
    MeterView,
    Mode,
    OpenItem,
    Outcome,
    Payment,
    PaymentOrder,
    PurchaseView,
    Quote,
    QuoteOrder,
    ReferenceView,
    Reversal,
    ReversalOrder,
    Tender,
    Verdict,
)
from hub.business.keeping import ClaimRecord, Head, Stored
from hub.business.masking import mask_address, mask_name
from hub.business.refusals import Refusal

QUOTE_LIFE = timedelta(minutes=15)
PREPAY_LIMIT_FEN = 500_000
"""How much more than what is due one payment may bring in: 5,000 yuan."""


def account_view(customer: Customer, standing: Standing, now: datetime, on: date) -> Account:
    """Show an account as the kiosk may know it."""
    return Account(
        account_no=customer.account_no,
        name_masked=mask_name(customer.name),
        address_masked=mask_address(customer.address),
        supply_unit=customer.supply_unit,
        usage_class=customer.usage_class,
        state=standing.state,
        meters=tuple(MeterView(meter_no=m.meter_no, kind=m.kind) for m in customer.meters),
        balance_fen=standing.balance_fen,
        arrears_fen=standing.arrears_fen,
        due_fen=standing.due_fen,
        bills=tuple(
            BillView(
                month=bill.month,
                charge_fen=bill.charge_fen,
                late_fee_fen=bill.late_fee_fen,
                paid_fen=bill.paid_fen,
                due_fen=bill.due_fen,
                due_date=bill.due_date,
                state="partly_paid" if bill.paid_fen else "open",
                kwh=bill.kwh,
            )
            for bill in standing.bills
        ),
        as_of=now,
        business_date=on,
    )


def make_quote(quote_id: str, order: QuoteOrder, standing: Standing, now: datetime) -> Quote:
    """Say what the chosen months need after the balance is used; raises Refusal."""
    if standing.state == "closed":
        raise Refusal("account_closed", f"account {order.account_no} is closed")
    open_months = tuple(bill.month for bill in standing.bills)
    for month in order.months:
        if month not in open_months:
            raise Refusal("unknown_month", f"no open bill for {month}", field="months")
    months = order.months
    if order.business == "arrears" and not months:
        months = open_months
    if months != open_months[: len(months)]:
        raise Refusal("months_not_oldest_first", f"open: {', '.join(open_months)}", field="months")
    chosen = sum(bill.due_fen for bill in standing.bills if bill.month in months)
    due = max(chosen - standing.balance_fen, 0)
    return Quote(
        id=quote_id,
        account_no=order.account_no,
        business=order.business,
        months=months,
        due_fen=due,
        max_fen=due + PREPAY_LIMIT_FEN,
        expires_at=now + QUOTE_LIFE,
        as_of=now,
    )


def check_payment(order: PaymentOrder, quoted_account: str | None, tenders: Collection[Tender]) -> None:
    """Refuse what can be no payment. Money that was taken is creditable whatever became of its quote."""
    if order.tender not in tenders:
        raise Refusal("tender_off", f"this hub does not take {order.tender}", field="tender")
    if order.tender == "bank_card" and order.box is None:
        text = "a bank card's money that no terminal box took is ordered at /v1/sales"
        raise Refusal("tender_off", text, field="box")
    if order.tender != "bank_card" and order.box is not None:
        raise Refusal("bad_request", f"a terminal box takes no {order.tender}", field="box")
    if order.amount_fen <= 0:
        raise Refusal("amount_not_positive", f"amount_fen is {order.amount_fen}", field="amount_fen")
    counted = sum(note.value_fen * note.count for note in order.notes)
    expected = order.amount_fen if order.tender == "cash" else 0
    if counted != expected:
        raise Refusal("notes_differ", f"the notes are {counted} fen, not {expected}", field="notes")
    if order.quote_id is not None and quoted_account != order.account_no:
        raise Refusal("unknown_quote", f"no quote {order.quote_id} for this account", field="quote_id")


def check_unquoted(order: PaymentOrder, standing: Standing) -> None:
    """Refuse money for a closed account whose payer nobody could tell so: a claim is made of it."""
    if order.quote_id is None and standing.state == "closed":
        raise Refusal("account_closed", f"account {order.account_no} is closed")


def payment_answer(
    payment_id: str,
    hub_no: str,
    settlement: Settlement,
    now: datetime,
    on: date,
    purchase: PurchaseView | None = None,
    fee_fen: int = 0,
) -> Payment:
    """Say what became of a payment."""
    return Payment(
        id=payment_id,
        status="credited",
        hub_no=hub_no,
        account_no=settlement.account_no,
        amount_fen=settlement.amount_fen,
        allocations=tuple(
            AllocationView(month=a.month, late_fee_fen=a.late_fee_fen, principal_fen=a.principal_fen)
            for a in settlement.allocations
        ),
        to_balance_fen=settlement.to_balance_fen,
        balance_before_fen=settlement.balance_before_fen,
        balance_after_fen=settlement.balance_after_fen,
        arrears_after_fen=settlement.arrears_after_fen,
        credited_at=now,
        business_date=on,
        purchase=purchase,
        fee_fen=fee_fen,
    )


def stands_for_payment(order: ClaimOrder | OpenItem) -> bool:
    """Whether the claim is for all the money of its payment, and not for one note beside it.

    Only such a claim keeps the payment from being credited later, and only such a claim is void when it was.
    """
    return order.payment_id is not None and order.reason in {"declined", "unanswered", "sale_fate_unknown"}


def claim_tender(claim: ClaimRecord) -> Tender:
    """How the money of a claim was paid, as the order or the heartbeat that it was made of says."""
    return msgspec.json.decode(claim.content, type=_ClaimContent).tender


class _ClaimContent(msgspec.Struct, frozen=True):
    tender: Tender = "cash"


def claim_answer(claim_id: str, order: ClaimOrder, certain_fen: int, *, credited: bool) -> Claim:
    """Say what became of a claim; `credited` when the hub had booked the payment before the claim came.

    `certain_fen` is what of its money is in no booking.
    """
    return Claim(
        id=claim_id,
        reference=order.reference,
        state="closed" if credited else "open",
        amount_fen=certain_fen,
        memo_fen=order.memo_fen,
        payment_id=order.payment_id,
        resolution="already_credited" if credited else "",
    )


def claim_now(claim: ClaimRecord) -> Claim:
    """Say how a claim stands; what people have proposed and not decided is the hub's own matter."""
    return Claim(
        id=claim.id,
        reference=claim.reference,
        state="released" if claim.state == "released" else "closed" if claim.state == "closed" else "open",
        amount_fen=claim.amount_fen,
        memo_fen=claim.memo_fen,
        payment_id=claim.payment_id,
        resolution=claim.resolution,
    )


def check_reversal(order: ReversalOrder, payment: Stored) -> None:
    """Refuse to undo a booked payment that is not of this amount, or whose money cannot go back by itself.

    Only what a bank took through the hub can: not cash, nor what a terminal box or a wallet took, nor a spent card.
    """
    if payment.amount_fen != order.amount_fen:
        raise Refusal("amount_differs", f"the payment is of {payment.amount_fen} fen", field="amount_fen")
    paid = payment_order(payment)
    if paid.tender != "bank_card" or paid.box is not None:
        by = "by a terminal box" if paid.box else f"in {paid.tender}"
        raise Refusal("not_reversible", f"the payment was made {by}", field="payment_id")


def payment_order(payment: Stored) -> PaymentOrder:
    """Give the order of a booked payment."""
    return msgspec.json.decode(payment.content, type=PaymentOrder)


def reversal_answer(
    reversal_id: str, order: ReversalOrder, outcome: Outcome, now: datetime, on: date
) -> Reversal:
    """Say what became of a reversal."""
    return Reversal(
        id=reversal_id,
        payment_id=order.payment_id,
        amount_fen=order.amount_fen,
        outcome=outcome,
        reversed_at=now,
        business_date=on,
    )


def judge_head(known: Head | None, beat: HeartbeatOrder) -> Verdict:
    """Judge whether the journal of a heartbeat goes on from the one the hub knows."""
    if known is None or known.renewed:
        return "ok"
    if beat.journal_id != known.journal_id:
        return "new_journal"
    if beat.seq < known.seq:
        return "behind"
    if beat.seq == known.seq:
        return "ok" if beat.head == known.head else "forked"
    if beat.known is None or beat.known.seq != known.seq:
        return "show"
    return "ok" if beat.known.head == known.head else "forked"


def heartbeat_answer(
    beat_id: str, verdict: Verdict, known_seq: int, now: datetime, on: date, mode: Mode
) -> Heartbeat:
    """Answer a heartbeat."""
    return Heartbeat(id=beat_id, verdict=verdict, known_seq=known_seq, as_of=now, business_date=on, mode=mode)


def reference_view(reference: str, claim: ClaimRecord | None, payment: Stored | None) -> ReferenceView | None:
    """Say what became of the money on a slip; a claim speaks for its payment too."""
    if claim is not None:
        now = claim_now(claim)
        return ReferenceView(
            reference=reference,
            kind="claim",
            state=now.state,
            amount_fen=now.amount_fen,
            memo_fen=now.memo_fen,
            resolution=now.resolution,
            made_at=claim.made_at,
            booked_on=_booked_on(payment) if now.resolution == "already_credited" else None,
        )
    if payment is None:
        return None
    order = payment_order(payment)
    return ReferenceView(
        reference=reference,
        kind="payment",
        state="reversed" if payment.reversal_id else "credited",
        amount_fen=order.amount_fen,
        memo_fen=0,
        resolution="",
        made_at=order.taken_at,
        booked_on=_booked_on(payment),
    )


def _booked_on(payment: Stored | None) -> date | None:
    if payment is None or payment.reversal_id:
        return None
    return msgspec.json.decode(payment.reply, type=Payment).business_date
