"""Where every fen is, by everyone's own count: the acceptor's box, the kiosk's journal, the hub's books, the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kiosk.journal.verify import verify
from kiosk.page import PageModel
from kiosk.payment.model import Claim, ClaimState, Payment, PaymentState
from tests.journeys.cabinet import Cabinet
from tests.journeys.town import Town
from tests.powercut.machine import Dark, Forked
from tests.powercut.slips import untrue

Hand = Callable[[PageModel], object]
PATIENCE_S = 60.0
ENDS = frozenset(
    {
        *("claim", "checking", "done", "cancelled", "message"),
        *("take_card", "write_failed", "cannot_write", "unconfirmed", "wrong_card"),
        *("collect_card", "new_card_failed"),
    }
)
"""Pages that tell how it ended: whoever has read them says so. While a card is still to be put in that does nothing."""
_BACK = ("returned", "returned_at_start", "rejected")


@dataclass(frozen=True, slots=True)
class Count:
    """What acceptor and hub have counted so far, in fen, and how many slips have come out."""

    inserted: int
    back: int
    box: int
    credited: int
    suspense: int
    slips: int

    @classmethod
    def of(cls, cabinet: Cabinet, town: Town) -> Count:
        """Count now."""
        status = cabinet.validator("status", log=0)
        totals = status["totals"]
        books = town.books()
        back = sum(totals.get(what, 0) for what in _BACK)
        slips = cabinet.printer("status")["slips"]
        money = (totals.get("inserted", 0), back, status["box_fen"], books.credited_fen, books.suspense_fen)
        return cls(*money, slips)

    def __sub__(self, before: Count) -> Count:
        return Count(*(getattr(self, name) - getattr(before, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `doubled` in fen and `in_flight` in items; `faults` says in words what does not hold."""

    faults: tuple[str, ...] = ()
    lost: int = 0
    doubled: int = 0
    in_flight: int = 0


def at_rest(
    cabinet: Cabinet,
    town: Town,
    kiosk: Forked,
    before: Count,
    pages: list[str],
    then: Callable[[], object] = lambda: None,
    hand: Hand = lambda _: None,
) -> Verdict:
    """Let it settle, let one more thing happen, and judge; `pages` is what the customer was shown."""
    missing = settle(cabinet, kiosk, hand=hand)
    then()
    found = judge(cabinet, town, kiosk, before, pages)
    faults = (*found.faults, *filter(None, [missing]))
    return Verdict(faults, found.lost, found.doubled, found.in_flight)


def settle(cabinet: Cabinet, kiosk: Forked, *, served: bool = True, hand: Hand = lambda _: None) -> str:
    """Stand by until the kiosk has nothing open and is ready, taking what is held out; what is missing, if anything.

    `hand` does what a customer with a meter card does on the page that is shown.
    """
    until = time.monotonic() + PATIENCE_S
    while (missing := _unsettled(cabinet, kiosk, served)) and time.monotonic() < until:
        if kiosk.shown.names:
            hand(kiosk.shown.now)
        time.sleep(0.02)
    return missing


def _unsettled(cabinet: Cabinet, kiosk: Forked, served: bool) -> str:
    if kiosk.shown.dark():
        raise Dark("the kiosk is gone")
    status = cabinet.validator("status", log=0)
    if status["held_out"]:
        cabinet.validator("take_note")
    page = kiosk.shown.now if kiosk.shown.names else None
    if page is None:
        return "nothing is shown"
    if page.name in ENDS and (page.main or page.back):
        kiosk.press("finish")
    if status["on_way_fen"]:
        return f"a note is on its way: {status['state']}"
    if served and (page.name != "attract" or not all(badge.works for badge in page.badges)):
        return f"page {page.name}: {[badge.reason for badge in page.badges if not badge.works]}"
    if not kiosk.path.exists():
        return "there is no journal"
    still = open_items(kiosk)
    if still:
        return f"still open: {still}"
    owed = sum(not item.over for item in kiosk.books())
    return f"the printer owes its word on the slips of {owed}" if owed else ""


