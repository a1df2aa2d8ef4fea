"""Puts one hub process together and runs it until it is told to stop."""

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvicorn
import uvloop
from litestar.types import ASGIApp

from drivers.security import core_dumps
from hub.access.app import create_app
from hub.access.gate import NOTICES, Gate
from hub.access.listen import tcp_socket
from hub.access.signatures import WINDOW
from hub.access.whole import WholeMessages
from hub.business.billing import Billing
from hub.composition.bank_side import BankSide
from hub.composition.booking import Booking
from hub.composition.card_counter import CardCounter
from hub.composition.card_desk import CardDesk
from hub.composition.card_secrets import VaultSecrets
from hub.composition.desk import Desk
from hub.composition.identity_desk import IdentityDesk
from hub.composition.keys import read_key
from hub.composition.phone_desk import PhoneDesk
from hub.composition.phone_keeper import PhoneKeeper
from hub.composition.phone_notices import Notices
from hub.composition.phone_ports import Acquirer
from hub.composition.recharge_desk import RechargeDesk
from hub.composition.sale_book import SaleBook
from hub.composition.sign_on import SignOns
from hub.composition.switch import Books
from hub.composition.terminals import Terminals
from hub.composition.vault import Vault
from hub.data.books import OwnBooks
from hub.data.card_layouts import card_layouts
from hub.data.cards import CardStore
from hub.data.database import Database
from hub.data.direct import Conversation
from hub.data.engine import require_durable, sync_engine
from hub.data.fields import seal_old_fields
from hub.data.keys_settings import open_key_store
from hub.data.keystore import KeyStore
from hub.data.migrate import migrate
from hub.data.phones import PhoneOrders
from hub.data.recharge import RechargeStore
from hub.data.sales import Sales
from hub.data.seen import SeenInFile, seen_requests_of
from hub.data.store import Store
from hub.data.tariff_file import read_tariffs
from hub.data.wallet import Wallet
from hub.data.wallet_file import read_wallet_file
from hub.data.working_keys import WorkingKeys
from hub.settings import Settings

log = logging.getLogger("hub")
Clock = Callable[[], datetime]
KEPT_S = 330
"""How long an idle connection is kept: a kiosk on a mobile line asks every 300 s and should find its own."""
STOP_S = 10
"""How long the end of the program waits for requests that have begun."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_books(url: str, keys: KeyStore | None = None) -> None:
    """Make sure that the database is durable, has the newest schema and, given the keys, no field in clear."""
    engine = sync_engine(url)
    try:
        with engine.connect() as connection:
            require_durable(connection)
        migrate(engine)
        if keys is not None and (sealed := seal_old_fields(engine, keys)):
            log.warning("encrypted the phones of %d accounts", sealed)
    finally:
        engine.dispose()


def billing_of_own_books() -> Callable[[Conversation], Billing]:
    """The billing port's default adapter, with the late-fee rules of the tariff files."""
    tariffs = read_tariffs()
    return lambda connection: OwnBooks(connection, lambda tariff, on: tariffs.in_force(tariff, on).late_fee)


def open_wallet(settings: Settings) -> Wallet | None:
    """The QR acquirer that the settings name; raises WalletFileError and KeyFileError."""
    if settings.wallet is None:
        return None
    found = read_wallet_file(settings.wallet)
    return Wallet(found, read_key(Path(found.key_file), bench=settings.bench))


def acquirer_of(wallet: Wallet | None) -> Acquirer | None:
    """The provider as the phone desk uses it."""
    if wallet is None:
        return None
    return Acquirer(wallet, wallet.settings.policy, wallet.settings.shown, wallet.settings.deadline_s)


