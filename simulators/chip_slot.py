"""The chip contact of a card unit: tells a card program, over its control socket, to come into the slot and to go."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

_PATIENCE_S = 10.0


class ChipSlot:
    """One contact. `control` is the card program's control socket; None for a unit that no chip is put behind.

    Orders are carried out one after another. Each calls its `then` when the card program has answered, or could not
    be reached; `error` says why the last one failed.
    """

    def __init__(self, control: Path | None) -> None:
        self.inserted = False
        self.error = ""
        self._control = control
        self._last: asyncio.Task[None] | None = None

    def insert(self, card: Mapping[str, object], then: Callable[[], None]) -> None:
        """The contact comes down on this card; `card` goes with the order as it is."""
        self.inserted = True
        self._order({"do": "insert", **card}, then)

    def pull(self, then: Callable[[], None] = lambda: None) -> None:
        """The contact lifts, or the card is drawn from under it; nothing to do where none is."""
        if self.inserted:
            self.inserted = False
            self._order({"do": "pull"}, then)
        else:
            then()

    def _order(self, order: Mapping[str, object], then: Callable[[], None]) -> None:
        if self._control is None:
            then()
            return
        self._last = asyncio.get_running_loop().create_task(self._carry_out(order, then, self._last))

    async def _carry_out(
        self, order: Mapping[str, object], then: Callable[[], None], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await before
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reply = await self._ask(order)
            self.error = "" if reply.get("ok") else str(reply.get("error"))
        except (OSError, ValueError, TimeoutError) as error:
            self.error = str(error) or type(error).__name__
        then()

    async def _ask(self, order: Mapping[str, object]) -> Mapping[str, object]:
        reader, writer = await asyncio.open_unix_connection(self._control)
        try:
            writer.write(json.dumps(order).encode() + b"\n")
            reply: dict[str, object] = json.loads(await reader.readline())
            return reply
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
