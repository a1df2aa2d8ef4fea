"""The deadline against peers that stall, trickle and flood, and the mark on the first byte sent.

The deadlines are short and the slack is wide: a client that counts its time-out for each `recv` would need
many times as long, or never end.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Outcome, Unknown, UnknownReason

DEADLINE_S = 0.6
SLACK_S = 15.0

Act = Callable[[socket.socket], None]
Connect = Callable[..., HubClient]
Peer = Callable[[Act], AbstractContextManager[int]]


class Certificate(Protocol):
    """What these tests use of the fixture `certificate`."""

    path: Path

    def over_tls(self, act: Act) -> Act: ...


HEAD = b"HTTP/1.1 200 OK\r\n"


def hear(connection: socket.socket) -> bytes:
    """The head of the request."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the kiosk hung up")
        head += piece
    return head


def hold(connection: socket.socket) -> None:
    """Keep the connection until the kiosk closes it."""
    while connection.recv(65536):
        pass


def trickle(connection: socket.socket, data: bytes, gap_s: float = 0.05) -> None:
    """A byte now and then: each `recv` of the kiosk is soon answered."""
    for index in range(len(data)):
        connection.sendall(data[index : index + 1])
        time.sleep(gap_s)
    hold(connection)


@contextmanager
def on_time() -> Iterator[None]:
    """What stands inside ends soon after the deadline, and not before it."""
    start = time.monotonic()
    yield
    spent = time.monotonic() - start
    assert DEADLINE_S * 0.9 <= spent <= DEADLINE_S + SLACK_S


def ask(connect: Connect, port: int, **options: Any) -> Outcome[Any]:
    return connect(port, query_deadline_s=DEADLINE_S, **options).status()


