"""What became of the money, each figure from the one who knows it: the far ends that took it, hub's books, journal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keyfile import load_key
from kiosk.hubclient.outcomes import Answer
from kiosk.hubclient.wire import Account
from simulators.bench.bench import Bench
from simulators.bench.programs import BenchError
from simulators.bench.settings import ONLOOKER
from simulators.demo.far_books import apart, taken_otherwise

_LOOK_EVERY_S = 0.2
# What the acceptor's own record calls a note that a person has in the hand again.
_RETURNED = frozenset({"returned", "returned_at_start", "removed_by_hand"})


@dataclass(frozen=True)
class Figures:
    """One journey's money in fen. It is whole when all that was tendered is somewhere and the books sum to zero."""

    tendered: int
    credited: int
    returned: int
    suspense: int
    in_flight: int
    ledger_sum: int
    apart: int = 0
    """By how much the far ends' books of other money than cash differ from the hub's ledger, over all tenders."""
    in_doubt: int = 0
    """Notes whose fate no device can tell: claims with a memo amount and no ledger leg, until the box is counted."""

    @property
    def whole(self) -> bool:
        """Whether every fen is accounted for."""
        missing = self.tendered - self.credited - self.returned - self.suspense
        # A note in doubt is in the box or with its owner; the claim stands for it either way.
        return missing in {0, self.in_doubt} and not (self.in_flight or self.ledger_sum or self.apart)


@dataclass(frozen=True)
class Evidence:
    """The figures and what they were taken from: the hub's books and the items of the kiosk's journal."""

    figures: Figures
    books: dict[str, Any]
    items: list[dict[str, Any]]


def take(bench: Bench) -> Evidence:
    """Ask all far ends that took money, hub and journal now."""
    notes = bench.validator("status")["log"]
    other = taken_otherwise(bench)
    books, items = bench.ledger(), bench.journal()
    found = Figures(
        tendered=_sum(notes, {"inserted"}) - _sum(notes, {"rejected"}) + sum(each.taken for each in other),
        returned=_sum(notes, _RETURNED) + sum(each.returned for each in other),
        credited=books["credited_fen"],
        suspense=books["suspense_fen"],
        ledger_sum=books["ledger_sum"],
        in_flight=in_flight(items),
        apart=apart(other),
        in_doubt=sum(item["memo_fen"] for item in items if item["kind"] == "claim"),
    )
    return Evidence(found, books, items)


def take_settled(bench: Bench, patience_s: float = 60.0) -> Evidence:
    """Take the evidence once nothing is in flight any more, or when patience ends."""
    until = time.monotonic() + patience_s
    while True:
        found = take(bench)
        if found.figures.whole or time.monotonic() > until:
            return found
        time.sleep(_LOOK_EVERY_S)


def _sum(notes: Sequence[dict[str, Any]], words: frozenset[str] | set[str]) -> int:
    return sum(note.get("value_fen", 0) for note in notes if note["what"] in words)


def in_flight(items: Sequence[dict[str, Any]]) -> int:
    """Add up what the journal still holds open: payments that have not ended and claims the hub has not taken."""
    payments: int = sum(
        item["inserted_fen"] or _asked(item)
        for item in items
        if item["kind"] == "payment" and item["in_flight"]
    )
    claims: int = sum(
        item["amount_fen"] + item.get("memo_fen", 0)
        for item in items
        if item["kind"] == "claim" and item["state"] == "open"
    )
    return payments + claims


def _asked(item: dict[str, Any]) -> int:
    """What an open payment without cash may have taken; of a recharge card only the hub knows it, so it counts as 1."""
    return 0 if item.get("tender", "cash") == "cash" else int(item["asked_fen"]) or 1


def account(bench: Bench, account_no: str) -> Account:
    """Ask the hub what stands on an account, as a kiosk asks it but past the line that faults are ordered for."""
    client = HubClient(bench.hub_url, ONLOOKER, load_key(bench.key, bench=True))
    try:
        outcome = client.account(account_no)
    finally:
        client.close()
    if not isinstance(outcome, Answer):
        raise BenchError(f"the hub does not tell of account {account_no}: {outcome}")
    return outcome.body
