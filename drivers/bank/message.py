"""A bank's message, to and from bytes; what a field means and in which order messages go is not known here.

    MTI 2 BCD | bitmap 8 | fields 2 .. 64, each as `drivers.bank.spec` tells

A message with field 64 ends with it, and its MAC covers all bytes before it, the bitmap's own bit 64 included.

>>> body = encode(Message("0820", {11: "000007", 41: "10000001", 60: "00000001301"}), None)
>>> body.hex(" ")
'08 20 00 20 00 00 00 80 00 10 00 00 07 31 30 30 30 30 30 30 31 00 11 00 00 00 01 30 10'
>>> decode(body).fields[60]
'00000001301'
>>> Message("0200", {2: "6212142000000000012", 4: "000000000100"})
Message('0200', {2: <19>, 4: '000000000100'})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import iso8583

from drivers.bank.spec import MAC_FIELD, NUMERIC, SECRET, SPEC, TRACKS
from drivers.errors import ProtocolError

BITMAP = slice(2, 10)
MAC_LENGTH = 8
_NO_MAC = "00" * MAC_LENGTH

Mac = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message: `mti` is its type of four digits, `fields` the texts by field number, bytes as upper-case hex.

    Track data has "=" where the wire has D. Fields 44, 58 and 63 hold one character for each byte (Latin-1).
    Its `repr` tells of secret fields nothing but their length.
    """

    mti: str
    fields: Mapping[int, str]

    def __repr__(self) -> str:
        shown = (
            f"{number}: <{len(value)}>" if number in SECRET else f"{number}: {value!r}"
            for number, value in sorted(self.fields.items())
        )
        return f"Message({self.mti!r}, {{{', '.join(shown)}}})"

    def get(self, number: int) -> str:
        """A field's text, empty where the message has none."""
        return self.fields.get(number, "")


def encode(message: Message, mac: Mac | None) -> bytes:
    """Give the message's bytes. `mac` computes field 64, 8 bytes, over all that stands before it.

    Without one, field 64 is sent as the message has it, or not at all. ValueError for what the wire cannot carry; its
    text tells the field, never what stood in it.
    """
    document = {str(number): value for number, value in message.fields.items()}
    fault = _unfit(message)
    if mac is not None:
        document[str(MAC_FIELD)] = _NO_MAC
    document["t"] = message.mti
    for number in TRACKS & message.fields.keys():
        document[str(number)] = message.fields[number].replace("=", "D")
    data = b""
    if not fault:
        try:
            data = bytes(iso8583.encode(document, SPEC)[0])
        except iso8583.EncodeError as error:
            fault = f"{error.msg}: field {error.field}"
    if fault:  # outside the handler, for the library's error carries the whole message with it
        raise ValueError(fault)
    if mac is None:
        return data
    covered = data[:-MAC_LENGTH]
    made = mac(covered)
    if len(made) != MAC_LENGTH:
        raise ValueError(f"a MAC has {MAC_LENGTH} bytes, not {len(made)}")
    return covered + made


def decode(data: bytes) -> Message:
    """Read a message; its MAC is not checked. ProtocolError, without any of the data, for what is none."""
    number = _strange_field(data)
    if number:
        raise ProtocolError(f"a bank's message names field {number}, which the specification does not have")
    fault = ""
    document: dict[str, str] = {}
    try:
        document = iso8583.decode(data, SPEC)[0]
    except iso8583.DecodeError as error:
        fault = f"a bank's message cannot be read: {error.msg}: field {error.field}"
    if fault:  # outside the handler, as in `encode`
        raise ProtocolError(fault)
    fields = {int(name): value for name, value in document.items() if name.isdigit()}
    message = Message(document["t"], fields)
    if fault := _unfit(message):
        raise ProtocolError(f"a bank's message cannot be read: {fault}")
    for number in TRACKS & fields.keys():
        fields[number] = fields[number].replace("D", "=")
    return message


def mab(data: bytes) -> bytes:
    """What the MAC of a received message covers: its bytes as they came, without field 64.

    ProtocolError if the message has no MAC.
    """
    if len(data) < BITMAP.stop + MAC_LENGTH or not data[BITMAP.stop - 1] & 1:
        raise ProtocolError("a bank's message has no MAC")
    return data[:-MAC_LENGTH]


def _strange_field(data: bytes) -> int:
    """The first field in the bitmap that the specification does not have; 0 if all are known."""
    bits = int.from_bytes(data[BITMAP].ljust(8, b"\0"), "big")
    return next((n for n in range(1, 65) if bits >> (64 - n) & 1 and (n == 1 or str(n) not in SPEC)), 0)


def _unfit(message: Message) -> str:
    """Why a message is not one of the specification; empty if it is."""
    if len(message.mti) != 4 or not _decimal(message.mti):
        return "the message type is not four digits"
    for number, value in message.fields.items():
        if number < 2 or str(number) not in SPEC:
            return f"no field {number} in the specification"
        if number in NUMERIC and value and not _decimal(value):
            return f"field {number} is not of decimal digits"
        if number in TRACKS and not set(value) <= set("0123456789=D"):
            return f"field {number} is no track data"
    return ""


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()
