"""Cases played beside one another, each lane with a station of its own."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tests.powercut.judge import Verdict
from tests.powercut.power import Place
from tests.powercut.station import Station
from tests.powercut.tally import Tally, judged

LANES = 3
Report = Callable[[str], None]
Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many cuts and kills a case had, the verdict, where the first cut came, and how many operations there were."""

    verdict: Verdict
    cuts: int = 0
    kills: int = 0
    at: str = ""
    operations: int = 0


class Lanes(Generic[Case]):
    """Plays cases and counts them; a failure is reported at once with the command that plays it again."""

    def __init__(
        self,
        place: Place,
        folder: Path,
        play: Callable[[Station, Case], Outcome],
        command: str,
        report: Report,
    ) -> None:
        self.tally = Tally()
        self._place, self._folder, self._play = place, folder, play
        self._command, self._report = command, report
        self._turn = threading.Lock()
        self._stations = itertools.count(1)

    def go(self, work: Iterator[Case], lanes: int = LANES) -> None:
        """Play all of it."""
        broken_off: list[BaseException] = []

        def lane() -> None:
            try:
                self._lane(work)
            except BaseException as error:  # noqa: BLE001 - a lane that ends early leaves cases unplayed
                broken_off.append(error)

        threads = [threading.Thread(target=lane) for _ in range(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if broken_off:
            raise broken_off[0]

    def one(self, case: Case) -> Outcome:
        """Play one case at a fresh station, in this thread."""
        station, outcome = self._one(case, None)
        if station is not None:
            station.close()
        return outcome

    # A far end dies with the thread that has started it, so each lane makes and ends its own.
    def _lane(self, work: Iterator[Case]) -> None:
        station: Station | None = None
        while (case := self._following(work)) is not None:
            station, _ = self._one(case, station)
        if station is not None:
            station.close()

    def _following(self, work: Iterator[Case]) -> Case | None:
        with self._turn:
            return next(work, None)

    def _one(self, case: Case, station: Station | None) -> tuple[Station | None, Outcome]:
        """Play it; a station at which something failed is not used again."""
        outcomes: list[Outcome] = []
        used = [station] if station else []

        def act() -> Verdict:
            if not used:
                used.append(Station(self._folder / f"station{next(self._stations)}", self._place))
            outcomes.append(self._play(used[0], case))
            return outcomes[0].verdict

        verdict = judged(act)
        outcome = outcomes[0] if outcomes else Outcome(verdict)
        replay = f"{self._command} {case}"
        self.tally.add(verdict, cuts=outcome.cuts, kills=outcome.kills, replay=replay)
        if verdict.faults:
            self._report(f"FAILED at {outcome.at or '?'}: {self.tally.failures[-1]}")
            for broken in used:
                broken.close()
            return None, outcome
        if self.tally.runs % 50 == 0:
            self._report(str(self.tally))
        return used[0], outcome


def timed(cases: Iterator[Case], budget_s: float) -> Iterator[Case]:
    """The cases until the time is used up."""
    until = time.monotonic() + budget_s
    return itertools.takewhile(lambda _: time.monotonic() < until, cases)
