"""Deliberate faults, one or more for each rule of money: a proof that does not find them proves nothing.

Each is a patch of the product as it might have been written; `within` says in how many runs the simulation finds it.
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count, islice

from tests.crash.card_aims import has_cards, makes_cards
from tests.crash.fault import Fault
from tests.crash.fault_list import FAULTS
from tests.crash.report import Report, Tally, command
from tests.crash.tender_world import means_of, run_tenders, tender_options
from tests.crash.world import options_for, run


def found_after(fault: Fault, most: int, seed: int = 1) -> int | None:
    """In which run the fault is found, from 1; None if it survives them all."""
    with ExitStack() as stack:
        for each in fault.patches():
            stack.enter_context(each)
        if fault.means is not None:
            return _among_tenders(fault, most, seed)
        kind = fault.cards, fault.new_cards
        seeds = (one for one in count(seed) if (has_cards(one), makes_cards(one)) == kind)
        for number, one in enumerate(islice(seeds, most), 1):
            if fault.is_found_by(run(one, options_for(one)).violations):
                return number
    return None


def _among_tenders(fault: Fault, most: int, seed: int) -> int | None:
    seeds = (one for one in count(seed) if means_of(one) == fault.means)
    for number, one in enumerate(islice(seeds, most), 1):
        if fault.is_found_by(run_tenders(one, tender_options(one)).violations):
            return number
    return None


def run_part(report: Report) -> Tally:
    """Apply every fault from the run's own seed, with four times the room that the tests give it."""
    tally = Tally()
    faults = [fault for fault in FAULTS if report.case in {"", fault.name}]
    if not faults:
        raise ValueError(
            f"no fault is called {report.case!r}; there are: {'; '.join(f.name for f in FAULTS)}"
        )
    for fault in faults:
        if wrong := _survives(fault, report.seed):
            tally.broken += 1
            replay = command("tests.crash", "--fault", fault.name, "--seed", report.seed)
            report.failed(f"{wrong}: {fault.name} (rule {fault.rule})", replay)
    report.say(f"faults: {len(faults) - tally.broken} of {len(faults)} found")
    return tally


def _survives(fault: Fault, seed: int) -> str:
    """What is wrong with the proof: it does not find the fault or cannot apply it; empty if it finds it."""
    try:
        found = found_after(fault, 4 * fault.within, seed)
    except Exception as error:  # noqa: BLE001 - a patch that fits no more must not hide the other faults
        return f"a fault cannot be applied ({type(error).__name__}: {error})"
    return "" if found else f"a fault survives {4 * fault.within} runs"
