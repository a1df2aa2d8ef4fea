"""What a scanned code means, by the page on which it is held out."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import scans
from kiosk.numbers import check_digit
from kiosk.scans import WANTED, BillLayout, Scan, ScanForms, meaning

FORMS = ScanForms(follow_up="https://power.example/s?r={reference}&k=1")


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("3120000017450042", "home", ("bill", "3120000017450042")),
        (" 3120000017450042 ", "home", ("bill", "3120000017450042")),
        ("3120000017450042", "bill", ("bill", "3120000017450042")),
        ("312000001745004", "home", None),
        ("31200000174500421", "home", None),
        ("312000001745004x", "home", None),
        ("３１２００００１７４５００４２", "home", None),
        ("3120000017450042", "reference", None),
        ("3120000017450042", "payer", None),
        # Sixteen digits that could be both: the page decides.
        ("1020000017450042", "home", ("bill", "1020000017450042")),
        ("1020000017450042", "payer", ("payer", "1020000017450042")),
        ("134567890123456789", "payer", ("payer", "134567890123456789")),
        ("134567890123456789", "recharge", ("recharge", "134567890123456789")),
        ("134567890123456789", "home", None),
        ("281234567890123456789012", "payer", ("payer", "281234567890123456789012")),
        ("2812345678901234567890123", "payer", None),
        ("281234567890123", "payer", None),
        ("161234567890123456", "payer", None),
        ("241234567890123456", "payer", None),
        ("311234567890123456", "payer", None),
        ("301234567890123456", "payer", ("payer", "301234567890123456")),
        ("901234567890123456", "recharge", ("recharge", "901234567890123456")),
        ("90123456789012345", "recharge", None),
        ("0198-F2C4-A1B3", "reference", ("reference", "0198-F2C4-A1B3")),
        ("0198F2C4A1B3", "reference", ("reference", "0198-F2C4-A1B3")),
        ("https://power.example/s?r=0198-F2C4-A1B3&k=1", "home", ("reference", "0198-F2C4-A1B3")),
        ("https://power.example/s?r=0198-F2C4-A1B3&k=2", "home", None),
        ("https://elsewhere.example/0198-F2C4-A1B3", "reference", None),
        ("0198-F2C4-A1BX", "reference", None),
        ("", "home", None),
        ("3120000017450042", "nowhere", None),
    ],
)
def test_the_page_decides(text: str, wanted: str, found: tuple[str, str] | None) -> None:
    scan = meaning(text, wanted, FORMS)
    assert (scan and (scan.kind, scan.text)) == found


def test_a_bill_with_amount_and_check_digit() -> None:
    forms = ScanForms(BillLayout(digits=27, account=(3, 16), amount=(16, 26), checked=True), (13,))
    body = "042" + "3120000017450" + "0000012050"
    right = f"{body}{check_digit(body)}"
    assert meaning(right, "home", forms) == Scan("bill", "3120000017450", 12050)
    assert meaning(f"{body}{(check_digit(body) + 1) % 10}", "home", forms) is None


def test_an_account_of_a_length_that_no_account_has_is_no_bill() -> None:
    forms = ScanForms(BillLayout(digits=16, account=(0, 12)), (16, 13, 10))
    assert meaning("3120000017450042", "home", forms) is None


def test_no_code_shows_itself() -> None:
    scan = meaning("134567890123456789", "payer")
    assert "1345" not in repr(scan)


@given(st.text(max_size=40), st.sampled_from([*WANTED, "elsewhere"]))
def test_any_text_is_what_is_wanted_or_nothing(text: str, wanted: str) -> None:
    scan = meaning(text, wanted, FORMS)
    assert scan is None or scan.kind in WANTED[wanted]


def test_the_examples_in_the_source() -> None:
    assert doctest.testmod(scans).failed == 0