class Hub:
    """The parts of one hub process."""

    def __init__(self, settings: Settings, keys: KeyStore | None, clock: Clock = utc_now) -> None:
        self.database = Database(settings.database)
        # A signature may be as much too young as it may be too old, so an attempt can come back for twice that.
        self.seen = seen_requests_of(self.database, 2 * WINDOW)
        self.vault = Vault(keys)
        terminals = Terminals(self.database, settings.keys, self.vault, bench=settings.bench)
        billing = billing_of_own_books()
        counter = CardCounter(CardStore, settings.card_limits)
        card_keys = VaultSecrets(self.vault)
        self.wallet = open_wallet(settings)
        self.keeper = PhoneKeeper(
            self.database,
            Store,
            PhoneOrders,
            Booking(Store, billing, settings.day, counter),
            clock,
            settings.day,
            acquirer_of(self.wallet),
        )
        phones = PhoneDesk(self.database, Store, PhoneOrders, self.keeper, clock, card_keys)
        notices = Notices(self.keeper, self.wallet.signer, NOTICES, time.time) if self.wallet else None
        self._keeping: asyncio.Task[None] | None = None
        desk = Desk(
            self.database,
            Store,
            billing,
            clock,
            settings.day,
            version("power-kiosk"),
            cards=counter,
            sales=SaleBook(Sales),
        )
        cards = CardDesk(
            self.database,
            CardStore,
            billing,
            clock,
            settings.day,
            card_keys,
            card_layouts(),
            settings.card_limits,
        )
        identities = IdentityDesk(
            self.database, CardStore, billing, clock, settings.day, card_keys, settings.identity_limits
        )
        recharge = RechargeDesk(
            self.database,
            Store,
            RechargeStore,
            billing,
            Booking(Store, billing, settings.day, counter),
            clock,
            settings.day,
            card_keys,
            settings.recharge_limits,
        )
        sign_ons = SignOns(
            self.database, WorkingKeys, self.vault, clock, secrets.token_bytes, settings.key_life
        )
        self.banks: BankSide | None = None
        if settings.acquirers:
            books = Books(self.database, Store, Sales, billing, clock, settings.day)
            booking = Booking(Store, billing, settings.day, counter)
            self.banks = BankSide(books, settings.acquirers, self.vault, booking)
        app: ASGIApp = create_app(
            desk,
            sign_ons=sign_ons,
            cards=cards,
            identities=identities,
            switch=self.banks.switch if self.banks else None,
            phones=phones,
            notices=notices,
            recharge=recharge,
        )
        self.gate = Gate(app, terminals, self.seen, clock)  # type: ignore[arg-type]  # Litestar types ASGI closer

    def begin(self) -> None:
        """Begin what goes on beside requests; ended by `close`."""
        if self.banks is not None:
            self.banks.begin()
        if self.wallet is not None:
            self._keeping = asyncio.get_running_loop().create_task(self.keeper.work())

    async def close(self) -> None:
        if self.banks is not None:
            await self.banks.close()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self.wallet is not None:
            await self.wallet.close()
        if isinstance(self.seen, SeenInFile):
            self.seen.close()
        self.vault.close()
        await self.database.close()


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to `run`."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, keys: KeyStore | None, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; call `ready` with the address once requests are answered."""
    sock = tcp_socket(settings.host, settings.port)
    host, port = sock.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    hub = Hub(settings, keys)
    config = uvicorn.Config(
        hub.gate,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody asks where a request came from: its signature counts
        date_header=False,  # each signature says when it was made, and a mobile line pays for every byte
        http=WholeMessages,
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=STOP_S,
    )
    server = _Server(config, lambda: ready(address))

    def stop() -> None:
        server.should_exit = True
        hub.keeper.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    hub.begin()
    try:
        await server.serve(sockets=[sock])
    finally:
        await hub.close()


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Open the books, then run the hub."""
    core_dumps.off()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keys = open_key_store(settings.key_store, bench=settings.bench)
    open_books(settings.database, keys)
    if keys is None:
        log.warning("no key store: no sign-on, no meter cards, nothing sealed is opened (--key-store)")
    uvloop.run(run(settings, keys, ready))
