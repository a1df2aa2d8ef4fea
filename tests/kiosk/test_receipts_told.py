"""Element by element, what stands on a slip, and what its check code is made of."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from drivers.printer.document import Blank, Document, Element, Line, Pair, QrCode, Rule, Table
from kiosk.payment.events import AccountFacts, Allocation, NoteCount
from kiosk.receipts import Place, ReceiptFacts, receipt

KEY, JOB = b"a key of the bench", "0" * 32
PLACE = Place("Sample Power", "PK-0001", "Lobby", "12345")
WHO = AccountFacts("0399000000012345", "C*", "Block *")
BARE = ReceiptFacts(
    kind="claim",
    lang="en",
    place=Place("Sample Power", "PK-0001"),
    at=datetime(2026, 11, 22, 9, 4, 1),  # noqa: DTZ001 - a slip prints local time
    kiosk_no="",
    business="arrears",
    account=None,
    received_fen=0,
)
PAID = replace(
    BARE,
    kind="paid",
    place=PLACE,
    kiosk_no="000127",
    account=WHO,
    received_fen=14000,
    notes=(NoteCount(10000, 1), NoteCount(2000, 2)),
    returned=(NoteCount(5000, 2),),
    business_date="2026-11-23",
    hub_no="H51",
    months=(Allocation("2026-09", 237, 4000), Allocation("2026-10", 0, 8137)),
    due_fen=12474,
    to_balance_fen=1626,
    balance_before_fen=35,
    balance_after_fen=1661,
    arrears_after_fen=100,
    copy_no=2,
)
CLAIM = replace(BARE, reference="C-7", uncertain_fen=5000)


def centred(text: str, bold: bool = False, size: Any = 1) -> Line:
    return Line(text, "center", bold, size)


def code_of(*told: str) -> str:
    digest = hmac.new(KEY, "\x1f".join(told).encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest[:5]).decode()
    return f"{text[:4]}-{text[4:]}"


PAID_CODE = code_of(
    "paid",
    "PK-0001",
    "000127",
    "H51",
    "",
    "0399000000012345",
    "20261122090401",
    "arrears",
    "14000",
    "12374",
    "0",
)
CLAIM_CODE = code_of("claim", "PK-0001", "", "", "C-7", "", "20261122090401", "arrears", "0", "0", "5000")
ON_PAID: tuple[Element, ...] = (
    centred("Sample Power"),
    centred("Payment receipt", bold=True, size=2),
    centred("COPY 2", bold=True),
    Rule(),
    Pair("Terminal", "PK-0001"),
    Pair("Site", "Lobby"),
    Pair("Time", "2026-11-22 09:04:01"),
    Pair("Business date", "2026-11-23"),
    Pair("Kiosk no.", "000127"),
    Pair("Transaction number", "H51"),
    Rule(),
    Pair("Business", "Pay arrears"),
    Pair("Account number", "0399000000012345"),
    Pair("Account name", "C*"),
    Pair("Supply address", "Block *"),
    Rule(),
    Table(
        ("Month", "Charge", "Late fee", "Subtotal"),
        (("2026-09", "40.00", "2.37", "42.37"), ("2026-10", "81.37", "0.00", "81.37")),
    ),
    Rule(),
    Pair("Amount due", "124.74 yuan"),
    Line("Notes inserted"),
    Pair("  100 yuan x 1", "100.00"),
    Pair("  20 yuan x 2", "40.00"),
    Line("Notes returned"),
    Pair("  50 yuan x 2", "100.00"),
    Pair("Paid by", "Cash"),
    Pair("Received", "140.00 yuan", bold=True),
    Rule(),
    Pair("Arrears paid", "123.74 yuan"),
    Pair("Added to balance", "16.26 yuan"),
    Pair("Balance before", "0.35 yuan"),
    Pair("New balance", "16.61 yuan", bold=True),
    Pair("Still due", "1.00 yuan", bold=True),
    Rule(),
    centred("Done", bold=True, size=2),
    Line("No change is given: 16.26 yuan went to your account balance."),
    Line("1 yuan is still due on your account. Please pay it in time."),
    Blank(),
    Pair("Check code", PAID_CODE),
    Rule(),
    centred("Questions? Call 12345"),
    centred("Not an invoice"),
    centred("Thank you, goodbye"),
)
ON_CLAIM: tuple[Element, ...] = (
    centred("Sample Power"),
    centred("Claim slip", bold=True, size=2),
    Rule(),
    Pair("Terminal", "PK-0001"),
    Pair("Time", "2026-11-22 09:04:01"),
    Rule(),
    Pair("Business", "Pay arrears"),
    Rule(),
    Pair("Paid by", "Cash"),
    Pair("To be counted", "50.00 yuan", bold=True),
    Rule(),
    centred("Our staff will help", bold=True, size=2),
    centred("Reference"),
    centred("C-7", bold=True, size=2),
    Line(
        "Where one note of 50 yuan went will be known when the cash box is counted. It is recorded. "
        "Take this slip to the counter, or call 95598."
    ),
    QrCode("C-7"),
    centred("The reference as a code"),
    Blank(),
    Pair("Check code", CLAIM_CODE),
    Rule(),
    centred("Questions? Call 95598"),
    centred("Not an invoice"),
    centred("Please keep this slip"),
)


def guidance(facts: ReceiptFacts) -> list[str]:
    """The sentences of a slip: the lines at the left after the result."""
    told = receipt(facts, JOB, KEY).elements
    begin = next(at for at, e in enumerate(told) if isinstance(e, Line) and e.size == 2 and at > 2)
    return [e.text.split(".")[0] for e in told[begin:] if isinstance(e, Line) and e.align == "left"]


@pytest.mark.parametrize(("facts", "elements"), [(PAID, ON_PAID), (CLAIM, ON_CLAIM)])
def test_a_slip_holds_these_elements_and_no_others(
    facts: ReceiptFacts, elements: tuple[Element, ...]
) -> None:
    assert receipt(facts, JOB, KEY) == Document(JOB, elements)


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        (replace(PAID, arrears_after_fen=0, to_balance_fen=0), []),
        (
            replace(PAID, business="prepay", arrears_after_fen=0),
            ["The invoice for this top-up follows with the monthly bill"],
        ),
        (
            replace(CLAIM, received_fen=13000),
            [
                "We have received your 130 yuan; it is not on your account yet",
                "Where one note of 50 yuan went will be known when the cash box is counted",
            ],
        ),
        (
            replace(CLAIM, received_fen=13050, uncertain_fen=0, arrears_after_fen=100),
            ["We have received your 130"],
        ),
        (
            replace(PAID, kind="checking"),
            ["We have received your 140 yuan and are checking that it is on your account"],
        ),
        (replace(PAID, kind="provisional"), ["We have received your 140 yuan"]),
        (
            replace(PAID, kind="provisional", account=AccountFacts(WHO.account_no, "", "")),
            ["We have received your 140 yuan", "Nobody could check the account number"],
        ),
        (
            replace(PAID, kind="provisional", account=None),
            ["We have received your 140 yuan", "Nobody could check the account number"],
        ),
        (
            replace(PAID, kind="checking", account=None, uncertain_fen=100),
            ["We have received your 140 yuan and are checking that it is on your account"],
        ),
        (replace(PAID, kind="returned"), ["Your notes were returned and nothing was taken"]),
    ],
)
def test_each_slip_says_what_to_do_now(facts: ReceiptFacts, sentences: list[str]) -> None:
    assert guidance(facts) == sentences


def test_a_note_counts_as_often_as_it_was_put_in() -> None:
    assert PAID.adds_up
    assert not replace(PAID, notes=(NoteCount(10000, 1), NoteCount(2000, 1))).adds_up


def test_a_code_that_leads_somewhere_says_so() -> None:
    online = replace(CLAIM, place=replace(PLACE, claim_url="https://example.invalid/{reference}"))
    told = receipt(online, JOB, KEY).elements
    at = told.index(QrCode("https://example.invalid/C-7"))
    assert told[at + 1] == centred("Scan to see how it stands")


def test_what_a_slip_is_not_told_of_is_empty() -> None:
    assert (BARE.notes, BARE.returned, BARE.months) == ((), (), ())
    assert BARE.business_date == BARE.hub_no == BARE.reference == PLACE.claim_url == BARE.place.site == ""
    amounts = (BARE.due_fen, BARE.to_balance_fen, BARE.balance_before_fen, BARE.balance_after_fen)
    assert (*amounts, BARE.arrears_after_fen, BARE.uncertain_fen, BARE.copy_no) == (0,) * 7


def test_what_went_back_is_named_so_and_not_as_put_in() -> None:
    told = receipt(replace(PAID, kind="returned", returned=(), months=()), JOB, KEY).elements
    assert told[told.index(Pair("  100 yuan x 1", "100.00")) - 1] == Line("Notes returned")
    assert Line("Notes inserted") not in told
