"""The terminal box: after any doubt its last result comes first, and money that it took is never forgotten."""

from __future__ import annotations

import pytest

from drivers.eft.model import EftKind
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Refused, Unknown, UnknownReason
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.tenders import BOX, DUE_FEN, Till, fx, kinds

SILENCE: Unknown = Unknown(UnknownReason.TIMEOUT, "no answer")
CLOSED = Refused(wire.Problem(status=409, code="account_closed"))


@pytest.fixture
def till() -> Till:
    return Till(BOX).up()


@pytest.fixture
def asked(till: Till) -> Till:
    return till.chosen("bank_card")


def test_from_the_box_to_the_receipt(asked: Till) -> None:
    assert asked.at(Page.BOX)
    assert asked.only(fx.AskBoxForSale).payment.asked_fen == DUE_FEN
    asked.box("sale")
    assert asked.stands(PaymentState.SENDING)
    sent = asked.only(fx.SendCredit).payment
    assert (sent.inserted_fen, sent.by_box, sent.attempts) == (DUE_FEN, True, 1)
    asked.hub()
    assert asked.at(Page.DONE)
    asked.printed()
    assert asked.stands(PaymentState.PAID)


def test_what_the_box_took_is_sent_until_the_hub_answers(asked: Till) -> None:
    asked.box("sale")
    asked.hub(SILENCE)
    asked.wait(400)
    assert asked.payment.attempts > 1
    asked.hub()
    assert asked.payment.state in {PaymentState.PAID, PaymentState.CREDITED}


@pytest.mark.parametrize(("code", "family"), [("51", "funds"), ("55", "pin"), ("XX", "other")])
def test_a_refusal_of_the_box(asked: Till, code: str, family: str) -> None:
    asked.box("sale", approved=False, code_said=code)
    assert (asked.payment.declined, asked.payment.inserted_fen) == (family, 0)
    assert asked.at(Page.DECLINED)


def test_a_box_that_was_not_asked_took_nothing(asked: Till) -> None:
    asked.box("sale", code="not_sent")
    assert asked.stands(PaymentState.DECLINED)


@pytest.mark.parametrize("trouble", ["timeout", "garbled"])
def test_after_doubt_the_last_result_is_asked_for_before_anything_else(asked: Till, trouble: str) -> None:
    asked.box("sale", code=trouble)
    assert asked.at(Page.ASKING_BOX)
    assert kinds(*asked.effects) == {fx.AskBoxForLastResult}
    asked.box("last", code="timeout")
    assert fx.AskBoxForLastResult in kinds(*asked.wait(6))
    asked.box("last")
    assert asked.stands(PaymentState.SENDING)
    assert asked.payment.inserted_fen == DUE_FEN


def test_a_last_result_that_is_another_sale_means_ours_was_never_made(asked: Till) -> None:
    asked.box("sale", code="timeout")
    asked.box("last", code="nothing")
    assert asked.stands(PaymentState.DECLINED)


def test_another_payments_result_is_never_taken_for_ours(asked: Till) -> None:
    asked.box("sale", reference="9" * 18)
    assert asked.stands(PaymentState.ASKING_BOX)
    asked.box("last", amount_fen=1)
    assert asked.stands(PaymentState.ASKING_BOX)
    assert asked.payment.inserted_fen == 0


@pytest.mark.parametrize("approved", [True, False])
def test_what_became_of_a_void_says_nothing_of_its_sale(asked: Till, approved: bool) -> None:
    """Somebody has voided the sale at the box by hand, or has tried to."""
    asked.box("sale", code="timeout")
    asked.box("last", kind=EftKind.VOID, approved=approved)
    assert asked.stands(PaymentState.ASKING_BOX)
    assert asked.payment.inserted_fen == 0


def test_a_box_that_never_tells_leaves_a_claim_with_a_memo(asked: Till) -> None:
    asked.box("sale", code="timeout")
    for _ in range(BOX.eft_terminal.most_asks):
        asked.box("last", code="timeout")
        asked.wait(6)
    assert asked.stands(PaymentState.CLAIMED)
    [claim] = asked.core.books.open_claims
    assert (claim.amount_fen, claim.memo_fen, claim.reason) == (0, DUE_FEN, "sale_fate_unknown")
    assert claim.tender == "bank_card"


