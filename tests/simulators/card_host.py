"""A host on a card unit's line without any cleverness."""

from __future__ import annotations

import time

from drivers.card.frame import Control, Decoder, Event, Frame, Framing
from drivers.transport import SerialTransport

PATIENCE_S = 20.0


class Host:
    """Says words, and gives what comes back one by one."""

    def __init__(self, line: SerialTransport, framing: Framing) -> None:
        self.line = line
        self._framing = framing
        self._decoder = Decoder(framing)
        self._events: list[Event] = []

    def send(self, text: bytes, address: int = 0) -> None:
        self.line.write(self._framing.to_bytes(Frame(text, address)))

    def signal(self, control: Control) -> None:
        self.line.write(bytes([control]))

    def heard(self, seconds: float = PATIENCE_S) -> Event | None:
        deadline = time.monotonic() + seconds
        while not self._events and (data := self.line.read(deadline)):
            self._events += self._decoder.feed(data)
        return self._events.pop(0) if self._events else None

    def ask(self, text: bytes, *, enquire: bool) -> bytes:
        """The text of the answer to a command that is acknowledged."""
        self.send(text)
        assert self.heard() is Control.ACK
        if enquire:
            self.signal(Control.ENQ)
        answer = self.heard()
        assert isinstance(answer, Frame), answer
        self.signal(Control.ACK)
        return answer.text
