"""The hub on PostgreSQL: durable payments a second, their latency at half load, and bill queries a second.

A real `power-hub serve` with every check on; requests are signed beforehand (`benchmarks.hub_load`). The peer of the
payments is pgbench with the same statements on a copy of the same database in the same server, the peer of the
queries an empty endpoint of the same framework. Afterwards every acknowledged payment must be in the ledger.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import secrets
import socket
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from benchmarks.figures import Figure, GateError, at_least, interleaved, medians, quantile, within
from benchmarks.hub_load import Answers, Sender, closed_loop, open_loop, repeated
from hub.access.listen import tcp_socket
from tools.hub_process import HubClient, HubProcess, new_id, power_hub, write_test_key
from tools.postgres import binaries, throwaway_postgres

HERE = Path(__file__).parent
TERMINAL = "bench-1"
CONNECTIONS = 16
PAYERS = 200
AMOUNT_FEN = 100
"""So little that an open month stays open whatever the number of rounds."""
OPEN_MONTHS = """
    SELECT account_no FROM bills GROUP BY account_no
    HAVING sum(charge_fen - paid_fen) > 100 * %s ORDER BY account_no LIMIT %s
"""


@dataclass
class Rig:
    """A seeded hub under load. `acked` counts every payment that it confirmed."""

    url: str
    port: int
    sender: Sender
    quotes: dict[str, str]
    acked: int = 0
    share: list[float] = field(default_factory=list)
    latencies: list[list[float]] = field(default_factory=list)

    def payments(self, count: int) -> list[bytes]:
        """Build signed payments, spread evenly over the payers."""
        payers = list(self.quotes.items())
        return [self._payment(*payers[number % len(payers)], number) for number in range(count)]

    def _payment(self, account_no: str, quote_id: str, number: int) -> bytes:
        order = {
            "account_no": account_no,
            "quote_id": quote_id,
            "business": "arrears",
            "tender": "cash",
            "amount_fen": AMOUNT_FEN,
            "months": [],
            "notes": [{"value_fen": AMOUNT_FEN, "count": 1}],
            "kiosk_no": number,
            "business_date": "2026-01-01",
            "taken_at": datetime.now(UTC),
        }
        return self.sender.request("PUT", f"/v1/payments/{new_id()}", msgspec.json.encode(order))

    def closed(self, seconds: float) -> float:
        """Payments a second with all connections busy."""
        answers = asyncio.run(
            closed_loop(self.port, self.payments(int(seconds * 1500)), b"201", CONNECTIONS, seconds)
        )
        self.share.append(answers.senders_share)
        return self._counted(answers).rate

    def at_rate(self, rate: float, seconds: float) -> float:
        """The p99 latency, in seconds, of payments that come at this rate."""
        answers = asyncio.run(
            open_loop(self.port, self.payments(int(rate * seconds)), b"201", 2 * CONNECTIONS, rate)
        )
        return quantile(self._counted(answers).latencies, 0.99)

    def queries(self, seconds: float) -> float:
        """Bill queries a second."""
        accounts = list(self.quotes)
        requests = [
            self.sender.request("GET", f"/v1/accounts/{accounts[number % len(accounts)]}")
            for number in range(int(seconds * 2500))
        ]
        return _all_good(asyncio.run(closed_loop(self.port, requests, b"200", CONNECTIONS, seconds))).rate

    def _counted(self, answers: Answers) -> Answers:
        self.acked += _all_good(answers).good
        return answers


def figures(*, quick: bool) -> list[Figure]:
    """Take all figures of one hub, then prove that it lost nothing meanwhile."""
    seconds, rounds = (1.0, 2) if quick else (4.0, 5)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = stack.enter_context(throwaway_postgres())
        rig = stack.enter_context(_rig(server, folder))
        empty = stack.enter_context(_empty_endpoint())
        peer = _peer(server)
        paid, pgbench = medians(
            interleaved([lambda: rig.closed(seconds), lambda: _pgbench(peer, seconds)], rounds)
        )
        late = statistics.median([rig.at_rate(paid / 2, seconds) for _ in range(rounds + 1)][1:])
        asked, answered = medians(
            interleaved([lambda: rig.queries(seconds / 2), lambda: _empty(empty, seconds / 2)], rounds)
        )
        _gate(rig)
        print(
            f"bench: the sender took {statistics.median(rig.share):.0%} of a core; {rig.acked} payments are booked"
        )
    return [
        at_least("hub: durable payments", paid, "/s", "pgbench, same statements", pgbench, 0.3),
        within("hub: payment p99 at half load", 1000 * late, "ms", "budget", 50),
        at_least("hub: bill queries", asked, "/s", "empty endpoint", answered, 0.3),
    ]


@contextmanager
def _rig(server: str, folder: Path) -> Iterator[Rig]:
    """Start a hub on a seeded database of its own."""
    url = _database(server, "hub", "template1")
    key = secrets.token_bytes(32)
    power_hub("seed", "--accounts", "2000", "--database", url)
    key_file = write_test_key(folder / "terminal.key", key)
    power_hub("terminal", "add", TERMINAL, "--key", str(key_file), "--site", "bench", "--database", url)
    # The peer's copy is taken before anyone is connected.
    _database(server, "peer", "hub")
    with psycopg.connect(url) as connection:
        accounts = [row[0] for row in connection.execute(OPEN_MONTHS, (AMOUNT_FEN, PAYERS))]
    hub = HubProcess(url)
    try:
        client = HubClient(hub.url, TERMINAL, key)
        quotes = {account: str(client.quote(account)["id"]) for account in accounts}
        client.close()
        yield Rig(url, int(hub.url.rpartition(":")[2]), Sender(TERMINAL, key), quotes)
    finally:
        hub.stop()


def _database(server: str, name: str, template: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.replace("/postgres?", f"/{name}?")


def _peer(server: str) -> str:
    url = server.replace("/postgres?", "/peer?")
    script = (HERE / "pgbench_accounts.sql").read_text("utf-8").replace(":accounts", str(PAYERS))
    with psycopg.connect(url) as connection:
        connection.execute(script)
    return url


def _pgbench(url: str, seconds: float) -> float:
    """Payments a second of pgbench with prepared statements."""
    command = [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1"]
    command += ["-T", str(round(seconds)), "-D", f"accounts={PAYERS}"]
    command += ["-f", str(HERE / "pgbench_payment.sql"), url]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r"^tps = ([\d.]+)", told.stdout, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", told.stdout, re.MULTILINE)
    if told.returncode or found is None or (failed and failed[1] != "0"):
        raise GateError(f"pgbench: {told.stdout}{told.stderr}")
    return float(found[1])


@contextmanager
def _empty_endpoint() -> Iterator[int]:
    """An endpoint of the same framework that does nothing, served as the hub is; gives its port."""
    sock = tcp_socket("127.0.0.1", 0)
    port: int = sock.getsockname()[1]
    process = multiprocessing.get_context("fork").Process(target=_serve_empty, args=(sock,))
    process.start()
    sock.close()
    try:
        yield port
    finally:
        process.terminate()
        process.join(10)


def _serve_empty(sock: socket.socket) -> None:
    import uvicorn
    from litestar import Litestar, get

    @get("/")
    async def nothing() -> dict[str, str]:
        return {}

    app = Litestar([nothing], openapi_config=None, logging_config=None)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[sock])


def _empty(port: int, seconds: float) -> float:
    request = repeated(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
    return _all_good(asyncio.run(closed_loop(port, request, b"200", CONNECTIONS, seconds))).rate


def _all_good(answers: Answers) -> Answers:
    if answers.others or not answers.good:
        raise GateError(f"{answers.good} good answers, others: {answers.others}")
    return answers


def _gate(rig: Rig) -> None:
    """Every confirmed payment is booked, no other is, and the books balance."""
    with psycopg.connect(rig.url) as connection:
        row = connection.execute(
            "SELECT count(*), coalesce(sum(p.amount_fen), 0) FROM payments p "
            "JOIN transactions t ON t.id = p.transaction_id AND t.reference = p.id"
        ).fetchone()
    if row is None or (row[0], int(row[1])) != (rig.acked, rig.acked * AMOUNT_FEN):
        raise GateError(f"{rig.acked} payments were acknowledged, the ledger holds {row}")
    power_hub("check", "--database", rig.url)
