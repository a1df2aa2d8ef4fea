"""Every field of what the hub answers, and every refusal with the part of the order that is at fault."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from hub.business import forms
from hub.business.allocation import Allocation, Settlement, Standing
from hub.business.billing import Customer, Meter
from hub.business.bills import OpenBill
from hub.business.keeping import ClaimRecord, Stored
from hub.business.masking import mask_address, mask_name
from hub.business.orders import (
    PREPAY_LIMIT_FEN,
    QUOTE_LIFE,
    account_view,
    check_payment,
    check_reversal,
    check_unquoted,
    claim_answer,
    claim_now,
    heartbeat_answer,
    make_quote,
    payment_answer,
    reference_view,
    reversal_answer,
    stands_for_payment,
)
from hub.business.refusals import Refusal
from tests.hub.composition.counter import box_sale

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = date(2026, 3, 2)
BILLS = (
    OpenBill("b1", "2026-01", 90, 1000, 400, 10, date(2026, 1, 20)),
    OpenBill("b2", "2026-02", 80, 2000, 0, 0, date(2026, 2, 20)),
)
STANDING = Standing("1", "open", 500, BILLS)
QUOTE = forms.QuoteOrder(account_no="1", business="arrears", months=(), tender="cash")
BOX = box_sale("1" * 32)
PAYMENT = forms.PaymentOrder(
    account_no="1",
    quote_id="2" * 32,
    business="arrears",
    tender="cash",
    amount_fen=5000,
    months=(),
    notes=(forms.Notes(value_fen=2000, count=2), forms.Notes(value_fen=1000, count=1)),
    kiosk_no=1,
    business_date=TODAY,
    taken_at=LONG_AGO,
)
BOOKED = forms.Payment(
    id="1" * 32,
    status="credited",
    hub_no="7",
    account_no="1",
    amount_fen=5000,
    allocations=(),
    to_balance_fen=5000,
    balance_before_fen=0,
    balance_after_fen=5000,
    arrears_after_fen=0,
    credited_at=NOW,
    business_date=TODAY,
)
CLAIM = forms.ClaimOrder(
    reference="R",
    payment_id="1" * 32,
    account_no=None,
    amount_fen=100,
    memo_fen=20,
    reason="declined",
    notes=(),
    made_at=LONG_AGO,
)
KEPT = ClaimRecord(
    id="3" * 32,
    terminal="T",
    content="",
    reply=b"",
    reference="R",
    reason="declined",
    payment_id="1" * 32,
    account_no=None,
    amount_fen=100,
    memo_fen=20,
    state="open",
    resolution="",
    serial=None,
    made_at=LONG_AGO,
    received_at=NOW,
)
REVERSAL = forms.ReversalOrder(payment_id="1" * 32, amount_fen=5000, reason="unanswered", made_at=NOW)


def stored(order: forms.PaymentOrder = PAYMENT, **more: Any) -> Stored:
    reply = msgspec.json.encode(BOOKED)
    return Stored(
        "T", msgspec.json.encode(order).decode(), reply, amount_fen=order.amount_fen, serial=1, **more
    )


def changed(**changes: Any) -> forms.PaymentOrder:
    order: forms.PaymentOrder = msgspec.structs.replace(PAYMENT, **changes)
    return order


def test_an_account_is_shown_whole_and_masked() -> None:
    who = Customer("1", "欧阳娜娜", "江城区试验路18号502房", "城东", "residential", (Meter("9", "card"),))
    assert account_view(who, STANDING, NOW, TODAY) == forms.Account(
        account_no="1",
        name_masked=mask_name("欧阳娜娜"),
        address_masked=mask_address("江城区试验路18号502房"),
        supply_unit="城东",
        usage_class="residential",
        state="open",
        meters=(forms.MeterView(meter_no="9", kind="card"),),
        balance_fen=500,
        arrears_fen=2610,
        due_fen=2110,
        bills=(
            forms.BillView(
                month="2026-01",
                charge_fen=1000,
                late_fee_fen=10,
                paid_fen=400,
                due_fen=610,
                due_date=date(2026, 1, 20),
                state="partly_paid",
                kwh=90,
            ),
            forms.BillView(
                month="2026-02",
                charge_fen=2000,
                late_fee_fen=0,
                paid_fen=0,
                due_fen=2000,
                due_date=date(2026, 2, 20),
                state="open",
                kwh=80,
            ),
        ),
        as_of=NOW,
        business_date=TODAY,
    )


def test_a_quote_says_what_all_months_need_and_how_long_it_holds() -> None:
    assert make_quote("q", QUOTE, STANDING, NOW) == forms.Quote(
        id="q",
        account_no="1",
        business="arrears",
        months=("2026-01", "2026-02"),
        due_fen=2110,
        max_fen=2110 + PREPAY_LIMIT_FEN,
        expires_at=NOW + QUOTE_LIFE,
        as_of=NOW,
    )
    assert (PREPAY_LIMIT_FEN, QUOTE_LIFE.total_seconds()) == (500_000, 900)
    rich = replace(STANDING, balance_fen=9999)
    assert make_quote("q", QUOTE, rich, NOW).due_fen == 0
    prepay = msgspec.structs.replace(QUOTE, business="prepay")
    assert (
        make_quote("q", prepay, STANDING, NOW).months,
        make_quote("q", prepay, STANDING, NOW).due_fen,
    ) == (
        (),
        0,
    )


@pytest.mark.parametrize(
    ("months", "state", "code", "field", "detail"),
    [
        ((), "closed", "account_closed", None, "account 1 is closed"),
        (("2026-03",), "open", "unknown_month", "months", "no open bill for 2026-03"),
        (("2026-02",), "open", "months_not_oldest_first", "months", "open: 2026-01, 2026-02"),
    ],
)
def test_a_quote_that_cannot_be_given_is_refused_with_the_reason(
    months: tuple[str, ...], state: Any, code: str, field: str | None, detail: str
) -> None:
    order = msgspec.structs.replace(QUOTE, months=months)
    with pytest.raises(Refusal) as refused:
        make_quote("q", order, replace(STANDING, state=state), NOW)
    assert (refused.value.code, refused.value.field, refused.value.detail) == (code, field, detail)


@pytest.mark.parametrize(
    ("order", "quoted", "code", "field", "detail"),
    [
        (changed(tender="qr"), "1", "tender_off", "tender", "this hub does not take qr"),
        (changed(amount_fen=0, notes=()), "1", "amount_not_positive", "amount_fen", "amount_fen is 0"),
        (changed(amount_fen=-1), "1", "amount_not_positive", "amount_fen", "amount_fen is -1"),
        (changed(amount_fen=4999), "1", "notes_differ", "notes", "the notes are 5000 fen, not 4999"),
        (changed(tender="bank_card", box=BOX), "1", "notes_differ", "notes", "the notes are 5000 fen, not 0"),
        (
            changed(tender="bank_card", notes=()),
            "1",
            "tender_off",
            "box",
            "a bank card's money that no terminal box took is ordered at /v1/sales",
        ),
        (changed(box=BOX), "1", "bad_request", "box", "a terminal box takes no cash"),
        (PAYMENT, "2", "unknown_quote", "quote_id", f"no quote {'2' * 32} for this account"),
        (PAYMENT, None, "unknown_quote", "quote_id", f"no quote {'2' * 32} for this account"),
    ],
)
def test_what_can_be_no_payment_is_refused_with_the_reason(
    order: forms.PaymentOrder, quoted: str | None, code: str, field: str, detail: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check_payment(order, quoted, {"cash", "bank_card"})
    assert (refused.value.code, refused.value.field, refused.value.detail) == (code, field, detail)


def test_money_that_was_taken_is_creditable() -> None:
    check_payment(PAYMENT, "1", {"cash"})
    check_payment(changed(amount_fen=1, notes=(forms.Notes(value_fen=1, count=1),)), "1", {"cash"})
    check_payment(changed(tender="bank_card", notes=(), box=BOX), "1", {"bank_card"})


def test_a_payments_answer_repeats_the_settlement() -> None:
    settlement = Settlement("1", 5000, (Allocation("b1", "2026-01", 10, 600),), 500, 4890, 2000)
    assert payment_answer("p", "000000000001", settlement, NOW, TODAY) == forms.Payment(
        id="p",
        status="credited",
        hub_no="000000000001",
        account_no="1",
        amount_fen=5000,
        allocations=(forms.AllocationView(month="2026-01", late_fee_fen=10, principal_fen=600),),
        to_balance_fen=4390,
        balance_before_fen=500,
        balance_after_fen=4890,
        arrears_after_fen=2000,
        credited_at=NOW,
        business_date=TODAY,
    )


@pytest.mark.parametrize(
    ("reason", "whole"),
    [
        ("declined", True),
        ("unanswered", True),
        ("note_fate_unknown", False),
        ("late_note", False),
        ("orphan_note", False),
        ("unasked_note", False),
    ],
)
def test_a_claim_stands_for_its_payment_when_that_was_declined_or_unanswered(
    reason: Any, whole: bool
) -> None:
    assert stands_for_payment(msgspec.structs.replace(CLAIM, reason=reason)) is whole
    assert not stands_for_payment(msgspec.structs.replace(CLAIM, reason=reason, payment_id=None))


@pytest.mark.parametrize(
    ("credited", "state", "resolution"), [(False, "open", ""), (True, "closed", "already_credited")]
)
def test_a_claims_answer(credited: bool, state: Any, resolution: Any) -> None:
    assert claim_answer("c", CLAIM, 90, credited=credited) == forms.Claim(
        id="c",
        reference="R",
        state=state,
        amount_fen=90,
        memo_fen=20,
        payment_id="1" * 32,
        resolution=resolution,
    )


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("open", "open"), ("proposed", "open"), ("released", "released"), ("closed", "closed")],
)
def test_what_is_proposed_is_the_hubs_own_matter(kept: str, shown: Any) -> None:
    assert claim_now(replace(KEPT, state=kept, resolution="refunded")) == forms.Claim(
        id="3" * 32,
        reference="R",
        state=shown,
        amount_fen=100,
        memo_fen=20,
        payment_id="1" * 32,
        resolution="refunded",
    )


def test_a_reversal_of_another_amount_or_of_cash_is_refused() -> None:
    card = changed(tender="bank_card", notes=())
    check_reversal(REVERSAL, stored(card))
    with pytest.raises(Refusal) as refused:
        check_reversal(msgspec.structs.replace(REVERSAL, amount_fen=1), stored(card))
    fault = refused.value
    assert (fault.code, fault.field, fault.detail) == (
        "amount_differs",
        "amount_fen",
        "the payment is of 5000 fen",
    )
    with pytest.raises(Refusal) as refused:
        check_reversal(REVERSAL, stored())
    fault = refused.value
    assert (fault.code, fault.field, fault.detail) == (
        "not_reversible",
        "payment_id",
        "the payment was made in cash",
    )


def test_reversals_and_heartbeats_are_answered_whole() -> None:
    assert reversal_answer("r", REVERSAL, "reversed", NOW, TODAY) == forms.Reversal(
        id="r",
        payment_id="1" * 32,
        amount_fen=5000,
        outcome="reversed",
        reversed_at=NOW,
        business_date=TODAY,
    )
    assert heartbeat_answer("h", "show", 7, NOW, TODAY, "day_end") == forms.Heartbeat(
        id="h", verdict="show", known_seq=7, as_of=NOW, business_date=TODAY, mode="day_end"
    )


def test_a_claim_speaks_for_its_payment_on_the_slip() -> None:
    kept = replace(KEPT, state="released", resolution="refunded")
    for payment in (None, stored()):
        assert reference_view("R", kept, payment) == forms.ReferenceView(
            reference="R",
            kind="claim",
            state="released",
            amount_fen=100,
            memo_fen=20,
            resolution="refunded",
            made_at=LONG_AGO,
            booked_on=None,
        )


def test_a_claim_for_money_that_was_booked_already_tells_when() -> None:
    kept = replace(KEPT, state="closed", resolution="already_credited")
    for payment, booked_on in ((stored(), TODAY), (stored(reversal_id="4" * 32), None), (None, None)):
        view = reference_view("R", kept, payment)
        assert view is not None
        assert (view.kind, view.resolution, view.booked_on) == ("claim", "already_credited", booked_on)


@pytest.mark.parametrize(
    ("reversal_id", "state", "booked_on"), [(None, "credited", TODAY), ("4" * 32, "reversed", None)]
)
def test_a_payment_is_credited_or_reversed_on_the_slip(
    reversal_id: str | None, state: Any, booked_on: Any
) -> None:
    assert reference_view("R", None, stored(reversal_id=reversal_id)) == forms.ReferenceView(
        reference="R",
        kind="payment",
        state=state,
        amount_fen=5000,
        memo_fen=0,
        resolution="",
        made_at=LONG_AGO,
        booked_on=booked_on,
    )
    assert reference_view("R", None, None) is None


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("quote_id", [None, "2" * 32])
def test_money_without_a_quote_is_taken_for_an_open_account_only(state: Any, quote_id: str | None) -> None:
    order, standing = changed(quote_id=quote_id), replace(STANDING, state=state)
    check_payment(order, None if quote_id is None else "1", {"cash"})
    if quote_id is None and state == "closed":
        with pytest.raises(Refusal) as refused:
            check_unquoted(order, standing)
        assert (refused.value.code, refused.value.detail) == ("account_closed", "account 1 is closed")
    else:
        check_unquoted(order, standing)
