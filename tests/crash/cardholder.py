"""A customer with a meter card: puts it in, buys power, pulls it at any command, brings it back or another one."""

from __future__ import annotations

from typing import Any

from kiosk.core.inputs import Intent
from kiosk.session.state import Page
from simulators.cards.card import SimulatedCard
from simulators.cards.user_card import UserCard
from tests.crash.acceptor import VALUES
from tests.crash.customer import ENDS, Visitor
from tests.crash.elsewhere import rewrite_elsewhere
from tests.crash.home import Home, a_pull, serial_of

COMMANDS = (40, 14, 20)
"""Reading and writing a card takes some thirty commands; it is written from the one to the other."""
OUT = ENDS | {Page.OWED, Page.CARD_TROUBLE, Page.MESSAGE}
"""Pages after which a customer takes the card and goes."""
DONE_WITH: dict[str, tuple[str, ...]] = {
    "ready": (*("buy_power",) * 9, "take_card"),
    "owed": (*("rewrite",) * 9, "take_card"),
}


class Cardholder(Visitor):
    """One visit with the card of one home; `steady` is somebody who does all as it should be done."""

    def __init__(self, world: Any, home: Home, *, steady: bool = False) -> None:
        super().__init__(world)
        self.home, self.steady, self.begun = home, steady, False
        self.card: SimulatedCard = home.hand or world.cards.blank
        self.notes = [world.rng.choice((*VALUES, 1000)) for _ in range(world.rng.choice([1, 1, 2]))]
        inside, kiosk = world.cards.reader.card, world.kiosk
        # What was pulled a moment ago the kiosk has not noticed yet; it may still go on with the page for it.
        if inside is not None or kiosk.dead or not kiosk.core.facts.card_in:
            world.cards.shown.clear()
        if isinstance(inside, UserCard):
            world.cards.shown.add(serial_of(inside))
        if steady:
            self.whim = self.hasty = 0.0
            self.patience, self.leaves = 150, False
        elif world.rng.random() < 0.1:
            self.card = world.rng.choice(world.cards.others())

    def act(self) -> None:
        """As any customer; where the kiosk is dead the card may be pulled."""
        rng, reader = self.world.rng, self.world.cards.reader
        if self.world.kiosk.dead and reader.inside is not None and not self.steady and rng.random() < 0.1:
            reader.remove()
        super().act()

    def _at(self, kiosk: Any, page: Page) -> None:
        rng, reader = self.world.rng, self.world.cards.reader
        if rng.random() < self.whim:
            self._whim(kiosk, page)
        elif page in {Page.ATTRACT, Page.HOME, Page.INSERT_CARD}:
            self._comes(kiosk, page)
        elif page is Page.CARD:
            self._chooses(kiosk)
        elif page is Page.CARD_BACK:
            self._is_asked(kiosk)
        elif page is Page.TAKE_CARD:
            reader.remove()
        elif page in OUT:
            self._ends(kiosk, page)
        elif page is Page.CASH and not self.steady and self._plays(reader):
            pass
        elif page in {Page.MEANS, Page.CASH, Page.MORE_TIME, Page.HELP}:
            super()._at(kiosk, page)
        elif page not in {Page.READING_CARD, Page.PREPARING, Page.CLOSING, Page.PAYING, Page.WRITING}:
            kiosk.tell(Intent(rng.choice(["back", "finish", "wrong"])))

    def _whim(self, kiosk: Any, page: Page) -> None:
        rng, reader = self.world.rng, self.world.cards.reader
        if reader.inside is None:
            self._puts_in(self.card)
        elif rng.random() < 0.5:
            reader.remove()
        else:
            super()._at(kiosk, page)

    def _plays(self, reader: Any) -> bool:
        """While notes go in the card may come out, and another one in."""
        rng, cards = self.world.rng, self.world.cards
        if reader.inside is not None and rng.random() < cards.pulls:
            reader.remove()
            return True
        if reader.inside is None and rng.random() < 0.4 - cards.pulls / 2:
            self._puts_in(rng.choice([self.card, self.card, *cards.others()]))
            return True
        return False

    def _comes(self, kiosk: Any, page: Page) -> None:
        rng, reader = self.world.rng, self.world.cards.reader
        if reader.inside is not None and not (page is Page.HOME and rng.random() < 0.5):
            reader.remove()  # somebody has left it there, or it is not noticed
        elif reader.inside is None and (page is Page.INSERT_CARD or rng.random() < 0.6):
            self._puts_in(self.card)
        else:
            kiosk.tell(Intent({Page.ATTRACT: "start", Page.HOME: "meter_card"}.get(page, "back")))

    def _puts_in(self, card: SimulatedCard) -> None:
        world, self.begun = self.world, True
        pull = a_pull(world.rng, *COMMANDS) if world.rng.random() < world.cards.clumsy else None
        world.note(f"card in: {getattr(card, 'state', card)!r:.60}, to be pulled: {pull}")
        world.cards.reader.put_in(card, pull)

    def _chooses(self, kiosk: Any) -> None:
        rng, sight = self.world.rng, kiosk.core.session.card
        verdict = sight.known.verdict if sight is not None and sight.known is not None else ""
        if verdict == "owed" or (verdict == "ready" and self.notes and not self.steady):
            kiosk.tell(
                Intent("rewrite" if verdict == "owed" and self.steady else rng.choice(DONE_WITH[verdict]))
            )
        elif rng.random() < 0.5:
            kiosk.tell(Intent("take_card"))
        else:
            self.world.cards.reader.remove()
            self.gone = True

    def _is_asked(self, kiosk: Any) -> None:
        """The card is wanted back."""
        rng, cards = self.world.rng, self.world.cards
        luck = rng.random()
        if cards.reader.inside is not None:
            if luck < 0.3:
                cards.reader.remove()
        elif not self.steady and luck < cards.later:
            kiosk.tell(Intent("write_later"))
        elif self.steady or luck < 0.55:
            self._puts_in(self.home.hand or self.card)
        elif luck < 0.65:
            self._puts_in(rng.choice(cards.others()))
        elif luck < 0.7:
            self.world.note(self.home.takes(a_pull(rng, 25) if rng.random() < 0.3 else None))
        elif luck < 0.75:
            rewrite_elsewhere(self.world, self.home)
        elif luck < 0.8:
            self.gone = True

    def _ends(self, kiosk: Any, page: Page) -> None:
        rng, reader = self.world.rng, self.world.cards.reader
        if reader.inside is not None and (self.steady or rng.random() < 0.7):
            reader.remove()
        elif not self.begun and (self.steady or rng.random() < 0.7):
            kiosk.tell(Intent("finish"))  # it is what the one before has seen
        elif self.steady or rng.random() < 0.4:
            self.gone = True
        elif rng.random() < 0.3:
            kiosk.tell(Intent(rng.choice(["finish", "insert_again"])))
        if page is Page.CARD_TROUBLE:
            self.card = self.home.hand or self.card

    def goes_home(self) -> None:
        """Take the card along, mostly, and put it into the meter: whole, too early, more than once, or not at all."""
        world, rng, home = self.world, self.world.rng, self.home
        inside = world.cards.reader.card
        if inside is not None and rng.random() < 0.9:
            world.cards.reader.remove()
        if home.hand is None or world.cards.reader.card is home.hand:
            return
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            world.note(home.takes(a_pull(rng, 25) if rng.random() < world.cards.clumsy else None))
            home.uses(rng.choice([0, 100, 2500]))
        if rng.random() < 0.1:
            rewrite_elsewhere(world, home)
