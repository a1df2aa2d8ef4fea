"""A customer without a meter card: shows who he is, pays for a new one, and takes it, or leaves it where it is."""

from __future__ import annotations

from typing import Any

from kiosk.core.inputs import Intent
from kiosk.payment.model import NEW_CARD
from kiosk.session.state import Page
from simulators.cards.user_card import UserCard
from tests.crash.acceptor import VALUES
from tests.crash.customer import ENDS, Visitor
from tests.crash.elsewhere import new_card_elsewhere
from tests.crash.home import Home, a_pull

WAITS = frozenset(
    {
        Page.LOOKING_UP,
        Page.CHECKING_IDENTITY,
        Page.STAGING,
        Page.CLOSING,
        Page.PAYING,
        Page.MAKING,
        Page.SETTLING,
    }
)
ACCOUNT = frozenset({Page.ENTER_ACCOUNT, Page.CONFIRM_ACCOUNT})
OUT = ENDS | {Page.OWED, Page.MESSAGE, Page.IDENTITY_REFUSED}
"""Pages after which a customer goes."""


class Applicant(Visitor):
    """One visit for one home; `steady` is somebody who does all as it should be done."""

    def __init__(self, world: Any, home: Home, *, steady: bool = False) -> None:
        super().__init__(world)
        rng, bad = world.rng, 0.0 if steady else 1.0
        self.home, self.account, self.steady = home, home.account_no, steady
        self.notes = (
            [rng.choice(VALUES)] if not home.serial else rng.choice([[2000], [2000], [1000, 1000], [5000]])
        )
        self.whim, self.hasty = min(self.whim, 0.05) * bad, min(self.hasty, 0.1) * bad
        luck = world.cards.luck
        self.unsure, self.careless = luck.unsure * bad, luck.careless * bad
        self.leaves = self.leaves and not steady
        self.patience = 150 if steady else self.patience + 80
        self.left_it = rng.random() < self.careless
        self.begun = False

    def act(self) -> None:
        """As any customer; where the kiosk is dead, what is held out may be taken, and another kiosk be asked."""
        world = self.world
        if world.kiosk.dead and not self.left_it and world.rng.random() < 0.1:
            self._takes(world.kiosk)
        if world.kiosk.dead and self.home.hand is None and world.rng.random() < 0.05:
            self.gone = self.gone or new_card_elsewhere(world, self.home)
        super().act()

    def _at(self, kiosk: Any, page: Page) -> None:
        rng = self.world.rng
        if rng.random() < self.whim:
            super()._at(kiosk, page)
        elif page is Page.DONE and self._takes(kiosk):
            pass
        elif page is Page.IDENTITY:
            self._shows_who(kiosk)
        elif page in OUT:
            self._ends(kiosk, page)
        elif page in ACCOUNT and kiosk.core.session.business not in NEW_CARD:
            kiosk.tell(Intent("back" if page is Page.ENTER_ACCOUNT else "wrong"))  # what somebody else wanted
        elif page is Page.INSERT_CARD and not kiosk.core.facts.reissues:
            self.gone = rng.random() < 0.1
        elif page in {Page.INSERT_CARD, Page.CARD_TROUBLE, Page.CARD, Page.NEW_CARD} or page in ENTRIES:
            self._goes_on(kiosk, page)
        elif page in {Page.CASH, Page.MORE_TIME, Page.HELP, Page.ENTER_ACCOUNT}:
            super()._at(kiosk, page)
        elif page not in WAITS:
            kiosk.tell(Intent(rng.choice(["back", "finish", "take_card"])))

    def _goes_on(self, kiosk: Any, page: Page) -> None:
        word, self.begun = ENTRIES.get(page, "reissue"), True
        if page is Page.NEW_CARD:
            goes_on = "make_card" if kiosk.core.session.pending else "confirm_reissue"
            word = goes_on if self.steady or self.world.rng.random() < 0.9 else "back"
        kiosk.tell(Intent(word))

    def _shows_who(self, kiosk: Any) -> None:
        rng, session = self.world.rng, kiosk.core.session
        if rng.random() < 0.15:
            kiosk.tell(Intent("by_identity" if session.proof == "phone" else "by_phone"))
            return
        right = self.home.phone if session.proof == "phone" else self.home.identity_end
        number = (
            right if rng.random() >= self.unsure else str(rng.randrange(10 ** len(right))).zfill(len(right))
        )
        kiosk.tell(Intent("clear"))
        for digit in number:
            kiosk.tell(Intent("key", digit))
        kiosk.tell(Intent("confirm"))

    def _takes(self, kiosk: Any) -> bool:
        """Take the card that is held out, where it is one's own by what the page says; some leave it there."""
        unit, shown = self.world.cards.dispenser, kiosk.core.books.payments.get(kiosk.core.session.payment_id)
        if self.left_it or shown is None or not shown.new_card or shown.account.account_no != self.account:
            return False
        card = unit.taken()
        if not isinstance(card, UserCard):
            return False
        self.world.cards.judge.new.taken(card, self.home)
        self.home.gets(card)
        return True

    def _ends(self, kiosk: Any, page: Page) -> None:
        rng = self.world.rng
        if not self.begun and (self.steady or rng.random() < 0.7):
            kiosk.tell(Intent("finish"))  # it is what the one before has seen
            return
        waits = page is Page.DONE and not self.left_it and self.world.cards.dispenser.card is not None
        if waits and rng.random() < 0.9:
            return  # it is about to come
        if self.steady or rng.random() < 0.3:
            self.gone = True
        elif rng.random() < 0.3:
            kiosk.tell(Intent("finish"))

    def goes_home(self) -> None:
        """Put what one has into the meter: whole, too early, more than once, or not at all."""
        world, rng, home = self.world, self.world.rng, self.home
        if home.hand is None and rng.random() < 0.3:
            new_card_elsewhere(world, home)
        for _ in range(rng.choice([0, 1, 1, 2])):
            world.note(home.takes(a_pull(rng, 25) if rng.random() < world.cards.clumsy else None))
            home.uses(rng.choice([0, 100, 2500]))
        if home.lost and rng.random() < 0.3:
            found = rng.choice(home.lost)
            world.note("an old card turns up")
            if not home.is_outdated(found):
                world.note(home.takes(None, found))
            if home.hand is None:
                home.gets(found)


ENTRIES = {
    Page.ATTRACT: "start",
    Page.HOME: "meter_card",
    Page.CONFIRM_ACCOUNT: "correct",
}
"""What leads on from the pages before."""
