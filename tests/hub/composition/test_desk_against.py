"""What stands against a payment, over books in memory: claims and reversals, every field, and every refusal."""

from hub.business import forms
from tests.hub.composition.counter import (
    ACCOUNT,
    CLAIM,
    LONG_AGO,
    NOW,
    PAYMENT,
    REVERSAL,
    TODAY,
    Counter,
    fault,
)


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


def test_of_a_claim_for_more_than_was_credited_the_rest_stands(at: Counter) -> None:
    at.paid()
    body, _ = at.ask(at.claim(amount_fen=6000))
    assert (body["state"], body["amount_fen"]) == ("open", 1000)
    assert [booking.kind for booking in at.bookings] == ["payment", "claim"]
    assert [abs(leg.amount_fen) for leg in at.bookings[1].legs] == [1000, 1000]
    kept = at.books.table("claims")[CLAIM]
    assert (kept.amount_fen, kept.memo_fen) == (1000, 0)
    assert at.books.table("payments")[PAYMENT].stored.claim_id == CLAIM
    assert at.ask(at.pay())[1] is False


def test_a_claim_for_less_than_was_credited_is_void(at: Counter) -> None:
    """A kiosk with an old copy of its journal knows fewer notes than it has sent; they are on the account."""
    at.paid()
    body, _ = at.ask(at.claim(amount_fen=4999))
    assert (body["state"], body["resolution"], body["amount_fen"]) == ("closed", "already_credited", 4999)
    assert [booking.kind for booking in at.bookings] == ["payment"]
    assert at.books.table("payments")[PAYMENT].stored.claim_id is None


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
