"""A thin line between two hosts of its own: IP packets that cross late, slowly, in a queue, and not all of them.

    python -m simulators.thin_line --control SOCKET [--delay-ms 300] [--bits-per-s 20000] [--loss 0.05] [--seed 0]

makes two network namespaces, `near` for the kiosk and `far` for the hub, with a TUN device in each, carries the packets
between the two, and prints `near PATH`, `far PATH` and `ready`. A program joins a side with `nsenter --net=PATH
COMMAND`, a thread with `inside(PATH)`. In `far`, 127.0.0.1 is that host's own loopback; in `near` the same address lies
beyond the line, so kiosk and hub speak over it with the addresses that they take without TLS. The namespaces go with
the last process that uses them, and the line ends by itself after `--seconds`.

It stands in for netem, which the machines' kernels lack. The control socket speaks like every far end's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import fcntl
import os
import random
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulators.control import ControlClient, ControlError, Reply, controlled

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
DEVICE = "line0"
MTU = 1400
NEAR, FAR = "127.0.0.2", "127.0.0.1"
_libc = ctypes.CDLL(None, use_errno=True)


class LineError(Exception):
    """The line cannot be laid on this machine; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the line is, the same for both ways. `queue_bytes` wait at most before the rate drops more."""

    delay_s: float = 0.3
    bits_per_s: float = 20_000.0
    loss: float = 0.05
    queue_bytes: int = 16_000


@dataclass
class Way:
    """One direction: when each packet arrives, if it does, and how much has crossed. No clock of its own."""

    quality: Quality
    chance: random.Random
    cut: bool = False
    packets: int = 0
    bytes: int = 0
    lost: int = 0
    overflown: int = 0
    forgotten: int = 0
    _free_at: float = 0.0

    def arrival(self, size: int, now: float) -> float | None:
        """When a packet of this size that is sent now arrives; None when it is lost.

        A lost packet has taken its time on the wire and counts; one that found the queue full has not.
        """
        a_byte = 8 / self.quality.bits_per_s
        begins = max(now, self._free_at)
        if self.cut or (begins - now) / a_byte + size > self.quality.queue_bytes:
            self.overflown += 1
            return None
        self._free_at = begins + size * a_byte
        self.packets += 1
        self.bytes += size
        if self.chance.random() < self.quality.loss:
            self.lost += 1
            return None
        return self._free_at + self.quality.delay_s

    def count(self) -> Reply:
        """What has crossed."""
        return {
            "packets": self.packets,
            "bytes": self.bytes,
            "lost": self.lost,
            "overflown": self.overflown,
            "forgotten": self.forgotten,
        }


@dataclass
class Connections:
    """What an operator's address translation knows: connections it has forgotten are swallowed, new ones pass."""

    known: set[bytes] = field(default_factory=set)
    forgotten: set[bytes] = field(default_factory=set)

    def forget(self) -> int:
        """Forget all that stand, as a translator does with the idle ones; gives how many."""
        count = len(self.known)
        self.forgotten |= self.known
        self.known.clear()
        return count

    def passes(self, packet: bytes) -> bool:
        """Whether this packet's connection is known, or begins with it."""
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP or len(packet) < 40:
            return True
        head = (packet[0] & 15) * 4
        ends = sorted((packet[12:16] + packet[head : head + 2], packet[16:20] + packet[head + 2 : head + 4]))
        name = b"".join(ends)
        if packet[head + 13] & 2:  # SYN
            self.forgotten.discard(name)
        if name in self.forgotten:
            return False
        self.known.add(name)
        return True


