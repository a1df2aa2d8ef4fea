"""The terminal box's lane: each question is answered once, a doubt is cleared by asking, and money moves once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.eft.driver import EftBox, EftSettings
from drivers.eft.model import EftKind, EftResult, reference18
from drivers.transport import SerialTransport
from kiosk.core.inputs import BoxSaid, DeviceFelt, Input
from kiosk.lanes.eft import EftLane
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.event import AccountFacts, QuoteFacts
from kiosk.payment.model import Payment, PaymentState
from kiosk.payment.tender_events import TenderFacts
from simulators.far_end import Launched
from tests.kiosk.lanes.conftest import PATIENCE, Told

FEN = 12050
KEY = "a" * 32
PAYMENT = Payment(
    payment_id=KEY,
    kiosk_no=1,
    state=PaymentState.AUTHORISING_BOX,
    business="arrears",
    account=AccountFacts("3120000017450042", "张*", "**路 1 号"),
    quote=QuoteFacts("b" * 32, (), FEN, FEN, "2026-11-24T00:10:00Z"),
    lang="en",
    opened_at="2026-11-24T00:00:00Z",
    tender="bank_card",
    asked_fen=FEN,
    box_reference=reference18(KEY),
)
OTHER = replace(PAYMENT, payment_id="c" * 32, box_reference=reference18("c" * 32))
PATIENT = EftSettings(
    PATIENCE, PATIENCE, PATIENCE, PATIENCE, PATIENCE, PATIENCE, acknowledge=PATIENCE, quiet=0.1
)


@pytest.fixture
def sale_s() -> float:
    """How long a sale may take."""
    return PATIENCE


@pytest.fixture
def status_s() -> float:
    """How long the box may take to tell its status."""
    return PATIENCE


@pytest.fixture
def lane(box: Launched, told: Told, start: Callable[[Lane], Lane], sale_s: float, status_s: float) -> Lane:
    """A running lane on a box that is ready."""
    settings = replace(PATIENT, sale=sale_s, status=status_s)
    running = start(EftLane(EftBox(SerialTransport(str(box.link)), settings), 0.1, told))
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    return running


def said(told: Told, asked: str, attempt: int = 0) -> BoxSaid:
    """The next word of the box to this question."""

    def is_it(t: Input) -> bool:
        return isinstance(t, BoxSaid) and (t.asked, t.attempt) == (asked, attempt)

    found = told.wait(is_it)
    assert isinstance(found, BoxSaid)
    assert found.payment_id in (KEY, OTHER.payment_id)
    return found


def approved(word: BoxSaid, kind: EftKind = EftKind.SALE) -> EftResult:
    assert word.code == ""
    assert word.result is not None
    assert word.result.approved
    assert word.result.is_of(kind, PAYMENT.box_reference, FEN)
    return word.result


def ask_last(lane: Lane, told: Told, attempt: int) -> BoxSaid:
    lane.put(fx.AskBoxForLastResult(replace(PAYMENT, asks=attempt)))
    return said(told, "last", attempt)


def until_found(lane: Lane, told: Told) -> BoxSaid:
    """Ask until the box has told, as the core does."""
    until, attempt = time.monotonic() + PATIENCE, 0
    while (word := ask_last(lane, told, attempt := attempt + 1)).code in ("no_answer", "busy", "line_lost"):
        assert time.monotonic() < until, word
    return word


def await_books(box: Launched, rows: int) -> None:
    until = time.monotonic() + PATIENCE
    while len(box.do("books")["rows"]) < rows or box.do("status")["step"]:
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_sale_and_its_void(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    lane.put(fx.AskBoxForSale(PAYMENT))
    result = approved(said(told, "sale"))
    assert box.do("books")["taken_fen"] == FEN
    paid = replace(PAYMENT, facts=TenderFacts(trace=result.trace), asks=1)
    lane.put(fx.AskBoxForVoid(paid))
    approved(said(told, "void", 1), EftKind.VOID)
    assert box.do("books")["taken_fen"] == 0


def test_a_refusal_is_told_with_its_code(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    box.do("decline", code="51")
    lane.put(fx.AskBoxForSale(PAYMENT))
    word = said(told, "sale")
    assert word.result is not None
    assert (word.result.approved, word.result.code, word.code) == (False, "51", "")


def test_a_box_that_wants_a_sign_on_gets_it_before_the_sale(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    box.do("sign_off")
    lane.put(fx.AskBoxForSale(PAYMENT))
    approved(said(told, "sale"))


def test_a_box_whose_bank_refuses_the_sign_on_is_asked_for_nothing(
    lane: Lane, told: Told, box: Launched
) -> None:
    box.do("present")
    box.do("decline", code="91", next=1000)
    box.do("sign_off")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "not_signed_on")
    lane.put(fx.AskBoxForSale(PAYMENT))
    word = said(told, "sale")
    assert (word.result, word.code) == (None, "not_sent")
    box.do("decline", code="", next=0)
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    assert box.do("books")["rows"] == []


@pytest.mark.parametrize("sale_s", [0.5])
def test_an_approval_that_was_never_told_is_found(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    box.do("fault", what="drop", only="A")
    lane.put(fx.AskBoxForSale(PAYMENT))
    assert said(told, "sale").code == "no_answer"
    approved(until_found(lane, told))
    assert box.do("books")["taken_fen"] == FEN


@pytest.mark.parametrize(("sale_s", "status_s"), [(0.5, 0.5)])
def test_an_approval_that_comes_late_is_found(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    box.do("hold", step="bank")
    until, code = time.monotonic() + PATIENCE, "not_sent"
    while code == "not_sent" and time.monotonic() < until:
        # A box that was held up may be too late with its status: then it was asked for nothing, and can be asked again.
        lane.put(fx.AskBoxForSale(PAYMENT))
        code = said(told, "sale").code
    assert code == "no_answer"
    assert ask_last(lane, told, 1).code == "no_answer"
    box.do("go_on")
    approved(until_found(lane, told))


def test_a_box_that_is_gone_was_not_asked(lane: Lane, told: Told, box: Launched) -> None:
    box.do("unplug")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "no_device")
    lane.put(fx.AskBoxForSale(PAYMENT))
    assert said(told, "sale").code == "not_sent"
    assert ask_last(lane, told, 1).code == "line_lost"
    box.do("plug")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    assert ask_last(lane, told, 2).code == "nothing"


def test_a_line_that_goes_in_the_middle_leaves_a_doubt_that_is_cleared(
    lane: Lane, told: Told, box: Launched
) -> None:
    box.do("present")
    box.do("hold", step="reply")
    lane.put(fx.AskBoxForSale(PAYMENT))
    await_held(box)
    box.do("unplug")
    assert said(told, "sale").code == "line_lost"
    box.do("plug")
    box.do("go_on")
    approved(until_found(lane, told))


def await_held(box: Launched) -> None:
    until = time.monotonic() + PATIENCE
    while not box.do("status")["held"]:
        assert time.monotonic() < until
        time.sleep(0.005)


def test_what_was_there_before_proves_that_the_sale_was_never_begun(
    lane: Lane, told: Told, box: Launched
) -> None:
    box.do("present")
    lane.put(fx.AskBoxForSale(OTHER))
    said(told, "sale")
    box.do("fault", what="swallow", only="A")
    box.do("present")
    lane.put(fx.AskBoxForSale(PAYMENT))
    await_dead(box)
    box.do("unplug")
    assert said(told, "sale").code == "line_lost"
    box.do("plug")
    word = until_found(lane, told)
    assert (word.result, word.code) == (None, "nothing")
    assert len(box.do("books")["rows"]) == 1


def await_dead(box: Launched) -> None:
    until = time.monotonic() + PATIENCE
    while not box.do("status")["swallowed"]:
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.parametrize("sale_s", [0.5])
def test_what_somebody_else_did_proves_nothing(lane: Lane, told: Told, box: Launched) -> None:
    box.do("present")
    box.do("fault", what="drop", only="A")
    lane.put(fx.AskBoxForSale(PAYMENT))
    assert said(told, "sale").code == "no_answer"
    await_books(box, 1)
    box.do("stranger")
    word = until_found(lane, told)
    assert word.result is not None
    assert word.result.reference == "9" * 18


def test_a_void_that_was_never_told_is_found_and_not_asked_for_again(
    lane: Lane, told: Told, box: Launched
) -> None:
    box.do("present")
    lane.put(fx.AskBoxForSale(PAYMENT))
    result = approved(said(told, "sale"))
    paid = replace(PAYMENT, facts=TenderFacts(trace=result.trace), asks=1)
    box.do("hold", step="reply")
    lane.put(fx.AskBoxForVoid(paid))
    await_held(box)
    box.do("unplug")
    assert said(told, "void", 1).code == "line_lost"
    box.do("plug")
    box.do("go_on")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    lane.put(fx.AskBoxForVoid(replace(paid, asks=2)))
    approved(said(told, "void", 2), EftKind.VOID)
    kinds = [row["kind"] for row in box.do("books")["rows"]]
    assert kinds == ["sale", "void"]


@pytest.mark.parametrize("status_s", [0.3])
def test_a_silent_box_is_told_and_comes_back(lane: Lane, told: Told, box: Launched) -> None:
    box.do("silence")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "offline")
    lane.put(fx.AskBoxForSale(PAYMENT))
    assert said(told, "sale").code == "not_sent"
    box.do("silence", on=False)
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)


def test_a_question_that_cannot_be_asked_is_answered_too(lane: Lane, told: Told) -> None:
    lane.put(fx.AskBoxForSale(replace(PAYMENT, box_reference="too short")))
    assert said(told, "sale").code == "software_error"
    lane.put(fx.AskBoxForVoid(replace(PAYMENT, asks=1)))
    assert said(told, "void", 1).code == "not_sent"
