"""The bench's security module: the card's vectors through it, and its refusal to work anywhere else."""

from __future__ import annotations

import pytest

from drivers.errors import CommandRefused
from drivers.security import bench_keys, keys
from drivers.security.cipher import SM4, TRIPLE_DES
from drivers.security.components import weakness
from drivers.security.keys import CardKeySet
from drivers.security.model import CardKeys, SecurityModule
from drivers.security.software import SoftwareModule

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD = CardKeys("province", "1122334455667788")
CHALLENGE = bytes.fromhex("0011223344556677")


def _module() -> SecurityModule:
    other = CardKeySet(SM4, *(bytes([n]) * 16 for n in (1, 2, 3)))
    return SoftwareModule(
        {"province": CardKeySet(TRIPLE_DES, MASTER, MASTER, MASTER), "other": other}, bench=True
    )


def test_it_is_refused_in_the_field() -> None:
    with pytest.raises(ValueError, match="for the bench only, never for the field"):
        SoftwareModule({}, bench=False)


def test_the_meter_cards_vectors() -> None:
    answer = bytes.fromhex("298B6958F43F088C")
    module = _module()
    assert module.authenticate(CARD, CHALLENGE) == answer
    assert module.genuine(CARD, CHALLENGE, answer)
    assert not module.genuine(CARD, CHALLENGE, bytes(8))
    assert not module.genuine(CARD, bytes(8), answer)
    wallet = bytes.fromhex("04D682000C0000138800000007")
    assert module.mac(CARD, bytes.fromhex("A1B2C3D4"), wallet).hex() == "f8f1a77e"
    assert module.health().usable


def test_each_use_has_its_own_key() -> None:
    card = CardKeys("other", CARD.serial)
    serial = bytes.fromhex(CARD.serial)
    internal, external, mac = (keys.diversify(SM4, bytes([n]) * 16, serial) for n in (1, 2, 3))
    module = _module()
    assert module.authenticate(card, CHALLENGE) == keys.cryptogram(SM4, external, CHALLENGE)
    assert module.genuine(card, CHALLENGE, keys.cryptogram(SM4, internal, CHALLENGE))
    assert not module.genuine(card, CHALLENGE, keys.cryptogram(SM4, external, CHALLENGE))
    assert module.mac(card, CHALLENGE[:4], b"header") == keys.mac4(SM4, mac, CHALLENGE[:4], b"header")


def test_a_foreign_profile_is_refused_by_name() -> None:
    with pytest.raises(CommandRefused, match="profile 'elsewhere'"):
        _module().authenticate(CardKeys("elsewhere", CARD.serial), CHALLENGE)


def test_the_benchs_keys_differ_from_one_another_and_make_strong_terminal_keys() -> None:
    one, other = bench_keys.card_keys("a"), bench_keys.card_keys("b", SM4)
    first, second = bench_keys.terminal_components("kiosk-1")
    made = [one.internal, one.external, one.mac, other.internal, other.external, other.mac, first, second]
    assert len(set(made)) == len(made)
    assert other.cipher is SM4
    assert bench_keys.terminal_key("kiosk-1") == keys.xor(first, second)
    assert not any(weakness(TRIPLE_DES, key) for key in (*made, bench_keys.terminal_key("kiosk-1")))
