"""What each part of the proof hands back, and how it speaks while it runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TextIO


def command(module: str, *words: object) -> str:
    """What plays something again, as it is typed at the root of a checkout that `make setup` has gone through."""
    return shlex.join([".venv/bin/python", "-m", module, *map(str, words)])


@dataclass(slots=True)
class Tally:
    """What a part counted; money that is not where it belongs is counted in cases."""

    runs: int = 0
    """Runs in which something crashed, was cut or was killed."""
    cuts: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    in_flight: int = 0
    broken: int = 0
    """Other failures: a rule that was broken, a fault that survived, a row that was not covered."""
    plain: int = 0
    """Runs beside these in which nothing crashed."""

    def add(self, other: Tally) -> None:
        """Count another one's in."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.in_flight or self.broken)

    def __str__(self) -> str:
        return (
            f"runs {self.runs}, cuts {self.cuts}, kills {self.kills}, "
            f"lost {self.lost}, doubled {self.doubled}, in flight {self.in_flight}"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """How much is to be done, from which seed, and where progress and failures are told."""

    runs: int | None
    """So many simulated runs; None: until enough of them have crashed."""
    seed: int
    out: TextIO
    processes: int = 2
    case: str = ""
    """The name of the only case that the part shall play; empty for all."""

    def say(self, text: str) -> None:
        """One line of progress."""
        self.out.write(text + "\n")
        self.out.flush()

    def failed(self, what: str, replay: str, trace: Sequence[str] = ()) -> None:
        """A failure, with the command that plays it again and what led to it."""
        self.say(f"FAILED {what}")
        for line in trace:
            self.say(f"    {line}")
        self.say(f"  again: {replay}")
