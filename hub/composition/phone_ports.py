"""What the phone desk asks of others: the provider, the place where orders are kept, whoever opens sealed fields."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.business.phone_rules import PhonePolicy, PhoneRecord, Said
from hub.business.tender_forms import Title


class Provider(Protocol):
    """What the desk asks of a QR acquirer; each call ends in time and raises nothing."""

    async def open(self, record: PhoneRecord) -> Said: ...

    async def pay(self, record: PhoneRecord, payer_code: str) -> Said: ...

    async def ask(self, record: PhoneRecord) -> Said: ...

    async def shut(self, record: PhoneRecord) -> Said: ...

    async def refund(self, record: PhoneRecord) -> Said: ...


class Phones(Protocol):
    """What the desk asks of the place where orders are kept; see `hub.data.phones`."""

    async def find(self, order_id: str) -> PhoneRecord | None: ...

    async def hold(self, order_id: str) -> PhoneRecord | None: ...

    async def add(self, record: PhoneRecord) -> None: ...

    async def save(self, record: PhoneRecord) -> None: ...

    async def due(self, now: datetime) -> list[str]: ...

    async def lease(self, order_id: str, now: datetime, until: datetime) -> bool: ...

    async def hurry(self, order_id: str, now: datetime) -> bool: ...


class PayerCodes(Protocol):
    """Who opens what a kiosk sealed."""

    async def payer_code(self, sealed: str, terminal: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Acquirer:
    """The provider as the desk uses it; `call_s` bounds one call to it."""

    provider: Provider
    policy: PhonePolicy
    title: Title
    call_s: float
