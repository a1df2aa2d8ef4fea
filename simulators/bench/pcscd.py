"""A pcscd of the bench's own with four virtual slots; the machine's pcscd and its readers are never touched."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.bench.programs import BenchError, Program

READY_S = 30.0
READERS = ("Bench Reader", "Bench Second Reader")
"""Each has two slots, and so two ports."""
SLOTS = 2 * len(READERS)
_DRIVERS = Path("/usr/lib/pcsc/drivers")
_VPCD = _DRIVERS / "serial" / "libifdvpcd.so"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# Where Linux takes no ports for outgoing connections, and few programs listen.
_PORTS = range(20000, 32000, SLOTS)
_TRIES = 20
_SUN_PATH = 107

# Its own /run gives pcscd a private socket; a driver folder without bundles keeps it off the machine's USB readers.
_IN_NAMESPACE = """
mount --bind "$1" /run && mount --bind /usr/lib/pcsc/drivers/serial /usr/lib/pcsc/drivers || exit 1
shift
exec "$@"
"""

_NO_NAMESPACE = """\
the bench's pcscd needs a mount namespace of its own, and this machine gives none:
{why}
It takes CAP_SYS_ADMIN (root outside a container; docker run --cap-add SYS_ADMIN --security-opt apparmor=unconfined)
or user namespaces for everyone (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone,
kernel.apparmor_restrict_unprivileged_userns=0)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One virtual slot: the name under which PC/SC shows it, and the TCP port on which a card is inserted."""

    reader: str
    port: int


class BenchPcscd:
    """A pcscd in `folder` that runs from `start` to `stop`; both may be repeated, its slots stay the same.

    `folder` must be short: its socket is a Unix socket. A process that shall use it needs `environment`; libpcsclite
    reads that once, so it must be there before the first PC/SC call. Works as root and where unprivileged user
    namespaces are allowed; BenchError says what is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._run = self._folder / "run"
        self.socket = self._run / "pcscd" / "pcscd.comm"
        self._program: Program | None = None
        self._port = 0
        if len(str(self.socket)) > _SUN_PATH:
            raise BenchError(f"{self.socket} is longer than the name of a socket may be")

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads libpcsclite to this pcscd."""
        return {"PCSCLITE_CSOCK_NAME": str(self.socket)}

    @property
    def slots(self) -> tuple[Slot, ...]:
        """0 for the customer's meter card, 1 for the SAM or the chip station, 2 for the bank's card, 3 to spare."""
        places = ((name, number) for name in READERS for number in (0, 1))
        return tuple(
            Slot(f"{name} 00 0{number}", self._port + at) for at, (name, number) in enumerate(places)
        )

    def start(self, *, readers: bool = True) -> None:
        """Start it and wait until it serves; without `readers` as if they were unplugged."""
        namespace = _namespace()
        programs = {name: _find(name) for name in ("pcscd", "setpriv")}
        for _ in range(_TRIES):
            port = self._port or _free_ports()
            if self._started(namespace, programs, port if readers else None):
                self._port = port if readers else self._port
                return
        raise BenchError(f"pcscd got no free ports: see {self._folder / 'pcscd.log'}")

    def _started(self, namespace: tuple[str, ...], programs: Mapping[str, str], port: int | None) -> bool:
        shutil.rmtree(self._run, ignore_errors=True)
        config = self._run / "reader.conf.d"
        config.mkdir(parents=True)
        if port is not None:
            (config / "bench").write_text(self._reader_conf(port), encoding="ascii")
        options = ["--foreground", "--info", "--config", "/run/reader.conf.d", *_polkit(programs["pcscd"])]
        # A user namespace clears the signal that the kernel was told to send; so it is told once more inside.
        inside = [
            programs["setpriv"],
            "--pdeathsig",
            "KILL",
            "--",
            "sh",
            "-c",
            _IN_NAMESPACE,
            "sh",
            str(self._run),
        ]
        command = ["unshare", *namespace, *inside, programs["pcscd"], *options]
        program = Program("pcscd", command, self._folder)
        try:
            program.wait_for("daemon ready", READY_S)
        except BenchError:
            program.kill()
            raise
        if "Could not initialize connection to virtual ICC" in program.written():
            program.kill()
            return False
        self._program = program
        return True

    def _reader_conf(self, port: int) -> str:
        """A device for each reader. A driver holds two slots and no more, so each reader has one of its own: a copy."""
        lines = []
        for number, name in enumerate(READERS):
            driver = f"libifdvpcd-{number}.so"
            shutil.copyfile(_VPCD, self._run / driver)
            at = port + 2 * number
            lines += [f'FRIENDLYNAME "{name}"', f"DEVICENAME /dev/null:{at:#x}"]
            lines += [f"LIBPATH /run/{driver}", f"CHANNELID {at:#x}\n"]
        return "\n".join(lines)

    def stop(self) -> None:
        """End it; safe to call twice. A card stays in its slot and is found again after `start`."""
        program, self._program = self._program, None
        if program is not None:
            program.end(patience_s=1.0)

    def kill(self) -> None:
        """End it at once, like a crash."""
        program, self._program = self._program, None
        if program is not None:
            program.kill()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within the block it stands still: it takes what is sent and answers nothing."""
        if self._program is None:
            raise BenchError("pcscd does not run")
        os.killpg(self._program.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._program.pid, signal.SIGCONT)


def why_not() -> str:
    """Why this machine can run no pcscd of the bench's own; empty where it can."""
    try:
        _namespace()
        for name in ("pcscd", "setpriv"):
            _find(name)
    except BenchError as error:
        return str(error)
    return ""


def _free_ports() -> int:
    """Find ports side by side that nobody listens on, one for each slot; another program may still be faster."""
    for _ in range(_TRIES):
        port = random.choice(_PORTS)
        with contextlib.suppress(OSError), contextlib.ExitStack() as taken:
            for number in range(SLOTS):
                taken.enter_context(socket.create_server(("", port + number)))
            return port
    raise BenchError(f"no {SLOTS} free ports between {_PORTS.start} and {_PORTS.stop}")


def _find(program: str) -> str:
    if not _VPCD.exists():
        raise BenchError(f"no {_VPCD}: apt-get install vsmartcard-vpcd")
    found = shutil.which(program, path=_PATH)
    if found is None:
        raise BenchError(f"no {program}: apt-get install pcscd util-linux")
    return found


@functools.cache
def _polkit(pcscd: str) -> tuple[str, ...]:
    """Newer ones would ask the machine's polkit, which cannot be reached from the namespace."""
    told = subprocess.run([pcscd, "--help"], capture_output=True, text=True, check=False)
    return ("--disable-polkit",) if "--disable-polkit" in told.stdout + told.stderr else ()


@functools.cache
def _namespace() -> tuple[str, ...]:
    """The options of unshare that work here: as root, or else in a user namespace."""
    why = []
    for options in (("--mount",), ("--user", "--map-root-user", "--mount")):
        private = (*options, "--propagation", "private")
        tried = subprocess.run(["unshare", *private, "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return private
        why.append(f"  unshare {' '.join(options)}: {tried.stderr.strip()}")
    raise BenchError(_NO_NAMESPACE.format(why="\n".join(why)))
