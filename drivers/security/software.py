"""A security module in the kiosk's own memory, for the bench only."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from drivers.errors import CommandRefused
from drivers.security import keys
from drivers.security.keys import CardKeySet
from drivers.security.model import CardKeys
from drivers.status import DeviceHealth, DeviceStatus


def on_the_bench(bench: bool, what: str) -> None:
    """Raise ValueError unless this is a bench: in the field keys never lie in the kiosk's software."""
    if not bench:
        raise ValueError(f"{what} holds its keys in software: it is for the bench only, never for the field")


class SoftwareModule:
    """`SecurityModule` over master keys in memory, by card profile; ValueError unless `bench`."""

    def __init__(self, masters: Mapping[str, CardKeySet], *, bench: bool) -> None:
        on_the_bench(bench, "this security module")
        self._masters = dict(masters)

    def genuine(self, card: CardKeys, challenge: bytes, answer: bytes) -> bool:
        """See `SecurityModule`."""
        own = self._keys(card)
        return hmac.compare_digest(keys.cryptogram(own.cipher, own.internal, challenge), answer)

    def authenticate(self, card: CardKeys, challenge: bytes) -> bytes:
        """See `SecurityModule`."""
        own = self._keys(card)
        return keys.cryptogram(own.cipher, own.external, challenge)

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        """See `SecurityModule`."""
        own = self._keys(card)
        return keys.mac4(own.cipher, own.mac, challenge, command)

    def health(self) -> DeviceHealth:
        """Always online."""
        return DeviceHealth(DeviceStatus.ONLINE, detail="software module with test keys")

    def _keys(self, card: CardKeys) -> CardKeySet:
        masters = self._masters.get(card.profile)
        if masters is None:
            raise CommandRefused(f"no keys for cards of the profile {card.profile!r}")
        return masters.for_serial(card.serial)
