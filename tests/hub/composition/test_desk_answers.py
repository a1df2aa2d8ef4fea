"""What the desk answers to each order and keeps of it, over books in memory: every field, and every refusal."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hub.business import forms
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill
from hub.business.day import Day
from hub.business.keeping import TakenError
from hub.business.numbers import meter_number
from hub.business.refusals import Refusal
from hub.composition.desk import Desk, once
from tests.crash.line import RULE
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_store import MemoryStore

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 1, 1, 4, tzinfo=UTC)
ACCOUNT, METER = "0399000000000001", meter_number("990009900000000000001")
PAYMENT, QUOTE, CLAIM, REVERSAL, BEAT = (digit * 32 for digit in "12345")


class Counter:
    """A desk over books in memory that hold one account with two bills, and what it is asked."""

    def __init__(self) -> None:
        self.books = Books()
        who = Customer(ACCOUNT, "测试户", "江城区路1号", "城东所", "residential", (Meter(METER, "postpaid"),))
        bills = [Bill(f"B{n}", f"2026-1{n}", 100, 1000 * (n + 1), date(2026, 12, 31)) for n in range(2)]
        self.books.add_account(who, "open", 250, bills)
        self.now = NOW
        self.desk: Any = Desk(
            MemoryShelf(self.books),
            MemoryStore,
            lambda conversation: MemoryBilling(conversation, RULE),
            lambda: self.now,
            Day(closing=timedelta(hours=1)),
            "3.2",
            {"cash", "bank_card"},
        )

    def ask(self, order: Awaitable[Any]) -> Any:
        """What an order came to; a stored or new reply as (its JSON, whether it is new)."""

        async def whole() -> Any:
            return await order

        reply = asyncio.run(whole())
        if hasattr(reply, "body"):
            return msgspec.json.decode(reply.body), reply.new
        return msgspec.json.decode(reply) if isinstance(reply, bytes) else reply

    def refused(self, order: Awaitable[Any]) -> Refusal:
        with pytest.raises(Refusal) as refused:
            self.ask(order)
        return refused.value

    def quote(self, key: str = QUOTE, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "business": "arrears",
            "months": (),
            "tender": "cash",
        } | changes
        done: Awaitable[Any] = self.desk.quote(terminal, key, forms.QuoteOrder(**content))
        return done

    def pay(self, key: str = PAYMENT, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "quote_id": QUOTE,
            "business": "arrears",
            "tender": "bank_card",
            "amount_fen": 5000,
            "months": (),
            "notes": (),
            "kiosk_no": 9,
            "business_date": TODAY,
            "taken_at": LONG_AGO,
            "reference": "AAAA-BBBB",
        }
        done: Awaitable[Any] = self.desk.pay(terminal, key, forms.PaymentOrder(**(content | changes)))
        return done

    def claim(self, key: str = CLAIM, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "reference": "CCCC-DDDD",
            "payment_id": PAYMENT,
            "account_no": ACCOUNT,
            "amount_fen": 5000,
            "memo_fen": 0,
            "reason": "unanswered",
            "notes": (),
            "made_at": LONG_AGO,
        }
        done: Awaitable[Any] = self.desk.claim(terminal, key, forms.ClaimOrder(**(content | changes)))
        return done

    def reverse(self, key: str = REVERSAL, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "payment_id": PAYMENT,
            "amount_fen": 5000,
            "reason": "unanswered",
            "made_at": LONG_AGO,
        }
        done: Awaitable[Any] = self.desk.reverse(terminal, key, forms.ReversalOrder(**(content | changes)))
        return done

    def beat(self, seq: int, key: str = BEAT, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "journal_id": "a" * 32,
            "seq": seq,
            "head": f"{seq:064x}",
            "known": None,
            "open": (),
            "backlog": forms.Backlog(count=0, oldest_at=None),
            "version": "1",
        }
        done: Awaitable[Any] = self.desk.beat(terminal, key, forms.HeartbeatOrder(**(content | changes)))
        return done

    def paid(self, **changes: Any) -> Any:
        """The one payment, after its quote."""
        self.ask(self.quote())
        return self.ask(self.pay(**changes))

    @property
    def bookings(self) -> list[Any]:
        return list(self.books.table("transactions").values())


@pytest.fixture
def at() -> Counter:
    return Counter()


def fault(refusal: Refusal) -> tuple[str, str | None, str | None, str | None]:
    return refusal.code, refusal.field, refusal.claim_id, refusal.reversal_id


def test_the_status_says_when_it_is_and_how_the_hub_stands(at: Counter) -> None:
    assert at.desk.status() == forms.Status(now=NOW, business_date=TODAY, mode="day_end", version="3.2")
    at.now = NOW + timedelta(hours=2)
    assert at.desk.status().mode == "open"


def test_a_desk_that_is_told_nothing_takes_cash_alone() -> None:
    at = Counter()
    at.desk = Desk(
        MemoryShelf(at.books), MemoryStore, lambda c: MemoryBilling(c, RULE), lambda: NOW, Day(), "1"
    )
    at.ask(at.quote())
    assert fault(at.refused(at.pay()))[:2] == ("tender_off", "tender")
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


def test_a_claim_is_booked_answered_and_kept_whole(at: Counter) -> None:
    body, new = at.ask(at.claim(memo_fen=700))
    assert new
    assert body == {
        "id": CLAIM,
        "reference": "CCCC-DDDD",
        "state": "open",
        "amount_fen": 5000,
        "memo_fen": 700,
        "payment_id": PAYMENT,
        "resolution": "",
    }
    kept = at.books.table("claims")[CLAIM]
    assert (kept.id, kept.terminal, kept.reference, kept.reason) == (CLAIM, "T", "CCCC-DDDD", "unanswered")
    assert (kept.payment_id, kept.account_no, kept.amount_fen, kept.memo_fen) == (PAYMENT, ACCOUNT, 5000, 700)
    assert (kept.state, kept.resolution, kept.serial) == ("open", "", 1)
    assert (kept.made_at, kept.received_at) == (LONG_AGO, NOW)
    [booking] = at.bookings
    assert (booking.kind, booking.reference, booking.on) == ("claim", CLAIM, TODAY)
    assert [(leg.account, leg.amount_fen) for leg in booking.legs] == [("cash:T", 5000), ("suspense", -5000)]
    assert at.ask(at.claim(memo_fen=700)) == (body, False)
    assert fault(at.refused(at.claim(memo_fen=701)))[:2] == ("id_reused", "memo_fen")
    assert fault(at.refused(at.claim(terminal="U", memo_fen=700)))[:2] == ("id_reused", "id")
    assert at.ask(at.desk.find_claim("T", CLAIM)) == forms.Claim(**body)
    assert at.refused(at.desk.find_claim("U", CLAIM)).code == "unknown_claim"


def test_a_memo_amount_alone_is_not_booked(at: Counter) -> None:
    at.ask(at.claim(amount_fen=0, memo_fen=700, reason="note_fate_unknown"))
    assert at.bookings == []
    assert at.books.table("claims")[CLAIM].serial is None
    assert at.books.table("payments") == {}


def test_a_claim_before_its_payment_leaves_a_tombstone(at: Counter) -> None:
    at.ask(at.claim())
    at.ask(at.quote())
    stored = at.books.table("payments")[PAYMENT].stored
    assert (stored.terminal, stored.claim_id, stored.reversal_id, stored.serial) == ("T", CLAIM, None, None)
    refusal = at.refused(at.pay())
    assert fault(refusal) == ("claimed", None, CLAIM, None)
    assert refusal.detail == "a claim for this payment exists"
    assert fault(at.refused(at.pay(terminal="U")))[0] == "id_reused"
    assert at.refused(at.desk.payment("T", PAYMENT)).code == "unknown_payment"
    refusal = at.refused(at.claim("6" * 32))
    assert fault(refusal) == ("claimed", None, CLAIM, None)
    assert refusal.detail == "a claim for this payment exists"


def test_a_claim_for_what_was_credited_is_void(at: Counter) -> None:
    at.paid()
    body, _ = at.ask(at.claim())
    assert (body["state"], body["resolution"]) == ("closed", "already_credited")
    assert [booking.kind for booking in at.bookings] == ["payment"]
    assert at.books.table("claims")[CLAIM].serial is None
    assert at.books.table("payments")[PAYMENT].stored.claim_id is None


def test_a_claim_for_another_amount_than_was_credited_stands(at: Counter) -> None:
    at.paid()
    body, _ = at.ask(at.claim(amount_fen=6000))
    assert body["state"] == "open"
    assert [booking.kind for booking in at.bookings] == ["payment", "claim"]
    assert at.books.table("payments")[PAYMENT].stored.claim_id == CLAIM
    assert at.ask(at.pay())[1] is False


def test_a_claim_for_what_was_credited_and_reversed_stands(at: Counter) -> None:
    at.paid()
    at.ask(at.reverse())
    assert at.ask(at.claim())[0]["state"] == "open"


def test_a_claim_leaves_another_terminals_payment_alone(at: Counter) -> None:
    at.paid()
    assert at.ask(at.claim(terminal="U"))[0]["state"] == "open"
    assert at.books.table("payments")[PAYMENT].stored.claim_id is None


def test_a_reversal_undoes_the_payment_once(at: Counter) -> None:
    at.paid()
    body, new = at.ask(at.reverse())
    assert new
    assert body == {
        "id": REVERSAL,
        "payment_id": PAYMENT,
        "amount_fen": 5000,
        "outcome": "reversed",
        "reversed_at": "2026-11-22T16:30:00Z",
        "business_date": "2026-11-23",
    }
    paid, undone = at.bookings
    assert (undone.kind, undone.reference, undone.on) == ("reversal", REVERSAL, TODAY)
    assert [-leg.amount_fen for leg in undone.legs] == [leg.amount_fen for leg in paid.legs]
    row = at.books.table("reversals")[REVERSAL]
    assert (row.stored.terminal, row.stored.serial, row.reference) == ("T", 2, "reversed")
    shown = at.ask(at.desk.account(ACCOUNT))
    assert (shown.balance_fen, shown.arrears_fen) == (250, 3000)
    assert at.ask(at.reverse()) == (body, False)
    assert at.ask(at.desk.find_reversal("T", REVERSAL)) == body
    assert at.refused(at.desk.find_reversal("U", REVERSAL)).code == "unknown_reversal"
    assert at.ask(at.reverse("6" * 32))[0]["outcome"] == "already_reversed"
    refusal = at.refused(at.pay())
    assert fault(refusal) == ("reversed", None, None, REVERSAL)
    assert refusal.detail == "the payment was reversed"
    assert fault(at.refused(at.reverse(amount_fen=4000)))[:2] == ("id_reused", "amount_fen")


def test_a_reversal_before_its_payment_leaves_a_tombstone(at: Counter) -> None:
    assert at.ask(at.reverse())[0]["outcome"] == "tombstone"
    stored = at.books.table("payments")[PAYMENT].stored
    assert (stored.terminal, stored.claim_id, stored.reversal_id) == ("T", None, REVERSAL)
    assert at.books.table("reversals")[REVERSAL].stored.serial is None
    at.ask(at.quote())
    assert at.refused(at.pay()).code == "reversed"
    assert at.bookings == []


def test_a_reversal_is_refused_for_another_terminals_a_claimed_and_another_amount(at: Counter) -> None:
    at.paid()
    refusal = at.refused(at.reverse(terminal="U"))
    assert fault(refusal)[:2] == ("id_reused", "payment_id")
    assert refusal.detail == "the payment's id was used before"
    assert at.refused(at.reverse(amount_fen=4999)).code == "amount_differs"
    at.ask(at.claim(amount_fen=6000))
    refusal = at.refused(at.reverse())
    assert fault(refusal) == ("claimed", None, CLAIM, None)
    assert refusal.detail == "a claim for this payment exists"


def test_a_payment_that_a_claim_forestalled_cannot_be_reversed(at: Counter) -> None:
    at.ask(at.claim())
    assert fault(at.refused(at.reverse())) == ("claimed", None, CLAIM, None)


def test_cash_is_never_reversed(at: Counter) -> None:
    at.paid(tender="cash", notes=(forms.Notes(value_fen=5000, count=1),))
    assert at.refused(at.reverse()).code == "not_reversible"


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
    assert (view.kind, view.state, view.amount_fen) == ("claim", "open", 6000)


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
