"""What each event leaves known of a payment and a claim: every field that slip, claim and resend are made of."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from kiosk.payment import events as ev
from kiosk.payment.fold import FOLDS, IllegalEvent, claim_opened, fold_claim, opened
from kiosk.payment.model import Claim, ClaimState, Credit, Note, NoteState, Payment, PaymentState, Slip

KEY, NOTE, JOB, CLAIM = "a" * 32, "b" * 32, "d" * 32, "e" * 32
ACCOUNT = ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋", "城东")
QUOTE = ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, "2026-11-22T20:00:00Z")
OPENED = ev.PaymentOpened(
    key=KEY, kiosk_no=7, business="arrears", account=ACCOUNT, quote=QUOTE, lang="zh", at="t0"
)
INTENDED = ev.NoteIntended(key=KEY, note_id=NOTE, note_type=2, value_fen=10000, counter=5)
STACKED = ev.NoteStacked(key=KEY, note_id=NOTE, value_fen=10000)
SENDING = ev.CreditSending(key=KEY, attempt=1, amount_fen=10000, taken_at="t1", business_date="d1")


def fold(*events: ev.Event, of: Payment | None = None) -> Payment:
    payment = of or opened(OPENED)
    for event in events:
        payment = FOLDS[type(event)](payment, event)
    return payment


def test_a_payment_begins_with_all_that_was_agreed_and_nothing_else() -> None:
    assert opened(OPENED) == Payment(
        payment_id=KEY,
        kiosk_no=7,
        state=PaymentState.OPEN,
        business="arrears",
        account=ACCOUNT,
        quote=QUOTE,
        lang="zh",
        opened_at="t0",
    )
    assert opened(msgspec.structs.replace(OPENED, business="prepay")).business == "prepay"


def test_an_intended_note_keeps_the_acceptors_count_from_before_it() -> None:
    assert fold(INTENDED).notes == (Note(NOTE, 10000, NoteState.INTENDED, counter=5),)
    second = msgspec.structs.replace(INTENDED, note_id="c" * 32, value_fen=500, counter=None)
    assert fold(INTENDED, STACKED, second).notes == (
        Note(NOTE, 10000, NoteState.STACKED, counter=5),
        Note("c" * 32, 500, NoteState.INTENDED),
    )


@pytest.mark.parametrize("recovered", [False, True])
def test_a_note_that_was_found_after_a_restart_says_so(recovered: bool) -> None:
    asked = ev.NoteStacked(key=KEY, note_id=NOTE, value_fen=5000, recovered=recovered)
    assert fold(INTENDED, asked).notes == (Note(NOTE, 5000, NoteState.STACKED, 5, recovered),)
    unasked = ev.NoteStacked(key=KEY, note_id=NOTE, value_fen=500, asked=False, recovered=recovered)
    assert fold(unasked).notes == (Note(NOTE, 500, NoteState.STACKED, None, recovered),)
    back = ev.NoteReturned(key=KEY, note_id=NOTE, recovered=recovered)
    assert fold(INTENDED, back).notes == (Note(NOTE, 10000, NoteState.RETURNED, 5, recovered),)
    lost = ev.NoteFateUnknown(key=KEY, note_id=NOTE, claim_id=CLAIM)
    assert fold(INTENDED, lost).notes == (Note(NOTE, 10000, NoteState.UNKNOWN, 5, recovered=False),)


def test_only_the_intended_note_changes() -> None:
    before = Note("1" * 32, 2000, NoteState.STACKED)
    payment = replace(opened(OPENED), notes=(before,))
    assert fold(INTENDED, STACKED, of=payment).notes[0] is before


@pytest.mark.parametrize(
    "event",
    [
        ev.NoteStacked(key=KEY, note_id="9" * 32, value_fen=10000),
        ev.NoteReturned(key=KEY, note_id="9" * 32),
        ev.NoteFateUnknown(key=KEY, note_id="9" * 32, claim_id=CLAIM),
        SENDING,
        ev.SlipPrinted(key=KEY, job=JOB),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_does_not_fit_is_refused_and_named(event: ev.Event) -> None:
    for payment in (fold(), fold(INTENDED)):
        with pytest.raises(IllegalEvent) as refused:
            fold(event, of=payment)
        assert (refused.value.state, refused.value.event) == ("open", event)
        assert str(refused.value) == f"{type(event).__name__} in state open (key {KEY})"


def test_a_credit_request_is_in_flight_with_its_day_until_it_is_answered() -> None:
    sent = fold(INTENDED, STACKED, SENDING)
    assert (sent.attempts, sent.in_flight, sent.taken_at, sent.business_date) == (1, True, "t1", "d1")
    silent = fold(ev.CreditUnknown(key=KEY, attempt=1, sent=True, reason="timeout"), of=sent)
    assert silent == replace(sent, in_flight=False)
    again = fold(msgspec.structs.replace(SENDING, attempt=2), of=silent)
    assert again == replace(sent, attempts=2)


@pytest.mark.parametrize(("value", "legal"), [(0, False), (1, True)])
def test_a_credit_request_is_for_some_money(value: int, legal: bool) -> None:
    payment = fold(INTENDED, msgspec.structs.replace(STACKED, value_fen=value))
    request = msgspec.structs.replace(SENDING, amount_fen=value)
    if legal:
        assert fold(request, of=payment).in_flight
    else:
        with pytest.raises(IllegalEvent):
            fold(request, of=payment)


def test_an_approval_keeps_what_the_hub_said() -> None:
    said = ev.CreditApproved(
        key=KEY,
        hub_no="000000000050",
        allocations=(ev.Allocation("2026-08", 12, 3400),),
        to_balance_fen=6588,
        balance_before_fen=1,
        balance_after_fen=6589,
        arrears_after_fen=77,
        credited_at="t2",
        business_date="d2",
    )
    sent = fold(INTENDED, STACKED, SENDING)
    credit = Credit("000000000050", said.allocations, 6588, 1, 6589, 77, "t2", "d2")
    assert fold(said, of=sent) == replace(sent, credit=credit, in_flight=False)


def test_a_claim_for_the_payment_and_who_ended_it_are_kept() -> None:
    sent = fold(INTENDED, STACKED, SENDING)
    claimed = fold(ev.Claimed(key=KEY, claim_id=CLAIM, reason="declined"), of=sent)
    assert claimed == replace(sent, claim_id=CLAIM, in_flight=False)
    for event in (ev.PayRequested(key=KEY, by="timeout"), ev.CancelRequested(key=KEY, by="timeout")):
        assert fold(event).ended_by == "timeout"


@pytest.mark.parametrize(
    "event",
    [
        ev.NoteRefused(key=KEY, value_fen=500, reason="type_off"),
        ev.Cancelled(key=KEY),
        ev.CheckingPromised(key=KEY, reference="R"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_is_evidence_only_changes_nothing(event: ev.Event) -> None:
    assert fold(INTENDED, event) == fold(INTENDED)


def test_a_slips_word_goes_to_its_own_job() -> None:
    first = ev.SlipIntended(key=KEY, job=JOB, slip="checking")
    second = ev.SlipIntended(key=KEY, job="f" * 32, slip="paid", copy_no=2)
    asked = fold(first, second)
    assert asked.slips == (Slip(JOB, "checking", 0), Slip("f" * 32, "paid", 2))
    assert fold(ev.SlipPrinted(key=KEY, job=JOB), of=asked).slips == (
        Slip(JOB, "checking", 0, printed=True),
        Slip("f" * 32, "paid", 2),
    )
    assert fold(ev.SlipFailed(key=KEY, job="f" * 32, reason="jam"), of=asked).slips == (
        Slip(JOB, "checking", 0),
        Slip("f" * 32, "paid", 2, printed=False, reason="jam"),
    )


OPEN_CLAIM = ev.ClaimOpened(
    key=CLAIM,
    reference="EEEE",
    reason="late_note",
    payment_id=KEY,
    account_no="1",
    amount_fen=10000,
    memo_fen=500,
    notes=(ev.NoteCount(10000, 1),),
    note_id=NOTE,
    at="t3",
    lang="en",
)


def test_a_claim_begins_with_all_that_is_known_of_its_money() -> None:
    assert claim_opened(OPEN_CLAIM) == Claim(
        claim_id=CLAIM,
        reference="EEEE",
        reason="late_note",
        state=ClaimState.OPEN,
        payment_id=KEY,
        account_no="1",
        amount_fen=10000,
        memo_fen=500,
        notes=(ev.NoteCount(10000, 1),),
        made_at="t3",
        lang="en",
    )


def test_a_claim_is_in_flight_until_it_is_answered() -> None:
    claim = claim_opened(OPEN_CLAIM)
    sent = fold_claim(claim, ev.ClaimSending(key=CLAIM, attempt=3))
    assert sent == replace(claim, attempts=3, in_flight=True)
    assert fold_claim(sent, ev.ClaimUnanswered(key=CLAIM, attempt=3, reason="r")) == replace(
        sent, in_flight=False
    )
    taken = fold_claim(sent, ev.ClaimTaken(key=CLAIM, resolution="already_credited"))
    assert taken == replace(sent, in_flight=False, resolution="already_credited")
    asked = fold_claim(claim, ev.SlipIntended(key=CLAIM, job=JOB, slip="claim"))
    assert asked == replace(claim, slips=(Slip(JOB, "claim", 0),))
    with pytest.raises(IllegalEvent) as refused:
        fold_claim(claim, ev.SlipPrinted(key=CLAIM, job=JOB))
    assert refused.value.state == "open"
