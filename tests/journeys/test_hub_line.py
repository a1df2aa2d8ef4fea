"""The line to the hub, spoilt in every way while money is in: the customer goes with a slip, the credit comes once."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.numbers import reference
from kiosk.payment.events import CreditApproved, CreditSending, CreditUnknown
from kiosk.payment.model import Claim, PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, eventually

HASTY: dict[str, Any] = {"checking_after_s": 1.2, "status_every_s": 3600.0}
"""For a customer who is not kept waiting; what hangs is ended by `mend`, for no deadline is short on a busy machine."""
FAULTS: dict[str, dict[str, Any]] = {
    "delay": {"ms": 60_000},
    "trickle": {"bytes_per_s": 40},
    "http_500": {},
    "garbage": {},
    "answer_for_other_id": {},
    "wrong_signature": {"where": "body"},
    "drop_reply": {},
    "blackhole": {},
    "truncate_reply": {"bytes": 100},
    "reset_after": {"bytes": 30},
    "refuse": {},
}
HUB_HEARD_NOTHING = {"http_500", "blackhole", "refuse"}
HANGING = {"delay", "drop_reply", "blackhole"}
"""As `trickle` does; that one may last until the deadline."""


def cut(cabinet: Cabinet, kiosk: InProcess, fault: str) -> None:
    """Break what hangs, once the spoilt request has come as far as the fault lets it; then refuse everything."""
    if fault == "blackhole":
        eventually(lambda: unheard(cabinet), "no request is swallowed")
    elif fault not in HUB_HEARD_NOTHING:
        at_hub = f"/v1/payments/{kiosk.payment().payment_id}"
        eventually(lambda: cabinet.town.client.get(at_hub).status_code == 200, "the hub has not booked it")
    cabinet.line("refuse")


def unheard(cabinet: Cabinet) -> int:
    """How many requests of the kiosk the hub has not answered."""
    counts = cabinet.line("status")
    return int(counts["requests"]) - int(counts["answers"])


def mend(cabinet: Cabinet, kiosk: InProcess, fault: str) -> None:
    """Break what hangs, and let everything through."""
    cut(cabinet, kiosk, fault)
    cabinet.line("pass")


def paying(cabinet: Cabinet, fault: str, **hub: Any) -> InProcess:
    """A customer whose hundred is in and whose credit request meets this fault, from the first attempt on."""
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk(hub=HASTY | hub)
    kiosk.to_slot(account.account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.before("CreditSending", lambda: cabinet.line(fault, **FAULTS.get(fault, {})))
    kiosk.press("pay_now")
    return kiosk


@pytest.mark.parametrize("fault", FAULTS)
def test_unanswered_the_customer_goes_with_a_slip_and_the_credit_comes_once(
    cabinet: Cabinet, fault: str
) -> None:
    kiosk = paying(cabinet, fault)
    page = kiosk.page("checking")
    payment = kiosk.payment()
    word = reference(payment.payment_id)
    assert word in str(page)
    assert "¥100.00" in str(page)
    eventually(cabinet.slips, "the slip")
    [slip] = cabinet.slips()
    assert "Payment being checked" in slip
    assert word in slip
    kiosk.press("finish")
    kiosk.page("attract")
    assert kiosk.payment().state is PaymentState.CHECKING
    mend(cabinet, kiosk, fault)
    cabinet.settled(kiosk, credited=10000)
    assert cabinet.town.standing(payment.account.account_no) == (0, 0)
    sent = [e for e in kiosk.events("CreditSending") if isinstance(e, CreditSending)]
    assert len({(e.amount_fen, e.taken_at, e.business_date) for e in sent}) == 1
    [approved] = kiosk.events("CreditApproved")
    assert isinstance(approved, CreditApproved)
    assert approved.replayed is (fault not in HUB_HEARD_NOTHING)
    assert len(cabinet.slips()) == 1
    assert kiosk.shown.now.name == "attract"


@pytest.mark.parametrize(("fault", "how"), [("delay", {"ms": 300}), ("trickle", {"bytes_per_s": 4000})])
def test_a_slow_hub_is_waited_for(cabinet: Cabinet, fault: str, how: dict[str, Any]) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.before("CreditSending", lambda: cabinet.line(fault, **how))
    kiosk.press("pay_now")
    kiosk.page("paying")
    kiosk.page("done")
    cabinet.settled(kiosk, credited=10000)
    assert len(kiosk.events("CreditSending")) == 1


def test_another_payments_signed_answer_credits_nothing(cabinet: Cabinet) -> None:
    kiosk = paying(cabinet, "pass", checking_after_s=60.0)
    kiosk.notice("Take your receipt")
    kiosk.press("finish")
    kiosk.page("attract")
    second = cabinet.town.account(10000)
    kiosk.to_slot(second.account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.before("CreditSending", lambda: cabinet.line("answer_for_other_id", next=1))
    kiosk.press("pay_now")
    kiosk.page("done")
    cabinet.settled(kiosk, credited=20000)
    [unknown] = kiosk.events("CreditUnknown")
    assert isinstance(unknown, CreditUnknown)
    assert unknown.reason.startswith("other_request")
    assert cabinet.town.standing(second.account_no) == (0, 0)


def test_an_answer_while_the_customer_reads_that_it_is_checked(cabinet: Cabinet) -> None:
    kiosk = paying(cabinet, "blackhole")
    kiosk.page("checking")
    mend(cabinet, kiosk, "blackhole")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=10000)
    checking, receipt = cabinet.slips()
    assert "Payment being checked" in checking
    assert "Payment receipt" in receipt


def test_a_hub_that_refuses_the_money_makes_it_a_claim(cabinet: Cabinet) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.before("CreditSending", cabinet.town.forget_quotes)
    kiosk.press("pay_now")
    page = kiosk.page("claim")
    cabinet.settled(kiosk, suspense=10000)
    [claim] = [c for c in kiosk.books() if isinstance(c, Claim)]
    assert claim.reference in str(page)
    eventually(cabinet.slips, "the slip")
    assert claim.reference in cabinet.slips()[0]
    assert kiosk.payment().state is PaymentState.CLAIMED


@pytest.mark.parametrize(("fault", "credited"), [("blackhole", 0), ("drop_reply", 10000)])
def test_no_answer_at_all_becomes_a_claim_that_never_counts_twice(
    cabinet: Cabinet, fault: str, credited: int
) -> None:
    before = cabinet.town.books()
    kiosk = paying(cabinet, fault, claim_after_attempts=2, checking_after_s=60.0)
    kiosk.wrote("CreditSending")
    cut(cabinet, kiosk, fault)
    kiosk.page("claim")
    cabinet.line("pass")
    kiosk.wrote("ClaimTaken")
    [claim] = [c for c in kiosk.books() if isinstance(c, Claim)]
    assert (claim.reason, claim.amount_fen) == ("unanswered", 10000)
    assert claim.resolution == ("already_credited" if credited else "")
    books = cabinet.town.books()
    assert books.findings == ()
    assert books.credited_fen - before.credited_fen == credited
    assert books.suspense_fen - before.suspense_fen == 10000 - credited


def test_a_look_up_over_a_spoilt_line_takes_nobodys_money(cabinet: Cabinet) -> None:
    account_no = cabinet.town.account(10000).account_no
    kiosk = cabinet.kiosk(hub={"query_deadline_s": 3.0, "status_every_s": 2.0})
    kiosk.types(account_no)
    is_found(kiosk)
    for fault, how in FAULTS.items():
        kiosk.press("wrong", *(f"key:{digit}" for digit in account_no))
        kiosk.shown.wait(lambda p: p.entry and p.entry.complete, "the typed number")
        cabinet.line(fault, **how)
        asked = cabinet.line("status")["requests"]
        kiosk.press("confirm")
        if fault in HANGING:
            eventually(lambda: cabinet.line("status")["requests"] > asked, "the hub is not asked")  # noqa: B023
            cabinet.line("refuse")
        page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, f"an error for {fault}")
        assert page.entry is not None
        assert page.entry.error.startswith("No connection. No money was taken."), fault
        cabinet.line("pass")
        kiosk.press("confirm")
        is_found(kiosk)


def is_found(kiosk: InProcess) -> None:
    """The account is shown; a customer whom a busy machine keeps waiting too long asks again."""
    while True:
        kiosk.page("looking_up")
        page = kiosk.shown.wait(lambda p: p.name != "looking_up", "an answer")
        if page.name == "confirm_account":
            return
        kiosk.press("confirm")


@pytest.mark.parametrize("fault", ["http_500", "wrong_signature", "blackhole"])
def test_without_a_quote_no_note_slot_opens(cabinet: Cabinet, fault: str) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk(hub=HASTY)
    kiosk.to_means(account.account_no)
    cabinet.line(fault, **FAULTS[fault])
    kiosk.press("cash")
    if fault == "blackhole":
        cut(cabinet, kiosk, fault)
    assert "No money was taken" in str(kiosk.page("message"))
    assert kiosk.events() == []
    assert cabinet.validator("status")["state"] == "unit_disabled"
