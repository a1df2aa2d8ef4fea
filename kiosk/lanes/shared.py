"""A queue that several lanes share: the first that is free in their order takes what comes.

Not the one that waited longest: with little to do all goes by the first lane and its one connection, which a mobile
line keeps open and pays for once; the others have work only while those before them are busy.
"""

from __future__ import annotations

import threading
from collections import deque
from queue import Empty

from kiosk.payment.effects import Effect


class Shared:
    """The work; `place(n)` is the n-th lane's view of it."""

    def __init__(self, lanes: int) -> None:
        self._waiting: deque[Effect | None] = deque()
        self._free = [False] * lanes
        self._changed = threading.Condition()

    def place(self, number: int) -> Place:
        """The queue of one lane."""
        return Place(self, number)

    def put(self, effect: Effect | None) -> None:
        """Add work; never blocks."""
        with self._changed:
            self._waiting.append(effect)
            self._changed.notify_all()

    def take(self, number: int, seconds: float | None) -> Effect | None:
        """The next effect for this lane, when those before it are busy; None when all are to end; raises Empty."""
        with self._changed:
            self._free[number] = True
            if not self._changed.wait_for(lambda: self._is_for(number), seconds):
                self._free[number] = False
                raise Empty
            self._free[number] = False
            self._changed.notify_all()
            if self._waiting[0] is None:
                return None  # it stays, for the lanes behind
            return self._waiting.popleft()

    def qsize(self) -> int:
        """How many effects no lane has begun."""
        return len(self._waiting)

    def _is_for(self, number: int) -> bool:
        return bool(self._waiting) and not any(self._free[:number])


class Place:
    """One lane's view, with what a lane needs of a queue."""

    def __init__(self, shared: Shared, number: int) -> None:
        self._shared, self._number = shared, number

    def get(self, block: bool = True, timeout: float | None = None) -> Effect | None:
        """As of queue.Queue; raises Empty."""
        return self._shared.take(self._number, timeout if block else 0.0)

    def put(self, effect: Effect | None, /) -> None:
        """Add work, for whichever lane."""
        self._shared.put(effect)

    def qsize(self) -> int:
        """How many effects no lane has begun."""
        return self._shared.qsize()
