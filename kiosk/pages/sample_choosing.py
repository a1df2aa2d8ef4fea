"""The sample pages before any money: attract and home, the number and the account, a slip looked up, the bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from kiosk.page import Modes
from kiosk.pages.sample_accounts import (
    ACCOUNT_NO,
    BOX_FULL,
    BROKEN,
    CLEAR,
    COVER_OPEN,
    COVERED,
    FACTS,
    JAMMED,
    LARGEST,
    LONGEST,
    METER,
    NO_HUB,
    NO_PAPER,
    NOTE_INSIDE,
    ONE,
    STANDS_IN,
    STARTING,
    THREE,
    TODAY,
    TWELVE,
    Sample,
    account,
    plain,
)
from kiosk.pages.start import CLOSED_REASONS
from kiosk.session.state import NoteNotice, Page, SlipFate


def choosing() -> Iterator[Sample]:
    """Yield the states from the attract page to the bills and the means."""
    for group in (_start, _find, _references, _bills):
        yield from group()


def _start() -> Iterator[Sample]:
    yield plain("attract", Page.ATTRACT)
    yield plain("attract_no_paper", Page.ATTRACT, NO_PAPER)
    yield plain("attract_box_full", Page.ATTRACT, BOX_FULL)
    yield plain("attract_note_jam", Page.ATTRACT, JAMMED)
    yield plain("attract_acceptor_broken", Page.ATTRACT, BROKEN)
    yield plain("attract_cover_open", Page.ATTRACT, COVER_OPEN)
    yield plain("attract_note_inside", Page.ATTRACT, NOTE_INSIDE)
    yield plain("attract_starting", Page.ATTRACT, STARTING)
    yield plain("attract_no_hub", Page.ATTRACT, NO_HUB)
    yield plain("attract_offline", Page.ATTRACT, STANDS_IN)
    yield plain("home", Page.HOME)
    yield plain("home_large_low", Page.HOME, modes=Modes(large=True, low=True))
    yield plain("home_no_cash", Page.HOME, BOX_FULL)
    yield plain("home_no_hub", Page.HOME, NO_HUB)
    yield plain("home_offline", Page.HOME, STANDS_IN)
    for reason in CLOSED_REASONS:
        facts = NO_HUB if reason == "no_service" else FACTS
        yield plain(f"closed_{reason}", Page.CLOSED, replace(facts, closed_reason=reason))
    for level in range(3):
        yield plain(f"settling_{level}", Page.SETTLING, wait_level=level)
    yield plain("settling_note_back", Page.SETTLING, note_notice=NoteNotice("returned", 10000))


def _find() -> Iterator[Sample]:
    yield plain("enter_account_empty", Page.ENTER_ACCOUNT)
    yield plain("enter_account_part", Page.ENTER_ACCOUNT, digits=ACCOUNT_NO[:7])
    yield plain("enter_account_full", Page.ENTER_ACCOUNT, digits=ACCOUNT_NO)
    one = replace(FACTS, account_lengths=(16,))
    yield plain("enter_account_one_length", Page.ENTER_ACCOUNT, one, digits=ACCOUNT_NO[:4])
    for error in ("too_short", "unknown_account", "account_closed", "hub_gone", "hub_busy", "surprise"):
        digits = ACCOUNT_NO[:12] if error == "too_short" else ACCOUNT_NO
        yield plain(f"enter_account_{error}", Page.ENTER_ACCOUNT, digits=digits, entry_error=error)
    yield plain("enter_account_differs", Page.ENTER_ACCOUNT, STANDS_IN, entry_error="differs")
    yield plain("enter_again_empty", Page.ENTER_AGAIN, STANDS_IN, typed_first=ACCOUNT_NO)
    again = {"digits": ACCOUNT_NO, "typed_first": ACCOUNT_NO}
    yield plain("enter_again_full", Page.ENTER_AGAIN, STANDS_IN, **again)
    short = {"digits": ACCOUNT_NO[:12], "typed_first": ACCOUNT_NO, "entry_error": "too_short"}
    yield plain("enter_again_too_short", Page.ENTER_AGAIN, STANDS_IN, **short)
    yield plain("provisional", Page.PROVISIONAL, STANDS_IN, **again)
    no_paper = replace(STANDS_IN, printer=NO_PAPER.printer)
    yield plain("provisional_no_paper", Page.PROVISIONAL, no_paper, **again)
    yield plain("provisional_known", Page.PROVISIONAL, STANDS_IN, account=THREE)
    yield plain("enter_meter_account_only", Page.ENTER_METER, STANDS_IN, entry_error="account_only")
    yield plain("enter_meter_empty", Page.ENTER_METER)
    yield plain("enter_meter_part", Page.ENTER_METER, digits=METER[:9])
    yield plain("enter_meter_full", Page.ENTER_METER, digits=METER)
    for error in ("too_short", "wrong_check_digit", "unknown_meter", "hub_gone"):
        digits = METER[:20] if error == "too_short" else METER[:-1] + "3"
        yield plain(f"enter_meter_{error}", Page.ENTER_METER, digits=digits, entry_error=error)
    yield plain("confirm_account", Page.CONFIRM_ACCOUNT, account=THREE, digits=ACCOUNT_NO)
    yield plain("confirm_account_by_meter", Page.CONFIRM_ACCOUNT, account=THREE, digits=METER)
    yield plain("confirm_account_longest", Page.CONFIRM_ACCOUNT, account=LONGEST, digits=ACCOUNT_NO)


REFERENCE = "0198F2C4A1B3"


def _references() -> Iterator[Sample]:
    for name, typed in (("empty", ""), ("part", REFERENCE[:6]), ("full", REFERENCE)):
        yield plain(f"enter_reference_{name}", Page.ENTER_REFERENCE, digits=typed)
    yield plain("enter_reference_no_hub", Page.ENTER_REFERENCE, NO_HUB, digits=REFERENCE[:6])
    short, error = REFERENCE[:11], "too_short"
    yield plain("enter_reference_too_short", Page.ENTER_REFERENCE, digits=short, entry_error=error)
    for level in range(3):
        yield plain(f"asking_reference_{level}", Page.ASKING_REFERENCE, digits=REFERENCE, wait_level=level)
    for name, slip in SLIPS.items():
        yield plain(f"reference_{name}", Page.REFERENCE, digits=REFERENCE, slip=slip, unknown_slips=5)


def slip_fate(fate: str, kind: Any = "", amount: int = 0, memo: int = 0, on: date | None = None) -> SlipFate:
    """Return what became of the money on an invented slip; `memo` is what is or was in doubt."""
    made_at = datetime(2026, 11, 22, 9, 33, tzinfo=UTC) if kind else None
    return SlipFate(fate, "0198-F2C4-A1B3", kind, amount, memo, made_at, on)


SLIPS = {
    "booked": slip_fate("booked", "payment", 50000, on=TODAY),
    "booked_largest": slip_fate("booked", "payment", 999_999_999, on=TODAY),
    "unwritten": slip_fate("unwritten", "payment", 50000, on=TODAY),
    "unmade": slip_fate("unmade", "payment", 2000, on=TODAY),
    "checking": slip_fate("checking", "payment", 50000),
    "person": slip_fate("person", "claim", 50000),
    "person_note": slip_fate("person", "claim", 0, 10000),
    "person_both": slip_fate("person", "claim", 10000, 5000),
    "credited": slip_fate("credited", "claim", 10000, 5000),
    "refunded": slip_fate("refunded", "claim", 50000),
    "nothing_found": slip_fate("nothing_found", "claim", 0, 10000),
    "reversed": slip_fate("reversed", "payment", 50000),
    "other": slip_fate("other", "claim", 50000),
    "no_amount": slip_fate("person", "claim"),
    "unknown": slip_fate("unknown"),
    "too_many": slip_fate("too_many"),
    "hub_gone": slip_fate("hub_gone"),
    "hub_busy": slip_fate("hub_busy"),
}


def _bills() -> Iterator[Sample]:
    yield plain("bills_1", Page.BILLS, account=ONE)
    yield plain("bills_3_all", Page.BILLS, account=THREE)
    yield plain("bills_3_oldest", Page.BILLS, account=THREE, choose="oldest")
    yield plain("bills_3_none_chosen", Page.BILLS, account=THREE, choose="chosen")
    two = ("2026-08", "2026-09")
    yield plain("bills_3_two_chosen", Page.BILLS, account=THREE, choose="chosen", months=two)
    yield plain("bills_12", Page.BILLS, account=TWELVE)
    yield plain("bills_12_middle", Page.BILLS, account=TWELVE, first_bill=5)
    yield plain("bills_12_end", Page.BILLS, account=TWELVE, first_bill=10)
    yield plain("bills_nothing_due", Page.BILLS, account=CLEAR)
    yield plain("bills_nothing_due_prepay", Page.BILLS, account=CLEAR, business="prepay")
    yield plain("bills_covered", Page.BILLS, account=COVERED)
    rich = account(*THREE.bills, balance=30000)
    yield plain("bills_oldest_covered", Page.BILLS, account=rich)
    yield plain("bills_prepay_with_arrears", Page.BILLS, account=THREE, business="prepay")
    yield plain("bills_no_cash", Page.BILLS, NO_PAPER, account=THREE)
    yield plain("bills_longest", Page.BILLS, account=LONGEST)
    yield plain("bills_largest", Page.BILLS, account=LARGEST)
    yield plain("bills_largest_end", Page.BILLS, account=LARGEST, first_bill=4, choose="oldest")
    yield plain("means", Page.MEANS, account=THREE)
    yield plain("means_prepay", Page.MEANS, account=CLEAR, business="prepay")
    yield plain("means_no_cash", Page.MEANS, BOX_FULL, account=THREE)
