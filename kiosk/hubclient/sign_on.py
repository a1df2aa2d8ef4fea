"""Signing on: the master key in the terminal's security module brings a working key, which all lanes share.

Nothing of a key is ever written down: not to disk, not into the log, not into the text of an error. A kiosk that was
started again signs on again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from drivers.errors import DriverError
from drivers.security.model import TerminalModule
from kiosk.hubclient.keys import SendSignOn, SigningKey, Standing
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Refused, Unknown
from kiosk.hubclient.sign_wire import SealKey, SignOn, SignOnRequest

NONCE_BYTES = 16
SLIP_NONCE = b"slip-check-codes"
"""What the slips' key is derived from, as a sign-on's key is from its nonce; the hub takes no sign-on with it."""
RENEW_AT = 0.75
"""The part of its life after which a working key is renewed while it is still good."""
MARGIN_S = 30.0
"""So long before its end a key is used no more: a call that is under way must still arrive."""
AGAIN_S = 60.0
"""How long a renewal that failed, or a doubt that was looked into, is left alone while the key is still good."""
MOST_TOLD = 200
"""Characters of a failure that log and health tell."""

log = logging.getLogger("kiosk.sign_on")


@dataclass(frozen=True, slots=True)
class _Held:
    """A working key and its times by our own monotonic clock; `until` is its end by the hub's."""

    key: SigningKey
    begun: float
    renew_at: float
    ends_at: float
    seal: SealKey
    until: datetime


class TerminalKeys:
    """See Keys. One lane signs on at a time; those that need its key wait for it, and share its failure."""

    def __init__(
        self, terminal: str, module: TerminalModule, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal = terminal
        self._module = module
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._module_lock = threading.Lock()
        self._held: _Held | None = None
        self._failure = NotSent(NotSentReason.SIGN_ON, "not signed on yet")
        self._failed_at: datetime | None = None
        self._attempts = 0
        self._slip_key: bytes | None = None

    def signing(self, send: SendSignOn, seconds: float) -> SigningKey | NotSent:
        """See Keys."""
        end = self._clock() + seconds
        held, attempts = self._good(), self._attempts
        if held is not None and self._clock() < held.renew_at:
            return held.key
        # Nobody waits for a renewal: until it is there the old key does.
        if not self._one_at_a_time.acquire(timeout=0.0 if held else max(seconds, 0.0)):
            return held.key if held else NotSent(NotSentReason.SIGN_ON, "another call still signs on")
        try:
            if self._attempts == attempts:
                self._sign_on(send, end - self._clock())
            held = self._good()
            return held.key if held else self._failure
        finally:
            self._one_at_a_time.release()

    def refused(self, key_id: str) -> None:
        """See Keys."""
        held = self._held
        if held is not None and held.key.key_id == key_id:
            log.info("working_key_refused", extra={"key_id": key_id})
            self._held = None

    def doubted(self, key_id: str) -> None:
        """See Keys: a sign-on settles it, but whoever only makes noise does not cause one after the other."""
        held, now = self._held, self._clock()
        if held is not None and held.key.key_id == key_id and now - held.begun > AGAIN_S:
            self._held = replace(held, renew_at=min(held.renew_at, now))

    def seal(self) -> SealKey | None:
        """See Keys."""
        held = self._held
        return held.seal if held else None

    def slip_key(self) -> bytes:
        """See Keys."""
        with self._module_lock:
            if self._slip_key is None:
                self._slip_key = self._module.start_key(SLIP_NONCE)
            return self._slip_key

    def standing(self) -> Standing:
        """See Keys."""
        held, failed_at = self._good(), self._failed_at
        failure = self._failure.detail[:MOST_TOLD] if failed_at else ""
        return Standing(held.until if held else None, failure, failed_at)

    def _good(self) -> _Held | None:
        held = self._held
        return held if held is not None and self._clock() < held.ends_at else None

    def _sign_on(self, send: SendSignOn, seconds: float) -> None:
        """Sign on, and keep the key or the failure."""
        begun = self._clock()
        try:
            request, key = self._request()
            outcome = send(request, key, seconds)
            if isinstance(outcome, Answer):
                self._keep(outcome.body, begun)
            else:
                self._failed(_why(outcome))
        except DriverError as error:
            self._failed(NotSent(NotSentReason.SIGN_ON, f"security module: {type(error).__name__}: {error}"))
        finally:
            self._attempts += 1

    def _request(self) -> tuple[SignOnRequest, SigningKey]:
        nonce = os.urandom(NONCE_BYTES)
        with self._module_lock:
            check = self._module.check_value()
            key = self._module.start_key(nonce)
            scheme = self._module.scheme
        request = SignOnRequest(
            scheme="sm4" if scheme == "sm4" else "3des",
            nonce=nonce.hex(),
            master_check=(check or b"").hex(),
        )
        return request, SigningKey(f"{self._terminal}.m.{nonce.hex()}", key)

    def _keep(self, told: SignOn, begun: float) -> None:
        with self._module_lock:
            key = self._module.unwrap(bytes.fromhex(told.signing.wrapped), bytes.fromhex(told.signing.check))
        # Both times are the hub's, so a kiosk whose own clock is wrong knows the life of its key all the same.
        life = (told.expires_at - told.as_of).total_seconds()
        signing = SigningKey(f"{self._terminal}.w.{told.key_no}", key)
        ends_at = begun + life - min(MARGIN_S, life / 10)
        self._held = _Held(signing, begun, begun + RENEW_AT * life, ends_at, told.seal, told.expires_at)
        self._failed_at = None
        log.info("signed_on", extra={"key_id": signing.key_id, "hours": round(life / 3600, 1)})

    def _failed(self, why: NotSent) -> None:
        self._failure, self._failed_at = why, datetime.now(UTC)
        log.warning("sign_on_failed", extra={"reason": str(why.reason), "detail": why.detail[:MOST_TOLD]})
        held, again = self._held, self._clock() + AGAIN_S
        if held is not None:
            self._held = replace(held, renew_at=again)


def _why(outcome: Outcome[SignOn]) -> NotSent:
    """What a failed sign-on means for the call that needed its key: of the call itself nothing was sent."""
    match outcome:
        case NotSent():
            return outcome
        case Refused(problem):
            return NotSent(NotSentReason.SIGN_ON, f"sign-on refused: {problem.code}: {problem.detail}")
        case Unknown(reason, detail):
            return NotSent(NotSentReason.SIGN_ON, f"sign-on not answered: {reason}: {detail}")
        case _:
            raise AssertionError(outcome)
