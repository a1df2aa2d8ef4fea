"""The search for what must stand nowhere in clear finds it, and takes nothing else for it."""

from __future__ import annotations

import pytest

from tests.crash.privacy import bank_card_secrets, exposed, pin_stands

SECRETS = frozenset({"张伟".encode()})


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"张伟"}',
        '{"pan":"6212345678900000003"}',
        "card 6212 3456 7890 0000 003 declined",
        "card 6212-3456-7890-0000-003 declined",
        "4111111111111111",
        "=4222222222222;",
        "6212142000000000013=49122201000001230",
        "track 6212142000000000013D49122201000001230",
        '{"pin_block":"0123456789ABCDEF"}',
        "cvv2: 123",
        '{"number":"999900000000000012"}',
        "9999 0000 0000 0000 12",
    ],
)
def test_what_stands_in_clear_is_found(text: str) -> None:
    assert list(exposed("there", text.encode(), SECRETS))


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"*伟"}',
        '{"pan":"621234...0003"}',
        "4111111111111112",
        "0000000000000000000a4111111111111111",
        "9900099000000000000012",
        "0399900000000034",
        '{"at_ms":1763798400007}',
        "2026-11-22T04:00:00.000Z",
        "0.4111111111111111",
        "999900000000000016",
        "pin_block follows",
        "6212140000000D12",
    ],
)
def test_nothing_else_is_taken_for_it(text: str) -> None:
    assert not list(exposed("there", text.encode(), SECRETS))


def test_a_bank_cards_secrets_are_found_in_every_form() -> None:
    pan, track, block = "6212142000000000013", "6212142000000000013=49122201000001230", bytes(range(8))
    secrets = bank_card_secrets(pan, track, block)
    packed = bytes.fromhex("6212142000000000013D49122201000001230F")
    for written in (pan.encode(), packed, packed.hex().encode(), block, b"block 0001020304050607"):
        assert list(exposed("there", b"x " + written + b" y", secrets)), written
    assert not list(exposed("there", b"621214******0013", secrets))


def test_a_pin_is_found_where_it_stands_alone() -> None:
    assert list(pin_stands("there", b'{"pin":"246810"}', "246810"))
    assert not list(pin_stands("there", b"a246810f 1246810 10:00:00.246810Z", "246810"))
