"""A bank card in the kiosk's own reader: routed, PIN, sold once, and undone whenever its outcome is no plain word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kiosk.core.inputs import BankCardFelt, BankCardRead, PinSaid, RouteSaid, SaleSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.tenders import DUE_FEN, FACE, OWN, Till, ev, fx, kinds

SILENCE: Any = Unknown(UnknownReason.TIMEOUT, "no answer")


def refused(code: str, status: int = 409) -> Refused:
    return Refused(wire.Problem(status=status, code=code))


@pytest.fixture
def till() -> Till:
    return Till(OWN).up()


@pytest.fixture
def sold(till: Till) -> Till:
    """The sale is on its way."""
    return till.chosen("bank_card").routed().typed()


def test_from_the_card_to_the_receipt(till: Till) -> None:
    till.chosen("bank_card")
    assert till.at(Page.INSERT_BANK_CARD)
    assert till.core.session.amount_fen == DUE_FEN
    till.routed()
    assert till.at(Page.PIN)
    ask = till.only(fx.AskPin)
    assert (ask.acquirer, ask.amount_fen) == ("bank_a", DUE_FEN)
    till.typed()
    assert till.at(Page.AUTHORISING)
    assert till.stands(PaymentState.AUTHORISING)
    assert till.only(fx.SendSale).payment.asked_fen == DUE_FEN
    till.bank(Answer(till.sale()))
    assert till.at(Page.DONE)
    assert kinds(*till.effects) == {fx.PrintSlip, fx.EjectBankCard}
    assert (till.payment.inserted_fen, till.payment.tender) == (DUE_FEN, "bank_card")
    assert till.payment.facts is not None
    assert till.payment.facts.number == "000000000007"
    till.printed()
    assert till.stands(PaymentState.PAID)


def test_the_sale_is_durable_before_it_is_sent_and_sent_once(sold: Till) -> None:
    names = list(sold.told())
    assert names[-1] == "SaleOpened"
    assert kinds(*sold.effects) == {fx.SendSale}
    assert fx.SendSale not in kinds(*sold.wait(120))
    assert fx.SendSale not in kinds(*sold.restart())


def test_of_the_card_the_journal_has_the_first_six_and_the_last_four(sold: Till) -> None:
    sold.bank(Answer(sold.sale()))
    told = {
        event.facts.card
        for event in sold.journal
        if isinstance(event, ev.SaleOpened | ev.CreditApproved) and event.facts
    }
    assert told == {FACE.masked} == {"621214*********0012"}


def test_a_bank_that_asks_for_no_pin(till: Till) -> None:
    till.chosen("bank_card").routed(pin=False)
    assert till.at(Page.AUTHORISING)
    assert kinds(*till.effects) == {fx.SendSale}


@pytest.mark.parametrize(("family", "code"), [("funds", "51"), ("pin", "55"), ("day_end", "90")])
def test_a_refusal_takes_nothing_and_another_means_can_be_chosen(sold: Till, family: str, code: str) -> None:
    sold.bank(Answer(sold.refused_sale(family, code)))
    assert sold.at(Page.DECLINED)
    assert sold.stands(PaymentState.DECLINED)
    assert (sold.payment.inserted_fen, sold.payment.declined) == (0, family)
    assert kinds(*sold.effects) == {fx.EjectBankCard}
    sold.says(BankCardFelt("mouth"), BankCardFelt("taken"))
    sold.press("other_means")
    assert sold.at(Page.MEANS)
    sold.press("cash")
    assert sold.only(fx.AskQuote).tender == "cash"


def test_a_card_that_its_bank_wants_is_kept_and_a_slip_says_so(sold: Till) -> None:
    sold.bank(Answer(sold.refused_sale("capture", "43")))
    assert fx.CaptureBankCard("bank") in sold.effects
    assert sold.only(fx.PrintSlip).slip == "captured"
    assert sold.core.session.captured == "bank"
    assert sold.at(Page.DECLINED)


@pytest.mark.parametrize(
    "outcome",
    [
        SILENCE,
        Unknown(UnknownReason.SERVER_ERROR, "500"),
        refused("bad_signature", 401),
        refused("replayed_request", 401),
    ],
    ids=["silence", "a failed hub", "a signature", "a repetition"],
)
def test_whatever_is_not_a_plain_word_is_reversed(sold: Till, outcome: Any) -> None:
    sold.bank(outcome)
    assert sold.stands(PaymentState.REVERSING)
    assert sold.at(Page.REVERSED)
    assert kinds(*sold.effects) == {fx.SendReversal, fx.PrintSlip, fx.EjectBankCard}
    sold.undone()
    assert sold.stands(PaymentState.REVERSED)
    assert sold.payment.inserted_fen == 0
    sold.printed()
    assert sold.payment.over


@pytest.mark.parametrize("status", ["reversing", "reversed", "pending"])
def test_a_hub_that_gives_it_back_is_told_to(sold: Till, status: str) -> None:
    sold.bank(Answer(sold.sale(status=status, payment=None)))
    assert sold.stands(PaymentState.REVERSING)


def test_an_approval_of_other_content_is_reversed(sold: Till) -> None:
    booked = msgspec.structs.replace(sold.of_tender(DUE_FEN), account_no="1")
    sold.bank(Answer(sold.sale(payment=booked)))
    assert sold.stands(PaymentState.REVERSING)


@pytest.mark.parametrize(
    ("outcome", "family"),
    [
        (NotSent(NotSentReason.REFUSED, "no"), "hub_gone"),
        (NotSent(NotSentReason.NO_CARD, "no"), "hub_gone"),
        (refused("reversal_due"), "bank_away"),
        (refused("unknown_quote", 422), "other"),
    ],
)
def test_what_was_certainly_not_asked_of_the_bank_is_declined(sold: Till, outcome: Any, family: str) -> None:
    sold.bank(outcome)
    assert sold.stands(PaymentState.DECLINED)
    assert sold.payment.declined == family


def test_a_reversal_is_repeated_under_its_id_until_it_is_answered(sold: Till) -> None:
    sold.bank(SILENCE)
    first = sold.payment.reversal
    for attempt in range(2, 30):
        sold.undone(SILENCE)
        sold.wait(400)
        assert sold.payment.reversal is not None
        assert first is not None
        assert sold.payment.reversal.reversal_id == first.reversal_id
        assert sold.payment.reversal.attempts == attempt
    sold.undone(refused("hub_fault"))
    assert sold.stands(PaymentState.REVERSING)
    sold.wait(400)
    sold.undone()
    assert sold.stands(PaymentState.REVERSED)


def test_a_late_approval_is_evidence_and_delivers_nothing(sold: Till) -> None:
    sold.bank(SILENCE)
    sold.bank(Answer(sold.sale()))
    assert isinstance(sold.journal[-1], ev.LateAnswer)
    assert sold.stands(PaymentState.REVERSING)
    sold.undone()
    sold.bank(Answer(sold.sale()))
    assert sold.stands(PaymentState.REVERSED)
    assert sold.payment.inserted_fen == 0


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_restart_while_the_bank_is_asked_reverses(sold: Till, snapshot: bool) -> None:
    if snapshot:
        sold.take_snapshot()
    effects = sold.restart()
    assert {fx.SendReversal, fx.PrintSlip} <= kinds(*effects)
    assert sold.stands(PaymentState.REVERSING)
    again = sold.restart()
    assert fx.SendReversal in kinds(*again)
    assert sold.payment.reversal is not None
    assert sold.payment.reversal.attempts == 2
    sold.undone()
    assert sold.stands(PaymentState.REVERSED)


def test_nobody_is_kept_waiting_by_a_reversal_of_an_earlier_customer(sold: Till) -> None:
    sold.bank(SILENCE)
    sold.printed()
    sold.restart()
    assert sold.at(Page.ATTRACT)


@pytest.mark.parametrize("code", ["mute", "not_a_bank_card", "wrong_way", "expired"])
def test_a_card_that_is_of_no_use_is_given_back_and_another_one_taken(till: Till, code: str) -> None:
    accept = till.chosen("bank_card").only(fx.AcceptBankCard)
    till.says(BankCardFelt("in"), BankCardRead(accept.request, None, code))
    assert till.at(Page.INSERT_BANK_CARD)
    assert till.core.session.bank is not None
    assert till.core.session.bank.trouble == code
    assert fx.EjectBankCard() in till.effects
    till.says(BankCardFelt("mouth"), BankCardFelt("taken"))
    assert till.only(fx.AcceptBankCard).request != accept.request
    assert till.core.session.bank.trouble == code


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (refused("card_not_served", 422), "not_served"),
        (
            Unknown(UnknownReason.SERVER_ERROR, "", wire.Problem(status=503, code="bank_away")),
            "bank_away",
        ),
        (Unknown(UnknownReason.SERVER_ERROR, "", wire.Problem(status=503, code="hub_busy")), "bank_away"),
        (NotSent(NotSentReason.REFUSED, "no"), "hub_gone"),
    ],
)
def test_a_card_that_no_bank_takes_now(till: Till, outcome: Any, why: str) -> None:
    accept = till.chosen("bank_card").only(fx.AcceptBankCard)
    till.says(BankCardFelt("in"), BankCardRead(accept.request, FACE))
    till.says(RouteSaid(till.only(fx.AskRoute).route_id, outcome))
    assert till.at(Page.INSERT_BANK_CARD)
    assert till.core.session.bank is not None
    assert till.core.session.bank.trouble == why
    assert fx.EjectBankCard() in till.effects


def test_a_bank_without_a_key_in_this_pin_pad_is_not_served(till: Till) -> None:
    till.config = msgspec.structs.replace(
        OWN, pin_pad=msgspec.structs.replace(OWN.pin_pad, slots={"bank_b": 1})
    )
    till.restart()
    till.up().chosen("bank_card").routed()
    assert till.core.session.bank is not None
    assert till.core.session.bank.trouble == "not_served"


@pytest.mark.parametrize(
    ("what", "page"), [("cancelled", Page.MEANS), ("timeout", Page.MESSAGE), ("failed", Page.MESSAGE)]
)
def test_a_pin_that_is_not_entered_takes_nothing(till: Till, what: str, page: Page) -> None:
    request = till.chosen("bank_card").routed().only(fx.AskPin).request
    till.says(PinSaid(request, what))
    assert till.at(page)
    assert fx.EjectBankCard() in till.effects
    assert not till.core.books.payments


def test_a_pin_cancelled_on_the_screen(till: Till) -> None:
    till.chosen("bank_card").routed().press("cancel_pin")
    assert {fx.EndPin, fx.EjectBankCard} <= kinds(*till.effects)
    assert till.at(Page.MEANS)


def test_a_card_pulled_while_the_pin_is_typed(till: Till) -> None:
    request = till.chosen("bank_card").routed().only(fx.AskPin).request
    till.says(PinSaid(request, "typed", 3), BankCardFelt("none"))
    assert till.at(Page.INSERT_BANK_CARD)
    assert fx.EndPin() in till.effects
    till.says(PinSaid(request, "entered", 6))
    assert not till.core.books.payments


def test_a_card_held_out_is_reminded_of_and_then_kept(sold: Till) -> None:
    sold.bank(Answer(sold.sale()))
    sold.says(BankCardFelt("mouth"))
    sold.printed()
    sold.wait(9)
    assert sold.at(Page.TAKE_BANK_CARD)
    before = sold.core.session.reminders
    sold.wait(20)
    assert sold.core.session.reminders == before + 2
    assert sold.at(Page.TAKE_BANK_CARD)
    assert fx.CaptureBankCard("not_taken") in sold.wait(15)
    assert sold.only(fx.PrintSlip).slip == "captured"  # whoever comes back finds it
    sold.says(BankCardFelt("captured"))
    assert sold.at(Page.ATTRACT)


def test_a_customer_who_leaves_with_the_card_in_gets_it_back(till: Till) -> None:
    till.chosen("bank_card").routed().press("cancel_pin")
    till.says(BankCardFelt("mouth"))
    till.wait(400)
    assert till.at(Page.TAKE_BANK_CARD)
    till.says(BankCardFelt("taken"))
    assert till.at(Page.ATTRACT)


def test_a_card_that_a_restart_finds_goes_back(till: Till) -> None:
    till.says(BankCardFelt("in"))
    assert till.effects == [fx.EjectBankCard()]
    assert till.at(Page.TAKE_BANK_CARD)


def test_stale_words_decide_nothing(till: Till) -> None:
    till.chosen("bank_card")
    before = len(till.journal)
    till.says(
        BankCardRead("f" * 32, FACE),
        RouteSaid("f" * 32, SILENCE),
        PinSaid("f" * 32, "entered", 6),
        SaleSaid("f" * 32, SILENCE),
    )
    assert till.at(Page.INSERT_BANK_CARD)
    assert len(till.journal) == before


def test_without_the_pin_pad_bank_cards_are_off_and_say_why(till: Till) -> None:
    from kiosk.core.inputs import DeviceFelt
    from kiosk.session.state import UNKNOWN_HEALTH

    till.says(DeviceFelt("pin_pad", UNKNOWN_HEALTH))
    assert till.core.facts.tender_reason("bank_card") == "pin_pad"
    till.found_and("bank_card")
    assert till.effects == []


def test_back_from_the_card_lets_none_in_any_more(till: Till) -> None:
    till.chosen("bank_card").press("back")
    assert till.at(Page.MEANS)
    assert till.effects == [fx.EjectBankCard()]


@pytest.mark.parametrize("over", [Page.HELP, Page.MORE_TIME])
def test_a_card_put_in_under_help_is_read_and_one_that_goes_out_makes_way_for_another(
    till: Till, over: Page
) -> None:
    till.chosen("bank_card")
    asked = till.only(fx.AcceptBankCard)
    till.press("help") if over is Page.HELP else till.wait(till.config.screen.private_idle_s)
    assert till.at(over)
    till.says(BankCardFelt("in"), BankCardRead(asked.request, None, "wrong_way"))
    assert till.at(Page.INSERT_BANK_CARD)
    bank = till.core.session.bank
    assert bank is not None
    assert bank.trouble == "wrong_way"
    till.press("help")
    till.says(BankCardFelt("mouth"), BankCardFelt("taken"))
    again = till.only(fx.AcceptBankCard)
    till.press("close_help")
    assert till.at(Page.INSERT_BANK_CARD)
    till.says(BankCardFelt("in"), BankCardRead(again.request, FACE))
    assert till.only(fx.AskRoute)
