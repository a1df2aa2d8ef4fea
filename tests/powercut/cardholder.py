"""A customer with a meter card before a kiosk that dies, and what the meter at home says of it in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from hub.data.town_model import TownPurchase
from kiosk.page import PageModel
from kiosk.payment.model import Claim, Payment, PaymentState
from simulators.bench.household import Holder, Household
from tests.journeys.kiosk import PATIENCE
from tests.powercut.judge import Verdict
from tests.powercut.machine import Dark, Forked
from tests.powercut.station import NOTES_YUAN, Station

Tables = dict[str, dict[str, Any]]
Who = Literal["buys", "is_owed", "has_lost"]
LAST: dict[Who, TownPurchase] = {
    "buys": TownPurchase(12, 10_000, "taken", date(2026, 11, 2)),
    "is_owed": TownPurchase(8, 5_000, "owed", date(2026, 11, 2)),
    "has_lost": TownPurchase(5, 20_000, "written", date(2026, 11, 2)),
}
"""The last power that was paid: in the meter, not on the card yet, or on a card that never came home."""
HELD_OUT = frozenset(
    {
        *("take_card", "return_card", "card_contents", "not_taken", "wrong_card"),
        *("cannot_write", "unconfirmed", "done", "checking"),
    }
)
"""Pages on which a customer who is done takes the card out."""
FEE_YUAN = 20
_DELIVERED = frozenset({"written", "taken"})


@dataclass(frozen=True)
class Home:
    """What the customer's cards brought to the meter: the new one alone, and all of them, each put in twice."""

    new_fen: int
    all_fen: int


