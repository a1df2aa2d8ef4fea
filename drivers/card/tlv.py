"""Data objects of chip cards: tag, length, value, as BER-TLV in EMV Book 3, Annex B.

    tag      1 byte, or more where its last five bits are all set; bit 6 of the first says that objects stand inside
    length   1 byte up to 127, else 81 and one byte, or 82 and two

>>> [(hex(each.tag), each.value.hex()) for each in parse(bytes.fromhex("5F2403261231 00 5A026212"))]
[('0x5f24', '261231'), ('0x5a', '6212')]
>>> find(bytes.fromhex("6F07A505 8801015000"), 0x88)
b'\\x01'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.errors import ProtocolError

DEEPEST = 6
"""No object of a card we read stands deeper; bounds what nonsense can cost."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One object. Its repr tells no value: some are a customer's."""

    tag: int
    value: bytes = field(repr=False)

    @property
    def constructed(self) -> bool:
        """Whether its value consists of objects."""
        first = self.tag
        while first > 0xFF:
            first >>= 8
        return bool(first & 0x20)

    def to_bytes(self) -> bytes:
        """The object as a card sends it; ValueError for a value longer than 65,535 bytes."""
        tag = self.tag.to_bytes((self.tag.bit_length() + 7) // 8 or 1, "big")
        size = len(self.value)
        if size < 0x80:
            return tag + bytes([size]) + self.value
        if size > 0xFFFF:
            raise ValueError("a value is longer than two bytes can tell")
        length = b"\x81" + bytes([size]) if size <= 0xFF else b"\x82" + size.to_bytes(2, "big")
        return tag + length + self.value


def parse(data: bytes) -> tuple[Tlv, ...]:
    """The objects one after another, not what stands inside them; ProtocolError where they do not fill the bytes.

    Zeros between objects mean nothing (Annex B1).
    """
    found, at = [], 0
    while at < len(data):
        if data[at] == 0x00:
            at += 1
            continue
        tag, at = _tag(data, at)
        length, at = _length(data, at)
        if at + length > len(data):
            raise ProtocolError("a data object is longer than what holds it")
        found.append(Tlv(tag, data[at : at + length]))
        at += length
    return tuple(found)


def walk(data: bytes, depth: int = 0) -> Iterator[Tlv]:
    """Every object, each before what stands inside it; ProtocolError as `parse`, and for one too deep."""
    if depth > DEEPEST:
        raise ProtocolError("data objects stand too deep in one another")
    for each in parse(data):
        yield each
        if each.constructed:
            yield from walk(each.value, depth + 1)


def find(data: bytes, tag: int) -> bytes | None:
    """The value of the first object with this tag, however deep; None where there is none."""
    return next((each.value for each in walk(data) if each.tag == tag), None)


def tag_and_length(data: bytes, at: int) -> tuple[int, int, int]:
    """Read a tag and a length without a value, as a data object list has them; with the place after them."""
    tag, at = _tag(data, at)
    length, at = _length(data, at)
    return tag, length, at


def _tag(data: bytes, at: int) -> tuple[int, int]:
    start, end = at, at + 1
    if data[at] & 0x1F == 0x1F:
        while True:
            if end >= len(data) or end - start >= 3:
                raise ProtocolError("a tag without an end")
            end += 1
            if not data[end - 1] & 0x80:
                break
    return int.from_bytes(data[start:end], "big"), end


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise ProtocolError("a tag without a length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if count not in (1, 2) or at + 1 + count > len(data):
        raise ProtocolError("a length that no card tells")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
