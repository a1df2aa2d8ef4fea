"""The terminal box's driver against the box on a pty: what is told for certain, what is unknown, what is never sent."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.eft.driver import EftBox
from drivers.eft.model import EftKind, EftResult, EftState, NotTaken
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched
from tests.drivers.eft.conftest import (
    FEN,
    PAN,
    PATIENCE_S,
    PATIENT,
    REFERENCE,
    await_status,
    hurried,
    meanwhile,
    sold,
)

SHORT = {"sale": 0.3, "status": 0.3, "acknowledge": 0.2}


def books(unit: Launched) -> dict[str, object]:
    return dict(unit.do("books"))


def states(unit: Launched) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in unit.do("books")["rows"]]


def found(result: EftResult | None) -> tuple[object, ...]:
    assert result is not None
    return result.kind, result.approved, result.code, result.reference, result.amount_fen


# What goes well.


def test_a_sale_with_all_that_the_slip_needs(box: EftBox, unit: Launched) -> None:
    result = sold(box, unit)
    assert found(result) == (EftKind.SALE, True, "00", REFERENCE, FEN)
    assert result.card == "621214*********0124"
    assert (result.merchant_no, result.terminal_no) == ("898000000000001", "10000001")
    assert (result.batch, result.trace) == ("000001", "000000000001")
    assert len(result.auth_code) == 6
    assert len(result.rrn) == 12
    [row] = unit.do("books")["rows"]
    assert result.at is not None
    # The box's clock is eight hours ahead of UTC.
    assert (int(row["at"][8:10]) - result.at.hour) % 24 == 8
    assert (row["state"], unit.do("books")["taken_fen"]) == ("approved", FEN)
    assert box.health().usable


def test_the_last_result_is_that_of_the_sale(box: EftBox, unit: Launched) -> None:
    assert box.last_result() is None
    sale = sold(box, unit)
    assert sale.approved
    assert box.last_result() == sale == box.last_result()


def test_a_void_gives_the_money_back(box: EftBox, unit: Launched) -> None:
    sale = sold(box, unit)
    void = box.void(sale.trace, REFERENCE, FEN)
    assert found(void) == (EftKind.VOID, True, "00", REFERENCE, FEN)
    assert (unit.do("books")["taken_fen"], states(unit)[0]) == (0, ("sale", "voided"))
    assert box.last_result() == void
    again = box.void(sale.trace, REFERENCE, FEN)
    assert (again.approved, again.code) == (False, "25")


def test_a_batch_is_settled(box: EftBox, unit: Launched) -> None:
    sale = sold(box, unit)
    sold(box, unit, fen=300)
    box.void(sale.trace, REFERENCE, FEN)
    totals = box.settle()
    assert (totals.batch, totals.sales, totals.sales_fen) == ("000001", 2, FEN + 300)
    assert (totals.voids, totals.voids_fen) == (1, FEN)
    assert box.status().batch == "000002"
    assert not box.void("000000000002", REFERENCE, 300).approved


def test_a_box_is_signed_on(box: EftBox, unit: Launched) -> None:
    unit.do("sign_off")
    assert box.status().state is EftState.NOT_SIGNED_ON
    assert (box.health().code, box.health().usable) == ("not_signed_on", False)
    refused = sold(box, unit)
    assert (refused.approved, refused.code) == (False, "77")
    unit.do("decline", code="91")
    assert box.sign_on() == "91"
    assert box.sign_on() == "00"
    assert box.status().state is EftState.IDLE
    assert box.health().usable


@pytest.mark.parametrize("code", ["51", "55", "A0", "91"])
def test_a_refusal_of_the_bank(box: EftBox, unit: Launched, code: str) -> None:
    unit.do("decline", code=code)
    result = sold(box, unit)
    assert (result.approved, result.code, result.card) == (False, code, "621214*********0124")
    assert box.last_result() == result
    assert unit.do("books")["taken_fen"] == 0


def test_a_customer_who_cancels_at_the_box(box: EftBox, unit: Launched) -> None:
    with meanwhile(lambda: box.sale(REFERENCE, FEN)) as ended:
        await_status(unit, "step", "card")
        unit.do("cancel")
    assert isinstance(ended[0], EftResult)
    assert (ended[0].approved, ended[0].code, ended[0].card) == (False, "U1", "")


def test_status_and_the_last_result_never_move_money(box: EftBox, unit: Launched) -> None:
    sold(box, unit)
    unit.do("present", always=True)
    before = books(unit)
    for _ in range(20):
        box.status()
        box.last_result()
    unit.do("fault", what="nak", next=2)
    box.status()
    unit.do("fault", what="lrc_break", next=2)
    box.last_result()
    assert books(unit) == before


# What is told apart: not taken, for certain.


def test_nothing_is_asked_of_a_box_that_is_not_there(box: EftBox, unit: Launched) -> None:
    box.status()
    unit.do("unplug")
    with pytest.raises(NotTaken):
        box.sale(REFERENCE, FEN)
    assert box.health().code == "no_device"
    with pytest.raises(NotTaken, match="not open"):
        box.sale(REFERENCE, FEN)
    with pytest.raises(TransportError):
        box.status()
    unit.do("plug")
    box.open()
    assert sold(box, unit).approved


def test_nothing_is_asked_of_a_box_that_is_silent(box: EftBox, unit: Launched) -> None:
    unit.do("silence")
    with hurried(box, **SHORT), pytest.raises(NotTaken) as error:
        box.sale(REFERENCE, FEN)
    assert isinstance(error.value.__cause__, DeviceTimeout)
    assert (box.health().status, box.health().code) == (DeviceStatus.OFFLINE, "offline")
    unit.do("silence", on=False)
    assert box.status().state is EftState.IDLE
    assert books(unit)["rows"] == []


@pytest.mark.parametrize("call", ["sale", "void"])
def test_a_request_that_was_never_taken(box: EftBox, unit: Launched, call: str) -> None:
    sale = sold(box, unit)
    unit.do("present")
    unit.do("fault", what="nak", next=100, only="AD")
    with pytest.raises(NotTaken):
        box.sale("5" * 18, FEN) if call == "sale" else box.void(sale.trace, REFERENCE, FEN)
    assert states(unit) == [("sale", "approved")]
    assert box.health().usable


def test_a_request_that_is_taken_at_the_third_try(box: EftBox, unit: Launched) -> None:
    unit.do("fault", what="nak", next=2, only="A")
    assert sold(box, unit).approved
    assert unit.do("status")["totals"] == {"sale": 1, "last_result": 2}


def test_a_busy_box_takes_no_second_sale(box: EftBox, unit: Launched) -> None:
    unit.do("talk_while_busy")
    with hurried(box, sale=0.2), pytest.raises(DeviceTimeout):
        box.sale(REFERENCE, FEN)
    assert box.status().state is EftState.BUSY
    with pytest.raises(NotTaken, match="at a transaction"):
        box.sale("5" * 18, FEN)
    with pytest.raises(CommandRefused, match="at a transaction"):
        box.last_result()
    assert (box.health().code, box.health().usable) == ("busy", False)


# What is unknown, and found.


def test_an_approval_that_was_never_told_is_found(box: EftBox, unit: Launched) -> None:
    unit.do("fault", what="drop", only="A")
    with hurried(box, sale=0.3), pytest.raises(DeviceTimeout):
        sold(box, unit)
    await_status(unit, "step", "")
    assert found(box.last_result()) == (EftKind.SALE, True, "00", REFERENCE, FEN)
    assert unit.do("books")["taken_fen"] == FEN


def test_an_approval_that_comes_late_is_found_and_no_other_sale_is_asked_meanwhile(
    box: EftBox, unit: Launched
) -> None:
    unit.do("hold", step="bank")
    with hurried(box, sale=0.3), pytest.raises(DeviceTimeout):
        sold(box, unit)
    with hurried(box, **SHORT):
        with pytest.raises(DeviceTimeout):
            box.last_result()
        with pytest.raises(NotTaken):
            box.sale("5" * 18, FEN)
    await_status(unit, "held", True)
    unit.do("go_on")
    assert found(box.last_result()) == (EftKind.SALE, True, "00", REFERENCE, FEN)
    assert states(unit) == [("sale", "approved")]


def test_a_late_answer_is_not_taken_for_the_next(box: EftBox, unit: Launched) -> None:
    unit.do("hold", step="reply")
    with hurried(box, sale=0.3), pytest.raises(DeviceTimeout):
        sold(box, unit)
    await_status(unit, "held", True)
    unit.do("present", pan=PAN)
    unit.do("decline", code="51")
    unit.do("go_on")
    second = box.sale("5" * 18, FEN)
    assert found(second) == (EftKind.SALE, False, "51", "5" * 18, FEN)
    assert unit.do("books")["taken_fen"] == FEN


@pytest.mark.parametrize(
    ("step", "undone", "after", "approved"),
    [
        ("pin", False, ("sale", "declined"), False),
        ("bank", False, ("sale", "declined"), False),
        ("reply", False, ("sale", "approved"), True),
        ("reply", True, ("sale", "reversed"), False),
    ],
)
def test_power_lost_in_the_middle_of_a_sale(
    box: EftBox, unit: Launched, step: str, undone: bool, after: tuple[str, str], approved: bool
) -> None:
    unit.do("cut_power", step=step, undone=undone)
    with hurried(box, sale=0.3), pytest.raises(DeviceTimeout):
        sold(box, unit)
    await_status(unit, "powered", False)
    unit.do("power_on")
    result = box.last_result()
    assert found(result)[:2] == (EftKind.SALE, approved)
    assert found(result)[3:] == (REFERENCE, FEN)
    assert states(unit) == [after]


def test_the_line_goes_in_the_middle_of_a_sale(box: EftBox, unit: Launched) -> None:
    unit.do("hold", step="reply")
    unit.do("present")
    with meanwhile(lambda: box.sale(REFERENCE, FEN)) as ended:
        await_status(unit, "held", True)
        unit.do("unplug")
    assert isinstance(ended[0], TransportError)
    unit.do("plug")
    unit.do("go_on")
    box.open()
    assert found(box.last_result())[1] is True


def test_the_box_is_used_by_somebody_else(box: EftBox, unit: Launched) -> None:
    unit.do("fault", what="drop", only="A")
    with hurried(box, sale=0.3), pytest.raises(DeviceTimeout):
        sold(box, unit)
    await_status(unit, "last_trace", "000001")
    await_status(unit, "step", "")
    unit.do("stranger", amount_fen=FEN)
    last = box.last_result()
    assert last is not None
    assert not last.is_of(EftKind.SALE, REFERENCE, FEN)


@pytest.mark.parametrize("fault", ["lose_ack", "nak_and_take"])
def test_a_sale_that_was_taken_unheard_is_not_asked_twice(box: EftBox, unit: Launched, fault: str) -> None:
    unit.do("present", always=True)
    unit.do("fault", what=fault, only="A")
    with hurried(box, acknowledge=0.3, repeats=100):
        assert box.sale(REFERENCE, FEN).approved
    assert states(unit) == [("sale", "approved")]
    # Its own reply came while the box was asked for its status: nothing had to be looked up.
    assert "last_result" not in unit.do("status")["totals"]


@pytest.mark.parametrize("talks", [True, False])
def test_a_sale_that_was_taken_unheard_and_waits_for_its_card(
    box: EftBox, unit: Launched, talks: bool
) -> None:
    unit.do("talk_while_busy", on=talks)
    unit.do("fault", what="nak_and_take", only="A")
    with hurried(box, last=0.05), meanwhile(lambda: box.sale(REFERENCE, FEN)) as ended:
        await_status(unit, "step", "card")
        if talks:
            await_status(unit, "statuses", 2)
        unit.do("present", pan=PAN)
    assert isinstance(ended[0], EftResult), ended
    assert "last_result" not in unit.do("status")["totals"]
    assert ended[0].approved
    assert states(unit) == [("sale", "approved")]


def test_a_sale_taken_unheard_whose_answer_is_lost_too(box: EftBox, unit: Launched) -> None:
    unit.do("present", always=True)
    unit.do("fault", what="drop", only="A")
    unit.do("fault", what="nak_and_take", only="A")
    assert box.sale(REFERENCE, FEN).approved
    assert states(unit) == [("sale", "approved")]


@pytest.mark.parametrize("fault", ["lrc_break", "twice"])
def test_faults_of_the_line_are_overcome(box: EftBox, unit: Launched, fault: str) -> None:
    for _ in range(2):
        unit.do("fault", what=fault, next=2, only="A")
        assert sold(box, unit).approved
    assert found(box.last_result())[1] is True
    assert unit.do("books")["taken_fen"] == 2 * FEN
    assert (unit.do("status")["naks"] > 0) is (fault == "lrc_break")


@pytest.mark.parametrize("fault", ["garble", "truncate"])
def test_spoilt_answers_to_a_status_are_overcome(box: EftBox, unit: Launched, fault: str) -> None:
    for _ in range(5):
        unit.do(fault, next=1)
        with hurried(box, acknowledge=0.2, repeats=100):
            assert box.status().state is EftState.IDLE


def test_a_line_that_only_breaks_replies(box: EftBox, unit: Launched) -> None:
    unit.do("fault", what="lrc_break", next=100, only="A")
    with pytest.raises((ProtocolError, DeviceTimeout)), hurried(box, sale=1.0):
        sold(box, unit)
    assert box.health().code == "offline"
    assert found(box.last_result())[1] is True


def test_an_approval_of_another_amount_is_no_answer(box: EftBox, unit: Launched) -> None:
    unit.do("misread", amount_fen=FEN * 10)
    with pytest.raises(ProtocolError, match="another transaction"):
        sold(box, unit)
    last = box.last_result()
    assert last is not None
    assert (last.approved, last.amount_fen) == (True, FEN * 10)


def test_trickling_answers_are_whole(box: EftBox, unit: Launched) -> None:
    unit.do("trickle", ms=1)
    assert sold(box, unit).approved


def test_a_settlement_that_was_not_taken_and_one_that_was(box: EftBox, unit: Launched) -> None:
    unit.do("fault", what="nak", only="G")
    with pytest.raises(NotTaken):
        box.settle()
    unit.do("fault", what="nak_and_take", only="G")
    assert box.settle().batch == "000001"
    unit.do("fault", what="drop", only="G")
    unit.do("fault", what="nak_and_take", only="G")
    with pytest.raises(ProtocolError, match="closed"):
        box.settle()


def test_a_box_killed_in_the_middle_keeps_its_books(tmp_path: Path) -> None:
    options = ("--speed", "1000", "--books", str(tmp_path / "books.json"))
    with launched("simulators.eft_box", tmp_path, *options) as unit:
        box = EftBox(SerialTransport(str(unit.link)), PATIENT)
        box.open()
        unit.do("hold", step="reply")
        unit.do("present")
        with meanwhile(lambda: box.sale(REFERENCE, FEN)) as ended:
            await_status(unit, "held", True)
            unit.process.send_signal(signal.SIGKILL)
            unit.process.wait(PATIENCE_S)
        box.close()
    assert isinstance(ended[0], TransportError)
    (tmp_path / "eft_box.sock").unlink()
    (tmp_path / "eft_box").unlink()
    with launched("simulators.eft_box", tmp_path, *options) as unit:
        box.open()
        assert found(box.last_result())[1] is True
        assert unit.do("books")["taken_fen"] == FEN
        box.close()


def test_no_full_card_number_outlives_the_codec(box: EftBox, unit: Launched) -> None:
    told = [repr(sold(box, unit)), repr(box.last_result()), json.dumps(unit.do("books"))]
    told += [repr(value) for value in vars(box._line).values()] + [repr(vars(box))]
    assert PAN not in "".join(told)


@pytest.mark.parametrize(
    "call",
    [
        lambda b: b.sale("12", FEN),
        lambda b: b.sale("0" * 18, FEN),
        lambda b: b.sale("x" * 18, FEN),
        lambda b: b.sale(REFERENCE, 0),
        lambda b: b.sale(REFERENCE, -1),
        lambda b: b.sale(REFERENCE, 10**12),
        lambda b: b.void("", REFERENCE, FEN),
        lambda b: b.void("1" * 13, REFERENCE, FEN),
    ],
)
def test_what_does_not_fit_is_never_sent(
    box: EftBox, unit: Launched, call: Callable[[EftBox], object]
) -> None:
    with pytest.raises(ValueError):
        call(box)
    assert unit.do("status")["totals"] == {}


def test_no_such_port(tmp_path: Path) -> None:
    box = EftBox(SerialTransport(f"{tmp_path}/none"))
    with pytest.raises(TransportError):
        box.open()
    assert box.health().code == "no_device"
    box.close()
