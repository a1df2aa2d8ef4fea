"""Double entry in fen: a booking is a set of signed legs that add up to nothing.

A leg is positive where the account receives value (debit) and negative where it gives it (credit)::

    bill        receivable:<account> +charge                    income:energy -charge
    payment     cash:<terminal> +amount                         receivable:<account> -principal   (each bill)
                                                                income:late_fee -late fee         (each bill)
                                                                balance:<account> -change
    claim       cash:<terminal> +amount                         suspense -amount

So what stands to a customer's credit is the negative sum of his balance account.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.business.allocation import Settlement

ENERGY = "income:energy"
LATE_FEE = "income:late_fee"
SUSPENSE = "suspense"
OPENING = "opening"
"""Where balances and receipts from before this ledger began come from."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a booking; `bill_no` where it changes what is owed or was paid on a bill."""

    account: str
    amount_fen: int
    bill_no: str | None = None


class UnbalancedError(ValueError):
    """Legs that do not add up to nothing; they must not be written."""

    def __init__(self, legs: tuple[Leg, ...]) -> None:
        super().__init__(f"legs add up to {sum(leg.amount_fen for leg in legs)} fen, not 0: {legs}")
        self.legs = legs


def cash(terminal: str) -> str:
    return f"cash:{terminal}"


def receivable(account_no: str) -> str:
    return f"receivable:{account_no}"


def balance(account_no: str) -> str:
    return f"balance:{account_no}"


def balanced(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Leave out the empty legs and give the others back; raises UnbalancedError."""
    kept = tuple(leg for leg in legs if leg.amount_fen)
    if sum(leg.amount_fen for leg in kept):
        raise UnbalancedError(kept)
    return kept


def payment_legs(settlement: Settlement, terminal: str) -> tuple[Leg, ...]:
    """The legs of a payment taken in at a terminal."""
    legs = [Leg(cash(terminal), settlement.amount_fen)]
    for part in settlement.allocations:
        legs.append(Leg(LATE_FEE, -part.late_fee_fen, part.bill_no))
        legs.append(Leg(receivable(settlement.account_no), -part.principal_fen, part.bill_no))
    legs.append(Leg(balance(settlement.account_no), -settlement.to_balance_fen))
    return balanced(legs)


def claim_legs(amount_fen: int, terminal: str) -> tuple[Leg, ...]:
    """The legs of money that waits for a person's decision."""
    return balanced((Leg(cash(terminal), amount_fen), Leg(SUSPENSE, -amount_fen)))
