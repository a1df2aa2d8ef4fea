"""Our references at a terminal box: they differ, they stay, and none looks like a card's number."""

from __future__ import annotations

from drivers.eft.model import EftKind, EftResult, reference18


def is_luhn(number: str) -> bool:
    """Whether the last digit checks the others as a card's does."""
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(number))]
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def test_references_differ_and_none_can_be_a_card() -> None:
    assert is_luhn("6212149876543210124")
    seen = {reference18(f"{number:032x}") for number in range(2000)}
    assert len(seen) == 2000
    for reference in seen:
        assert (len(reference), reference[0], reference.isdecimal()) == (18, "0", True)
        assert int(reference)
        assert not is_luhn(reference)


def test_a_result_is_of_one_transaction_only() -> None:
    result = EftResult(EftKind.SALE, True, "00", "1" * 18, 100)
    assert result.is_of(EftKind.SALE, "1" * 18, 100)
    assert not result.is_of(EftKind.VOID, "1" * 18, 100)
    assert not result.is_of(EftKind.SALE, "2" * 18, 100)
    assert not result.is_of(EftKind.SALE, "1" * 18, 101)
