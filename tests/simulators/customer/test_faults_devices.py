"""Whatever acceptor and printer do, no fen is lost or doubled, and the customer is told the truth."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.pages.faults import FAULT_PAGES
from kiosk.pages.samples import samples
from simulators.customer.faults import FAULTS
from simulators.customer.reading import literals, stands

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]


def later(fault: str) -> Any:
    """A near relative of one that every test run plays: it is left to `make crash`."""
    return pytest.param(fault, marks=pytest.mark.slow)


def plays(*faults: Any) -> pytest.MarkDecorator:
    """The test is about these demonstrations, one after another."""
    return pytest.mark.parametrize("result", faults, indirect=True)


def test_the_gallery_shows_what_is_seen_at_each_fault() -> None:
    assert set(FAULT_PAGES) == set(FAULTS)
    for lang in ("zh", "en"):
        pages = samples(lang)
        for fault in FAULTS.values():
            page = str(pages[FAULT_PAGES[fault.name].page])
            assert stands(literals(*fault.says), [page]), (fault.name, lang)


def test_every_fault_is_told_in_one_sentence_and_has_words_to_look_for() -> None:
    for fault in FAULTS.values():
        assert fault.says, fault.name
        assert len(fault.tells) > 20, fault.name


@plays(later("note-rejected"))
def test_a_note_that_is_not_recognised_comes_back_and_counts_for_nothing(result: Result) -> None:
    assert (result["tendered"], result["returned"], result["credited"]) == (1000, 0, 1000)


@plays("pay-cash+acceptor-jam", later("pay-cash+acceptor-unplugged"))
def test_what_is_in_when_the_acceptor_fails_is_paid(result: Result) -> None:
    assert result["credited"] == 10000
    assert result["tendered"] - result["returned"] == 10000


@plays(later("pay-cash+acceptor-power-cut"))
def test_an_acceptor_without_power_for_a_second_goes_on(result: Result) -> None:
    assert result["credited"] >= 10000


@plays(later("jam-cleared-by-hand"))
def test_a_jammed_note_that_was_taken_out_by_hand_is_in_doubt_though_the_counter_stands_still(
    result: Result,
) -> None:
    assert (result["credited"], result["suspense"], result["in_doubt"]) == (0, 0, 1000)
    assert result["pages"].index("jam") < result["pages"].index("claim")
    assert "待核实金额" in result["slip"]


@plays(later("note-found-too-late"))
def test_a_note_that_falls_in_when_its_customer_has_gone_is_in_suspense(result: Result) -> None:
    assert (result["credited"], result["suspense"], result["in_doubt"]) == (0, 1000, 1000)
    assert result["pages"][-3:] == ["claim", "attract", "attract"]


@plays("power-cut-note-in-head")
def test_a_note_that_comes_back_at_power_up_is_told_and_taken_at_the_second_try(result: Result) -> None:
    assert (result["tendered"], result["returned"], result["credited"]) == (2000, 1000, 1000)


@plays(later("power-cut-note-in-box"), later("power-cut-note-stacked"))
def test_a_note_that_was_in_the_box_at_power_up_is_counted_once(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["in_doubt"]) == (1000, 1000, 0)


@plays("power-cut-without-counter")
def test_a_note_that_no_device_can_tell_of_becomes_a_claim(result: Result) -> None:
    assert (result["credited"], result["suspense"], result["in_doubt"]) == (0, 0, 1000)
    assert "待核实金额" in result["slip"]
    assert "实收金额" not in result["slip"]


@plays("paper-out-before")
def test_without_paper_no_money_is_taken(result: Result) -> None:
    assert "cash" not in result["pages"]
    assert (result["tendered"], result["receipt"]) == (0, None)


@plays("paper-out-during", later("printer-unplugged"))
def test_without_a_slip_the_money_is_credited_all_the_same(result: Result) -> None:
    assert (result["credited"], result["receipt"]) == (1000, None)
