"""New meter cards over the real wires: the dispenser, the chip at its station, the hub, and the meter at home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.payment.model import PaymentState
from simulators.bench.cards import card_program as start_card
from simulators.bench.household import PROFILE, Holder, Household, blanks
from simulators.bench.pcscd import BenchPcscd
from simulators.card_dispenser import STACKER_SENSOR
from simulators.control import ControlClient
from simulators.far_end import Launched, launched
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import Kiosk, OwnProcess, eventually

NEVER_OPENED = Holder.of("0399000000000141", "9900010022500000000154", 0, 0)
ACCOUNT_NO, PHONE = "0399000000000141", "15400000141"
BOUGHT_FEN, FEE_FEN = 10000, 2000


class Shop:
    """A kiosk with a dispenser of new cards, and the customer's home."""

    def __init__(self, cabinet: Cabinet, pcscd: BenchPcscd, dispenser: Launched, chip: ControlClient) -> None:
        self.cabinet, self.dispenser, self.chip = cabinet, dispenser, chip
        self._readers = [slot.reader for slot in pcscd.slots]
        self.home = Household(NEVER_OPENED, cabinet.folder / "no_card.json")

    def kiosk(self, die: str = "") -> OwnProcess:
        customer, station, *_ = self._readers
        unit = {"port": str(self.dispenser.link), "reader": station, "stacker_sensor": STACKER_SENSOR}
        return self.cabinet.own_process(die, meter_card={"reader": customer}, dispenser=unit)

    def asks(self, kiosk: Kiosk, answered: str = "new_card") -> None:
        """From the first page to the price of a new card, or to another answer."""
        kiosk.ready()
        kiosk.press("start")
        kiosk.shown.wait(
            lambda page: any(key.id == "meter_card" and key.enabled for key in page.choices), "a card reader"
        )
        kiosk.press("meter_card")
        kiosk.shown.wait(lambda page: any(key.id == "reissue" for key in page.choices), "a dispenser")
        kiosk.press("reissue", *(f"key:{digit}" for digit in ACCOUNT_NO), "confirm")
        kiosk.page("confirm_account")
        kiosk.press("correct")
        kiosk.page("identity")
        kiosk.press(*(f"key:{digit}" for digit in PHONE), "confirm")
        kiosk.page(answered)

    def pays(self, kiosk: Kiosk, fen: int) -> None:
        kiosk.press("confirm_reissue")
        kiosk.page("cash")
        self.cabinet.insert(fen // 100)
        kiosk.notice(f"¥{fen / 100:.2f} received")
        kiosk.shown.wait(lambda page: page.main and page.main.enabled, "the key that pays")
        kiosk.press("pay_now")

    def takes(self, kiosk: Kiosk) -> Path:
        """Take the card that is held out; gives it."""
        kiosk.page("collect_card")
        eventually(lambda: self.dispenser.do("status", log=0)["place"] == "mouth", "no card is held out")
        card = Path(str(self.dispenser.do("status", log=0)["card"]))
        self.dispenser.do("take")
        kiosk.shown.wait(lambda page: page.main and page.main.id == "finish", "the card in the hand")
        kiosk.notice("Take your receipt")
        kiosk.press("finish")
        eventually(lambda: all(item.over for item in kiosk.books()), "something is still in flight")
        return card


@pytest.fixture
def shop(cabinet: Cabinet, pcscd: BenchPcscd) -> Iterator[Shop]:
    """A dispenser with four blank cards."""
    known = ("--profile", PROFILE, "--serial", "B5" + "0" * 14)
    station = start_card("new_card", pcscd.slots[1], cabinet.folder, 1000.0, known)
    stack = [word for card in blanks(cabinet.folder, 4) for word in ("--blank", str(card))]
    control = ("--chip-control", str(cabinet.folder / "new_card.sock"))
    try:
        with launched(
            "simulators.card_dispenser", cabinet.folder, "--speed", "40", *control, *stack
        ) as dispenser:
            yield Shop(cabinet, pcscd, dispenser, station.do)
    finally:
        station.end()


def test_a_first_card_and_the_one_in_its_place_bring_the_purchase_into_the_meter_once(shop: Shop) -> None:
    """The kiosk dies with the first write on its way, and again with the card written and not handed over.

    The second card is made of the second blank, free of charge: the first one was spoiled.
    """
    dying = shop.kiosk("after:WriteIntended")
    shop.asks(dying)
    shop.pays(dying, BOUGHT_FEN)
    dying.died()
    shop.kiosk("after:WriteVerified").died()
    kiosk = shop.kiosk()
    first = shop.takes(kiosk)
    assert kiosk.payment().state is PaymentState.PAID
    # The card is lost on the way home, before the meter has seen it, and the blank in its place takes no write.
    shop.asks(kiosk)
    shop.chip("wear")
    shop.pays(kiosk, FEE_FEN)
    kiosk.page("new_card_failed")
    kiosk.shown.wait(lambda page: page.notice and "take the slip" in page.notice.text, "the slip")
    kiosk.press("finish")
    shop.asks(kiosk, "card_paid_before")
    kiosk.press("make_card")
    second = shop.takes(kiosk)
    assert second != first
    assert shop.dispenser.do("status", log=0)["cards"] == 1
    home = shop.home
    home.gets(second)
    assert (home.takes().credited_fen, home.takes().credited_fen) == (BOUGHT_FEN, 0)
    home.gets(first)
    assert home.takes().credited_fen == 0
    shop.cabinet.settled(kiosk, credited=BOUGHT_FEN + FEE_FEN)
    opened, owed, reissued = shop.cabinet.slips()[-3:]
    assert "First meter card" in opened
    assert "show who you are" in " ".join(owed.split())
    assert "Carried to the new card" in reissued
    assert "Free of charge, paid before" in reissued
    assert "old card is void" in reissued
    assert "void" not in opened + owed
