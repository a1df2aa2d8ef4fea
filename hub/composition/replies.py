"""Each id once: the stored answer for what is asked again, and a refusal for what only has the same id."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from hub.business.forms import Order
from hub.business.identity import first_difference
from hub.business.keeping import TakenError
from hub.business.refusals import Code, Refusal

R = TypeVar("R")


class Noted(Protocol):
    """An order as it is stored: whose it is, and what it said."""

    @property
    def terminal(self) -> str: ...

    @property
    def content(self) -> str: ...


class Kept(Noted, Protocol):
    """An order that is stored with what was answered."""

    @property
    def reply(self) -> bytes: ...


S = TypeVar("S", bound=Noted)


@dataclass(frozen=True, slots=True)
class Reply:
    """The stored answer to an order, byte for byte the same for each repeat; `new` when it was booked just now."""

    body: bytes
    new: bool


async def once(attempt: Callable[[], Awaitable[R]]) -> R:
    """Run a booking; if the same id was booked at the same moment, the second run finds the stored answer."""
    try:
        return await attempt()
    except TakenError:
        return await attempt()


def replay(stored: Kept, terminal: str, order: Order, content: str) -> Reply:
    """Give the stored answer; raises Refusal for another terminal's id, or for other content under the same."""
    check_same(stored, terminal, order, content)
    return Reply(stored.reply, new=False)


def check_same(stored: Noted, terminal: str, order: Order, content: str) -> None:
    """Refuse another terminal's id, or other content under the same; raises Refusal."""
    if stored.terminal != terminal:
        raise Refusal("id_reused", "the id was used before", field="id")
    # Content that was stored before the form had another optional key is other text and no difference.
    if stored.content != content and (field := first_difference(stored.content, order)):
        raise Refusal("id_reused", f"{field} differs from what came first under this id", field=field)


def own(stored: S | None, terminal: str, missing: Code) -> S:
    """Give what the terminal itself has stored; raises Refusal for anything else."""
    if stored is None or stored.terminal != terminal:
        raise Refusal(missing, "no such id of this terminal")
    return stored
