"""What a customer is told who may still stand there: after a restart, and when they ask for help at the end."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.session.state import Page


@pytest.mark.parametrize("report", [CashState.POWER_UP_NOTE_IN_HEAD, CashState.RETURNING])
def test_a_note_that_came_back_over_a_restart_is_told_and_named(stage: Any, report: CashState) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.restart()
    stage.acceptor(report, first=True)
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CANCELLED)
    assert stage.core.page.panel.headline == "¥100.00"
    stage.wait(60)
    assert stage.at(Page.ATTRACT)


def test_a_note_that_was_never_taken_is_given_back_and_told(stage: Any) -> None:
    stage.at_slot()
    stage.restart()
    stage.acceptor(CashState.ESCROW, 5000, first=True)
    stage.acceptor(CashState.RETURNING, 5000)
    assert stage.core.page.notice.tone == "warning"
    stage.acceptor(CashState.RETURNED, 5000)
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CANCELLED)


def paid(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()


def test_help_holds_the_outcome_page_and_gives_it_back(stage: Any) -> None:
    paid(stage)
    assert stage.at(Page.DONE)
    stage.press("help")
    stage.wait(40)
    assert stage.at(Page.HELP)
    stage.press("close_help")
    assert stage.at(Page.DONE)
    stage.wait(40)
    assert stage.at(Page.ATTRACT)


def test_help_that_is_left_open_at_the_end_asks_and_then_clears_the_screen(stage: Any) -> None:
    paid(stage)
    stage.press("help")
    stage.wait(61)
    assert stage.at(Page.MORE_TIME)
    stage.press("more_time")
    assert stage.at(Page.DONE)
    stage.press("help")
    stage.wait(200)
    assert stage.at(Page.ATTRACT)
    assert stage.core.session.payment_id == ""


def test_help_opens_from_the_attract_page(stage: Any) -> None:
    assert stage.at(Page.ATTRACT)
    stage.press("help", "close_help")
    assert stage.at(Page.ATTRACT)
