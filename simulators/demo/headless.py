"""One journey on the real screen without a display: the customer walks, the evidence is gathered, a verdict falls."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulators.bench.bench import Bench, Plan
from simulators.bench.household import Holder
from simulators.bench.programs import BenchError
from simulators.bench.settings import Tables
from simulators.customer.customer import Customer, JourneyError
from simulators.customer.fault import Fault
from simulators.customer.hand import Hand
from simulators.customer.journeys import Journey, Purchase
from simulators.customer.reading import literals
from simulators.demo.evidence import Figures, account, take_settled
from simulators.far_end import ControlError

OWES = "0399000000000018"
OWES_NOTHING = "0399000000000026"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What to play, and where to leave what remains of it."""

    journey: Journey
    fault: Fault | None
    out: Path
    form: str = "lobby"
    language: str = "zh"
    speed: float = 1.0
    accounts: int = 2000
    town: Path | None = None
    """A town that was seeded before; without it one of `accounts` accounts is made."""
    quick: bool = False
    """The customer's hand is quick: for tests, where nobody watches."""


def play(run: Run, say: Say) -> dict[str, Any]:
    """Play it on a bench of its own; gives the one JSON object of the demo, `ok` false with `why` when it failed."""
    began = time.monotonic()
    clear(run.out)
    changes = _merged(run.journey.changes, run.fault.changes if run.fault else {})
    plan = Plan(
        run.out / "bench",
        run.speed,
        run.form,
        run.language,
        changes=changes,
        accounts=run.accounts,
        town=run.town,
        holder=holder_of(_brings(run)),
        blanks=run.journey.blanks,
        tenders=run.journey.tenders | (run.fault.tenders if run.fault else frozenset()),
    )
    say("starting the hub, the far ends and the kiosk")
    with Bench(plan) as bench:
        bench.start_kiosk()
        say(f"the kiosk stands after {time.monotonic() - began:.1f} s")
        customer = _customer(run, bench, say)
        why = _walk(run.journey, customer)
        say("asking acceptor, hub and journal")
        result = _judged(run, bench, customer, why)
        bench.end_kiosk()
        copy_journal(bench.folder / "journal.sqlite", run.out / "journal.sqlite")
    return {**result, "seconds": round(time.monotonic() - began, 1)}


def clear(out: Path) -> None:
    """Take away what an earlier demo left, and nothing else."""
    for old in ("bench", "screens"):
        shutil.rmtree(out / old, ignore_errors=True)
    for old in (
        "receipt.png",
        "receipt.txt",
        "journal.sqlite",
        "journal.json",
        "ledger.json",
        "told.json",
        "read.json",
    ):
        (out / old).unlink(missing_ok=True)
    (out / "screens").mkdir(parents=True)


def copy_journal(journal: Path, copy: Path) -> None:
    """Copy through SQLite: the last rows may still stand in the write-ahead log."""
    copy.unlink(missing_ok=True)
    with (
        contextlib.closing(sqlite3.connect(journal)) as one,
        contextlib.closing(sqlite3.connect(copy)) as other,
    ):
        one.backup(other)


def _merged(*all_changes: Tables) -> Tables:
    merged: dict[str, dict[str, Any]] = {}
    for changes in all_changes:
        for table, keys in changes.items():
            merged.setdefault(table, {}).update(keys)
    return merged


def _brings(run: Run) -> Purchase | None:
    """The meter card that the customer has, by its last purchase."""
    return (run.fault.card if run.fault else None) or run.journey.card


def holder_of(bought: Purchase | None) -> Holder | None:
    """Whose card it is; none for a customer without one."""
    if bought is None:
        return None
    return Holder.of(bought.account_no, bought.meter_no, bought.count, bought.amount_fen, taken=bought.taken)


def _customer(run: Run, bench: Bench, say: Say) -> Customer:
    card = _brings(run)
    known = account(bench, card.account_no if card else OWES if run.journey.owes else OWES_NOTHING)
    return Customer(
        bench=bench,
        hand=Hand(bench.finger, quick=run.quick),
        account_no=known.account_no,
        meter_no=known.meters[0].meter_no,
        due_fen=known.due_fen,
        pictures=run.out / "screens",
        say=say,
        faults=run.fault.at if run.fault else {},
        truths=literals(*run.fault.says) if run.fault else (),
    )


def _walk(journey: Journey, customer: Customer) -> str:
    """Walk the journey; gives why it failed, or nothing."""
    try:
        journey.play(customer)
    except (ControlError, JourneyError, BenchError, OSError) as error:
        with contextlib.suppress(ControlError, OSError):
            customer.looks("stuck")
        return f"{type(error).__name__}: {error}"
    finally:
        customer.hand.let_go()
    return ""


def _judged(run: Run, bench: Bench, customer: Customer, why: str) -> dict[str, Any]:
    # Whatever was broken on the line is whole again: what is in flight must now come to its end.
    bench.line("restore")
    for name in bench.tenders.calm:
        bench.far_ends[name]("pass")
    evidence = take_settled(bench)
    found, books = evidence.figures, evidence.books
    (run.out / "ledger.json").write_text(json.dumps(books, ensure_ascii=False, indent=1), encoding="utf-8")
    (run.out / "journal.json").write_text(
        json.dumps(evidence.items, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    told = {"page": customer.told_page, "texts": customer.told_texts}
    (run.out / "told.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    (run.out / "read.json").write_text(
        json.dumps(customer.read, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    receipt = _receipt(bench, run.out)
    if not why and not found.whole:
        why = "money is not accounted for"
    if not why and not books["ok"]:
        why = "the hub's books do not balance"
    if not why and run.fault and not customer.told:
        why = f"no page told the truth: {', '.join(customer.truths)}"
    if not why and not run.fault:
        why = _promise_broken(found, customer, receipt)
    return {
        "journey": run.journey.name,
        "fault": run.fault.name if run.fault else None,
        "ok": not why,
        **({"why": why} if why else {}),
        **asdict(found),
        "receipt": receipt,
        "told": customer.told or None,
        "screens": customer.screens,
        "touches": customer.hand.touches,
        "digits": customer.hand.digits,
        "machine_seconds": round(customer.hand.machine_s, 2),
    }


def _promise_broken(found: Figures, customer: Customer, receipt: str | None) -> str:
    """Say which promise of an undisturbed journey was not kept: every note put in is credited, and on paper."""
    if found.credited != (paid := customer.inserted_fen + customer.given_fen):
        return f"{paid} fen were put in, {found.credited} fen are credited"
    if found.credited and not receipt:
        return "no receipt was printed"
    return ""


def _receipt(bench: Bench, out: Path) -> str | None:
    """Take the last slip out of the printer as receipt.png and receipt.txt; gives the path of the text."""
    newest = max(bench.prints.glob("*.txt"), default=None)
    for ending in (".txt", ".png"):
        (out / f"receipt{ending}").unlink(missing_ok=True)
        if newest is not None:
            shutil.copyfile(newest.with_suffix(ending), out / f"receipt{ending}")
    return str(out / "receipt.txt") if newest is not None else None
