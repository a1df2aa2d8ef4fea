"""What a bank's card says: directories, options, records, and any garbage that it may say instead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import emv
from drivers.card.emv import UNION_PAY, Candidate, Face
from drivers.card.tlv import Tlv
from drivers.errors import ProtocolError
from simulators.cards.bank_card import made_up_number

PAN = "6212142000000000012"
NAME = bytes.fromhex("A000000333010101")


def tlv(tag: int, *inside: bytes) -> bytes:
    return Tlv(tag, b"".join(inside)).to_bytes()


def entry(name: bytes, label: bytes = b"UNIONPAY DEBIT", priority: int = 1, *more: bytes) -> bytes:
    return tlv(0x61, tlv(0x4F, name), tlv(0x50, label), tlv(0x87, bytes([priority])), *more)


def test_commands() -> None:
    assert emv.select(emv.CONTACT_DIRECTORY).encode().hex() == "00a404000e" + b"1PAY.SYS.DDF01".hex()
    assert emv.select(UNION_PAY, following=True).encode()[:4].hex() == "00a40402"
    assert emv.read_record(2, 1).encode().hex() == "00b2011400"
    assert emv.processing_options(b"").encode().hex() == "80a80000028300"
    with pytest.raises(ProtocolError, match="too much"):
        emv.processing_options(bytes.fromhex("9F027F9F037F"))


def test_the_contact_directory() -> None:
    fci = tlv(0x6F, tlv(0x84, emv.CONTACT_DIRECTORY), tlv(0xA5, tlv(0x88, b"\x01")))
    assert emv.directory_file(fci) == 1
    record = tlv(0x70, entry(NAME), entry(b"\xa0\0\0\0\x03\x10\x10", b"VISA", 2))
    assert emv.directory_record(record) == (
        Candidate(NAME, "UNIONPAY DEBIT", 1),
        Candidate(bytes.fromhex("A0000000031010"), "VISA", 2),
    )


@pytest.mark.parametrize("sfi", [b"", b"\x00", b"\x0b", b"\x01\x01"])
def test_a_directory_without_a_place(sfi: bytes) -> None:
    with pytest.raises(ProtocolError):
        emv.directory_file(tlv(0x6F, tlv(0xA5, tlv(0x88, sfi))))


def test_the_contactless_directory() -> None:
    inside = tlv(0xA5, tlv(0xBF0C, entry(NAME, priority=3)))
    fci = tlv(0x6F, tlv(0x84, emv.NEAR_DIRECTORY), inside)
    assert emv.near_directory(fci) == (Candidate(NAME, "UNIONPAY DEBIT", 3),)


def test_a_preferred_name_goes_before_the_label_where_all_can_read_it() -> None:
    preferred = entry(NAME, b"DEBIT", 1, tlv(0x9F12, b"Sea Bank"))
    unreadable = entry(NAME, b"DEBIT", 1, tlv(0x9F12, "银行".encode("gbk")))
    labels = [each.label for each in emv.directory_record(tlv(0x70, preferred, unreadable))]
    assert labels == ["Sea Bank", "DEBIT"]


def test_the_cards_own_order_of_preference() -> None:
    last, second, first = (Candidate(NAME + bytes([n]), priority=p) for n, p in ((1, 0), (2, 2), (3, 1)))
    foreign = Candidate(bytes.fromhex("A0000000031010"), priority=1)
    assert emv.chosen((last, second, foreign, first), (UNION_PAY,)) == (first, second, last)


def test_an_application_is_selected() -> None:
    wants = bytes.fromhex("9F1A02")
    fci = tlv(0x6F, tlv(0x84, NAME), tlv(0xA5, tlv(0x50, b"DEBIT"), tlv(0x9F38, wants)))
    found = emv.selected(fci)
    assert (found.name, found.label, found.wants) == (NAME, "DEBIT", wants)
    with pytest.raises(ProtocolError, match="without a name"):
        emv.selected(tlv(0x6F, tlv(0xA5)))


@pytest.mark.parametrize(
    ("options", "places"),
    [
        ("800A7C00080102011801 0200", ((1, 1), (1, 2), (3, 1), (3, 2))),
        ("770A 8202 1800 9404 10010200", ((2, 1), (2, 2))),
    ],
)
def test_where_the_records_are(options: str, places: tuple[tuple[int, int], ...]) -> None:
    assert emv.records(bytes.fromhex(options)) == places


@pytest.mark.parametrize(
    "options",
    [
        "",
        "80027C00",
        "80057C00080102",
        "80067C00090101 00",  # file 1 with bits below
        "80067C0000010100",  # file 0
        "80067C00F8010100",  # file 31
        "80067C0008000100",  # record 0
        "80067C0008020100",  # backwards
        "80067C0008010103",  # more proved than there are
        "80067C000801FF00",  # without end
        "5A0162",
        "8006 7C00 08010100 5000",
    ],
)
def test_places_that_no_card_gives(options: str) -> None:
    with pytest.raises(ProtocolError):
        emv.records(bytes.fromhex(options))


def records(*objects: tuple[int, str]) -> list[bytes]:
    return [tlv(0x70, tlv(tag, bytes.fromhex(value))) for tag, value in objects]


TRACK = (0x57, PAN + "D301222000000" + "0000")
NUMBER = (0x5A, PAN + "F")


def test_the_face() -> None:
    found = emv.face(records(TRACK, NUMBER, (0x5F24, "301231"), (0x5F34, "01")))
    assert found == Face(PAN, "3012", "01", PAN + "D3012220000000000")
    assert PAN not in repr(found)
    assert "000000000" not in repr(found)


def test_one_of_number_and_track_is_enough() -> None:
    assert emv.face(records(NUMBER)) == Face(PAN, "", "", "")
    assert emv.face(records(TRACK)).expiry == "3012"


@pytest.mark.parametrize("length", [12, 13, 16, 19])
def test_numbers_of_every_length(length: int) -> None:
    pan = made_up_number("622848", length)
    assert emv.face(records((0x5A, pan + "F" * (length % 2)))).pan == pan


@pytest.mark.parametrize(
    "objects",
    [
        [],
        [(0x5A, "6212142000000000022F")],  # a wrong check digit
        [(0x5A, "621214A000000000")],
        [(0x5A, "62")],
        [(0x5A, "62121420000000000125FFFF")],
        [TRACK, (0x5A, made_up_number("622848", 19) + "F")],
        [NUMBER, (0x5A, made_up_number("622848", 19) + "F")],
        [(0x57, PAN + "F")],
        [(0x57, PAN + "D301222")],
        [(0x57, "D3012220000000")],
        [NUMBER, (0x5F24, "301331")],
        [NUMBER, (0x5F24, "3A1231")],
        [NUMBER, (0x5F24, "30")],
        [NUMBER, (0x5F34, "0101")],
        [NUMBER, (0x5F34, "AA")],
    ],
)
def test_faces_that_no_card_has(objects: list[tuple[int, str]]) -> None:
    with pytest.raises(ProtocolError):
        emv.face(records(*objects))


def test_a_record_that_is_none() -> None:
    with pytest.raises(ProtocolError, match="no 70"):
        emv.face([tlv(0x77, tlv(0x5A, bytes.fromhex(PAN + "F")))])


READERS: dict[str, Callable[[bytes], object]] = {
    "directory_file": emv.directory_file,
    "directory_record": emv.directory_record,
    "near_directory": emv.near_directory,
    "selected": emv.selected,
    "records": emv.records,
    "processing_options": emv.processing_options,
    "face": lambda data: emv.face([data]),
}
TAGS = st.sampled_from(
    [0x6F, 0x84, 0xA5, 0x88, 0x50, 0x70, 0x61, 0x4F, 0x87, 0x80, 0x77, 0x94, 0x5A, 0x57, 0xBF0C]
)
OBJECTS = st.recursive(
    st.builds(tlv, TAGS, st.binary(max_size=30)),
    lambda inside: st.builds(lambda tag, parts: tlv(tag, *parts), TAGS, st.lists(inside, max_size=3)),
    max_leaves=8,
)


@pytest.mark.parametrize("name", READERS)
@given(data=st.one_of(st.binary(max_size=260), OBJECTS))
def test_any_garbage_is_a_protocol_error_and_never_a_crash(name: str, data: bytes) -> None:
    with suppress(ProtocolError):
        READERS[name](data)
