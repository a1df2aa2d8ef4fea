"""Fact by fact, what each slip is given of its payment or claim."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kiosk.config import Acceptor, Config, Hub, JournalFile, Printer, Terminal
from kiosk.numbers import reference
from kiosk.payment import events as ev
from kiosk.payment.effects import PrintSlip
from kiosk.payment.fold import claim_opened, opened
from kiosk.payment.model import Claim, Credit, Note, NoteState, Payment
from kiosk.receipts import Place, ReceiptFacts
from kiosk.slips import Slips

PAYMENT_ID, CLAIM_ID, JOB = "a" * 32, "c" * 32, "f" * 32
WHO = ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋")
CONFIG = Config(
    terminal=Terminal(
        id="T-1",
        site="Lobby",
        company="Sample Power",
        hotline="12345",
        claim_url="https://example.invalid/{reference}",
        timezone="Asia/Urumqi",
    ),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("k")),
    journal=JournalFile(path=Path("j")),
    acceptor=Acceptor(port="a"),
    printer=Printer(port="p"),
)
PLACE = Place("Sample Power", "T-1", "Lobby", "12345", "https://example.invalid/{reference}")
OPENED = opened(
    ev.PaymentOpened(
        key=PAYMENT_ID,
        kiosk_no=42,
        business="prepay",
        account=WHO,
        quote=ev.QuoteFacts("b" * 32, ("2026-10",), 11325, 200000, "2026-11-22T16:30:00Z"),
        lang="en",
        at="2026-11-22T15:58:00.000Z",
    )
)
NOTES = (
    Note("1", 10000, NoteState.STACKED),
    Note("2", 2000, NoteState.STACKED),
    Note("3", 2000, NoteState.STACKED),
    Note("4", 5000, NoteState.RETURNED, recovered=True),
    Note("5", 5000, NoteState.RETURNED, recovered=True),
)
CREDIT = Credit(
    hub_no="000000000123",
    allocations=(ev.Allocation("2026-10", 170, 11155),),
    to_balance_fen=2675,
    balance_before_fen=100,
    balance_after_fen=2775,
    arrears_after_fen=31,
    credited_at="2026-11-22T16:00:01.000Z",
    business_date="2026-11-23",
)
TAKEN = replace(OPENED, notes=NOTES, taken_at="2026-11-22T15:59:58.000Z")
PAID = replace(TAKEN, credit=CREDIT)
OF_PAYMENT = ReceiptFacts(
    kind="paid",
    lang="en",
    place=PLACE,
    at=datetime(2026, 11, 22, 22, 0, 1, tzinfo=ZoneInfo("Asia/Urumqi")),
    kiosk_no="000042",
    business="prepay",
    account=WHO,
    received_fen=14000,
    notes=(ev.NoteCount(10000, 1), ev.NoteCount(2000, 2)),
    returned=(ev.NoteCount(5000, 2),),
    due_fen=11325,
    copy_no=2,
)
BOOKED = replace(
    OF_PAYMENT,
    business_date="2026-11-23",
    hub_no="000000000123",
    months=CREDIT.allocations,
    to_balance_fen=2675,
    balance_before_fen=100,
    balance_after_fen=2775,
    arrears_after_fen=31,
)
CLAIM = claim_opened(
    ev.ClaimOpened(
        key=CLAIM_ID,
        reference="C-REF",
        reason="declined",
        payment_id=PAYMENT_ID,
        account_no=WHO.account_no,
        amount_fen=12000,
        memo_fen=5000,
        notes=(ev.NoteCount(10000, 1), ev.NoteCount(2000, 1)),
        note_id="",
        at="2026-11-22T15:59:58.000Z",
        lang="en",
    )
)
OF_CLAIM = ReceiptFacts(
    kind="claim",
    lang="en",
    place=PLACE,
    at=datetime(2026, 11, 22, 21, 59, 58, tzinfo=ZoneInfo("Asia/Urumqi")),
    kiosk_no="",
    business="arrears",
    account=ev.AccountFacts(WHO.account_no, "", ""),
    received_fen=12000,
    notes=CLAIM.notes,
    reference="C-REF",
    uncertain_fen=5000,
    copy_no=2,
)


def told(about: Payment | Claim, slip: str) -> ReceiptFacts:
    effect = PrintSlip(JOB, slip, 2, about)
    slips = Slips(CONFIG, b"key")
    if isinstance(about, Claim):
        return slips.of_claim(about, effect)
    return slips.of_returned(about, effect) if slip == "returned" else slips.of_payment(about, effect)


def unbooked(kind: Any, at: str) -> ReceiptFacts:
    return replace(OF_PAYMENT, kind=kind, at=datetime.fromisoformat(at), reference=reference(PAYMENT_ID))


@pytest.mark.parametrize(
    ("about", "slip", "facts"),
    [
        (PAID, "paid", BOOKED),
        (PAID, "checking", unbooked("checking", "2026-11-22T21:59:58+06:00")),
        (TAKEN, "paid", unbooked("checking", "2026-11-22T21:59:58+06:00")),
        (replace(TAKEN, taken_at=""), "checking", unbooked("checking", "2026-11-22T21:58:00+06:00")),
        (
            replace(TAKEN, quote=msgspec.structs.replace(OPENED.quote, quote_id="")),
            "provisional",
            unbooked("provisional", "2026-11-22T21:59:58+06:00"),
        ),
        (
            replace(TAKEN, notes=NOTES[3:]),
            "returned",
            replace(
                unbooked("returned", "2026-11-22T21:58:00+06:00"),
                received_fen=10000,
                notes=(ev.NoteCount(5000, 2),),
                returned=(),
                due_fen=0,
                reference="",
            ),
        ),
        (CLAIM, "claim", OF_CLAIM),
        (
            replace(CLAIM, returned=(ev.NoteCount(5000, 2),)),
            "claim",
            replace(OF_CLAIM, returned=(ev.NoteCount(5000, 2),)),
        ),
        (replace(CLAIM, account_no=""), "claim", replace(OF_CLAIM, account=None)),
        (replace(CLAIM, amount_fen=0), "claim", replace(OF_CLAIM, received_fen=0, notes=())),
    ],
)
def test_a_slip_is_given_these_facts_and_no_others(
    about: Payment | Claim, slip: str, facts: ReceiptFacts
) -> None:
    given = told(about, slip)
    assert given == facts
    assert given.at.utcoffset() == facts.at.utcoffset()


def test_each_kind_of_slip_is_composed_of_its_own_facts() -> None:
    for about, slip, title in (
        (PAID, "paid", "Payment receipt"),
        (PAID, "checking", "Payment being checked"),
        (PAID, "returned", "Notes returned"),
        (CLAIM, "claim", "Claim slip"),
    ):
        document = Slips(CONFIG, b"key").compose(PrintSlip(JOB, slip, 0, about))
        assert title in [getattr(element, "text", "") for element in document.elements]


def test_a_slip_that_does_not_add_up_is_printed_and_told_to_a_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = replace(PAID, credit=replace(CREDIT, balance_after_fen=2774))
    assert Slips(CONFIG, b"key").compose(PrintSlip(JOB, "paid", 0, wrong)).job == JOB
    [record] = caplog.records
    assert (record.name, record.levelno, record.getMessage()) == (
        "kiosk.slips",
        logging.ERROR,
        "slip_does_not_add_up",
    )
    assert (record.job, record.slip) == (JOB, "paid")  # type: ignore[attr-defined]
    caplog.clear()
    Slips(CONFIG, b"key").compose(PrintSlip(JOB, "checking", 0, PAID))
    assert not caplog.records
