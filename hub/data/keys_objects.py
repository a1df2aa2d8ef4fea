"""What stands on the hub's PKCS#11 token, and what is computed with each object; all of it inside `Token.run`.

Each object is private and, being a key, sensitive and not extractable::

    power-hub/fields          AES-256: fields of the database (GCM)
    power-hub/fingerprints    HMAC-SHA-256
    power-hub/seal/KID        EC P-256: what kiosks seal to the hub (ECDH)
    power-hub/card/ID         a master key of a card profile        two-key triple DES; CKA_ID is the check value
    power-hub/terminal/ID     a terminal's master key
    power-hub/bank/ACQ/TID    a master key of a terminal at a bank: two-key triple DES, for decryption alone

A triple DES key is derived by CKM_DES3_ECB_ENCRYPT_DATA and works by CBC, as a session object that is destroyed after
the call. For SM4 PKCS#11 2.40 has no mechanism: such a master key is a data object encrypted under power-hub/fields,
which the module decrypts, and it works in the hub's memory. So does a bank's MAC key, which the module opens with the
master key: a bank wraps keys by CKM_DES3_ECB, by which few modules unwrap a key into themselves.
"""

import ctypes
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pkcs11 import KDF, Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.constants import DEFAULT
from pkcs11.exceptions import PKCS11Error

from hub.data import keys_memory as memory
from hub.data.keys_token import ANCHOR, Token
from hub.data.keystore import KeyName, Unreadable

