"""A small hub on a real port: it checks what the kiosk signed and signs what a test lets it say."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import HMAC_SHA256

from kiosk.hubclient.client import HubClient
from kiosk.hubclient.coding import unpacked

TERMINAL = "T0399001"
KEY = bytes(range(32))


@dataclass
class Spoken:
    """One reply before it goes out; a test may change any of it before or after it is signed."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status_code(self) -> int:
        """The name that the signing library asks for."""
        return self.status


Say = Callable[[str, str, Any], tuple[int, Any]]


@dataclass
class SmallHub:
    """What the server does; `say` is the business, the `before`/`after` hooks stand around the signature."""

    port: int = 0
    say: Say = lambda method, path, body: (404, problem(404, "unknown_payment"))
    before: Callable[[Spoken], None] = lambda reply: None
    after: Callable[[Spoken], None] = lambda reply: None
    echo: Callable[[str], str] = lambda request_id: request_id
    connections: int = 0
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    key: bytes = KEY


def problem(status: int, code: str, **more: Any) -> dict[str, Any]:
    """A problem document."""
    return {"type": f"urn:power-hub:problem:{code}", "title": code, "status": status, "code": code} | more


def _resolver(key: bytes) -> MappingKeyResolver:
    return MappingKeyResolver(public_keys={TERMINAL: key}, private_keys={TERMINAL: key})


def _handler(hub: SmallHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def setup(self) -> None:
            super().setup()
            hub.connections += 1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.method, self.url = self.command, f"http://hub{self.path}"
            HTTPMessageVerifier(signature_algorithm=HMAC_SHA256, key_resolver=_resolver(hub.key)).verify(
                self,
                max_age=timedelta(seconds=300),
                require_components=("@method", "@path", "content-digest", "power-terminal", "power-request"),
                body=body,
            )
            plain = unpacked(body, 1 << 16, self.headers.get("Content-Encoding", "identity"))
            request = (self.command, self.path, json.loads(plain) if plain else None)
            hub.fields.append(dict(self.headers.items()))
            hub.requests.append(request)
            hub.request_ids.append(self.headers["Power-Request"])
            status, said = hub.say(*request)
            reply = Spoken(status, said if isinstance(said, bytes) else json.dumps(said).encode())
            hub.before(reply)
            reply.headers["Content-Digest"] = ContentDigest.create(reply.body)
            reply.headers["Power-Request"] = hub.echo(self.headers["Power-Request"])
            HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=_resolver(hub.key)).sign(
                reply,
                key_id=TERMINAL,
                label="sig1",
                covered_component_ids=("@status", "content-digest", "power-request"),
                use_existing_digest=True,
            )
            hub.after(reply)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            with suppress(ConnectionError):  # the kiosk may have heard enough
                self.end_headers()
                self.wfile.write(reply.body)

        do_GET = do_PUT = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def _running(context: ssl.SSLContext | None = None) -> Iterator[SmallHub]:
    small = SmallHub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(small)) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        server.block_on_close = False
        small.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield small
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub() -> Iterator[SmallHub]:
    """A running small hub."""
    with _running() as small:
        yield small


@pytest.fixture
def tls_hub(certificate: Certificate) -> Iterator[SmallHub]:
    """The same behind TLS."""
    with _running(certificate.context) as small:
        yield small


Connect = Callable[..., HubClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients to a port, closed at the end."""
    made: list[HubClient] = []

    def make(port: int, *, scheme: str = "http", host: str = "127.0.0.1", **options: Any) -> HubClient:
        options = {"deadline_s": 10.0, "query_deadline_s": 10.0, "connect_s": 5.0} | options
        made.append(HubClient(f"{scheme}://{host}:{port}", TERMINAL, KEY, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@contextmanager
def peer(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP peer that does as it likes with each connection; gives its port.

    `act` runs in a thread for each connection and may raise OSError when the kiosk hangs up.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        try:
            act(connection)
        except OSError:
            return  # the kiosk hung up, or the test is over

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the listener was shut
            open_ones.append(connection)
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with closing(listener):
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for connection in open_ones:
            connection.close()


@pytest.fixture(name="peer")
def peer_fixture() -> Callable[[Callable[[socket.socket], None]], Any]:
    """`with peer(act) as port:`"""
    return peer


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that is its own authority."""

    path: Path
    context: ssl.SSLContext

    def over_tls(self, act: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
        """`act` behind a TLS handshake."""

        def behind(connection: socket.socket) -> None:
            with self.context.wrap_socket(connection.dup(), server_side=True) as secured:
                act(secured)

        return behind


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made anew for each run of the tests."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a hub of the tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("tls")
    path, key_path = directory / "hub.pem", directory / "hub.key"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return Certificate(path, context)
