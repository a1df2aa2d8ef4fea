"""What the desk answers to each order and keeps of it, over books in memory: every field, and every refusal."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.business import forms
from hub.business.keeping import TakenError
from hub.business.numbers import meter_number
from hub.composition.replies import once
from tests.hub.composition.counter import (
    ACCOUNT,
    BEAT,
    LONG_AGO,
    METER,
    NOW,
    PAYMENT,
    QUOTE,
    TODAY,
    Counter,
    fault,
)


def test_the_status_says_when_it_is_and_how_the_hub_stands(at: Counter) -> None:
    assert at.desk.status() == forms.Status(now=NOW, business_date=TODAY, mode="day_end", version="3.2")
    at.now = NOW + timedelta(hours=2)
    assert at.desk.status().mode == "open"


def test_a_desk_that_is_told_nothing_takes_what_is_paid_at_the_kiosk_itself() -> None:
    at = Counter()
    at.ask(at.quote())
    for tender in ("qr", "recharge_card"):
        assert fault(at.refused(at.pay(tender=tender)))[:2] == ("tender_off", "tender")
    assert at.ask(at.pay("6" * 32))[0]["amount_fen"] == 5000
    notes = (forms.Notes(value_fen=5000, count=1),)
    assert at.ask(at.pay(tender="cash", notes=notes))[0]["amount_fen"] == 5000


def test_an_account_is_shown_as_of_now_and_found_by_its_meter(at: Counter) -> None:
    shown = at.ask(at.desk.account(ACCOUNT))
    assert (shown.account_no, shown.as_of, shown.business_date) == (ACCOUNT, NOW, TODAY)
    assert [bill.due_fen for bill in shown.bills] == [1000, 2000]
    assert at.ask(at.desk.account_of_meter(METER)) == shown


@pytest.mark.parametrize("number", ["0399000000000002", "no number", ""])
def test_an_account_that_is_not_there_is_refused(at: Counter, number: str) -> None:
    refusal = at.refused(at.desk.account(number))
    assert fault(refusal) == ("unknown_account", "account_no", None, None)
    assert refusal.detail == "no such account"


def test_a_meter_number_is_refused_for_its_check_digit_or_because_nobody_has_it(at: Counter) -> None:
    wrong = METER[:-1] + str((int(METER[-1]) + 1) % 10)
    refusal = at.refused(at.desk.account_of_meter(wrong))
    assert fault(refusal) == ("wrong_check_digit", "meter_no", None, None)
    assert refusal.detail == "the last digit does not fit the first 21"
    for number in (meter_number("990009900000000000002"), "12", "x" * 22):
        refusal = at.refused(at.desk.account_of_meter(number))
        assert fault(refusal) == ("unknown_meter", "meter_no", None, None), number
        assert refusal.detail == "no such meter"


def test_a_quote_is_kept_and_given_again(at: Counter) -> None:
    first, new = at.ask(at.quote())
    assert new
    assert (first["id"], first["due_fen"], first["as_of"]) == (QUOTE, 2750, "2026-11-22T16:30:00Z")
    at.now += timedelta(minutes=5)
    assert at.ask(at.quote()) == (first, False)
    row = at.books.table("quotes")[QUOTE]
    assert (row.stored.terminal, row.account_no) == ("T", ACCOUNT)


def test_a_quote_is_refused_for_an_unknown_account_and_for_an_id_of_other_content(at: Counter) -> None:
    refusal = at.refused(at.quote(account_no="1"))
    assert fault(refusal) == ("unknown_account", "account_no", None, None)
    assert refusal.detail == "no such account"
    at.ask(at.quote())
    assert fault(at.refused(at.quote(business="prepay")))[:2] == ("id_reused", "business")
    assert fault(at.refused(at.quote(terminal="U")))[:2] == ("id_reused", "id")


def test_a_payment_is_booked_answered_and_kept(at: Counter) -> None:
    body, new = at.paid()
    assert new
    assert body == {
        "id": PAYMENT,
        "status": "credited",
        "hub_no": "000000000001",
        "account_no": ACCOUNT,
        "amount_fen": 5000,
        "allocations": [
            {"month": "2026-10", "late_fee_fen": 0, "principal_fen": 1000},
            {"month": "2026-11", "late_fee_fen": 0, "principal_fen": 2000},
        ],
        "to_balance_fen": 2000,
        "balance_before_fen": 250,
        "balance_after_fen": 2250,
        "arrears_after_fen": 0,
        "credited_at": "2026-11-22T16:30:00Z",
        "business_date": "2026-11-23",
    }
    [booking] = at.bookings
    assert (booking.kind, booking.reference, booking.on) == ("payment", PAYMENT, TODAY)
    assert (booking.legs[0].account, booking.legs[0].amount_fen) == ("bank_card:T", 5000)
    assert at.ask(at.desk.payment("T", PAYMENT)) == body
    shown = at.ask(at.desk.account(ACCOUNT))
    assert (shown.balance_fen, shown.arrears_fen) == (2250, 0)
    assert at.ask(at.pay()) == (body, False)
    assert len(at.bookings) == 1


def test_a_payment_is_given_to_its_own_terminal_only(at: Counter) -> None:
    at.paid()
    refusal = at.refused(at.desk.payment("U", PAYMENT))
    assert (refusal.code, refusal.detail) == ("unknown_payment", "no such id of this terminal")
    assert at.refused(at.desk.payment("T", "9" * 32)).code == "unknown_payment"
    refusal = at.refused(at.pay(terminal="U"))
    assert (*fault(refusal)[:2], refusal.detail) == ("id_reused", "id", "the id was used before")
    refusal = at.refused(at.pay(kiosk_no=10))
    assert fault(refusal)[:2] == ("id_reused", "kiosk_no")
    assert refusal.detail == "kiosk_no differs from what came first under this id"


def test_content_that_an_earlier_hub_wrote_otherwise_is_no_difference(at: Counter) -> None:
    body, _ = at.paid(reference=None)
    row = at.books.rows["payments", PAYMENT]
    older = row.stored.content.replace('"reference":null,', "")
    assert older != row.stored.content
    at.books.rows["payments", PAYMENT] = replace(row, stored=replace(row.stored, content=older))
    assert at.ask(at.pay(reference=None)) == (body, False)


def test_a_payment_for_an_account_that_is_gone_is_refused(at: Counter) -> None:
    at.ask(at.quote())
    del at.books.rows["accounts", ACCOUNT]
    refusal = at.refused(at.pay())
    assert fault(refusal) == ("unknown_account", "account_no", None, None)
    assert refusal.detail == "no such account"
    assert at.bookings == []


def test_heartbeats_that_go_on_are_remembered_and_others_alarm(at: Counter) -> None:
    first = at.ask(at.beat(7))
    assert first == forms.Heartbeat(
        id=BEAT, verdict="ok", known_seq=7, as_of=NOW, business_date=TODAY, mode="day_end"
    )
    assert at.ask(at.beat(9, known=forms.KnownHead(seq=7, head=f"{7:064x}"))).known_seq == 9
    behind = at.ask(at.beat(8))
    assert (behind.verdict, behind.known_seq) == ("behind", 9)
    shown = at.ask(at.beat(12))
    assert (shown.verdict, shown.known_seq) == ("show", 9)
    assert at.ask(at.beat(1, journal_id="b" * 32)).verdict == "new_journal"
    assert at.books.table("alarms") == {
        ("T", "behind", "a" * 32): 1,
        ("T", "new_journal", "b" * 32): 1,
    }
    assert at.books.table("heads")["T"].seq == 9
    assert at.ask(at.beat(3, terminal="U")).known_seq == 3


def test_a_reference_tells_of_payment_and_claim_to_whoever_holds_the_slip(at: Counter) -> None:
    at.paid()
    view = at.ask(at.desk.reference("AAAA-BBBB"))
    assert (view.kind, view.state, view.reference, view.made_at) == (
        "payment",
        "credited",
        "AAAA-BBBB",
        LONG_AGO,
    )
    at.ask(at.claim(amount_fen=6000))
    view = at.ask(at.desk.reference("CCCC-DDDD"))
    assert (view.kind, view.state, view.amount_fen) == ("claim", "open", 1000)


@pytest.mark.parametrize("reference", ["EEEE-FFFF", "", "号"])
def test_a_reference_of_no_slip_is_refused(at: Counter, reference: str) -> None:
    refusal = at.refused(at.desk.reference(reference))
    assert fault(refusal) == ("unknown_reference", "reference", None, None)
    assert refusal.detail == "no slip of this reference"


def test_an_order_whose_id_was_taken_meanwhile_is_run_once_more() -> None:
    tries = iter([TakenError(), "stored"])

    async def attempt() -> Any:
        found = next(tries)
        if isinstance(found, Exception):
            raise found
        return found

    assert asyncio.run(once(attempt)) == "stored"


def test_money_without_a_quote_for_a_closed_account_is_refused_and_not_booked(at: Counter) -> None:
    row = at.books.rows["accounts", ACCOUNT]
    at.books.rows["accounts", ACCOUNT] = replace(row, state="closed")
    refusal = at.refused(at.pay(quote_id=None))
    assert refusal.code == "account_closed"
    assert at.bookings == []
    at.books.rows["accounts", ACCOUNT] = row
    assert at.ask(at.pay(quote_id=None))[1]
