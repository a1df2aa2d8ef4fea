"""The first decisions after a start, word for word: rows, timers, pages, and what is printed again."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Refused, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page


def timers(stage: Any) -> dict[str, float]:
    """Seconds from now, by name."""
    return {name: at - stage.mono for name, at in stage.core._desk.timers.items()}


def begun(stage: Any) -> list[Any]:
    """Restart; the events of the first decision."""
    before = len(stage.journal)
    stage.restart()
    rows: list[Any] = stage.journal[before:]
    return rows


def sent(stage: Any) -> Any:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    return stage


def test_a_start_asks_the_hub_at_once(stage: Any) -> None:
    assert begun(stage) == []
    assert timers(stage) == {"status": 0.0}
    assert stage.at(Page.ATTRACT)
    assert stage.effects == []


def test_a_request_that_was_out_is_noted_as_unknown_and_sent_again(stage: Any) -> None:
    key = sent(stage).payment.payment_id
    stage.press("language:en")
    unknown, again = begun(stage)
    assert unknown == ev.CreditUnknown(key=key, attempt=1, sent=True, reason="restarted while waiting")
    assert (type(again), again.key, again.attempt) == (ev.CreditSending, key, 2)
    assert stage.at(Page.SETTLING)
    wanted = {"wait": 2.0, "checking": stage.config.hub.checking_after_s, "status": 0.0}
    assert timers(stage) == wanted
    assert (stage.core.session.payment_id, stage.core.session.modes.lang) == (key, stage.payment.lang)


def test_a_request_that_was_answered_by_silence_is_sent_without_another_word(stage: Any) -> None:
    sent(stage).hub(Unknown(UnknownReason.TIMEOUT, ""))
    [again] = begun(stage)
    assert (type(again), again.attempt) == (ev.CreditSending, 2)


def test_a_payment_under_check_is_repeated_behind_the_attract_page(stage: Any) -> None:
    sent(stage).wait(16)
    stage.printed()
    rows = begun(stage)
    assert [type(row) for row in rows] == [ev.CreditUnknown, ev.CreditSending]
    assert stage.at(Page.ATTRACT)
    assert timers(stage) == {"status": 0.0}
    assert stage.core.session.payment_id == ""


def test_a_credited_payment_shows_its_receipt_and_prints_it_as_a_copy(stage: Any) -> None:
    sent(stage).hub()
    key = stage.payment.payment_id
    [slip] = begun(stage)
    assert (slip.key, slip.slip, slip.copy_no) == (key, "paid", 1)
    assert stage.at(Page.DONE)
    assert timers(stage)["page"] == stage.config.screen.slip_s
    assert "checking" not in timers(stage)


def test_a_credit_whose_slip_was_never_asked_for_is_printed_as_the_first(stage: Any) -> None:
    sent(stage).hub()
    stage.journal = [event for event in stage.journal if not isinstance(event, ev.SlipIntended)]
    [slip] = begun(stage)
    assert (slip.slip, slip.copy_no) == ("paid", 0)


def test_a_slip_that_is_printed_twice_says_so_twice(stage: Any) -> None:
    sent(stage).hub()
    begun(stage)
    [slip] = begun(stage)
    assert slip.copy_no == 2


@pytest.mark.parametrize("printed", [True, False])
def test_a_slip_whose_end_is_known_is_not_printed_again(stage: Any, printed: bool) -> None:
    sent(stage).hub()
    stage.printed(ok=printed)
    assert begun(stage) == []


def test_the_slip_of_a_claimed_payment_failed_and_that_of_its_claim_is_printed_again(stage: Any) -> None:
    sent(stage).wait(16)
    key = stage.payment.payment_id
    promised = [event for event in stage.journal if isinstance(event, ev.SlipIntended)][-1]
    stage.hub(Refused(wire.Problem(status=404, code="unknown_account")))
    assert stage.stands(PaymentState.CLAIMED)
    [claim] = stage.core.books.open_claims
    telling, failed, copy = begun(stage)
    assert (type(telling), telling.key, telling.attempt) == (ev.ClaimSending, claim.claim_id, 2)
    assert failed == ev.SlipFailed(key=key, job=promised.job, reason="restarted while printing")
    assert (copy.key, copy.slip, copy.copy_no) == (claim.claim_id, "claim", 1)


def test_a_payment_without_a_note_on_its_way_is_ended_at_once(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    key = stage.payment.payment_id
    [paying] = begun(stage)
    assert paying == ev.PayRequested(key=key, by="restart")
    assert stage.core._desk.ending == key
    assert stage.effects.count(fx.DisableAcceptor()) == 2
    assert timers(stage) == {"status": 0.0, "wait": 2.0, "closing": 2 * stage.config.cash.closing_s}
    assert stage.at(Page.CLOSING)


def test_a_note_on_its_way_is_waited_for_first(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    key = stage.payment.payment_id
    assert begun(stage) == []
    assert stage.core._desk.ending == key
    assert stage.effects == [fx.DisableAcceptor()]
    cash = stage.config.cash
    assert timers(stage) == {
        "status": 0.0,
        "wait": 2.0,
        "note_fate": cash.note_fate_s,
        "closing": 2 * cash.closing_s,
    }
    assert stage.at(Page.SETTLING)


def test_the_page_after_a_restart_speaks_the_customers_language(stage: Any) -> None:
    stage.press("start", "language")
    stage.core._desk.go(Page.ATTRACT)
    stage.at_slot()
    stage.note(5000)
    begun(stage)
    assert stage.payment.lang == stage.core.session.modes.lang == "en"


def test_a_check_that_has_ended_well_gets_its_receipt_where_its_slip_may_not_have_come(stage: Any) -> None:
    """Nobody knows whether it came out, and what it said is not true any more."""
    sent(stage).wait(16)
    stage.press("finish")
    stage.hub()
    assert stage.stands(PaymentState.PAID)
    [copy] = begun(stage)
    assert (copy.key, copy.slip, copy.copy_no) == (stage.payment.payment_id, "paid", 0)


def test_the_newest_payment_is_shown_after_one_whose_slip_was_still_due(stage: Any) -> None:
    sent(stage).hub()
    assert stage.stands(PaymentState.CREDITED)
    stage.press("finish")
    key = sent(stage).payment.payment_id
    begun(stage)
    assert [p.state for p in stage.core.books.open_payments] == [PaymentState.CREDITED, PaymentState.SENDING]
    assert stage.core.session.payment_id == key
    assert stage.at(Page.SETTLING)
    assert "page" not in timers(stage), "the page of the one before does not end this one's"
