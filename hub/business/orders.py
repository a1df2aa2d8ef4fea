"""The rules for quotes, payments and claims: what is accepted, what is answered. Time and ids come in."""

from datetime import date, datetime, timedelta

from hub.business.allocation import Settlement, Standing
from hub.business.billing import Customer
from hub.business.forms import (
    Account,
    AllocationView,
    BillView,
    Claim,
    ClaimOrder,
    MeterView,
    Payment,
    PaymentOrder,
    Quote,
    QuoteOrder,
)
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


def check_payment(order: PaymentOrder, quoted_account: str | None) -> None:
    """Refuse what can be no payment. Cash that was taken is creditable whatever became of its quote."""
    if order.amount_fen <= 0:
        raise Refusal("amount_not_positive", f"amount_fen is {order.amount_fen}", field="amount_fen")
    counted = sum(note.value_fen * note.count for note in order.notes)
    if counted != order.amount_fen:
        raise Refusal(
            "notes_differ", f"the notes are {counted} fen, amount_fen {order.amount_fen}", field="notes"
        )
    if quoted_account != order.account_no:
        raise Refusal("unknown_quote", f"no quote {order.quote_id} for this account", field="quote_id")


def payment_answer(payment_id: str, hub_no: str, settlement: Settlement, now: datetime, on: date) -> Payment:
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
    )


def stands_for_payment(order: ClaimOrder) -> bool:
    """Whether the claim is for all the money of its payment, and not for one note beside it.

    Only such a claim keeps the payment from being credited later, and only such a claim is void when it was.
    """
    return order.payment_id is not None and order.reason in {"declined", "unanswered"}


def claim_answer(claim_id: str, order: ClaimOrder, *, credited: bool) -> Claim:
    """Say what became of a claim; `credited` when the hub had booked the payment before the claim came."""
    return Claim(
        id=claim_id,
        reference=order.reference,
        state="closed" if credited else "open",
        amount_fen=order.amount_fen,
        memo_fen=order.memo_fen,
        payment_id=order.payment_id,
        resolution="already_credited" if credited else "",
    )
