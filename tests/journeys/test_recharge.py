"""Recharge cards over the real wires: spent once and for the whole value, or not at all."""

from __future__ import annotations

from simulators.bench.tenders import Part
from simulators.customer.purse import recharge_number
from tests.journeys.kiosk import Kiosk
from tests.journeys.till import Visit

PARTS: tuple[Part, ...] = ("recharge_card",)
DUE_FEN = 8_800


def test_a_card_pays_the_bill_its_rest_becomes_balance_and_it_is_spent(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.chooses(kiosk, account.account_no, "recharge_card")
    _types(kiosk, recharge_number(2))
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    visit.settled(kiosk, tender="recharge_card", taken=10_000, credited=10_000)
    assert visit.cabinet.town.standing(account.account_no) == (0, 10_000 - DUE_FEN)


def test_a_card_is_spent_once_though_the_kiosk_died_before_it_heard_so(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN, DUE_FEN)
    doomed = visit.own_process("served:SendCredit")
    visit.chooses(doomed, account.account_no, "recharge_card")
    _types(doomed, recharge_number(1))
    doomed.died()
    kiosk = visit.kiosk()
    kiosk.page("done")
    visit.settled(kiosk, tender="recharge_card", taken=5_000, credited=5_000)
    kiosk.press("finish")
    visit.chooses(kiosk, account.account_no, "recharge_card")
    _types(kiosk, recharge_number(1))
    _told(kiosk, "was used before")
    visit.settled(kiosk, tender="recharge_card", taken=5_000, credited=5_000)


def test_a_number_that_nobody_has_spends_nothing_and_the_right_one_is_taken_at_once(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.chooses(kiosk, account.account_no, "recharge_card")
    _types(kiosk, recharge_number(777))
    _told(kiosk, "do not know this number")
    visit.settled(kiosk, tender="recharge_card", taken=0, credited=0)
    _types(kiosk, recharge_number(3))
    kiosk.page("done")
    visit.settled(kiosk, tender="recharge_card", taken=20_000, credited=20_000)


def _types(kiosk: Kiosk, number: str) -> None:
    kiosk.page("recharge")
    kiosk.press(*(f"key:{digit}" for digit in number), "confirm")


def _told(kiosk: Kiosk, words: str) -> None:
    kiosk.shown.wait(lambda p: p.name == "recharge" and p.entry and words in p.entry.error, words)
