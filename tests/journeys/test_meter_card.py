"""Meter cards over the real wires: pcscd, the card's own program, the hub, and the meter at home afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.payment.model import PaymentState
from simulators.bench.cards import CardProgram
from simulators.bench.household import Holder
from simulators.bench.pcscd import BenchPcscd
from simulators.cards import store
from simulators.cards.user_card import UserCard
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import eventually
from tests.journeys.owner import BOUGHT, Owner, holder

IN_METER = Holder.of("0399000000000083", "9900010022500000000093", 12, 10_000)
ON_CARD = Holder.of("0399000000000125", "9900010022500000000130", 5, 20_000, taken=False)
OWED = Holder.of("0399000000000133", "9900010022500000000147", 7, 10_000)
LIMITED = Holder.of("0399000000000158", "9900010022500000000161", 21, 30_000)


def test_power_that_was_bought_reaches_the_meter_once_though_the_card_was_pulled(
    cabinet: Cabinet, program: CardProgram
) -> None:
    owner = Owner(cabinet, program, IN_METER)
    kiosk = owner.kiosk()
    owner.buys(kiosk, 100, 20)
    owner.card("pull", at=7, cut="half")  # half of the first file is written
    kiosk.press("pay_now")
    lost = kiosk.page("write_failed")
    assert lost.panel is not None
    assert lost.panel.headline == "¥120.00"
    owner.inserts()
    kiosk.page("take_card")
    kiosk.notice("Take your receipt")
    owner.takes_card(kiosk)
    cabinet.settled(kiosk, credited=12000)
    assert (owner.home.takes().credited_fen, owner.home.takes().credited_fen) == (12000, 0)
    delivery = kiosk.payment().delivery
    assert delivery is not None
    assert (delivery.purchase.count, delivery.outcome, delivery.told) == (13, "written", True)
    assert delivery.writes >= 1
    [slip] = cabinet.slips()
    for words in ("120.00", "13", delivery.purchase.meter_no, "0083"):
        assert words in slip


def test_what_was_not_written_is_owed_and_written_free_of_charge_when_the_card_is_back(
    cabinet: Cabinet, program: CardProgram
) -> None:
    owner = Owner(cabinet, program, LIMITED)
    kiosk = owner.kiosk(meter_card={"card_back_s": 2.0})
    owner.buys(kiosk, 100)
    owner.card("pull", at=8, cut="before")
    kiosk.press("pay_now")
    kiosk.page("write_failed")
    kiosk.shown.wait(
        lambda page: page.name == "write_failed" and page.main and page.main.id == "finish", "owed"
    )
    kiosk.wrote("OutcomeTaken")
    assert kiosk.payment().state is PaymentState.OWED
    kiosk.press("finish")
    kiosk.page("attract")
    assert owner.home.takes().credited_fen == 0
    kiosk.press("start", "meter_card")
    kiosk.page("insert_card")
    owner.inserts()
    owed = kiosk.page("card_contents")
    assert owed.main is not None
    assert owed.main.id == "rewrite"
    kiosk.press("rewrite")
    kiosk.page("take_card")
    kiosk.notice("Take your receipt")
    owner.takes_card(kiosk)
    eventually(lambda: all(item.over for item in kiosk.books()), "something is still in flight")
    assert (owner.home.takes().credited_fen, owner.home.takes().credited_fen) == (10000, 0)
    told, written = cabinet.slips()
    assert "Card to be checked" in told
    assert "Free of charge" in written


def test_a_purchase_that_the_meter_has_not_taken_is_sent_there_first(
    cabinet: Cabinet, program: CardProgram
) -> None:
    owner = Owner(cabinet, program, ON_CARD)
    kiosk = owner.kiosk()
    kiosk.press("meter_card")
    kiosk.page("insert_card")
    owner.inserts()
    page = kiosk.page("not_taken")
    assert page.main is not None
    assert page.main.id == "take_card"
    kiosk.press("take_card")
    kiosk.page("return_card")
    owner.card("pull")
    kiosk.page("attract")
    assert owner.home.takes().credited_fen == 20000
    kiosk.press("start", "meter_card")
    kiosk.page("insert_card")
    owner.inserts()
    kiosk.page("card_contents")


@pytest.mark.parametrize("kind", ["bank", "foreign", "mute"])
def test_a_card_that_is_no_meter_card_is_named_and_given_back(
    cabinet: Cabinet, program: CardProgram, kind: str
) -> None:
    owner = Owner(cabinet, program, IN_METER)
    kiosk = owner.kiosk()
    kiosk.press("meter_card")
    kiosk.page("insert_card")
    owner.card("insert", kind=kind)
    page = kiosk.page("wrong_card")
    words = {
        "bank": "This is a bank card",
        "foreign": "This is not a meter card",
        "mute": "could not be read",
    }
    assert words[kind] in page.title
    assert not kiosk.events()


def test_a_locked_card_is_sold_nothing(cabinet: Cabinet, program: CardProgram) -> None:
    owner = Owner(cabinet, program, holder(cabinet.town.account(bought=BOUGHT)))
    chip = store.load(owner.file)
    assert isinstance(chip, UserCard)
    chip.state.tries_left = 0
    store.save(owner.file, chip)
    kiosk = owner.kiosk()
    kiosk.press("meter_card")
    kiosk.page("insert_card")
    owner.inserts()
    page = kiosk.page("wrong_card")
    assert page.title == "This card is locked"
    assert page.notice is not None
    assert "No money was taken" in page.notice.title
    assert not kiosk.events()


def test_a_reader_that_goes_away_under_a_running_kiosk_comes_back(
    cabinet: Cabinet, program: CardProgram, pcscd: BenchPcscd
) -> None:
    owner = Owner(cabinet, program, ON_CARD)
    kiosk = owner.kiosk()
    pcscd.stop()
    try:
        kiosk.shown.wait(
            lambda page: any(key.id == "meter_card" and not key.enabled for key in page.choices), "no reader"
        )
    finally:
        pcscd.start()
    kiosk.shown.wait(
        lambda page: any(key.id == "meter_card" and key.enabled for key in page.choices), "a reader"
    )
    kiosk.press("meter_card")
    kiosk.page("insert_card")
    owner.inserts()
    # What may be done with it depends on what other tests of this town have bought.
    kiosk.shown.wait(lambda page: page.name in {"card_contents", "not_taken"}, "what is on the card")


def test_a_kiosk_that_ends_in_the_middle_of_a_write_looks_at_the_card_first(
    cabinet: Cabinet, program: CardProgram, tmp_path: Path
) -> None:
    owner = Owner(cabinet, program, OWED)
    first = owner.kiosk()
    first.press("meter_card")
    first.page("insert_card")
    owner.inserts()
    first.page("card_contents")
    # The event is durable and nothing was done about it: as a power cut leaves it.
    first.after("WriteIntended", lambda: first.runner.lanes["card"].queue.put(None))
    first.press("rewrite")
    first.wrote("WriteIntended")
    first.close()
    second = cabinet.kiosk(meter_card={"reader": owner.reader})
    second.page("take_card")
    second.notice("Take your receipt")
    assert second.kinds().count("WriteIntended") == 2
    owner.takes_card(second)
    eventually(lambda: all(item.over for item in second.books()), "something is still in flight")
    assert (owner.home.takes().credited_fen, owner.home.takes().credited_fen) == (5000, 0)
