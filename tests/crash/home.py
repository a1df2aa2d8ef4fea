"""Homes with a meter that takes cards: the meter's memory, the files of its cards, and what has truly gone from one to
the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random

from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import CardContents, Wallet
from drivers.meter_card.profile import PARAMETER, WALLET, WRITE_BACK
from drivers.security import bench_keys
from drivers.security.keys import CardKeySet
from drivers.security.software import SoftwareModule
from hub.business.cards import Card, CardMeter
from hub.business.numbers import meter_number
from simulators.cards.card import Cut
from simulators.cards.slot import CardSlot, Pull
from simulators.cards.user_card import UserCard, blank
from simulators.meter import Meter
from simulators.meter_rules import MeterState

PROFILE = "state_grid_2013"
LAYOUT = Layout.named(PROFILE)
OFTEN = (1, 7, 255, 65535)
"""Purchase counts that a card has seen; after some of them more than the last byte changes."""
NOW = "2026-11-20T21:18"


@dataclass(frozen=True)
class _Masters(CardKeySet):
    """The bench's master keys; deriving a card's own takes longer than all that is done with them."""

    def for_serial(self, serial: str) -> CardKeySet:
        return _keys_of(serial)


_BENCH = bench_keys.card_keys(PROFILE)
MASTERS = _Masters(_BENCH.cipher, _BENCH.internal, _BENCH.external, _BENCH.mac)
MODULE = SoftwareModule({PROFILE: MASTERS}, bench=True)


@cache
def _keys_of(serial: str) -> CardKeySet:
    return _BENCH.for_serial(serial)


def file_of(chip: UserCard, name: str) -> bytes:
    """One of the card's own files, by the profile's name."""
    return chip.state.files[LAYOUT.file(name).p1 & 0x1F]


def serial_of(chip: UserCard) -> str:
    """The card's serial as kiosk and hub write it."""
    return chip.state.serial.hex().upper()


