"""Two components make a key; a wrong one is named and changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.security.cipher import SM4, TRIPLE_DES, Cipher
from drivers.security.components import ComponentLoader, ComponentRefused, combine, judge, weakness
from drivers.security.keys import check_value, xor

FIRST = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
SECOND = bytes.fromhex("A1B2C3D4E5F60718293A4B5C6D7E8F90")

both = pytest.mark.parametrize("cipher", [TRIPLE_DES, SM4], ids=["3des", "sm4"])


def _load(loader: ComponentLoader, cipher: Cipher, number: int, component: bytes) -> bytes | None:
    return loader.take(number, component, check_value(cipher, component))


@both
def test_two_components_make_the_key(cipher: Cipher) -> None:
    loader = ComponentLoader(cipher)
    assert _load(loader, cipher, 1, FIRST) is None
    assert _load(loader, cipher, 2, SECOND) == xor(FIRST, SECOND)


@given(
    st.sampled_from((TRIPLE_DES, SM4)),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
)
def test_neither_component_alone_is_the_key(cipher: Cipher, first: bytes, second: bytes) -> None:
    assume(not any(weakness(cipher, key) for key in (first, second, xor(first, second))))
    key = combine(cipher, first, second)
    assert xor(key, second) == first
    assert key not in (first, second)


@both
@pytest.mark.parametrize("number", [1, 2])
def test_a_wrong_check_value_names_the_component(cipher: Cipher, number: int) -> None:
    good = check_value(cipher, FIRST).hex().upper()
    with pytest.raises(
        ComponentRefused, match=rf"^component {number}: its check value is {good}, not 000000: mistyped"
    ) as no:
        judge(cipher, number, FIRST, bytes(3))
    assert no.value.number == number
    with pytest.raises(ComponentRefused, match="not empty"):
        judge(cipher, number, FIRST, b"")


@pytest.mark.parametrize(
    ("component", "why"),
    [
        (bytes(16), "all its bytes are the same"),
        (b"\xff" * 16, "all its bytes are the same"),
        (FIRST[:8] * 2, "makes it single DES"),
        (FIRST[:8] + bytes(byte ^ 1 for byte in FIRST[:8]), "makes it single DES"),
        (bytes.fromhex("0101010101010101") + FIRST[8:], "weak key of DES"),
        (FIRST[:8] + bytes.fromhex("E0FEE0FEF1FEF1FE"), "weak key of DES"),
        (FIRST[:8] + bytes.fromhex("1F011F010E010E01"), "weak key of DES"),
    ],
)
def test_a_weak_component_is_refused(component: bytes, why: str) -> None:
    with pytest.raises(ComponentRefused, match=f"component 1: .*{why}"):
        judge(TRIPLE_DES, 1, component, check_value(TRIPLE_DES, component))


def test_sm4_knows_no_weak_halves() -> None:
    judge(SM4, 1, FIRST[:8] * 2, check_value(SM4, FIRST[:8] * 2))
    with pytest.raises(ComponentRefused, match="all its bytes are the same"):
        judge(SM4, 2, bytes(16), check_value(SM4, bytes(16)))


@both
def test_equal_components_are_refused(cipher: Cipher) -> None:
    loader = ComponentLoader(cipher)
    _load(loader, cipher, 1, FIRST)
    with pytest.raises(ComponentRefused, match="component 2: it is component 1 once more"):
        _load(loader, cipher, 2, FIRST)


def test_components_that_make_a_weak_key_are_refused() -> None:
    other = xor(FIRST, SECOND[:8] * 2)
    with pytest.raises(ComponentRefused, match="component 2: with component 1 it makes a weak key"):
        combine(TRIPLE_DES, FIRST, other)


@both
def test_a_refused_component_changes_nothing(cipher: Cipher) -> None:
    loader = ComponentLoader(cipher)
    with pytest.raises(ComponentRefused, match="component 2: component 1 comes first"):
        _load(loader, cipher, 2, SECOND)
    _load(loader, cipher, 1, FIRST)
    for number, component, check in (
        (1, SECOND, bytes(3)),
        (2, SECOND, bytes(3)),
        (2, FIRST, check_value(cipher, FIRST)),
    ):
        with pytest.raises(ComponentRefused):
            loader.take(number, component, check)
    assert _load(loader, cipher, 2, SECOND) == xor(FIRST, SECOND)
    with pytest.raises(ComponentRefused, match="component 1 comes first"):
        _load(loader, cipher, 2, SECOND)


def test_component_1_again_replaces_it_and_can_be_forgotten() -> None:
    loader = ComponentLoader(SM4)
    _load(loader, SM4, 1, SECOND)
    _load(loader, SM4, 1, FIRST)
    assert _load(loader, SM4, 2, SECOND) == xor(FIRST, SECOND)
    _load(loader, SM4, 1, FIRST)
    loader.forget()
    with pytest.raises(ComponentRefused, match="component 1 comes first"):
        _load(loader, SM4, 2, SECOND)


@pytest.mark.parametrize(("number", "size"), [(0, 16), (3, 16), (1, 8), (2, 24)])
def test_what_is_no_component_is_refused(number: int, size: int) -> None:
    with pytest.raises(ComponentRefused, match=f"component {number}: (there are only|{size} bytes, not 16)"):
        judge(TRIPLE_DES, number, (FIRST + SECOND)[:size], bytes(3))
