"""Wrong numbers, wrong notes, wrong frames, and starts that must be refused: each is told, and no fen goes astray."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
Result = dict[str, Any]


def plays(*faults: Any) -> pytest.MarkDecorator:
    """The test is about these demonstrations, one after another."""
    return pytest.mark.parametrize("result", faults, indirect=True)


@plays("account-unknown", "meter-mistyped")
def test_a_mistyped_number_is_told_and_typed_again(result: Result) -> None:
    assert result["pages"].index("wrong-number") < result["pages"].index("confirm_account")
    assert "0399000000000018" in result["slip"]
    assert (result["tendered"], result["credited"]) == (1000, 1000)


@plays("note-type-off")
def test_a_note_that_is_switched_off_comes_back_and_the_next_one_pays(result: Result) -> None:
    assert (result["tendered"], result["credited"]) == (1000, 1000)
    assert "10.00 元" in result["slip"]


@plays("frames-broken", "frames-cut-short", "frames-overlong", "frames-foreign")
def test_frames_that_are_none_change_no_fen(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["in_doubt"]) == (1000, 1000, 0)
    assert "10.00 元" in result["slip"]


@plays("journal-damaged")
def test_a_kiosk_with_a_damaged_journal_serves_nobody_until_the_file_is_back(result: Result) -> None:
    assert result["pages"].index("no-service") < result["pages"].index("home")
    assert (result["tendered"], result["credited"]) == (1000, 1000)


@plays("kiosk-started-twice")
def test_a_second_kiosk_is_refused_and_the_first_takes_the_payment_to_its_end(result: Result) -> None:
    assert any("another kiosk process is using this journal" in word for word in result["said"])
    assert (result["tendered"], result["credited"]) == (1000, 1000)


@plays("settings-wrong-key")
def test_a_misspelt_setting_is_named_with_its_line(result: Result) -> None:
    assert any("unknown key cash.most_fenn" in word for word in result["said"])
    assert (result["tendered"], result["credited"]) == (1000, 1000)
