"""The meter cards of a world: homes, the kiosk's reader, other cards that somebody brings, and what befalls them."""

from __future__ import annotations

from typing import Any

from hub.business.cards import Card, Purchase
from kiosk.config import MeterCard
from simulators.cards.card import Cut, SimulatedCard
from simulators.cards.strange import StrangeCard
from simulators.cards.user_card import UserCard, blank
from tests.crash.card_aims import LATE, RARE, new_card_luck
from tests.crash.card_hub import Keys, mark_of
from tests.crash.card_judge import CardJudge
from tests.crash.coverage import Mark
from tests.crash.dispenser import Unit
from tests.crash.home import MASTERS, PROFILE, Home, serial_of
from tests.crash.memory import Books
from tests.crash.memory_cards import add_card_meter
from tests.crash.reader import Reader
from tests.crash.ways import Way

WHOLE_FEN = 99_999_999
METER_CARD = MeterCard(reader="the only one", profiles=(PROFILE,), take_card_s=20.0, card_back_s=30.0)


class Cards:
    """Everything about meter cards in one world."""

    def __init__(self, world: Any, aim: Mark | None, *, new: bool = False) -> None:
        """`new`: new cards are made here."""
        rng = world.rng
        self.world, self.rng = world, rng
        self.dispenser = Unit(world, self) if new else None
        self.blanks: dict[str, UserCard] = {}
        """The cards that came from the stack, by serial."""
        accounts = list(world.town)[: rng.choice([1, 1, 2])]
        self.homes = [self._home(number, account_no) for number, account_no in enumerate(accounts, 1)]
        self.blank = UserCard(blank(PROFILE, "A5" + "9" * 14, MASTERS), rng.randbytes)
        self.judge = CardJudge(world, self)
        self.reader = Reader(world)
        self.keys = Keys()
        self.shown: set[str] = set()
        """Serials of the cards that stood in the reader since the last customer came."""
        self.strangers = 0.2 if aim is None else 0.02
        """How often a customer comes who has no card."""
        self.clumsy = rng.choice([0.0, 0.1, 0.4])
        """How often somebody pulls the card at some command of the kiosk's."""
        self.weak = rng.choice([0.0, 0.0, 0.0, 0.02])
        """How often a card's memory says that it has kept what it has not."""
        if aim is not None and (aim[0] == "torn" or aim[1] in RARE):
            self.clumsy, self.weak = 0.3, 0.25
        elif aim is not None:
            self.clumsy = 0.25 if aim[0] in {"writing", "reading_back", "owed"} else 0.05
        self.pulls, self.later = self.clumsy / 4, 0.1
        """How often the card comes out while notes go in, and how often it is to be written another day."""
        if aim is not None and (aim[:2] in LATE or aim[0] == "owed"):
            self.pulls, self.later = 0.4, 0.4
        often = 0.4 if aim is None or aim[0] in {"reading_back", "torn"} else 0.0
        self.dies_in = rng.randrange(1, 100) if rng.random() < often else 0
        """The kiosk's power goes at so manieth command to a card; 0 for never."""
        self.luck = new_card_luck(rng, aim)
        if self.dispenser is not None:
            self.dispenser.trouble = self.luck.stuck
            self.weak = min(self.weak, 0.1)
            self.world.slow_paper = max(self.world.slow_paper, self.luck.slow_paper)

    def _home(self, number: int, account_no: str) -> Home:
        rng = self.rng
        limit = rng.choice([WHOLE_FEN, WHOLE_FEN, 12000])
        if self.dispenser is not None and rng.random() < 0.3:
            return Home(account_no, number, rng, limit, 0, True, opened=False)
        return Home(account_no, number, rng, limit, rng.choice([1, 1, 7, 255, 65535]), rng.random() < 0.9)

    def open_books(self, books: Books) -> None:
        """Write meters and cards into the hub's books; and what was sold last, where a new card would carry it."""
        for home in self.homes:
            add_card_meter(books, *home.at_hub)
            if self.dispenser is not None:
                books.rows["marks", (home.account_no, "phone")] = mark_of(home.phone)
                books.rows["marks", (home.account_no, "identity_no")] = mark_of(home.identity_end)
                if home.opened:
                    order = self._sold_before(home)
                    books.rows["purchases", order.id] = self.judge.sold[order.id] = order
        serial = serial_of(self.blank)
        books.rows["cards", serial] = Card(serial, None, "blank", serial)

    def _sold_before(self, home: Home) -> Purchase:
        return Purchase(
            id=f"{home.number:032x}",
            meter_no=home.meter_no,
            account_no=home.account_no,
            kind="purchase",
            count=home.count,
            amount_fen=home.amount_fen,
            state="taken" if home.taken else "written",
            card_mark=home.serial,
            reference=None,
            paid_at=self.world.hub_clock(),
            serial=0,
        )

    def from_stack(self, *, good: bool = False) -> SimulatedCard:
        """The next card of a dispenser's stack: blank and good, as a rule."""
        serial, rng = f"B5{len(self.blanks) + 1:014d}", self.rng
        card = UserCard(blank(PROFILE, serial, MASTERS), rng.randbytes)
        self.blanks[serial] = card
        self.world.books.rows["cards", serial] = Card(serial, None, "blank", serial)
        if good or not self.world.bad:
            return card
        ways = self.world.coverage.ways
        if rng.random() < self.luck.worn:
            ways[Way.WORN] += 1
            card.state.writes_left = rng.randrange(10)
        elif rng.random() < 0.05:
            ways[Way.MUTE] += 1
            return StrangeCard("mute")
        elif rng.random() < 0.05:
            ways[Way.USED] += 1
            card.state.files.update(self.homes[0].form)
        return card

    def others(self) -> list[SimulatedCard]:
        """Cards that are not the customer's."""
        own = (chip for home in self.homes for chip in home.chips.values() if self._is_out(chip))
        return [self.blank, StrangeCard("bank"), StrangeCard("mute"), *own]

    def _is_out(self, chip: UserCard) -> bool:
        return any(chip is home.hand or chip in home.lost for home in self.homes)

    def home_at(self, account_no: str) -> Home:
        """The home of an account."""
        return next(home for home in self.homes if home.account_no == account_no)

    def home_of(self, serial: str) -> Home | None:
        """The home whose card it is, or was."""
        return next((home for home in self.homes if serial in home.chips), None)

    def home_of_meter(self, meter_no: str) -> Home:
        """The home with this meter."""
        return next(home for home in self.homes if home.meter_no == meter_no)

    def chip_of(self, serial: str) -> UserCard | None:
        """A card by its serial, of a home or from the stack."""
        home = self.home_of(serial)
        return home.chips[serial] if home is not None else self.blanks.get(serial)

    def becomes(self, serial: str, home: Home) -> None:
        """By the hub's books this is the card of a home's meter from now on."""
        chip = self.chip_of(serial)
        assert chip is not None
        home.chips[serial], home.serial = chip, serial

    def meter_no(self, card_meter_no: str) -> str:
        """The whole number of the meter whose number stands on a card."""
        found = (home.meter_no for home in self.homes if home.card_meter_no == card_meter_no)
        return next(found, "no such meter")

    def dies_at_command(self) -> Cut | None:
        """Whether the kiosk's power goes at this command, and when; counted down at each."""
        self.dies_in -= 1
        if self.dies_in == 0 and self.world.bad:
            return Cut(self.rng.choice(list(Cut)))
        return None

    def cell_is_weak(self) -> bool:
        """Whether the card's memory keeps only a part of what it is given, and says otherwise."""
        return self.weak > 0.0 and bool(self.rng.random() < self.weak)

    def misfortune(self) -> None:
        """Somebody trips over a cable, and puts it back; or takes what is held out to somebody else."""
        rng, unit, later = self.rng, self.dispenser, self.world.later
        wait = rng.choice([1.0, 8.0, 60.0])
        if unit is None or rng.random() < 0.4:
            reader = self.reader if unit is None or rng.random() < 0.5 else unit.reader
            self.world.note("a reader is unplugged")
            reader.unplugged = True
            reader.moved()
            later(wait, reader.plugged)
        elif rng.random() < 0.5:
            self.world.note("the dispenser's cable is out")
            unit.mute = True
            unit.changed()
            later(wait, unit.plugged)
        else:
            self.passer_by()

    def passer_by(self) -> None:
        """Somebody takes a new card that is held out and nobody watches."""
        card = self.dispenser.taken() if self.dispenser is not None else None
        if isinstance(card, UserCard):
            self.world.coverage.ways[Way.PASSER_BY] += 1
            self.judge.new.out(card)
            home = self.home_of(serial_of(card))
            if home is not None:
                home.lost.append(card)

    def disconnect(self) -> None:
        """The kiosk's process is gone, and no card has power any more."""
        self.reader.disconnect()
        if self.dispenser is not None:
            self.dispenser.reader.disconnect()

    def cut(self) -> None:
        """The cabinet is without power."""
        if self.dispenser is not None:
            self.dispenser.cut()

    def heal(self) -> None:
        """From here on nothing befalls cards and readers."""
        self.clumsy, self.weak, self.dies_in = 0.0, 0.0, 0
        self.reader.plugged()
        if self.dispenser is not None:
            self.dispenser.reader.plugged()
            self.dispenser.heal()

    def turn_up(self) -> None:
        """What lay somewhere is found, and what lies in the bin is handed to its owner: every home has its card."""
        unit = self.dispenser
        binned = [card for card in unit.bin if isinstance(card, UserCard)] if unit is not None else []
        for card in binned:
            home = self.home_of(serial_of(card))
            if home is not None and home.serial == serial_of(card):
                home.lost.append(card)
        for home in self.homes:
            for chip in (*home.lost, *([home.hand] if home.hand else [])):
                if serial_of(chip) == home.serial:
                    home.gets(chip)
