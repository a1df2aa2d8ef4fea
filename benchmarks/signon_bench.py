"""The hub's sign-ons a second: a real hub on PostgreSQL, its keys in SoftHSM2, many terminals at once.

A power cut in a region ends in all its kiosks signing on within the same minute. Requests are signed beforehand with
keys that the terminals' own modules would derive. The peer is what the key store alone takes for the same sign-ons, in
a process that does nothing else: it is the part that a faster module would make faster. Afterwards each confirmed
sign-on must have a working key in the database that the terminal can unwrap.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, GateError, at_least, interleaved, medians, within
from benchmarks.hub_load import Sender, closed_loop
from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import check_value, start_key, unwrap, working_check
from hub.composition.terminals import add_terminal
from hub.data.engine import sync_engine
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyCabinet
from hub.data.migrate import migrate
from hub.data.schema import working_keys
from tools.hub_process import HubProcess, new_id
from tools.postgres import throwaway_postgres
from tools.softhsm import softhsm

TERMINALS = 200
CONNECTIONS = 16
NONCE = 16
LEAST = 0.15
"""Besides the key store there are HTTP, a signature each way and two rows made durable; measured: 0.17 to 0.19."""


@dataclass
class Rig:
    """A hub under sign-ons; `given` counts those that it confirmed."""

    url: str
    port: int
    store: KeyCabinet
    masters: dict[str, bytes]
    given: int = 0
    turn: int = 0

    def sign_ons(self, seconds: float) -> float:
        """Sign-ons a second with all connections busy."""
        requests = [self._request() for _ in range(int(seconds * 1500))]
        answers = asyncio.run(closed_loop(self.port, requests, b"201", CONNECTIONS, seconds))
        if answers.others or not answers.good:
            raise GateError(f"{answers.good} sign-ons, others: {answers.others}")
        self.given += answers.good
        return answers.rate

    def _request(self) -> bytes:
        self.turn += 1
        terminal = f"bench-{self.turn % TERMINALS}"
        master, nonce = self.masters[terminal], secrets.token_bytes(NONCE)
        order = {
            "scheme": "3des",
            "nonce": nonce.hex(),
            "master_check": check_value(TRIPLE_DES, master).hex(),
        }
        sender = Sender(terminal, start_key(TRIPLE_DES, master, nonce), f"{terminal}.m.{nonce.hex()}")
        return sender.request("PUT", f"/v1/sign-ons/{new_id()}", msgspec.json.encode(order))

    def alone(self, seconds: float) -> float:
        """The key store's calls of so many sign-ons a second, with nothing else between them."""
        done, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            terminal = f"bench-{done % TERMINALS}"
            self.store.terminal_start_key(terminal, secrets.token_bytes(NONCE))
            self.store.terminal_key(terminal)
            self.store.wrap_working_key(terminal, secrets.token_bytes(32))
            self.store.seal_public()
            done += 1
        return done / took

    def gate(self) -> None:
        """Every confirmed sign-on left a key that its terminal can use."""
        engine = sync_engine(self.url)
        with engine.connect() as connection:
            rows = connection.execute(working_keys.select()).all()
        engine.dispose()
        if len(rows) != self.given:
            raise GateError(f"{self.given} sign-ons were confirmed, {len(rows)} keys are kept")
        for row in rows:
            key = unwrap(TRIPLE_DES, self.masters[row.terminal], row.wrapped)
            if working_check(key).hex() != row.check:
                raise GateError(f"{row.terminal} cannot use its key {row.key_no}")


def figures(*, quick: bool) -> list[Figure]:
    """Take the figure, then look at every key that was given."""
    seconds, rounds = (1.0, 2) if quick else (3.0, 5)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        rig = stack.enter_context(_rig(stack.enter_context(throwaway_postgres()), folder))
        sides = [lambda: rig.sign_ons(seconds), lambda: rig.alone(seconds)]
        given, alone = medians(interleaved(sides, rounds))
        rig.gate()
    return [
        at_least("hub: sign-ons", given, "/s", "SoftHSM2's part of them alone", alone, LEAST),
        within("hub: a thousand kiosks signed on after a power cut", 1000 / given, "s", "budget", 60),
    ]


@contextmanager
def _rig(server: str, folder: Path) -> Iterator[Rig]:
    url = server
    settings = softhsm().token(f"bench-{folder.name}")
    store = open_key_store(settings, bench=False)
    if store is None:
        raise GateError("no key store")
    store.init()
    masters = {f"bench-{number}": secrets.token_bytes(16) for number in range(TERMINALS)}
    engine = sync_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        for terminal, master in masters.items():
            add_terminal(connection, terminal, None, "bench", datetime.now(UTC))
            store.load_terminal(terminal, "3des", master)
    engine.dispose()
    hub = HubProcess(url, "--key-store", str(settings))
    try:
        yield Rig(url, int(hub.url.rpartition(":")[2]), store, masters)
    finally:
        hub.stop()
        store.close()
