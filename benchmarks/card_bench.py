"""Buying power on a meter card: what the kiosk adds to the card's own time, and how many commands a purchase takes.

A real kiosk, hub, pcscd and card program at the card's true speed (12 elementary time units a byte at 9,600 baud, its
reckoning and its writes); notes move twenty times as fast, for they are not what is measured. The time runs from the
journal row that holds the hub's approval to the row that says the card was read back and holds the purchase. The
card's own time is what its program took for its commands in between, by its own count. Each purchase is put into the
meter before the next, which must credit it: else the figure means nothing.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, GateError, above, within
from kiosk.journal.cli import read
from kiosk.payment import events as ev
from simulators.bench.bench import Bench, Plan
from simulators.bench.household import Holder
from simulators.customer.card_journeys import buy_power
from simulators.customer.customer import Customer
from simulators.customer.hand import Hand
from simulators.customer.journeys import IN_THE_METER

ROUNDS, QUICK_ROUNDS = 5, 2
MOST_OVER = 1.1
MOST_COMMANDS = 32
"""Reading and proving it takes 9, authentication and three protected files with a challenge each 8, looking again 6."""


@dataclass(frozen=True, slots=True)
class Round:
    """One purchase: seconds from approval to verified write, the card's own part of them, and commands in all."""

    seconds: float
    card_s: float
    commands: int


def figures(*, quick: bool) -> list[Figure]:
    """Buy power several times on one card."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rounds = _rounds(Path(folder), QUICK_ROUNDS if quick else ROUNDS)
    whole = statistics.median(each.seconds for each in rounds)
    card = statistics.median(each.card_s for each in rounds)
    commands = statistics.median(each.commands for each in rounds)
    return [
        above(
            "card: approval to verified write",
            whole,
            "s",
            "the card's own commands",
            card,
            card * (MOST_OVER - 1),
        ),
        within(
            "card: commands for a purchase, reading it included",
            commands,
            "commands",
            "budget",
            MOST_COMMANDS,
        ),
    ]


def _rounds(folder: Path, count: int) -> list[Round]:
    bought = IN_THE_METER
    holder = Holder.of(bought.account_no, bought.meter_no, bought.count, bought.amount_fen)
    plan = Plan(folder / "bench", speed=20, accounts=20, form="through", holder=holder, card_speed=1.0)
    with Bench(plan) as bench:
        bench.start_kiosk()
        return [_round(bench, folder, number) for number in range(count)]


def _round(bench: Bench, folder: Path, number: int) -> Round:
    pictures = folder / f"{number}"
    pictures.mkdir()
    customer = Customer(
        bench=bench,
        hand=Hand(bench.finger, quick=True),
        account_no=IN_THE_METER.account_no,
        meter_no=IN_THE_METER.meter_no,
        due_fen=0,
        pictures=pictures,
        say=lambda _told: None,
    )
    began, before = bench.card("status"), bench.card("status")
    paid: dict[str, float] = {}
    customer.faults = {
        "before_pay": lambda _customer: paid.update(bench.card("status")),
        "told": lambda _customer: before.update(bench.card("status")),
    }
    buy_power(customer)
    customer.hand.let_go()
    at = {type(row.event): row.at_ms for row in read(bench.folder / "journal.sqlite")}
    if bench.ledger()["ledger_sum"] or ev.WriteVerified not in at:
        raise GateError("the purchase did not end well")
    return Round(
        seconds=(at[ev.WriteVerified] - at[ev.GoodApproved]) / 1000,
        card_s=before["apdu_s"] - paid["apdu_s"],
        commands=before["apdus"] - began["apdus"],
    )
