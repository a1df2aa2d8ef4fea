"""The user card answers as the reference says, byte for byte, and keeps what a cut leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.security.cipher import SM4, TRIPLE_DES
from drivers.security.keys import CardKeySet, cryptogram, mac4
from simulators.cards.card import CardCut, Cut
from simulators.cards.user_card import DF01, MF, TRIES, CardState, UserCard, blank

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")  # a test key that was published as such
MASTERS = CardKeySet(TRIPLE_DES, MASTER, MASTER, MASTER)
SERIAL = "1122334455667788"
WALLET = bytes.fromhex("0000138800000007")
PARAMETER = bytes.fromhex(
    "680100270180000000000000000000000000200000000500000001000001000000123456000100200300029216"
)
Randoms = Callable[[int], bytes]


def scripted(*challenges: str) -> Randoms:
    """A card whose challenges are these, so that a published vector can be played."""
    left = [bytes.fromhex(challenge) for challenge in challenges]

    def draw(size: int) -> bytes:
        drawn = left.pop(0)
        assert len(drawn) == size
        return drawn

    return draw


def numbered() -> Randoms:
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def card(layout: str = "state_grid_2013", random: Randoms | None = None, **options: bool) -> UserCard:
    return UserCard(blank(layout, SERIAL, MASTERS), random or numbered(), **options)


def ask(chip: UserCard, command: str) -> str:
    return chip.apdu(bytes.fromhex(command)).hex().upper()


def select(chip: UserCard, fid: int = DF01) -> None:
    assert ask(chip, f"00A4000002{fid:04X}") == "9000"


def admitted(chip: UserCard) -> UserCard:
    """A card in DF01 that has let us in."""
    select(chip)
    challenge = chip.apdu(bytes.fromhex("0084000008"))[:8]
    answer = cryptogram(chip.state.keys.cipher, chip.state.keys.external, challenge)
    assert ask(chip, "0082000208" + answer.hex()) == "9000"
    return chip


def update(chip: UserCard, sfi: int, data: bytes, offset: int = 0) -> bytes:
    """A whole UPDATE BINARY under a challenge just drawn."""
    challenge = chip.apdu(bytes.fromhex("0084000004"))[:4]
    message = bytes([0x04, 0xD6, 0x80 | sfi, offset, len(data) + 4]) + data
    return message + mac4(chip.state.keys.cipher, chip.state.keys.mac, challenge, message)


def test_the_published_vectors_are_played_through() -> None:
    chip = card(random=scripted("0011223344556677", "A1B2C3D4", "A1B2C3D4"))
    assert chip.state.keys.mac.hex().upper() == "3EB3B72576BBBE831355AB0EE3123AE8"
    select(chip)
    assert ask(chip, "0084000008") == "00112233445566779000"
    assert ask(chip, "0082000208298B6958F43F088C") == "9000"
    assert ask(chip, "0084000004") == "A1B2C3D49000"
    assert ask(chip, f"04D6810031{PARAMETER.hex()}F2BCB7B8") == "9000"
    assert ask(chip, "0084000004") == "A1B2C3D49000"
    assert ask(chip, f"04D682000C{WALLET.hex()}F8F1A77E") == "9000"
    assert ask(chip, "00B0820008") == WALLET.hex().upper() + "9000"
    assert ask(chip, "00B081002D") == PARAMETER.hex().upper() + "9000"


def test_serial_and_public_information_stand_in_the_master_file() -> None:
    chip = card()
    assert ask(chip, "00B0990108") == SERIAL + "9000"
    assert ask(chip, "00D6810027" + "5A" * 0x27) == "9000"
    assert ask(chip, "00B0810027") == "5A" * 0x27 + "9000"
    assert ask(chip, "00D6990108" + "00" * 8) == "6982"
    select(chip)
    assert ask(chip, "00B0990108") == "6A82"
    select(chip, MF)
    assert ask(chip, "00B0990108") == SERIAL + "9000"
    assert SERIAL in chip.atr.hex()


def test_internal_authenticate_waits_for_get_response() -> None:
    chip = card()
    assert ask(chip, "00880001080011223344556677") == "6108"
    assert ask(chip, "00C0000010") == "6C08"
    assert ask(chip, "00C0000003") == "298B696105"
    assert ask(chip, "00C0000005") == "58F43F088C9000"
    assert ask(chip, "00C0000008") == "6985"
    assert ask(chip, "00880001080011223344556677") == "6108"
    select(chip)
    assert ask(chip, "00C0000008") == "6985", "another command drops what waits"


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00B0", "6700"),
        ("00A40000043F00", "6700"),
        ("00A40000013F", "6700"),
        ("00A40400023F00", "6A82"),
        ("00A40100023F00", "6A86"),
        ("00A4000002DF02", "6A82"),
        ("00B0010001", "6986"),
        ("00B0870001", "6A82"),
        ("00B082000100", "6700"),
        ("00B0820000", "6C08"),
        ("00B0820403", "9000"),
        ("00B0820408", "6C04"),
        ("00B0820801", "6B00"),
        ("00B083000A", "9000"),
        ("00B0830000", "6CCB"),
        ("0084000005", "6700"),
        ("008200010800112233445566FF", "6A88"),
        ("008200020400112233", "6700"),
        ("00820002080011223344556677", "6984"),
        ("00880003080011223344556677", "6A88"),
        ("008800010400112233", "6700"),
        ("00C0000008", "6985"),
        ("00D682000800000000000000000000", "6700"),
        ("00D68200080000000000000000", "6982"),
        ("04D682000C000000000000000000000000", "6982"),
        ("80B0820008", "6E00"),
        ("00FF0000", "6D00"),
    ],
)
def test_what_it_says_no_to(command: str, sw: str) -> None:
    chip = card()
    select(chip)
    before = dict(chip.state.files)
    assert ask(chip, command)[-4:] == sw
    assert chip.state.files == before


def test_an_update_needs_admission_a_fresh_challenge_and_its_mac() -> None:
    chip = admitted(card())
    good = update(chip, 2, WALLET)
    chip.apdu(bytes.fromhex("00B0820008"))
    assert chip.apdu(good).hex() == "6984", "the challenge is for the very next command"
    assert chip.apdu(update(chip, 2, WALLET)[:-1] + b"\0").hex() == "6988"
    assert chip.apdu(good).hex() == "6984"
    assert chip.apdu(update(chip, 2, WALLET + b"\0")).hex() == "6700"
    assert chip.apdu(update(chip, 2, WALLET, offset=8)).hex() == "6b00"
    assert chip.apdu(update(chip, 6, WALLET)).hex() == "6a82"
    assert chip.state.files[2] == bytes(8)
    assert chip.apdu(update(chip, 2, WALLET)).hex() == "9000"
    select(chip, MF)
    select(chip)
    assert chip.apdu(update(chip, 2, WALLET)).hex() == "6982", "leaving the directory ends the admission"


def test_one_challenge_for_a_series_where_a_card_takes_that() -> None:
    chip = admitted(card(series=True))
    challenge = chip.apdu(bytes.fromhex("0084000004"))[:4]
    for sfi, data in ((1, PARAMETER), (2, WALLET)):
        message = bytes([0x04, 0xD6, 0x80 | sfi, 0, len(data) + 4]) + data
        assert chip.apdu(message + mac4(TRIPLE_DES, chip.state.keys.mac, challenge, message)).hex() == "9000"


@pytest.mark.parametrize(("layout", "length"), [("state_grid_2009", 258), ("state_grid_2013", 203)])
def test_a_tariff_file_is_written_and_read_in_two_parts(layout: str, length: int) -> None:
    chip, tariff = admitted(card(layout)), bytes(range(1, 204)) + bytes(55)
    tariff = tariff[:length]
    assert chip.apdu(update(chip, 3, tariff[:0x80])).hex() == "9000"
    assert chip.apdu(update(chip, 3, tariff[0x80:], offset=0x80)).hex() == "9000"
    rest = f"00B08380{length - 0x80:02X}"
    assert (
        ask(chip, "00B0830080") + ask(chip, rest)
        == f"{tariff[:0x80].hex()}9000{tariff[0x80:].hex()}9000".upper()
    )


def test_wrong_cryptograms_lock_it_for_good() -> None:
    chip = admitted(card())
    for left in reversed(range(TRIES)):
        ask(chip, "0084000008")
        assert ask(chip, "0082000208" + "00" * 8) == f"63C{left}"
        assert not chip.authenticated
    chip.reset()
    select(chip)
    challenge = chip.apdu(bytes.fromhex("0084000008"))[:8]
    right = cryptogram(TRIPLE_DES, chip.state.keys.external, challenge)
    assert ask(chip, "0082000208" + right.hex()) == "6983"


def test_one_success_gives_all_tries_back() -> None:
    chip = card()
    select(chip)
    ask(chip, "0084000008")
    assert ask(chip, "0082000208" + "00" * 8) == "63C2"
    assert admitted(chip).state.tries_left == TRIES


def test_an_unissued_card_has_its_own_answer() -> None:
    chip = card()
    chip.state.issued = False
    select(chip)
    assert ask(chip, "00B081002D") == "6B00"


def test_a_worn_memory_takes_so_many_writes_more() -> None:
    chip = admitted(card())
    chip.state.writes_left = 1
    assert chip.apdu(update(chip, 1, PARAMETER)).hex() == "9000"
    assert chip.apdu(update(chip, 2, WALLET)).hex() == "6581"
    assert chip.state.files[2] == bytes(8)


@pytest.mark.parametrize(
    ("cut", "torn", "left"),
    [
        (Cut.BEFORE, None, bytes(8)),
        (Cut.HALF, None, WALLET[:4] + bytes(4)),
        (Cut.HALF, 7, WALLET[:7] + b"\0"),
        (Cut.AFTER, None, WALLET),
    ],
)
def test_a_cut_leaves_nothing_a_part_or_all_of_the_write(cut: Cut, torn: int | None, left: bytes) -> None:
    chip = admitted(card())
    with pytest.raises(CardCut):
        chip.apdu(update(chip, 2, WALLET), cut, torn)
    assert chip.state.files[2] == left
    assert not chip.authenticated
    assert ask(chip, "00B0820008") == "6A82", "the master file is current again"
    select(chip)
    assert ask(chip, "00B0820008") == left.hex().upper() + "9000"
    assert admitted(chip).apdu(update(chip, 2, WALLET)).hex() == "9000", "and it takes a whole write again"


@pytest.mark.parametrize("cut", list(Cut))
def test_a_cut_at_a_command_that_writes_nothing_changes_nothing(cut: Cut) -> None:
    chip = admitted(card())
    before = replace(chip.state, files=dict(chip.state.files))
    with pytest.raises(CardCut):
        ask_cut(chip, "00B0820008", cut)
    assert chip.state == before


def ask_cut(chip: UserCard, command: str, cut: Cut) -> None:
    chip.apdu(bytes.fromhex(command), cut)


def test_a_meter_gets_data_with_the_mac_of_its_own_write() -> None:
    chip = card()
    select(chip)
    chip.state.files[2] = WALLET
    assert ask(chip, "04B0820009A1B2C3D404D682000C") == "610C"
    assert ask(chip, "00C000000C") == WALLET.hex().upper() + "F8F1A77E9000"
    assert ask(chip, "04B0820009A1B2C3D404D6820004") == "6B00"
    assert ask(chip, "04B0820009A1B2C3D404D682000D") == "6B00"
    assert ask(chip, "04B0820004A1B2C3D4") == "6700"


def test_sm4_cards_work_alike() -> None:
    masters = CardKeySet(SM4, MASTER, MASTER, MASTER)
    chip = admitted(UserCard(blank("southern_grid", SERIAL, masters), numbered()))
    assert chip.apdu(update(chip, 6, bytes(range(50)))).hex() == "9000"
    assert chip.state.files[6] == bytes(range(50))


@given(st.lists(st.binary(max_size=24), max_size=12))
def test_whatever_comes_it_answers_and_writes_nothing_unasked(commands: list[bytes]) -> None:
    chip = card()
    select(chip)
    before = dict(chip.state.files)
    for raw in commands:
        assert 2 <= len(chip.apdu(raw)) <= 258
    assert chip.state.files == before


def test_state_is_all_that_outlives_it() -> None:
    chip = admitted(card())
    chip.apdu(update(chip, 2, WALLET))
    kept = json.loads(json.dumps(chip.state.kept()))
    assert CardState.restored(kept) == chip.state
    again = UserCard(CardState.restored(kept), numbered())
    select(again)
    assert ask(again, "00B0820008") == WALLET.hex().upper() + "9000"
