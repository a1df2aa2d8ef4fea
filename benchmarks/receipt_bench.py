"""The kiosk's own time between a bank's approval and the receipt, paid by bank card at a real kiosk.

A real kiosk, hub, PIN pad, chip card over pcscd, and a bank that speaks ISO 8583; the customer touches the screen. The
time begins with the bank's answer, by the bank's own log, and ends with the journal row that permits the slip to be
printed: in between are the hub's booking, the line, the kiosk's decision and two rows made durable. What the printer
takes after that is its own affair. All programs share one clock. Each payment is compared with the bank's books.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from benchmarks.figures import Figure, GateError, within
from kiosk.journal.cli import read
from kiosk.payment import events as ev
from simulators.bench.bench import Bench, Plan
from simulators.customer.customer import Customer
from simulators.customer.hand import Hand
from simulators.customer.tender_journeys import pay_bank_card
from simulators.demo.evidence import account

ROUNDS, QUICK_ROUNDS = 5, 2
BUDGET_S = 0.3
"""Nobody notices less; a customer who waits for a slip of paper bears it."""
OWING = (
    "SELECT account_no FROM bills WHERE paid_fen < charge_fen GROUP BY account_no ORDER BY account_no LIMIT ?"
)
ANSWERED = "SELECT at FROM log WHERE mti = '0200' AND code = '00' ORDER BY id"


def figures(*, quick: bool) -> list[Figure]:
    """Pay several bills by bank card."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        seconds = list(_rounds(Path(folder), QUICK_ROUNDS if quick else ROUNDS))
    return [
        within(
            "bank card: the bank's approval to the receipt, the kiosk's and hub's own time",
            statistics.median(seconds),
            "s",
            "budget",
            BUDGET_S,
        )
    ]


def _rounds(folder: Path, count: int) -> Iterator[float]:
    plan = Plan(folder / "bench", speed=20, accounts=50, form="through", tenders=frozenset({"bank_card"}))
    with Bench(plan) as bench:
        with closing(sqlite3.connect(bench.folder / "hub.sqlite")) as hub:
            accounts = [row[0] for row in hub.execute(OWING, (count,))]
        bench.start_kiosk()
        for number, account_no in enumerate(accounts):
            yield _round(bench, folder / f"{number}", account_no)


def _round(bench: Bench, pictures: Path, account_no: str) -> float:
    pictures.mkdir()
    known = account(bench, account_no)
    customer = Customer(
        bench=bench,
        hand=Hand(bench.finger, quick=True),
        account_no=known.account_no,
        meter_no=known.meters[0].meter_no,
        due_fen=known.due_fen,
        pictures=pictures,
        say=lambda _told: None,
    )
    pay_bank_card(customer)
    customer.hand.let_go()
    rows = list(read(bench.folder / "journal.sqlite"))
    printed = [row.at_ms for row in rows if isinstance(row.event, ev.SlipIntended)]
    [books] = bench.tenders.banks["bank_a"]("books")["books"].values()
    credited = sum(r.event.tendered_fen for r in rows if isinstance(r.event, ev.CreditApproved))
    if bench.ledger()["ledger_sum"] or books["taken_fen"] != credited:
        raise GateError(f"the bank took {books['taken_fen']} fen, {credited} fen are credited")
    with closing(sqlite3.connect(bench.folder / "bank_a.db")) as bank:
        answered = [datetime.fromisoformat(row[0]).timestamp() for row in bank.execute(ANSWERED)]
    return printed[-1] / 1000 - answered[-1]