class ThinLine:
    """The program; each `do_` method is a control command."""

    def __init__(self, quality: Quality, seed: int) -> None:
        self.near, self.far = _host(NEAR, FAR), _host(FAR, NEAR)
        self._connections = Connections()
        self._up = Way(quality, random.Random(f"{seed} up"))
        self._down = Way(quality, random.Random(f"{seed} down"))

    # Control commands.

    def do_set(
        self,
        delay_ms: float | None = None,
        bits_per_s: float | None = None,
        loss: float | None = None,
        seed: int | None = None,
    ) -> Reply:
        """Make the line better or worse from the next packet on."""
        quality = self._up.quality
        if delay_ms is not None:
            quality = replace(quality, delay_s=_within(delay_ms, 0, 60_000) / 1000)
        if bits_per_s is not None:
            quality = replace(quality, bits_per_s=_within(bits_per_s, 100, 1e10))
        if loss is not None:
            quality = replace(quality, loss=_within(loss, 0, 1))
        self._up.quality = self._down.quality = quality
        if seed is not None:
            self._up.chance, self._down.chance = random.Random(f"{seed} up"), random.Random(f"{seed} down")
        return {}

    def do_cut(self) -> Reply:
        """Carry nothing; nobody is told."""
        self._up.cut = self._down.cut = True
        return {}

    def do_restore(self) -> Reply:
        """Carry packets again."""
        self._up.cut = self._down.cut = False
        return {}

    def do_forget(self) -> Reply:
        """Swallow what belongs to the connections that stand now, as a translator that has forgotten them does."""
        return {"connections": self._connections.forget()}

    def do_status(self) -> Reply:
        """What has crossed since the start: whole IP packets, from the kiosk (`up`) and to it (`down`)."""
        return {"up": self._up.count(), "down": self._down.count()}

    # The program.

    async def serve(self, control: Path, seconds: float) -> None:
        """Carry packets until SIGTERM, SIGINT or the end of the time."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.near.tun, self._carry, self.near, self.far, self._up, deque())
        loop.add_reader(self.far.tun, self._carry, self.far, self.near, self._down, deque())
        async with controlled(self, control) as stop:
            sys.stdout.write(f"near {self.near.path}\nfar {self.far.path}\nready\n")
            sys.stdout.flush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)

    def _carry(self, sender: _Host, receiver: _Host, way: Way, on_way: deque[tuple[float, bytes]]) -> None:
        packet = os.read(sender.tun, 1 << 16)
        if not self._connections.passes(packet):
            way.forgotten += 1
            return
        loop = asyncio.get_running_loop()
        arrives = way.arrival(len(packet), loop.time())
        if arrives is not None:
            # A shorter delay that is set meanwhile must not let packets overtake one another.
            on_way.append((max(arrives, on_way[-1][0] if on_way else 0.0), packet))
            loop.call_at(on_way[-1][0], lambda: os.write(receiver.tun, on_way.popleft()[1]))


def _within(value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise ControlError(f"{value:g} is not within {least:g} to {most:g}")
    return value


# Hosts.


@dataclass(frozen=True, slots=True)
class _Host:
    tun: int
    path: str


def _host(own: str, peer: str) -> _Host:
    """A new network namespace with its end of the line; this process stays in it. Raises LineError."""
    if _libc.unshare(CLONE_NEWNET):
        raise LineError(f"no network namespace: {os.strerror(ctypes.get_errno())}; it takes root")
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
        settings = Path("/proc/sys/net")
        # It would chatter on the line, from the moment that the line is up.
        (settings / f"ipv6/conf/{DEVICE}/disable_ipv6").write_text("1")
        for order in (
            "link set lo up",
            "address delete 127.0.0.1/8 dev lo",
            *(["address add 127.0.0.1/32 dev lo"] if own == FAR else []),
            f"address add {own if own == NEAR else '127.0.0.3'} peer {peer} dev {DEVICE}",
            f"link set {DEVICE} up mtu {MTU}",
        ):
            subprocess.run(("ip", *order.split()), check=True, capture_output=True, text=True, timeout=10)
        (settings / f"ipv4/conf/{DEVICE}/route_localnet").write_text("1")  # or no loopback address may cross
        return _Host(tun, f"/proc/{os.getpid()}/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}")
    except subprocess.CalledProcessError as error:
        raise LineError(f"ip {' '.join(error.cmd[1:])}: {error.stderr.strip()}") from error
    except OSError as error:
        raise LineError(f"no TUN device or no `ip` of the package iproute2: {error}") from error


@contextlib.contextmanager
def inside(path: str) -> Iterator[None]:
    """Let this thread, and the threads and programs it starts, live on a side of the line within the block."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(path, "rb") as there:  # noqa: PTH123 - two of a kind
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET):
        raise LineError(f"cannot join the network namespace: {os.strerror(ctypes.get_errno())}")


@dataclass(frozen=True, slots=True)
class Laid:
    """A running line: where its two sides are, and its control connection."""

    near: str
    far: str
    do: ControlClient

    def crossed(self) -> int:
        """Bytes of IP packets so far, both ways."""
        status = self.do("status")
        total: int = status["up"]["bytes"] + status["down"]["bytes"]
        return total


@contextlib.contextmanager
def laid(folder: Path, *options: str) -> Iterator[Laid]:
    """A line for as long as the block lasts. Raises LineError where the machine cannot have one."""
    control = folder / "thin_line.sock"
    command = (sys.executable, "-m", "simulators.thin_line", "--control", str(control), *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101
            told = dict(
                line.split() for line in (process.stdout.readline(), process.stdout.readline()) if line
            )
            if process.stdout.readline() != "ready\n":
                raise LineError(process.communicate(timeout=10)[1].strip() or "the line did not start")
            client = ControlClient(control)
            try:
                yield Laid(told["near"], told["far"], client)
            finally:
                client.close()
        finally:
            process.terminate()
            process.wait(10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes or the time is over; 1 and a sentence where there can be no line."""
    parser = argparse.ArgumentParser(description="A slow, lossy IP line between two network namespaces.")
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--delay-ms", type=float, default=300.0, help="each way")
    parser.add_argument("--bits-per-s", type=float, default=20_000.0, help="each way")
    parser.add_argument("--loss", type=float, default=0.05, help="share of the packets, each way")
    parser.add_argument("--queue", type=int, default=16_000, help="bytes that wait at most, each way")
    parser.add_argument("--seed", type=int, default=0, help="of the losses")
    parser.add_argument("--seconds", type=float, default=900.0, help="ends by itself after so long")
    options = parser.parse_args(arguments)
    quality = Quality(options.delay_ms / 1000, options.bits_per_s, options.loss, options.queue)
    try:
        line = ThinLine(quality, options.seed)
    except LineError as error:
        sys.stderr.write(f"thin_line: {error}\n")
        return 1
    asyncio.run(line.serve(options.control, options.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
