"""The fields' forms: each alone on the wire, where the manuals' layout is odd."""

from __future__ import annotations

import pytest

from drivers.bank.message import Message, decode, encode
from drivers.bank.spec import NUMERIC, SECRET, SPEC, TRACKS

FORMS = {
    2: ("6212142000000000012", "19 62 12 14 20 00 00 00 00 01 20"),
    4: ("000000012345", "00 00 00 01 23 45"),
    22: ("021", "02 10"),
    23: ("001", "00 01"),
    32: ("00012345678", "11 00 01 23 45 67 80"),
    35: ("6212142000000000012=3012201", "27 62 12 14 20 00 00 00 00 01 2d 30 12 20 10"),
    37: ("000000000017", "30 30 30 30 30 30 30 30 30 30 31 37"),
    44: ("\xd6\xa7", "02 d6 a7"),
    48: ("1" * 62, "00 62" + " 11" * 31),
    52: ("AF5DABE4951A8715", "af 5d ab e4 95 1a 87 15"),
    54: ("1002156C000000001000", "00 20 31 30 30 32 31 35 36 43 30 30 30 30 30 30 30 30 31 30 30 30"),
    55: ("9F2608", "00 03 9f 26 08"),
    60: ("22000001000", "00 11 22 00 00 01 00 00"),
    61: ("0000010000421124", "00 16 00 00 01 00 00 42 11 24"),
    62: ("00FF", "00 02 00 ff"),
    63: ("01 ", "00 03 30 31 20"),
}


@pytest.mark.parametrize("number", FORMS)
def test_a_field_stands_as_the_manuals_draw_it(number: int) -> None:
    value, wire = FORMS[number]
    data = encode(Message("0200", {number: value}), None)
    assert data[10:].hex(" ") == wire
    assert decode(data).fields == {number: value}


def test_what_is_digits_what_is_secret() -> None:
    assert not NUMERIC & TRACKS
    assert {2, 3, 4, 11, 48, 53, 60, 61} <= NUMERIC
    assert {2, 35, 36, 52, 55, 62} <= SECRET
    assert all(str(number) in SPEC for number in NUMERIC | SECRET | TRACKS)
