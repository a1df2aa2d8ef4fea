"""The main job over the real wires: cash goes in, the bill is paid, the receipt says so."""

from __future__ import annotations

from kiosk.payment.model import PaymentState
from tests.journeys.cabinet import Cabinet


def test_the_exact_amount_settles_the_bills(cabinet: Cabinet) -> None:
    account = cabinet.town.account(12000, 8000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.insert(100, 100)
    kiosk.notice("¥100.00 received")
    kiosk.shown.wait(
        lambda p: p.main and "200.00" in p.main.label and p.main.enabled, "the key that pays all"
    )
    kiosk.press("pay_now")
    done = kiosk.page("done")
    assert done.panel is not None
    assert done.panel.headline == "¥200.00"
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=20000)
    assert cabinet.town.standing(account.account_no) == (0, 0)
    [slip] = cabinet.slips()
    for words in (account.account_no, "100 yuan x 2", "2025-01", "2025-02", kiosk.payment().credit.hub_no):  # type: ignore[union-attr]
        assert words in slip
    kiosk.press("finish")
    assert kiosk.page("attract").context


def test_a_surplus_becomes_balance_and_the_slip_says_so(cabinet: Cabinet) -> None:
    account = cabinet.town.account(9255, balance=1000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.press("pay_now")
    done = kiosk.page("done")
    assert "¥17.45" in str(done.panel)
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=10000)
    assert cabinet.town.standing(account.account_no) == (0, 1745)
    assert "7.45 yuan went to your account balance" in " ".join(cabinet.slips()[0].split())


def test_a_part_goes_to_the_oldest_month_late_fee_first(cabinet: Cabinet) -> None:
    account_no = "0399000000000018"
    cabinet.town.stays_on_its_day()
    arrears, balance = cabinet.town.standing(account_no)
    oldest = cabinet.town.client.get(f"/v1/accounts/{account_no}").json()["bills"][0]
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account_no, choose="pay_oldest")
    cabinet.insert(50)
    kiosk.notice("¥50.00 received")
    kiosk.press("pay_now")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=5000)
    credit = kiosk.payment().credit
    assert credit is not None
    [part] = credit.allocations
    assert part.late_fee_fen == oldest["late_fee_fen"] > 0
    assert part.late_fee_fen + part.principal_fen == 5000
    assert cabinet.town.standing(account_no) == (arrears - 5000, balance)
    assert "Still due" in cabinet.slips()[0]


def test_an_account_with_nothing_due_prepays_on_the_same_path(cabinet: Cabinet) -> None:
    account = cabinet.town.account(balance=1250)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no, business="prepay")
    cabinet.insert(20, 10)
    kiosk.notice("¥20.00 received")
    kiosk.notice("¥10.00 received")
    kiosk.press("pay_now")
    kiosk.page("done")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=3000)
    assert cabinet.town.standing(account.account_no) == (0, 4250)
    assert "Add to balance" in cabinet.slips()[0]


def test_a_payment_without_money_is_cancelled_and_leaves_no_trace_at_the_hub(cabinet: Cabinet) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.stands("idling")
    kiosk.press("cancel")
    kiosk.page("cancelled")
    cabinet.stands("unit_disabled")
    cabinet.settled(kiosk)
    assert kiosk.payment().state is PaymentState.CANCELLED
    assert cabinet.slips() == []


def test_money_that_is_in_cannot_be_cancelled(cabinet: Cabinet) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk()
    kiosk.to_slot(account.account_no)
    cabinet.insert(10)
    assert kiosk.notice("¥10.00 received").back is None
    kiosk.press("cancel")
    kiosk.notice("¥10.00 is in")
    kiosk.press("pay_now")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=1000)


def test_a_chinese_customer_gets_a_chinese_receipt(cabinet: Cabinet) -> None:
    account = cabinet.town.account(10000)
    kiosk = cabinet.kiosk(terminal={"language": "zh"})
    kiosk.to_slot(account.account_no)
    cabinet.insert(100)
    kiosk.wrote("NoteStacked")
    kiosk.press("pay_now")
    kiosk.page("done")
    cabinet.settled(kiosk, credited=10000)
    assert "人民币壹佰元整" in cabinet.slips()[0]
