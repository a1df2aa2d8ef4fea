"""The thin line: its arithmetic by hand, and packets that really cross it between two hosts."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulators.far_end import ControlClient, ControlError
from simulators.thin_line import FAR, NEAR, Connections, Laid, LineError, Quality, Way, inside, laid

pytestmark = pytest.mark.usefixtures("thin_line")

QUICK = ("--delay-ms", "20", "--bits-per-s", "10000000", "--loss", "0")


def way(**quality: float) -> Way:
    return Way(Quality(**{"delay_s": 0.3, "bits_per_s": 8000.0, "loss": 0.0} | quality), random.Random(1))  # type: ignore[arg-type]


def test_a_packet_takes_its_time_on_the_wire_and_then_the_delay() -> None:
    assert way().arrival(500, 10.0) == pytest.approx(10.0 + 0.5 + 0.3)


def test_packets_queue_and_the_line_rests_between() -> None:
    line = way()
    assert [line.arrival(500, at) for at in (0.0, 0.1, 5.0)] == pytest.approx([0.8, 1.3, 5.8])


def test_a_full_queue_drops_what_comes_and_does_not_count_it() -> None:
    line = way(queue_bytes=1200)
    assert [line.arrival(500, 0.0) is None for _ in range(4)] == [False, False, True, True]
    assert line.count() == {"packets": 2, "bytes": 1000, "lost": 0, "overflown": 2, "forgotten": 0}
    assert line.arrival(500, 0.9) is not None


def test_losses_follow_the_seed_and_the_share_and_count_as_crossed() -> None:
    fates = []
    for _ in range(2):
        line = way(loss=0.05, bits_per_s=1e9)
        fates.append([line.arrival(40, float(at)) is None for at in range(4000)])
        assert line.bytes == 160_000
    assert fates[0] == fates[1]
    assert 120 < sum(fates[0]) < 280


def test_a_cut_line_carries_nothing() -> None:
    line = way()
    line.cut = True
    assert line.arrival(40, 0.0) is None
    assert line.bytes == 0


def tcp(source: int, target: int, flags: int = 16) -> bytes:
    ip = bytes([0x45, 0, 0, 40, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0, 0])
    ends = socket.inet_aton(f"10.0.0.{source}") + socket.inet_aton(f"10.0.0.{target}")
    ports = source.to_bytes(2, "big") + target.to_bytes(2, "big")
    return ip + ends + ports + bytes(9) + bytes([flags]) + bytes(6)


def test_a_forgotten_connection_is_swallowed_both_ways_until_it_begins_anew() -> None:
    known = Connections()
    assert known.passes(tcp(1, 2))
    assert known.passes(tcp(2, 1))
    assert known.forget() == 1
    assert not known.passes(tcp(1, 2))
    assert not known.passes(tcp(2, 1))
    assert known.passes(tcp(1, 3))
    assert known.passes(tcp(1, 2, flags=2))
    assert known.passes(tcp(2, 1))


@contextmanager
def echoing(line: Laid) -> Iterator[socket.socket]:
    """A connection from the near host to one that echoes on the far one."""
    with inside(line.far), socket.create_server((FAR, 0)) as server:
        with inside(line.near):
            near = socket.create_connection(server.getsockname(), timeout=20)
        far, (host, _) = server.accept()
        assert host == NEAR
        with near, far:
            near.sendall(b"x" * 500)
            assert far.recv(1000)
            far.sendall(b"y" * 300)
            assert near.recv(1000)
            yield near


def datagrams(host: str) -> socket.socket:
    """A socket that sends each packet once, whatever becomes of it."""
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.bind((host, 0))
    made.settimeout(20)
    return made


def test_packets_cross_between_the_hosts_and_are_counted(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line:
        with inside(line.far):
            far = datagrams(FAR)
        with inside(line.near):
            near = datagrams(NEAR)
        with far, near:
            near.sendto(b"x" * 500, far.getsockname())
            assert far.recvfrom(1000) == (b"x" * 500, near.getsockname())
            far.sendto(b"y" * 300, near.getsockname())
            assert near.recvfrom(1000) == (b"y" * 300, far.getsockname())
        up, down = line.do("status")["up"], line.do("status")["down"]
        assert (up["packets"], up["bytes"]) == (1, 500 + 28)  # the heads of IP and UDP
        assert (down["packets"], down["bytes"]) == (1, 300 + 28)
        assert line.crossed() == 856


def test_a_connection_takes_the_delay_both_ways(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line:
        began = time.monotonic()
        with echoing(line):
            pass
        assert time.monotonic() - began >= 0.08  # two round trips


def test_the_far_hosts_loopback_is_not_this_ones(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line, socket.create_server((FAR, 0)) as here:
        with inside(line.near), pytest.raises(ConnectionRefusedError):
            socket.create_connection(here.getsockname(), timeout=20)
        socket.create_connection(here.getsockname(), timeout=20).close()


def test_a_cut_is_silent_and_ends(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line, echoing(line) as near:
        line.do("cut")
        near.settimeout(0.3)
        with pytest.raises(TimeoutError):
            near.recv(1)
        line.do("restore")


def test_orders_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line:
        for order in ({"loss": 2}, {"bits_per_s": 0}, {"delay_ms": -1}, {"colour": "red"}):
            with pytest.raises(ControlError):
                line.do("set", **order)
        with pytest.raises(ControlError, match="no such command"):
            line.do("jump")


def test_it_ends_by_itself_and_takes_its_hosts_along(tmp_path: Path) -> None:
    control = tmp_path / "line.sock"
    command = [sys.executable, "-m", "simulators.thin_line", "--control", str(control), "--seconds", "0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert told.endswith("ready\n")
    assert not control.exists()
    assert not Path(told.split()[1]).exists()


def test_without_the_right_to_make_a_network_it_says_so(tmp_path: Path) -> None:
    powerless = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"]
    command = [sys.executable, "-m", "simulators.thin_line", "--control", str(tmp_path / "x")]
    done = subprocess.run([*powerless, *command], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "no network namespace" in done.stderr
    assert "takes root" in done.stderr


def test_a_line_that_cannot_be_laid_is_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(LineError), laid(tmp_path / "no such folder"):
        pass


def test_the_control_socket_takes_more_than_one_client(tmp_path: Path) -> None:
    with laid(tmp_path, *QUICK) as line:
        other = ControlClient(tmp_path / "thin_line.sock")
        assert other("status") == line.do("status")
        other.close()
