"""A bill that is still owed: its late fee as of a date, and what a payment makes of it."""

from dataclasses import dataclass, replace
from datetime import date

from hub.business.late_fee import LateFeeRule, late_fee_fen


@dataclass(frozen=True, slots=True)
class Bill:
    """One month's bill as the books hold it.

    The late fee grown up to `late_fee_accrued_to` is `late_fee_accrued_fen`; from then on it grows on the rest
    of the principal. `late_fee_paid_fen` counts what was ever collected of it.
    """

    bill_no: str
    month: str
    kwh: int
    charge_fen: int
    due_date: date
    paid_fen: int = 0
    late_fee_accrued_fen: int = 0
    late_fee_accrued_to: date | None = None
    late_fee_paid_fen: int = 0

    @property
    def principal_fen(self) -> int:
        """What is left of the charge."""
        return self.charge_fen - self.paid_fen


@dataclass(frozen=True, slots=True)
class OpenBill:
    """A bill with what is due of it on a date, as any billing system would state it."""

    bill_no: str
    month: str
    kwh: int
    charge_fen: int
    paid_fen: int
    late_fee_fen: int
    due_date: date

    @property
    def principal_fen(self) -> int:
        return self.charge_fen - self.paid_fen

    @property
    def due_fen(self) -> int:
        return self.principal_fen + self.late_fee_fen


def late_fee_due_fen(bill: Bill, on: date, rule: LateFeeRule) -> int:
    """Give the late fee that is outstanding on a date; never less than nothing, should the date step back."""
    return max(_grown(bill, on, rule) - bill.late_fee_paid_fen, 0)


def as_of(bill: Bill, on: date, rule: LateFeeRule) -> OpenBill:
    """State what is due of the bill on a date."""
    return OpenBill(
        bill_no=bill.bill_no,
        month=bill.month,
        kwh=bill.kwh,
        charge_fen=bill.charge_fen,
        paid_fen=bill.paid_fen,
        late_fee_fen=late_fee_due_fen(bill, on, rule),
        due_date=bill.due_date,
    )


def after_payment(bill: Bill, late_fee_fen: int, principal_fen: int, on: date, rule: LateFeeRule) -> Bill:
    """Take a payment on a bill; the principal may be touched only once the late fee of the day is paid.

    A part of the principal fixes the fee grown so far, so that the days before are not charged again.
    """
    due = late_fee_due_fen(bill, on, rule)
    if not (0 <= late_fee_fen <= due and 0 <= principal_fen <= bill.principal_fen):
        raise ValueError(f"{late_fee_fen} + {principal_fen} fen do not fit bill {bill.bill_no}")
    if principal_fen and late_fee_fen != due:
        raise ValueError(f"principal of bill {bill.bill_no} paid before its late fee")
    paid = replace(bill, late_fee_paid_fen=bill.late_fee_paid_fen + late_fee_fen)
    if not principal_fen:
        return paid
    paid = replace(paid, paid_fen=bill.paid_fen + principal_fen)
    if on <= bill.due_date:
        return paid
    grown = max(_grown(bill, on, rule), paid.late_fee_paid_fen)
    return replace(paid, late_fee_accrued_fen=grown, late_fee_accrued_to=on)


def after_reversal(bill: Bill, late_fee_fen: int, principal_fen: int, on: date, rule: LateFeeRule) -> Bill:
    """Put back what a payment paid on a bill; the fee grown so far stays, and grows on from `on` on the whole rest."""
    if not (0 <= late_fee_fen <= bill.late_fee_paid_fen and 0 <= principal_fen <= bill.paid_fen):
        raise ValueError(f"{late_fee_fen} + {principal_fen} fen were not paid on bill {bill.bill_no}")
    back = replace(bill, late_fee_paid_fen=bill.late_fee_paid_fen - late_fee_fen)
    if not principal_fen:
        return back
    back = replace(back, paid_fen=bill.paid_fen - principal_fen)
    if on <= bill.due_date:
        return back
    since = max(on, bill.late_fee_accrued_to or on)
    return replace(back, late_fee_accrued_fen=_grown(bill, on, rule), late_fee_accrued_to=since)


def _grown(bill: Bill, on: date, rule: LateFeeRule) -> int:
    since = bill.late_fee_accrued_to
    return bill.late_fee_accrued_fen + late_fee_fen(bill.principal_fen, bill.due_date, on, rule, since)
