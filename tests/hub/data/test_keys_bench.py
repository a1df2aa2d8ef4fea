"""The bench's store: test keys that every program of the bench has, never outside it, and a file for loaded ones."""

from pathlib import Path
from typing import Any

import pytest

from drivers.bank.mac import encrypt, mac
from drivers.bank.working_keys import kcv
from drivers.security import bench_keys, keys
from drivers.security.cipher import SM4, TRIPLE_DES
from drivers.security.sealed import seal
from hub.data.keys_bench import TEST_MARK, BenchStore
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyMissing, KeyRefused, Unreadable

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SERIAL = "1122334455667788"


@pytest.fixture
def store() -> Any:
    return BenchStore(None, {}, bench=True)


def test_test_keys_are_for_a_bench_only(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="bench"):
        BenchStore(None, {}, bench=False)
    file = tmp_path / "keys.toml"
    bench: Any = open_key_store(file, bench=True)
    bench.load_terminal("T1", "3des", KEY)
    assert file.read_text().startswith(TEST_MARK)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(KeyRefused, match="bench"):
        open_key_store(file, bench=False)


def test_it_holds_what_the_benchs_cards_and_terminals_hold(store: Any) -> None:
    own = bench_keys.card_keys("state_grid").for_serial(SERIAL)
    assert store.card_cryptogram("state_grid", SERIAL, bytes(8)) == keys.cryptogram(
        TRIPLE_DES, own.external, bytes(8)
    )
    assert store.card_mac("state_grid", SERIAL, bytes(4), b"x") == keys.mac4(
        TRIPLE_DES, own.mac, bytes(4), b"x"
    )
    assert store.card_genuine(
        "state_grid", SERIAL, bytes(8), keys.cryptogram(TRIPLE_DES, own.internal, bytes(8))
    )
    master = bench_keys.terminal_key("T1")
    assert store.terminal_start_key("T1", bytes(16)) == keys.start_key(TRIPLE_DES, master, bytes(16))
    working = bytes(range(32))
    assert store.unwrap_working_key("T1", keys.wrap(TRIPLE_DES, master, working)) == working


def test_fields_and_seals_are_opened_at_their_place_only(store: Any) -> None:
    token = store.protect("text", "a")
    assert store.reveal(token, "a") == "text"
    with pytest.raises(Unreadable):
        store.reveal(token, "b")
    public = store.seal_public()
    jwk = {"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y}
    assert store.open_sealed(seal(jwk, public.kid, "T1", "phone", "1"), "T1", "phone") == "1"


def test_what_is_loaded_comes_first_and_a_running_hub_notices(tmp_path: Path, store: Any) -> None:
    file = tmp_path / "keys.toml"
    keeper: Any = open_key_store(file, bench=True)
    assert keeper.init() == ()
    running: Any = open_key_store(file, bench=True)
    assert running.terminal_key("T1") == store.terminal_key("T1")
    name = keeper.load_terminal("T1", "sm4", KEY)
    assert running.terminal_key("T1") == name
    assert running.terminal_start_key("T1", bytes(16)) == keys.start_key(SM4, KEY, bytes(16))
    assert running.names() == (name,)
    keeper.remove_terminal("T1")
    assert running.terminal_key("T1") is None
    with pytest.raises(KeyMissing):
        running.wrap_working_key("T1", bytes(32))
    with pytest.raises(KeyMissing):
        keeper.remove_terminal("T1")


def test_a_terminal_at_a_bank_has_the_benchs_key_until_one_is_loaded(tmp_path: Path) -> None:
    store: Any = open_key_store(tmp_path / "keys.toml", bench=True)
    mak = bytes.fromhex("5BB5C72CD00B7338")
    computed = bench_keys.bank_key("own", "10000001")
    assert store.bank_key("own", "10000001").name == "own/10000001"
    assert store.bank_check("own", "10000001", encrypt(computed, mak)) == kcv(mak)
    name = store.load_bank("own", "10000001", KEY)
    running: Any = open_key_store(tmp_path / "keys.toml", bench=True)
    assert running.names() == (name,) == (running.bank_key("own", "10000001"),)
    assert running.bank_check("own", "10000001", encrypt(KEY, mak)) == kcv(mak)
    assert running.bank_mac("own", "10000001", encrypt(KEY, mak), "cbc", b"x") == mac("cbc", mak, b"x")
    store.remove_bank("own", "10000001")
    assert running.bank_key("own", "10000001") is None
    with pytest.raises(KeyMissing, match="own/10000001"):
        running.bank_check("own", "10000001", mak)
    with pytest.raises(KeyMissing, match="own/10000001"):
        store.remove_bank("own", "10000001")
    with pytest.raises(KeyRefused, match="X9"):
        running.bank_mac("own", "2", mak, "x919", b"x")


def test_a_profile_may_have_keys_and_a_cipher_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(
        '[store]\nkind = "bench"\n[profile.other]\ncipher = "sm4"\ninternal = "a"\nexternal = "b"\nmac = "c"\n'
    )
    store: Any = open_key_store(file, bench=True)
    computed = bench_keys.card_keys("other", SM4).for_serial(SERIAL)
    assert store.card_mac("other", SERIAL, bytes(4), b"x") == keys.mac4(SM4, computed.mac, bytes(4), b"x")
    store.load_card("c", "sm4", KEY)
    again: Any = open_key_store(file, bench=True)
    derived = keys.diversify(SM4, KEY, bytes.fromhex(SERIAL))
    assert again.card_mac("other", SERIAL, bytes(4), b"x") == keys.mac4(SM4, derived, bytes(4), b"x")
    store.load_card("b", "3des", KEY)
    with pytest.raises(KeyMissing, match="for 3des"):
        again.card_cryptogram("other", SERIAL, bytes(8))


def test_without_a_file_nothing_is_loaded(store: Any) -> None:
    assert store.init() == ()
    with pytest.raises(KeyRefused, match="--key-store"):
        store.load_terminal("T1", "3des", KEY)


def test_a_damaged_key_in_the_file_is_refused_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text('[store]\nkind = "bench"\n[key.terminal]\nT1 = "3des:0123456789abcdefxx"\n')
    store: Any = open_key_store(file, bench=True)
    with pytest.raises(KeyRefused) as refused:
        store.terminal_start_key("T1", bytes(16))
    assert "0123456789" not in str(refused.value)
