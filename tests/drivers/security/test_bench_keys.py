"""The bench's keys: the same on every machine, each for one use, and known for what they are."""

from __future__ import annotations

from drivers.security.bench_keys import (
    bank_components,
    bank_key,
    is_bank_test_key,
    is_card_test_key,
    is_terminal_test_key,
    terminal_key,
)
from drivers.security.keys import xor


def test_a_terminals_key_at_a_bank() -> None:
    key = bank_key("bank_a", "10000001")
    assert len(key) == 16
    assert key == xor(*bank_components("bank_a", "10000001"))
    assert (
        len({key, bank_key("bank_b", "10000001"), bank_key("bank_a", "10000002"), terminal_key("10000001")})
        == 4
    )
    assert key[:8] != key[8:]


def test_a_test_key_is_known_whole_and_in_parts() -> None:
    for key in (bank_key("bank_a", "10000001"), *bank_components("bank_a", "10000001")):
        assert is_bank_test_key(key, "bank_a", "10000001")
        assert not is_bank_test_key(key, "bank_b", "10000001")
        assert not is_terminal_test_key(key, "10000001")
        assert not is_card_test_key(key, "bank_a")
