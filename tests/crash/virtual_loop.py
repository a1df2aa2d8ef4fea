"""An asyncio event loop on the world's virtual clock: one process of the hub, which may die between any two steps."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

Later = Callable[[float, Callable[[], None]], None]


class VirtualLoop:
    """As much of an event loop as tasks, timers, events and timeouts need; it has no sockets and no threads."""

    def __init__(
        self, later: Later, clock: Callable[[], float], dies_in: int, dies: Callable[[], None]
    ) -> None:
        """`dies_in`: after so many steps the process is gone, and `dies` is told; 0 for never."""
        self._later, self._clock = later, clock
        self._ready: deque[asyncio.Handle] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awake = self.dead = False
        self.dies_in, self._dies = dies_in, dies

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._clock()

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.dead

    def is_closed(self) -> bool:
        return self.dead

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, _real(self), context)
        self._soon(handle)
        return handle

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, _real(self), context)
        self._later(max(when - self.time(), 0.0), lambda: self._soon(handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is skipped when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=_real(self))

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=_real(self), name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a callback of the tests' own raises ends the run; what a task of the hub's raises is the hub's."""
        error = context.get("exception")
        if error is not None and "callback" in str(context.get("message")):
            self._later(0.0, lambda: _throw(error))

    # The process.

    def _soon(self, handle: asyncio.Handle) -> None:
        if not self.dead:
            self._ready.append(handle)
            if not self._awake:
                self._awake = True
                self._later(0.0, self._run)

    def _run(self) -> None:
        self._awake = False
        events._set_running_loop(_real(self))
        try:
            while self._ready and not self.dead:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
                    self.dies_in -= 1
                    if self.dies_in == 0:
                        break
        finally:
            events._set_running_loop(None)
        if self.dies_in == 0 and not self.dead:
            self._dies()

    def kill(self) -> None:
        """Everything in memory is gone, in the middle of whatever was under way."""
        self.dead = True
        self._ready.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for task in list(self._tasks):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                _close(task.get_coro())  # type: ignore[arg-type]
        self._tasks.clear()


def _close(work: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(RuntimeError):  # it wanted to tidy up, which the dead do not
        work.close()


def _real(loop: VirtualLoop) -> Any:
    """All that asyncio asks of it is there; what it is derived from does not matter."""
    return loop


def _throw(error: BaseException) -> None:
    raise error
