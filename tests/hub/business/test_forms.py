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
    (card_forms.HexHeader, "04D6850004"),
    (forms.AccountNo, "0399000000000018"),
    (forms.Reference, "0198-F2C4-A1B3"),
    (card_forms.ProfileName, "state-grid"),
    (card_forms.MeterTime, ""),
    (card_forms.Seal, "e30..a.b.c"),
]


@pytest.mark.parametrize(("kind", "text"), WHOLE)
def test_a_line_end_behind_a_text_is_refused(kind: Any, text: str) -> None:
    assert msgspec.convert(text, kind) == text
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text + "\n", kind)
