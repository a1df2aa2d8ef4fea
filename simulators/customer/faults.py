"""The faults: what goes wrong, and at which moment of the customer's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulators.bench.settings import Tables
from simulators.customer.customer import Customer

Act = Callable[[Customer], None]
SOON: Tables = {"hub": {"checking_after_s": 3.0, "deadline_s": 2.0, "retry_first_s": 0.3}}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: `at` says what is done at which `Customer.moment`."""

    name: str
    tells: str
    at: Mapping[str, Act]
    changes: Tables = field(default_factory=dict)


def _hub_gone(customer: Customer) -> None:
    customer.bench.line("cut")


def _hub_back(customer: Customer) -> None:
    customer.bench.line("restore")


def _hub_slow(customer: Customer) -> None:
    customer.bench.line("delay", ms=1500)


def _answer_lost(customer: Customer) -> None:
    customer.bench.line("drop_answer", next=1)


def _note_rejected(customer: Customer) -> None:
    customer.bench.validator("reject_next")


def _jam(customer: Customer) -> None:
    customer.bench.validator("jam", where="entry")


def _unplug_acceptor(customer: Customer) -> None:
    customer.bench.validator("unplug")


def _power_cut(customer: Customer) -> None:
    customer.bench.validator("power_off")
    time.sleep(1.0)
    customer.bench.validator("power_on")


def _unplug_printer(customer: Customer) -> None:
    customer.bench.printer("unplug")


def _no_paper(customer: Customer) -> None:
    customer.bench.printer("paper_out")


def _paper_ends_while_printing(customer: Customer) -> None:
    customer.bench.printer("paper_out_after", mm=30)


def _kill_kiosk(customer: Customer) -> None:
    customer.bench.kill_kiosk()
    customer.bench.start_kiosk()
    customer.finds_the_kiosk_again()


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(
            "hub-gone-while-paying",
            "the line to the hub is cut as the customer presses pay, and comes back when the slip is out",
            {"before_pay": _hub_gone, "told": _hub_back},
            SOON,
        ),
        Fault("hub-slow", "every answer of the hub takes 1.5 s more", {"bills": _hub_slow}),
        Fault(
            "hub-drops-answer",
            "the hub takes the payment, its answer is lost",
            {"before_pay": _answer_lost},
            SOON,
        ),
        Fault("note-rejected", "the first note is not recognised", {"cash_open": _note_rejected}),
        Fault("acceptor-jam", "the acceptor jams after the first note", {"after_first_note": _jam}),
        Fault(
            "acceptor-unplugged",
            "the acceptor's cable is pulled after the first note",
            {"after_first_note": _unplug_acceptor},
        ),
        Fault(
            "acceptor-power-cut",
            "the acceptor loses power for a second after the first note",
            {"after_first_note": _power_cut},
        ),
        Fault(
            "printer-unplugged",
            "the printer's cable is pulled before the customer pays",
            {"before_pay": _unplug_printer},
        ),
        Fault("paper-out-before", "there is no paper when the customer comes", {"before": _no_paper}),
        Fault(
            "paper-out-during",
            "the paper ends while the receipt is printed",
            {"before_pay": _paper_ends_while_printing},
        ),
        Fault(
            "kiosk-killed-after-first-note",
            "the kiosk's process is killed after the first note and started again",
            {"after_first_note": _kill_kiosk},
        ),
    )
}
