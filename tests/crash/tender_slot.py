"""The bank card's slot and the PIN pad of the tenders' world: a card that is put in, held out and taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.core.inputs import BankCardFace, BankCardFelt, BankCardRead, DeviceFelt, Input, PinSaid, Scanned
from kiosk.hubclient.tender_wire import BankCard
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from simulators.banks.cards import Card
from tests.crash.tender_line import MemoryHold

FINE = DeviceHealth(DeviceStatus.ONLINE)
Done = Callable[[Effect], None]


class Slot:
    """The motorised unit, which keeps a card that is in when the kiosk dies. `place` is one of BankCardFelt's."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.card: Card | None = None
        self.bank = ""
        self.place = "none"
        self.request = ""
        self.binned = 0

    def put_in(self, bank: str, card: Card) -> None:
        """A customer puts a card in, if the unit takes one."""
        if self.request and self.card is None:
            self.bank, self.card, self.place = bank, card, "in"
            self.world.kiosk.slot_lane.moved()

    def hold_out(self) -> None:
        """Give the card back; it is taken soon, or left."""
        self.request = ""
        if self.place == "in":
            self.place = "mouth"
            self.world.later(self.world.rng.choice([0.5, 3.0, 3.0, 70.0]), self._taken)

    def keep(self) -> None:
        """Draw the card into the bin."""
        self.request = ""
        if self.card is not None:
            self.card, self.place = None, "captured"
            self.binned += 1

    def _taken(self) -> None:
        if self.place == "mouth":
            self.card, self.place = None, "taken"
            self.world.kiosk.slot_lane.moved()


class UnitLane(Lane):
    """A lane that has done what it is told at once."""

    busy = False
    waiting: tuple[Effect, ...] = ()

    def __init__(self, name: str, world: Any, tell: Callable[[Input], None], done: Done) -> None:
        super().__init__(name, tell)
        self.world, self.done, self.dead = world, done, False

    def listen(self) -> None:
        self.tell(DeviceFelt({"bank_card": "bank_reader"}.get(self.name, self.name), FINE))

    def soon(self, told: Input, seconds: float = 0.3) -> None:
        self.world.later(seconds, lambda: None if self.dead else self.tell(told))


class SlotLane(UnitLane):
    """The bank card reader's lane."""

    def __init__(
        self, world: Any, tell: Callable[[Input], None], done: Done, hold: MemoryHold, slot: Slot
    ) -> None:
        super().__init__("bank_card", world, tell, done)
        self.slot, self.hold, self.told = slot, hold, "none"

    def put(self, effect: Effect) -> None:
        match effect:
            case fx.AcceptBankCard(request):
                self.slot.request = request
                if self.slot.place in {"taken", "captured"}:
                    self.slot.place = "none"
            case fx.EjectBankCard():
                self.slot.hold_out()
                self.hold.forget()
            case fx.CaptureBankCard():
                self.slot.keep()
        self.world.later(0.2, self.moved)

    def listen(self) -> None:
        super().listen()
        self.slot.request = ""
        self.moved()

    def moved(self) -> None:
        """Tell where the card is now, and what is on it."""
        slot = self.slot
        if self.dead or self.told == slot.place:
            return
        self.told = slot.place
        self.tell(BankCardFelt(slot.place))
        if slot.place == "in" and slot.request and slot.card is not None and not self.dead:
            self._reads(slot.card, slot.request)
        elif slot.place in {"taken", "captured"}:
            slot.place = "none"

    def _reads(self, card: Card, request: str) -> None:
        if self.world.rng.random() < self.world.bad / 6:
            self.soon(BankCardRead(request, None, "unreadable"), 1.0)
            return
        self.hold.put_card(BankCard(pan=card.pan, expiry=card.expiry, track2=card.track2))
        face = BankCardFace(f"{card.pan[:6]}*********{card.pan[-4:]}", card.pan[:6], len(card.pan))
        self.soon(BankCardRead(request, face), 1.0)


class PadLane(UnitLane):
    """The PIN pad's lane; the customer types what he thinks the PIN is."""

    def __init__(
        self, world: Any, tell: Callable[[Input], None], done: Done, hold: MemoryHold, slot: Slot
    ) -> None:
        super().__init__("pin_pad", world, tell, done)
        self.slot, self.hold = slot, hold

    def put(self, effect: Effect) -> None:
        if isinstance(effect, fx.AskPin) and self.slot.card is not None:
            self.hold.put_pin_block(self._block(effect, self.slot.card))
            word = self.world.rng.choice(["entered"] * 12 + ["cancelled", "timeout"])
            self.soon(PinSaid(effect.request, "typed", 6), 2.0)
            self.soon(PinSaid(effect.request, word, 6), 4.0)

    def _block(self, effect: fx.AskPin, card: Card) -> bytes:
        block: bytes = self.world.house.pin_block(effect.acquirer, effect.wrapped, card)
        self.world.judge.secrets |= {block.hex().upper().encode()}
        return block


class ScanLane(UnitLane):
    """The scanner's lane: now and then a customer holds out a code of his own."""

    def __init__(self, world: Any, tell: Callable[[Input], None], done: Done, hold: MemoryHold) -> None:
        super().__init__("scanner", world, tell, done)
        self.hold = hold

    def put(self, effect: Effect) -> None:
        if isinstance(effect, fx.StopScan):
            self.hold.take_payer()
        elif isinstance(effect, fx.Scan) and effect.wanted == "payer" and self.world.rng.random() < 0.3:
            self.world.later(self.world.rng.choice([1.0, 5.0]), self._held_out)

    def _held_out(self) -> None:
        if not self.dead:
            code = f"28{self.world.rng.randrange(10**16):016d}"
            self.world.judge.secrets |= {code.encode()}
            self.hold.put_payer(code)
            self.tell(Scanned("payer"))
