"""One kill of PostgreSQL under load; `make crash` has more."""

from __future__ import annotations

from tests.powercut.postgres import run


def test_what_the_hub_acknowledged_is_there_after_postgresql_was_killed() -> None:
    tally = run(rounds=1)
    assert tally.failures == []
    assert (tally.kills, tally.lost, tally.doubled) == (1, 0, 0)
