"""The hub's key store and the kiosk's sealing as the tenders' world has them: sealing itself is tried elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from drivers.bank.mac import mac
from drivers.bank.working_keys import kcv, unwrap
from drivers.security.bench_keys import bank_key
from hub.business.refusals import Refusal
from hub.data.keystore import KeyStore, Unreadable
from tests.crash.memory import Turn

T = TypeVar("T")


def seal(field: str, text: str) -> str:
    """What stands for a sealed field: not to be read by chance, and not secret at all."""
    return base64.urlsafe_b64encode(f"{field}:{text}".encode()).decode()


class Store:
    """As much of a `KeyStore` as tenders ask of it, with the bench's keys."""

    def bank_check(self, acquirer: str, tid: str, wrapped: bytes) -> bytes:
        return kcv(unwrap(bank_key(acquirer, tid), wrapped))

    def bank_mac(self, acquirer: str, tid: str, wrapped: bytes, scheme: str, text: bytes) -> bytes:
        return mac(scheme, unwrap(bank_key(acquirer, tid), wrapped), text)

    def open_sealed(self, sealed: str, _terminal: str, field: str) -> str:
        name, _, text = base64.urlsafe_b64decode(sealed).decode().partition(":")
        if name != field:
            raise Unreadable("another field was sealed")
        return text

    def fingerprint(self, text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    def protect(self, text: str, place: str) -> str:
        return seal(place, text)

    def reveal(self, kept: str, place: str) -> str:
        return self.open_sealed(kept, "", place)


class MemoryVault:
    """Asks the store at once, in place of `Vault`; `busy` says when the module does not answer."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._store: Any = Store()
        self._busy = busy

    async def ask(self, call: Callable[[KeyStore], T]) -> T:
        await Turn()
        if self._busy():
            raise Refusal("hub_busy", "the key store does not answer", retry_after_s=2)
        return call(self._store)
