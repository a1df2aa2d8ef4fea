"""A CCNET host without any cleverness, and the validator program that it speaks to."""

from __future__ import annotations

import time
from collections.abc import Iterator

from drivers.cash.ccnet import (
    ACK,
    VALIDATOR,
    Command,
    Decoder,
    Frame,
    State,
    type_mask,
)
from drivers.transport import SerialTransport
from simulators.far_end import Launched

PROGRAM = "simulators.ccnet_validator"
ALL = type_mask(range(6))
HUNDRED = 5


class Host:
    """The host's side of the line, without any cleverness."""

    def __init__(self, line: SerialTransport) -> None:
        self.line = line

    def send(self, payload: bytes, address: int = VALIDATOR) -> None:
        self.line.write(Frame(address, payload).to_bytes())

    def answer(self, seconds: float = 20.0) -> bytes | None:
        decoder, deadline = Decoder(), time.monotonic() + seconds
        while data := self.line.read(deadline):
            for event in decoder.feed(data):
                return event.payload if isinstance(event, Frame) else b"broken"
        return None

    def ask(self, command: Command, data: bytes = b"") -> bytes | None:
        self.send(bytes([command]) + data)
        return self.answer()

    def poll(self, *, ack: bool = True) -> bytes | None:
        answer = self.ask(Command.POLL)
        if ack:
            self.send(ACK)
        return answer

    def until(self, state: State, *, ack: bool = True) -> bytes:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            answer = self.ask(Command.POLL)
            if answer and answer[0] == state:
                if ack:
                    self.send(ACK)
                return answer
            self.send(ACK)
            time.sleep(0.005)
        raise AssertionError(f"never {state.name}")

    def start(self, types: bytes = ALL, escrow: bytes = ALL) -> None:
        assert self.ask(Command.RESET) == ACK
        self.until(State.UNIT_DISABLED)
        assert self.ask(Command.ENABLE_BILL_TYPES, types + escrow) == ACK
        self.until(State.IDLING)


def host_of(unit: Launched) -> Iterator[Host]:
    line = SerialTransport(str(unit.link))
    line.open()
    yield Host(line)
    line.close()
