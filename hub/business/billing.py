"""The billing port: what the payment rules ask of the utility's marketing system.

The hub's own books (`hub.data.books`) are its default adapter. A marketing system that is reached over a wire is
another one; nothing else of the hub would change.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from hub.business.allocation import Settlement, Standing, Undoing


@dataclass(frozen=True, slots=True)
class Meter:
    meter_no: str
    kind: Literal["postpaid", "card", "remote_prepaid", "sts"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is billed, and where; name and address in clear, for the hub's eyes only."""

    account_no: str
    name: str
    address: str
    supply_unit: str
    usage_class: str
    meters: tuple[Meter, ...]


class Billing(Protocol):
    """One conversation with the billing system; what it applies stands once the conversation is committed."""

    async def account(self, account_no: str, on: date) -> tuple[Customer, Standing] | None:
        """Give an account's customer and, as of one moment, its standing; none if there is no such account."""

    async def account_of_meter(self, meter_no: str) -> str | None:
        """Give the account that a meter belongs to."""

    async def standing(self, account_no: str, on: date) -> Standing | None:
        """State balance and open bills, late fees as of `on`, without keeping others away."""

    async def hold(self, account_no: str, on: date) -> Standing | None:
        """The same, and no other payment of this account until the conversation ends."""

    async def apply(self, settlement: Settlement, on: date) -> None:
        """Book what a payment does to the account that is held; raises ValueError if it is not held."""

    async def undo(self, undoing: Undoing, on: date) -> None:
        """Put back what a payment did to the account that is held; raises ValueError if it is not held.

        No late fee is asked for the days on which the payment stood.
        """
