"""What a run of cuts or kills comes to."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import tests.crash.report as whole
from tests.powercut.judge import Verdict


@dataclass(slots=True)
class Tally:
    """Counts of a run; `lost`, `doubled` and `in_flight` are counts of cases. Safe to add to from any thread."""

    runs: int = 0
    cuts: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    in_flight: int = 0
    failures: list[str] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, verdict: Verdict, *, cuts: int = 0, kills: int = 0, replay: str = "") -> None:
        """Count one case; a failure is kept with the command that plays it again."""
        with self._turn:
            self.runs += 1
            self.cuts += cuts
            self.kills += kills
            self.lost += verdict.lost > 0
            self.doubled += verdict.doubled > 0
            self.in_flight += verdict.in_flight > 0
            if verdict.faults:
                self.failures.append(f"{'; '.join(verdict.faults)}\n  replay: {replay}")

    def handed_over(self) -> whole.Tally:
        """The same for the sum of all parts of the proof."""
        money = (self.lost, self.doubled, self.in_flight)
        return whole.Tally(self.runs, self.cuts, self.kills, *money, broken=len(self.failures))

    def __str__(self) -> str:
        return (
            f"runs {self.runs}, cuts {self.cuts}, kills {self.kills}, "
            f"lost {self.lost}, doubled {self.doubled}, in flight {self.in_flight}"
        )


def judged(act: Callable[[], Verdict]) -> Verdict:
    """The verdict of `act`; what it raises is a fault, and nothing is known to be settled."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - any failure of a case is a finding of the run
        where = traceback.format_exc().strip().splitlines()[-12:]
        return Verdict((f"{type(error).__name__}: {error}\n    " + "\n    ".join(where),), in_flight=1)