# What comes at once, and what then comes byte by byte.
SLOW = {
    "silent": (b"", b""),
    "silent after the status line": (HEAD, b""),
    "status line": (b"", HEAD * 50),
    "headers": (HEAD, b"X-Slow: 1\r\n" * 50),
    "body": (HEAD + b"Content-Length: 500\r\n\r\n", b" " * 500),
    "body to the close": (HEAD + b"\r\n", b" " * 500),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 100),
    "interim replies": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
}


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_peer_cannot_outlast_the_deadline(
    connect: Connect, peer: Peer, certificate: Certificate, name: str, tls: bool
) -> None:
    at_once, slowly = SLOW[name]

    def act(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(at_once)
        trickle(connection, slowly)

    options: dict[str, Any] = {"scheme": "https", "ca_file": certificate.path} if tls else {}
    with peer(certificate.over_tls(act) if tls else act) as port, on_time():
        outcome = counted_from_sending(connect(port, **options)).status()
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.TIMEOUT


def counted_from_sending(client: HubClient) -> HubClient:
    """Let the deadline of the client's calls be near only once the request is on its way.

    What a busy machine needs to connect and to shake hands would else leave nothing to a call as short as these.
    """
    line = client._open()._line
    before_send = line.before_send

    def sending(sock: socket.socket) -> None:
        before_send(sock)
        line._end = time.monotonic() + DEADLINE_S

    line.before_send = sending  # type: ignore[method-assign]
    return client


def flood(connection: socket.socket, first: bytes, rest: bytes) -> None:
    connection.sendall(HEAD + first)
    while True:
        connection.sendall(rest)


ENDLESS: dict[str, Act] = {
    "headers": lambda c: flood(c, b"", b"X-More: " + b"a" * 1000 + b"\r\n"),
    "one header": lambda c: flood(c, b"X-More: ", b"a" * 65536),
    "interim replies": lambda c: flood(c, b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "body": lambda c: flood(c, b"\r\n", b"a" * 65536),
    "chunks": lambda c: flood(c, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 1000),
    "chunk line": lambda c: flood(c, b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_flood_is_cut_off_at_the_bound(connect: Connect, peer: Peer, name: str) -> None:
    def act(connection: socket.socket) -> None:
        hear(connection)
        ENDLESS[name](connection)

    with peer(act) as port:
        outcome = connect(port, query_deadline_s=30.0).status()
    assert isinstance(outcome, Unknown)
    assert outcome.reason in (UnknownReason.TOO_LARGE, UnknownReason.BROKEN)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 2",
        HEAD + b"Content-Length: 100\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"\x00\xff" * 300,
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        HEAD + b"Content-Length: 5, 6\r\n\r\n{}",
        HEAD + b"Content-Length: -1\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::bad\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_a_reply_that_breaks_off_or_makes_no_sense_leaves_the_outcome_open(
    connect: Connect, peer: Peer, reply: bytes
) -> None:
    def act(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)
        hold(connection)

    with peer(act) as port:
        outcome = connect(port).status()
    assert isinstance(outcome, Unknown)
    assert outcome.reason is not UnknownReason.TIMEOUT


def test_a_reset_after_the_request_leaves_the_outcome_open(connect: Connect, peer: Peer) -> None:
    def act(connection: socket.socket) -> None:
        hear(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()

    with peer(act) as port:
        outcome = connect(port).status()
    assert isinstance(outcome, Unknown)
    assert outcome.reason is UnknownReason.BROKEN


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            HEAD,
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 302 Found\r\n",
            b"Location: //[\r\n",
            b"Content-Length: 3\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip\r\n",
            b"Set-Cookie: a=b; expires=never; domain=.\r\n",
            b"Signature-Input: sig1=()\r\n",
            b"Signature: sig1=::\r\n",
            b"Content-Digest: sha-256=:AA==:\r\n",
            b"\r\n",
            b"3\r\nabc\r\n",
            b"0\r\n\r\n",
        ]
    ),
)


def test_no_bytes_of_any_kind_raise(connect: Connect, peer: Peer) -> None:
    said = b""

    def act(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(said)

        connection.shutdown(socket.SHUT_RDWR)

    @settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.lists(PIECES, max_size=8).map(b"".join))
    def try_one(reply: bytes) -> None:
        nonlocal said
        said = reply
        assert isinstance(client.status(), Unknown)

    with peer(act) as port:
        client = connect(port)
        try_one()


def test_a_closed_port_means_nothing_was_sent(connect: Connect) -> None:
    with socket.socket() as holder:  # bound and never listening, so nobody else can take the port
        holder.bind(("127.0.0.1", 0))
        outcome = connect(holder.getsockname()[1]).status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.REFUSED


def test_a_host_that_does_not_take_the_connection_means_nothing_was_sent(connect: Connect) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with contextmanager(_fill)(listener.getsockname()), on_time():
            outcome = ask(connect, listener.getsockname()[1])
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TIMEOUT


def _fill(address: tuple[str, int]) -> Iterator[None]:
    """Fill a listener's backlog, so that the next connection request is dropped."""
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(address)
    yield
    for filler in fillers:
        filler.close()


def test_the_connect_deadline_is_its_own(connect: Connect, peer: Peer) -> None:
    start = time.monotonic()
    with peer(hold) as port:
        outcome = connect(port, scheme="https", query_deadline_s=30.0, connect_s=DEADLINE_S).status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TIMEOUT
    assert time.monotonic() - start < DEADLINE_S + SLACK_S


def test_a_handshake_byte_by_byte_ends_with_the_deadline(connect: Connect, peer: Peer) -> None:
    # A TLS record that announces 16 KiB of handshake and never ends.
    with peer(lambda c: trickle(c, b"\x16\x03\x03\x40\x00" + b"\x02" * 400)) as port, on_time():
        outcome = ask(connect, port, scheme="https")
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TIMEOUT


def test_a_peer_that_speaks_no_tls_means_nothing_was_sent(connect: Connect, peer: Peer) -> None:
    with peer(lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        outcome = connect(port, scheme="https").status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TLS


def test_a_certificate_of_somebody_else_means_nothing_was_sent(
    connect: Connect, peer: Peer, certificate: Certificate
) -> None:
    heard: list[bytes] = []
    with peer(certificate.over_tls(lambda c: heard.append(hear(c)))) as port:
        outcome = connect(port, scheme="https").status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TLS
    assert heard == []


def test_a_name_that_cannot_be_found_means_nothing_was_sent(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = connect(1, host="hub.example", scheme="https").status()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.NAME


def test_a_name_server_that_never_answers_cannot_outlast_the_deadline(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20) and [])
    with on_time():
        outcome = ask(connect, 1, host="hub.example", scheme="https")
    released.set()
    assert isinstance(outcome, NotSent)
    assert outcome.reason is NotSentReason.TIMEOUT
