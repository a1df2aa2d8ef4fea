"""A QR acquirer on a real wire, and the phone desk of one hub process before it, as several tests use them."""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import create_engine, select, text

from drivers.security.sealed import seal
from hub.business.forms import ClaimOrder, Quote, QuoteOrder, ReversalOrder
from hub.business.phone_rules import PhoneRecord
from hub.business.tender_forms import Phone, PhoneClosing, PhoneOrder
from hub.composition.booking import Booking
from hub.composition.card_counter import NoCards
from hub.composition.card_secrets import VaultSecrets
from hub.composition.desk import Desk
from hub.composition.phone_desk import PhoneDesk
from hub.composition.phone_keeper import PhoneKeeper
from hub.composition.vault import Vault
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.keys_bench import BenchStore
from hub.data.phones import PhoneOrders, listed
from hub.data.schema import legs
from hub.data.store import Store
from hub.data.wallet import Wallet
from hub.data.wallet_file import read_wallet_file
from hub.serve import acquirer_of, billing_of_own_books
from simulators.control import ControlClient
from tools.hub_process import new_id, write_test_key

KEY = bytes(range(7, 39))
MERCHANT = "M0399"
PATIENCE_S = 40.0
_payers = itertools.count()
TERMINAL = "kiosk-1"


class FarEnd:
    """A running acquirer; its books and its port outlast `kill` and `start`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key_file = write_test_key(folder / "wallet.key", KEY)
        self._port = 0
        self.start()

    def start(self) -> None:
        control = self.folder / "wallet.socket"
        files = ["--books", self.folder / "wallet.sqlite", "--key", self.key_file, "--control", control]
        command = [sys.executable, "-m", "simulators.wallet", *map(str, files), "--merchant", MERCHANT]
        control.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*command, "--port", str(self._port)], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"the acquirer did not start: {line!r}")
        self.url = line.split()[-1]
        self._port = int(self.url.rpartition(":")[2])
        self.do = ControlClient(control)

    def kill(self) -> None:
        self.do.close()
        self.process.kill()
        self._end()

    def stop(self) -> int:
        self.do.close()
        self.process.terminate()
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def order(self, order_no: str) -> dict[str, Any]:
        """What the acquirer's own books have of an order; nothing where it has none."""
        found = [each for each in self.do("books")["orders"] if each["order_no"] == order_no]
        return found[0] if found else {}

    def settings(self, folder: Path, **changes: object) -> Path:
        """Write the settings of a hub for this acquirer."""
        values = {"url": self.url, "merchant": MERCHANT, "key_file": str(self.key_file)} | changes
        lines = [
            f"{name} = {value if isinstance(value, int | float) else repr(value)}"
            for name, value in values.items()
        ]
        file = folder / f"wallet-{new_id()[:6]}.toml"
        file.write_text(
            "\n".join((*lines, "[title]", 'zh = "钱包"', 'en = "Wallet"')) + "\n", encoding="utf-8"
        )
        return file


