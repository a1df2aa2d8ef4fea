"""What every far end shares: a pty with a published name, a control socket, scaled delays, wire faults.

A far end is a program:

    python -m simulators.ccnet_validator --link LINK --control SOCKET [--speed N]

It opens a pty, makes LINK a symbolic link to its slave side, listens on the Unix socket SOCKET and then
prints `ready <slave path>`. What the control socket takes stands in `simulators.control`. SIGTERM and SIGINT end it
cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import random
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulators.control import ControlClient, ControlError, Reply, controlled

__all__ = [
    "ControlClient",
    "ControlError",
    "FarEnd",
    "Launched",
    "Reply",
    "argument_parser",
    "launched",
    "run",
]


class FarEnd:
    """Base of a far end: override `received`, and name a method `do_<word>` for each control command.

    A `do_` method takes the command's other keys as keyword arguments and returns what the reply carries
    besides `ok`. All methods run in one asyncio loop, so none may block.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._master: int | None = None
        self._slave: int | None = None
        self._link: Path | None = None
        self._silent = False
        self._reading = True
        self._delay = 0.0
        self._trickle = 0.0
        self._garble = 0
        self._truncate = 0
        self._intruder = b""
        self._intrusions = 0
        self._random = random.Random(0)  # the same faults on every run

    # What a subclass overrides.

    def received(self, data: bytes) -> None:
        """Bytes that the host sent. Never called while silent or unplugged."""
        raise NotImplementedError

    def started(self) -> None:
        """The loop runs and the line is up."""

    def stopping(self) -> None:
        """The program ends."""

    # What a subclass uses.

    def after(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `act` after a mechanical delay, which `--speed` divides."""
        return self.after_real(seconds / self.speed, act)

    def after_real(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `act` after a delay that the protocol fixes and that no speed changes."""
        return asyncio.get_running_loop().call_later(seconds, act)

    def send(self, data: bytes) -> None:
        """Send one answer to the host, with the faults that were ordered for it."""
        if self._silent or not data:
            return
        if self._garble > 0:
            self._garble -= 1
            spot = self._random.randrange(len(data))
            data = data[:spot] + bytes([data[spot] ^ (1 << self._random.randrange(8))]) + data[spot + 1 :]
        if self._truncate > 0:
            self._truncate -= 1
            data = data[: len(data) // 2]
        if self._intrusions > 0:
            self._intrusions -= 1
            data = self._intruder + data
        if self._trickle:
            for index in range(len(data)):
                self.after_real(
                    self._delay + index * self._trickle, partial(self._put, data[index : index + 1])
                )
        elif self._delay:
            self.after_real(self._delay, partial(self._put, data))
        else:
            self._put(data)

    def take_input(self, on: bool) -> None:
        """Stop or go on reading the line; what the host writes meanwhile waits in the pty (about 4 KiB)."""
        if on != self._reading and self._master is not None:
            loop = asyncio.get_running_loop()
            if on:
                loop.add_reader(self._master, self._readable, self._master)
            else:
                loop.remove_reader(self._master)
        self._reading = on

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master is not None

    # Faults of the wire, the same for every far end.

    def do_silence(self, on: bool = True) -> Reply:
        """Neither hear nor answer."""
        self._silent = on
        return {"silent": on}

    def do_delay_answer(self, ms: float = 0) -> Reply:
        """Send each answer this much later."""
        self._delay = ms / 1000
        return {}

    def do_trickle(self, ms: float = 0) -> Reply:
        """Send each answer byte by byte with this gap; 0 ends it."""
        self._trickle = ms / 1000
        return {}

    def do_garble(self, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """Flip one bit in each of the next answers."""
        self._garble = next
        return {}

    def do_truncate(self, next: int = 1) -> Reply:  # noqa: A002
        """Send only the first half of each of the next answers."""
        self._truncate = next
        return {}

    def do_noise(self, bytes: int = 16) -> Reply:  # noqa: A002
        """Send random bytes now."""
        self._put(self._random.randbytes(bytes))
        return {}

    def do_intrude(self, hex: str, next: int = 1) -> Reply:  # noqa: A002
        """Put these bytes, given in hexadecimal, on the line before each of the next answers."""
        self._intruder, self._intrusions = bytes.fromhex(hex), next
        return {}

    def do_unplug(self) -> Reply:
        """Pull the cable: the pty closes and the link goes."""
        if self._master is None or self._slave is None:
            raise ControlError("not plugged in")
        asyncio.get_running_loop().remove_reader(self._master)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = None
        return {}

    def do_plug(self) -> Reply:
        """Put the cable in: a new pty under the same link."""
        if self._master is not None:
            raise ControlError("is plugged in")
        self._master, self._slave = os.openpty()
        # Our own handle on the slave side keeps the master readable while no host has the line open.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        path = os.ttyname(self._slave)
        if self._link is not None:
            fresh = self._link.with_name(f".{self._link.name}.{os.getpid()}")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(path)
            fresh.replace(self._link)
        if self._reading:
            asyncio.get_running_loop().add_reader(self._master, self._readable, self._master)
        return {"slave": path}

    # The program.

    async def serve(self, link: Path, control: Path) -> None:
        """Run until SIGTERM or SIGINT."""
        self._link = link
        slave = self.do_plug()["slave"]
        async with controlled(self, control) as stop:
            self.started()
            sys.stdout.write(f"ready {slave}\n")
            sys.stdout.flush()
            try:
                await stop.wait()
            finally:
                self.stopping()
                if self.plugged:
                    self.do_unplug()

    def _readable(self, master: int) -> None:
        try:
            data = os.read(master, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return
        if not self._silent:
            self.received(data)

    def _put(self, data: bytes) -> None:
        if self._master is not None:
            # Nobody reads and the buffer is full: a real line would lose the bytes too.
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)


def argument_parser(description: str) -> argparse.ArgumentParser:
    """The options that every far end has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--link", type=Path, required=True, help="where to put the symbolic link to the line")
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--speed", type=float, default=1.0, help="divides mechanical delays, never deadlines")
    return parser


def run(far_end: FarEnd, options: argparse.Namespace) -> int:
    """Serve `far_end` on the line and socket that `argument_parser` read; returns the program's exit code."""
    asyncio.run(far_end.serve(options.link, options.control))
    return 0


@dataclass(frozen=True, slots=True)
class Launched:
    """A running far end: its line, its control connection, its process."""

    link: Path
    do: ControlClient
    process: subprocess.Popen[str]


@contextlib.contextmanager
def launched(module: str, directory: Path, *options: str) -> Iterator[Launched]:
    """Start `python -m <module>` with its link and control socket in `directory`; ended with the block."""
    name = module.rpartition(".")[2]
    link, control = directory / name, directory / f"{name}.sock"
    command: Sequence[str] = (
        sys.executable,
        "-m",
        module,
        "--link",
        str(link),
        "--control",
        str(control),
        *options,
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        client = None
        try:
            if process.stdout is None or not process.stdout.readline().startswith("ready "):
                raise RuntimeError(f"{module} did not start: it ended with {process.wait(20)}")
            client = ControlClient(control)
            yield Launched(link, client, process)
        finally:
            if client is not None:
                client.close()
            process.terminate()
            process.wait(20)
