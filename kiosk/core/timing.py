"""Decisions that time makes: idle pages, questions, waiting, repeats."""

from __future__ import annotations

from dataclasses import replace

from kiosk.config import Screen
from kiosk.core import (
    bank_card,
    box,
    closing,
    credit,
    deliver,
    handover,
    phone,
    promise,
    reissue,
    reverse,
    settle,
    walk,
)
from kiosk.core.desk import COLLECTING, Desk
from kiosk.payment import effects as fx
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page

WAITING = frozenset(
    {
        Page.LOOKING_UP,
        Page.ASKING_REFERENCE,
        Page.READING_CARD,
        Page.CHECKING_IDENTITY,
        Page.STAGING,
        Page.WRITING,
        Page.MAKING,
        Page.PREPARING,
        Page.CLOSING,
        Page.PAYING,
        Page.SETTLING,
        Page.READING_BANK_CARD,
        Page.AUTHORISING,
        Page.ASKING_BOX,
        Page.CLOSING_ORDER,
    }
)
NEVER_IDLE = WAITING | {
    Page.ATTRACT,
    Page.CLOSED,
    Page.MORE_TIME,
    Page.CARD_BACK,
    Page.TAKE_CARD,
    Page.TAKE_BANK_CARD,
    # The PIN pad, the terminal box and the code on the screen have times of their own.
    Page.PIN,
    Page.BOX,
    Page.PHONE,
}
STANDING = frozenset(
    {
        Page.DONE,
        Page.OWED,
        Page.CHECKING,
        Page.CLAIM,
        Page.CANCELLED,
        Page.DECLINED,
        Page.REVERSED,
    }
)
"""Pages that end by their own timer."""
PRIVATE = frozenset(
    {
        Page.CONFIRM_ACCOUNT,
        Page.CARD,
        Page.IDENTITY,
        Page.NEW_CARD,
        Page.REFERENCE,
        Page.BILLS,
        Page.MEANS,
        Page.AMOUNT,
        Page.INSERT_BANK_CARD,
        Page.RECHARGE,
        Page.PROVISIONAL,
    }
)


def idle_seconds(desk: Desk) -> float | None:
    """How long the present page may stand untouched; None where nothing times out."""
    screen: Screen = desk.config.screen
    page = desk.session.page
    if page in NEVER_IDLE or page in STANDING:
        return None
    payment = desk.shown
    slow = 2.0 if desk.session.modes.large else 1.0
    if payment is not None and payment.state in COLLECTING:
        return screen.cash_idle_s if payment.inserted_fen else screen.idle_s * slow
    return (screen.private_idle_s if page in PRIVATE else screen.idle_s) * slow


def keep_idle_timer(desk: Desk, *, touched: bool) -> None:
    """Start the idle timer anew after a touch or a page change, and drop it where nothing times out."""
    seconds = idle_seconds(desk)
    if seconds is None:
        desk.stop("idle")
    elif touched or "idle" not in desk.timers:
        desk.after("idle", seconds)


def on_timer(desk: Desk, name: str) -> None:
    """Deal with one timer that is due."""
    kind, _, key = name.partition(":")
    match kind:
        case "idle":
            _ask(desk)
        case "question":
            _count_down(desk)
        case "page":
            _leave_page(desk)
        case "wait":
            _wait_longer(desk)
        case "checking":
            promise.check(desk)
        case "closing":
            closing.finish(desk, waited=True)
        case "note_fate":
            _note_overdue(desk)
        case "credit":
            _send_again(desk, key)
        case "claim":
            claim = desk.books.claims.get(key)
            if claim is not None and claim in desk.books.open_claims:
                settle.send_claim(desk, claim)
        case "reverse":
            reverse.again(desk, key)
        case "close":
            phone.close_again(desk, key)
        case "watch":
            phone.watch_again(desk, key)
        case "box":
            box.again(desk, key)
        case "phone":
            phone.count_down(desk)
        case "bank_remind":
            bank_card.remind(desk)
        case "bank_take":
            bank_card.nobody_took_it(desk)
        case "outcome":
            deliver.tell_again(desk, key)
        case "card_back":
            deliver.waited(desk, key)
        case "card_write":
            deliver.write_again(desk, key)
        case "card_look":
            deliver.look_again(desk, key)
        case "identity":
            reissue.check(desk)
        case "collect" | "unseen":
            handover.waited(desk, key)
        case "present":
            handover.present_again(desk, key)
        case "status":
            if not desk.asking_status:
                desk.asking_status = True
                desk.do(fx.AskHubStatus(desk.hub_knows))
            desk.after("status", desk.config.hub.status_every_s)


def _leave_page(desk: Desk) -> None:
    """A card that is held out is asked for as long as it is."""
    if handover.holds_page(desk):
        desk.after("page", desk.config.screen.done_s)
    else:
        desk.start_over()


def _ask(desk: Desk) -> None:
    payment = desk.shown
    if payment is not None and payment.intended is not None:
        keep_idle_timer(desk, touched=True)  # the machine is at work, not the customer
        return
    here = desk.session.page
    under = desk.session.under if here is Page.HELP else here
    desk.go(Page.MORE_TIME)
    slow = 1.5 if desk.session.modes.large else 1.0
    desk.change(under=under, seconds_left=round(desk.config.screen.question_s * slow))
    desk.after("question", 1.0)


def _count_down(desk: Desk) -> None:
    if desk.session.page is not Page.MORE_TIME:
        return
    left = (desk.session.seconds_left or 0) - 1
    if left <= 0:
        walk.leave(desk, "timeout")
        return
    desk.change(seconds_left=left)
    desk.after("question", 1.0)


def _wait_longer(desk: Desk) -> None:
    level = desk.session.wait_level
    if desk.session.page not in WAITING or level >= 2:
        return
    desk.change(wait_level=level + 1)
    if level == 0:
        desk.after("wait", 13.0)


def _note_overdue(desk: Desk) -> None:
    payment = desk.collecting
    if payment is not None and payment.intended is not None:
        closing.lose_note(desk, payment)
        closing.finish(desk)


def _send_again(desk: Desk, key: str) -> None:
    payment = desk.books.payments.get(key)
    if (
        payment is not None
        and payment.state in {PaymentState.SENDING, PaymentState.CHECKING}
        and not payment.in_flight
    ):
        credit.send_credit(desk, payment)


def reset_question(desk: Desk) -> None:
    """Let the count-down go when its page is gone."""
    if desk.session.page is not Page.MORE_TIME:
        desk.stop("question")
        if desk.session.seconds_left is not None:
            desk.session = replace(desk.session, seconds_left=None)
