"""A life before the note slot, by which the power-up table is tried: what happens, and what the books must say then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.cash.model import CashState
from tests.journeys.kiosk import eventually
from tests.journeys.power_up_bench import Bench, Mortal

HUNDRED, FIFTY = 10000, 5000


@dataclass(frozen=True, slots=True)
class End:
    """Where every fen is in the end, and which rows decided on the way."""

    credited: int = 0
    suspense: int = 0
    memo: int = 0
    box: int = 0
    rows: frozenset[str] = frozenset()
    claims: int = 0


def end(
    *rows: str, credited: int = 0, suspense: int = 0, memo: int = 0, box: int = 0, claims: int = -1
) -> End:
    """An end; without `claims` there are as many as there are sums in suspense or in doubt."""
    count = claims if claims >= 0 else bool(suspense) + bool(memo)
    return End(credited, suspense, memo, box, frozenset(rows), count)


CREDITED = {"credited": HUNDRED, "box": HUNDRED}
Act = Callable[[Bench], Mortal]


@dataclass(frozen=True, slots=True)
class Life:
    """One life: `act` leads to the last kiosk; `counted` and `uncounted` are its ends.

    `at` is where the unit stands when the power goes: that of the kiosk, the unit or both, as the name's first word
    says. A life that is `rare` is a near relative of others: `make crash` lives it, `make test` does not.
    """

    name: str
    act: Act
    counted: End
    uncounted: End | None = None
    at: CashState | None = None
    rare: bool = False

    @property
    def who(self) -> str:
        """Whose power goes."""
        return self.name.partition(" ")[0]


def live(bench: Bench, life: Life, *, counter: bool) -> set[str]:
    """Live one life to its end and judge it; the rows that decided."""
    due = life.counted if counter else life.uncounted or life.counted
    with bench.life(counter=counter):
        kiosk = life.act(bench)
        bench.decided(due.rows)
        eventually(lambda: len(bench.claims(kiosk)) >= due.claims, "no claim")
        bench.settled(kiosk, credited=due.credited, suspense=due.suspense, memo=due.memo, box=due.box)
        assert len(bench.claims(kiosk)) == due.claims, bench.claims(kiosk)
        assert life.at is None or bench.was_cut(life.who, life.at), f"not cut at {life.at}"
        return set(bench.rows)
