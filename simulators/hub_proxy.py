"""The line between kiosk and hub, spoilt on request: a TCP proxy that reads HTTP messages and misdelivers them.

    python -m simulators.hub_proxy --to PORT [--listen PORT] --control SOCKET

prints `listening on 127.0.0.1:PORT` and `ready http://127.0.0.1:PORT`. The control socket speaks like every far
end's (`simulators.control`). Each fault stays until `pass`, or spoils the `next` so many requests and then
passes on its own. It takes a whole request before it acts, so a fault meets kept-alive connections too, and it
asks the hub on a connection of its own for each request. When the hub itself is away it hangs up, which a
kiosk cannot tell from a lost answer; `refuse` is the closed port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulators.control import ControlError, Reply, controlled
from simulators.http_message import forged, path_of, read_message

KEPT_REPLIES = 16
UNSIGNED_500 = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 14\r\n\r\nBackend failed"
)


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One connection from the kiosk."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Deliver these bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def hold(self) -> None:
        """Say nothing more until the kiosk gives up."""
        while await self.reader.read(1 << 16):
            pass
        raise HungUp

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class HungUp(Exception):  # noqa: N818 -- not an error, the end of a connection
    """This connection is over."""


Act = Callable[[bytes, Kiosk], Awaitable[None]]


class HubProxy:
    """The proxy; each `do_` method is a control command that says how the coming requests are dealt with."""

    def __init__(self, hub: tuple[str, int], port: int = 0) -> None:
        self._hub = hub
        self._act: Act = self._deliver
        self._next: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: dict[bytes, bytes] = {}
        self._random = random.Random(0)  # the same faults on every run
        self._counts = {"connections": 0, "requests": 0, "answers": 0}
        self._server: asyncio.Server | None = None
        self._address = socket.socket()  # bound and never listening: the port stays ours while we refuse
        self._address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._address.bind(("127.0.0.1", port))
        self.port: int = self._address.getsockname()[1]

    # Control commands.

    async def do_pass(self) -> Reply:
        """Deliver everything as it is."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self._set(self._deliver, None)

    async def do_refuse(self) -> Reply:
        """Close the port and break what is open; ended by `pass`."""
        self._set(self._deliver, None)
        await self._close()
        return {}

    async def do_blackhole(self, next: int | None = None) -> Reply:  # noqa: A002 - the word of all far ends
        """Take requests and never answer; the hub hears nothing."""
        return self._set(self._swallow, next)

    async def do_delay(self, ms: float, next: int | None = None) -> Reply:  # noqa: A002
        """The hub has the request at once, the kiosk its answer so much later."""
        return self._set(partial(self._deliver_late, ms / 1000), next)

    async def do_trickle(self, bytes_per_s: float, next: int | None = None) -> Reply:  # noqa: A002
        """Answers arrive byte by byte."""
        return self._set(partial(self._trickle, bytes_per_s), next)

    async def do_reset_after(self, bytes: int = 0, next: int | None = None) -> Reply:  # noqa: A002
        """Reset the connection after so many bytes of the answer."""
        return self._set(partial(self._cut, bytes, Kiosk.reset), next)

    async def do_truncate_reply(self, bytes: int, next: int | None = None) -> Reply:  # noqa: A002
        """Close the connection in good order after so many bytes of the answer."""
        return self._set(partial(self._cut, bytes, lambda _: None), next)

    async def do_drop_reply(self, next: int | None = None) -> Reply:  # noqa: A002
        """The hub does what it is asked; its answer is lost."""
        return self._set(self._lose, next)

    async def do_repeat_request(self, next: int | None = None) -> Reply:  # noqa: A002
        """The hub gets the same bytes twice, the kiosk the first answer."""
        return self._set(self._repeat, next)

    async def do_http_500(self, next: int | None = None) -> Reply:  # noqa: A002
        """Somebody before the hub answers, who has no key."""
        return self._set(self._fail, next)

    async def do_garbage(self, bytes: int = 200, next: int | None = None) -> Reply:  # noqa: A002
        """Random bytes in place of the answer."""
        return self._set(partial(self._babble, bytes), next)

    async def do_wrong_signature(self, where: str = "body", next: int | None = None) -> Reply:  # noqa: A002
        """Change one digit of the answer's body, or one character of its `signature`."""
        if where not in ("body", "signature"):
            raise ControlError("where is body or signature")
        return self._set(partial(self._forge, where), next)

    async def do_answer_for_other_id(self, next: int | None = None) -> Reply:  # noqa: A002
        """The hub's own signed answer to an earlier request for something else."""
        if not self._heard:
            raise ControlError("no answer of the hub has passed yet")
        return self._set(self._answer_other, next)

    async def do_status(self) -> Reply:
        """How many connections and whole requests came from the kiosk, and how many answers from the hub."""
        return dict(self._counts)

    # The words of the bench's panel for the same.
    do_restore = do_pass
    do_cut = do_refuse
    do_drop_answer = do_drop_reply

    def _set(self, act: Act, times: int | None) -> Reply:
        if times is not None and times < 1:
            raise ControlError("next is at least 1")
        self._act, self._next = act, times
        return {}

    # What happens to one request.

    async def _deliver(self, request: bytes, kiosk: Kiosk) -> None:
        await kiosk.send(await self._ask(request))

    async def _deliver_late(self, seconds: float, request: bytes, kiosk: Kiosk) -> None:
        reply = await self._ask(request)
        await asyncio.sleep(seconds)
        await kiosk.send(reply)

    async def _swallow(self, _: bytes, kiosk: Kiosk) -> None:
        await kiosk.hold()

    async def _trickle(self, bytes_per_s: float, request: bytes, kiosk: Kiosk) -> None:
        reply = await self._ask(request)
        clock = asyncio.get_running_loop().time
        began = clock()
        for number, byte in enumerate(reply, 1):
            await kiosk.send(bytes([byte]))
            # The rate holds also where a busy machine wakes us late.
            await asyncio.sleep(max(0.0, began + number / bytes_per_s - clock()))

    async def _cut(self, count: int, end: Callable[[Kiosk], None], request: bytes, kiosk: Kiosk) -> None:
        await kiosk.send((await self._ask(request))[:count])
        end(kiosk)
        raise HungUp

    async def _lose(self, request: bytes, kiosk: Kiosk) -> None:
        await self._ask(request)
        await kiosk.hold()

    async def _repeat(self, request: bytes, kiosk: Kiosk) -> None:
        reply = await self._ask(request)
        await self._ask(request)
        await kiosk.send(reply)

    async def _fail(self, _: bytes, kiosk: Kiosk) -> None:
        await kiosk.send(UNSIGNED_500)

    async def _babble(self, count: int, request: bytes, kiosk: Kiosk) -> None:
        await self._ask(request)
        await kiosk.send(self._random.randbytes(count))
        raise HungUp

    async def _forge(self, where: str, request: bytes, kiosk: Kiosk) -> None:
        await kiosk.send(forged(await self._ask(request), where))

    async def _answer_other(self, request: bytes, kiosk: Kiosk) -> None:
        path = path_of(request)
        others = [kept for kept in self._heard if kept != path]
        await self._ask(request)
        if not others:
            raise HungUp
        # Of the same kind if there is one: a payment's answer for a payment is the harder to tell.
        kind = path.rpartition(b"/")[0]
        alike = [kept for kept in others if kept.rpartition(b"/")[0] == kind]
        await kiosk.send(self._heard[(alike or others)[-1]])

    async def _ask(self, request: bytes) -> bytes:
        """The hub's whole reply to the request, as it came."""
        reader, writer = await asyncio.open_connection(*self._hub)
        try:
            writer.write(request)
            reply = await read_message(reader)
        finally:
            writer.close()
        self._counts["answers"] += 1
        path = path_of(request)
        self._heard.pop(path, None)
        self._heard[path] = reply
        while len(self._heard) > KEPT_REPLIES:
            del self._heard[next(iter(self._heard))]
        return reply

    # The program.

    async def serve(self, control: Path) -> None:
        """Run until SIGTERM or SIGINT."""
        await self.do_pass()
        async with controlled(self, control) as stop:
            sys.stdout.write(f"listening on 127.0.0.1:{self.port}\nready http://127.0.0.1:{self.port}\n")
            sys.stdout.flush()
            await stop.wait()
        await self._close()
        self._address.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._counts["connections"] += 1
        task = asyncio.get_running_loop().create_task(self._serve_kiosk(Kiosk(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_kiosk(self, kiosk: Kiosk) -> None:
        try:
            with contextlib.suppress(HungUp, OSError, EOFError):
                while True:
                    request = await read_message(kiosk.reader, is_request=True)
                    self._counts["requests"] += 1
                    await self._take_act()(request, kiosk)
        except asyncio.CancelledError:
            kiosk.reset()
            raise
        finally:
            kiosk.writer.close()

    def _take_act(self) -> Act:
        act = self._act
        if self._next is not None:
            self._next -= 1
            if not self._next:
                self._set(self._deliver, None)
        return act


def hub_address(text: str) -> tuple[str, int]:
    """PORT or http://HOST:PORT as an address."""
    found = re.fullmatch(r"(?:http://([^/:]+):)?(\d+)/?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a port nor http://HOST:PORT")
    return found[1] or "127.0.0.1", int(found[2])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description="Stand between kiosk and hub and spoil the line on request.")
    parser.add_argument(
        "--listen", type=int, default=0, metavar="PORT", help="port for the kiosk; 0 takes a free one"
    )
    parser.add_argument(
        "--to",
        "--upstream",
        type=hub_address,
        required=True,
        metavar="PORT",
        help="the hub's port or http address",
    )
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    options = parser.parse_args(arguments)
    asyncio.run(HubProxy(options.to, options.listen).serve(options.control))
    return 0


if __name__ == "__main__":
    sys.exit(main())
