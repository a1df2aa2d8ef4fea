"""When the customers of the sample town pay, and what is still open on a given day."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.business.tariff import Tariff
from hub.data.draw import Draw
from hub.data.town_bills import pay_in_part, settle
from hub.data.town_model import Channel, TownBill

# Of the postpaid accounts: between how many and how many bills are overdue.
OVERDUE: tuple[tuple[tuple[int, int], float], ...] = (
    ((0, 0), 0.92),
    ((1, 1), 0.06),
    ((2, 3), 0.015),
    ((4, 12), 0.005),
)
PARTLY_PAID = 0.15
# The share of customers who have not paid yet, when this part of the time to the due date has passed:
# 22 % on day 10 and 5 % on day 25 for homes. It falls evenly on a logarithmic scale in between.
EARLY_PART, UNPAID_EARLY, UNPAID_AT_DUE_DATE = 0.375, 0.22, 0.05
LATE_DAYS = 12
CHANNELS: tuple[tuple[Channel, float], ...] = (
    ("online", 0.58),
    ("direct_debit", 0.18),
    ("kiosk", 0.12),
    ("counter", 0.08),
    ("agent", 0.04),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """How the customer takes one month's bill: `rank` is the share of customers who pay still later."""

    rank: float
    late_days: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer's standing: pays ahead, or leaves so many bills overdue."""

    prepaid: bool = False
    overdue: int = 0
    partly_paid: bool = False


def draw_turn(draw: Draw) -> Turn:
    """Draw how one bill is taken."""
    return Turn(draw.share(), draw.between(1, LATE_DAYS), draw.weighted(CHANNELS))


def draw_payer(draw: Draw, *, prepaid: bool, closed: bool) -> Payer:
    """Draw a customer's standing; only who pays after use can be overdue, and nobody leaves so."""
    overdue = draw.between(*draw.weighted(OVERDUE))
    partly_paid = draw.share() < PARTLY_PAID
    if prepaid or closed:
        return Payer(prepaid)
    return Payer(overdue=overdue, partly_paid=partly_paid)


def as_paid(
    bills: Sequence[TownBill], tariffs: Sequence[Tariff], turns: Sequence[Turn], payer: Payer, as_of: date
) -> Iterator[TownBill]:
    """Yield an account's bills, oldest first, with what has been paid of each by that day."""
    overdue = sum(bill.due_date < as_of for bill in bills)
    first_open = max(overdue - payer.overdue, 0) if payer.overdue else len(bills)
    for place, (bill, tariff, turn) in enumerate(zip(bills, tariffs, turns, strict=True)):
        paid_on = _pay_day(bill, turn)
        if payer.prepaid:
            yield settle(bill, bill.issued_on, "prepaid", tariff)
        elif place == first_open and payer.partly_paid and bill.due_date < as_of:
            half = bill.charge_fen // 2000 * 1000  # people pay round sums
            yield pay_in_part(bill, half, min(paid_on, as_of), turn.channel, tariff)
        elif place >= first_open or (paid_on > as_of and bill.due_date >= as_of):
            yield bill
        else:
            yield settle(bill, min(paid_on, as_of), turn.channel, tariff)


def _pay_day(bill: TownBill, turn: Turn) -> date:
    """Give the day on which a customer of this rank pays; the last ones pay late."""
    if turn.rank < UNPAID_AT_DUE_DATE:
        return bill.due_date + timedelta(days=turn.late_days)
    if turn.rank >= UNPAID_EARLY:
        part = EARLY_PART * math.log(turn.rank) / math.log(UNPAID_EARLY)
    else:
        slope = math.log(turn.rank / UNPAID_EARLY) / math.log(UNPAID_AT_DUE_DATE / UNPAID_EARLY)
        part = EARLY_PART + (1 - EARLY_PART) * slope
    return bill.issued_on + timedelta(days=math.ceil(part * (bill.due_date - bill.issued_on).days))
