"""How a bill of the sample town comes into being and is paid, by the tariff and the rules of the house."""

from dataclasses import replace
from datetime import date

from hub.business.late_fee import due_date, late_fee_fen
from hub.business.tariff import Tariff, charge
from hub.data.town_model import Channel, TownBill

MONTHS_OF_BILLS = 24


def month_start(day: date, months_later: int = 0) -> date:
    """Give the first day of the month that lies so many months after (or before) the day's own."""
    index = day.year * 12 + day.month - 1 + months_later
    return date(index // 12, index % 12 + 1, 1)


def billed_months(as_of: date, count: int = MONTHS_OF_BILLS) -> list[date]:
    """Give the first days of the last complete months before `as_of`, oldest first."""
    return [month_start(as_of, -back) for back in range(count, 0, -1)]


def issue(tariff: Tariff, month: date, kwh: int, *, large_household: bool = False) -> TownBill:
    """Bill one month: read from afar as it ends, and issued the same day."""
    computed = charge(tariff, month.month, {"total": kwh}, large_household=large_household)
    read_on = month_start(month, 1)
    return TownBill(
        month=f"{month:%Y-%m}",
        kwh=kwh,
        lines=computed.lines,
        charge_fen=computed.total_fen,
        read_on=read_on,
        issued_on=read_on,
        due_date=due_date(tariff.due, read_on, read_on),
    )


def settle(bill: TownBill, paid_on: date, channel: Channel, tariff: Tariff) -> TownBill:
    """Pay the whole bill on that day, with the late fee if it was overdue; a bill of nothing stays as it is."""
    if not bill.charge_fen:
        return bill
    fee = late_fee_fen(bill.charge_fen, bill.due_date, paid_on, tariff.late_fee)
    return _paid(bill, bill.charge_fen, fee, paid_on, channel)


def pay_in_part(bill: TownBill, amount_fen: int, paid_on: date, channel: Channel, tariff: Tariff) -> TownBill:
    """Pay this much of an untouched bill: late fee first, then principal; a part too small changes nothing."""
    fee = late_fee_fen(bill.charge_fen, bill.due_date, paid_on, tariff.late_fee)
    if not fee < amount_fen < fee + bill.charge_fen:
        return bill
    return _paid(bill, amount_fen - fee, fee, paid_on, channel)


def _paid(bill: TownBill, principal_fen: int, fee_fen: int, paid_on: date, channel: Channel) -> TownBill:
    return replace(
        bill,
        paid_principal_fen=principal_fen,
        paid_late_fee_fen=fee_fen,
        late_fee_accrued_fen=fee_fen,
        late_fee_accrued_to=paid_on if paid_on > bill.due_date else None,
        paid_on=paid_on,
        channel=channel,
    )
