"""The working keys of a sign-on: a PIN key and a MAC key under the terminal's master key, in field 62.

    double length   PIK 16 | check 4 | MAK 8, zeros 8 or MAK 16 | check 4 [| track key 16 | check 4]     40 or 60 bytes
    single length   PIK 8 | check 4 | MAK 8 | check 4                                                     24 bytes

The check value of a key is the first 4 bytes of zeros encrypted with it.

>>> tmk = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
>>> keys = parse("6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8" "B651F9E9BACE9AE10000000000000000AB7153CA")
>>> unwrap(tmk, keys.pik).hex().upper()
'807A23AD32B36D457AE91FDF927570EA'
>>> unwrap(tmk, keys.mak).hex().upper()
'5BB5C72CD00B7338'
>>> kcv(unwrap(tmk, keys.mak)) == keys.mak_check
True
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.bank.mac import BLOCK, DOUBLE, SINGLE, decrypt, encrypt
from drivers.errors import ProtocolError

CHECK_LENGTH = 4
SINGLE_FORM, DOUBLE_FORM, TRACK_FORM = 24, 40, 60
_ZEROS = bytes(BLOCK)


@dataclass(frozen=True, slots=True, repr=False)
class WorkingKeys:
    """Both keys as they came, wrapped: `pik` of 16 bytes (8 in the single-length form), `mak` of 8 or 16."""

    pik: bytes
    pik_check: bytes
    mak: bytes
    mak_check: bytes

    def __repr__(self) -> str:
        return f"WorkingKeys(pik <{len(self.pik)}>, mak <{len(self.mak)}>)"


def parse(field62: str | bytes) -> WorkingKeys:
    """Read field 62, as a message has it in hex or as bytes; a track key is not kept.

    ProtocolError, without the keys, for any other form.
    """
    try:
        data = bytes.fromhex(field62) if isinstance(field62, str) else field62
    except ValueError:
        data = b""
    if len(data) == SINGLE_FORM:
        return WorkingKeys(data[:8], data[8:12], data[12:20], data[20:24])
    if len(data) not in (DOUBLE_FORM, TRACK_FORM):
        raise ProtocolError(f"field 62 of a sign-on has {len(data)} bytes, not 24, 40 or 60")
    mak = data[20:36]
    return WorkingKeys(data[:16], data[16:20], mak[:SINGLE] if mak[SINGLE:] == _ZEROS else mak, data[36:40])


def unwrap(tmk: bytes, wrapped: bytes) -> bytes:
    """Open a key of 8 or 16 bytes that is wrapped under a master key; ValueError for other lengths."""
    if len(wrapped) not in (SINGLE, DOUBLE):
        raise ValueError(f"a wrapped key has {SINGLE} or {DOUBLE} bytes, not {len(wrapped)}")
    return decrypt(tmk, wrapped)


def kcv(key: bytes) -> bytes:
    """Give the check value, 4 bytes, of a key of 8 or 16."""
    return encrypt(key, _ZEROS)[:CHECK_LENGTH]


def wrapped_for(tmk: bytes, pik: bytes, mak: bytes) -> bytes:
    """Give field 62 for these keys, as a bank sends it: 24 bytes if the PIN key has 8, else 40."""
    if len(pik) == SINGLE and len(mak) == DOUBLE:
        raise ValueError("the single-length form has no room for a MAC key of 16 bytes")
    second = encrypt(tmk, mak) + (_ZEROS if len(pik) == DOUBLE and len(mak) == SINGLE else b"")
    return encrypt(tmk, pik) + kcv(pik) + second + kcv(mak)
