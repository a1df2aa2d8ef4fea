"""Numbers that lead to no account: each with its own word, on the keypad page, and no money asked for."""

from __future__ import annotations

from hub.business.numbers import meter_number
from tests.journeys.cabinet import Cabinet


def test_an_unknown_account(cabinet: Cabinet) -> None:
    kiosk = cabinet.kiosk()
    kiosk.types("0399111111111111")
    page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, "the error")
    assert page.entry is not None
    assert page.entry.error.startswith("We did not find this account.")
    assert page.name == "enter_account"
    assert kiosk.events() == []


def test_a_closed_account(cabinet: Cabinet) -> None:
    account = cabinet.town.account(state="closed")
    kiosk = cabinet.kiosk()
    kiosk.types(account.account_no)
    page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, "the error")
    assert page.entry is not None
    assert page.entry.error.startswith("This account is closed")


def test_a_meter_number_with_a_wrong_check_digit_never_leaves_the_kiosk(cabinet: Cabinet) -> None:
    meter = cabinet.town.account(10000).meters[0].meter_no
    kiosk = cabinet.kiosk(hub={"status_every_s": 3600.0})
    kiosk.ready()
    asked = cabinet.line("status")["requests"]
    kiosk.types(meter[:-1] + str((int(meter[-1]) + 1) % 10), by="by_meter")
    page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, "the error")
    assert page.entry is not None
    assert page.entry.error.startswith("A digit is wrong.")
    assert cabinet.line("status")["requests"] == asked
    kiosk.press("delete", f"key:{meter[-1]}", "confirm")
    assert kiosk.page("confirm_account").context


def test_a_meter_that_nobody_has(cabinet: Cabinet) -> None:
    kiosk = cabinet.kiosk()
    kiosk.types(meter_number("990009912345678901234"), by="by_meter")
    page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, "the error")
    assert page.entry is not None
    assert page.entry.error.startswith("We did not find this meter.")


def test_a_number_of_a_wrong_length(cabinet: Cabinet) -> None:
    kiosk = cabinet.kiosk(hub={"status_every_s": 3600.0})
    kiosk.types("039990000000000")
    page = kiosk.shown.wait(lambda p: p.entry and p.entry.error, "the error")
    assert page.entry is not None
    assert "this one has 15" in page.entry.error
    kiosk.press("clear", "confirm")
    kiosk.shown.wait(lambda p: p.entry and "this one has 0" in p.entry.error, "the error for no digits")
    assert cabinet.line("status")["requests"] == 1
