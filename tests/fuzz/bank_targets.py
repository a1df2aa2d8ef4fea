"""What is read from banks: frames, messages, and the fields that are divided further."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.bank.elements import (
    Detail,
    Field60,
    Field61,
    Totals,
    details_from_field,
    details_to_field,
    pin_block,
    pin_of,
)
from drivers.bank.frame import MOST, Decoder, Frame
from drivers.bank.mac import mac
from drivers.bank.message import Message, decode, encode, mab
from drivers.bank.working_keys import parse, wrapped_for
from drivers.errors import ProtocolError

PAN = "6212142000000000012"
_KEY = bytes(range(16))
_SALE = Message(
    "0200",
    {
        2: PAN,
        3: "000000",
        4: "000000012345",
        11: "000042",
        22: "051",
        23: "001",
        35: f"{PAN}=49122201000001230",
        52: "AF5DABE4951A8715",
        55: "9F2608",
        60: "2200000100060",
    },
)
_SIGNED_ON = Message(
    "0810",
    {11: "000001", 39: "00", 60: "00000001003", 62: wrapped_for(_KEY, _KEY, _KEY).hex().upper(), 63: "CUP"},
)
MESSAGES = (encode(_SALE, partial(mac, "cbc", _KEY)), encode(_SIGNED_ON, None))
FRAMES = tuple(Frame(bytes.fromhex("6000030000"), "603100000000", message).to_bytes() for message in MESSAGES)
FIELDS = (
    Totals(3, 12_300, 1, 100, 1).to_field().encode(),
    details_to_field([Detail("000042", 100, PAN)]).encode(),
    Field60("22", "000001", "000", "6", "0").to_field().encode(),
    Field61("000001", "000042", "1124").to_field().encode(),
    wrapped_for(_KEY, _KEY, _KEY[:8]),
    pin_block("123456", PAN),
)


def check_frames(data: bytes) -> None:
    """The same frames come of a stream whole and byte by byte; a broken stream stays broken; little is held."""
    whole, whole_broke = _frames([data])
    bytewise, broke = _frames([data[at : at + 1] for at in range(len(data))])
    assert (whole, whole_broke) == (bytewise, broke)
    assert data.startswith(b"".join(frame.to_bytes() for frame in whole))


def _frames(pieces: list[bytes]) -> tuple[list[Frame], bool]:
    decoder, found = Decoder(), list[Frame]()
    try:
        for piece in pieces:
            found += decoder.feed(piece)
            assert decoder.pending < MOST + 2 or len(piece) > 1
        found += decoder.feed(b"")
    except ProtocolError:
        return found, True
    return found, False


def check_messages(data: bytes) -> None:
    """A message says the same again when it is encoded; anything else is named without a digit of the card."""
    told = ""
    try:
        message = decode(data)
    except ProtocolError as error:
        told = f"{error}{error.data.hex()}"
    else:
        assert decode(encode(message, None)) == message
        assert PAN not in repr(message)
        if 64 in message.fields:
            assert mab(data) == data[:-8]
    assert "62121420" not in told


def check_fields(data: bytes) -> None:
    """Each divided field is what it says or a ProtocolError."""
    text = data.decode("latin-1")
    readers: list[Callable[[], object]] = [
        partial(Totals.from_field, text),
        partial(details_from_field, text),
        partial(Field60.from_field, text),
        partial(Field61.from_field, text),
        partial(parse, text),
        partial(parse, data),
        partial(pin_of, data, PAN),
    ]
    for read in readers:
        try:
            read()
        except ProtocolError:
            continue
