"""After the amount is fixed, word for word: the rows, the timers, the pages and how long they stand."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import msgspec
import pytest

from drivers.cash.model import CashState
from kiosk.core.desk import spread
from kiosk.core.inputs import ClaimSaid, CreditSaid, SlipOutcome, StatusSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.numbers import reference
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page

LONG = "x" * 300
SILENT: Unknown = Unknown(UnknownReason.TIMEOUT, "")


def problem(code: str, status: int = 409) -> Refused:
    return Refused(wire.Problem(status=status, code=code))


@pytest.fixture
def stage(make_stage: Any) -> Any:
    """One whose ids differ in what a reference shows of them."""
    numbers = count(1)
    return make_stage(ids=lambda: f"{next(numbers):012x}{0:020x}").up()


@pytest.fixture
def sent(stage: Any) -> Any:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    return stage


def timers(stage: Any) -> dict[str, float]:
    """Seconds from now, by name."""
    return {name: at - stage.mono for name, at in stage.core._desk.timers.items()}


def last(stage: Any, kind: type[ev.Event]) -> Any:
    return [event for event in stage.journal if isinstance(event, kind)][-1]


def status(stage: Any, day: date) -> StatusSaid:
    return StatusSaid(Answer(wire.Status(now=stage.now.utc, business_date=day, mode="open", version="1")))


def test_the_request_names_the_hubs_business_day_and_the_time_of_the_first_attempt(sent: Any) -> None:
    key = sent.payment.payment_id
    first = ev.CreditSending(
        key=key, attempt=1, amount_fen=5000, taken_at=sent.now.stamp, business_date="2026-11-22"
    )
    assert last(sent, ev.CreditSending) == first
    assert sent.at(Page.PAYING)
    wanted = {"wait": 2.0, "checking": sent.config.hub.checking_after_s}
    assert wanted.items() <= timers(sent).items()
    assert f"credit:{key}" not in timers(sent)
    sent.hub(Unknown(UnknownReason.TIMEOUT, "no word"))
    sent.says(status(sent, date(2026, 11, 23)))
    sent.wait(3)
    assert last(sent, ev.CreditSending) == msgspec.structs.replace(first, attempt=2)
    assert f"credit:{key}" not in timers(sent)


def test_a_new_payment_has_the_day_that_the_hub_told_last(stage: Any) -> None:
    stage.says(status(stage, date(2026, 12, 1)))
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    assert last(stage, ev.CreditSending).business_date == "2026-12-01"


def test_a_kiosk_that_has_not_heard_the_hubs_day_takes_its_own(make_stage: Any) -> None:
    stage = make_stage().up()
    stage.at_slot()
    stage.note(5000)
    stage.core._desk.business_date = None
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    assert last(stage, ev.CreditSending).business_date == stage.now.day.isoformat()


def test_a_repeat_does_not_send_the_page_back(sent: Any) -> None:
    sent.hub(Unknown(UnknownReason.TIMEOUT, ""))
    sent.press("help")
    sent.wait(3)
    assert sent.payment.attempts == 2
    assert sent.at(Page.HELP) or sent.at(Page.PAYING)
    assert timers(sent)["checking"] < sent.config.hub.checking_after_s


@pytest.mark.parametrize(
    ("outcome", "was_sent", "why"),
    [
        (NotSent(NotSentReason.REFUSED, "no"), False, "refused: no"),
        (Unknown(UnknownReason.BROKEN, "cut"), True, "broken: cut"),
        (problem("stale_signature", 401), True, "stale_signature"),
        (Unknown(UnknownReason.BROKEN, LONG), True, f"broken: {LONG}"[:200]),
    ],
)
def test_an_unanswered_attempt_is_noted_and_repeated_after_itspause(
    sent: Any, outcome: Any, was_sent: bool, why: str
) -> None:
    sent.hub(outcome)
    key = sent.payment.payment_id
    assert last(sent, ev.CreditUnknown) == ev.CreditUnknown(key=key, attempt=1, sent=was_sent, reason=why)
    assert timers(sent)[f"credit:{key}"] == pytest.approx(sent.config.hub.retry_first_s * spread(key, 1))


def test_pauses_double_up_to_the_most_and_the_last_attempt_is_a_claim(sent: Any) -> None:
    key, hub = sent.payment.payment_id, sent.config.hub
    for attempt in range(1, hub.claim_after_attempts):
        sent.hub(Unknown(UnknownReason.TIMEOUT, "late"))
        pause = timers(sent)[f"credit:{key}"]
        assert pause == pytest.approx(hub.retry_first_s * 2 ** (attempt - 1) * spread(key, attempt))
        sent.wait(pause)
    sent.hub(Unknown(UnknownReason.TIMEOUT, "late"))
    assert sent.stands(PaymentState.CLAIMED)
    claimed = last(sent, ev.Claimed)
    assert (claimed.key, claimed.reason) == (key, "timeout: late")
    assert sent.core.books.claims[claimed.claim_id].reason == "unanswered"
    assert f"credit:{key}" not in timers(sent)


def test_a_pause_is_never_longer_than_the_most(stage: Any) -> None:
    from kiosk.core.settle import pause

    desk, most = stage.core._desk, stage.config.hub.retry_most_s
    assert pause(desk, "k", 9) == 256 * spread("k", 9)
    for attempts in (10, 21, 22, 5000):
        assert pause(desk, "k", attempts) == most * spread("k", attempts)


def test_an_answer_for_other_content_is_noted_as_none(sent: Any) -> None:
    key = sent.payment.payment_id
    other = msgspec.structs.replace(sent.booked(sent.payment), account_no="1")
    sent.hub(Answer(other))
    assert last(sent, ev.CreditUnknown) == ev.CreditUnknown(
        key=key, attempt=1, sent=True, reason="the answer is for other content"
    )


@pytest.mark.parametrize("replayed", [False, True])
def test_an_approval_is_noted_with_all_that_the_hub_said(sent: Any, replayed: bool) -> None:
    key = sent.payment.payment_id
    allocations = (wire.Allocation(month="2026-09", late_fee_fen=7, principal_fen=93),)
    body = msgspec.structs.replace(
        sent.booked(sent.payment),
        allocations=allocations,
        to_balance_fen=4900,
        balance_before_fen=11,
        balance_after_fen=4911,
        arrears_after_fen=22,
    )
    sent.hub(Answer(body, replayed=replayed))
    assert last(sent, ev.CreditApproved) == ev.CreditApproved(
        key=key,
        hub_no="000000000050",
        allocations=(ev.Allocation("2026-09", 7, 93),),
        to_balance_fen=4900,
        balance_before_fen=11,
        balance_after_fen=4911,
        arrears_after_fen=22,
        credited_at=body.credited_at.isoformat(),
        business_date=body.business_date.isoformat(),
        replayed=replayed,
    )
    slip = last(sent, ev.SlipIntended)
    assert (slip.key, slip.slip, slip.copy_no) == (key, "paid", 0)
    assert sent.at(Page.DONE)
    assert timers(sent)["page"] == sent.config.screen.done_s
    assert not timers(sent).keys() & {"wait", "checking", "idle", "question", f"credit:{key}"}


def test_a_late_approval_prints_nothing_for_a_customer_who_has_gone(sent: Any) -> None:
    sent.hub(Unknown(UnknownReason.TIMEOUT, ""))
    sent.wait(16)
    sent.press("finish")
    slips = sum(isinstance(event, ev.SlipIntended) for event in sent.journal)
    sent.hub()
    assert sent.core.books.open_payments == ()
    assert sum(isinstance(event, ev.SlipIntended) for event in sent.journal) == slips
    assert not any(name.startswith("credit:") for name in timers(sent))


def test_a_promise_names_the_reference_and_stands_as_long_as_a_slip(sent: Any) -> None:
    key = sent.payment.payment_id
    sent.wait(sent.config.hub.checking_after_s)
    assert last(sent, ev.CheckingPromised) == ev.CheckingPromised(key=key, reference=reference(key))
    slip = last(sent, ev.SlipIntended)
    assert (slip.key, slip.slip) == (key, "checking")
    assert sent.at(Page.CHECKING)
    assert timers(sent)["page"] == sent.config.screen.slip_s
    assert "checking" not in timers(sent)


def test_a_refused_payment_is_a_claim_with_all_its_notes(sent: Any) -> None:
    key, payment = sent.payment.payment_id, sent.payment
    sent.hub(problem("c" * 300, 404))
    claim_id = last(sent, ev.Claimed).claim_id
    assert last(sent, ev.ClaimOpened) == ev.ClaimOpened(
        key=claim_id,
        reference=reference(key),
        reason="declined",
        payment_id=key,
        account_no=payment.account.account_no,
        amount_fen=5000,
        memo_fen=0,
        notes=(ev.NoteCount(5000, 1),),
        note_id="",
        at=sent.now.stamp,
        lang="zh",
    )
    assert last(sent, ev.Claimed) == ev.Claimed(key=key, claim_id=claim_id, reason="c" * 200)
    slip = last(sent, ev.SlipIntended)
    assert (slip.key, slip.slip) == (claim_id, "claim")
    assert last(sent, ev.ClaimSending) == ev.ClaimSending(key=claim_id, attempt=1)
    assert sent.at(Page.CLAIM)
    assert timers(sent)["page"] == sent.config.screen.slip_s


def test_a_lost_note_is_a_claim_for_that_note_alone(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.JAM_BOX)
    stage.acceptor(CashState.DISABLED)
    claim = last(stage, ev.ClaimOpened)
    assert (claim.reason, claim.amount_fen, claim.memo_fen) == ("note_fate_unknown", 0, 10000)
    assert (claim.notes, claim.note_id) == ((ev.NoteCount(10000, 1),), "")
    assert claim.reference == reference(claim.key) != reference(claim.payment_id)
    assert claim.payment_id == stage.payment.payment_id


def test_a_note_of_nobodys_is_a_claim_in_the_kiosks_own_language(stage: Any) -> None:
    stage.acceptor(CashState.STACKED, 2000)
    claim = last(stage, ev.ClaimOpened)
    assert (claim.reason, claim.payment_id, claim.account_no) == ("orphan_note", "", "")
    assert (claim.amount_fen, claim.memo_fen, claim.notes) == (2000, 0, (ev.NoteCount(2000, 1),))
    assert claim.note_id
    assert claim.lang == stage.config.terminal.language


def test_a_claim_is_repeated_with_its_own_pauses_until_it_is_taken(sent: Any) -> None:
    sent.hub(problem("unknown_account", 404))
    claim_id = last(sent, ev.Claimed).claim_id
    first = sent.config.hub.retry_first_s
    outcomes: list[tuple[Any, str]] = [
        (problem("odd", 422), "odd"),
        (Unknown(UnknownReason.TIMEOUT, LONG), LONG[:200]),
        (NotSent(NotSentReason.NAME, "no name"), "no name"),
    ]
    for attempt, (outcome, why) in enumerate(outcomes, 1):
        sent.says(ClaimSaid(claim_id, attempt, outcome))
        assert last(sent, ev.ClaimUnanswered) == ev.ClaimUnanswered(key=claim_id, attempt=attempt, reason=why)
        pause = timers(sent)[f"claim:{claim_id}"]
        assert pause == pytest.approx(first * 2 ** (attempt - 1) * spread(claim_id, attempt))
        sent.wait(pause)
        assert last(sent, ev.ClaimSending) == ev.ClaimSending(key=claim_id, attempt=attempt + 1)
        assert f"claim:{claim_id}" not in timers(sent)
    sent.claim_taken()
    assert last(sent, ev.ClaimTaken) == ev.ClaimTaken(key=claim_id, resolution="")
    before = list(sent.journal)
    sent.says(ClaimSaid(claim_id, 9, problem("odd", 422)), ClaimSaid("0" * 32, 1, problem("odd", 422)))
    assert sent.journal == before


def test_a_claims_answer_is_kept_with_its_resolution(sent: Any) -> None:
    sent.hub(problem("unknown_account", 404))
    [claim] = sent.core.books.open_claims
    body = wire.Claim(
        id=claim.claim_id,
        reference=claim.reference,
        state="closed",
        amount_fen=5000,
        memo_fen=0,
        payment_id=claim.payment_id,
        resolution="already_credited",
    )
    sent.says(ClaimSaid(claim.claim_id, 1, Answer(body)))
    assert last(sent, ev.ClaimTaken) == ev.ClaimTaken(key=claim.claim_id, resolution="already_credited")
    assert f"claim:{claim.claim_id}" not in timers(sent)


def test_a_hub_that_is_back_is_asked_within_two_seconds_but_no_repeat_comes_later_for_it(sent: Any) -> None:
    from kiosk.core import settle

    desk = sent.core._desk
    desk.timers = dict.fromkeys(("credit:a", "claim:b", "page"), sent.mono + 100)
    desk.timers["credit:c"] = sent.mono + 0.001
    settle.hub_is_back(desk)
    told = timers(sent)
    assert told["page"] == 100
    assert told["credit:a"] == pytest.approx(4 * (spread("a", 0) - 0.75))
    assert told["claim:b"] == pytest.approx(4 * (spread("b", 0) - 0.75))
    assert told["credit:c"] <= 0.0011


@pytest.mark.parametrize(
    ("verdict", "known", "knew", "asked", "kept"),
    [
        ("ok", 7, None, False, "ok"),
        ("show", 7, None, True, ""),
        ("show", 7, 7, False, ""),
        ("behind", 7, 7, False, "behind"),
    ],
)
def test_a_row_that_the_hub_asks_for_is_shown_at_once(
    stage: Any, verdict: Any, known: int, knew: int | None, asked: bool, kept: str
) -> None:
    desk = stage.core._desk
    desk.hub_knows = knew
    before = stage.core.facts.journal_verdict
    beat = wire.Heartbeat(
        id="h",
        verdict=verdict,
        known_seq=known,
        as_of=stage.now.utc,
        business_date=stage.now.day,
        mode="open",
    )
    desk.timers["status"] = stage.mono + 50
    stage.says(StatusSaid(Answer(beat)))
    assert (timers(stage)["status"] == 0.0) is asked
    assert desk.hub_knows == known
    assert stage.core.facts.journal_verdict == (kept or before)


def test_a_slip_that_failed_keeps_the_reason_short(sent: Any) -> None:
    sent.hub()
    slip = last(sent, ev.SlipIntended)
    sent.says(SlipOutcome(slip.job, False, LONG))
    assert last(sent, ev.SlipFailed) == ev.SlipFailed(key=slip.key, job=slip.job, reason=LONG[:200])
    assert timers(sent)["page"] == sent.config.screen.slip_s


def test_a_slip_that_came_out_leaves_time_to_take_it(sent: Any) -> None:
    sent.hub()
    sent.wait(3)
    slip = last(sent, ev.SlipIntended)
    sent.says(SlipOutcome(slip.job, True))
    assert last(sent, ev.SlipPrinted) == ev.SlipPrinted(key=slip.key, job=slip.job)
    assert timers(sent)["page"] == sent.config.screen.done_s


@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize("page", [Page.CHECKING, Page.CLAIM])
def test_a_reference_that_was_not_printed_stands_to_be_written_down(
    sent: Any, page: Page, printed: bool
) -> None:
    if page is Page.CLAIM:
        sent.hub(problem("unknown_account", 404))
    else:
        sent.wait(16)
    before = timers(sent)["page"]
    sent.printed(ok=printed)
    stands = before if printed else sent.config.screen.cash_idle_s
    assert timers(sent)["page"] == stands


def test_a_word_on_anothers_slip_leaves_the_page_alone(sent: Any) -> None:
    sent.wait(16)
    job = last(sent, ev.SlipIntended).job
    sent.press("finish", "start")
    before = timers(sent)
    sent.says(SlipOutcome(job, False, "jam"))
    assert last(sent, ev.SlipFailed).job == job
    assert "page" not in timers(sent)
    assert "page" not in before


def test_the_wait_for_the_hub_begins_anew_when_the_acceptor_has_closed(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.wait(1)
    stage.acceptor(CashState.DISABLED)
    assert timers(stage)["wait"] == 2.0


@pytest.mark.parametrize("reason", ["declined", "unanswered"])
def test_a_claim_for_a_payment_counts_each_of_its_notes(make_stage: Any, reason: str) -> None:
    stage = make_stage().up().at_slot()
    for value in (5000, 10000, 5000):
        stage.note(value)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    while not stage.core.books.claims:
        stage.hub(problem("unknown_account", 404) if reason == "declined" else SILENT)
        stage.wait(30)
    claim = last(stage, ev.ClaimOpened)
    assert (claim.reason, claim.amount_fen) == (reason, 20000)
    assert claim.notes == (ev.NoteCount(10000, 1), ev.NoteCount(5000, 2))


def test_a_claim_speaks_the_customers_language(stage: Any) -> None:
    stage.press("start", "language")
    assert stage.core.session.modes.lang == "en"
    stage.core._desk.go(Page.ATTRACT)
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub(problem("unknown_account", 404))
    assert last(stage, ev.ClaimOpened).lang == "en"


@pytest.mark.parametrize("answer", ["credited", "refused", "sent again"])
def test_a_late_word_ends_the_wait_for_the_next_attempt(sent: Any, answer: str) -> None:
    from kiosk.core import credit

    name = f"credit:{sent.payment.payment_id}"
    sent.hub(SILENT)
    assert name in timers(sent)
    if answer == "sent again":
        credit.send_credit(sent.core._desk, sent.payment)
    else:
        sent.hub(problem("unknown_account", 404) if answer == "refused" else None)
    assert name not in timers(sent)


def test_a_claim_that_is_told_again_waits_for_no_other_attempt(sent: Any) -> None:
    from kiosk.core import settle

    sent.hub(problem("unknown_account", 404))
    [claim] = sent.core.books.open_claims
    sent.says(ClaimSaid(claim.claim_id, 1, problem("odd", 422)))
    settle.send_claim(sent.core._desk, sent.core.books.claims[claim.claim_id])
    assert f"claim:{claim.claim_id}" not in timers(sent)


def test_nobody_is_promised_anything_where_nobody_stands(stage: Any) -> None:
    from kiosk.core import credit

    credit.promise_check(stage.core._desk)
    assert stage.journal == []
    assert stage.at(Page.ATTRACT)


def under_check_and_gone(stage: Any) -> Any:
    """A customer whose payment is being checked has left; returns the payment."""
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    stage.press("finish")
    return stage.payment


def next_one_pays(stage: Any) -> None:
    stage.at_slot()
    stage.note(1000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)


def test_what_became_of_a_check_is_not_printed_for_the_next_customer(stage: Any) -> None:
    before = under_check_and_gone(stage)
    next_one_pays(stage)
    stage.wait(16)
    assert stage.at(Page.CHECKING)
    slips = sum(isinstance(event, ev.SlipIntended) for event in stage.journal)
    now = stage.core.books.payments[before.payment_id]
    stage.says(CreditSaid(before.payment_id, now.attempts, Answer(stage.booked(now))))
    assert stage.core.books.payments[before.payment_id].state is PaymentState.PAID
    assert sum(isinstance(event, ev.SlipIntended) for event in stage.journal) == slips
    assert stage.at(Page.CHECKING)


def test_a_word_on_an_earlier_slip_does_not_hold_the_next_customers_page(stage: Any) -> None:
    under_check_and_gone(stage)
    job = last(stage, ev.SlipIntended).job
    next_one_pays(stage)
    stage.hub()
    assert stage.at(Page.DONE)
    before = timers(stage)["page"]
    stage.says(SlipOutcome(job, False, "jam"))
    assert timers(stage)["page"] == before
