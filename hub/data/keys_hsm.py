"""The key store in a PKCS#11 module: master keys that never leave it, triple DES inside it from end to end."""

import hmac
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import Attribute, Mechanism, ObjectClass

from drivers.security import keys as plain
from drivers.security.cipher import SM4
from hub.data import keys_memory as memory
from hub.data.keys_objects import (
    BANK,
    BOTH_WAYS,
    CARD,
    MARKS,
    TERMINAL,
    Objects,
    cbc,
    paired,
    uncbc,
    unecb,
)
from hub.data.keys_token import Token
from hub.data.keystore import CardSchemes, KeyMissing, KeyName, SealKey, bank_name
from hub.data.sealing import CURVE, opened, public_numbers


class HsmStore:
    """See KeyStore."""

    def __init__(self, token: Token, schemes: CardSchemes) -> None:
        self._token = token
        self._objects = Objects(token)
        self._schemes = schemes

    # Cards ---------------------------------------------------------------------------------------------------

    def card_genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        """See KeyStore."""
        return hmac.compare_digest(self._card_cryptogram(profile, "internal", serial, challenge), answer)

    def card_cryptogram(self, profile: str, serial: str, challenge: bytes) -> bytes:
        """See KeyStore."""
        return self._card_cryptogram(profile, "external", serial, challenge)

    def _card_cryptogram(self, profile: str, use: str, serial: str, challenge: bytes) -> bytes:
        scheme, label = self._card(profile, use)
        factor = memory.sized(bytes.fromhex(serial), plain.FACTOR, "serial")
        memory.sized(challenge, 8, "challenge")

        def work() -> bytes:
            if scheme == "sm4":
                return memory.card_cryptogram(SM4, self._objects.sm4(label), serial, challenge)
            with self._objects.derived(label, paired(factor)) as key:
                return cbc(key, challenge)

        return self._token.run(work)

    def card_mac(self, profile: str, serial: str, challenge: bytes, command: bytes) -> bytes:
        """See KeyStore."""
        scheme, label = self._card(profile, "mac")
        factor = memory.sized(bytes.fromhex(serial), plain.FACTOR, "serial")
        chain = memory.sized(challenge, 4, "challenge") + bytes(4)

        def work() -> bytes:
            if scheme == "sm4":
                return memory.card_mac(SM4, self._objects.sm4(label), serial, challenge, command)
            return self._mac(label, factor, chain, plain.pad(command, 8))

        return self._token.run(work)

    def _mac(self, label: str, factor: bytes, chain: bytes, padded: bytes) -> bytes:
        if padded[:-8]:
            # Derived from the factor twice, the left half stands twice: single DES for all blocks but the last.
            with self._objects.derived(label, factor + factor) as left:
                chain = cbc(left, padded[:-8], chain)[-8:]
        with self._objects.derived(label, paired(factor)) as whole:
            return cbc(whole, padded[-8:], chain)[:4]

    def _card(self, profile: str, use: str) -> tuple[str, str]:
        scheme = self._schemes.get(profile)
        if scheme is None:
            raise KeyMissing(f"the key store's settings have no profile {profile}")
        return scheme.cipher, CARD + getattr(scheme, use)

    # Terminals -----------------------------------------------------------------------------------------------

    def terminal_key(self, terminal: str) -> KeyName | None:
        """See KeyStore."""
        return self._token.run(lambda: self._objects.named("terminal", TERMINAL + terminal))

    def terminal_start_key(self, terminal: str, nonce: bytes) -> bytes:
        """See KeyStore."""
        text = plain.start_text(nonce)
        return self._with_terminal(
            terminal,
            plain.SIGN_ON_FACTOR,
            lambda key: cbc(key, text),
            lambda master: plain.start_key(SM4, master, nonce),
        )

    def wrap_working_key(self, terminal: str, key: bytes) -> bytes:
        """See KeyStore."""
        memory.sized(key, plain.WORKING_KEY, "working key")
        return self._with_terminal(
            terminal,
            plain.WORKING_FACTOR,
            lambda under: cbc(under, key),
            lambda master: plain.wrap(SM4, master, key),
        )

    def unwrap_working_key(self, terminal: str, wrapped: bytes) -> bytes:
        """See KeyStore."""
        memory.sized(wrapped, plain.WORKING_KEY, "wrapped key")
        return self._with_terminal(
            terminal,
            plain.WORKING_FACTOR,
            lambda under: uncbc(under, wrapped),
            lambda master: plain.unwrap(SM4, master, wrapped),
        )

    def _with_terminal(
        self,
        terminal: str,
        factor: bytes,
        inside: Callable[[Any], bytes],
        in_memory: Callable[[bytes], bytes],
    ) -> bytes:
        label = TERMINAL + terminal

        def work() -> bytes:
            if self._objects.is_sm4(label):
                return in_memory(self._objects.sm4(label))
            with self._objects.derived(label, paired(factor), BOTH_WAYS) as key:
                return inside(key)

        return self._token.run(work)

    # Terminals at banks --------------------------------------------------------------------------------------

    def bank_key(self, acquirer: str, tid: str) -> KeyName | None:
        """See KeyStore."""
        return self._token.run(lambda: self._objects.named("bank", BANK + bank_name(acquirer, tid)))

    def bank_check(self, acquirer: str, tid: str, wrapped: bytes) -> bytes:
        """See KeyStore."""
        return memory.bank_check(self._bank_working_key(acquirer, tid, wrapped))

    def bank_mac(self, acquirer: str, tid: str, wrapped: bytes, scheme: str, text: bytes) -> bytes:
        """See KeyStore."""
        return memory.bank_mac(self._bank_working_key(acquirer, tid, wrapped), scheme, text)

    def _bank_working_key(self, acquirer: str, tid: str, wrapped: bytes) -> bytes:
        label = BANK + bank_name(acquirer, tid)
        memory.bank_wrapped(wrapped)
        return self._token.run(lambda: unecb(self._token.find(label), wrapped))

    # Fields --------------------------------------------------------------------------------------------------

    def seal_public(self) -> SealKey:
        """See KeyStore."""

        def work() -> SealKey:
            kid, public = self._objects.seal(ObjectClass.PUBLIC_KEY)
            point = bytes(public[Attribute.EC_POINT])[2:]  # in DER: an octet string of 65 bytes
            return SealKey(kid, *public_numbers(ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)))

        return self._token.run(work)

    def open_sealed(self, token: str, terminal: str, field: str) -> str:
        """See KeyStore."""

        def work() -> str:
            kid, private = self._objects.seal(ObjectClass.PRIVATE_KEY)
            return opened(token, terminal, field, kid, lambda point: self._objects.exchanged(private, point))

        return self._token.run(work)

    def protect(self, text: str, about: str) -> str:
        """See KeyStore."""
        return self._token.run(lambda: self._objects.protected(text, about))

    def reveal(self, token: str, about: str) -> str:
        """See KeyStore."""
        return self._token.run(lambda: self._objects.revealed(token, about))

    def fingerprint(self, text: str) -> str:
        """See KeyStore."""

        def work() -> str:
            key = self._token.find(MARKS)
            return bytes(key.sign(text.encode(), mechanism=Mechanism.SHA256_HMAC)).hex()

        return self._token.run(work)

    def close(self) -> None:
        """See KeyStore."""
        self._token.close()
