"""What may be ordered of a bank: control commands, each of which spoils the next requests of a kind."""

from __future__ import annotations

import asyncio

from simulators.banks.faults import Fault, Faults, Name
from simulators.control import ControlError, Reply


class Orders:
    """The commands, the faults that they ordered, and what waits for a word."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.silent = False
        self.waiting = 0
        self._released = asyncio.Event()

    def call_off(self) -> None:
        """Forget all orders, and let go of what waits."""
        self.faults.call_off()
        self.do_release()
        self.silent = False

    async def pause(self, fault: Fault) -> None:
        """Wait as long as was ordered, or for `release`."""
        if fault.seconds is not None:
            await asyncio.sleep(fault.seconds)
            return
        self.waiting += 1
        try:
            await self._released.wait()
        finally:
            self.waiting -= 1

    # Faults. Each meets the `next` requests of a kind (and of a terminal); `next` null means until `pass`.

    def do_decline(self, code: str, kind: str = "sale", next: int | None = 1, tid: str = "") -> Reply:  # noqa: A002
        """Refuse with a response code; nothing is booked but the refusal. 77, 99, A0 also sign the terminal off."""
        if len(code) != 2 or not code.isascii() or code == "00":
            raise ControlError("a refusal's code has two characters and is not 00")
        return self._order("decline", kind, next, tid, code=code)

    def do_late(
        self,
        s: float | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Do the business at once and answer this much later; without a time, at `release`."""
        return self._order("late", kind, next, tid, seconds=s)

    def do_hold(
        self,
        s: float | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """The request lies this long on its way before the bank sees it; without a time, until `release`."""
        return self._order("held", kind, next, tid, seconds=s)

    def do_release(self) -> Reply:
        """Let go of what waits without a time."""
        told = {"released": self.waiting}
        self._released.set()
        self._released = asyncio.Event()
        return told

    def do_drop_answer(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Reply:  # noqa: A002
        """Do the business and do not answer."""
        return self._order("drop_answer", kind, next, tid)

    def do_twice(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Reply:  # noqa: A002
        """Answer twice."""
        return self._order("twice", kind, next, tid)

    def do_break_mac(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Reply:  # noqa: A002
        """Do the business and answer with a wrong MAC."""
        return self._order("break_mac", kind, next, tid)

    def do_wrong_amount(
        self,
        amount_fen: int | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Answer, with a right MAC, for another amount; one fen more unless it is given."""
        return self._order("wrong_amount", kind, next, tid, amount_fen=amount_fen)

    def do_garbage(
        self,
        form: str = "message",
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Do the business and answer with nonsense: a frame without a `message`, or bytes that are no `frame`."""
        if form not in ("message", "frame"):
            raise ControlError("nonsense is a message or a frame")
        return self._order("garbage", kind, next, tid, form=form)

    def do_other_stan(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Reply:  # noqa: A002
        """Do the business and answer for a trace number that nobody asked about."""
        return self._order("other_stan", kind, next, tid)

    def do_hang_up(
        self,
        when: str = "after",
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Break the connection `before` or `after` doing the business."""
        if when not in ("before", "after"):
            raise ControlError("hang up before or after")
        return self._order("hang_up_after" if when == "after" else "hang_up_before", kind, next, tid)

    def do_silence(
        self,
        on: bool = True,
        kind: str = "any",
        next: int | None = None,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Neither do nor answer anything; with `next`, only so many requests of a kind."""
        if on and next is not None:
            return self._order("silent", kind, next, tid)
        self.silent = on
        return {"silent": on}

    def do_ask_sign_on(
        self,
        by: str = "header",
        kind: str = "any",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Reply:
        """Ask for a new sign-on: in the `header` of an answer that is right, or by refusing with 77, 99 or A0."""
        if by == "header":
            return self._order("ask_sign_on", kind, next, tid)
        if by not in ("77", "99", "A0"):
            raise ControlError("a new sign-on is asked for by header, 77, 99 or A0")
        return self.do_decline(by, kind, next, tid)

    def _order(
        self,
        name: Name,
        kind: str,
        left: int | None,
        tid: str,
        *,
        code: str = "",
        seconds: float | None = None,
        amount_fen: int | None = None,
        form: str = "",
    ) -> Reply:
        self.faults.order(Fault(name, kind, tid, left, code, seconds, amount_fen, form))
        return {}
