"""After the amount is fixed: repeats, promises, claims and slips."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.core.inputs import ClaimSaid, SlipOutcome, StatusSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.refusals import hub_says


def problem(code: str, status: int = 409) -> Refused:
    return Refused(wire.Problem(status=status, code=code))


@pytest.fixture
def sent(stage: Any) -> Any:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    return stage


def credits_sent(stage: Any) -> list[ev.CreditSending]:
    return [e for e in stage.journal if isinstance(e, ev.CreditSending)]


@pytest.mark.parametrize(
    "outcome",
    [
        NotSent(NotSentReason.REFUSED, "no"),
        Unknown(UnknownReason.TIMEOUT, ""),
        Unknown(UnknownReason.SIGNATURE, ""),
        problem("stale_signature", 401),
        problem("unknown_terminal", 401),
    ],
    ids=lambda o: type(o).__name__,
)
def test_an_unanswered_request_is_repeated_with_the_same_content(sent: Any, outcome: Any) -> None:
    sent.hub(outcome)
    assert sent.at(Page.PAYING)
    effects = sent.wait(2)
    [again] = [e for e in effects if isinstance(e, fx.SendCredit)]
    first, second = credits_sent(sent)
    assert (second.attempt, second.amount_fen, second.taken_at, second.business_date) == (
        2,
        first.amount_fen,
        first.taken_at,
        first.business_date,
    )
    assert again.payment.payment_id == sent.payment.payment_id


def test_repeats_come_slower_and_slower_but_never_stop_before_the_claim(sent: Any) -> None:
    gaps = []
    for _ in range(4):
        sent.hub(Unknown(UnknownReason.TIMEOUT, ""))
        before, attempts = sent.mono, sent.payment.attempts
        while sent.payment.attempts == attempts:
            sent.wait(0.25)
        gaps.append(sent.mono - before)
    assert gaps == sorted(gaps)
    assert gaps[-1] > 3 * gaps[0]


def test_the_customer_gets_a_slip_and_may_go_while_the_kiosk_goes_on(sent: Any) -> None:
    sent.hub(Unknown(UnknownReason.TIMEOUT, ""))
    sent.wait(16)
    assert sent.stands(PaymentState.CHECKING)
    assert sent.at(Page.CHECKING)
    assert [e.slip for e in sent.journal if isinstance(e, ev.SlipIntended)] == ["checking"]
    sent.wait(31)
    assert sent.at(Page.ATTRACT)
    key = sent.payment.payment_id
    assert sent.core.books.open_payments[0].payment_id == key
    sent.hub()
    assert sent.core.books.open_payments == ()
    assert sent.at(Page.ATTRACT)


def test_an_answer_while_the_customer_still_reads_being_checked_shows_that_it_is_done(sent: Any) -> None:
    sent.wait(16)
    assert sent.at(Page.CHECKING)
    sent.hub()
    assert sent.at(Page.DONE)
    assert sent.stands(PaymentState.PAID)
    assert [e.slip for e in sent.effects if isinstance(e, fx.PrintSlip)] == ["paid"]
    sent.printed()
    assert sent.payment.slips[-1].printed is True


def test_who_reads_the_help_when_the_answer_comes_gets_the_receipt_too(sent: Any) -> None:
    sent.wait(16)
    sent.printed(ok=False, reason="paper_out")
    sent.press("help")
    assert sent.at(Page.HELP)
    sent.hub()
    assert sent.at(Page.DONE)
    assert [e.slip for e in sent.effects if isinstance(e, fx.PrintSlip)] == ["paid"]


def test_an_answer_twice_credits_once(sent: Any) -> None:
    payment = sent.payment
    sent.hub()
    sent.hub(Answer(sent.booked(payment), replayed=True))
    assert sum(isinstance(e, ev.CreditApproved) for e in sent.journal) == 1


def test_an_answer_for_other_money_is_no_answer(sent: Any) -> None:
    import msgspec

    body = msgspec.structs.replace(
        sent.booked(sent.payment), amount_fen=9900, to_balance_fen=9900, balance_after_fen=9900
    )
    sent.hub(Answer(body))
    assert sent.stands(PaymentState.SENDING)
    assert not sent.payment.in_flight


def test_a_refusal_becomes_a_claim_with_a_slip_and_the_hub_is_told(sent: Any) -> None:
    sent.hub(problem("unknown_account", 404))
    assert sent.stands(PaymentState.CLAIMED)
    assert sent.at(Page.CLAIM)
    assert [type(e).__name__ for e in sent.effects] == ["PrintSlip", "SendClaim"]
    [claim] = sent.core.books.open_claims
    assert (claim.reason, claim.amount_fen) == ("declined", 5000)
    sent.claim_taken()
    assert sent.core.books.open_claims == ()


def test_no_answer_ends_in_a_claim_after_the_set_number_of_attempts(sent: Any) -> None:
    for _ in range(5):
        sent.hub(Unknown(UnknownReason.TIMEOUT, ""))
        sent.wait(40)
    [claim] = sent.core.books.open_claims
    assert (claim.reason, claim.amount_fen) == ("unanswered", 5000)
    assert len(credits_sent(sent)) == 5


def test_a_claim_for_which_the_hub_has_one_already_is_over(sent: Any) -> None:
    """Another one for the same payment stands there since the kiosk was taken over: persons decide that one."""
    sent.hub(problem("claimed"))
    [claim] = sent.core.books.open_claims
    sent.says(ClaimSaid(claim.claim_id, claim.attempts, problem("claimed")))
    assert sent.core.books.open_claims == ()
    assert sent.core.books.claims[claim.claim_id].resolution == "claimed_before"
    assert f"claim:{claim.claim_id}" not in sent.core._desk.timers


def test_a_claim_is_told_until_the_hub_has_it(sent: Any) -> None:
    sent.hub(problem("unknown_account", 404))
    for outcome in (Unknown(UnknownReason.TIMEOUT, ""), hub_says("hub_busy", 2), problem("odd", 422)):
        [claim] = sent.core.books.open_claims
        sent.says(ClaimSaid(claim.claim_id, claim.attempts, outcome))
        effects = sent.wait(60)
        assert [type(e) for e in effects if isinstance(e, fx.SendClaim)] == [fx.SendClaim]
    sent.claim_taken()
    assert sent.core.books.open_claims == ()


def test_a_receipt_that_does_not_come_out_does_not_undo_the_payment(sent: Any) -> None:
    sent.hub()
    sent.printed(ok=False, reason="paper_out")
    assert sent.stands(PaymentState.PAID)
    assert sent.payment.slips[0].printed is False
    assert sent.at(Page.DONE)
    notice = sent.core.page.notice
    assert notice is not None
    assert sent.payment.credit.hub_no in str(sent.core.page)


def test_an_outcome_of_an_unknown_print_job_is_ignored(sent: Any) -> None:
    from kiosk.core.inputs import SlipOutcome

    before = list(sent.journal)
    sent.says(SlipOutcome("0" * 32, True))
    assert sent.journal == before


def test_the_hub_back_again_is_asked_soon(sent: Any) -> None:
    for _ in range(3):
        sent.hub(Unknown(UnknownReason.BROKEN, ""))
        attempts = sent.payment.attempts
        while sent.payment.attempts == attempts:
            sent.wait(0.25)
    sent.hub(Unknown(UnknownReason.BROKEN, ""))
    before = len(credits_sent(sent))
    status = wire.Status(now=sent.now.utc, business_date=sent.now.day, mode="open", version="1")
    sent.says(StatusSaid(Answer(status)))
    sent.wait(2.1)
    assert len(credits_sent(sent)) == before + 1


def test_a_reference_without_a_slip_stands_long_enough_to_be_written_down(sent: Any) -> None:
    sent.wait(16)
    sent.printed(ok=False, reason="paper_out")
    sent.wait(170)
    assert sent.at(Page.CHECKING)
    sent.wait(11)
    assert sent.at(Page.ATTRACT)


def test_a_printers_late_word_is_taken_down_after_its_customer_has_gone(sent: Any) -> None:
    """Else a restart would print once more, as a copy, the slip of a check that is long over."""
    [slip] = [e for e in sent.wait(20) if isinstance(e, fx.PrintSlip)]
    sent.press("finish")
    sent.hub(Answer(sent.booked(sent.payment)))
    sent.press("start")
    sent.wait(1000)
    sent.wait(1000)
    assert sent.at(Page.ATTRACT)
    key = slip.about.payment_id
    sent.says(SlipOutcome(slip.job, printed=True))
    assert sent.journal[-1] == ev.SlipPrinted(key=key, job=slip.job)
    assert not any(isinstance(e, fx.PrintSlip) for e in sent.restart())


def test_an_acceptor_that_says_the_same_again_and_again_keeps_no_payment_open(stage: Any) -> None:
    """It refuses to be enabled, and nobody stands there: the time runs out all the same."""
    stage.at_slot()
    for _ in range(200):
        stage.acceptor(CashState.DISABLED)
        stage.wait(2)
    assert stage.at(Page.ATTRACT)
    assert stage.core.books.open_payments == ()
