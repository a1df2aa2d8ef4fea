"""A text of the contract is what its pattern says, and nothing behind it: `$` alone lets a line end through."""

from typing import Any

import msgspec
import pytest

from hub.business import card_forms, forms

WHOLE: list[tuple[Any, str]] = [
    (forms.Id, "0a" * 16),
    (forms.CardSerial, "A500000000000083"),
    (forms.CardNumber, "000000000083"),
    (forms.MeterNo, "83" * 11),
    (forms.Month, "2026-11"),
    (forms.Hash, "0a" * 32),
    (card_forms.Hex4, "A1B2C3D4"),
    (card_forms.Hex8, "A1B2C3D4E5F60718"),
]


@pytest.mark.parametrize(("kind", "text"), WHOLE)
def test_a_line_end_behind_a_text_of_fixed_length_is_refused(kind: Any, text: str) -> None:
    assert msgspec.convert(text, kind) == text
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text + "\n", kind)
