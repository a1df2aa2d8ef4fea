"""The control socket of a far end: one JSON object a line says what to do, and one line answers it.

`{"do": "insert", "value_fen": 10000}` calls `do_insert(value_fen=10000)`; the answer is `{"ok": true, ...}` with what
that returned, or `{"ok": false, "error": "..."}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import signal
import socket
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

Reply = dict[str, Any]


class ControlError(Exception):
    """A control command that cannot be done now; its text is the reply's `error`."""


@contextlib.asynccontextmanager
async def controlled(far_end: object, path: Path) -> AsyncIterator[asyncio.Event]:
    """Let the Unix socket command `far_end` within the block; SIGTERM and SIGINT set the event that it gives."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                writer.write(json.dumps(await obey(far_end, line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield stop
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def obey(far_end: object, line: bytes) -> Reply:
    """Do what a line orders and give its answer, whatever stands on the line."""
    try:
        order = json.loads(line)
        act = getattr(far_end, f"do_{order.pop('do')}", None)
        if act is None:
            raise ControlError("no such command")
        reply = act(**order)
        return {"ok": True, **(await reply if inspect.isawaitable(reply) else reply)}
    except (ControlError, ValueError, TypeError, AttributeError, KeyError) as error:
        if not isinstance(error, ControlError):
            traceback.print_exc()
        return {"ok": False, "error": str(error) or type(error).__name__}


class ControlClient:
    """Speaks to a far end's control socket."""

    def __init__(self, path: Path, timeout: float = 30.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def __call__(self, do: str, **arguments: object) -> Reply:
        """Give one command and return its reply; raises ControlError with the far end's text."""
        self._socket.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
        reply: Reply = json.loads(self._lines.readline() or b'{"ok": false, "error": "the far end is gone"}')
        if not reply.pop("ok"):
            raise ControlError(reply["error"])
        return reply

    def close(self) -> None:
        """Close the connection; the far end goes on."""
        self._lines.close()
        self._socket.close()
