"""Invented payments and claims in each state, for the sample pages and the sample slips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.hubclient.wire import Account
from kiosk.pages.sample_accounts import ACCOUNT_NO, ONE
from kiosk.payment.events import AccountFacts, Allocation, NoteCount, QuoteFacts
from kiosk.payment.model import Claim, ClaimState, Credit, Note, NoteState, Payment, PaymentState, Slip

PAYMENT_ID = "0198f2c4a1b3e5d7a9c1e3f5b7d9f1a3"


def payment(owner: Account, *notes: int, due: int | None = None, **changes: Any) -> Payment:
    """Return a payment of this account with these notes in the box."""
    needed = owner.due_fen if due is None else due
    made = Payment(
        payment_id=PAYMENT_ID,
        kiosk_no=1234,
        state=PaymentState.FUNDED if notes else PaymentState.OPEN,
        business="arrears" if needed else "prepay",
        account=AccountFacts(owner.account_no, owner.name_masked, owner.address_masked, owner.supply_unit),
        quote=QuoteFacts(
            "q" * 32, tuple(b.month for b in owner.bills), needed, 200000, "2026-11-22T10:00:00Z"
        ),
        lang="zh",
        opened_at="2026-11-22T09:31:00Z",
        notes=tuple(Note(f"n{at}", value, NoteState.STACKED) for at, value in enumerate(notes)),
    )
    return replace(made, **changes)


def unquoted(*notes: int, **changes: Any) -> Payment:
    """Return a payment that was opened without the hub: an account number and a limit, no name and no bills."""
    return payment(
        ONE,
        *notes,
        account=AccountFacts(ACCOUNT_NO, "", ""),
        quote=QuoteFacts("", (), 0, 20000, ""),
        **changes,
    )


def credited(
    owner: Account, *notes: int, printed: bool | None = None, slips: bool = True, **changes: Any
) -> Payment:
    """Return the payment as the hub booked it: oldest month first, late fee before principal."""
    amount = sum(notes)
    left, parts = amount + owner.balance_fen, []
    for one in owner.bills:
        take = min(left, one.due_fen)
        fee = min(take, one.late_fee_fen)
        if take:
            parts.append(Allocation(one.month, fee, take - fee))
        left -= take
    credit = Credit(
        hub_no="2026112200012345",
        allocations=tuple(parts),
        to_balance_fen=left - owner.balance_fen,
        balance_before_fen=owner.balance_fen,
        balance_after_fen=left,
        arrears_after_fen=owner.arrears_fen - sum(p.late_fee_fen + p.principal_fen for p in parts),
        credited_at="2026-11-22T09:33:00Z",
        business_date="2026-11-22",
    )
    slip = (Slip("j" * 32, "paid", 0, printed),) if slips else ()
    state = PaymentState.CREDITED if printed is None and slips else PaymentState.PAID
    return payment(owner, *notes, state=state, credit=credit, slips=slip, **changes)


def claim(reason: str, amount: int, memo: int = 0, printed: bool | None = True) -> Claim:
    """Return a claim of this reason."""
    return Claim(
        claim_id="c" * 32,
        reference="0198-F2C4-A1B3",
        reason=reason,
        state=ClaimState.OPEN,
        payment_id=PAYMENT_ID,
        account_no=ACCOUNT_NO,
        amount_fen=amount,
        memo_fen=memo,
        notes=(NoteCount(10000, 1),),
        made_at="2026-11-22T09:33:00Z",
        lang="zh",
        slips=(Slip("s" * 32, "claim", 0, printed),),
    )
