"""The slips that came out are read as people read them; what they may not say is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.payment import events as ev
from kiosk.payment.model import Credit, Note, NoteState, Payment, PaymentState, Slip
from tests.powercut.slips import untrue, whole_slips

ACCOUNT = "0399000000000018"
SLIP = f"""       示例供电公司 Sample Power Company
            Payment receipt
------------------------------------------------
Kiosk no.                                 000007
Transaction number                  000000000050
------------------------------------------------
Account number                  {ACCOUNT}
------------------------------------------------
Notes inserted
  1,000 yuan x 1                        1,000.00
Received                           1,000.00 yuan
------------------------------------------------
               Thank you, goodbye
"""
TORN = SLIP[: SLIP.index("Received")]
COPY = SLIP.replace("receipt\n", "receipt\n                     COPY 1\n")
CREDIT = Credit("000000000050", (), 0, 0, 0, 0, "", "")
OWED_SLIP = (
    SLIP.replace("            Payment receipt", "Card not written here")
    .replace("Received   ", "Card                            Not written here\nReceived   ")
    .replace("    Thank you, goodbye", "Please keep this slip")
)
PAID = Payment(
    payment_id="0" * 32,
    kiosk_no=7,
    state=PaymentState.PAID,
    business="arrears",
    account=ev.AccountFacts(ACCOUNT, "", ""),
    quote=ev.QuoteFacts("q", (), 100000, 200000, ""),
    lang="en",
    opened_at="",
    notes=(Note("n", 100000, NoteState.STACKED),),
    credit=CREDIT,
    slips=(Slip("j", "paid", 0, printed=True),),
)


def test_a_true_slip_is_one() -> None:
    assert list(untrue([SLIP], [PAID])) == []


def test_a_card_that_is_still_to_be_written_is_told_on_a_slip() -> None:
    owed = replace(
        PAID, business="buy_power", state=PaymentState.OWED, slips=(Slip("j", "owed", 0, printed=True),)
    )
    assert list(untrue([OWED_SLIP], [owed])) == []
    [found] = untrue([OWED_SLIP], [replace(owed, state=PaymentState.PAID)])
    assert "not to be written: paid" in found
    [found] = untrue([], [replace(owed, slips=())])
    assert "nobody has a slip" in found


def test_the_slip_of_a_rewrite_has_no_number_of_the_hub() -> None:
    rewrite = replace(PAID, business="rewrite", credit=None, notes=())
    slip = SLIP.replace("Transaction number                  000000000050\n", "")
    notes, received = (
        "  1,000 yuan x 1                        1,000.00\n",
        "Received                           1,000.00 yuan\n",
    )
    free = slip.replace(notes + received, "")
    assert list(untrue([free], [rewrite])) == []


def test_a_slip_that_a_killed_kiosk_left_half_done_is_none() -> None:
    assert [paper.copy for paper in whole_slips(TORN + COPY)] == [1]
    copied = replace(PAID, slips=(Slip("j", "paid", 0), Slip("k", "paid", 1, printed=True)))
    assert list(untrue([TORN + COPY], [copied])) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "Received                           1,000",
            "Received                           1,001",
            "but the journal",
        ),
        (
            "1,000 yuan x 1                        1,000",
            "1,000 yuan x 2                        2,000",
            "but the",
        ),
        (ACCOUNT, "0399000000000026", "but the journal has"),
        ("000000000050", "000000000051", "nothing in the journal"),
        ("000007", "000008", "number 7"),
        ("receipt\n", "receipt\n                     COPY 1\n", "without an intent"),
    ],
    ids=["amount", "notes", "account", "transaction", "number", "copy"],
)
def test_a_slip_that_says_something_else_is_found(old: str, new: str, found: str) -> None:
    assert old in SLIP
    assert any(found in fault for fault in untrue([SLIP.replace(old, new)], [PAID]))


@pytest.mark.parametrize(
    ("sheets", "change", "found"),
    [
        ([], {}, "never seen"),
        ([SLIP, SLIP], {}, "2 times"),
        ([], {"slips": ()}, "nobody has a slip"),
        ([SLIP], {"state": PaymentState.CHECKING}, "a payment that is checking"),
    ],
    ids=["missing", "twice", "none", "not paid"],
)
def test_slips_that_do_not_fit_the_journal_are_found(
    sheets: list[str], change: dict[str, Any], found: str
) -> None:
    assert any(found in fault for fault in untrue(sheets, [replace(PAID, **change)]))
