"""Diversification, MACs and wrapped keys against the meter card's vectors, and their laws on arbitrary bytes."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.security import keys
from drivers.security.cipher import SM4, TRIPLE_DES, Cipher
from drivers.security.keys import CardKeySet

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SERIAL = "1122334455667788"
CARD = bytes.fromhex("3EB3B72576BBBE831355AB0EE3123AE8")
R4 = bytes.fromhex("A1B2C3D4")
WALLET = bytes.fromhex("0000138800000007")
PARAMETER = bytes.fromhex(
    "680100270180000000000000000000000000200000000500000001000001000000123456000100200300029216"
)

ciphers = st.sampled_from((TRIPLE_DES, SM4))
key16 = st.binary(min_size=16, max_size=16)


def test_a_master_key_is_diversified_by_the_cards_serial() -> None:
    assert keys.diversify(TRIPLE_DES, MASTER, bytes.fromhex(SERIAL)) == CARD


def test_the_wallets_mac() -> None:
    assert keys.mac4(TRIPLE_DES, CARD, R4, bytes.fromhex("04D682000C") + WALLET).hex() == "f8f1a77e"


def test_the_parameter_files_mac() -> None:
    assert keys.mac4(TRIPLE_DES, CARD, R4, bytes.fromhex("04D6810031") + PARAMETER).hex() == "f2bcb7b8"


def test_the_cryptogram_of_external_authenticate() -> None:
    assert keys.cryptogram(TRIPLE_DES, CARD, bytes.fromhex("0011223344556677")).hex() == "298b6958f43f088c"


@pytest.mark.parametrize(("cipher", "value"), [(TRIPLE_DES, "08d7b4"), (SM4, "2677f4")], ids=["3des", "sm4"])
def test_the_check_value_of_a_well_known_key(cipher: Cipher, value: str) -> None:
    assert keys.check_value(cipher, MASTER).hex() == value


def test_one_cards_three_keys_come_from_its_serial() -> None:
    masters = CardKeySet(TRIPLE_DES, MASTER, bytes(16), bytes(range(16)))
    card = masters.for_serial(SERIAL)
    assert card.internal == CARD
    assert card.external == keys.diversify(TRIPLE_DES, bytes(16), bytes.fromhex(SERIAL))
    assert card.mac == keys.diversify(TRIPLE_DES, bytes(range(16)), bytes.fromhex(SERIAL))


def test_keys_are_not_shown_where_a_record_is_printed() -> None:
    shown = repr(CardKeySet(TRIPLE_DES, MASTER, MASTER, MASTER))
    assert "x01#Eg" not in shown
    assert MASTER.hex() not in shown


@given(key16, st.binary(min_size=8, max_size=8))
def test_sm4_diversifies_and_answers_by_our_own_rule(key: bytes, factor: bytes) -> None:
    complement = bytes(255 - byte for byte in factor)
    assert keys.diversify(SM4, key, factor) == SM4.encrypt_block(key, factor + complement)
    assert keys.cryptogram(SM4, key, factor) == SM4.encrypt_block(key, factor + bytes(8))[:8]


@given(key16, st.binary(min_size=4, max_size=4), st.binary(max_size=15))
def test_sm4_macs_one_block_by_our_own_rule(key: bytes, challenge: bytes, message: bytes) -> None:
    block = (message + b"\x80").ljust(16, b"\0")
    mixed = bytes(a ^ b for a, b in zip(block, challenge + bytes(12), strict=True))
    assert keys.mac4(SM4, key, challenge, message) == SM4.encrypt_block(key, mixed)[:4]


@given(ciphers, key16, st.binary(max_size=40), st.integers(1, 255), st.data())
def test_a_mac_tells_of_any_change(
    cipher: Cipher, key: bytes, message: bytes, change: int, data: st.DataObject
) -> None:
    text = message + b"?"
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + bytes([text[at] ^ change]) + text[at + 1 :]
    assert keys.mac4(cipher, key, R4, text) != keys.mac4(cipher, key, R4, other)
    assert keys.mac4(cipher, key, R4, text) != keys.mac4(cipher, key, bytes(4), text)


@given(st.binary(max_size=40), st.sampled_from((8, 16)))
def test_padding_can_be_taken_off_again(message: bytes, block: int) -> None:
    padded = keys.pad(message, block)
    assert len(padded) % block == 0
    assert len(message) < len(padded) <= len(message) + block
    assert padded.rstrip(b"\0")[:-1] == message


@given(ciphers, key16, st.binary(min_size=16, max_size=16))
def test_what_signs_a_sign_on(cipher: Cipher, master: bytes, nonce: bytes) -> None:
    key = keys.diversify(cipher, master, b"SIGN-ON\0")
    text = nonce + bytes(255 - byte for byte in nonce)
    signing = keys.start_key(cipher, master, nonce)
    assert len(signing) == 32
    assert keys.decrypt_cbc(cipher, key, signing) == text


@given(ciphers, key16, st.binary(min_size=32, max_size=32))
def test_a_working_key_comes_out_as_it_went_in(cipher: Cipher, master: bytes, key: bytes) -> None:
    wrapped = keys.wrap(cipher, master, key)
    assert wrapped != key
    assert keys.unwrap(cipher, master, wrapped) == key


def test_a_working_keys_check_value() -> None:
    key = bytes(range(32))
    assert keys.working_check(key) == hmac.new(key, b"check", hashlib.sha256).digest()[:3]


@pytest.mark.parametrize("cipher", [TRIPLE_DES, SM4], ids=["3des", "sm4"])
def test_what_has_a_wrong_length_is_refused(cipher: Cipher) -> None:
    with pytest.raises(ValueError, match="a factor has 8 bytes, not 7"):
        keys.diversify(cipher, MASTER, bytes(7))
    with pytest.raises(ValueError, match="a challenge has 4 bytes, not 8"):
        keys.mac4(cipher, MASTER, bytes(8), b"")
    with pytest.raises(ValueError, match="a challenge has 8 bytes, not 4"):
        keys.cryptogram(cipher, MASTER, bytes(4))
    with pytest.raises(ValueError, match="a nonce has 16 bytes, not 15"):
        keys.start_key(cipher, MASTER, bytes(15))
    with pytest.raises(ValueError, match="a wrapped key has 32 bytes, not 16"):
        keys.unwrap(cipher, MASTER, bytes(16))
    with pytest.raises(ValueError, match="a card key has 16 bytes"):
        CardKeySet(cipher, MASTER, MASTER, b"")
    with pytest.raises(ValueError, match="not whole blocks"):
        keys.encrypt_cbc(cipher, MASTER, bytes(17))
