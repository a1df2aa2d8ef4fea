"""The well-known accounts at the head of the sample town: fixed, whatever the seed.

Amounts in yuan; days count from the town's date. Charges are of months within the first step, so they are
the same in every season. Building 21 stands in no estate of the drawn accounts.

| account | who | what it is for |
|---|---|---|
| 0399000000000018 | 张伟, 漠阳花园 | three months open: 113.25 overdue for 15 days (late fee 1.70), 92.55, 120.56 |
| 0399000000000026 | 李娜, 漠阳花园 | nothing due, balance 12.50: can only prepay |
| 0399000000000034 | 王芳, 榕荫小区 | 92.55 open, not overdue; a balance of 50.00 covers part of it |
| 0399000000000042 | 陈强, 榕荫小区 | closed three months ago, all paid |
| 0399000000000059 | 黄海, 晒网渔村 | twelve months open, eleven of them overdue |
| 0399000000000067 | Anna Li, Garden 8-302 | a name and an address in Latin letters, 92.55 open |
| 0399000000000075 | 漠阳便利店, 榕荫街 | a shop with two meters: 600.00 overdue for 15 days, 660.00 open |
| 0399000000000083 | 林秀英, 荔香园 | card meter, nothing due; purchase 12 of 100.00 is in the meter |
| 0399000000000091 | 谢建华, 荔香园 | remote prepaid meter, nothing due, balance 66.00 |
| 0399000000000109 | 关小梅, 荔香园 | token (STS) meter, nothing due |
| 0399000000000117 | 许文, 白鹭湖畔 | 113.25 overdue for 15 days, 50.00 paid on the fifth of them; 92.55 open |
| 0399000000000125 | 何丽, 白鹭湖畔 | card meter; purchase 5 of 200.00 is on the card and not in the meter yet |
| 0399000000000133 | 郑强, 白鹭湖畔 | card meter; purchase 8 of 50.00 is paid and was never written on the card |
| 0399000000000141 | 邓敏, 白鹭湖畔 | card meter that was never opened: no card yet |
| 0399000000000158 | 蔡勇, 白鹭湖畔 | card meter with its second card; purchase 21 of 300.00 is in it; limit 1,000.00 |

The card of account 0399000000000083 has the serial A500000000000083 (`card_serial`); one before it begins with A4.
On a card the meter's number is the twelve digits before the check digit, and the customer's the last twelve digits of
the account's (`hub.data.seed_cards`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from hub.business.numbers import identity_number, meter_number
from hub.business.tariff import Tariff
from hub.data.tariff_file import TariffBook
from hub.data.town_bills import billed_months, issue, month_start, pay_in_part, settle
from hub.data.town_model import (
    Channel,
    MeterKind,
    TownAccount,
    TownBill,
    TownCard,
    TownMeter,
    TownPurchase,
)
from hub.data.town_names import IDENTITY_REGION

HOME_TARIFF, SHOP_TARIFF = "GD-RES-STEP", "GD-BUS-FLAT"
METER_OWNER = "9900010"
METER_KIND_DIGITS: dict[MeterKind, str] = {
    "postpaid": "01",
    "card": "02",
    "remote_prepaid": "03",
    "sts": "04",
}
OPENED_ON = date(2012, 7, 1)

_PAST_KWH = (150, 142, 138, 145, 180, 240, 310, 305, 250, 190, 155, 152)  # January to December
_PART_PAID_FEN, _PART_PAID_DAYS = 5000, 5
_BOUGHT_DAYS = 20


@dataclass(frozen=True, slots=True)
class Known:
    """A well-known account; `open_kwh` are its open months, oldest first, the last due in `due_in` days.

    Each month before that falls due `due_step` days earlier.
    """

    number: int
    name: str
    address: str
    supply_unit: str = "漠阳供电局城东供电所"
    kinds: tuple[MeterKind, ...] = ("postpaid",)
    tariff_id: str = HOME_TARIFF
    balance_fen: int = 0
    open_kwh: tuple[int, ...] = ()
    due_in: int = 10
    due_step: int = 30
    closed: bool = False
    part_paid: bool = False
    last: tuple[int, int, Literal["taken", "written", "owed"]] | None = None
    """The last purchase of a card meter: count, amount in fen, how far it has come."""
    had_card: bool = False
    hoarding_limit_fen: int = 0


KNOWN = (
    Known(18, "张伟", "漠阳花园21栋1单元101房", open_kwh=(186, 152, 198), due_in=21, due_step=18),
    Known(26, "李娜", "漠阳花园21栋1单元102房", balance_fen=1250),
    Known(34, "王芳", "榕荫小区21栋1单元201房", balance_fen=5000, open_kwh=(152,)),
    Known(42, "陈强", "榕荫小区21栋1单元202房", closed=True),
    Known(59, "黄海", "晒网渔村21栋2单元303房", "漠阳供电局城北供电所", open_kwh=(152,) * 12, due_in=15),
    Known(67, "Anna Li", "Garden 8-302", open_kwh=(152,)),
    Known(
        75,
        "漠阳便利店",
        "榕荫街101号",
        kinds=("postpaid", "postpaid"),
        tariff_id=SHOP_TARIFF,
        open_kwh=(800, 880),
        due_in=15,
    ),
    Known(
        83,
        "林秀英",
        "荔香园21栋1单元401房",
        "漠阳供电局城西供电所",
        kinds=("card",),
        last=(12, 10_000, "taken"),
    ),
    Known(
        91,
        "谢建华",
        "荔香园21栋1单元402房",
        "漠阳供电局城西供电所",
        kinds=("remote_prepaid",),
        balance_fen=6600,
    ),
    Known(109, "关小梅", "荔香园21栋1单元403房", "漠阳供电局城西供电所", kinds=("sts",)),
    Known(
        117,
        "许文",
        "白鹭湖畔21栋1单元501房",
        "漠阳供电局城西供电所",
        open_kwh=(186, 152),
        due_in=15,
        part_paid=True,
    ),
    Known(
        125,
        "何丽",
        "白鹭湖畔21栋1单元502房",
        "漠阳供电局城西供电所",
        kinds=("card",),
        last=(5, 20_000, "written"),
    ),
    Known(
        133,
        "郑强",
        "白鹭湖畔21栋1单元503房",
        "漠阳供电局城西供电所",
        kinds=("card",),
        last=(8, 5_000, "owed"),
    ),
    Known(141, "邓敏", "白鹭湖畔21栋1单元504房", "漠阳供电局城西供电所", kinds=("card",)),
    Known(
        158,
        "蔡勇",
        "白鹭湖畔21栋1单元505房",
        "漠阳供电局城西供电所",
        kinds=("card",),
        last=(21, 30_000, "taken"),
        had_card=True,
        hoarding_limit_fen=100_000,
    ),
)


def known_accounts(as_of: date, book: TariffBook) -> Iterator[TownAccount]:
    """Yield the accounts of the table above, as they stand on that day."""
    first_serial = 250_000_000_001
    for known in KNOWN:
        yield _account(known, as_of, book, first_serial)
        first_serial += len(known.kinds)


def meters(account_no: str, kinds: tuple[MeterKind, ...], first_serial: int) -> tuple[TownMeter, ...]:
    """Give the meters of an account, one at each metering point, with running serial numbers."""
    return tuple(
        TownMeter(
            meter_number(f"{METER_OWNER}{METER_KIND_DIGITS[kind]}{first_serial + index:012d}"),
            f"{account_no}{index + 1:02d}",
            kind,
        )
        for index, kind in enumerate(kinds)
    )


def card_serial(number: int, *, former: bool = False) -> str:
    """The serial of a well-known account's card.

    >>> card_serial(83), card_serial(158, former=True)
    ('A500000000000083', 'A400000000000158')
    """
    return f"{'A4' if former else 'A5'}{number:014d}"


def _card(known: Known, as_of: date) -> TownCard | None:
    if known.last is None:
        return None
    last = TownPurchase(*known.last, paid_on=as_of - timedelta(days=_BOUGHT_DAYS))
    former = (card_serial(known.number, former=True),) if known.had_card else ()
    return TownCard(card_serial(known.number), last, former)


def _meters(known: Known, account_no: str, as_of: date, first_serial: int) -> tuple[TownMeter, ...]:
    card, limit = _card(known, as_of), known.hoarding_limit_fen
    return tuple(
        replace(meter, card=card, hoarding_limit_fen=limit) if meter.kind == "card" else meter
        for meter in meters(account_no, known.kinds, first_serial)
    )


def _account(known: Known, as_of: date, book: TariffBook, first_serial: int) -> TownAccount:
    account_no = f"0399{known.number:012d}"
    return TownAccount(
        account_no=account_no,
        name=known.name,
        phone=f"154{known.number:08d}",
        address=known.address,
        supply_unit=known.supply_unit,
        usage_class="business" if known.tariff_id == SHOP_TARIFF else "residential",
        tariff_id=known.tariff_id,
        large_household=False,
        state="closed" if known.closed else "open",
        opened_on=OPENED_ON,
        closed_on=month_start(as_of, -3) if known.closed else None,
        balance_fen=known.balance_fen,
        meters=_meters(known, account_no, as_of, first_serial),
        bills=tuple(_bills(known, as_of, book)),
        identity=identity_number(f"{IDENTITY_REGION}19800101{known.number % 1000:03d}"),
    )


def _bills(known: Known, as_of: date, book: TariffBook) -> Iterator[TownBill]:
    months = billed_months(as_of)
    if known.closed:
        months = months[:-3]
    paid_months = months[: len(months) - len(known.open_kwh)]
    for month in paid_months:
        tariff = book.in_force(known.tariff_id, month)
        bill = issue(tariff, month, _PAST_KWH[month.month - 1])
        channel: Channel = "online" if known.kinds[0] == "postpaid" else "prepaid"
        yield settle(bill, bill.issued_on, channel, tariff)
    for place, (month, kwh) in enumerate(zip(months[len(paid_months) :], known.open_kwh, strict=True)):
        tariff = book.in_force(known.tariff_id, month)
        later = len(known.open_kwh) - 1 - place
        due = as_of + timedelta(days=known.due_in - later * known.due_step)
        bill = replace(issue(tariff, month, kwh), due_date=due)
        yield _pay_a_part(bill, tariff) if known.part_paid and not place else bill


def _pay_a_part(bill: TownBill, tariff: Tariff) -> TownBill:
    paid_on = bill.due_date + timedelta(days=_PART_PAID_DAYS)
    return pay_in_part(bill, _PART_PAID_FEN, paid_on, "kiosk", tariff)
