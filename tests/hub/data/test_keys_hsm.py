"""The key store on a real SoftHSM2: what it computes, what never leaves it, and what happens when it goes away."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeSensitive

from drivers.bank.mac import encrypt, mac
from drivers.bank.working_keys import kcv
from drivers.security import bench_keys, keys
from drivers.security.cipher import SM4, TRIPLE_DES, cipher
from drivers.security.sealed import seal
from hub.data import keys_memory as memory
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyMissing, KeyName, KeyRefused, KeyStoreAway, Unreadable
from tools.softhsm import SoftHsm

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SINGLE_MAK, DOUBLE_MAK = bytes.fromhex("5BB5C72CD00B7338"), bytes.fromhex("807A23AD32B36D457AE91FDF927570EA")
SERIAL = "1122334455667788"
WALLET = bytes.fromhex("04D682000C0000138800000007")


def test_card_keys_give_the_published_values(hsm: Any) -> None:
    answer = bytes.fromhex("298B6958F43F088C")
    challenge = bytes.fromhex("0011223344556677")
    assert hsm.card_cryptogram("state_grid", SERIAL, challenge) == answer
    assert hsm.card_mac("state_grid", SERIAL, bytes.fromhex("A1B2C3D4"), WALLET) == bytes.fromhex("F8F1A77E")
    assert hsm.card_genuine("state_grid", SERIAL, challenge, answer)
    assert not hsm.card_genuine("state_grid", SERIAL, challenge, answer[:-1] + b"\0")


@pytest.mark.parametrize(("profile", "of"), [("state_grid", TRIPLE_DES), ("sm4_cards", SM4)])
def test_module_and_memory_compute_alike_at_every_length(hsm: Any, profile: str, of: Any) -> None:
    for length in (0, 1, 7, 8, 9, 15, 16, 54):
        command = os.urandom(length)
        told = hsm.card_mac(profile, SERIAL, b"1234", command)
        assert told == memory.card_mac(of, MASTER, SERIAL, b"1234", command), length


@pytest.mark.parametrize("scheme", ["3des", "sm4"])
def test_a_terminals_key_works_as_the_terminals_module_does(hsm: Any, scheme: str) -> None:
    of, working, nonce = cipher(scheme), os.urandom(32), os.urandom(16)
    name = hsm.load_terminal("T1", scheme, MASTER)
    assert name == hsm.terminal_key("T1")
    assert name.check == keys.check_value(of, MASTER).hex()
    assert hsm.terminal_start_key("T1", nonce) == keys.start_key(of, MASTER, nonce)
    wrapped = hsm.wrap_working_key("T1", working)
    assert wrapped == keys.wrap(of, MASTER, working)
    assert hsm.unwrap_working_key("T1", wrapped) == working


def test_a_banks_master_key_opens_its_mac_key_and_computes_with_it(hsm: Any) -> None:
    name = hsm.load_bank("own", "10000001", MASTER)
    assert name == hsm.bank_key("own", "10000001") == KeyName("bank", "own/10000001", "3des", "08d7b4")
    for mak, schemes in ((SINGLE_MAK, ("ecb_up", "cbc")), (DOUBLE_MAK, ("ecb_up", "cbc", "x919"))):
        wrapped = encrypt(MASTER, mak)
        assert hsm.bank_check("own", "10000001", wrapped) == kcv(mak)
        for scheme in schemes:
            told = hsm.bank_mac("own", "10000001", wrapped, scheme, b"text of a message")
            assert told == mac(scheme, mak, b"text of a message")
    with pytest.raises(KeyRefused, match=r"X9\.19"):
        hsm.bank_mac("own", "10000001", encrypt(MASTER, SINGLE_MAK), "x919", b"text")
    with pytest.raises(ValueError, match="8 or 16"):
        hsm.bank_mac("own", "10000001", bytes(24), "cbc", b"text")
    assert [each.name for each in hsm.names() if each.kind == "bank"] == ["own/10000001"]
    hsm.remove_bank("own", "10000001")
    assert hsm.bank_key("own", "10000001") is None
    with pytest.raises(KeyMissing, match="bank/own/10000001"):
        hsm.bank_check("own", "10000001", bytes(8))
    with pytest.raises(KeyMissing):
        hsm.remove_bank("own", "10000001")


def test_a_banks_master_key_is_never_read_and_makes_no_key_of_its_own(hsm: Any) -> None:
    hsm.load_bank("own", "10000002", MASTER)
    key = hsm._token.run(lambda: hsm._token.find("power-hub/bank/own/10000002"))
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]
    assert key[Attribute.PRIVATE]
    assert not key[Attribute.EXTRACTABLE]
    for use in (Attribute.ENCRYPT, Attribute.DERIVE, Attribute.SIGN, Attribute.WRAP, Attribute.UNWRAP):
        assert not key[use]


def test_the_benchs_test_keys_are_for_the_bench_only(new_token: Callable[[], Path]) -> None:
    settings = new_token()
    field: Any = open_key_store(settings, bench=False)
    bench: Any = open_key_store(settings, bench=True)
    field.init()
    cards = bench_keys.card_keys("state_grid")
    for refused in (bench_keys.terminal_key("T1"), *bench_keys.terminal_components("T1")):
        with pytest.raises(KeyRefused, match="test key of the bench"):
            field.load_terminal("T1", "3des", refused)
    for refused in (bench_keys.bank_key("own", "1"), *bench_keys.bank_components("own", "1")):
        with pytest.raises(KeyRefused, match="test key of the bench"):
            field.load_bank("own", "1", refused)
    for refused in (cards.internal, cards.external, cards.mac):
        with pytest.raises(KeyRefused, match="test key of the bench"):
            field.load_card("sg-mac", "3des", refused)
    assert field.terminal_key("T1") is None
    assert {name.kind for name in field.names()} == {"seal"}
    bench.load_terminal("T1", "3des", bench_keys.terminal_key("T1"))
    bench.load_card("sg-mac", "3des", cards.mac)
    bench.load_bank("own", "1", bench_keys.bank_key("own", "1"))
    assert {name.kind for name in bench.names()} == {"bank", "card", "seal", "terminal"}


def test_no_key_can_be_read_out(hsm: Any) -> None:
    hsm.load_terminal("T1", "3des", MASTER)
    objects = hsm._token.run(lambda: hsm._token.listed({}))
    kinds = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)
    secret = [each for each in objects if each[Attribute.CLASS] in kinds]
    assert len(secret) >= 7
    for key in secret:
        with pytest.raises(AttributeSensitive):
            key[Attribute.VALUE]
        assert key[Attribute.PRIVATE]
        assert not key[Attribute.EXTRACTABLE]
    for key in (each for each in secret if each.label.startswith(("power-hub/card/", "power-hub/terminal/"))):
        assert not any(
            key[use] for use in (Attribute.ENCRYPT, Attribute.DECRYPT, Attribute.SIGN, Attribute.WRAP)
        )
    data = [each for each in objects if each[Attribute.CLASS] is ObjectClass.DATA]
    assert data
    assert not any(
        MASTER in each[Attribute.VALUE] or MASTER.hex().encode() in each[Attribute.VALUE] for each in data
    )


def test_the_token_of_an_sm4_key_holds_it_for_its_own_place_only(hsm: Any) -> None:
    data = hsm._token.find("power-hub/card/s4-mac", ObjectClass.DATA)
    with pytest.raises(Unreadable):
        hsm.reveal(data[Attribute.VALUE].decode(), "power-hub/card/s4-external")


def test_a_field_is_read_again_at_its_place_only(hsm: Any) -> None:
    token = hsm.protect("13900000000", "accounts/1/phone")
    assert "13900000000" not in token
    assert hsm.protect("13900000000", "accounts/1/phone") != token
    assert hsm.reveal(token, "accounts/1/phone") == "13900000000"
    for other in (token[:-4] + "AAAA", token[:20], "13900000000", ""):
        with pytest.raises(Unreadable):
            hsm.reveal(other, "accounts/1/phone")
    with pytest.raises(Unreadable):
        hsm.reveal(token, "accounts/2/phone")
    assert hsm.fingerprint("a") == hsm.fingerprint("a") != hsm.fingerprint("b")


def test_what_is_sealed_to_it_is_opened_for_its_terminal_and_field(hsm: Any) -> None:
    public = hsm.seal_public()
    jwk = {"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y}
    token = seal(jwk, public.kid, "T1", "identity", "999900198001010017")
    assert hsm.open_sealed(token, "T1", "identity") == "999900198001010017"
    for terminal, field in (("T2", "identity"), ("T1", "phone")):
        with pytest.raises(Unreadable):
            hsm.open_sealed(token, terminal, field)
    with pytest.raises(Unreadable, match="does not have"):
        hsm.open_sealed(seal(jwk, "other", "T1", "identity", "1"), "T1", "identity")
    with pytest.raises(Unreadable):
        hsm.open_sealed("no token", "T1", "identity")


def test_what_is_not_there_is_named(hsm: Any, new_token: Callable[[], Path]) -> None:
    assert hsm.terminal_key("T9") is None
    with pytest.raises(KeyMissing, match="terminal/T9"):
        hsm.terminal_start_key("T9", bytes(16))
    with pytest.raises(KeyMissing, match="no profile gas"):
        hsm.card_mac("gas", SERIAL, bytes(4), WALLET)
    empty: Any = open_key_store(new_token(), bench=False)
    with pytest.raises(KeyMissing, match="keys init"):
        empty.fingerprint("a")
    with pytest.raises(KeyMissing, match="keys init"):
        empty.load_card("sg-mac", "3des", MASTER)


def test_its_own_keys_are_made_once(hsm: Any) -> None:
    assert hsm.init() == ()
    kid = hsm.seal_public().kid
    assert [name.name for name in hsm.names() if name.kind == "seal"] == [kid]
    cards = [name for name in hsm.names() if name.kind == "card"]
    assert {name.name: name.scheme for name in cards}["s4-mac"] == "sm4"
    assert {name.check for name in cards if name.scheme == "3des"} == {"08d7b4"}


@pytest.mark.parametrize("scheme", ["3des", "sm4"])
def test_a_key_is_replaced_under_the_eyes_of_another_store_and_removed(
    hsm: Any, softhsm: SoftHsm, scheme: str
) -> None:
    hsm.load_terminal("T3", "3des", MASTER)
    other: Any = open_key_store(softhsm.folder / f"{hsm._token._label}.toml", bench=False)
    before = other.terminal_start_key("T3", bytes(16))
    hsm.load_terminal("T3", scheme, MASTER[::-1])
    after = other.terminal_start_key("T3", bytes(16))
    assert after == keys.start_key(cipher(scheme), MASTER[::-1], bytes(16)) != before
    assert [name.scheme for name in other.names() if name.name == "T3"] == [scheme]
    hsm.remove_terminal("T3")
    assert other.terminal_key("T3") is None
    with pytest.raises(KeyMissing):
        hsm.remove_terminal("T3")


@pytest.mark.parametrize("key", [bytes(16), MASTER[:8] * 2, MASTER[:15]])
def test_a_weak_key_is_not_taken(hsm: Any, key: bytes) -> None:
    with pytest.raises(KeyRefused):
        hsm.load_terminal("T4", "3des", key)
    assert hsm.terminal_key("T4") is None


def test_a_session_that_died_is_opened_again(hsm: Any) -> None:
    mark = hsm.fingerprint("a")
    hsm._token.session.close()
    assert hsm.fingerprint("a") == mark


def test_a_token_that_is_pulled_is_named_and_found_again(hsm: Any, softhsm: SoftHsm) -> None:
    mark, away = hsm.fingerprint("a"), softhsm.tokens.with_name("away")
    softhsm.tokens.rename(away)
    try:
        for _ in range(2):
            with pytest.raises(KeyStoreAway, match=hsm._token._label):
                hsm.fingerprint("a")
        with pytest.raises(KeyStoreAway):
            hsm.terminal_key("T1")
    finally:
        away.rename(softhsm.tokens)
    assert hsm.fingerprint("a") == mark


def test_a_wrong_pin_is_tried_once(softhsm: SoftHsm, new_token: Callable[[], Path]) -> None:
    file = new_token()
    wrong: Any = open_key_store(softhsm.settings(file.stem, "0000"), bench=False)
    for _ in range(10):
        with pytest.raises(KeyRefused, match=file.stem):
            wrong.init()
    right: Any = open_key_store(softhsm.settings(file.stem), bench=False)
    assert right.init()


def test_a_module_that_is_not_there_is_named(
    tmp_path: Path, softhsm: SoftHsm, new_token: Callable[[], Path]
) -> None:
    file = new_token()
    text = file.read_text()
    file.write_text(text.replace("libsofthsm2.so", "none.so"))
    store: Any = open_key_store(file, bench=False)
    with pytest.raises(KeyStoreAway, match=r"none\.so"):
        store.init()


def test_threads_wait_for_one_another_and_get_their_own_answers(hsm: Any) -> None:
    challenges = [number.to_bytes(8) for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda c: hsm.card_cryptogram("state_grid", SERIAL, c), challenges))
    assert told == [memory.card_cryptogram(TRIPLE_DES, MASTER, SERIAL, each) for each in challenges]
