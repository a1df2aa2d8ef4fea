"""How money is spread over an account's bills: oldest month first, late fee before principal, the rest is balance."""

from dataclasses import dataclass
from typing import Literal

from hub.business.bills import OpenBill


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account owes and owns on a date; `bills` has the open ones, oldest month first."""

    account_no: str
    state: Literal["open", "closed"]
    balance_fen: int
    bills: tuple[OpenBill, ...]

    @property
    def arrears_fen(self) -> int:
        return sum(bill.due_fen for bill in self.bills)

    @property
    def due_fen(self) -> int:
        """What is to be paid once the balance is used up."""
        return max(self.arrears_fen - self.balance_fen, 0)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one bill gets of a payment."""

    bill_no: str
    month: str
    late_fee_fen: int
    principal_fen: int

    @property
    def total_fen(self) -> int:
        return self.late_fee_fen + self.principal_fen


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one payment does to one account: amount = allocations + change of the balance."""

    account_no: str
    amount_fen: int
    allocations: tuple[Allocation, ...]
    balance_before_fen: int
    balance_after_fen: int
    arrears_after_fen: int

    @property
    def to_balance_fen(self) -> int:
        """The change of the balance; negative where the payment used some of it."""
        return self.balance_after_fen - self.balance_before_fen


@dataclass(frozen=True, slots=True)
class Part:
    """What one bill had got of a payment that is undone."""

    bill_no: str
    late_fee_fen: int
    principal_fen: int


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is put back when a payment is reversed; the balance goes below zero where it was used since."""

    account_no: str
    parts: tuple[Part, ...]
    to_balance_fen: int


def allocate(standing: Standing, amount_fen: int) -> Settlement:
    """Spread the amount together with the balance over the open bills; parts of a month are allowed.

    >>> from datetime import date
    >>> bill = OpenBill("b", "2026-01", 200, 12374, 0, 0, date(2026, 2, 15))
    >>> allocate(Standing("1", "open", 35, (bill,)), 13000).balance_after_fen
    661
    """
    if amount_fen <= 0:
        raise ValueError("a payment is more than nothing")
    money = standing.balance_fen + amount_fen
    allocations = []
    for bill in standing.bills:
        late_fee = min(bill.late_fee_fen, max(money, 0))
        principal = min(bill.principal_fen, max(money - late_fee, 0))
        if late_fee or principal:
            allocations.append(Allocation(bill.bill_no, bill.month, late_fee, principal))
            money -= late_fee + principal
    return Settlement(
        account_no=standing.account_no,
        amount_fen=amount_fen,
        allocations=tuple(allocations),
        balance_before_fen=standing.balance_fen,
        balance_after_fen=money,
        arrears_after_fen=standing.arrears_fen - sum(a.total_fen for a in allocations),
    )
