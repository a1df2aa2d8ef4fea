"""One random journey: customer, line faults and the moments at which kiosk and hub die all follow from the seed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from simulators.far_end import ControlError
from tests.kills.journeys import FAULTS, HASTY, strolls
from tests.kills.points import at_rest, heal
from tests.powercut.judge import Count
from tests.powercut.lanes import Outcome
from tests.powercut.machine import Dark, Forked
from tests.powercut.station import Station

CUSTOMER_WAITS_S = 3.0
WITHIN_S = 1.4
TIMES = 20
"""The moments are those of a real clock: a journey that failed is played until it fails again, at most so often."""
ACCEPTOR_STATES = ("accepting", "escrow", "stacking", "stacked", "returning")


@dataclass(frozen=True, slots=True)
class Journey:
    """Everything that is to happen, by its seed."""

    seed: int

    def __str__(self) -> str:
        return f"random --seed {self.seed} --times {TIMES}"


@dataclass
class Kiosks:
    """The kiosk that runs now; it is started again on the same journal as often as it dies."""

    station: Station
    kills: int = 0
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turn = threading.Lock()
        self.folder = self.station.place.make()
        self.now: Forked = self.start()

    def start(self) -> Forked:
        """Start one."""
        self.now = self.station.kiosk(self.folder, changes=HASTY).go()
        self.now.shown.patience_s = CUSTOMER_WAITS_S
        return self.now

    def again(self) -> Forked:
        """End this one, if it lives, and start the next."""
        with self._turn:
            self.pages += self.now.shown.names
            self.now.kill()
            return self.start()

    def kill(self) -> None:
        """Kill the one that runs; one that is only being started is killed when it has begun."""
        with self._turn:
            self.now.process.kill()
        self.kills += 1


def play(station: Station, journey: Journey) -> Outcome:
    """Let it all happen, bring everything back, let it settle, and judge."""
    rng = Random(journey.seed)
    before = Count.of(station.cabinet, station.town)
    walk = strolls(rng)
    kiosks = Kiosks(station)
    with _trouble(station, kiosks, rng) as trouble:
        with contextlib.suppress(Dark):
            walk(station, kiosks.now)
        while trouble.is_alive():
            if not kiosks.now.process.is_alive():
                kiosks.again()
            trouble.join(0.02)
    heal(station)
    kiosk = kiosks.again()
    kiosk.shown.patience_s = None
    verdict = at_rest(station, kiosk, before, kiosks.pages)
    return Outcome(verdict, kills=kiosks.kills, at=f"seed {journey.seed}")


@contextlib.contextmanager
def _trouble(station: Station, kiosks: Kiosks, rng: Random) -> Iterator[threading.Thread]:
    """Kills and faults, each at its random moment."""
    moments = sorted(
        [(rng.uniform(0, WITHIN_S), "kiosk", 0) for _ in range(rng.randint(1, 3))]
        + [(rng.uniform(0, WITHIN_S), "hub", 0) for _ in range(rng.choice((0, 0, 1)))]
        + [(rng.uniform(0, WITHIN_S), "line", rng.randrange(len(FAULTS))) for _ in range(rng.randint(0, 2))]
    )
    if rng.random() < 0.2:
        station.cabinet.validator("cut_power_at", state=rng.choice(ACCEPTOR_STATES))
    times = rng.randint(1, 4)

    def happen() -> None:
        began = time.monotonic()
        for at, whom, which in moments:
            time.sleep(max(0.0, began + at - time.monotonic()))
            if whom == "line":
                word, arguments = FAULTS[which]
                with contextlib.suppress(ControlError):
                    station.cabinet.line(word, next=times, **arguments)
            elif whom == "hub":
                station.town.restart()
                kiosks.kills += 1
            else:
                kiosks.kill()

    thread = threading.Thread(target=happen, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()
