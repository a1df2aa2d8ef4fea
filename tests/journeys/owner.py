"""A customer with a meter card, before a kiosk with a reader."""

from __future__ import annotations

from datetime import date

from hub.data.town_model import TownAccount, TownPurchase
from simulators.bench.cards import CardProgram
from simulators.bench.household import Holder, Household
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess

BOUGHT = TownPurchase(6, 10_000, "taken", date(2026, 3, 1))
"""What a meter of a test's own has taken last."""


def holder(account: TownAccount) -> Holder:
    """Whose card it is that the account's meter has taken last."""
    [meter] = account.meters
    assert meter.card is not None
    last = meter.card.last
    numbers = meter.meter_no[9:21], account.account_no[-12:]
    return Holder(meter.card.serial, *numbers, last.count, last.amount_fen)


class Owner:
    """A customer with the card of one household, before a kiosk with a reader."""

    def __init__(self, cabinet: Cabinet, program: CardProgram, holder: Holder, name: str = "card") -> None:
        self.cabinet, self.card = cabinet, program.do
        self.reader = program.slot.reader
        self.file = cabinet.folder / f"{name}.json"
        self.home = Household(holder, self.file)

    def kiosk(self, **changes: dict[str, object]) -> InProcess:
        """Start a kiosk whose reader works."""
        cards = {"reader": self.reader, **changes.pop("meter_card", {})}
        kiosk = self.cabinet.kiosk(meter_card=cards, **changes)
        kiosk.ready()
        kiosk.press("start")
        kiosk.shown.wait(
            lambda page: any(key.id == "meter_card" and key.enabled for key in page.choices), "a card reader"
        )
        return kiosk

    def inserts(self) -> None:
        """Put the card in, the first time or again."""
        assert self.card("insert", card=str(self.file))["powered"]

    def buys(self, kiosk: InProcess, *notes_yuan: int) -> None:
        """From the menu to the moment in which the payment is sent."""
        kiosk.press("meter_card")
        kiosk.page("insert_card")
        self.inserts()
        kiosk.page("card_contents")
        kiosk.press("buy_power")
        kiosk.page("means")
        kiosk.press("cash")
        kiosk.page("cash")
        self.cabinet.insert(*notes_yuan)
        kiosk.notice(f"¥{notes_yuan[-1]:.2f} received")
        kiosk.shown.wait(
            lambda p: p.main and f"{sum(notes_yuan)}.00" in p.main.label and p.main.enabled,
            "the key that buys",
        )

    def takes_card(self, kiosk: InProcess) -> None:
        """Take the card out, which the kiosk notices."""
        self.card("pull")
        kiosk.shown.wait(lambda page: page.guide and page.guide.kind == "to_meter", "the way to the meter")
