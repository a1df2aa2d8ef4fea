"""The hub as a card switch: sales by bank card a second, from the kiosk's request to its booking, on PostgreSQL.

A real `power-hub serve` with every check on, a real bank behind TCP that checks MAC, PIN and trace number of each sale
and keeps its own books, and many kiosks. Each sale is sealed by the kiosk, opened by the hub's key store, durable
before the bank hears of it, MACed, answered, booked. The peer is pyiso8583 alone: the four codings of messages that a
sale takes in the hub and the bank (each side makes one and reads one), in a process that does nothing else.

Afterwards hub and bank must agree on every fen: what the bank took is what the hub has booked, and nothing is open.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import iso8583
import msgspec

from benchmarks.figures import Figure, GateError, at_least, interleaved, medians
from benchmarks.hub_load import Sender, closed_loop
from drivers.bank.elements import pin_block
from drivers.bank.mac import encrypt
from drivers.bank.message import Message, decode, encode
from drivers.bank.spec import SPEC
from drivers.bank.working_keys import unwrap
from drivers.security.bench_keys import bank_key
from drivers.security.sealed import seal
from hub.composition.terminals import add_terminal
from hub.data.bank_terminals import add_bank_terminal
from hub.data.engine import sync_engine
from hub.data.keys_bench import BenchStore
from simulators.bank_host import LaunchedBank, launched_bank
from simulators.banks.cards import Card, bench_cards
from tools.hub_process import HubClient, HubProcess, new_id, power_hub, write_test_key
from tools.postgres import throwaway_postgres

TERMINALS = 48
CONNECTIONS = 12
AMOUNT_FEN = 100
MERCHANT = "104440000000001"
LEAST = 0.008
"""A coding takes microseconds and a sale three durable transactions, two signatures, a JWE and the bank's own work."""
ACQUIRERS = """
[acquirer.bank_a]
title = {{ zh = "示例银行甲", en = "Sample Bank A" }}
host = "127.0.0.1"
port = {port}
merchant_no = "{merchant}"
tpdu = "6000030000"
header = "603100311903"
mac = "ecb_up"
double_mak = false
ranges = [{{ prefix = "621214", length = 19 }}]
"""


@dataclass
class Kiosk:
    """One terminal with its own number and keys at the bank."""

    sender: Sender
    client: HubClient
    tid: str
    account_no: str
    pik: bytes = b""


@dataclass
class Rig:
    """Hub, bank and kiosks; `sold` counts the sales that the hub confirmed."""

    url: str
    port: int
    bank: LaunchedBank
    kiosks: list[Kiosk]
    card: Card
    jwk: dict[str, str] = field(default_factory=dict)
    kid: str = ""
    sold: int = 0

    def sales(self, seconds: float, most: int) -> float:
        """Sales a second; each kiosk has one under way at a time, as its customers do."""
        requests = [self._sale(self.kiosks[number % TERMINALS]) for number in range(most)]
        answers = asyncio.run(closed_loop(self.port, requests, b"201", CONNECTIONS, seconds))
        if answers.others or not answers.good:
            raise GateError(f"{answers.good} sales, others: {answers.others}")
        self.sold += answers.good
        return answers.rate

    def _sale(self, kiosk: Kiosk) -> bytes:
        route_id, quote_id = new_id(), new_id()
        asked = {"prefix": self.card.pan[:6], "length": len(self.card.pan), "amount_fen": AMOUNT_FEN}
        route = kiosk.client.put(f"/v1/routes/{route_id}", asked).json()
        if not kiosk.pik:
            kiosk.pik = unwrap(bank_key("bank_a", kiosk.tid), bytes.fromhex(route["pin_key"]["wrapped"]))
        quote = {"account_no": kiosk.account_no, "business": "prepay", "months": [], "tender": "bank_card"}
        kiosk.client.put(f"/v1/quotes/{quote_id}", quote)
        block = encrypt(kiosk.pik, pin_block(self.card.pin, self.card.pan))
        card = {"pan": self.card.pan, "expiry": self.card.expiry, "pin_block": block.hex().upper()}
        order = {
            "account_no": kiosk.account_no,
            "quote_id": quote_id,
            "business": "prepay",
            "months": [],
            "kiosk_no": 1,
            "business_date": "2026-01-01",
            "made_at": datetime.now(UTC),
            "reference": "AAAA-BBBB-CCCC",
            "amount_fen": AMOUNT_FEN,
            "route_id": route_id,
            "sealed": seal(self.jwk, self.kid, kiosk.sender.terminal, "bank_card", json.dumps(card)),
        }
        return kiosk.sender.request("PUT", f"/v1/sales/{new_id()}", msgspec.json.encode(order))

    def gate(self) -> None:
        """The bank took what the hub has booked, and nothing is on its way."""
        books = self.bank.do("books")["books"]
        taken = sum(of_one["taken_fen"] for of_one in books.values())
        if taken != self.sold * AMOUNT_FEN:
            raise GateError(f"{self.sold} sales were confirmed, the bank took {taken} fen")
        power_hub("check", "--database", self.url)


