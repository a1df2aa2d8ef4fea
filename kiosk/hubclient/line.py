"""What bounds one call on the wire: a wall-clock deadline, a byte budget, and a mark on the first byte sent.

requests' own timeout counts each `recv` for itself, so a peer that sends one byte a second outlasts it. Here
every read first takes what is left of the call's deadline as its time-out, from the status line to the last
chunk of the body, and name look-up, connect, TLS handshake and sending live from the same deadline.
"""

from __future__ import annotations

import io
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException, HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import SKIP_HEADER

from kiosk.hubclient.coding import NAME as CODING
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Unknown, UnknownReason

# ValueError: urllib3 and http.client let some malformed replies through to int() and to codecs.
WIRE_ERRORS = (OSError, HTTPException, HTTPError, ValueError)

IDLE_S, PROBE_S, PROBES = 150, 10, 3
"""When an idle connection is probed, how often, and after how many silent probes it counts as dead."""

AddressInfo = tuple[int, int, int, str, Any]


class Line:
    """The budget of the call that is under way; every connection of one client reports to the same Line."""

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self.begin(0.0, 0.0)

    def begin(self, deadline_s: float, connect_s: float) -> None:
        """A new call starts now."""
        self._end = self._clock() + deadline_s
        self._connect_end = min(self._end, self._clock() + connect_s)
        self._left_bytes = self._max_bytes
        self._sent = False
        self._stage = NotSentReason.NAME

    def left(self) -> float:
        """Seconds until the deadline; raises TimeoutError when there are none."""
        return self._until(self._end)

    def connect(self, host: str, port: int) -> socket.socket:
        """A TCP connection to the first address that takes one, within the connect deadline."""
        failure: OSError | None = None
        addresses = _resolve(host, port, self._until(self._connect_end))
        for family, kind, protocol, _, address in addresses:
            self._stage = NotSentReason.UNREACHABLE
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._until(self._connect_end))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _probe_when_idle(sock)
                sock.settimeout(self._until(self._connect_end))  # for the handshake, if one follows
            except OSError as error:
                sock.close()
                failure = error
                continue
            self._stage = NotSentReason.TLS
            return sock
        if isinstance(failure, ConnectionRefusedError):
            self._stage = NotSentReason.REFUSED
        raise failure or OSError(f"{host} has no address")

    def before_send(self, sock: socket.socket) -> None:
        """From here on the hub may have the request."""
        sock.settimeout(self.left())
        self._sent = True

    def received(self, count: int) -> None:
        """Take `count` bytes off the budget; raises OSError when it is used up."""
        self._left_bytes -= count
        if self._left_bytes < 0:
            raise OSError(f"the reply is longer than {self._max_bytes} bytes")

    def failure(self, error: Exception) -> NotSent | Unknown:
        """The outcome of a call that ended with `error` before a whole reply was there."""
        detail = f"{type(error).__name__}: {error}"
        if self._sent:
            if self._left_bytes < 0:
                return Unknown(UnknownReason.TOO_LARGE, detail)
            late = self._clock() >= self._end
            return Unknown(UnknownReason.TIMEOUT if late else UnknownReason.BROKEN, detail)
        late = self._clock() >= self._connect_end
        return NotSent(NotSentReason.TIMEOUT if late else self._stage, detail)

    def _until(self, end: float) -> float:
        seconds = end - self._clock()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


def _probe_when_idle(sock: socket.socket) -> None:
    """Let the kernel notice, while the customer feeds notes, that an operator has dropped the idle connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)


def _resolve(host: str, port: int, seconds: float) -> list[AddressInfo]:
    """Addresses of `host`. The resolver takes no time-out, so a look-up that hangs is left to its thread."""
    host = host.strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return _look_up(host, port)
    found: queue.SimpleQueue[list[AddressInfo] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(_look_up(host, port))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=look_up, name="hub-name", daemon=True).start()
    try:
        result = found.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer for the name {host}") from None
    if isinstance(result, Exception):
        raise result
    return result


def _look_up(host: str, port: int) -> list[AddressInfo]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]


class _TimedReader(io.RawIOBase):
    """Reads a socket with the time-out that is left of the call."""

    def __init__(self, sock: socket.socket, line: Line) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._line.left())
        count = self._raw.readinto(buffer)
        self._line.received(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedReply(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, line))


class _TimedConnection(HTTPConnection):
    """One kept-alive connection whose every step is charged to the Line."""

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line
        self._held: list[bytes] | None = None
        self.response_class = partial(_TimedReply, line=line)  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        return self._line.connect(self._dns_host, self.port or self.default_port)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send head and body at once: apart they would be two packets, and two records under TLS."""
        self._held = []
        try:
            super().request(*args, **kwargs)
            whole = b"".join(self._held)
        finally:
            self._held = None
        self.send(whole)

    def send(self, data: Any) -> None:
        if self._held is not None:
            self._held.append(bytes(data))
            return
        if self.sock is None:
            self.connect()
        self._line.before_send(self.sock)
        super().send(data)


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    pass


class HubAdapter(HTTPAdapter):
    """requests' adapter with our connections, one kept alive, and no retries of its own."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pool manager, with our connection classes in its pools."""
        super().init_poolmanager(*args, **kwargs)
        line = self._line

        class Pool(HTTPConnectionPool):
            ConnectionCls = staticmethod(partial(_TimedConnection, line=line))  # type: ignore[assignment]

        class TlsPool(HTTPSConnectionPool):
            ConnectionCls = staticmethod(partial(_TimedTlsConnection, line=line))  # type: ignore[assignment]

        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply as it came over the wire; `body` is still in its content coding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HubSession(requests.Session):
    """A session that follows no redirect, keeps no cookie and reads nothing from the environment."""

    def __init__(self, line: Line, ca_file: Path | None) -> None:
        super().__init__()
        self._line = line
        self.trust_env = False
        self.verify = True if ca_file is None else str(ca_file)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.adapters.clear()
        self.mount("https://", HubAdapter(line))
        self.mount("http://", HubAdapter(line))
        self.headers.clear()
        self.headers.update(
            # What the contract fixes need not be said in each request. The last value keeps urllib3 from it.
            {"Accept-Encoding": CODING, "User-Agent": SKIP_HEADER}
        )

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: a redirect is an answer that the contract does not know."""

    def request_for(self, method: str, url: str, body: bytes, coding: str = "") -> requests.PreparedRequest:
        """A request ready to be signed; `coding` is the one that `body` is in."""
        headers = {"Content-Type": "application/json"} if body else {}
        if coding:
            headers = {"Content-Encoding": coding}  # which is of JSON alone
        return self.prepare_request(requests.Request(method, url, headers=headers, data=body or None))

    def exchange(
        self, request: requests.PreparedRequest, deadline_s: float, connect_s: float
    ) -> Reply | NotSent | Unknown:
        """Send the request once and read its whole reply before the deadline."""
        self._line.begin(deadline_s, connect_s)
        try:
            with self.send(request, stream=True, allow_redirects=False, timeout=deadline_s) as response:
                body = b"".join(response.raw.stream(1 << 16, decode_content=False))
                return Reply(response.status_code, response.headers, body)
        except WIRE_ERRORS as error:
            return self._line.failure(error)
