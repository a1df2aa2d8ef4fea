"""Without the hub: whether cash is taken, how much, for which account, and what the customer is promised."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from drivers.cash.model import CashState
from drivers.printer.document import Line
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.config import Offline
from kiosk.core.inputs import AccountSaid, CreditSaid, DeviceFelt, QuoteSaid, StatusSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.numbers import reference
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from kiosk.slips import Slips
from tests.kiosk.core.refusals import hub_says

NUMBER = "0399000000000018"
GONE: NotSent = NotSent(NotSentReason.REFUSED, "no")


@pytest.fixture
def make(make_stage: Any, world: Any) -> Any:
    def make(**rules: Any) -> Any:
        rules = {"take_cash": True, "most_fen": 15000, "most_waiting_fen": 20000} | rules
        return make_stage(msgspec.structs.replace(world.config, offline=Offline(**rules))).up()

    return make


def types(stage: Any, number: str = NUMBER) -> None:
    stage.press(*(f"key:{digit}" for digit in number), "confirm")


def typed_twice(stage: Any, number: str = NUMBER) -> Any:
    stage.press("start", "pay_bill")
    types(stage, number)
    assert stage.at(Page.ENTER_AGAIN)
    types(stage, number)
    assert stage.at(Page.PROVISIONAL)
    return stage


def at_slot(stage: Any) -> Any:
    typed_twice(stage).press("accept")
    assert stage.at(Page.CASH)
    assert stage.effects == [fx.EnableAcceptor()]
    stage.acceptor(CashState.IDLE)
    return stage


def paid(stage: Any, *notes: int) -> Any:
    at_slot(stage)
    for value in notes:
        stage.note(value)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    return stage


def slips(stage: Any) -> list[str]:
    return [e.slip for e in stage.journal if isinstance(e, ev.SlipIntended)]


def test_by_default_nothing_begins_without_the_hub(stage: Any) -> None:
    stage.leaves()
    assert not stage.core.facts.cash_works
    stage.press("start", "pay_bill")
    types(stage)
    assert stage.at(Page.LOOKING_UP)
    stage.says(AccountSaid(stage.effects[0].request, GONE))
    assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_ACCOUNT, "hub_gone")


def test_a_customer_gets_a_provisional_slip_and_the_money_is_booked_later(make: Any, world: Any) -> None:
    stage = paid(make().leaves(), 10000, 5000)
    assert stage.at(Page.CHECKING)
    assert stage.stands(PaymentState.CHECKING)
    assert slips(stage) == ["provisional"]
    sending, *rest = (e for e in stage.journal if isinstance(e, ev.CreditSending))
    assert (sending.amount_fen, sending.business_date, rest) == (15000, world.day.isoformat(), [])
    assert stage.payment.account == ev.AccountFacts(NUMBER, "", "")
    stage.hub(GONE)
    stage.printed()
    stage.press("finish")
    stage.comes()
    assert any(isinstance(e, fx.SendCredit) for e in stage.wait(3))
    key = stage.payment.payment_id
    stage.hub()
    assert [e.key for e in stage.journal if isinstance(e, ev.CreditApproved)] == [key]
    assert slips(stage) == ["provisional"]


def test_two_different_numbers_are_both_typed_anew(make: Any) -> None:
    stage = make().leaves()
    stage.press("start", "pay_bill")
    types(stage)
    types(stage, NUMBER[:-1] + "9")
    session = stage.core.session
    assert (session.page, session.digits, session.entry_error) == (Page.ENTER_ACCOUNT, "", "differs")
    types(stage, NUMBER)
    types(stage, NUMBER[:9])
    assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_AGAIN, "too_short")
    stage.press("back")
    assert (stage.page, stage.core.session.digits) == (Page.ENTER_ACCOUNT, NUMBER)


def test_a_meter_number_is_not_enough(make: Any) -> None:
    stage = make().leaves()
    stage.press("start", "pay_bill", "by_meter")
    types(stage, "9900010012500000000027")
    assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_METER, "account_only")


def test_a_hub_that_goes_during_the_look_up_leaves_the_same_way(make: Any) -> None:
    stage = make()
    stage.press("start", "pay_bill")
    types(stage)
    stage.says(AccountSaid(stage.effects[0].request, GONE))
    assert stage.at(Page.ENTER_AGAIN)


@pytest.mark.parametrize("when", ["before the quote", "during the quote"])
def test_a_known_account_is_not_typed_again(make: Any, world: Any, when: str) -> None:
    stage = make()
    stage.found(world.account(world.bill("2026-10", 12056)))
    stage.press("pay")
    if when == "before the quote":
        stage.leaves().press("cash")
    else:
        stage.press("cash")
        stage.says(QuoteSaid(stage.effects[0].quote_id, GONE))
    assert stage.at(Page.PROVISIONAL)
    stage.press("back")
    assert stage.at(Page.MEANS)
    stage.press("cash", "accept")
    assert stage.at(Page.CASH)
    assert stage.payment.account.name_masked == "*伟"
    assert stage.payment.provisional


def test_a_hub_that_is_back_is_asked_before_money_is_taken(make: Any, world: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.comes()
    stage.press("accept")
    [asked] = stage.effects
    assert (asked.kind, asked.number) == ("account", NUMBER)
    stage.says(AccountSaid(asked.request, Answer(world.account())))
    assert stage.at(Page.CONFIRM_ACCOUNT)
    stage.press("correct", "prepay")
    stage.leaves().press("cash")
    stage.comes()
    stage.press("accept")
    assert isinstance(stage.effects[0], fx.AskQuote)


def test_a_hub_that_is_back_when_the_customer_pays_is_waited_for(make: Any, world: Any) -> None:
    stage = at_slot(make().leaves())
    stage.note(10000)
    stage.comes()
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.PAYING)
    stage.hub()
    assert stage.at(Page.DONE)
    assert slips(stage) == ["paid"]


def test_no_note_over_the_limit_of_one_payment(make: Any) -> None:
    stage = at_slot(make().leaves())
    stage.note(10000)
    stage.acceptor(CashState.ESCROW, 10000)
    assert fx.GiveBackNote() in stage.effects
    assert stage.core.session.note_notice.reason == "over_limit"
    stage.acceptor(CashState.IDLE)
    stage.note(5000)
    assert stage.payment.inserted_fen == 15000


def test_money_that_waits_takes_room_until_it_is_booked(make: Any, world: Any) -> None:
    stage = paid(make().leaves(), 10000, 5000)
    stage.printed()
    stage.press("finish")
    assert stage.core.facts.offline_fen == 5000
    paid(stage, 5000)
    stage.printed()
    stage.press("finish")
    assert stage.core.facts.offline_fen == 0
    assert not stage.core.facts.cash_works
    stage.comes()
    for payment in list(stage.core.books.open_payments):
        stage.says(CreditSaid(payment.payment_id, payment.attempts, Answer(stage.booked(payment))))
    assert stage.core.facts.offline_fen == 15000


def test_money_that_became_a_claim_takes_room_until_the_hub_has_it(make: Any) -> None:
    stage = paid(make().leaves(), 10000, 5000)
    stage.printed()
    stage.press("finish")
    for _ in range(5):
        stage.hub(GONE)
        stage.wait(400)
        stage.leaves()
    assert [c.amount_fen for c in stage.core.books.open_claims] == [15000]
    assert stage.core.facts.offline_fen == 5000


def test_no_more_than_any_payment_may_be(make_stage: Any, world: Any) -> None:
    rules = Offline(take_cash=True, most_fen=150000, most_waiting_fen=900000)
    stage = make_stage(msgspec.structs.replace(world.config, offline=rules)).up()
    assert stage.core.facts.offline_fen == world.config.cash.most_fen


def test_less_room_than_the_smallest_note_is_none(make: Any) -> None:
    stage = make(most_waiting_fen=15500)
    paid(stage.leaves(), 10000, 5000)
    assert stage.core.facts.offline_fen == 0


def test_too_long_after_the_hubs_last_word_nothing_begins(make: Any) -> None:
    stage = make(most_s=600.0).leaves()
    stage.wait(590)
    assert stage.core.facts.cash_works
    stage.wait(30)
    assert not stage.core.facts.cash_works
    assert stage.core.facts.cash_reason == "hub_gone"


def test_a_kiosk_that_has_not_heard_the_hub_since_its_start_takes_nothing(make: Any) -> None:
    stage = paid(make().leaves(), 5000)
    stage.restart()
    stage.leaves()
    assert stage.core.facts.offline_fen == 0


@pytest.mark.parametrize("code", ["unknown_terminal", "bad_signature"])
def test_a_hub_that_does_not_take_our_word_lets_us_take_nothing(make: Any, code: str) -> None:
    stage = make()
    stage.says(StatusSaid(Refused(wire.Problem(status=401, code=code))))
    assert not stage.core.facts.cash_works
    stage.leaves()
    assert not stage.core.facts.cash_works
    stage.press("start", "pay_bill")
    types(stage)
    assert stage.at(Page.LOOKING_UP)


def test_a_hub_that_refuses_us_while_money_goes_in_ends_it(make: Any) -> None:
    stage = at_slot(make().leaves())
    stage.note(5000)
    stage.says(StatusSaid(Refused(wire.Problem(status=401, code="unknown_terminal"))))
    stage.acceptor(CashState.ESCROW, 5000)
    assert fx.GiveBackNote() in stage.effects
    assert stage.core.session.note_notice.reason == "hub_gone"
    stage.acceptor(CashState.IDLE)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CHECKING)


@pytest.mark.parametrize(("broken", "message"), [("printer", "no_cash"), ("acceptor", "no_cash")])
@pytest.mark.parametrize("back", [False, True], ids=["hub gone", "hub back"])
def test_nothing_begins_without_paper_or_acceptor(
    make: Any, world: Any, broken: str, message: str, back: bool
) -> None:
    stage = make()
    stage.found(world.account(world.bill("2026-10", 12056)))
    stage.press("pay")
    stage.leaves().press("cash")
    assert stage.at(Page.PROVISIONAL)
    stage.says(DeviceFelt(broken, DeviceHealth(DeviceStatus.USER_ERROR, "out")))
    main = stage.core.page.main
    assert main is not None
    assert not main.enabled
    if back:
        stage.comes()
    stage.press("accept")
    assert (stage.page, stage.core.session.message) == (Page.MESSAGE, message)
    assert not stage.core.books.payments


def test_a_page_with_somebodys_number_stands_no_longer_than_other_private_ones(make: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.wait(stage.config.screen.private_idle_s + 1)
    assert stage.at(Page.MORE_TIME)


@pytest.mark.parametrize(
    "outcome",
    [Unknown(UnknownReason.TIMEOUT, ""), NotSent(NotSentReason.TIMEOUT, "")],
    ids=["unknown", "not sent"],
)
def test_every_silence_of_the_hub_opens_the_way(make: Any, outcome: Any) -> None:
    stage = make()
    stage.press("start", "pay_bill")
    types(stage)
    stage.says(AccountSaid(stage.effects[0].request, outcome))
    assert stage.at(Page.ENTER_AGAIN)


@pytest.mark.parametrize("code", ["hub_busy", "hub_fault"])
def test_only_a_hub_that_is_there_and_busy_is_waited_for(make: Any, world: Any, code: str) -> None:
    stage, busy = make(), code == "hub_busy"
    stage.press("start", "pay_bill")
    types(stage)
    stage.says(AccountSaid(stage.effects[0].request, hub_says(code, 2)))
    if busy:
        assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_ACCOUNT, "hub_busy")
        assert stage.core.session.digits == NUMBER
    else:
        assert stage.at(Page.ENTER_AGAIN)
    stage = make()
    stage.found(world.account(world.bill("2026-10", 12056)))
    stage.press("pay", "cash")
    stage.says(QuoteSaid(stage.effects[0].quote_id, hub_says(code, 2)))
    assert stage.page is (Page.MESSAGE if busy else Page.PROVISIONAL)
    assert stage.core.session.message == ("busy" if busy else "")


def test_a_hub_that_is_busy_for_its_pulse_too_opens_the_way(make: Any) -> None:
    stage = make()
    stage.says(StatusSaid(hub_says("hub_busy", 2)))
    typed_twice(stage)


def test_a_quote_that_is_refused_for_the_call_alone_opens_nothing(make: Any, world: Any) -> None:
    stage = make()
    stage.found(world.account(world.bill("2026-10", 12056)))
    stage.press("pay", "cash")
    stage.says(QuoteSaid(stage.effects[0].quote_id, Refused(wire.Problem(status=401, code="bad_signature"))))
    assert stage.at(Page.MESSAGE)


def test_the_permission_may_end_while_the_number_is_typed(make: Any) -> None:
    stage = make(most_s=600.0).leaves()
    stage.wait(595)
    stage.press("start", "pay_bill")
    types(stage)
    assert stage.at(Page.ENTER_AGAIN)
    stage.wait(10)
    types(stage)
    assert stage.at(Page.LOOKING_UP)
    stage.says(AccountSaid(stage.effects[-1].request, GONE))
    assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_ACCOUNT, "hub_gone")


def test_an_account_from_before_is_not_paid_by_the_number_of_another(make: Any, world: Any) -> None:
    stage = make()
    stage.found(world.account())
    stage.press("back", "wrong")
    stage.leaves()
    types(stage, "0399000000000026")
    assert stage.core.session.account is None
    types(stage, "0399000000000026")
    stage.press("accept")
    assert stage.payment.account.account_no == "0399000000000026"
    assert stage.payment.account.name_masked == ""


def test_a_refused_look_up_opens_no_way_round_the_hub(make: Any) -> None:
    stage = make()
    stage.press("start", "pay_bill")
    types(stage)
    stage.says(AccountSaid(stage.effects[0].request, Refused(wire.Problem(status=401, code="bad_signature"))))
    assert (stage.page, stage.core.session.entry_error) == (Page.ENTER_ACCOUNT, "hub_gone")


def test_a_payment_that_had_begun_takes_further_notes_below_the_limit(make: Any) -> None:
    stage = make()
    stage.at_slot()
    stage.note(5000)
    stage.leaves()
    stage.note(10000)
    stage.acceptor(CashState.ESCROW, 1000)
    assert fx.GiveBackNote() in stage.effects
    assert stage.core.session.note_notice.reason == "hub_gone"


def test_a_kiosk_that_dies_over_it_brings_it_to_its_end(make: Any) -> None:
    stage = at_slot(make().leaves())
    stage.note(10000)
    stage.restart()
    stage.acceptor(CashState.DISABLED, first=True)
    assert stage.stands(PaymentState.SENDING) or stage.stands(PaymentState.CHECKING)
    stage.hub(GONE)
    stage.wait(16)
    assert stage.at(Page.CHECKING)
    assert slips(stage) == ["provisional"]


def test_an_account_that_the_hub_does_not_have_is_a_claim_under_the_same_reference(make: Any) -> None:
    stage = paid(make().leaves(), 10000)
    stage.hub(Refused(wire.Problem(status=422, code="unknown_account")))
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen) == ("declined", 10000)
    assert claim.reference == reference(stage.payment.payment_id)


@pytest.mark.parametrize(
    ("printed", "left", "slips_then"), [(True, True, 1), (False, True, 2), (True, False, 2)]
)
def test_the_slip_of_a_claim_comes_only_for_who_has_none_or_is_there(
    make: Any, printed: bool, left: bool, slips_then: int
) -> None:
    stage = paid(make().leaves(), 10000)
    stage.printed(printed)
    if left:
        stage.press("finish")
    stage.hub(Refused(wire.Problem(status=422, code="unknown_account")))
    assert len(slips(stage)) == slips_then


def test_a_payment_that_was_booked_before_the_printer_told_gets_a_receipt_after_a_restart(make: Any) -> None:
    stage = paid(make().leaves(), 10000)
    stage.press("finish")
    stage.hub()
    assert stage.stands(PaymentState.PAID)
    stage.restart()
    assert slips(stage) == ["provisional", "paid"]


def test_the_slip_says_that_nobody_checked_the_number(make: Any) -> None:
    stage = paid(make().leaves(), 10000)
    [job] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    words = [one.text for one in Slips(stage.config, b"k").compose(job).elements if isinstance(one, Line)]
    assert any("核对户号" in text for text in words)
