"""A real hub on SQLite and on PostgreSQL, shared by all tests; each test makes accounts of its own."""

import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Engine, make_url, text

from hub.business.day import Day
from hub.business.numbers import meter_number
from hub.composition.terminals import add_terminal
from hub.data.check import Report, check
from hub.data.engine import sync_engine
from hub.data.migrate import migrate
from hub.data.seed import add_accounts
from hub.data.town_model import (
    AccountState,
    MeterKind,
    TownAccount,
    TownBill,
    TownCard,
    TownMeter,
    TownPurchase,
)
from hub.settings import cut_over

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tools folder is not an installed package

from tests.hub.phones import FarEnd
from tools.hub_process import HubClient, HubProcess, write_test_key
from tools.postgres import throwaway_postgres

KEYS = {"kiosk-1": bytes(range(32)), "kiosk-2": bytes(range(1, 33))}
_numbers = itertools.count(1)
CUT_OVER = f"{(datetime.now(UTC) + timedelta(hours=8 + 12)).hour or 24:02d}:00"
"""When the hubs' business date changes: half a day from now, so that no late fee grows while a test runs."""
DAY = Day(cut_over=cut_over(CUT_OVER))


@dataclass
class Books:
    """A database with a schema; `account` writes one more customer into it."""

    url: str
    engine: Engine
    day: ClassVar[Day] = DAY

    def account(
        self,
        charges: tuple[int, ...] = (),
        balance: int = 0,
        *,
        overdue_days: int = -10,
        state: AccountState = "open",
        meter: MeterKind = "postpaid",
        last: TownPurchase | None = None,
        hoarding_limit_fen: int = 0,
    ) -> TownAccount:
        """Add an account with these charges, oldest month first; the oldest is overdue by so many days.

        A card meter has a card if it has a last purchase.
        """
        number = next(_numbers)
        today = business_today()
        bills = tuple(
            TownBill(
                month=f"2025-{month:02d}",
                kwh=100,
                lines=(),
                charge_fen=charge,
                read_on=date(2025, month, 1),
                issued_on=date(2025, month, 5),
                due_date=today - timedelta(days=overdue_days if month == 1 else -10),
            )
            for month, charge in enumerate(charges, 1)
        )
        account = TownAccount(
            account_no=f"0399{900_000_000_000 + number}",
            name="测试户",
            phone="13900000000",
            address="江城区试验路18号502房",
            supply_unit="测试供电所",
            usage_class="residential",
            tariff_id="GD-RES-STEP",
            large_household=False,
            state=state,
            opened_on=date(2020, 1, 1),
            closed_on=None,
            balance_fen=balance,
            meters=(
                TownMeter(
                    meter_number(f"9900099{number:014d}"),
                    f"{number:016d}",
                    meter,
                    TownCard(f"C5{number:014d}", last) if last else None,
                    hoarding_limit_fen,
                ),
            ),
            bills=bills,
        )
        with self.engine.begin() as connection:
            add_accounts(connection, [account], today, datetime.now(UTC))
        return account

    def check(self) -> Report:
        """Read the books in one look: what a killed hub had still under way may be committed between two."""
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            return check(connection)


@dataclass
class Served(Books):
    """Books behind a running hub."""

    process: HubProcess
    clients: list[HubClient] = field(default_factory=list)

    def client(self, terminal: str = "kiosk-1", key: bytes | None = None) -> HubClient:
        client = HubClient(self.process.url, terminal, key or KEYS[terminal])
        self.clients.append(client)
        return client


def business_today() -> date:
    return DAY.business_date(datetime.now(UTC))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server; where it is not installed this fails and names the package."""
    with throwaway_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., str]:
    """Make a database of a kind, `sqlite` or `postgresql`, and give its URL: empty, or a copy of the one at `like`."""

    def make(kind: str, like: str = "") -> str:
        number = next(_numbers)
        if kind == "sqlite":
            file = tmp_path_factory.mktemp("books") / f"{number}.sqlite"
            if like:
                shutil.copyfile(str(make_url(like).database), file)
            return f"sqlite:///{file}"
        server: str = request.getfixturevalue("postgres")
        template = f" TEMPLATE {make_url(like).database}" if like else ""
        engine = sync_engine(server)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE books_{number}{template}"))
        engine.dispose()
        return server.replace("/postgres?", f"/books_{number}?")

    return make


@pytest.fixture(scope="session")
def new_books(new_database: Callable[..., str]) -> Callable[[str], str]:
    """Make a database of a kind with the schema in it: each kind is migrated once, and copied from then on."""

    @cache
    def migrated(kind: str) -> str:
        url = new_database(kind)
        engine = sync_engine(url)
        migrate(engine)
        engine.dispose()
        return url

    return lambda kind: new_database(kind, like=migrated(kind))


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, new_books: Callable[[str], str]) -> Iterator[Books]:
    """Empty books of the test's own."""
    url = new_books(request.param)
    engine = sync_engine(url)
    yield Books(url, engine)
    engine.dispose()


@pytest.fixture
def file_books(new_books: Callable[[str], str]) -> Iterator[Books]:
    """Empty books in SQLite, for what no second hub has a part in."""
    url = new_books("sqlite")
    engine = sync_engine(url)
    yield Books(url, engine)
    engine.dispose()


def with_terminals(engine: Engine, folder: Path) -> None:
    with engine.begin() as connection:
        for name, key in KEYS.items():
            file = write_test_key(folder / f"{name}.key", key)
            add_terminal(connection, name, file, "", datetime.now(UTC))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def hub(
    request: pytest.FixtureRequest,
    new_books: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """A running hub with two terminals; at the end its books must balance."""
    url = new_books(request.param)
    engine = sync_engine(url)
    with_terminals(engine, tmp_path_factory.mktemp("keys"))
    served = Served(url, engine, HubProcess(url, "--cut-over", CUT_OVER))
    yield served
    for client in served.clients:
        client.close()
    code = served.process.stop()
    report = served.check()
    served.engine.dispose()
    assert code == 0
    assert report.findings == ()
    assert report.ledger_sum == 0


@pytest.fixture
def own_hub(books: Books, tmp_path: Path) -> Iterator[Served]:
    """A hub that the test may kill."""
    with_terminals(books.engine, tmp_path)
    served = Served(books.url, books.engine, HubProcess(books.url, "--cut-over", CUT_OVER))
    yield served
    for client in served.clients:
        client.close()
    served.process.kill()


@pytest.fixture(scope="session")
def acquirer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarEnd]:
    """A QR acquirer of all tests."""
    far_end = FarEnd(tmp_path_factory.mktemp("wallet"))
    yield far_end
    assert far_end.stop() == 0


@pytest.fixture
def far_end(acquirer: FarEnd) -> FarEnd:
    """The QR acquirer, with nothing wrong with it."""
    acquirer.do("pass")
    return acquirer
