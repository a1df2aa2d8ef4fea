"""Which card is meant must be plain: its keys are made from it."""

from __future__ import annotations

import pytest

from drivers.security.model import CardKeys


def test_a_cards_serial_has_one_form() -> None:
    assert CardKeys("province", "00AB34567890CDEF").permit == ""


@pytest.mark.parametrize(
    "serial", ["", "00AB34567890CDE", "00ab34567890cdef", "00AB34567890CDEF0", "0" * 15 + "\n"]
)
def test_another_form_is_refused(serial: str) -> None:
    with pytest.raises(ValueError, match="16 hex digits in upper case"):
        CardKeys("province", serial)
