"""The keys of a sign-on: the published vector, and all forms there and back."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bank import working_keys as module
from drivers.bank.working_keys import kcv, parse, unwrap, wrapped_for
from drivers.errors import ProtocolError

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
KEY = st.binary(min_size=16, max_size=16)


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried) == (0, 5)


@given(KEY, st.one_of(KEY, st.binary(min_size=8, max_size=8)))
def test_a_banks_keys_there_and_back(pik: bytes, mak: bytes) -> None:
    data = wrapped_for(TMK, pik, mak)
    for form in (data, data + bytes(20)):
        keys = parse(form)
        assert parse(form.hex().upper()) == keys
        assert (unwrap(TMK, keys.pik), unwrap(TMK, keys.mak)) == (pik, mak)
        assert (keys.pik_check, keys.mak_check) == (kcv(pik), kcv(mak))


def test_single_length() -> None:
    keys = parse(wrapped_for(TMK, b"pik-of-8", b"mak-of-8"))
    assert (unwrap(TMK, keys.pik), unwrap(TMK, keys.mak)) == (b"pik-of-8", b"mak-of-8")
    with pytest.raises(ValueError, match="no room"):
        wrapped_for(TMK, b"pik-of-8", bytes(16))


@pytest.mark.parametrize("field", [b"", bytes(39), "00", "zz", "0" * 79])
def test_other_forms(field: bytes | str) -> None:
    with pytest.raises(ProtocolError, match="not 24, 40 or 60"):
        parse(field)


def test_keys_are_not_shown() -> None:
    assert "80" not in repr(parse(wrapped_for(TMK, bytes(16), bytes(8)))).replace("<8>", "")
    with pytest.raises(ValueError, match="not 4"):
        unwrap(TMK, bytes(4))
