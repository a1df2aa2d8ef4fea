"""The records of the sample town, as plain values that any store can take in."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from hub.business.tariff import BillLine

MeterKind = Literal["postpaid", "card", "remote_prepaid", "sts"]
AccountState = Literal["open", "closed"]
UsageClass = Literal["residential", "business"]
Channel = Literal["online", "direct_debit", "kiosk", "counter", "agent", "prepaid"]


@dataclass(frozen=True, slots=True)
class TownPurchase:
    """The last power that was bought for a card meter: in the meter, on the card, or paid and not written yet."""

    count: int
    amount_fen: int
    state: Literal["taken", "written", "owed"]
    paid_on: date


@dataclass(frozen=True, slots=True)
class TownCard:
    """A card meter's card with its last purchase; `former` are the serials of cards that it took the place of."""

    serial: str
    last: TownPurchase
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TownMeter:
    """A meter at a metering point; `meter_no` is 22 digits with a good check digit.

    A card meter without a card was never opened.
    """

    meter_no: str
    metering_point: str
    kind: MeterKind
    card: TownCard | None = None
    hoarding_limit_fen: int = 0


@dataclass(frozen=True, slots=True)
class TownBill:
    """One month's bill and what has been paid of it.

    `charge_fen` is the principal; the lines add up to it. `paid_on` and `channel` tell of the last payment
    (none: nothing paid yet). After a part payment `late_fee_accrued_fen` is the late fee that had grown up to
    `late_fee_accrued_to`, of which `paid_late_fee_fen` is paid; it grows on from that day on the rest of the
    principal (`late_fee_fen(..., since=late_fee_accrued_to)`). On an untouched bill they are 0 and None.
    """

    month: str  # YYYY-MM
    kwh: int
    lines: tuple[BillLine, ...]
    charge_fen: int
    read_on: date
    issued_on: date
    due_date: date
    paid_principal_fen: int = 0
    paid_late_fee_fen: int = 0
    late_fee_accrued_fen: int = 0
    late_fee_accrued_to: date | None = None
    paid_on: date | None = None
    channel: Channel | None = None

    @property
    def unpaid_principal_fen(self) -> int:
        """What is left of the charge, without late fee."""
        return self.charge_fen - self.paid_principal_fen


@dataclass(frozen=True, slots=True)
class TownAccount:
    """An account with its meters and its bills, oldest first; name, address, phone and identity are invented."""

    account_no: str
    name: str
    phone: str
    address: str
    supply_unit: str
    usage_class: UsageClass
    tariff_id: str
    large_household: bool
    state: AccountState
    opened_on: date
    closed_on: date | None
    balance_fen: int
    meters: tuple[TownMeter, ...]
    bills: tuple[TownBill, ...]
    identity: str = ""
    """The customer's identity number (GB 11643), of a region that there is not; empty for a shop."""
