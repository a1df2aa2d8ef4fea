"""Calls that cannot be interrupted, run in a thread of their own that is let go of when one does not come back."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from drivers.errors import DeviceTimeout

T = TypeVar("T")
_Order = Callable[[], None]


class Detached:
    """Runs calls one after another, each bounded by the patience of who waits for it.

    The thread is a daemon: a call that hangs for ever does not keep the program from ending. For one caller.
    """

    def __init__(self, name: str) -> None:
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, act: Callable[[], T], deadline: float) -> T:
        """Give what `act` returns or raises; DeviceTimeout when it is not back by the deadline (time.monotonic()).

        After that it still runs on: `let_go` is all that may follow.
        """
        call = _Call(act)
        self._orders.put(call)
        if not call.back.wait(max(0.0, deadline - time.monotonic())):
            raise DeviceTimeout("no answer by the deadline")
        return call.outcome()

    def let_go(self, last: Callable[[], None]) -> None:
        """End the thread as soon as what it does has come back, with one last act that nobody waits for."""
        self._orders.put(last)
        self._orders.put(None)

    def ended(self, patience_s: float) -> bool:
        """Wait for the thread's end this long at most; whether it has ended."""
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            order()


class _Call(Generic[T]):
    """One call and what came of it; `concurrent.futures` has the like and costs a kiosk 5 ms at its start."""

    def __init__(self, act: Callable[[], T]) -> None:
        self._act = act
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        self.back = threading.Event()

    def __call__(self) -> None:
        try:
            self._returned.append(self._act())
        except BaseException as error:  # noqa: BLE001 - it is raised where the call was made
            self._raised = error
        self.back.set()

    def outcome(self) -> T:
        """Give what was returned or raise what was raised; only once it is back."""
        if self._raised is not None:
            raise self._raised
        return self._returned[0]
