"""The key that this terminal signs with: the one of its key file, or a working key that it signs on for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from kiosk.hubclient.outcomes import NotSent, Outcome

if TYPE_CHECKING:
    from kiosk.hubclient.sign_wire import SealKey, SignOn, SignOnRequest


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of 32 bytes and the id under which the hub knows it."""

    key_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a terminal that signs on stands: until when its key is good, and what went wrong since it got it.

    `until` is the hub's own time, None without a key. `failure` is why the last attempt failed, empty when it did not.
    """

    until: datetime | None = None
    failure: str = ""
    failed_at: datetime | None = None


SendSignOn = Callable[["SignOnRequest", SigningKey, float], "Outcome[SignOn]"]
"""Sends one sign-on, signed with this key, within so many seconds, on the caller's own connection to the hub."""


class Keys(Protocol):
    """The keys of one terminal, shared by all its lanes; calls may come from several threads."""

    def signing(self, send: SendSignOn, seconds: float) -> SigningKey | NotSent:
        """The key to sign a call with, within so many seconds; NotSent where there is none to be had."""
        ...

    def refused(self, key_id: str) -> None:
        """The hub has said, signed, that it does not take this key any more."""
        ...

    def doubted(self, key_id: str) -> None:
        """Somebody who does not hold the key has said so, which proves nothing."""
        ...

    def seal(self) -> SealKey | None:
        """The hub's key for sealed fields, if a sign-on has brought it."""
        ...

    def slip_key(self) -> bytes:
        """The key of the check codes on slips; raises DriverError when its module cannot be asked."""
        ...

    def standing(self) -> Standing | None:
        """How signing on stands, without asking anybody; None for a terminal that does not sign on."""
        ...


class FileKey:
    """The key of a key file: always there, and all there is."""

    def __init__(self, terminal: str, key: bytes) -> None:
        self._key = SigningKey(terminal, key)

    def signing(self, send: SendSignOn, seconds: float) -> SigningKey:
        """See Keys."""
        return self._key

    def refused(self, key_id: str) -> None:
        """See Keys; the file does not change for it."""

    def doubted(self, key_id: str) -> None:
        """See Keys."""

    def seal(self) -> None:
        """See Keys: without a sign-on it is asked for when it is needed."""

    def slip_key(self) -> bytes:
        """See Keys."""
        return self._key.key

    def standing(self) -> None:
        """See Keys."""
