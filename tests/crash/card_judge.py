"""Meter cards, judged: what a card is asked, what the journal says of it, and what the hub sells and believes.

The measure is what stands in the card's own files and in the meter's own memory, not what kiosk or hub know of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.meter_card.model import FileData, Wallet
from drivers.meter_card.profile import WALLET
from hub.business.card_answers import write_now
from hub.business.card_forms import CardWrite
from hub.business.cards import CardMeter, Purchase, WriteRecord
from kiosk.payment import events as ev
from kiosk.payment.event import PurchaseFacts
from kiosk.payment.model import NEW_CARD
from simulators.cards.user_card import UserCard
from tests.crash.home import LAYOUT, Home, bears, contents_of, file_of, serial_of, wallet_of
from tests.crash.new_card_judge import NewCardJudge

OK = b"\x90\x00"


@dataclass
class CardJudge:
    """Told of every command that the kiosk's reader gives to a card, every row, every commit of the hub."""

    world: Any
    cards: Any
    goods: dict[str, PurchaseFacts] = field(default_factory=dict)
    """What each payment is to bring onto its card, by the journal."""
    bought_on: dict[str, ev.CardFacts] = field(default_factory=dict)
    """The card of each payment that buys power, by the journal."""
    whose: dict[str, Home] = field(default_factory=dict)
    """The home of each payment for power or a new card, by the journal."""
    intended: set[str] = field(default_factory=set)
    """The writes that the journal permits."""
    whole: dict[str, bool] = field(default_factory=dict)
    """Whether the kiosk's last command of a write has left it whole on its card."""
    looked: dict[str, bool] = field(default_factory=dict)
    """Whether the wallet of a card was read since the last command that wrote on it."""
    begun: dict[str, str] = field(default_factory=dict)
    """The write of each payment, from when the journal permits it."""
    told: dict[str, str] = field(default_factory=dict)
    """How the hub had the write of each payment when it was told of its end."""
    sold: dict[str, Purchase] = field(default_factory=dict)
    first: dict[str, Purchase] = field(default_factory=dict)
    """What was sold, as it was then."""
    counts: dict[str, int] = field(default_factory=dict)
    """The last count that was sold for a meter."""
    writes: dict[str, WriteRecord] = field(default_factory=dict)
    files: dict[str, CardWrite] = field(default_factory=dict)
    """What each write puts on its card, by the hub."""

    room: dict[str, int] = field(default_factory=dict)
    """How much power the card of each payment could take in when the payment began, by what stood on the card."""
    raced: set[str] = field(default_factory=set)
    """The payments whose count or card was sold to another one before their money reached the hub."""
    new: NewCardJudge = field(init=False)

    def __post_init__(self) -> None:
        self.new = NewCardJudge(self.world, self.cards)
        self.counts.update({home.meter_no: home.count for home in self.cards.homes})

    def wrong(self, kind: Any, text: str, fen: int = 0) -> None:
        self.world.judge.wrong(kind, text, fen)

    # What the card is asked.

    def asked(self, card: Any, raw: bytes, answer: bytes, before: Mapping[int, bytes]) -> None:
        """The kiosk has given a command to a card; `before` is what stood in its files."""
        if not isinstance(card, UserCard):
            return
        serial = serial_of(card)
        match raw[1]:
            case 0x82:
                shown = self.cards.keys.given.get(raw[5:])
                if shown is not None and shown != serial:
                    text = f"card {serial[-4:]} is asked to let in whom card {shown[-4:]} would"
                    self.wrong("broken", text)
            case 0xB0 if answer.endswith(OK) and raw[2] == LAYOUT.file(WALLET).p1:
                self.looked[serial] = True
            case 0xD6 if answer.endswith(OK) or card.state.files != before:
                self._written_on(card, serial, raw)

    def _written_on(self, card: UserCard, serial: str, raw: bytes) -> None:
        self.looked[serial] = False
        message = raw[:-4]
        own = [w for w in self.files.values() if self._is_for(w, serial) and message in _messages(w)]
        if not own:
            self.wrong("broken", f"card {serial[-4:]} is written on, which the hub never authorised")
            return
        permitted = [write for write in own if write.id in self.intended]
        if not permitted:
            self.wrong("broken", f"I7: card {serial[-4:]} is written on before a row permits it")
            return
        newest = permitted[-1]  # the hub computes for no other
        self.whole[newest.id] = stands(card, newest)
        if raw[2] == LAYOUT.file(WALLET).p1:
            self._wallet(card, newest)

    def _is_for(self, write: CardWrite, serial: str) -> bool:
        return self.writes[write.id].card_mark == serial

    def _wallet(self, card: UserCard, write: CardWrite) -> None:
        """The wallet is what the meter goes by: it comes last, and only when the count before it is in the meter."""
        home = self.cards.home_of(self.writes[write.id].card_mark)
        if not self.cards.weak:
            for each in write.files[:-1]:
                if file_of(card, each.file) != bytes.fromhex(each.data):
                    self.wrong("broken", f"the wallet of a card is written before its {each.file}")
        if home is not None and write.count > home.meter.state.count + 1:
            stands_at = home.meter.state.count
            text = f"count {write.count} goes onto a card whose meter stands at {stands_at}"
            self.wrong("lost", text, write.amount_fen)

    # What the journal says.

    def durable(self, event: ev.AnyEvent) -> None:
        """A row is on disk."""
        match event:
            case ev.PaymentOpened(business="buy_power"):
                self._opened(event)
            case ev.PaymentOpened(business=business, key=key) if business in NEW_CARD:
                home = self.cards.home_at(event.account.account_no)
                self.whose[key], self.room[key] = home, home.limit_fen
            case ev.RewriteOpened(key=key, purchase=purchase):
                self.goods[key] = purchase
            case ev.GoodApproved(key=key, purchase=purchase):
                self.goods[key] = purchase
                self._approved(key, purchase)
            case ev.WriteIntended(key=key, write_id=write_id):
                self.intended.add(write_id)
                self.begun[key] = write_id
            case ev.OutcomeTaken(key=key, state=state):
                self.told[key] = state
            case ev.WriteVerified(key=key):
                self._verified(key)
            case ev.WriteAbsent(key=key) if self._on_card(key):
                self.wrong("broken", f"the journal says of {key[-4:]} that nothing is on its card, and it is")
            case ev.WriteTorn(key=key) if self._stands(key):
                self.wrong("broken", f"the journal calls the card of {key[-4:]} torn, and it is whole")
            case ev.WriteGivenUp(key=key, outcome="failed"):
                if self.whole.get(self.begun.get(key, "")):
                    self.wrong("broken", f"the journal says failed of {key[-4:]}, and it is on its card")
        if self.cards.dispenser is not None:
            self.new.durable(event)

    def _opened(self, event: ev.PaymentOpened) -> None:
        card, shown = event.card, self.cards.shown
        if card is None or card.serial not in shown:
            name = card.serial[-4:] if card else "none"
            self.wrong("broken", f"power is sold for card {name}, which nobody has put in")
            return
        self.bought_on[event.key] = card
        home = self.cards.home_of(card.serial)
        if home is None:
            return
        self.whose[event.key] = home
        found = contents_of(home.chips[card.serial])
        told = found.write_back if found is not None else None
        self.room[event.key] = home.limit_fen - (told.remaining_fen if told else 0)

    def _approved(self, key: str, purchase: PurchaseFacts) -> None:
        row = self.first.get(key)
        # For a new card the kiosk names the one that stands ready, and the hub none before it is written.
        serial = row.card_mark or purchase.card_serial if row is not None else ""
        if row is None or (row.count, row.amount_fen, serial) != (
            purchase.count,
            purchase.amount_fen,
            purchase.card_serial,
        ):
            self.wrong("broken", f"payment {key[-4:]}: the kiosk holds another purchase than the hub sold")

    def _verified(self, key: str) -> None:
        good = self.goods[key]
        if not self._on_card(key):
            chip = self.cards.chip_of(good.card_serial)
            held = wallet_of(chip) if chip else None
            text = f"the journal says that count {good.count} is on its card, which holds {held}"
            self.wrong("lost", text, good.amount_fen)
        elif not self.looked.get(good.card_serial):
            self.wrong("broken", f"count {good.count} is called written before anybody has looked")

    def _on_card(self, key: str) -> bool:
        """Whether what was bought stands whole on its card, or has gone from it into the meter."""
        good = self.goods[key]
        if good.good in {"reissue", "open"}:
            return self.is_whole(key)  # it is in the machine
        home = self.cards.home_of(good.card_serial)
        if home is None:
            return False
        wallet = Wallet(good.amount_fen, good.count)
        return home.meter.state.count >= good.count or bears(home.chips[good.card_serial], wallet)

    def is_whole(self, key: str) -> bool:
        """Whether all that the payment's write puts on its card stands there."""
        good, write = self.goods[key], self.files.get(self.begun.get(key, ""))
        chip = self.cards.chip_of(good.card_serial)
        return chip is not None and write is not None and stands(chip, write)

    def owed(self, home: Home) -> bool:
        """Whether something that was sold for the meter is not in it, and stands on no card of it either."""
        mine = (row for row in self.sold.values() if row.meter_no == home.meter_no and row.sells)
        return any(not home.delivered(Wallet(row.amount_fen, row.count)) for row in mine)

    def _stands(self, key: str) -> bool:
        """Whether all that was to be written stands on the card, or has gone from it into the meter."""
        good, home = self.goods[key], self.cards.home_of(self.goods[key].card_serial)
        taken = home is not None and home.meter.state.count >= good.count
        return (taken and good.good not in {"reissue", "open"}) or self.is_whole(key)

    # What the hub sells and believes.

    def committed(self, rows: Mapping[tuple[str, Any], Any]) -> None:
        """The hub has kept these rows."""
        for (table, key), row in rows.items():
            if table == "purchases":
                self._purchase(key, row, rows)
            elif table == "card_writes":
                self._record(key, row)
            elif self.cards.dispenser is not None:
                self.new.committed(table, row)

    def _purchase(self, key: str, row: Purchase, rows: Mapping[tuple[str, Any], Any]) -> None:
        home = self.cards.home_of_meter(row.meter_no)
        before = self.sold.get(key)
        self.sold[key] = row
        self.first.setdefault(key, row)
        if before is None:
            self.raced |= {
                other
                for other, its in self.whose.items()
                if other not in self.sold and its is home and self._is_late(other, row)
            }
        if before is None and row.kind != "purchase" and self.new.owes(home, but=key):
            self.wrong("lost", f"a second new card of {home.account_no} is sold while one is owed")
        if row.kind != "purchase":
            self.new.sold(home, row, before)
        if before is None and row.sells:
            self._sale(home, row, rows.get(("card_meters", row.meter_no)))
            return
        if row.kind == "reissue":
            self._carries(home, row, before)
        if before is None:
            return
        another = (before.count, before.amount_fen) != (row.count, row.amount_fen) and row.sells
        if another or (before.card_mark != row.card_mark and row.kind == "purchase"):
            self.wrong("broken", f"purchase {key[-4:]} is another one after it was sold")
        self._believed(home, before, row)

    def _is_late(self, key: str, row: Purchase) -> bool:
        """Whether a payment may find nothing to buy any more once this is sold."""
        card = self.bought_on.get(key)
        return row.kind != "purchase" if card is None else row.kind != "purchase" or card.count < row.count

    def _carries(self, home: Home, row: Purchase, before: Purchase | None) -> None:
        """A reissue carries the last purchase once more, with its own count and amount."""
        if before is not None and (before.count, before.amount_fen) == (row.count, row.amount_fen):
            return
        due = self.sold_last(home)
        if (row.count, row.amount_fen) != due:
            text = f"a reissue carries count {row.count} with {row.amount_fen} fen, and {due} was sold last"
            self.wrong("lost", text, row.amount_fen)

    def sold_last(self, home: Home) -> tuple[int, int]:
        """Count and amount of what was sold last for the meter; a reissue carries them."""
        count = self.counts[home.meter_no]
        own = (each for each in self.sold.values() if each.sells and each.meter_no == home.meter_no)
        amounts = [each.amount_fen for each in own if each.count == count]
        return count, amounts[-1] if amounts else home.amount_fen

    def _believed(self, home: Home, before: Purchase, row: Purchase) -> None:
        """What the hub believes of a purchase is so."""
        has, wallet = home.meter.state.count >= row.count, Wallet(row.amount_fen, row.count)
        chip = self.cards.chip_of(row.card_mark or "")
        if row.state == "taken" and not has:
            stands_at = home.meter.state.count
            text = f"the hub says that the meter has count {row.count}, and it stands at {stands_at}"
            self.wrong("lost", text, row.amount_fen)
        elif row.state == "written" and not home.delivered(wallet):
            held = wallet_of(chip) if chip is not None else None
            text = f"the hub says that count {row.count} is on its card, which holds {held}"
            self.wrong("lost", text, row.amount_fen)
        elif (
            row.state == "written" and row.kind != "purchase" and (chip is None or wallet_of(chip) != wallet)
        ):
            self.wrong("lost", f"the hub says that a new card is written, and it is not: {row.id[-4:]}")
        elif (
            before.state in {"written", "taken"} and row.state in {"owed", "authorised"} and has and row.sells
        ):
            self.wrong("doubled", f"the hub owes count {row.count}, which the meter has", row.amount_fen)

    def _sale(self, home: Home, row: Purchase, meter: CardMeter | None) -> None:
        last, stands_at = self.counts[home.meter_no], home.meter.state.count
        self.counts[home.meter_no] = max(row.count, last)
        if row.count != last + 1:
            self.wrong("lost", f"count {row.count} is sold after count {last}", row.amount_fen)
        if meter is None or meter.purchase_count != row.count:
            now = meter.purchase_count if meter else None
            self.wrong("broken", f"with the sale of count {row.count} the meter's count becomes {now}")
        if stands_at != row.count - 1:
            text = f"count {row.count} is sold while the meter stands at {stands_at}"
            self.wrong("lost", text, row.amount_fen)
        if row.card_mark != (home.serial if row.kind == "purchase" else None):
            self.wrong("broken", f"count {row.count} is sold for another card than its meter's")

    def _record(self, key: str, row: WriteRecord) -> None:
        before = self.writes.get(key)
        self.writes[key] = row
        if before is None:
            self.files[key] = write = write_now(row, LAYOUT)
            order = self.sold[row.purchase_id]
            if row.card_mark != order.card_mark or write.card_tail != order.card_mark[-4:]:
                text = f"the hub lets card {row.card_mark[-4:]} be written for card {order.card_mark}"
                self.wrong("broken", text)
            elif (write.count, write.amount_fen) != (order.count, order.amount_fen):
                text = f"the hub lets count {write.count} be written for count {order.count}"
                self.wrong("doubled", text, write.amount_fen)
        elif before.state == "written" != row.state:
            self.wrong("broken", f"write {key[-4:]} was written and is {row.state}")
        elif row.state == "failed" and self.whole.get(key):
            self.wrong("broken", f"the hub says that write {key[-4:]} has failed, and it is on its card")


def stands(card: UserCard, write: CardWrite) -> bool:
    """Whether all files of a write stand on the card as they are to be."""
    return all(file_of(card, each.file) == bytes.fromhex(each.data) for each in write.files)


def _messages(write: CardWrite) -> set[bytes]:
    files = (FileData(each.file, bytes.fromhex(each.data)) for each in write.files)
    return {update.message for file in files for update in LAYOUT.updates(file)}
