"""Decisions on the way to an account: the number that is typed and what the hub says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.core import choose
from kiosk.core.desk import Desk
from kiosk.core.inputs import AccountSaid
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown, is_busy
from kiosk.numbers import account_error, meter_error
from kiosk.payment import effects as fx
from kiosk.payment.model import NEW_CARD
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
    elif desk.facts.stands_in:
        _without_hub(desk, session.page)
    else:
        ask(desk, session.page)


def ask(desk: Desk, entry: Page) -> None:
    """Ask the hub for the number that was typed on the page `entry`."""
    meter = entry is Page.ENTER_METER
    desk.asked = desk.ids()
    desk.do(fx.LookUp(desk.asked, "meter" if meter else "account", desk.session.digits))
    desk.go(Page.LOOKING_UP)
    desk.session = replace(desk.session, under=entry)
    desk.after("wait", 2.0)


def _without_hub(desk: Desk, entry: Page) -> None:
    """Only the hub knows whose a meter is; an account number is enough to pay provisionally."""
    if desk.session.business in NEW_CARD:
        _back_to(desk, entry, "hub_gone")
    elif entry is Page.ENTER_METER:
        _back_to(desk, entry, "account_only")
    else:
        _type_again(desk)


def _type_again(desk: Desk) -> None:
    """No name can be shown, and the number has no check digit: it is typed a second time."""
    desk.go(Page.ENTER_AGAIN, typed_first=desk.session.digits, digits="", entry_error="", account=None)


def compare(desk: Desk, _arg: str) -> None:
    """Go on if both numbers are the same; else both are typed anew."""
    session = desk.session
    if account_error(session.digits, desk.facts.account_lengths):
        desk.change(entry_error="too_short")
    elif session.digits != session.typed_first:
        desk.go(Page.ENTER_ACCOUNT, digits="", typed_first="", entry_error="differs")
    elif desk.facts.stands_in:
        desk.go(Page.PROVISIONAL)
    else:
        # The hub is back, or nothing may be taken any more: then that is what the answer says.
        ask(desk, Page.ENTER_ACCOUNT)


def back_to_first(desk: Desk, _arg: str) -> None:
    """Back to the first number, as it was typed."""
    desk.go(Page.ENTER_ACCOUNT, digits=desk.session.typed_first, entry_error="")


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
        case outcome if is_busy(outcome):
            _back_to_entry(desk, "hub_busy")
        case NotSent() | Unknown() if desk.facts.offline_fen:
            _without_hub(desk, desk.session.under or Page.ENTER_ACCOUNT)
        case _:
            _back_to_entry(desk, "hub_gone")


def _back_to_entry(desk: Desk, error: str) -> None:
    _back_to(desk, desk.session.under or Page.ENTER_ACCOUNT, error)


def _back_to(desk: Desk, entry: Page, error: str) -> None:
    desk.go(entry, entry_error=error)


def give_up_look_up(desk: Desk, _arg: str) -> None:
    """Back to the keypad; a late answer is stale."""
    desk.asked = ""
    desk.stop("wait")
    _back_to_entry(desk, "")


def wrong(desk: Desk, _arg: str) -> None:
    """Not this account: type another number."""
    desk.go(Page.ENTER_ACCOUNT, digits="", account=None)
