"""What the sample pages stand on: a kiosk in each state of health and invented accounts with their bills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.wire import Account, Bill, Meter
from kiosk.numbers import check_digit
from kiosk.payment.model import Claim, Payment
from kiosk.session.state import Facts, Page, Session

Sample = tuple[str, Session, Payment | None, Claim | None, Facts]
"""A name, and what the page of that name is built from."""

ONLINE = DeviceHealth(DeviceStatus.ONLINE)
FACTS = Facts(
    terminal="KIOSK-0001",
    site="漠阳花园服务厅",
    acceptor=ONLINE,
    printer=ONLINE,
    hub_up=True,
    accepted_fen=(10000, 5000, 2000, 1000),
)
NO_HUB = replace(FACTS, hub_up=False, hub_heard=True)
STANDS_IN = replace(NO_HUB, offline_fen=20000)
NO_PAPER = replace(FACTS, printer=DeviceHealth(DeviceStatus.USER_ERROR, "paper_out"))
BOX_FULL = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "box_full"))
JAMMED = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam_entry"))
BROKEN = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "failed"))
COVER_OPEN = replace(FACTS, printer=DeviceHealth(DeviceStatus.USER_ERROR, "cover_open"))
NOTE_INSIDE = replace(FACTS, acceptor_free=False)
STARTING = Facts(terminal="KIOSK-0001", site="", accepted_fen=(10000,), hub_up=True)
METER = "990001001250000000002" + str(check_digit("990001001250000000002"))
ACCOUNT_NO = "0399000000001234"
TODAY = date(2026, 11, 22)


def plain(name: str, page: Page, facts: Facts = FACTS, **changes: Any) -> Sample:
    """Return the state of a page that no payment belongs to; `changes` are the session's."""
    return name, Session(page=page, **changes), None, None, facts


def bill(month: str, charge: int, late: int = 0, paid: int = 0) -> Bill:
    """Return one open bill, due on the 25th of the month after."""
    year, number = int(month[:4]), int(month[5:])
    due_date = date(year + number // 12, number % 12 + 1, 25)
    return Bill(
        month=month,
        charge_fen=charge,
        late_fee_fen=late,
        paid_fen=paid,
        due_fen=charge + late - paid,
        due_date=due_date,
        state="partly_paid" if paid else "open",
        kwh=charge // 61,
    )


def account(*bills: Bill, balance: int = 0, **changes: Any) -> Account:
    """Return an invented account with these bills."""
    arrears = sum(one.due_fen for one in bills)
    facts: dict[str, Any] = {
        "account_no": ACCOUNT_NO,
        "name_masked": "张**",
        "address_masked": "漠阳花园3栋**单元***",
        "supply_unit": "示例供电公司",
        "usage_class": "居民生活用电",
        "state": "open",
        "meters": (Meter(meter_no=METER, kind="postpaid"),),
        "balance_fen": balance,
        "arrears_fen": arrears,
        "due_fen": max(arrears - balance, 0),
        "bills": bills,
        "as_of": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "business_date": TODAY,
    }
    return Account(**(facts | changes))


ONE = account(bill("2026-10", 12850), balance=0)
THREE = account(
    bill("2026-08", 24360, 1437, paid=2000), bill("2026-09", 15831, 443), bill("2026-10", 9874), balance=35
)
TWELVE = account(
    *(bill(f"2025-{n:02}", 11000 + 731 * n, 900 + 17 * n) for n in (11, 12)),
    *(bill(f"2026-{n:02}", 9000 + 1513 * n, 90 * (11 - n)) for n in range(1, 11)),
)
LARGEST = account(
    *(bill(f"2026-{n:02}", 899_999_999, 100_000_000, paid=100 * (n == 9)) for n in range(5, 11))
)
CLEAR = account(balance=6661)
COVERED = account(bill("2026-10", 5120), balance=8000)
LONGEST = account(
    bill("2025-12", 999_999_900, 99),
    name_masked="欧阳***（漠阳花园业主委员会代收公用电费专户）",
    address_masked="示例省示例市示例区漠阳大道东段一千二百三十四号漠阳花园二期***栋***单元****房",
    supply_unit="示例供电公司漠阳大道东段供电营业中心",
)
