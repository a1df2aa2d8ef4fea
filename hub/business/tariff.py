"""From kilowatt-hours to a bill: steps, seasons, periods of the day, and one stated rule of rounding."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Period = Literal["total", "critical", "peak", "flat", "valley"]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One printed line: `kwh` x `price` (yuan, up to 8 decimals) = `amount_fen`.

    `step` is 1 for the first step, 0 for a line that spans all steps (the energy of one period of the day).
    `kind` is "energy", or "adder" for the surcharge of a step on a bill with periods of the day.
    """

    kind: Literal["energy", "adder"]
    step: int
    period: Period
    kwh: int
    price: Decimal
    amount_fen: int
