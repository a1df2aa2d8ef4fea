"""Both block ciphers against the numbers of their standards."""

from __future__ import annotations

import pytest

from drivers.security.cipher import SM4, TRIPLE_DES, Cipher, cipher

SM4_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


@pytest.mark.parametrize(
    ("key", "clear", "secret"),
    [
        # DES itself, with both halves equal: FIPS 46's worked example and two rows of SP 800-17's tables.
        ("133457799BBCDFF1", "0123456789ABCDEF", "85E813540F0AB405"),
        ("0101010101010101", "8000000000000000", "95F8A5E5DD31D900"),
        ("8001010101010101", "0000000000000000", "95A8D72813DAA94D"),
        # The check value of the best known test key, two different halves.
        ("0123456789ABCDEFFEDCBA9876543210", "0000000000000000", "08D7B4FB629D0885"),
    ],
)
def test_des_and_two_key_triple_des(key: str, clear: str, secret: str) -> None:
    key16 = (bytes.fromhex(key) * 2)[:16]
    assert TRIPLE_DES.encrypt_block(key16, bytes.fromhex(clear)).hex().upper() == secret
    assert TRIPLE_DES.decrypt_block(key16, bytes.fromhex(secret)).hex().upper() == clear


def test_sm4_example_1_of_gb_t_32907() -> None:
    secret = SM4.encrypt_block(SM4_KEY, SM4_KEY)
    assert secret.hex().upper() == "681EDF34D206965E86B3E94F536E4246"
    assert SM4.decrypt_block(SM4_KEY, secret) == SM4_KEY


@pytest.mark.parametrize(("one", "block"), [(TRIPLE_DES, 8), (SM4, 16)], ids=["3des", "sm4"])
def test_a_wrong_length_is_refused(one: Cipher, block: int) -> None:
    assert one.block == block
    for key, data in ((bytes(8), bytes(block)), (bytes(24), bytes(block)), (bytes(16), bytes(2 * block))):
        with pytest.raises(ValueError, match=f"a key of 16 bytes and a block of {block}"):
            one.encrypt_block(key, data)
        with pytest.raises(ValueError, match=f"not {len(key)} and {len(data)}"):
            one.decrypt_block(key, data)


def test_ciphers_are_found_by_name() -> None:
    assert cipher("3des") is TRIPLE_DES
    assert cipher("sm4") is SM4
    assert (TRIPLE_DES.name, SM4.name) == ("3des", "sm4")


@pytest.mark.parametrize("name", ["sm1", "SM1"])
def test_sm1_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(ValueError, match="SM1 is unpublished and exists only in hardware"):
        cipher(name)


@pytest.mark.parametrize("name", ["", "aes", "SM4", "des"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there are 3des and sm4"):
        cipher(name)