class Till:
    """The phone desk, keeper and kiosks' desk of one hub process, in the test's own event loop."""

    def __init__(self, books: Any, far_end: FarEnd, settings: Path, *, works: bool = True) -> None:
        self.books, self.far_end, self._settings, self._works = books, far_end, settings, works
        self.ahead = 0.0
        # A look of the test's own, which waits for nobody: the loop that it stands in may hold SQLite's one writer.
        self._reader = create_engine(sync_engine(books.url).url)

    async def __aenter__(self) -> Self:
        self.database = Database(self.books.url)
        self.wallet = Wallet(read_wallet_file(self._settings), KEY)
        store = BenchStore(None, {}, bench=True)
        self._seal_key, self._vault = store.seal_public(), Vault(store)
        billing, day = billing_of_own_books(), self.books.day
        booking = Booking(Store, billing, day, NoCards())
        self.keeper = PhoneKeeper(
            self.database, Store, PhoneOrders, booking, self.clock, day, acquirer_of(self.wallet)
        )
        codes = VaultSecrets(self._vault)
        self.phones = PhoneDesk(self.database, Store, PhoneOrders, self.keeper, self.clock, codes)
        self.desk = Desk(self.database, Store, billing, self.clock, day, "1")
        self._work = asyncio.create_task(self.keeper.work()) if self._works else None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
        self._reader.dispose()
        await self.wallet.close()
        self._vault.close()
        await self.database.close()

    def clock(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.ahead, UTC)

    async def account_no(self) -> str:
        """The number of a new account that owes 80 yuan."""
        made = await asyncio.to_thread(self.books.account, (8000,))
        return str(made.account_no)

    async def change(self, before: str, after: str) -> None:
        """Change all orders as nobody but a test does."""

        def changed() -> None:
            with self.books.engine.begin() as connection:
                query = text("UPDATE phone_orders SET content = replace(content, :before, :after)")
                connection.execute(query, {"before": before, "after": after})

        await asyncio.to_thread(changed)

    def rows(self, table: str) -> list[Any]:
        with self._reader.connect() as connection:
            return list(connection.exec_driver_sql(f"SELECT * FROM {table}"))

    async def quote(self, account_no: str, business: str = "arrears", tender: str = "qr") -> Quote:
        order = QuoteOrder(account_no=account_no, business=business, months=(), tender=tender)  # type: ignore[arg-type]
        reply = await self.desk.quote(TERMINAL, new_id(), order)
        return msgspec.json.decode(reply.body, type=Quote)

    async def content(self, account_no: str, amount_fen: int = 5000, **changes: Any) -> PhoneOrder:
        order = PhoneOrder(
            account_no=account_no,
            quote_id=(await self.quote(account_no)).id,
            business="arrears",
            months=(),
            kiosk_no=1,
            business_date=date(2026, 11, 22),
            made_at=datetime(2026, 11, 22, 4, tzinfo=UTC),
            reference="AAAA-BBBB",
            amount_fen=amount_fen,
        )
        return msgspec.structs.replace(order, **changes)

    def sealed(self, payer_code: str = "", terminal: str = TERMINAL) -> str:
        """A payer's code, by default one that nobody has used, as the kiosk seals it."""
        key = self._seal_key
        payer_code = payer_code or new_payer_code()
        return seal(
            {"kty": "EC", "crv": "P-256", "x": key.x, "y": key.y}, key.kid, terminal, "payer_code", payer_code
        )

    async def opened(self, amount_fen: int = 5000, order_id: str = "", **changes: Any) -> Phone:
        """Open an order of an account of its own, which owes 80 yuan."""
        account = changes.pop("account_no", "") or await self.account_no()
        order = await self.content(account, amount_fen, **changes)
        return await self.phones.order(TERMINAL, order_id or new_id(), order)

    async def paid_late(self) -> str:
        """Open and close an order, and let money come for it all the same."""
        phone = await self.opened()
        assert (await self.closed(phone.id)).status == "closed"
        self.far_end.do("pay_late", order_no=phone.id)
        return phone.id

    async def closed(self, order_id: str, amount_fen: int = 5000) -> Phone:
        closing = PhoneClosing(amount_fen=amount_fen, made_at=self.clock())
        return await self.phones.close_order(TERMINAL, order_id, closing)

    async def look(self, order_id: str, wait_s: float = 0.0) -> Phone:
        return await self.phones.look(TERMINAL, order_id, wait_s)

    async def reverse(self, payment_id: str, amount_fen: int = 5000) -> Any:
        order = ReversalOrder(
            payment_id=payment_id, amount_fen=amount_fen, reason="delivery_failed", made_at=self.clock()
        )
        reply = await self.desk.reverse(TERMINAL, new_id(), order)
        return msgspec.json.decode(reply.body)

    async def claim(self, payment_id: str) -> None:
        order = ClaimOrder(
            reference="AAAA-CCCC",
            payment_id=payment_id,
            account_no=None,
            amount_fen=0,
            memo_fen=5000,
            reason="unanswered",
            notes=(),
            made_at=self.clock(),
        )
        await self.desk.claim(TERMINAL, new_id(), order)

    def record(self, order_id: str) -> PhoneRecord:
        with self._reader.connect() as connection:
            return next(each for each in listed(connection, unsettled=False) if each.id == order_id)

    async def until_state(self, order_id: str, *states: str) -> PhoneRecord:
        await until(lambda: self.record(order_id).state in states)
        return self.record(order_id)

    def account(self, name: str) -> int:
        """What a ledger account has, in fen."""
        with self._reader.connect() as connection:
            return sum(connection.scalars(select(legs.c.amount_fen).where(legs.c.account == name)))

    def bookings(self, order_id: str) -> list[str]:
        with self._reader.connect() as connection:
            query = text("SELECT kind FROM transactions WHERE reference = :id ORDER BY id")
            return list(connection.scalars(query, {"id": order_id}))


def new_payer_code() -> str:
    return f"28{next(_payers):016d}"


async def until(true: Callable[[], object]) -> None:
    """Wait for a condition, with patience."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.05)


Story = Callable[[Till], Awaitable[None]]
