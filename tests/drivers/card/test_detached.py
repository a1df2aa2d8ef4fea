"""A call that does not come back is let go of, and what it brings later reaches nobody."""

from __future__ import annotations

import threading
import time

import pytest

from drivers.card.detached import Detached
from drivers.errors import CommandRefused, DeviceTimeout

PATIENCE_S = 20.0


def soon() -> float:
    return time.monotonic() + PATIENCE_S


def test_what_a_call_returns_or_raises_comes_back() -> None:
    hand = Detached("test")
    assert hand.run(lambda: 7, soon()) == 7

    def refuse() -> None:
        raise CommandRefused("no")

    with pytest.raises(CommandRefused, match="no"):
        hand.run(refuse, soon())
    assert hand.run(threading.current_thread, soon()).daemon
    hand.let_go(lambda: None)
    assert hand.ended(PATIENCE_S)


def test_a_call_that_hangs_is_let_go_of_and_cleaned_up_after() -> None:
    hand, back, said = Detached("test"), threading.Event(), []

    def hang() -> None:
        back.wait(PATIENCE_S)
        said.append("back")

    began = time.monotonic()
    with pytest.raises(DeviceTimeout):
        hand.run(hang, time.monotonic() + 0.1)
    assert 0.1 <= time.monotonic() - began < PATIENCE_S
    hand.let_go(lambda: said.append("cleaned"))
    assert not hand.ended(0.0)
    assert said == []
    back.set()
    assert hand.ended(PATIENCE_S)
    assert said == ["back", "cleaned"]


def test_a_timeout_of_the_call_itself_is_not_ours() -> None:
    hand = Detached("test")

    def late() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        hand.run(late, soon())
    hand.let_go(lambda: None)
    assert hand.ended(PATIENCE_S)
