"""Load for a hub: requests signed beforehand, sent over kept connections by a process that does nothing else.

Raw HTTP/1.1 on asyncio streams, so that the sender costs a small part of what the hub does on the same two cores. A
signature is good for 300 s, so a round's requests are made just before it.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hub.access.signatures import content_digest


@dataclass(frozen=True, slots=True)
class Sender:
    """One terminal and its key; `key_id` names the key where it is not the terminal's own name."""

    terminal: str
    key: bytes
    key_id: str = ""

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Build one signed request."""
        names = '("@method" "@path" "content-digest" "power-terminal" "power-request")'
        parameters = (
            f'{names};created={int(time.time())};keyid="{self.key_id or self.terminal}";alg="hmac-sha256"'
        )
        digest, request_id = content_digest(body), uuid.uuid4().hex
        base = (
            f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n'
            f'"power-terminal": {self.terminal}\n"power-request": {request_id}\n"@signature-params": {parameters}'
        )
        mac = base64.b64encode(hmac.digest(self.key, base.encode(), "sha256")).decode()
        return (
            f"{method} {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nContent-Digest: {digest}\r\nPower-Terminal: {self.terminal}\r\n"
            f"Power-Request: {request_id}\r\nSignature-Input: sig1={parameters}\r\n"
            f"Signature: sig1=:{mac}:\r\n\r\n"
        ).encode() + body


@dataclass
class Answers:
    """What came back: how many of the wanted status in what time, each one's latency, and every other status."""

    good: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    others: dict[bytes, int] = field(default_factory=dict)
    senders_share: float = 0.0
    """Of one core, what the sending process itself took."""

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    def take(self, head: bytes, wanted: bytes, latency: float) -> None:
        """Count one answer."""
        status = head[9:12]
        if status == wanted:
            self.good += 1
            self.latencies.append(latency)
        else:
            self.others[status] = self.others.get(status, 0) + 1


class _Line:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> bytes:
        """Send one request and read its whole answer; gives the head."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n", 1)[0])
        await self._reader.readexactly(length)
        return head

    def close(self) -> None:
        self._writer.close()


async def closed_loop(
    port: int, requests: Iterable[bytes], wanted: bytes, connections: int, seconds: float
) -> Answers:
    """Keep all connections busy until the time or the requests are over."""
    answers, queue = Answers(), iter(requests)
    lines = await _open(port, connections)
    began, own = time.perf_counter(), time.process_time()

    async def busy(line: _Line) -> None:
        for request in queue:
            sent = time.perf_counter()
            answers.take(await line.ask(request), wanted, time.perf_counter() - sent)
            if time.perf_counter() - began > seconds:
                break

    await asyncio.gather(*map(busy, lines))
    answers.seconds = time.perf_counter() - began
    answers.senders_share = (time.process_time() - own) / answers.seconds
    for line in lines:
        line.close()
    return answers


async def open_loop(
    port: int, requests: Sequence[bytes], wanted: bytes, connections: int, rate: float
) -> Answers:
    """Send at even times whatever the hub does; a latency counts from the moment the request was due."""
    answers = Answers()
    lines = await _open(port, connections)
    began = time.perf_counter() + 0.05
    due = enumerate(requests)

    async def serve(line: _Line) -> None:
        for number, request in due:
            at = began + number / rate
            await asyncio.sleep(max(at - time.perf_counter(), 0))
            answers.take(await line.ask(request), wanted, time.perf_counter() - at)

    await asyncio.gather(*map(serve, lines))
    answers.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return answers


async def _open(port: int, connections: int) -> list[_Line]:
    return [_Line(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(connections)]


def repeated(request: bytes) -> Iterator[bytes]:
    """Give one request for ever: for an endpoint that checks nothing."""
    while True:
        yield request
