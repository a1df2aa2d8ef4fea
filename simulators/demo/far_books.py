"""The books of all who took other money than cash: banks, terminal box, wallet, the hub's stock of recharge cards.

Each is compared with what the hub's ledger says that this tender brought in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.bench.bench import Bench

_BANK_BACK = frozenset({"reversed", "voided", "refunded"})
_BANK_KEPT = frozenset({"approved", "settled"})
_TENDERS = ("bank_card", "qr", "recharge_card")


@dataclass(frozen=True)
class Taken:
    """One tender in fen: what far ends took, what of it they gave back, what the hub's ledger has."""

    tender: str
    taken: int
    returned: int
    booked: int


def taken_otherwise(bench: Bench) -> list[Taken]:
    """Ask the far ends of every tender that this bench has; nothing where it has none."""
    if not bench.tenders.wanted:
        return []
    booked, spent = _hub_says(bench.folder / "hub.sqlite")
    ends = bench.far_ends
    moved = dict.fromkeys(_TENDERS, (0, 0))
    for name in bench.tenders.banks:
        sales = ends[name]("transactions", last=100_000)["transactions"]
        moved["bank_card"] = _added(moved["bank_card"], of_bank(sales))
    if "box" in ends:
        moved["bank_card"] = _added(moved["bank_card"], of_box(ends["box"]("books")["rows"]))
    if "wallet" in ends:
        told = ends["wallet"]("books")
        moved["qr"] = (told["paid_fen"], told["refunded_fen"])
    moved["recharge_card"] = (spent, 0)
    return [Taken(tender, *moved[tender], booked.get(tender, 0)) for tender in _TENDERS]


def apart(found: Sequence[Taken]) -> int:
    """By how much far ends and ledger differ, over all tenders; what is too much here makes up for nothing there."""
    return sum(abs(each.taken - each.returned - each.booked) for each in found)


def of_bank(transactions: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """What a bank took from cards, and gave back, by its own transactions."""
    sales = [row for row in transactions if row["kind"] == "sale"]
    back = sum(row["fen"] for row in sales if row["state"] in _BANK_BACK)
    return back + sum(row["fen"] for row in sales if row["state"] in _BANK_KEPT), back


def of_box(rows: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """What a terminal box's bank took, and gave back, by its own rows."""
    sales = [row for row in rows if row["kind"] == "sale"]
    back = sum(row["amount_fen"] for row in sales if row["state"] in {"reversed", "voided"})
    return back + sum(row["amount_fen"] for row in sales if row["state"] in _BANK_KEPT), back


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _hub_says(database: Path) -> tuple[dict[str, int], int]:
    """What the ledger has of each tender, and what the recharge cards were worth that are spent."""
    with closing(sqlite3.connect(database)) as books:
        legs = books.execute(
            "SELECT substr(account, 1, instr(account, ':') - 1), sum(amount_fen) FROM legs GROUP BY 1"
        )
        booked = {str(tender): int(fen) for tender, fen in legs}
        [spent] = books.execute(
            "SELECT coalesce(sum(value_fen), 0) FROM recharge_cards WHERE state = 'spent'"
        ).fetchone()
    return booked, int(spent)