def wallet_of(chip: UserCard) -> Wallet:
    """What stands in the card's wallet, torn or whole."""
    raw = file_of(chip, WALLET)
    return Wallet(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big"))


def is_open_for(chip: UserCard, wallet: Wallet) -> bool:
    """Whether the meter would take just this from the card: the wallet whole, and nothing of its own on it."""
    return wallet_of(chip) == wallet and LAYOUT.is_empty(file_of(chip, WRITE_BACK))


def contents_of(chip: UserCard) -> CardContents | None:
    """What can be read of a card; nothing where a file is torn."""
    try:
        files = {name: file_of(chip, name) for name in (PARAMETER, WALLET, WRITE_BACK)}
        return LAYOUT.contents(files, serial_of(chip))
    except ValueError:
        return None


def bears(chip: UserCard, wallet: Wallet) -> bool:
    """Whether a card can be read whole, and its meter would take just this from it."""
    return is_open_for(chip, wallet) and contents_of(chip) is not None


@dataclass(eq=False)
class Home:
    """One account's meter and its card. Amounts in fen."""

    account_no: str
    number: int
    rng: Random
    limit_fen: int
    count: int
    taken: bool
    """Whether the meter has the purchase that stood on the card when the run began."""
    opened: bool = True
    """False for a meter that never had a card; its count is 0."""
    credits: Counter[int] = field(default_factory=Counter)
    """How often the meter has credited a purchase count in this run."""
    credited_fen: int = 0
    began_fen: int = 0
    """What stood on the card and was not taken when the run began."""

    chips: dict[str, UserCard] = field(default_factory=dict)
    """Every card that was ever the meter's by the hub's books, by serial."""
    serial: str = ""
    """The card that is the meter's by the hub's books now; none before its first."""
    hand: UserCard | None = None
    """The card that the customer has."""
    lost: list[UserCard] = field(default_factory=list)
    """Cards of this meter that lie somewhere; some turn up again."""

    def __post_init__(self) -> None:
        self.meter_no = meter_number(f"9900088{self.number:014d}")
        self.card_meter_no, self.customer_no = self.meter_no[9:21], self.account_no.rjust(12, "0")
        self.phone, self.identity_end = f"1390000{self.number:04d}", f"{self.number:06d}"
        first = f"A5{self.number:014d}"
        chip = UserCard(blank(PROFILE, first, MASTERS), self.rng.randbytes)
        self.amount_fen = self.rng.choice([1000, 5000, 12300])
        order = LAYOUT.order(self._parameters(), Wallet(self.amount_fen, self.count))
        self.form = {LAYOUT.file(each.file).p1 & 0x1F: each.data for each in order}
        chip.state.files.update(self.form)
        left = self.rng.choice([0, 700, 3520])
        self.meter = Meter(
            MeterState(
                meter_no=self.card_meter_no,
                hoarding_limit_fen=self.limit_fen,
                opened=self.opened,
                customer_no=self.customer_no if self.opened else "",
                card_serial=first if self.opened else "",
                count=self.count - (not self.taken),
                balance_fen=left,
            ),
            LAYOUT,
            MODULE,
            self.rng.randbytes,
        )
        if not self.opened:
            return
        self.serial, self.hand = first, chip
        self.chips[first] = chip
        if self.taken:
            chip.state.files[LAYOUT.file(WRITE_BACK).p1 & 0x1F] = self.meter._write_back(NOW)
        else:
            self.began_fen = self.amount_fen

    @property
    def chip(self) -> UserCard:
        """The card that is the meter's now."""
        return self.chips[self.serial]

    def _parameters(self) -> dict[str, Value]:
        return {
            "user_type": 3,
            "update_flag": self.rng.choice([0, 0, 0x80]),
            "alarm1_fen": 2000,
            "alarm2_fen": 500,
            "meter_no": self.card_meter_no,
            "customer_no": self.customer_no,
            "card_type": LAYOUT.profile.card_types["purchase"],
        }

    @property
    def at_hub(self) -> tuple[CardMeter, Card | None]:
        """What the hub knows of meter and card when the run begins."""
        meter = CardMeter(
            meter_no=self.meter_no,
            account_no=self.account_no,
            card_meter_no=self.card_meter_no,
            customer_no=self.customer_no,
            profile=PROFILE,
            user_type=3,
            purchase_count=self.count,
            hoarding_limit_fen=self.limit_fen,
            alarm1_fen=2000,
            alarm2_fen=500,
            ct_ratio=1,
            pt_ratio=1,
            opened=self.opened,
        )
        return meter, Card(self.serial, self.meter_no, "active", self.serial) if self.opened else None

    def takes(self, pull: Pull | None = None, chip: UserCard | None = None) -> str:
        """Put a card into the meter, the customer's own unless told, and take it out again: at once, or when the
        meter is through."""
        chip = chip or self.hand
        if chip is None:
            return f"the meter of {self.account_no} gets no card"
        slot, before = CardSlot(), self.meter.state
        slot.insert(chip, pull)
        slot.connect()
        shown = self.meter.take(slot.exchange, NOW)
        after = self.meter.state
        if after.credited_fen != before.credited_fen:
            self.credits[after.count] += 1
            self.credited_fen += after.credited_fen - before.credited_fen
        slot.remove()
        error = "" if shown.error is None else f", {shown.error.name}"
        return f"the meter of {self.account_no} has {after.count}, credited {shown.credited_fen}{error}"

    def uses(self, fen: int) -> None:
        """Electricity is used at home."""
        self.meter.use(fen)

    @property
    def waiting_fen(self) -> int:
        """What stands on a card and the meter will credit when it sees it; of two that carry the same count, once."""
        return max((self._waits_on(chip) for chip in self.chips.values()), default=0)

    def _waits_on(self, chip: UserCard) -> int:
        wallet = wallet_of(chip)
        new = wallet.count == self.meter.state.count + 1 and is_open_for(chip, wallet)
        whose = contents_of(chip)
        own = whose is not None and (whose.meter_no, whose.customer_no) == (
            self.card_meter_no,
            self.customer_no,
        )
        return wallet.amount_fen if new and own else 0

    def delivered(self, wallet: Wallet) -> bool:
        """Whether the meter has this purchase, or will have it when it sees a card of its own."""
        return self.meter.state.count >= wallet.count or any(
            bears(chip, wallet) for chip in self.chips.values()
        )

    def loses(self) -> None:
        """The card is not to be found."""
        if self.hand is not None:
            self.lost.append(self.hand)
            self.hand = None

    def gets(self, chip: UserCard) -> None:
        """A card comes into the customer's hand; one that was there is put away."""
        if chip is not self.hand:
            self.loses()
            self.hand = chip
            self.lost = [each for each in self.lost if each is not chip]

    def is_outdated(self, chip: UserCard) -> bool:
        """Whether a meter that sees this card would shut the newer one out, which nobody can help: a stated limit."""
        found = contents_of(chip)
        newer = found is None or found.card_type != LAYOUT.profile.card_types["purchase"]
        return serial_of(chip) != self.serial and newer and LAYOUT.is_empty(file_of(chip, WRITE_BACK))


def a_pull(rng: Random, most: int, first: int = 0, last: int = 0) -> Pull:
    """Somebody pulls the card at one of so many commands: before it, in the middle, after it.

    Every second time it is one of those from `first` to before `last`.
    """
    at = rng.randrange(first, last) if last and rng.random() < 0.5 else rng.randrange(most)
    return Pull(at, rng.choice(list(Cut)), rng.choice([None, rng.randrange(49)]))