def test_a_restart_while_the_box_is_asked_finds_the_sale_nobody_heard_of(asked: Till) -> None:
    effects = asked.restart()
    assert kinds(*effects) & {fx.AskBoxForLastResult, fx.AskBoxForSale} == {fx.AskBoxForLastResult}
    asked.up()
    asked.box("last")
    assert asked.stands(PaymentState.SENDING)
    asked.hub()
    assert asked.payment.inserted_fen == DUE_FEN


def test_a_customer_who_cannot_wait_goes_with_a_slip_and_nobody_else_gets_the_receipt(asked: Till) -> None:
    asked.box("sale", code="timeout")
    asked.wait(20)
    assert asked.at(Page.CHECKING)
    asked.printed()
    asked.wait(40)
    assert asked.at(Page.ATTRACT)
    asked.box("last", code="timeout")
    asked.wait(6)
    asked.box("last")
    assert asked.stands(PaymentState.CHECKING)
    asked.hub()
    assert asked.stands(PaymentState.PAID)
    assert fx.PrintSlip not in kinds(*asked.effects)


def test_while_the_box_is_in_doubt_it_is_asked_for_no_other_sale(asked: Till) -> None:
    asked.box("sale", code="timeout")
    asked.wait(20)
    asked.printed()
    asked.wait(40)
    asked.found_and("bank_card")
    assert asked.at(Page.MEANS)
    assert asked.effects == []


def test_what_the_hub_refuses_goes_back_by_the_box(asked: Till) -> None:
    asked.box("sale")
    asked.hub(CLOSED)
    assert asked.stands(PaymentState.VOIDING_BOX)
    assert kinds(*asked.effects) == {fx.AskBoxForVoid}
    asked.box("void", code="timeout")
    assert fx.AskBoxForVoid in kinds(*asked.wait(6))
    asked.box("void")
    assert asked.stands(PaymentState.REVERSED)
    assert asked.at(Page.REVERSED)


def test_a_void_that_cannot_be_had_leaves_a_claim_of_the_money(asked: Till) -> None:
    asked.box("sale")
    asked.hub(CLOSED)
    for _ in range(BOX.eft_terminal.most_asks):
        asked.box("void", approved=False)
        asked.wait(6)
    assert asked.stands(PaymentState.CLAIMED)
    [claim] = asked.core.books.open_claims
    assert (claim.amount_fen, claim.memo_fen, claim.reason) == (DUE_FEN, 0, "declined")


@pytest.mark.parametrize("where", ["taken", "voiding"])
def test_a_restart_with_the_boxs_money(asked: Till, where: str) -> None:
    asked.box("sale")
    if where == "voiding":
        asked.hub(CLOSED)
    effects = asked.restart()
    wanted = fx.AskBoxForVoid if where == "voiding" else fx.SendCredit
    assert wanted in kinds(*effects)
    assert asked.payment.inserted_fen == DUE_FEN


def test_the_credit_of_a_box_sale_has_the_same_content_every_time(asked: Till) -> None:
    asked.box("sale")
    first = asked.only(fx.SendCredit).payment
    asked.hub(SILENCE)
    asked.wait(400)
    again = asked.payment
    assert (again.taken_at, again.business_date, again.facts) == (
        first.taken_at,
        first.business_date,
        first.facts,
    )


def test_only_the_void_of_this_sale_gives_its_money_back(asked: Till) -> None:
    asked.box("sale")
    asked.hub(CLOSED)
    assert asked.stands(PaymentState.VOIDING_BOX)
    asked.box("void", kind=EftKind.SALE)
    assert asked.stands(PaymentState.VOIDING_BOX)
    asked.wait(6)
    asked.box("void", reference="9" * 18)
    assert asked.stands(PaymentState.VOIDING_BOX)
    asked.wait(6)
    asked.box("void")
    assert asked.stands(PaymentState.REVERSED)