class Cardholder:
    """One customer, account, card and meter at a station; `returns` is whether a card that was pulled comes back."""

    def __init__(self, station: Station, who: Who, *, returns: bool = True) -> None:
        self.station, self.slots, self.who, self.returns = station, station.slots, who, returns
        self.slots.clear()
        last = LAST[who]
        self.account = station.town.account(bought=last)
        meter = self.account.meters[0]
        assert meter.card is not None
        file = self.slots.folder / f"card_{meter.card.serial}.json"
        count, fen = (last.count - 1, 10_000) if last.state == "owed" else (last.count, last.amount_fen)
        holder = Holder(
            serial=meter.card.serial,
            meter_no=meter.meter_no[9:21],
            customer_no=self.account.account_no[-12:],
            count=count,
            amount_fen=fen,
            taken=last.state != "written",
        )
        self.home, self.file = Household(holder, file), file
        self.promised_fen = 0 if last.state == "taken" else last.amount_fen

    def tables(self, **changes: dict[str, Any]) -> Tables:
        """The settings of a kiosk for this customer, with these changes."""
        own = self.slots.tables(new_cards=self.who == "has_lost")
        return {name: own.get(name, {}) | changes.get(name, {}) for name in {*own, *changes}}

    # At the kiosk; each raises Dark when that is gone.

    def inserts(self) -> None:
        """Put the card in, the first time or again."""
        self.slots.card("insert", card=str(self.file))

    def shows_card(self, kiosk: Forked) -> None:
        """From the first page to what may be done with the card."""
        self.begins(kiosk)
        self.inserts()
        kiosk.page("card_contents")

    @staticmethod
    def begins(kiosk: Forked) -> None:
        """From the first page to the one that asks for the card."""
        kiosk.ready()
        kiosk.press("start")
        kiosk.shown.wait(
            lambda page: any(key.id == "meter_card" and key.enabled for key in page.choices), "a card reader"
        )
        kiosk.press("meter_card")
        kiosk.page("insert_card")

    def feeds(self, kiosk: Forked) -> None:
        """Choose to buy power with the card that is in, and put the money in."""
        kiosk.press("buy_power")
        kiosk.page("means")
        kiosk.press("cash")
        kiosk.page("cash")
        self._notes(kiosk, NOTES_YUAN)

    def _notes(self, kiosk: Forked, values: Iterable[int]) -> None:
        for value in values:
            self.station.insert(kiosk, value)
            kiosk.notice(f"¥{value}.00 received")
        kiosk.shown.wait(lambda page: page.main and page.main.enabled, "the key that pays")

    def buys(self, kiosk: Forked) -> None:
        """Buy power, and take card and slip."""
        self.shows_card(kiosk)
        self.feeds(kiosk)
        kiosk.press("pay_now")
        self.takes_card(kiosk)

    def takes_card(self, kiosk: Forked) -> None:
        """Take the written card."""
        kiosk.page("take_card")
        self.sees(kiosk, lambda: "OutcomeTaken" in kiosk.kinds())
        self.slots.card("pull")
        kiosk.page("attract")

    def asks_for_new_card(self, kiosk: Forked) -> None:
        """From the first page to the fee in the box, and the new card in the mouth."""
        self.begins(kiosk)
        digits = tuple(f"key:{digit}" for digit in self.account.account_no)
        kiosk.press("reissue", *digits, "confirm")
        kiosk.page("confirm_account")
        kiosk.press("correct")
        kiosk.page("identity")
        kiosk.press(*(f"key:{digit}" for digit in self.account.phone), "confirm")
        kiosk.page("new_card")
        kiosk.press("confirm_reissue")
        kiosk.page("cash")
        self._notes(kiosk, (FEE_YUAN,))
        kiosk.press("pay_now")
        kiosk.page("collect_card")

    @staticmethod
    def sees(kiosk: Forked, so: Callable[[], object]) -> None:
        """Wait until it is so, as long as the kiosk lives and a customer waits. Raises Dark."""
        until = time.monotonic() + (kiosk.shown.patience_s or PATIENCE)
        while not so():
            if kiosk.shown.dark() or time.monotonic() > until:
                raise Dark
            time.sleep(0.02)

    def does(self, page: PageModel) -> None:
        """What a page asks of the customer's hand, or what a hand does that is done."""
        if self.who == "has_lost":
            self.slots.take_new_card()  # whatever the page says: it is seen at the mouth
        if page.name in HELD_OUT and self.slots.holds_card:
            self.slots.card("pull")
        elif page.main and page.main.id == "write_later" and self.returns and not self.slots.holds_card:
            self.inserts()

    # At home.

    def judged(self, verdict: Verdict, books: list[Payment | Claim]) -> Verdict:
        """The same with what the meter says: everything that was paid is in it once, or owed at the hub.

        Each card is put in twice: the new one first where there is one, then the first one, found again.
        """
        self.slots.clear()
        payments = [item for item in books if isinstance(item, Payment)]
        home = self._carries_home(payments)
        bought = sum(
            p.delivery.purchase.amount_fen
            for p in payments
            if p.credit is not None and p.delivery is not None and p.business == "buy_power"
        )
        sold = self.station.town.power_sold(self.account.account_no)
        owed = sum(fen for state, kind, fen in sold if kind != "reissue" and state not in _DELIVERED)
        paid, found = self.promised_fen + bought, home.all_fen + owed
        faults = [*verdict.faults, *self._contradictions(payments, home)]
        if paid != found:
            faults.append(f"{paid} fen paid for power; in the meter {home.all_fen}, owed {owed}: {sold}")
        return replace(
            verdict,
            faults=tuple(faults),
            lost=verdict.lost + max(0, paid - found),
            doubled=verdict.doubled + max(0, found - paid),
        )

    def _carries_home(self, payments: list[Payment]) -> Home:
        new = [p.card.serial for p in payments if p.new_card and p.card is not None]
        brought = []
        for file in (*(self.slots.new_card(serial) for serial in new), self.file):
            self.home.gets(file)
            brought.append(self.home.takes().credited_fen + self.home.takes().credited_fen)
        return Home(sum(brought[:-1]), sum(brought))

    def _contradictions(self, payments: list[Payment], home: Home) -> Iterable[str]:
        """Where the journal says delivered, it is; and no good ends without a word to the hub."""
        for payment in payments:
            if payment.state is PaymentState.PAID and payment.business == "buy_power" and not home.all_fen:
                yield "the journal says that the card was written, and nothing is in the meter"
            written = payment.delivery is not None and payment.delivery.outcome == "written"
            if payment.business == "reissue" and written and home.new_fen != self.promised_fen:
                yield f"the new card was written and brings {home.new_fen} of {self.promised_fen} fen"
