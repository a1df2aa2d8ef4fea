"""Answers to reset, from the reference of the cards and broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.atr import Atr


@pytest.mark.parametrize(
    ("raw", "protocols", "historical"),
    [
        ("3B6C00021122334455667788863800 00", {0}, "112233445566778886380000"),
        ("3B00", {0}, ""),
        ("3B800181", {1}, ""),
        ("3B9F95801FC78031A073B6A10067CF3211B252C679", {0}, "8031A073B6A10067CF3211B252C679"),
        ("3BDB960080B1FE451F830031C064C3080100900000", {0, 1}, "0031C064C3080100900000"),
        ("3B8F8001804F0CA000000306030001000000006A", {0, 1}, "804F0CA00000030603000100000000"),
    ],
)
def test_known_ones(raw: str, protocols: set[int], historical: str) -> None:
    atr = Atr(bytes.fromhex(raw))
    assert str(atr) == raw.replace(" ", "")
    assert atr.historical == bytes.fromhex(historical)
    assert atr.protocols == protocols


@given(st.binary(max_size=40))
def test_a_strange_one_is_no_error(raw: bytes) -> None:
    atr = Atr(raw)
    assert len(atr.historical) <= 15
    assert atr.protocols
