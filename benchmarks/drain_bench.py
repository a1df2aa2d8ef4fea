"""What piled up while the hub was gone: how fast a kiosk hands it over, against the same requests one by one.

The journal is made with payments that have a slip "being checked"; then the real core, journal and hub lanes start on
it beside a real hub on PostgreSQL. The peer sends as many payments of the same content over one kept connection,
signed, with no journal and no decision: what hub and line alone take.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path

import sqlalchemy

from benchmarks.figures import Figure, GateError, at_least, interleaved, medians
from hub.data.engine import sync_engine
from kiosk.config import load
from kiosk.core.core import Core
from kiosk.journal.store import Journal
from kiosk.lanes.build import build_hub_lanes
from kiosk.numbers import reference
from kiosk.page import Snapshot
from kiosk.payment import events as ev
from kiosk.runner import Runner, now
from simulators.bench.settings import TERMINAL, kiosk_toml
from tools.hub_process import HubClient as Peer
from tools.hub_process import HubProcess, new_id, power_hub, write_test_key
from tools.postgres import throwaway_postgres

KEY = bytes(range(32))
VALUE_FEN = 1000
PATIENCE_S = 120.0
WANTED_PER_S = 200
OPEN_ACCOUNTS = sqlalchemy.text("SELECT account_no FROM accounts WHERE state = 'open' ORDER BY account_no")
BOOKED = sqlalchemy.text("SELECT count(*) FROM payments WHERE transaction_id IS NOT NULL")


def figures(*, quick: bool) -> list[Figure]:
    """Drain a backlog, and send as much without a kiosk, turn by turn."""
    waiting, rounds = (150, 1) if quick else (600, 3)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        database = stack.enter_context(throwaway_postgres())
        key = write_test_key(folder / "terminal.key", KEY)
        power_hub("seed", "--database", database, "--accounts", "50")
        power_hub("terminal", "add", TERMINAL, "--database", database, "--key", str(key))
        with sync_engine(database).connect() as books:
            accounts = list(books.execute(OPEN_ACCOUNTS).scalars())
        hub = HubProcess(database)
        stack.callback(hub.stop)
        peer = Peer(hub.url, TERMINAL, KEY)
        stack.callback(peer.close)
        orders = _Orders(peer, accounts)
        sides = (lambda: _drain(folder, hub.url, orders, waiting), lambda: _send(peer, orders, waiting))
        taken = interleaved(sides, rounds, warm_up=1)
        with sync_engine(database).connect() as books:
            booked = books.execute(BOOKED).scalar_one()
        if booked != (wanted := len(sides) * (1 + rounds) * waiting):
            # What the hub refuses becomes a claim: handed over fast, and not booked.
            raise GateError(f"the hub has booked {booked} payments of {wanted}")
        kiosk, bare = medians(taken)
    return [
        at_least("backlog drained on loopback", kiosk, "1/s", "messages a second wanted", WANTED_PER_S, 1.0),
        at_least("backlog drained on loopback", kiosk, "1/s", "the same requests, bare", bare, 0.5),
    ]


class _Orders:
    """Prepayments of all accounts in turn: a backlog is of many customers."""

    def __init__(self, peer: Peer, accounts: Sequence[str]) -> None:
        self._peer = peer
        self._accounts = cycle(accounts)

    def quoted(self, count: int) -> list[tuple[str, str]]:
        """Give so many accounts, each with the id of a quote for it."""
        return [
            (account, str(self._peer.quote(account, business="prepay")["id"]))
            for account in islice(self._accounts, count)
        ]


def _drain(folder: Path, url: str, orders: _Orders, waiting: int) -> float:
    """Give payments a second from the start of a kiosk with a backlog to its end."""
    path = folder / f"{uuid.uuid4().hex}.sqlite"
    settings = folder / "kiosk.toml"
    settings.write_text(kiosk_toml(url, folder, changes={"journal": {"path": str(path)}}), encoding="utf-8")
    config = load(settings)
    journal = Journal(path)
    for number, (account, quote) in enumerate(orders.quoted(waiting), 1):
        journal.append(_unanswered(number, account, quote), now().stamp)
    core = Core(config, journal.recover(), lambda: uuid.uuid4().hex, now())
    drained = threading.Event()

    def shown(_: Snapshot) -> None:
        """Nobody looks."""

    runner = Runner(
        core, journal, lambda tell: build_hub_lanes(config, KEY, tell), shown, lambda: os._exit(70)
    )
    began = time.monotonic()
    runner.start()
    try:
        while runner.pulse.open_payments:
            if time.monotonic() > began + PATIENCE_S:
                raise GateError(f"{runner.pulse.open_payments} of {waiting} payments are still open")
            drained.wait(0.005)
        took = time.monotonic() - began
    finally:
        runner.stop()
    return waiting / took


def _send(peer: Peer, orders: _Orders, count: int) -> float:
    """Give payments a second of the bare requests."""
    bare = [
        peer.payment_order(account, VALUE_FEN, quote, business="prepay")
        for account, quote in orders.quoted(count)
    ]
    began = time.monotonic()
    for order in bare:
        if peer.put(f"/v1/payments/{new_id()}", order).status_code != 201:
            raise GateError("a payment was refused")
    return count / (time.monotonic() - began)


def _unanswered(number: int, account_no: str, quote_id: str) -> Sequence[ev.AnyEvent]:
    """Everything that the journal holds of a payment whose customer left with the slip "being checked"."""
    key, note, job, at = new_id(), new_id(), new_id(), now().stamp
    return (
        ev.PaymentOpened(
            key=key,
            kiosk_no=number,
            business="prepay",
            account=ev.AccountFacts(account_no, "*户", "**"),
            quote=ev.QuoteFacts(quote_id, (), 0, 500_000, at),
            lang="zh",
            at=at,
        ),
        ev.NoteIntended(key=key, note_id=note, note_type=1, value_fen=VALUE_FEN),
        ev.NoteStacked(key=key, note_id=note, value_fen=VALUE_FEN),
        ev.PayRequested(key=key, by="customer"),
        ev.CreditSending(key=key, attempt=1, amount_fen=VALUE_FEN, taken_at=at, business_date=at[:10]),
        ev.CreditUnknown(key=key, attempt=1, sent=True, reason="timeout"),
        ev.CheckingPromised(key=key, reference=reference(key)),
        ev.SlipIntended(key=key, job=job, slip="checking"),
        ev.SlipPrinted(key=key, job=job),
    )
