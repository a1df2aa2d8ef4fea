"""The mobile line: bytes of a payment, what a thin line adds to it, megabytes a month.

A real hub and the kiosk's own client in two network namespaces with `simulators.thin_line` between them. Bytes are
those of whole IP packets both ways, acknowledgements included, of one customer's business: account, quote, payment.
They are counted on a line that loses nothing, which is what the budget means, and once more with the seconds, on one
that loses 5 % of the packets: what is lost is paid for and sent again. A month is reckoned over TLS, with a new
connection for each customer.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from benchmarks.figures import Figure, GateError, within
from benchmarks.tls_front import tls_front
from hub.business.numbers import meter_number
from hub.data.engine import sync_engine
from hub.data.seed import add_accounts
from hub.data.town_model import TownAccount, TownBill, TownMeter
from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.line import IDLE_S
from kiosk.hubclient.outcomes import Answer, Outcome
from kiosk.numbers import reference
from simulators.thin_line import Laid, inside, laid
from tools.hub_process import HubProcess, power_hub, write_test_key

TERMINAL = "T0399001"
KEY = bytes(range(32))
NOTES_FEN = (10000, 5000, 2000, 1000)
PAYMENTS_A_MONTH = 100 * 30
BEAT_EVERY_S = 300
BEATS_A_MONTH = 30 * 24 * 3600 // BEAT_EVERY_S
HUB_KEEPS_S = 330
PROBE_BYTES = 2 * 52
SETTLE_S = 0.4
"""Until the last acknowledgement has crossed the quick line, with its delay of 40 ms."""
CLEAN = {"delay_ms": 10, "bits_per_s": 10_000_000, "loss": 0}
THIN = {"delay_ms": 300, "bits_per_s": 20_000, "loss": 0.05, "seed": 1}
CUSTOMERS = {3: 60, 12: 20}
"""How many customers owe so many months."""
W = TypeVar("W")
Connect = Callable[[], HubClient]


@dataclass
class Rig:
    """A hub beyond a line, and customers who owe, by the number of months."""

    line: Laid
    plain: Connect
    secure: Connect
    owing: dict[int, list[str]]
    paid: int = 0
    journal_id: str = field(default_factory=lambda: secrets.token_hex(16))
    known: wire.KnownHead | None = None

    def pay(self, client: HubClient, months: int = 3) -> tuple[float, float, float]:
        """One customer pays all that is owed; gives the seconds of look-up, quote and payment."""
        account_no = self.owing[months].pop()
        began = time.monotonic()
        account = sure(client.account(account_no))
        found = time.monotonic()
        ask = wire.QuoteRequest(account_no=account_no, business="arrears")
        quote = sure(client.put_quote(uuid.uuid4().hex, ask))
        quoted = time.monotonic()
        payment_id = uuid.uuid4().hex
        order = self._order(account, quote, reference(payment_id))
        paid = sure(client.put_payment(payment_id, order))
        if len(account.bills) != months or paid.arrears_after_fen or paid.amount_fen != order.amount_fen:
            raise GateError(f"{account_no} was not paid as meant")
        return found - began, quoted - found, time.monotonic() - quoted

    def _order(self, account: wire.Account, quote: wire.Quote, word: str) -> wire.PaymentRequest:
        self.paid += 1
        amount = -(-quote.due_fen // 1000) * 1000
        notes, left = [], amount
        for value in NOTES_FEN:
            if left >= value:
                notes.append(wire.NoteCount(value_fen=value, count=left // value))
                left %= value
        return wire.PaymentRequest(
            account_no=account.account_no,
            quote_id=quote.id,
            business="arrears",
            amount_fen=amount,
            months=quote.months,
            notes=tuple(notes),
            kiosk_no=self.paid,
            business_date=account.business_date,
            taken_at=datetime.now(UTC),
            reference=word,
        )

    def beat(self, client: HubClient) -> None:
        """Tell the hub where the journal stands, ten rows further than the last time."""
        head = wire.KnownHead(seq=self.known.seq + 10 if self.known else 1000, head=secrets.token_hex(32))
        beat = wire.HeartbeatRequest(
            journal_id=self.journal_id,
            seq=head.seq,
            head=head.head,
            known=self.known,
            open=(),
            backlog=wire.Backlog(count=0, oldest_at=None),
            version="0.1.0",
        )
        if (told := sure(client.put_heartbeat(uuid.uuid4().hex, beat))).verdict != "ok":
            raise GateError(f"the hub finds the journal {told.verdict}")
        self.known = head

    def bytes_of(self, act: Callable[[], object], times: int) -> float:
        """Bytes on the wire of one such act."""
        time.sleep(SETTLE_S)
        before = self.line.crossed()
        for _ in range(times):
            act()
            time.sleep(SETTLE_S)
        return (self.line.crossed() - before) / times


def sure(outcome: Outcome[W]) -> W:
    """The answer; raises GateError when there is none."""
    if not isinstance(outcome, Answer):
        raise GateError(f"the hub did not answer: {outcome}")
    return outcome.body


def figures(*, quick: bool) -> list[Figure]:
    """Count on a line that loses nothing, then take the time on the thin one."""
    rounds = 2 if quick else 5
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _rig(Path(folder)) as rig:
        rig.line.do("set", **CLEAN)
        return [*_bytes(rig, rounds), *_seconds(rig, rounds)]


def _bytes(rig: Rig, rounds: int) -> Iterator[Figure]:
    for name, connect in (("", rig.plain), (", over TLS", rig.secure)):
        with closing(connect()) as client:
            rig.pay(client)
            three = rig.bytes_of(lambda: rig.pay(client), rounds)
            twelve = rig.bytes_of(lambda: rig.pay(client, 12), 2)
            status = rig.bytes_of(lambda: sure(client.status()), rounds)
            rig.beat(client)
            beat = rig.bytes_of(lambda: rig.beat(client), rounds)
        yield within(f"wire: a payment of three months{name}", three, "B", "budget", 4096)
        yield within(f"wire: a payment of twelve months{name}", twelve, "B", "budget", 4096)
    whole = rig.bytes_of(lambda: _visit(rig), rounds)
    month = PAYMENTS_A_MONTH * (whole + HUB_KEEPS_S // IDLE_S * PROBE_BYTES)
    month += BEATS_A_MONTH * (beat + (BEAT_EVERY_S - 1) // IDLE_S * PROBE_BYTES)
    print(f"bench: over TLS a status is {status:.0f} B, a heartbeat {beat:.0f} B", end=", ")
    print(f"a customer's connection and payment {whole:.0f} B")
    yield within("wire: a month, 100 payments a day, a heartbeat in 5 min", month / 1e6, "MB", "budget", 30)


def _visit(rig: Rig) -> None:
    with closing(rig.secure()) as client:
        rig.pay(client)


def _seconds(rig: Rig, rounds: int) -> Iterator[Figure]:
    """Payments on connections that stand; the first ones of each side make it and are left out."""
    with closing(rig.plain()) as far, closing(rig.plain()) as near:
        with inside(rig.line.far):
            rig.pay(near)
        rig.line.do("set", **{**THIN, "loss": 0})
        rig.pay(far)
        # What the kernel has learnt of the time there and back must be this line's, not a quick one's.
        rig.pay(far)
        rig.line.do("set", **THIN)
        thin, local = [], []
        before = rig.line.crossed()
        for _ in range(rounds):
            thin.append(rig.pay(far))
            with inside(rig.line.far):
                local.append(sum(rig.pay(near)))
        time.sleep(2 * SETTLE_S)
        lossy = (rig.line.crossed() - before) / rounds
        lost = sum(way["lost"] for way in rig.line.do("status").values())
        rig.line.do("set", **CLEAN)
    if not lost:
        raise GateError("the thin line has lost nothing")
    print(
        f"bench: with 5 % of the packets lost a payment of three months is {lossy:.0f} B ({lost} packets lost)"
    )
    parts = [statistics.median(part) for part in zip(*thin, strict=True)]
    print("bench: over the thin line look-up {:.1f} s, quote {:.1f} s, payment {:.1f} s".format(*parts))
    added = statistics.median(map(sum, thin)) - statistics.median(local)
    print(f"bench: the slowest of {rounds} took {max(map(sum, thin)):.1f} s")
    yield within("wire: what a thin line adds to a payment", added, "s", "budget", 15)


@contextmanager
def _rig(folder: Path) -> Iterator[Rig]:
    url = f"sqlite:///{folder / 'hub.sqlite'}"
    power_hub("seed", "--accounts", "20", "--database", url)
    key_file = write_test_key(folder / "terminal.key", KEY)
    power_hub("terminal", "add", TERMINAL, "--key", str(key_file), "--database", url)
    owing = _customers(url)
    with ExitStack() as stack:
        line = stack.enter_context(laid(folder))
        with inside(line.far):
            hub = HubProcess(url)
            stack.callback(hub.stop)
            front = stack.enter_context(tls_front(folder, int(hub.url.rpartition(":")[2])))

        def connect(address: str, ca_file: Path | None = None) -> HubClient:
            return HubClient(address, TERMINAL, KEY, connect_s=30, query_deadline_s=60, ca_file=ca_file)

        stack.enter_context(inside(line.near))
        yield Rig(line, lambda: connect(hub.url), lambda: connect(front.url, front.ca_file), owing)


def _customers(url: str) -> dict[int, list[str]]:
    """Write customers into the books who owe; gives their account numbers by the number of months."""
    engine, today = sync_engine(url), datetime.now(UTC).date()
    made = {
        months: [_customer(months * 1000 + number, months) for number in range(count)]
        for months, count in CUSTOMERS.items()
    }
    with engine.begin() as connection:
        for accounts in made.values():
            add_accounts(connection, accounts, today, datetime.now(UTC))
    engine.dispose()
    return {months: [account.account_no for account in accounts] for months, accounts in made.items()}


def _customer(number: int, months: int) -> TownAccount:
    today = datetime.now(UTC).date()
    bills = tuple(
        TownBill(
            month=f"2025-{month:02d}",
            kwh=90 + 7 * number * month % 211,
            lines=(),
            charge_fen=6000 + 137 * number * month % 9001,
            read_on=today - timedelta(days=30),
            issued_on=today - timedelta(days=20),
            due_date=today + timedelta(days=month - 3),
        )
        for month in range(1, months + 1)
    )
    return TownAccount(
        account_no=f"0399{900_000_000_000 + number}",
        name="王小明",
        phone="13900000000",
        address="江城区试验路18号502房",
        supply_unit="漠阳供电局城东供电所",
        usage_class="residential",
        tariff_id="GD-RES-STEP",
        large_household=False,
        state="open",
        opened_on=today.replace(year=2020, day=1),
        closed_on=None,
        balance_fen=0,
        meters=(TownMeter(meter_number(f"9900099{number:014d}"), f"{number:016d}", "postpaid"),),
        bills=bills,
    )
