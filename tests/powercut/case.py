"""One cut of the cash journey: whose disk, at which operation, and what goes wrong beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tests.powercut.lanes import Outcome

SHORTER = 4
"""So many operations less may a run have than another: a row across the border of two pages is two writes.

The journey with a meter card has 118 to 122.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One cut; operations are counted from the kiosk's start, on its own disk or on the hub's; 0 is none.

    `seed` chooses what of the unsynced bytes survives, `again` cuts a second time at that operation of the kiosk's
    recovery, `often` lets snapshots and checkpoints come often. `fail` fails the operation (EIO) or all that need room
    from it on (ENOSPC) instead; the power goes when the kiosk has closed itself, or the hub has refused for a while.
    `weak` is a deliberate fault: kiosk or hub commits with synchronous=NORMAL and says FULL. With `card` the journey
    buys power on a meter card.
    """

    victim: Literal["kiosk", "hub"] = "kiosk"
    cut: int = 0
    seed: int = 0
    acceptor_too: bool = False
    often: bool = False
    again: int = 0
    fail: Literal["", "EIO", "ENOSPC"] = ""
    weak: bool = False
    card: bool = False

    def __post_init__(self) -> None:
        idle = [
            name for name in ("acceptor_too", "again", "card") if self.victim == "hub" and getattr(self, name)
        ]
        idle += ["fail"] if self.fail and not self.cut else []
        if idle:
            raise ValueError(f"{', '.join(idle)}: nothing of the kind happens in this case")

    def __str__(self) -> str:
        words = [self.victim, f"--cut {self.cut}", f"--seed {self.seed}"]
        words += [
            f"--{name.replace('_', '-')}"
            for name in ("acceptor_too", "often", "weak", "card")
            if getattr(self, name)
        ]
        words += [f"--{name} {value}" for name in ("again", "fail") if (value := getattr(self, name))]
        return " ".join(words)


def reached(case: Case, outcome: Outcome) -> Outcome:
    """The same; a fault where the wanted operation never came, unless this run was hardly shorter than another."""
    if outcome.at or case.cut == 0 or 0 < case.cut - outcome.operations <= SHORTER:
        return outcome
    said = f"operation {case.cut} was not reached, there were {outcome.operations}"
    return replace(outcome, verdict=replace(outcome.verdict, faults=(*outcome.verdict.faults, said)))
