"""The customer's way: pages, errors on them, time-outs that ask, and nothing left for the next one."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.core.inputs import AccountSaid, QuoteSaid, StatusSaid
from kiosk.core.walk import MOVES
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, Refused
from kiosk.page import Modes
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import NoteNotice, Page
from tests.kiosk.core.refusals import hub_says


def asked(stage: Any) -> str:
    [look_up] = stage.effects
    return str(look_up.request)


def typed(stage: Any, digits: str) -> Any:
    stage.press("start", "pay_bill", *(f"key:{d}" for d in digits))
    return stage


def test_a_short_number_is_told_without_asking_the_hub(stage: Any) -> None:
    typed(stage, "039900")
    assert stage.press("confirm") == []
    assert stage.at(Page.ENTER_ACCOUNT)
    assert stage.core.session.entry_error == "too_short"
    stage.press("key:1")
    assert stage.core.session.entry_error == ""


def test_a_meter_number_with_a_wrong_check_digit_is_told_without_asking_the_hub(stage: Any) -> None:
    stage.press("start", "pay_bill", "by_meter", *(f"key:{d}" for d in "9900010012500000000011"))
    assert stage.press("confirm") == []
    assert stage.core.session.entry_error == "wrong_check_digit"
    stage.press("delete", "key:0")
    [look_up] = stage.press("confirm")
    assert (look_up.kind, look_up.number) == ("meter", "9900010012500000000010")


def test_digits_beyond_the_longest_number_are_not_taken(stage: Any) -> None:
    typed(stage, "1" * 20)
    assert stage.core.session.digits == "1" * 16
    stage.press("clear", "key:x", "key:12", "key:")
    assert stage.core.session.digits == ""


@pytest.mark.parametrize(
    ("code", "error"),
    [("unknown_account", "unknown_account"), ("hub_busy", "hub_busy"), ("stale_signature", "hub_gone")],
)
def test_what_the_hub_says_against_a_number_stands_on_the_keypad_page(
    stage: Any, code: str, error: str
) -> None:
    typed(stage, "0399000000000018").press("confirm")
    stage.says(AccountSaid(asked(stage), hub_says(code)))
    assert stage.at(Page.ENTER_ACCOUNT)
    assert stage.core.session.entry_error == error
    assert stage.core.session.digits == "0399000000000018"


def test_a_closed_account_is_told_at_once(stage: Any, world: Any) -> None:
    typed(stage, "0399000000000018").press("confirm")
    stage.says(AccountSaid(asked(stage), Answer(world.account(state="closed"))))
    assert stage.core.session.entry_error == "account_closed"


def test_a_stale_answer_changes_nothing(stage: Any, world: Any) -> None:
    typed(stage, "0399000000000018").press("confirm")
    request = asked(stage)
    stage.press("back")
    stage.says(AccountSaid(request, Answer(world.account())))
    assert stage.at(Page.ENTER_ACCOUNT)


def test_chosen_months_are_always_a_run_from_the_oldest(stage: Any, world: Any) -> None:
    months = ["2026-07", "2026-08", "2026-09", "2026-10"]
    stage.found(world.account(*(world.bill(m, 1000) for m in months)))
    assert stage.core.session.months == tuple(months)
    stage.press("pay_oldest")
    assert stage.core.session.months == ("2026-07",)
    stage.press("pay_chosen", "toggle_month:2026-09")
    assert stage.core.session.months == tuple(months[:3])
    stage.press("toggle_month:2026-08")
    assert stage.core.session.months == ("2026-07",)
    stage.press("toggle_month:2026-07", "toggle_month:1999-01")
    assert stage.core.session.months == ("2026-07",)


def test_an_account_with_nothing_due_prepays_on_the_same_path(stage: Any, world: Any) -> None:
    stage.at_slot(world.account(balance=1250))
    assert stage.payment.business == "prepay"
    assert stage.payment.quote.months == ()


def test_a_refused_quote_takes_no_money(stage: Any, world: Any) -> None:
    stage.found(world.account(world.bill("2026-10", 1000))).press("pay", "cash")
    [ask] = stage.effects
    stage.says(QuoteSaid(ask.quote_id, Refused(wire.Problem(status=409, code="account_closed"))))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "account_closed"
    assert stage.journal == []


def test_a_hub_that_is_busy_before_the_quote_takes_no_money(stage: Any, world: Any) -> None:
    stage.found(world.account(world.bill("2026-10", 1000))).press("pay", "cash")
    [ask] = stage.effects
    stage.says(QuoteSaid(ask.quote_id, hub_says("hub_busy", 2)))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "busy"
    assert stage.journal == []


def test_the_hub_gone_before_the_quote_takes_no_money(stage: Any, world: Any) -> None:
    stage.found(world.account(world.bill("2026-10", 1000))).press("pay", "cash")
    [ask] = stage.effects
    stage.says(QuoteSaid(ask.quote_id, world.silence))
    assert stage.core.session.message == "hub_gone"
    assert stage.journal == []


def test_cancel_before_any_money(stage: Any) -> None:
    stage.at_slot()
    assert stage.press("cancel") == [fx.DisableAcceptor()]
    stage.acceptor(CashState.DISABLED)
    assert stage.stands(PaymentState.CANCELLED)
    assert stage.at(Page.CANCELLED)


def test_no_cancel_after_the_first_note(stage: Any) -> None:
    stage.at_slot()
    stage.note(1000)
    assert stage.core.page.back is None
    stage.press("cancel")
    assert stage.stands(PaymentState.FUNDED)
    assert stage.core.session.note_notice == NoteNotice("kept", 1000, "money_in")


def test_a_late_cancel_tells_of_no_money_while_the_first_note_moves(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 1000)
    before = stage.core.session
    assert stage.press("cancel") == []
    assert stage.stands(PaymentState.STACKING_FIRST)
    assert stage.core.session == before


def test_an_idle_page_asks_before_it_goes(stage: Any) -> None:
    typed(stage, "0399")
    stage.wait(59)
    assert stage.at(Page.ENTER_ACCOUNT)
    stage.wait(2)
    assert stage.at(Page.MORE_TIME)
    left = stage.core.session.seconds_left
    stage.wait(3)
    assert stage.core.session.seconds_left == left - 3
    stage.press("more_time")
    assert stage.at(Page.ENTER_ACCOUNT)
    assert stage.core.session.digits == "0399"
    stage.wait(100)
    assert stage.at(Page.ATTRACT)
    assert stage.core.session.digits == ""


def test_the_question_may_be_answered_ten_times_and_more(stage: Any) -> None:
    typed(stage, "0399")
    for _ in range(12):
        stage.wait(70)
        assert stage.at(Page.MORE_TIME)
        stage.press("more_time")
    assert stage.core.session.digits == "0399"


def test_money_left_behind_is_paid_into_the_account_that_was_confirmed(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.wait(179)
    assert stage.at(Page.CASH)
    stage.wait(2)
    assert stage.at(Page.MORE_TIME)
    stage.wait(28)
    assert stage.stands(PaymentState.FUNDED)
    stage.wait(2)
    assert stage.stands(PaymentState.CLOSING)
    assert stage.payment.ended_by == "timeout"
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    assert any(isinstance(e, ev.SlipIntended) and e.slip == "paid" for e in stage.journal)


def test_the_question_over_a_payment_that_is_made_does_not_deny_its_money(stage: Any) -> None:
    stage.at_slot()
    stage.note(10000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    assert stage.at(Page.CHECKING)
    stage.press("help")
    stage.wait(61)
    for _ in range(2):
        assert stage.at(Page.MORE_TIME)
        assert "没有收您的钱" not in stage.core.page.spoken
        assert "¥100" not in stage.core.page.spoken  # no key pays a second time
        stage.press("more_time")
        stage.hub()  # the second time it lies over the page of a payment that is booked
        assert stage.at(Page.DONE)
        stage.press("help")
        stage.wait(61)


def test_a_note_that_is_lost_while_nothing_else_is_in_is_not_denied(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.STACKING)
    stage.wait(61)
    assert stage.at(Page.CLOSING)
    assert "没有收您的钱" not in stage.core.page.spoken
    stage.wait(5)
    assert stage.at(Page.CLAIM)


def test_a_customer_who_leaves_before_any_money_leaves_nothing(stage: Any) -> None:
    stage.at_slot()
    stage.wait(92)
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.ATTRACT)
    assert stage.journal[-1] == ev.Cancelled(key=stage.journal[0].key)


def test_a_note_answers_the_question(stage: Any) -> None:
    stage.at_slot()
    stage.wait(62)
    assert stage.at(Page.MORE_TIME)
    stage.note(5000)
    assert stage.at(Page.CASH)
    assert stage.payment.inserted_fen == 5000


def test_the_question_does_not_come_while_a_note_is_on_its_way(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 5000)
    stage.wait(59.5)
    assert stage.at(Page.CASH)


def test_language_and_modes_change_on_any_page_and_are_gone_with_the_customer(stage: Any) -> None:
    stage.at_slot()
    zh = stage.core.page.title
    stage.press("language", "large", "contrast", "low")
    assert stage.core.session.modes == Modes("en", True, "contrast", True)
    assert stage.core.page.title != zh
    assert stage.at(Page.CASH)
    stage.press("cancel")
    stage.acceptor(CashState.DISABLED)
    stage.wait(9)
    assert stage.core.session.modes == Modes()


def test_help_lies_over_the_page_and_gives_it_back(stage: Any) -> None:
    typed(stage, "0399").press("help")
    assert stage.at(Page.HELP)
    stage.press("close_help")
    assert stage.at(Page.ENTER_ACCOUNT)
    assert stage.core.session.digits == "0399"


@pytest.mark.parametrize("page", list(Page))
def test_what_a_page_does_not_offer_does_nothing(stage: Any, page: Page) -> None:
    stage.core._desk.go(page)
    for name in ("no_such_choice", "", "pay_now" if page is not Page.CASH else "start"):
        if name not in MOVES.get(page, {}):
            assert stage.press(name) == []
            assert stage.at(page)


def test_every_choice_a_page_offers_leads_somewhere(stage: Any, world: Any) -> None:
    """On the way of a payment, what is shown enabled is in the table of moves."""

    def offered() -> set[str]:
        page = stage.core.page
        shown = [*page.choices, *page.service, *(c for c in (page.main, page.back) if c)]
        return {c.id for c in shown if c.enabled}

    def check() -> None:
        known = set(MOVES.get(stage.page, {})) | {"language", "large", "contrast", "low"}
        assert offered() <= known, (stage.page, offered() - known)

    check()
    stage.press("start")
    check()
    stage.press("pay_bill")
    check()
    stage.press("by_meter")
    check()
    stage.press("back", "back")
    stage.found(world.account(*(world.bill(f"2026-0{m}", 1000) for m in range(1, 9))))
    check()
    stage.press("pay")
    check()
    stage.press("help")
    check()
    stage.press("close_help", "back", "back", "wrong", "back", "back")
    stage.at_slot()
    check()
    stage.note(5000)
    check()
    stage.wait(181)
    check()
    stage.press("leave")
    check()
    stage.acceptor(CashState.DISABLED)
    check()
    stage.hub()
    check()


def test_a_kiosk_that_was_just_started_is_getting_ready_and_not_out_of_order(
    make_stage: Any, world: Any
) -> None:
    stage = make_stage()
    ready = stage.core.page.notice
    stage.says(StatusSaid(world.silence))
    assert stage.core.page.notice != ready
    assert stage.core.facts.cash_reason == "hub_gone"
    stage.up()
    assert stage.core.page.notice is None
