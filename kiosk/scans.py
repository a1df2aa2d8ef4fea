"""What a code means that was held before the scanner: a bill, a payer's phone, a recharge card, a slip, or nothing.

The same digits may be several of these, so the page decides: only what it wants is ever told. A payer's code that is
held out on the home page is nothing there, and what is nothing is not shown and not kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from kiosk.numbers import account_error, as_reference, check_digit, is_digits

Kind = Literal["bill", "payer", "recharge", "reference"]
Part = tuple[int, int]
"""From which to before which character, counted from 0."""

WANTED: dict[str, tuple[Kind, ...]] = {
    "home": ("bill", "reference"),
    "bill": ("bill",),
    "payer": ("payer",),
    "recharge": ("recharge",),
    "reference": ("reference",),
}
"""What each page that scans makes use of; the first that a code can be is what it is."""


@dataclass(frozen=True, slots=True)
class BillLayout:
    """A bill's bar code: so many digits, and where in it the account number stands, and the amount in fen if it does.

    `checked`: the last digit checks the others, with the weights of a meter number.
    """

    digits: int = 16
    account: Part = (0, 16)
    amount: Part | None = None
    checked: bool = False


@dataclass(frozen=True, slots=True)
class ScanForms:
    """How the codes of this utility look. `follow_up` is the address on its slips, with `{reference}` in it."""

    bill: BillLayout = field(default_factory=BillLayout)
    account_lengths: tuple[int, ...] = (16, 13, 10)
    recharge_digits: int = 18
    follow_up: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read: an account number, a payer's code, a recharge card's number, or a reference in groups of four.

    `amount_fen` is what a bill's own bar code says; what is owed is the hub's to say.
    """

    kind: Kind
    text: str = field(repr=False)
    amount_fen: int | None = None


def meaning(text: str, wanted: str, forms: ScanForms | None = None) -> Scan | None:
    """Say what a code is on a page that wants this; None where it is of no use there.

    >>> meaning("3120000017450042", "home").text
    '3120000017450042'
    >>> meaning("134567890123456789", "payer").kind, meaning("134567890123456789", "home")
    ('payer', None)
    """
    forms = forms or ScanForms()
    text = text.strip()
    found = (_READERS[kind](text, forms) for kind in WANTED.get(wanted, ()))
    return next((scan for scan in found if scan is not None), None)


def _bill(text: str, forms: ScanForms) -> Scan | None:
    layout = forms.bill
    if not is_digits(text) or len(text) != layout.digits:
        return None
    if layout.checked and check_digit(text[:-1]) != int(text[-1]):
        return None
    account = text[slice(*layout.account)]
    if account_error(account, forms.account_lengths):
        return None
    return Scan("bill", account, int(text[slice(*layout.amount)]) if layout.amount else None)


def _payer(text: str, _forms: ScanForms) -> Scan | None:
    """Two providers' codes: 10 to 15 and 25 to 30 are their first digits, 16 to 24 their lengths."""
    found = re.fullmatch(r"(1[0-5]|2[5-9]|30)[0-9]{14,22}", text)
    return Scan("payer", text) if found else None


def _recharge(text: str, forms: ScanForms) -> Scan | None:
    return Scan("recharge", text) if is_digits(text) and len(text) == forms.recharge_digits else None


def _reference(text: str, forms: ScanForms) -> Scan | None:
    """The bare reference, or the address on a slip that holds it."""
    before, there, after = forms.follow_up.partition("{reference}")
    if there and text.startswith(before) and text.endswith(after) and len(text) > len(before) + len(after):
        text = text[len(before) : len(text) - len(after)]
    found = as_reference(text)
    return Scan("reference", found) if found else None


_READERS = {"bill": _bill, "payer": _payer, "recharge": _recharge, "reference": _reference}
