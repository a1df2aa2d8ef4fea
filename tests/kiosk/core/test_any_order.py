"""Whatever comes in whatever order, the kiosk goes on, its books are its journal's, and no money is lost."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from kiosk.books import Books
from kiosk.config import Config
from kiosk.core import inputs as told
from kiosk.core.walk import EVERYWHERE, MOVES
from kiosk.payment import effects as fx
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.any_world import BOX_AND_CARD, DEAD, OWN_AND_CARD, World
from tests.kiosk.core.conftest import FINE
from tests.kiosk.core.tenders import NUMBER, WHO, Till

RUNS = int(os.environ.get("ANY_ORDER_RUNS", "12"))
FIRST = int(os.environ.get("ANY_ORDER_FIRST", "0"))
STEPS = 250
NAMES = sorted({name for moves in MOVES.values() for name in moves} | set(EVERYWHERE))
TYPED = {
    Page.ENTER_ACCOUNT: WHO.account_no,
    Page.RECHARGE: NUMBER,
    Page.AMOUNT: "120",
    Page.ENTER_REFERENCE: "123456789012",
}
ONWARD = {
    Page.ATTRACT: ("start",),
    Page.HOME: ("pay_bill", "prepay"),
    Page.CONFIRM_ACCOUNT: ("correct",),
    Page.BILLS: ("pay", "prepay"),
    Page.CARD: ("buy_power",),
    Page.MEANS: ("bank_card", "bank_card", "qr", "recharge_card", "cash"),
    Page.CASH: ("pay_now",),
}


class Play(World):
    """Random acts, and after each what must hold."""

    def begin(self) -> None:
        self.mirror, self.folded = Books.empty(), 0
        self.till.up()
        self.all_felt()

    def act_at_random(self) -> None:
        act = self.chance.choices(
            (
                self.presses,
                self.answers,
                self.presses_anything,
                self.hears_twice,
                self.waits,
                self.breaks,
                self.hub_goes_or_comes,
                self.restart,
                self.cards_move,
                self.pin_pad,
                self.scans,
                self.phone_pays,
                self.note,
                self.goes_far,
            ),
            (25, 40, 2, 3, 7, 1, 2, 1, 9, 9, 2, 3, 4, 6),
        )[0]
        act()

    def presses(self) -> None:
        page = self.till.page
        if page in {*ONWARD, *TYPED} and self.chance.random() < 0.75:
            self.goes_on()
        elif moves := sorted(MOVES.get(page, {})):
            self.tell(told.Intent(self.odd(*moves), self.odd("", "1", "12000", "2026-09")))

    def goes_on(self) -> None:
        page = self.till.page
        if page in TYPED:
            self.tell(told.Intent("clear"))
            for digit in TYPED[page]:
                self.tell(told.Intent("key", digit))
            self.tell(told.Intent("confirm"))
        else:
            self.tell(told.Intent(self.odd(*ONWARD[page])))

    def presses_anything(self) -> None:
        self.tell(told.Intent(self.odd(*NAMES), self.odd("", "7", "x")))

    def answers(self) -> None:
        if self.due:
            effect = self.due.pop(self.odd(0, 0, self.chance.randrange(len(self.due))))
            self.answer(effect, self.chance.random() < 0.75)

    def hears_twice(self) -> None:
        """A word comes once more, late."""
        again = [
            s
            for s in self.said[-40:]
            if not isinstance(s, told.DeviceFelt | told.CardFelt | told.BankCardFelt)
        ]
        if again:
            self.take(self.till.says(self.odd(*again)))

    def waits(self) -> None:
        for _ in range(self.odd(1, 1, 2, 5, 12)):
            self.take(self.till.wait(self.odd(0.5, 2.0, 8.0, 15.0)))

    def breaks(self) -> None:
        device = self.odd("printer", "acceptor", "card_writer", "bank_reader", "pin_pad", "eft", "scanner")
        if device in self.till.core.facts.tender_units and self.till.core.facts.tender_units[device] is None:
            return
        self.tell(told.DeviceFelt(device, self.odd(FINE, FINE, DEAD)))

    def hub_goes_or_comes(self) -> None:
        self.hub_there = not self.hub_there or self.chance.random() < 0.5

    def goes_far(self) -> None:
        """All is well for a while, and a customer who knows the way comes before a means of payment."""
        self.hub_there = True
        self.all_felt()
        for _ in range(12):
            self.runs_well(but=(fx.SendSale, fx.WatchOrder))
            if self.accepting and self.bank_place == "none" and self.chance.random() < 0.9:
                self.bank_card_comes()
            elif self.pin:
                self.pin_says("entered")
            elif self.till.page in {Page.DONE, Page.DECLINED, Page.REVERSED, Page.CHECKING, Page.MESSAGE}:
                self.tell(told.Intent("finish"), told.Intent("back"))
            elif self.till.page is Page.HOME and self.chance.random() < 0.3:
                self.meter_card_moves(True)
            elif self.till.page in {*ONWARD, *TYPED} - {Page.CASH}:
                self.goes_on()
            else:
                return
            shown = self.till.core.books.payments.get(self.till.core.session.payment_id)
            if shown is not None and not shown.ended:
                return
            self.holds()

    def cards_move(self) -> None:
        if self.accepting and self.bank_place == "none":
            self.bank_card_comes(self.odd("", "", "", "", "unreadable"))
        elif self.bank_place != "none":
            self.bank_card_goes()
        elif self.chance.random() < 0.3:
            self.meter_card_moves(not self.meter_card)

    def pin_pad(self) -> None:
        if self.pin:
            self.pin_says(
                self.odd("typed", "entered", "entered", "entered", "cancelled", "timeout", "failed")
            )

    def scans(self) -> None:
        kind = self.odd("payer", "payer", "bill", "recharge", "reference", "unknown")
        text = {"bill": WHO.account_no, "recharge": NUMBER, "reference": "1234-5678-9012"}.get(kind, "")
        self.tell(told.Scanned(kind, text))

    def note(self) -> None:
        if self.till.page is Page.CASH and not any(isinstance(e, fx.StackNote) for e in self.due):
            from drivers.cash.model import CashState

            self.take(self.till.acceptor(CashState.ACCEPTING))
            self.take(self.till.acceptor(CashState.ESCROW, 10000))

    # What must hold.

    def holds(self) -> None:
        core = self.till.core
        for event in self.till.journal[self.folded :]:
            self.mirror.apply(event)
        self.folded = len(self.till.journal)
        for key, payment in core.books.payments.items():
            assert self.mirror.payments[key] == payment
        for key in self.mirror.payments.keys() - core.books.payments.keys():
            assert self.mirror.payments[key].over
        for key in self.mirror.claims.keys() - core.books.claims.keys():
            assert self.mirror.claims[key].over
        assert core.page.name
        if self.pin:
            assert self.till.page is Page.PIN, "the PIN pad is open and its page gone"
        if self.till.page is Page.ATTRACT:
            self.nothing_is_left()

    def nothing_is_left(self) -> None:
        session = self.till.core.session
        kept = (session.account, session.card, session.bank, session.quote, session.slip)
        assert kept == (None,) * 5
        texts = (session.digits, session.sealed, session.payment_id, session.typed_first, session.captured)
        assert texts == ("",) * 5
        assert not self.accepting, "the reader takes cards of nobody's"
        if self.bank_place == "in":
            assert any(isinstance(e, fx.EjectBankCard | fx.CaptureBankCard) for e in self.due)

    def comes_home(self) -> None:
        """All devices and the hub answer well, the customer takes what is held out and goes: the kiosk is free."""
        self.hub_there = True
        self.all_felt()
        until = self.till.mono + 3600.0
        idle_rounds = 0
        while self.till.mono < until and idle_rounds < 2000:
            idle_rounds += 1
            self.holds()
            if self.due:
                self.answer(self.due.pop(0), well=True)
            elif self.bank_place == "mouth":
                self.bank_moves("taken")
            elif self.pin:
                self.pin_says("timeout")
            elif self.meter_card and self.till.page in {Page.TAKE_CARD, Page.ATTRACT}:
                self.meter_card_moves(False)
            elif self.at_rest():
                return
            elif (due := self.till.core.next_due) is not None:
                self.take(self.till.wait(max(due - self.till.mono, 0.0)))
        open_ = [(p.state, p.tender) for p in self.till.core.books.open_payments]
        raise AssertionError(f"a dead end: {self.till.page}, {open_}, {self.till.core.books.open_claims}")

    def at_rest(self) -> bool:
        books = self.till.core.books
        return self.till.page is Page.ATTRACT and not (
            books.open_payments or books.open_claims or books.untold_payments
        )

    def money_is_there(self) -> None:
        """What was taken is credited, on its way back, or in suspense; nothing else is credited."""
        claimed = {c.payment_id for c in self.mirror.claims.values()}
        for key, payment in self.mirror.payments.items():
            assert payment.ended
            done = self.taken.get(key, "")
            if done in {"sold", "paid", "spent"}:
                assert payment.credit is not None or key in claimed, (done, payment)
            if payment.credit is not None:
                assert key in self.booked, payment
                assert done not in {"undone", "closed", "refused"}, (done, payment)
            if payment.state is PaymentState.DECLINED:
                assert done in {"", "closed", "refused", "undone"}, (done, payment)
            if payment.state is PaymentState.CLAIMED and payment.by_box:
                [claim] = [c for c in self.mirror.claims.values() if c.payment_id == key]
                assert claim.amount_fen + claim.memo_fen == payment.asked_fen


def play(config: Config, seed: int, steps: int = STEPS) -> Play:
    world = Play(Till(config), random.Random(seed))
    world.begin()
    for _ in range(steps):
        world.act_at_random()
        world.holds()
    world.comes_home()
    world.money_is_there()
    return world


KIOSKS: dict[str, Any] = {"own": OWN_AND_CARD, "box": BOX_AND_CARD}


@pytest.mark.parametrize("kiosk", KIOSKS)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_in_any_order_nothing_is_lost_and_the_kiosk_comes_home(kiosk: str, seed: int) -> None:
    play(KIOSKS[kiosk], seed)