def open_items(kiosk: Forked) -> list[str]:
    """The payments and claims that have not ended."""
    return [
        f"{item.state.value}"
        for item in kiosk.books()
        if (item.state is ClaimState.OPEN if isinstance(item, Claim) else not item.ended)
    ]


def judge(cabinet: Cabinet, town: Town, kiosk: Forked, before: Count, pages: list[str]) -> Verdict:
    """Everything that must hold once nothing is in flight. `pages` is what the customer was shown."""
    faults: list[str] = []
    verify(kiosk.path)
    since = Count.of(cabinet, town) - before
    payments = [item for item in kiosk.books() if isinstance(item, Payment)]
    claims = [item for item in kiosk.books() if isinstance(item, Claim)]
    paid = [p for p in payments if p.ended and p.credit is not None]
    memo = sum(c.memo_fen for c in claims)
    accounted = since.credited + since.suspense

    def must(holds: bool, say: Callable[[], str]) -> None:
        if not holds:
            faults.append(say())

    must(since.inserted == since.back + since.box, lambda: f"the acceptor's own count: {since}")
    must(0 <= since.box - accounted <= memo, lambda: f"{since}, memo {memo}")
    must(sum(p.inserted_fen for p in paid) == since.credited, lambda: f"journal's paid against {since}")
    must(sum(c.amount_fen for c in claims) == since.suspense, lambda: f"journal's claims against {since}")
    thanked = "done" in pages and all(p.state is not PaymentState.PAID for p in payments)
    must(not thanked, lambda: "the customer was thanked for a payment that is not there")
    faults += [fault for payment in payments if (fault := _at_hub(town, payment, payment in paid))]
    faults += [fault for claim in claims if (fault := _claim_at_hub(town, claim))]
    faults += untrue(cabinet.slips()[before.slips :], kiosk.books())
    books = town.books()
    must(books.ok and books.ledger_sum == 0, lambda: f"the hub's books: {books.findings}")
    lost, doubled = max(0, since.box - accounted - memo), max(0, accounted - since.box)
    return Verdict(tuple(faults), lost, doubled, len(open_items(kiosk)))


def _at_hub(town: Town, payment: Payment, paid: bool) -> str:
    told = town.client.get(f"/v1/payments/{payment.payment_id}")
    if told.status_code != (200 if paid else 404):
        return f"payment {payment.payment_id} is {payment.state.value} here and {told.status_code} at the hub"
    if not paid:
        return ""
    there, here = told.json(), _as_credited(payment)
    other = {name: (value, there.get(name)) for name, value in here.items() if there.get(name) != value}
    return f"payment {payment.payment_id} is other here than there: {other}" if other else ""


def _as_credited(payment: Payment) -> dict[str, Any]:
    """What the hub must say of a payment, by the kiosk's journal."""
    credit = payment.credit
    assert credit is not None
    return {
        "account_no": payment.account.account_no,
        "amount_fen": payment.inserted_fen,
        "hub_no": credit.hub_no,
        "allocations": [
            {"month": a.month, "late_fee_fen": a.late_fee_fen, "principal_fen": a.principal_fen}
            for a in credit.allocations
        ],
        "to_balance_fen": credit.to_balance_fen,
        "balance_after_fen": credit.balance_after_fen,
        "business_date": credit.business_date,
    }


def _claim_at_hub(town: Town, claim: Claim) -> str:
    told = town.client.get(f"/v1/claims/{claim.claim_id}")
    if told.status_code != 200:
        return f"claim {claim.claim_id} is not at the hub"
    there = told.json()
    here = {
        "reference": claim.reference,
        "payment_id": claim.payment_id or None,
        "amount_fen": claim.amount_fen,
        "memo_fen": claim.memo_fen,
    }
    other = {name: (value, there.get(name)) for name, value in here.items() if there.get(name) != value}
    return f"claim {claim.claim_id} is other here than there: {other}" if other else ""
