"""Whatever happens to card, reader, SAM and line, power that was paid for is in the meter once, or owed and told so."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.customer.faults import FAULTS
from simulators.customer.journeys import JOURNEYS

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]
IN_METER = "the meter takes 100.00 yuan"
NOT_YET = "the meter takes nothing yet"


def later(fault: str) -> Any:
    """A near relative of one that every test run plays: it is left to `make crash`."""
    return pytest.param(fault, marks=pytest.mark.slow)


def plays(*faults: Any) -> pytest.MarkDecorator:
    """The test is about these demonstrations, one after another."""
    return pytest.mark.parametrize("result", faults, indirect=True)


def paid_once(result: Result) -> bool:
    """Whether the hundred yuan of notes are booked, once and for good."""
    return (result["tendered"], result["credited"], result["suspense"]) == (10000, 10000, 0)


@plays(
    "card-torn-in-half-a-file",
    later("card-pulled-while-written"),
    later("card-of-another-household"),
)
def test_a_card_that_came_out_is_asked_for_and_written_whole(result: Result) -> None:
    assert paid_once(result)
    assert result["pages"].index("write_failed") < result["pages"].index("take_card")
    assert [said for said in result["said"] if "meter" in said] == [IN_METER]
    assert "已写入并核对" in result["slip"]


@plays("card-pulled-and-kept", later("hub-gone-until-owed"), later("sam-pulled-that-computes"))
def test_what_is_owed_is_written_the_same_day_free_of_charge(result: Result) -> None:
    assert paid_once(result)
    assert [said for said in result["said"] if "meter takes" in said] == [NOT_YET, IN_METER]
    # Of a card that is gone nobody knows whether it is written.
    title = "电卡待核对凭条" if result["fault"] == "card-pulled-and-kept" else "本机未写卡凭条"
    owed, written = result["slip"].find(title), result["slip"].find("免费补写，此前已付款")
    assert 0 <= owed < written


@plays(later("card-worn-out"), later("card-locks-before-write"))
def test_a_card_that_cannot_be_written_leaves_a_slip_that_says_what_to_do(result: Result) -> None:
    assert paid_once(result)
    assert "cannot_write" in result["pages"]
    assert [said for said in result["said"] if "meter" in said] == [NOT_YET]
    for words in ("本机未写卡凭条", "请凭此凭条到营业厅处理"):
        assert words in "".join(result["slip"].split())


@plays(
    later("card-foreign"),
    later("card-of-a-bank"),
    later("hub-gone-before-card-read"),
    later("hub-garbles-card-read"),
    later("card-not-in-the-meter"),
    later("card-locked"),
)
def test_no_money_is_taken_before_a_card_is_known(result: Result) -> None:
    assert paid_once(result)
    told = next(at for at, page in enumerate(result["pages"]) if page in _SENT_AWAY)
    assert told < result["pages"].index("cash")
    assert IN_METER in result["said"]


_SENT_AWAY = frozenset({"no-meter-card", "message", "not_taken", "locked-card"})


@plays(
    "kiosk-killed-while-card-written",
    later("kiosk-killed-when-power-is-sold"),
    later("card-silent"),
    later("reader-unplugged"),
    later("pcscd-restarted"),
    later("sam-pulled"),
    later("hub-gone-before-write"),
)
def test_a_write_that_was_held_up_is_done_without_a_touch(result: Result) -> None:
    assert paid_once(result)
    assert [said for said in result["said"] if "meter" in said] == [IN_METER]
    assert "已写入并核对" in result["slip"]


@plays(later("new-card-spoiled"), later("open-card+new-card-spoiled"))
def test_a_new_card_that_was_paid_for_and_not_made_is_made_later_free_of_charge(result: Result) -> None:
    paid_fen, in_meter = (2000, "200.00") if result["journey"] == "reissue-card" else (10000, "100.00")
    assert (result["tendered"], result["credited"], result["suspense"]) == (paid_fen, paid_fen, 0)
    pages = result["pages"]
    assert pages.index("new_card_failed") < pages.index("card_paid_before") < pages.index("collect_card")
    assert pages.count("cash") == 1
    assert f"the meter takes {in_meter} yuan" in result["said"]
    slip = "".join(result["slip"].split())
    assert (
        0 <= slip.find("核对身份后免费制作") < slip.find("已写入并核对") < slip.find("免费补写，此前已付款")
    )


def test_each_fault_of_a_card_names_journeys_that_have_one() -> None:
    for fault in FAULTS.values():
        if fault.tenders or any(JOURNEYS[name].tenders for name in fault.journeys):
            continue
        assert all(JOURNEYS[name].card for name in fault.journeys), fault.name
        assert fault.journeys or fault.card is None, fault.name
