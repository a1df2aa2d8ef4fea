"""What is ordered to go wrong with the next requests of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulators.banks.bank import KINDS
from simulators.control import ControlError

Name = Literal[
    "decline",
    "late",
    "held",
    "drop_answer",
    "twice",
    "break_mac",
    "wrong_amount",
    "garbage",
    "other_stan",
    "hang_up_before",
    "hang_up_after",
    "silent",
    "ask_sign_on",
]


@dataclass(slots=True)
class Fault:
    """One order. `left` counts the requests that it still meets; None means until it is called off."""

    name: Name
    kind: str
    tid: str
    left: int | None
    code: str = ""
    seconds: float | None = None
    amount_fen: int | None = None
    form: str = ""

    def meets(self, kind: str, tid: str) -> bool:
        """Whether a request is one that it was ordered for."""
        return self.kind in ("any", kind) and self.tid in ("", tid)


class Faults:
    """The orders in their order; each request meets the first that fits it."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add an order; ControlError for a kind of request that there is not."""
        if fault.kind not in ("any", *KINDS):
            raise ControlError(
                f"no kind of request is called {fault.kind!r}; there are any, {', '.join(KINDS)}"
            )
        if fault.left is not None and fault.left < 1:
            raise ControlError("a fault meets at least one request")
        self._orders.append(fault)

    def call_off(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    def take(self, kind: str, tid: str) -> Fault | None:
        """The fault that a request meets, counted."""
        found = next((order for order in self._orders if order.meets(kind, tid)), None)
        if found is not None and found.left is not None:
            found.left -= 1
            if found.left == 0:
                self._orders.remove(found)
        return found

    def waiting(self) -> list[dict[str, object]]:
        """The orders that no request has used up."""
        return [
            {"fault": each.name, "kind": each.kind, "tid": each.tid, "left": each.left}
            for each in self._orders
        ]