def alone(seconds: float) -> float:
    """Sales a second that pyiso8583's own part would allow: two messages made, two read."""
    sale = Message(
        "0200",
        {
            2: "6212140000000000018",
            3: "000000",
            4: "000000000100",
            11: "000001",
            14: "3012",
            22: "051",
            25: "00",
            26: "12",
            41: "90000001",
            42: MERCHANT,
            49: "156",
            52: "AF5DABE4951A8715",
            53: "2600000000000000",
            60: "22000001000500",
        },
    )
    answer = Message("0210", {3: "000000", 4: "000000000100", 11: "000001", 37: "000000000001", 39: "00"})
    raw = [encode(message, None) for message in (sale, answer)]
    documents = [iso8583.decode(each, spec=SPEC)[0] for each in raw]
    assert [decode(each).mti for each in raw] == ["0200", "0210"]
    done, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < seconds:
        for document in documents:
            made, _ = iso8583.encode(document, spec=SPEC)
            iso8583.decode(made, spec=SPEC)
        done += 1
    return done / took


def figures(*, quick: bool) -> list[Figure]:
    """Take the figure, then compare the books of hub and bank."""
    seconds, rounds = (1.0, 2) if quick else (3.0, 5)
    most = int(seconds * 150)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        rig = stack.enter_context(_rig(stack.enter_context(throwaway_postgres()), folder))
        sold, peer = medians(interleaved([lambda: rig.sales(seconds, most), lambda: alone(seconds)], rounds))
        rig.gate()
    return [at_least("hub: sales by bank card", sold, "/s", "pyiso8583 alone", peer, LEAST)]


@contextmanager
def _rig(url: str, folder: Path) -> Iterator[Rig]:
    card = bench_cards("bank_a")["rich"]
    with launched_bank(folder, speed=1000.0) as bank:
        settings = folder / "acquirers.toml"
        settings.write_text(ACQUIRERS.format(port=bank.port, merchant=MERCHANT), encoding="utf-8")
        power_hub("seed", "--accounts", "200", "--database", url)
        keys = {f"bench-{number:02d}": secrets.token_bytes(32) for number in range(TERMINALS)}
        engine = sync_engine(url)
        with engine.begin() as connection:
            for number, (terminal, key) in enumerate(keys.items()):
                now, key_file = datetime.now(UTC), write_test_key(folder / f"{terminal}.key", key)
                add_terminal(connection, terminal, key_file, "bench", now)
                add_bank_terminal(connection, "bank_a", terminal, f"9{number:07d}", MERCHANT, now)
        engine.dispose()
        hub = HubProcess(url, "--acquirers", str(settings))
        kiosks = [
            Kiosk(Sender(terminal, key), HubClient(hub.url, terminal, key), f"9{number:07d}", "")
            for number, (terminal, key) in enumerate(keys.items())
        ]
        try:
            for kiosk, account_no in zip(kiosks, _accounts(url), strict=False):
                kiosk.account_no = account_no
            public = BenchStore(None, {}, bench=True).seal_public()
            jwk = {"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y}
            port = int(hub.url.rpartition(":")[2])
            yield Rig(url, port, bank, kiosks, card, jwk, public.kid)
        finally:
            for kiosk in kiosks:
                kiosk.client.close()
            hub.stop()


def _accounts(url: str) -> list[str]:
    import psycopg

    with psycopg.connect(url) as connection:
        query = "SELECT account_no FROM accounts WHERE state = 'open' ORDER BY account_no LIMIT %s"
        return [row[0] for row in connection.execute(query, (TERMINALS,))]
