"""A kiosk that is killed under the customer's hand tells, when it stands again, what became of the money."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]


def later(fault: str) -> Any:
    """A near relative of one that every test run plays: it is left to `make crash`."""
    return pytest.param(fault, marks=pytest.mark.slow)


def plays(*faults: Any) -> pytest.MarkDecorator:
    """The test is about these demonstrations, one after another."""
    return pytest.mark.parametrize("result", faults, indirect=True)


@plays(
    later("kiosk-killed-after-first-note"), "kiosk-killed-note-stacking", later("kiosk-killed-while-paying")
)
def test_what_is_in_or_on_its_way_to_the_box_is_counted_once(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["suspense"]) == (1000, 1000, 0)
    assert "10.00 元" in result["slip"]


@plays("kiosk-killed-note-in-escrow")
def test_a_note_that_nothing_was_decided_on_is_given_back(result: Result) -> None:
    assert (result["tendered"], result["returned"], result["credited"]) == (1000, 1000, 0)
    assert "cancelled" in result["pages"]
    assert result["receipt"] is None


@plays(later("kiosk-killed-note-comes-back"))
def test_a_note_that_came_back_unseen_has_a_slip(result: Result) -> None:
    assert (result["tendered"], result["returned"], result["credited"]) == (1000, 1000, 0)
    assert "cancelled" in result["pages"]
    assert "退钞凭条" in result["slip"]
    assert "10.00 元" in result["slip"]


@plays(later("mains-cut-customer-gone"))
def test_what_nobody_waits_for_is_paid_into_the_account_that_was_confirmed(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["in_doubt"]) == (1000, 1000, 0)
    assert result["pages"][-1] == "attract"
    assert "10.00 元" in result["slip"]
