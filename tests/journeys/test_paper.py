"""Paper and printer: no cash without paper, and a payment that stands when the receipt does not come."""

from __future__ import annotations

from kiosk.payment.events import SlipFailed
from kiosk.payment.model import PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import InProcess, eventually


def paid_in(cabinet: Cabinet, kiosk: InProcess) -> None:
    """A customer whose hundred is in presses the key that pays."""
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.press("pay_now")


def at_slot(cabinet: Cabinet) -> InProcess:
    kiosk = cabinet.kiosk()
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    return kiosk


def stands_without_receipt(cabinet: Cabinet, kiosk: InProcess, reason: str) -> None:
    """The payment is booked, the page says so and gives the number; no slip is promised."""
    page = kiosk.notice("The receipt could not be printed")
    assert page.name == "done"
    cabinet.settled(kiosk, credited=10000)
    payment = kiosk.payment()
    assert payment.state is PaymentState.PAID
    assert payment.credit is not None
    assert page.notice is not None
    assert payment.credit.hub_no in page.notice.text
    [failed] = kiosk.events("SlipFailed")
    assert isinstance(failed, SlipFailed)
    assert failed.reason == reason
    assert cabinet.slips() == []


def test_without_paper_cash_is_off_and_says_why(cabinet: Cabinet) -> None:
    cabinet.printer("paper_out")
    kiosk = cabinet.kiosk()
    kiosk.shown.wait(lambda p: any(b.id == "network" and b.works for b in p.badges), "the hub")
    kiosk.shown.wait(
        lambda p: any(b.id == "cash" and not b.works and "paper" in b.reason for b in p.badges), "why"
    )
    kiosk.press("start")
    home = kiosk.page("home")
    assert not next(c for c in home.choices if c.id == "prepay").enabled
    kiosk.press("pay_bill", *(f"key:{digit}" for digit in cabinet.town.account(10000).account_no), "confirm")
    kiosk.page("confirm_account")
    kiosk.press("correct")
    bills = kiosk.page("bills")
    assert bills.main is not None
    assert not bills.main.enabled
    assert "paper" in bills.main.reason
    kiosk.press("pay")
    [cash] = kiosk.page("means").choices
    assert not cash.enabled
    kiosk.press("cash")
    cabinet.printer("paper_in")
    kiosk.shown.wait(lambda p: p.name == "means" and p.choices[0].enabled, "cash again")
    assert kiosk.events() == []
    kiosk.press("cash")
    kiosk.page("cash")
    paid_in(cabinet, kiosk)
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=10000)


def test_paper_that_goes_out_before_the_slip_begins(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    kiosk.before("CreditApproved", lambda: cabinet.printer("paper_out"))
    paid_in(cabinet, kiosk)
    stands_without_receipt(cabinet, kiosk, "paper_out")


def test_paper_that_goes_out_while_the_slip_is_printed(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    kiosk.before("CreditApproved", lambda: cabinet.printer("paper_out_after", mm=40))
    paid_in(cabinet, kiosk)
    stands_without_receipt(cabinet, kiosk, "paper_out")
    kiosk.press("finish")
    page = kiosk.page("attract")
    assert any(b.id == "cash" and not b.works for b in page.badges)
    cabinet.printer("paper_in")
    kiosk.ready()


def test_a_printer_unplugged_in_mid_journey(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    cabinet.printer("unplug")
    kiosk.shown.wait(lambda p: any(b.id == "receipt" and not b.works for b in p.badges), "no receipts")
    cabinet.insert(50)
    kiosk.notice("Take the returned note")
    cabinet.take_note()
    kiosk.press("pay_now")
    stands_without_receipt(cabinet, kiosk, "no_device")
    cabinet.printer("plug")
    kiosk.press("finish")
    kiosk.ready()


def half_printed(cabinet: Cabinet) -> None:
    """Wait until a slip hangs half out of the printer, which was told to `hold_at` there."""
    eventually(lambda: cabinet.printer("status")["held"], "the printer does not begin")


def test_a_printer_unplugged_while_it_prints(cabinet: Cabinet) -> None:
    kiosk = at_slot(cabinet)
    cabinet.printer("hold_at", mm=20)
    paid_in(cabinet, kiosk)
    half_printed(cabinet)
    cabinet.printer("unplug")
    stands_without_receipt(cabinet, kiosk, "line_lost")


def test_a_kiosk_killed_while_it_prints_gives_a_slip_that_says_it_is_a_copy(cabinet: Cabinet) -> None:
    account = cabinet.town.account(10000)
    first = cabinet.own_process()
    first.to_slot(account.account_no)
    cabinet.printer("hold_at", mm=20)
    cabinet.insert(100)
    first.notice("¥100.00 received")
    first.press("pay_now")
    half_printed(cabinet)
    first.kill()
    cabinet.printer("go_on")
    again = cabinet.kiosk()
    again.page("done")
    again.notice("Take your receipt")
    cabinet.settled(again, credited=10000)
    assert "COPY 1" in cabinet.slips()[-1]
    assert [e for e in again.kinds() if e.startswith("Slip")] == [
        "SlipIntended",
        "SlipIntended",
        "SlipPrinted",
    ]
