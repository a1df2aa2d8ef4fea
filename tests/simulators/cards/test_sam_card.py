"""The SAM computes for those who ask rightly, gives no key away, and loads one in two components."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response, get_response
from drivers.security import bench_keys, keys
from drivers.security.cipher import SM4, TRIPLE_DES, Cipher, cipher
from drivers.security.keys import CardKeySet
from drivers.security.psam_codec import (
    PBOC,
    PbocDialect,
    Use,
    load_component,
    read_check,
    read_serial,
    select,
    verify,
)
from simulators.cards.card import CardCut, Cut
from simulators.cards.sam_card import (
    APPLICATION,
    MF,
    PIN,
    SERIAL_SFI,
    TERMINAL_SLOT,
    SamCard,
    SamState,
    bench_sam,
    card_slots,
    terminal_slot,
)

SERIAL = "00112233445566778899"
FACTOR = bytes.fromhex("1122334455667788")
MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
FIRST, SECOND = bench_keys.terminal_components("T")


def sam(with_cipher: Cipher = TRIPLE_DES) -> SamCard:
    masters = CardKeySet(with_cipher, MASTER, MASTER, MASTER)
    slots = card_slots(masters, 1, 2, 3) | {TERMINAL_SLOT: terminal_slot(with_cipher.name)}
    return opened(SamCard(SamState(bytes.fromhex(SERIAL), slots)))


def opened(card: SamCard) -> SamCard:
    card.reset()
    assert ask(card, select(APPLICATION.to_bytes(2, "big"))) == (b"", 0x9000)
    return card


def ask(card: SamCard, command: Command) -> tuple[bytes, int]:
    """Data and status word of a command, fetched where they wait."""
    response = Response.decode(card.apdu(command.encode()))
    if response.waiting is not None:
        response = Response.decode(card.apdu(get_response(response.waiting).encode()))
    return response.data, response.sw


def test_its_serial_stands_in_the_master_file() -> None:
    card = SamCard(bench_sam(SERIAL, []))
    assert ask(card, read_serial(SERIAL_SFI, 10)) == (bytes.fromhex(SERIAL), 0x9000)
    assert ask(card, read_serial(SERIAL_SFI, 16)) == (b"", 0x6C0A)
    assert ask(card, read_serial(SERIAL_SFI + 1, 10))[1] == 0x6A82
    assert ask(card, Command(0, 0xB0, 0x95, 10, le=1))[1] == 0x6B00
    ask(card, select(APPLICATION.to_bytes(2, "big")))
    assert ask(card, read_serial(SERIAL_SFI, 10))[1] == 0x6A82
    assert SERIAL[-16:].lower() in card.atr.hex()


def test_the_meter_cards_vectors() -> None:
    card = sam()
    assert ask(card, PBOC.choose(Use.ENCRYPT, 2, FACTOR)) == (b"", 0x9000)
    assert ask(card, PBOC.cipher(bytes.fromhex("0011223344556677")))[0].hex().upper() == "298B6958F43F088C"
    ask(card, PBOC.choose(Use.MAC, 3, FACTOR))
    initial, padded = keys.mac_text(
        TRIPLE_DES, bytes.fromhex("A1B2C3D4"), bytes.fromhex("04D682000C0000138800000007")
    )
    assert ask(card, PBOC.mac(initial, padded)[0])[0].hex().upper() == "F8F1A77E"


@given(
    st.sampled_from([TRIPLE_DES, SM4]),
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=1, max_size=150),
    st.sampled_from([16, 32, 64, 240]),
)
def test_macs_in_parts_are_the_macs_at_once(
    with_cipher: Cipher, challenge: bytes, message: bytes, longest: int
) -> None:
    card, dialect = sam(with_cipher), PbocDialect(longest=longest)
    ask(card, dialect.choose(Use.MAC, 3, FACTOR))
    for command in dialect.mac(*keys.mac_text(with_cipher, challenge, message)):
        answer, sw = ask(card, command)
        assert sw == 0x9000
    own = keys.diversify(with_cipher, MASTER, FACTOR)
    assert answer == keys.mac4(with_cipher, own, challenge, message)


@pytest.mark.parametrize(
    ("before", "command", "sw"),
    [
        ([], PBOC.cipher(bytes(8)), 0x6985),
        ([], PBOC.choose(Use.MAC, 2, FACTOR), 0x6985),
        ([], PBOC.choose(Use.DECRYPT, 1, FACTOR), 0x6985),
        ([], PBOC.choose(Use.ENCRYPT, 9, FACTOR), 0x6A88),
        ([], PBOC.choose(Use.ENCRYPT, TERMINAL_SLOT, FACTOR), 0x6A88),
        ([], Command(0x80, 0x1A, 0x07, 1), 0x6985),
        ([], Command(0x80, 0x1A, 0x27, 1), 0x6A86),
        ([PBOC.choose(Use.ENCRYPT, 2, FACTOR)], PBOC.cipher(bytes(16)), 0x6700),
        ([PBOC.choose(Use.ENCRYPT, 2, FACTOR)], Command(0x80, 0xFA, 5, 0, bytes(16)), 0x6985),
        ([PBOC.choose(Use.ENCRYPT, 2, FACTOR)], Command(0x80, 0xFA, 4, 0, bytes(8)), 0x6A86),
        ([PBOC.choose(Use.ENCRYPT, 2, FACTOR), PBOC.cipher(bytes(8))], PBOC.cipher(bytes(8)), 0x6985),
        ([PBOC.choose(Use.ENCRYPT, 2, FACTOR), read_check(1)], PBOC.cipher(bytes(8)), 0x6985),
        ([PBOC.choose(Use.MAC, 3, FACTOR)], PBOC.cipher(bytes(8)), 0x6985),
        ([PBOC.choose(Use.MAC, 3, FACTOR)], Command(0x80, 0xFA, 1, 0, bytes(8)), 0x6985),
        ([PBOC.choose(Use.MAC, 3, FACTOR)], Command(0x80, 0xFA, 5, 0, bytes(12)), 0x6700),
        ([PBOC.choose(Use.MAC, 3, FACTOR)], Command(0x80, 0xFA, 5, 0, bytes(8)), 0x6700),
        ([select(MF.to_bytes(2, "big"))], PBOC.choose(Use.ENCRYPT, 2, FACTOR), 0x6A88),
        ([], read_check(TERMINAL_SLOT), 0x6A88),
        ([], load_component(1, TERMINAL_SLOT, FIRST, bytes(3)), 0x6982),
        ([verify(PIN)], load_component(1, 1, FIRST, bytes(3)), 0x6A88),
        ([verify(PIN)], load_component(1, TERMINAL_SLOT, FIRST, bytes(3)), 0x6A80),
        ([], Command(0, 0xA4, 0, 0, b"\x3f"), 0x6700),
        ([], Command(0, 0xA4, 4, 0, b"1PAY"), 0x6A82),
        ([], select(b"\xdf\x02"), 0x6A82),
        ([], Command(0, 0xFF, 0, 0), 0x6D00),
        ([], get_response(4), 0x6985),
    ],
)
def test_what_it_says_no_to(before: list[Command], command: Command, sw: int) -> None:
    card = sam()
    for each in before:
        assert ask(card, each)[1] == 0x9000
    assert ask(card, command) == (b"", sw)


def loaded(card: SamCard, scheme: str = "3des") -> SamCard:
    assert ask(card, verify(PIN))[1] == 0x9000
    for number, component in ((1, FIRST), (2, SECOND)):
        check = keys.check_value(cipher(scheme), component)
        assert ask(card, load_component(number, TERMINAL_SLOT, component, check))[1] == 0x9000
    return card


@pytest.mark.parametrize("scheme", ["3des", "sm4"])
def test_a_terminals_key_comes_in_two_components_and_stays(scheme: str) -> None:
    with_cipher = cipher(scheme)
    card = opened(loaded(sam(with_cipher), scheme))
    master = keys.xor(FIRST, SECOND)
    assert ask(card, read_check(TERMINAL_SLOT)) == (keys.check_value(with_cipher, master), 0x9000)
    again = opened(SamCard(SamState.restored(json.loads(json.dumps(card.state.kept())))))
    assert again.state == card.state
    own, block = keys.diversify(with_cipher, master, FACTOR), bytes(range(with_cipher.block))
    ask(again, PBOC.choose(Use.DECRYPT, TERMINAL_SLOT, FACTOR))
    assert ask(again, PBOC.cipher(block)) == (with_cipher.decrypt_block(own, block), 0x9000)


def test_a_first_component_is_forgotten_with_the_power() -> None:
    card, check = sam(), keys.check_value(TRIPLE_DES, SECOND)
    ask(card, verify(PIN))
    ask(card, load_component(1, TERMINAL_SLOT, FIRST, keys.check_value(TRIPLE_DES, FIRST)))
    opened(card)
    assert ask(card, load_component(2, TERMINAL_SLOT, SECOND, check))[1] == 0x6982
    ask(card, verify(PIN))
    assert ask(card, load_component(2, TERMINAL_SLOT, SECOND, check))[1] == 0x6A80


def test_wrong_pins_lock_the_loading() -> None:
    card = sam()
    for left in (2, 1, 0):
        assert ask(card, verify(b"\0\0\0"))[1] == 0x63C0 | left
    assert ask(card, verify(PIN))[1] == 0x6983


@pytest.mark.parametrize(("cut", "whole"), [(Cut.BEFORE, False), (Cut.HALF, False), (Cut.AFTER, True)])
def test_a_cut_leaves_the_old_key_or_the_new_one(cut: Cut, whole: bool) -> None:
    card = sam()
    ask(card, verify(PIN))
    ask(card, load_component(1, TERMINAL_SLOT, FIRST, keys.check_value(TRIPLE_DES, FIRST)))
    last = load_component(2, TERMINAL_SLOT, SECOND, keys.check_value(TRIPLE_DES, SECOND))
    with pytest.raises(CardCut):
        card.apdu(last.encode(), cut)
    assert (card.state.slots[TERMINAL_SLOT].key is not None) is whole
    assert ask(card, read_check(1))[1] == 0x6A88, "the master file is current again"


def test_the_benchs_sam_holds_the_benchs_keys() -> None:
    card = opened(SamCard(bench_sam(SERIAL, ["state_grid_2009", "state_grid_2013"], "T")))
    masters = bench_keys.card_keys("state_grid_2013")
    assert ask(card, read_check(6))[0] == keys.check_value(masters.cipher, masters.mac)
    assert ask(card, read_check(TERMINAL_SLOT))[0] == keys.check_value(
        TRIPLE_DES, bench_keys.terminal_key("T")
    )


@given(st.lists(st.binary(max_size=24), max_size=12))
def test_whatever_comes_it_answers_and_keeps_its_keys(commands: list[bytes]) -> None:
    card = sam()
    before = card.state.kept()
    for raw in commands:
        answer = card.apdu(raw)
        assert 2 <= len(answer) <= 258
        assert MASTER not in answer
    assert card.state.kept()["slots"] == before["slots"]
