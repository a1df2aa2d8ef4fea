"""The spoilt line between the real client and the real hub: what the kiosk learns, and what the hub did."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.keyfile import load_key
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Refused, Unknown, UnknownReason
from simulators.far_end import ControlClient, ControlError

TERMINAL = "T0399001"
ACCOUNT_NO = "0399000000000026"  # of the sample town: nothing due, so all that is paid becomes balance
AMOUNT_FEN = 10000
SHORT_S = 1.5
LONG_S = 20.0


def power_hub(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hub.cli", *arguments]


@contextmanager
def program(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running program and the last word of its first line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / f"{TERMINAL}.key"
    path.write_text(f"# TEST KEY\n{secrets.token_hex(32)}\n")
    return path


@pytest.fixture(scope="module")
def hub_url(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Iterator[str]:
    """The real hub with a small town."""
    database = ["--database", f"sqlite:///{tmp_path_factory.mktemp('hub') / 'hub.db'}"]
    subprocess.run(power_hub("seed", *database, "--accounts", "12"), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        power_hub("terminal", "add", TERMINAL, "--key", str(key), *database),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    serve = power_hub("serve", *database, "--bench", "--keys", str(key.parent), "--port", "0")
    with program(serve) as (_, address):
        yield address


@dataclass
class Line:
    """A proxy, its control socket, and clients that reach the hub through it."""

    process: subprocess.Popen[str]
    port: int
    do: ControlClient
    control: Path
    key: bytes
    ends: ExitStack

    def client(self, deadline_s: float = LONG_S) -> HubClient:
        client = HubClient(
            f"http://127.0.0.1:{self.port}",
            TERMINAL,
            self.key,
            deadline_s=deadline_s,
            query_deadline_s=deadline_s,
            connect_s=5.0,
        )
        self.ends.callback(client.close)
        return client

    def await_counts(self, **least: int) -> None:
        """Until the proxy has counted so many `requests` of kiosks and `answers` of the hub."""
        until = time.monotonic() + LONG_S
        while any(self.do("status")[name] < count for name, count in least.items()):
            assert time.monotonic() < until, f"never came to {least}: {self.do('status')}"
            time.sleep(0.02)


@contextmanager
def proxied(to: str, tmp_path: Path, key: bytes = b"") -> Iterator[Line]:
    control = tmp_path / "line.sock"
    command = [sys.executable, "-m", "simulators.hub_proxy", "--to", to, "--control", str(control)]
    with program(command) as (process, address), ExitStack() as ends:
        client = ControlClient(control)
        ends.callback(client.close)
        yield Line(process, int(address.rpartition(":")[2]), client, control, key, ends)


@pytest.fixture
def line(hub_url: str, key: Path, tmp_path: Path) -> Iterator[Line]:
    with proxied(hub_url, tmp_path, load_key(key, bench=True)) as made:
        yield made


def quoted(client: HubClient) -> wire.PaymentRequest:
    """A prepayment that the hub has given a quote for."""
    quote_id = uuid.uuid4().hex
    quote = client.put_quote(quote_id, wire.QuoteRequest(account_no=ACCOUNT_NO, business="prepay"))
    assert isinstance(quote, Answer), quote
    return wire.PaymentRequest(
        account_no=ACCOUNT_NO,
        quote_id=quote_id,
        business="prepay",
        amount_fen=AMOUNT_FEN,
        months=(),
        notes=(wire.NoteCount(value_fen=AMOUNT_FEN, count=1),),
        kiosk_no=1,
        business_date=quote.body.as_of.date(),
        taken_at=datetime(2026, 11, 22, 3, tzinfo=UTC),
        reference="AAAA-AAAA-AAAA",
    )


def balance(client: HubClient) -> int:
    account = client.account(ACCOUNT_NO)
    assert isinstance(account, Answer), account
    return account.body.balance_fen


Fault = tuple[dict[str, Any], float, str, bool]
TIMEOUT, BROKEN = UnknownReason.TIMEOUT, UnknownReason.BROKEN

# order, deadline of the client, how the call ends, whether the hub has booked the payment
FAULTS: dict[str, Fault] = {
    "blackhole": ({}, SHORT_S, TIMEOUT, False),
    "delay": ({"ms": 60_000}, SHORT_S, TIMEOUT, True),
    "trickle": ({"bytes_per_s": 4}, SHORT_S, TIMEOUT, True),
    "reset_after": ({"bytes": 30}, LONG_S, BROKEN, True),
    "reset_after at once": ({"bytes": 0}, LONG_S, BROKEN, True),
    # A head that breaks off reads like a head without a signature.
    "truncate_reply": ({"bytes": 30}, LONG_S, UnknownReason.SIGNATURE, True),
    "truncate_reply in the body": ({"bytes": -5}, LONG_S, BROKEN, True),
    "drop_reply": ({}, SHORT_S, TIMEOUT, True),
    "http_500": ({}, LONG_S, UnknownReason.SERVER_ERROR, False),
    "garbage": ({}, LONG_S, BROKEN, True),
    "wrong_signature": ({}, LONG_S, UnknownReason.SIGNATURE, True),
    "wrong_signature of the signature": ({"where": "signature"}, LONG_S, UnknownReason.SIGNATURE, True),
    "answer_for_other_id": ({}, LONG_S, UnknownReason.OTHER_REQUEST, True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_payment_over_a_spoilt_line_is_unknown_and_the_resend_credits_it_once(
    line: Line, name: str
) -> None:
    arguments, deadline_s, reason, booked = FAULTS[name]
    client = line.client()
    assert isinstance(client.put_payment(uuid.uuid4().hex, quoted(client)), Answer)
    payment_id, payment, before = uuid.uuid4().hex, quoted(client), balance(client)
    counts = line.do("status")

    line.do(name.split()[0], next=1, **arguments)
    start = time.monotonic()
    outcome = line.client(deadline_s).put_payment(payment_id, payment)
    assert time.monotonic() - start < deadline_s + 15
    assert isinstance(outcome, Unknown), outcome
    assert outcome.reason == reason

    # One that was given up while the proxy slept is spoilt all the same, and not the next one in its place.
    line.await_counts(requests=counts["requests"] + 1, answers=counts["answers"] + booked)
    known = client.get_payment(payment_id)
    if booked:
        assert isinstance(known, Answer)
    else:
        assert isinstance(known, Refused)
        assert known.problem.code == "unknown_payment"
    again = client.put_payment(payment_id, payment)
    assert isinstance(again, Answer)
    assert again.replayed == booked
    assert balance(client) == before + AMOUNT_FEN


def test_a_late_answer_within_the_deadline_is_an_answer(line: Line) -> None:
    client = line.client()
    line.do("delay", ms=300, next=1)
    start = time.monotonic()
    assert isinstance(client.status(), Answer)
    assert time.monotonic() - start >= 0.3
    line.do("trickle", bytes_per_s=2000, next=1)
    assert isinstance(client.status(), Answer)


def test_a_closed_port_means_that_nothing_was_sent_and_opens_again(line: Line) -> None:
    client = line.client()
    assert isinstance(client.status(), Answer)
    line.do("refuse")
    for _ in range(2):  # the kept-alive connection is broken too
        outcome = client.status()
        assert isinstance(outcome, NotSent), outcome
        assert outcome.reason is NotSentReason.REFUSED
    line.do("pass")
    assert isinstance(client.status(), Answer)


def test_a_request_that_arrives_twice_is_carried_out_once(line: Line) -> None:
    client = line.client()
    payment, before = quoted(client), balance(client)
    answers = line.do("status")["answers"]
    line.do("repeat_request", next=1)
    outcome = client.put_payment(uuid.uuid4().hex, payment)
    assert isinstance(outcome, Answer)
    assert not outcome.replayed
    assert line.do("status")["answers"] == answers + 2
    assert balance(client) == before + AMOUNT_FEN


def test_a_fault_stays_until_it_is_ended_or_used_up(line: Line) -> None:
    client = line.client()

    def fails() -> bool:
        return isinstance(client.status(), Unknown)

    line.do("http_500")
    assert [fails() for _ in range(3)] == [True] * 3
    line.do("pass")
    assert not fails()
    line.do("http_500", next=2)
    assert [fails() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("do", "arguments"),
    [
        ("explode", {}),
        ("http_500", {"next": 0}),
        ("delay", {}),
        ("delay", {"ms": "long"}),
        ("wrong_signature", {"where": "envelope"}),
        ("answer_for_other_id", {}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(line: Line, do: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ControlError):
        line.do(do, **arguments)
    assert isinstance(line.client().status(), Answer)


def test_it_ends_on_sigterm_with_kiosks_connected(line: Line) -> None:
    client = line.client()
    assert isinstance(client.status(), Answer)
    line.process.send_signal(signal.SIGTERM)
    assert line.process.wait(20) == 0
    assert not line.control.exists()
    assert isinstance(client.status(), NotSent)


REQUEST = b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n{ }"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def _heard_by_a_hub(tmp_path: Path, order: Callable[[ControlClient], object]) -> bytes:
    """What reaches the hub's side of one request."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # shut below, when nobody came
                connection, _ = listener.accept()
                with connection:
                    while len(b"".join(heard)) < len(REQUEST) and (piece := connection.recv(65536)):
                        heard.append(piece)
                    connection.sendall(CHUNKED)

        thread = threading.Thread(target=serve)
        thread.start()
        with proxied(str(listener.getsockname()[1]), tmp_path) as line:
            order(line.do)
            with socket.create_connection(("127.0.0.1", line.port), timeout=20) as kiosk:
                kiosk.sendall(REQUEST)
                answer = b""
                while not answer.endswith((b"0\r\n\r\n", b"failed")):
                    answer += kiosk.recv(65536)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    return b"".join(heard) + answer


def test_bytes_pass_unchanged_chunks_included(tmp_path: Path) -> None:
    assert _heard_by_a_hub(tmp_path, lambda do: do("pass")) == REQUEST + CHUNKED


def test_a_500_comes_from_before_the_hub(tmp_path: Path) -> None:
    assert b"PUT" not in _heard_by_a_hub(tmp_path, lambda do: do("http_500"))