FIELDS, MARKS, SEAL = ANCHOR, "power-hub/fingerprints", "power-hub/seal/"
CARD, TERMINAL, BANK = "power-hub/card/", "power-hub/terminal/", "power-hub/bank/"
GUARDED = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
_DERIVED = {
    Attribute.VALUE_LEN: DEFAULT,  # a DES2 key has no other length, and a module refuses to be told
    Attribute.TOKEN: False,
    Attribute.DERIVE: False,
    **GUARDED,
}
_SHARED = {Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
BOTH_WAYS = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT


class Objects:
    """The objects of one token."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self._seal = ""

    @contextmanager
    def derived(self, label: str, data: bytes, ways: MechanismFlag = MechanismFlag.ENCRYPT) -> Iterator[Any]:
        """A triple DES key that the module derives from the master key of this label, while the block lasts."""
        held = ctypes.create_string_buffer(data, len(data))
        # CK_KEY_DERIVATION_STRING_DATA, which the library fills in for AES only.
        parameter = struct.pack("@PL", ctypes.addressof(held), len(data))
        key = self.token.find(label).derive_key(
            KeyType.DES2,
            128,
            mechanism=Mechanism.DES3_ECB_ENCRYPT_DATA,
            mechanism_param=parameter,
            capabilities=ways,
            template=_DERIVED,
        )
        try:
            yield key
        finally:
            key.destroy()

    def sm4(self, label: str) -> bytes:
        """The SM4 master key of this label, in memory."""
        data = self.token.find(label, ObjectClass.DATA)
        return bytes.fromhex(self.revealed(bytes(data[Attribute.VALUE]).decode(), label))

    def is_sm4(self, label: str) -> bool:
        """Whether the master key of this label is one that works in memory."""
        return self.token.search(label) is None and self.token.search(label, ObjectClass.DATA) is not None

    def protected(self, text: str, about: str) -> str:
        """As KeyStore.protect."""
        nonce = os.urandom(memory.NONCE)
        sealed = self.token.find(FIELDS).encrypt(
            text.encode(), mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, about.encode(), 128)
        )
        return memory.field_token(nonce, bytes(sealed))

    def revealed(self, token: str, about: str) -> str:
        """As KeyStore.reveal."""
        nonce, sealed = memory.split_field_token(token)
        key = self.token.find(FIELDS)
        try:
            clear = key.decrypt(
                sealed, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, about.encode(), 128)
            )
        except PKCS11Error:
            # Modules have no one name for a wrong tag. One that still encrypts has judged it and is not gone.
            self.protected("", about)
            raise Unreadable("the field was not protected with this store's key for this place") from None
        return bytes(clear).decode()

    def seal(self, kind: ObjectClass) -> tuple[str, Any]:
        """The kid of the seal key, and its private or public half; raises KeyMissing."""
        if not self._seal:
            # A search looks at every object of the token, so it is made once.
            labels = [str(key.label) for key in self.token.listed({Attribute.CLASS: kind})]
            self._seal = next((label for label in labels if label.startswith(SEAL)), "")
        return self._seal.removeprefix(SEAL), self.token.find(self._seal or SEAL, kind)

    def exchanged(self, private: Any, point: bytes) -> bytes:
        """The x coordinate that both sides of ECDH share."""
        shared = private.derive_key(
            KeyType.GENERIC_SECRET,
            256,
            mechanism=Mechanism.ECDH1_DERIVE,
            mechanism_param=(KDF.NULL, None, point),
            template=_SHARED,
        )
        try:
            return bytes(shared[Attribute.VALUE])
        finally:
            shared.destroy()

    def named(self, kind: str, label: str) -> KeyName | None:
        """Name the master key of this label, if it is there."""
        name = name_of(label)
        if (key := self.token.search(label)) is not None:
            return KeyName(kind, name, "3des", bytes(key[Attribute.ID]).hex())
        if (data := self.token.search(label, ObjectClass.DATA)) is not None:
            return KeyName(kind, name, "sm4", bytes(data[Attribute.OBJECT_ID]).hex())
        self.token.find(ANCHOR)
        return None


def name_of(label: str) -> str:
    """What a master key is called, as `KeyName` has it."""
    return next(
        (label.removeprefix(start) for start in (CARD, TERMINAL, BANK) if label.startswith(start)), label
    )


def cbc(key: Any, data: bytes, initial: bytes = bytes(8)) -> bytes:
    """Encrypt whole blocks under a derived key."""
    return bytes(key.encrypt(data, mechanism=Mechanism.DES3_CBC, mechanism_param=initial))


def unecb(key: Any, data: bytes) -> bytes:
    """Decrypt whole blocks, each for itself, as a bank wraps keys."""
    return bytes(key.decrypt(data, mechanism=Mechanism.DES3_ECB))


def uncbc(key: Any, data: bytes) -> bytes:
    """Decrypt whole blocks under a derived key."""
    return bytes(key.decrypt(data, mechanism=Mechanism.DES3_CBC, mechanism_param=bytes(8)))


def paired(factor: bytes) -> bytes:
    """A factor and its complement: what a whole key is derived from."""
    return factor + bytes(byte ^ 0xFF for byte in factor)


def bank_master_key(label: str, key: bytes, check: bytes) -> Mapping[Attribute, Any]:
    """The object of a terminal's master key at a bank, which opens keys and does nothing else."""
    return {**master_key(label, key, check), Attribute.DERIVE: False, Attribute.DECRYPT: True}


def master_key(label: str, key: bytes, check: bytes) -> Mapping[Attribute, Any]:
    """The object of a triple DES master key."""
    return {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.DES2,
        Attribute.TOKEN: True,
        Attribute.LABEL: label,
        Attribute.ID: check,
        Attribute.VALUE: key,
        Attribute.DERIVE: True,
        Attribute.ENCRYPT: False,  # or whoever may use the key could compute its children in clear
        Attribute.DECRYPT: False,
        Attribute.SIGN: False,
        Attribute.VERIFY: False,
        Attribute.WRAP: False,
        Attribute.UNWRAP: False,
        **GUARDED,
    }


def sm4_object(label: str, token: str, check: bytes) -> Mapping[Attribute, Any]:
    """The object of an SM4 master key that was protected to `token`."""
    return {
        Attribute.CLASS: ObjectClass.DATA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.LABEL: label,
        Attribute.APPLICATION: "power-hub sm4",
        Attribute.OBJECT_ID: check,
        Attribute.VALUE: token.encode(),
    }
