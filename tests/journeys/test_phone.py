"""Payment by phone over the real wires: what was paid is booked or goes back; judged from the provider's own books."""

from __future__ import annotations

from simulators.bench.tenders import Part
from tests.journeys.kiosk import Kiosk
from tests.journeys.till import Visit

PARTS: tuple[Part, ...] = ("qr",)
DUE_FEN = 8_800


def test_a_bill_is_paid_by_phone(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    _shows_code(visit, kiosk, account.account_no)
    visit.till.do("wallet", "tap_pay")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    visit.settled(kiosk, tender="qr", taken=DUE_FEN, credited=DUE_FEN)
    assert visit.cabinet.town.standing(account.account_no) == (0, 0)


def test_an_order_that_is_cancelled_is_closed_and_late_money_goes_back(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    _shows_code(visit, kiosk, account.account_no)
    kiosk.press("cancel_phone")
    assert "cancelled" in kiosk.page("declined").title
    visit.till.do("wallet", "pay_late")
    visit.settled(kiosk, tender="qr", taken=DUE_FEN, credited=0)


def test_money_that_comes_in_the_moment_of_closing_is_booked(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    kiosk = visit.kiosk()
    visit.till.do("wallet", "pay_at_closing")
    _shows_code(visit, kiosk, account.account_no)
    kiosk.press("cancel_phone")
    kiosk.page("done")
    visit.settled(kiosk, tender="qr", taken=DUE_FEN, credited=DUE_FEN)


def test_a_code_that_is_paid_while_the_kiosk_is_dead_is_booked_after_its_start(visit: Visit) -> None:
    account = visit.cabinet.town.account(DUE_FEN)
    doomed = visit.own_process()
    _shows_code(visit, doomed, account.account_no)
    doomed.kill()
    visit.till.do("wallet", "tap_pay")
    kiosk = visit.kiosk()
    kiosk.page("done")
    visit.settled(kiosk, tender="qr", taken=DUE_FEN, credited=DUE_FEN)


def _shows_code(visit: Visit, kiosk: Kiosk, account_no: str) -> None:
    visit.chooses(kiosk, account_no, "qr")
    kiosk.shown.wait(lambda p: p.name == "phone" and p.code and p.code.text, "a code to scan")
