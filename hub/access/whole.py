"""uvicorn's HTTP protocol with bounds: a request is whole in time or hung up on, a reply leaves in one piece."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S = 30.0
"""From the connection, or from the first byte of a further request, to the end of the request."""
MOST_HEAD = 16 * 1024
"""Bytes of a request before its body; uvicorn itself would keep any number."""


class WholeMessages(HttpToolsProtocol):
    """uvicorn waits for ever for the rest of a request. And it writes head and body apart, which makes two packets,
    and two records in a TLS server before us."""

    _late: asyncio.TimerHandle | None = None
    _head = 0
    _in_body = False

    def connection_made(self, transport: Any) -> None:
        """Begin a connection; what is written within one turn of the loop goes out together."""
        super().connection_made(_Joined(transport, self.loop))  # type: ignore[arg-type]
        self._late = self.loop.call_later(REQUEST_S, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the time go that was set for it."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head without end is not kept."""
        self._head += 0 if self._in_body else len(data)
        super().data_received(data)
        if self._head > MOST_HEAD and not self._in_body:
            self._hang_up()

    def on_message_begin(self) -> None:
        """Set the time for the whole of this request."""
        super().on_message_begin()
        if self._late is None:
            self._late = self.loop.call_later(REQUEST_S, self._hang_up)

    def on_headers_complete(self) -> None:
        """What comes now is bounded by the gate."""
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        self._in_time()

    def _in_time(self) -> None:
        self._head, self._in_body = 0, False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self._late = None
        self.transport.abort()


class _Joined:
    """A transport that gathers writes until the loop comes round."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
