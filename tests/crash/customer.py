"""A customer: mostly sensible, sometimes absent-minded, now and then pressing anything."""

from __future__ import annotations

from typing import Any

from kiosk.core.inputs import Intent
from kiosk.core.walk import MOVES
from kiosk.numbers import reference
from kiosk.session.state import Page
from tests.crash.acceptor import VALUES

SENSIBLE: dict[Page, tuple[str, ...]] = {
    Page.ATTRACT: ("start",),
    Page.HOME: (*("pay_bill",) * 20, *("prepay",) * 10, "look_up_slip"),
    Page.ENTER_METER: ("by_account",),
    Page.PROVISIONAL: ("accept", "accept", "back"),
    Page.CONFIRM_ACCOUNT: ("correct",),
    Page.BILLS: ("pay", "pay", "pay_oldest", "prepay"),
    Page.MEANS: ("cash",),
    Page.HELP: ("close_help",),
    Page.MORE_TIME: ("more_time", "more_time", "leave"),
    Page.MESSAGE: ("finish",),
    Page.REFERENCE: ("another", "correct", "finish", "finish"),
}
ENDS = {Page.DONE, Page.CHECKING, Page.CLAIM, Page.CANCELLED}


class Visitor:
    """One visit: it ends when the customer has seen an outcome, or has had enough."""

    def __init__(self, world: Any) -> None:
        rng = world.rng
        self.world, self.gone = world, False
        self.account = rng.choice([*world.town, next(iter(world.town))])
        self.notes = [rng.choice((*VALUES, 10000)) for _ in range(rng.choice([1, 1, 1, 2, 3, 6]))]
        if world.alike:
            self.account, self.notes = next(iter(world.town)), [VALUES[-1]]
        if world.mistyped:
            self.account = "0399900009"
        self.whim = rng.choice([0.0, 0.03, 0.15])
        self.patience = 60 + rng.randrange(60)
        self.hasty = rng.choice([0.0, 0.05, 0.4])
        self.leaves = rng.random() < 0.15
        self.soon()

    def soon(self) -> None:
        self.world.later(self.world.rng.choice([0.3, 0.8, 1.5, 4.0]), self.act)

    def act(self) -> None:
        """See the page and do something about it."""
        if self.gone:
            return
        self.patience -= 1
        kiosk = self.world.kiosk
        if self.patience <= 0:
            self.gone = True
            return
        if not kiosk.dead:
            self._at(kiosk, kiosk.core.session.page)
        elif self.notes and self.world.rng.random() < 0.1:
            self._insert()
        self.soon()

    def _at(self, kiosk: Any, page: Page) -> None:
        rng = self.world.rng
        if rng.random() < self.whim:
            kiosk.tell(Intent(rng.choice([*MOVES.get(page, {"finish": None}), "language", "large"])))
        elif page in {Page.ENTER_ACCOUNT, Page.ENTER_AGAIN}:
            self._type(kiosk)
        elif page is Page.ENTER_REFERENCE:
            self._looks_up(kiosk)
        elif page is Page.CASH:
            self._pay(kiosk)
        elif page in ENDS:
            if rng.random() < 0.3:
                self.gone = True
            elif rng.random() < 0.3:
                kiosk.tell(Intent("finish"))
        elif page in SENSIBLE:
            kiosk.tell(Intent(rng.choice(SENSIBLE[page])))

    def _type(self, kiosk: Any) -> None:
        session = kiosk.core.session
        if session.digits != self.account:
            if session.digits:
                kiosk.tell(Intent("clear"))
            for digit in self.account:
                kiosk.tell(Intent("key", digit))
        kiosk.tell(Intent("confirm"))

    def _looks_up(self, kiosk: Any) -> None:
        """Type the reference of a slip or of none, and tire of it now and then."""
        rng = self.world.rng
        if rng.random() < 0.3:
            kiosk.tell(Intent("back"))
            return
        kiosk.tell(Intent("clear"))
        open_here = [reference(key) for key in kiosk.core.books.payments]
        rows = self.world.books.rows.items()
        at_hub = [
            row.reference for (table, _), row in rows if table in {"payments", "claims"} and row.reference
        ]
        for letter in rng.choice([*open_here, *at_hub, "FFFF-FFFF-FFFF"]):
            kiosk.tell(Intent("key", letter))
        kiosk.tell(Intent("confirm"))

    def _pay(self, kiosk: Any) -> None:
        rng = self.world.rng
        if self.notes:
            self._insert()
            if rng.random() < self.hasty:
                kiosk.tell(Intent(rng.choice(["pay_now", "cancel"])))
        elif self.leaves:
            self.gone = True
        else:
            kiosk.tell(Intent("pay_now" if rng.random() < 0.9 else "cancel"))

    def _insert(self) -> None:
        if self.world.banknote(self.notes[-1]):
            self.notes.pop()
