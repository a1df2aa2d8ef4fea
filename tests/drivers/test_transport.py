"""The serial line over ptys, TCP sockets and rfc2217."""

from __future__ import annotations

import os
import socket
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest
import serial
import serial.rfc2217

from drivers.errors import DeviceTimeout, TransportError
from drivers.transport import LineSettings, SerialTransport


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The master side of a pty and the path of its slave side."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for side in (master, slave):
        try:
            os.close(side)
        except OSError:
            continue


@pytest.fixture
def line(pty: tuple[int, str]) -> Iterator[SerialTransport]:
    transport = SerialTransport(pty[1])
    transport.open()
    yield transport
    transport.close()


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def arrived(line: SerialTransport, count: int) -> None:
    """Wait until so many bytes have come through the pty and can be read."""
    until = soon()
    while line._open_port().in_waiting < count:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_bytes_go_out_unchanged(line: SerialTransport, pty: tuple[int, str]) -> None:
    line.write(bytes(range(256)))
    sent = b""
    while len(sent) < 256:
        sent += os.read(pty[0], 256)
    assert sent == bytes(range(256))


def test_bytes_come_in_unchanged(line: SerialTransport, pty: tuple[int, str]) -> None:
    os.write(pty[0], bytes(range(256)))
    got = b""
    while len(got) < 256:
        got += line.read(soon())
    assert got == bytes(range(256))


def test_read_ends_at_its_deadline(line: SerialTransport) -> None:
    since = time.monotonic()
    assert line.read(since + 0.2) == b""
    assert 0.2 <= time.monotonic() - since < 20


def test_read_past_its_deadline_still_takes_what_is_there(
    line: SerialTransport, pty: tuple[int, str]
) -> None:
    os.write(pty[0], b"late")
    arrived(line, 4)
    assert line.read(time.monotonic() - 1) == b"late"


def test_dropped_input_is_gone(line: SerialTransport, pty: tuple[int, str]) -> None:
    os.write(pty[0], b"old")
    arrived(line, 3)
    assert line.read(soon()) == b"old"
    os.write(pty[0], b"older")
    arrived(line, 5)
    line.drop_input()
    os.write(pty[0], b"new")
    arrived(line, 3)
    assert line.read(soon()) == b"new"


def test_open_and_close_are_safe_to_repeat(line: SerialTransport) -> None:
    line.open()
    assert line.is_open
    line.close()
    line.close()
    assert not line.is_open
    line.open()
    assert line.is_open


def test_closed_line_refuses(line: SerialTransport) -> None:
    line.close()
    for use in (lambda: line.write(b"x"), lambda: line.read(soon()), line.drop_input):
        with pytest.raises(TransportError, match="not open"):
            use()


def test_second_handle_is_refused(line: SerialTransport) -> None:
    with pytest.raises(TransportError, match="lock"):
        SerialTransport(line.address).open()


def test_missing_port() -> None:
    with pytest.raises(TransportError, match="/dev/no-such-line"):
        SerialTransport("/dev/no-such-line").open()


@pytest.mark.parametrize(
    "settings", [LineSettings(baud=-1), LineSettings(bits=9), LineSettings(parity="X"), LineSettings(stop=3)]
)
def test_impossible_settings(pty: tuple[int, str], settings: LineSettings) -> None:
    with pytest.raises(TransportError):
        SerialTransport(pty[1], settings).open()


def test_unplugged_port_is_told_and_closed() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    transport = SerialTransport(os.ttyname(slave))
    transport.open()
    os.close(slave)
    os.close(master)
    with pytest.raises(TransportError):
        transport.read(soon())
    assert not transport.is_open


def test_a_peer_that_takes_nothing_times_out(line: SerialTransport) -> None:
    with pytest.raises(DeviceTimeout):
        line.write(bytes(1 << 20))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_raw_socket(server: socket.socket) -> None:
    transport = SerialTransport(f"socket://127.0.0.1:{server.getsockname()[1]}")
    transport.open()
    peer, _ = server.accept()
    transport.write(b"hello")
    assert peer.recv(5) == b"hello"
    peer.sendall(b"good day")
    got = b""
    while len(got) < 8:
        got += transport.read(soon())
    assert got == b"good day"
    peer.close()
    with pytest.raises(TransportError):
        transport.read(soon())
    assert not transport.is_open


def test_nobody_behind_the_url() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen: the port is shut and nobody else's
        with pytest.raises(TransportError):
            SerialTransport(f"socket://127.0.0.1:{taken.getsockname()[1]}").open()


def serve_rfc2217(server: socket.socket, port: serial.Serial) -> None:
    """A serial device server with one port that echoes."""
    peer, _ = server.accept()
    with peer, suppress(ConnectionError):
        _serve_rfc2217(peer, port)


def _serve_rfc2217(peer: socket.socket, port: serial.Serial) -> None:
    class Line:
        def write(self, data: bytes) -> None:
            peer.sendall(data)

    manager = serial.rfc2217.PortManager(port, Line())  # type: ignore[arg-type]
    while data := peer.recv(1024):
        heard = b"".join(manager.filter(data))
        peer.sendall(b"".join(manager.escape(heard)))


@pytest.mark.filterwarnings("ignore:set.* is deprecated:DeprecationWarning")
def test_rfc2217_sets_the_far_line(server: socket.socket) -> None:
    port = serial.serial_for_url("loop://")
    thread = threading.Thread(target=serve_rfc2217, args=(server, port))
    thread.start()
    address = f"rfc2217://127.0.0.1:{server.getsockname()[1]}?timeout=20"
    transport = SerialTransport(address, LineSettings(baud=19200, bits=7, parity="E", stop=2))
    transport.open()
    assert (port.baudrate, port.bytesize, port.parity, port.stopbits) == (19200, 7, "E", 2)
    transport.write(b"\xff over the network")
    got = b""
    while len(got) < 18:
        got += transport.read(soon())
    assert got == b"\xff over the network"
    transport.close()
    thread.join(20)
    assert not thread.is_alive()
