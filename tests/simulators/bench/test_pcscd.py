"""The bench's pcscd is nobody else's, finds its ports, says what it lacks, and never outlives the bench."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.bench import pcscd as module
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.programs import BenchError

ROOT = ("--mount", "--propagation", "private")
USER = ("--user", "--map-root-user", *ROOT)
OWNER = """
import sys
from pathlib import Path
from simulators.bench import pcscd
if sys.argv[2:]:
    pcscd._namespace = lambda: tuple(sys.argv[2:])
daemon = pcscd.BenchPcscd(Path(sys.argv[1]))
daemon.start()
print(daemon._program.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[BenchPcscd]:
    daemon = BenchPcscd(tmp_path)
    yield daemon
    daemon.stop()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def command(pid: int) -> str:
    """What runs under this id; "" for nothing."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_it_serves_on_a_socket_of_its_own(daemon: BenchPcscd) -> None:
    machines = sorted(Path("/run/pcscd").glob("*"))
    daemon.start()
    slots = daemon.slots
    assert [slot.reader for slot in slots] == [
        "Bench Reader 00 00",
        "Bench Reader 00 01",
        "Bench Second Reader 00 00",
        "Bench Second Reader 00 01",
    ]
    assert [slot.port for slot in slots] == [slots[0].port + number for number in range(4)]
    assert daemon.environment == {"PCSCLITE_CSOCK_NAME": str(daemon.socket)}
    assert answers(daemon.socket)
    assert sorted(Path("/run/pcscd").glob("*")) == machines

    daemon.stop()
    daemon.stop()
    assert not answers(daemon.socket)
    daemon.start()
    daemon.kill()
    daemon.kill()
    daemon.start(readers=False)
    assert answers(daemon.socket)
    assert daemon.slots == slots


def test_it_takes_no_reader_of_the_machine(daemon: BenchPcscd) -> None:
    daemon.start()
    assert daemon._program is not None
    assert not list(Path(f"/proc/{daemon._program.pid}/root{module._DRIVERS}").glob("*.bundle"))
    daemon._program.wait_for("Disabling USB support", 20)


def test_ports_that_are_taken_are_left_alone(daemon: BenchPcscd, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("", 0)) as taken:
        pairs = iter([taken.getsockname()[1], module._free_ports()])
        monkeypatch.setattr(module, "_free_ports", lambda: next(pairs))
        daemon.start()
        assert daemon.slots[0].port != taken.getsockname()[1]


def test_no_ports_at_all(daemon: BenchPcscd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TRIES", 2)
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "_PORTS", range(port, port + 1))
        with pytest.raises(BenchError, match="no 4 free ports"):
            daemon.start()
        monkeypatch.setattr(module, "_free_ports", lambda: port)
        with pytest.raises(BenchError, match=r"no free ports: see .*pcscd\.log"):
            daemon.start()


def test_frozen_is_only_for_one_that_runs(daemon: BenchPcscd) -> None:
    with pytest.raises(BenchError, match="does not run"), daemon.frozen():
        pass


@pytest.mark.parametrize("namespace", [(), USER], ids=["the one that works here", "a user's"])
def test_it_ends_with_whoever_started_it(tmp_path: Path, namespace: tuple[str, ...]) -> None:
    probe = subprocess.run(["unshare", *namespace, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no user namespaces here: {probe.stderr.strip()}")
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), *namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert "pcscd" in command(pid)
        assert answers(tmp_path / "run" / "pcscd" / "pcscd.comm")
        os.kill(owner.pid, signal.SIGKILL)
    wait_until(lambda: "pcscd" not in command(pid))


def test_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="longer than the name of a socket may be"):
        BenchPcscd(tmp_path / ("deep" * 30))


def test_it_says_which_package_is_missing(daemon: BenchPcscd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_namespace", lambda: ROOT)
    monkeypatch.setattr(module, "_PATH", "/nowhere")
    with pytest.raises(BenchError, match="no pcscd: apt-get install pcscd"):
        daemon.start()
    monkeypatch.setattr(module, "_VPCD", Path("/nowhere/libifdvpcd.so"))
    with pytest.raises(BenchError, match="apt-get install vsmartcard-vpcd"):
        daemon.start()


def test_it_says_that_it_gets_no_namespace(
    daemon: BenchPcscd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unshare = tmp_path / "unshare"
    unshare.write_text("#!/bin/sh\necho unshare: Operation not permitted >&2\nexit 1\n", encoding="ascii")
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "_namespace", module._namespace.__wrapped__)
    with pytest.raises(BenchError, match="--user --map-root-user --mount: unshare: Operation not permitted"):
        daemon.start()


def test_polkit_is_left_out_where_there_is_some(tmp_path: Path) -> None:
    newer = tmp_path / "pcscd"
    newer.write_text("#!/bin/sh\necho '  --disable-polkit  do not ask'\n", encoding="ascii")
    newer.chmod(0o755)
    assert module._polkit(str(newer)) == ("--disable-polkit",)
