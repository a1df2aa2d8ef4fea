"""Double entry in fen: a booking is a set of signed legs that add up to nothing.

A leg is positive where the account receives value (debit) and negative where it gives it (credit)::

    bill        receivable:<account> +charge                    income:energy -charge
    payment     cash:<terminal> +amount                         receivable:<account> -principal   (each bill)
                                                                income:late_fee -late fee         (each bill)
                                                                balance:<account> -change
    payment for a card                                          power:<meter> -power
                cash:<terminal> +amount                         income:card_fee -fee
                                                                balance:<account> -rest
    reversal    the payment's legs with the other sign
    claim       cash:<terminal> +amount                         suspense -amount
    count       cash:<terminal> +found                          suspense -found
    release     suspense +amount                                as of a payment, or refunds:<reference> -amount
    kept back   qr:<terminal> +amount                           suspense -amount
    gave back   suspense +amount                                qr:<terminal> -amount

The place of `cash` is taken by the payment's tender: `bank_card:<terminal>` and so on. What phones paid and is not to
be credited is kept back until the provider has given it back: the `qr` accounts are what lies at the provider for us.
The sale of a recharge card is the utility's own business and in no leg here: `recharge_card:<terminal>` is what of such
money was spent at a terminal. So what stands to a customer's credit is the negative sum of his balance account.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.business.allocation import Part, Settlement, Undoing
from hub.business.forms import Tender

ENERGY = "income:energy"
LATE_FEE = "income:late_fee"
CARD_FEE = "income:card_fee"
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


def taken(tender: Tender, terminal: str) -> str:
    return f"{tender}:{terminal}"


def cash(terminal: str) -> str:
    return taken("cash", terminal)


def refunds(reference: str) -> str:
    return f"refunds:{reference}"


def power(meter_no: str) -> str:
    """What was paid for power that is bought before it is used."""
    return f"power:{meter_no}"


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


def payment_legs(settlement: Settlement, source: str, bought: Iterable[Leg] = ()) -> tuple[Leg, ...]:
    """The legs of money that goes from a ledger account (a terminal's tender, suspense) to a customer's account.

    `bought` are those of what else it paid for.
    """
    legs = [Leg(source, settlement.amount_fen)]
    for part in settlement.allocations:
        legs.append(Leg(LATE_FEE, -part.late_fee_fen, part.bill_no))
        legs.append(Leg(receivable(settlement.account_no), -part.principal_fen, part.bill_no))
    legs.extend(bought)
    legs.append(Leg(balance(settlement.account_no), -settlement.to_balance_fen))
    return balanced(legs)


def opposite(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that undo these."""
    return balanced(Leg(leg.account, -leg.amount_fen, leg.bill_no) for leg in legs)


def undoing(account_no: str, legs: Iterable[Leg]) -> Undoing:
    """Say what the legs of a payment did to the account, so that it can be put back."""
    fees: dict[str, int] = {}
    principals: dict[str, int] = {}
    change = 0
    for leg in legs:
        if leg.bill_no is not None:
            paid = fees if leg.account == LATE_FEE else principals
            paid[leg.bill_no] = paid.get(leg.bill_no, 0) - leg.amount_fen
        elif leg.account == balance(account_no):
            change -= leg.amount_fen
    bill_nos = dict.fromkeys((*fees, *principals))
    parts = tuple(Part(no, fees.get(no, 0), principals.get(no, 0)) for no in bill_nos)
    return Undoing(account_no, parts, change)


def claim_legs(amount_fen: int, terminal: str, tender: Tender = "cash") -> tuple[Leg, ...]:
    """The legs of money that waits for a person's decision, and of a note that the count of the box found."""
    return balanced((Leg(taken(tender, terminal), amount_fen), Leg(SUSPENSE, -amount_fen)))


def refund_legs(amount_fen: int, reference: str) -> tuple[Leg, ...]:
    """The legs of suspended money that is paid out against a reference."""
    return balanced((Leg(SUSPENSE, amount_fen), Leg(refunds(reference), -amount_fen)))


def kept_back_legs(amount_fen: int, terminal: str) -> tuple[Leg, ...]:
    """The legs of money that a phone paid and that is to go back."""
    return balanced((Leg(taken("qr", terminal), amount_fen), Leg(SUSPENSE, -amount_fen)))
