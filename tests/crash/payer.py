"""A customer who does not pay cash: sensible, absent-minded, or gone before the end."""

from __future__ import annotations

from typing import Any

from kiosk.core.inputs import Intent
from kiosk.session.state import Page
from tests.crash.customer import SENSIBLE, Visitor
from tests.crash.tender_banks import cards_of

ENDS = {Page.DONE, Page.CHECKING, Page.CLAIM, Page.DECLINED, Page.REVERSED, Page.TAKE_BANK_CARD}
PAGES = SENSIBLE | {
    Page.HOME: ("pay_bill", "prepay"),
    Page.BILLS: ("pay", "pay", "prepay"),
}
AMOUNTS = ("50", "100", "7", "200")


class Payer(Visitor):
    """One visit."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        rng = world.rng
        self.notes = []
        self.tender = rng.choice(world.tenders)
        self.bank = "bank_b" if world.alike else rng.choice(["bank_a", "bank_b"])
        self.card = rng.choice(cards_of(self.bank))
        self.again = rng.random() < 0.5
        """Tries another means, or the same once more, after a refusal."""

    def _at(self, kiosk: Any, page: Page) -> None:
        rng, world = self.world.rng, self.world
        if page is Page.MEANS:
            self._chooses(kiosk)
        elif page is Page.AMOUNT:
            self._types_amount(kiosk)
        elif page is Page.INSERT_BANK_CARD:
            if rng.random() < 0.05:
                kiosk.tell(Intent("back"))
            else:
                world.slot.put_in(self.bank, self.card)
        elif page is Page.PHONE:
            self._phones(kiosk)
        elif page is Page.RECHARGE:
            self._types_number(kiosk)
        elif page is Page.DECLINED and self.again and rng.random() < 0.5:
            self.again = False
            kiosk.tell(Intent("other_means"))
        elif page in ENDS:
            if rng.random() < 0.3:
                self.gone = True
            elif rng.random() < 0.3:
                kiosk.tell(Intent("finish"))
        elif (page in PAGES and page not in SENSIBLE) or page in {Page.HOME, Page.BILLS}:
            kiosk.tell(Intent(rng.choice(PAGES[page])))
        else:
            super()._at(kiosk, page)

    def _chooses(self, kiosk: Any) -> None:
        rng = self.world.rng
        kiosk.tell(Intent(self.tender if rng.random() < 0.9 else "back"))
        if kiosk.dead or kiosk.core.session.page is not Page.MEANS:
            return
        self.patience -= 10  # it does not work now
        self.tender = rng.choice(self.world.tenders)

    def _phones(self, kiosk: Any) -> None:
        rng, key = self.world.rng, kiosk.core.session.payment_id
        luck = rng.random()
        if luck < 0.25:
            self.world.wallet.tap(key)
        elif luck < 0.29:
            self.world.later(rng.choice([5.0, 40.0, 150.0]), lambda: self.world.wallet.tap(key))
        elif luck < 0.4:
            kiosk.tell(Intent("cancel_phone"))

    def _types_number(self, kiosk: Any) -> None:
        kiosk.tell(Intent("clear"))
        for digit in self.world.rng.choice(self.world.numbers_of_cards):
            kiosk.tell(Intent("key", digit))
        kiosk.tell(Intent("confirm"))

    def _types_amount(self, kiosk: Any) -> None:
        kiosk.tell(Intent("clear"))
        for digit in self.world.rng.choice(AMOUNTS):
            kiosk.tell(Intent("key", digit))
        kiosk.tell(Intent("confirm"))
