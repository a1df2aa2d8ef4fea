"""Decisions on the way to an account: the number that is typed and what the hub says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.core import choose
from kiosk.core.desk import Desk
from kiosk.core.inputs import AccountSaid
from kiosk.hubclient.outcomes import Answer, Refused
from kiosk.numbers import account_error, meter_error
from kiosk.payment import effects as fx
from kiosk.session.state import Page

Move = Callable[[Desk, str], None]


def entry(page: Page) -> Move:
    """Go to a keypad page, with nothing typed."""

    def move(desk: Desk, _arg: str) -> None:
        desk.go(page, digits="", entry_error="")

    return move


def key(desk: Desk, digit: str) -> None:
    """Take one digit, as long as there is room for it."""
    longest = max(desk.facts.account_lengths)
    if desk.session.page is Page.ENTER_METER:
        longest = desk.facts.meter_length
    if len(digit) == 1 and digit in "0123456789" and len(desk.session.digits) < longest:
        desk.change(digits=desk.session.digits + digit, entry_error="")


def delete(desk: Desk, _arg: str) -> None:
    """Take the last digit back."""
    desk.change(digits=desk.session.digits[:-1], entry_error="")


def clear(desk: Desk, _arg: str) -> None:
    """Take all digits back."""
    desk.change(digits="", entry_error="")


def look_up(desk: Desk, _arg: str) -> None:
    """Check the number as far as the kiosk can, then ask the hub."""
    session = desk.session
    meter = session.page is Page.ENTER_METER
    error = (
        meter_error(session.digits, desk.facts.meter_length)
        if meter
        else account_error(session.digits, desk.facts.account_lengths)
    )
    if error:
        desk.change(entry_error=error)
        return
    desk.asked = desk.ids()
    desk.do(fx.LookUp(desk.asked, "meter" if meter else "account", session.digits))
    desk.go(Page.LOOKING_UP)
    desk.session = replace(desk.session, under=session.page)
    desk.after("wait", 2.0)


def on_account(desk: Desk, said: AccountSaid) -> None:
    """Show whose account it is, or say on the keypad page what was wrong with the number."""
    if said.request != desk.asked or desk.session.page is not Page.LOOKING_UP:
        return
    desk.asked = ""
    desk.stop("wait")
    match said.outcome:
        case Answer(body):
            if body.state == "closed":
                _back_to_entry(desk, "account_closed")
            else:
                desk.go(Page.CONFIRM_ACCOUNT, account=body)
                choose.choose_all(desk, "")
        case Refused(problem) if problem.code in {"unknown_account", "unknown_meter", "wrong_check_digit"}:
            _back_to_entry(desk, problem.code)
        case Refused(problem) if problem.code == "hub_busy":
            _back_to_entry(desk, "hub_busy")
        case _:
            _back_to_entry(desk, "hub_gone")


def _back_to_entry(desk: Desk, error: str) -> None:
    desk.go(desk.session.under or Page.ENTER_ACCOUNT, entry_error=error)


def give_up_look_up(desk: Desk, _arg: str) -> None:
    """Back to the keypad; a late answer is stale."""
    desk.asked = ""
    desk.stop("wait")
    _back_to_entry(desk, "")


def wrong(desk: Desk, _arg: str) -> None:
    """Not this account: type another number."""
    desk.go(Page.ENTER_ACCOUNT, digits="", account=None)
