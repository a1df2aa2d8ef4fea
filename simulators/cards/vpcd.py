"""The wire between a virtual reader (vsmartcard's vpcd) and a card: two bytes of length, then a message.

A message of one byte is an order: 0 power off, 1 power on, 2 reset, 4 tell the answer to reset. Only the last is
answered; every longer message is a command and is answered with a response. The reader looks for its card every 0.4 s
by asking for the answer to reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from enum import IntEnum
from typing import NoReturn


class Order(IntEnum):
    """What a reader orders besides commands."""

    OFF = 0
    ON = 1
    RESET = 2
    ATR = 4


_ORDERS = frozenset(Order)


class Contacts:
    """A card's contacts in one slot. Every call raises ConnectionError or IncompleteReadError once the slot is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._socket: socket.socket = writer.get_extra_info("socket")

    @classmethod
    async def touch(cls, port: int) -> Contacts:
        """Put the card into the slot on this port of loopback; OSError when there is none."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def hear(self) -> Order | bytes:
        """Wait for the next order or command."""
        # vpcd sends length and message apart and so waits for our kernel's word that the first has come. That word is
        # late by 40 ms unless it is asked for each time.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        length = int.from_bytes(await self._reader.readexactly(2), "big")
        message = await self._reader.readexactly(length)
        return Order(message[0]) if length == 1 and message[0] in _ORDERS else message

    async def say(self, message: bytes) -> None:
        """Answer a command or the question for the answer to reset."""
        self._writer.write(len(message).to_bytes(2, "big") + message)
        await self._writer.drain()

    async def gone(self) -> NoReturn:
        """Answer nothing more until the slot is gone."""
        while True:
            await self.hear()

    async def leave(self, patience_s: float) -> None:
        """Pull the card and wait until the reader has noticed that nothing answers any more."""
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                self._writer.write_eof()
                async with asyncio.timeout(patience_s):
                    await self.gone()
        finally:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
