"""A lane: one thread, one handle, one queue; what comes of its work is told to the core as inputs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from kiosk.core.inputs import Input
from kiosk.payment.effects import Effect

Tell = Callable[[Input], None]
T = TypeVar("T")
STOP_S = 5.0
"""How long the end of the program waits for a lane; what hangs in it is left to die with the program."""


class Work(Protocol):
    """What a lane takes its effects from; None asks it to end."""

    def get(self, block: bool = True, timeout: float | None = None) -> Effect | None: ...

    def put(self, effect: Effect | None, /) -> None: ...

    def qsize(self) -> int: ...


class Lane:
    """Serves effects in order and does its own rounds in between.

    A subclass gives `serve` (one effect), `round` (its own work; returns the seconds until the next) and `close`.
    None of them may wait without a deadline. What they raise is logged and the lane goes on: a lane never dies of a
    bad answer.
    """

    def __init__(self, name: str, tell: Tell, queue: Work | None = None) -> None:
        """Without a queue that is shared with others (`Shared`) the lane has one of its own."""
        self.name = name
        self.tell = tell
        self.log = logging.getLogger(f"kiosk.lane.{name}")
        self.beat = time.monotonic()
        """When the lane last came round; a watchdog reads it."""
        self.queue: Work = queue if queue is not None else SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, effect: Effect) -> None:
        """Queue an effect; never blocks."""
        self.queue.put(effect)

    def end(self) -> None:
        """Let the lane finish what it is at, close its handle and end; does not wait for it."""
        self.queue.put(None)

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        if self._thread.is_alive():
            self._thread.join(max(seconds, 0.0))

    def stop(self, seconds: float = STOP_S) -> None:
        """End the lane and wait for it."""
        self.end()
        self.join(seconds)

    def serve(self, effect: Effect) -> None:
        """Do one effect."""
        raise NotImplementedError

    def round(self) -> float:
        """Do the lane's own work and return the seconds until it is due again."""
        return 3600.0

    def close(self) -> None:
        """Let go of the handle."""

    def next_effect(self, seconds: float) -> Effect | None:
        """The next effect if one comes within the time; None also when the lane is to end."""
        try:
            effect = self.queue.get(timeout=max(seconds, 0.0))
        except Empty:
            return None
        if effect is None:
            self.queue.put(None)
        return effect

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            self.beat = time.monotonic()
            try:
                effect = self.queue.get(timeout=max(due - self.beat, 0.0))
            except Empty:
                due = time.monotonic() + self._guarded(self.round, 1.0)
                continue
            if effect is None:
                break
            self._guarded(lambda: self.serve(effect), None)  # noqa: B023 - called before the next turn
        self._guarded(self.close, None)

    def _guarded(self, work: Callable[[], T], otherwise: T) -> T:
        try:
            return work()
        except Exception:
            self.log.exception("lane_error")
            return otherwise
