"""A hub with a small town behind it: real processes on SQLite, and accounts made to measure."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import msgspec
from sqlalchemy import select

from hub.business.numbers import meter_number
from hub.data.check import Report, check
from hub.data.engine import sync_engine
from hub.data.schema import heads, purchases, quotes
from hub.data.seed import add_accounts
from hub.data.town_model import AccountState, TownAccount, TownBill, TownCard, TownMeter, TownPurchase
from simulators.bench.settings import TERMINAL
from simulators.bench.tenders import Tenders
from tools.hub_process import HubClient, HubProcess, power_hub, write_test_key

KEY = bytes(range(32))
DUE_IN = timedelta(days=10)
HERE = timezone(timedelta(hours=8))
"""The country of the utility, whose day the hub counts by."""
_numbers = itertools.count(1)


class Town:
    """A running hub, its books, and a client that asks it as the kiosk's terminal does."""

    def __init__(self, folder: Path, tenders: Tenders | None = None) -> None:
        """Found it; with `tenders` its hub knows their banks and wallet, and it writes its log into `hub.log`."""
        self.folder = folder
        self.key = write_test_key(folder / "terminal.key", KEY)
        self.file = folder / "hub.sqlite"
        self.database = f"sqlite:///{self.file}"
        power_hub("seed", "--database", self.database, "--accounts", "20")
        power_hub("terminal", "add", TERMINAL, "--database", self.database, "--key", str(self.key))
        for command in tenders.registrations(TERMINAL) if tenders is not None else ():
            power_hub(*command, "--database", self.database)
        self._engine = sync_engine(self.database)
        known = tenders.hub_options() if tenders is not None else ()
        self._process = HubProcess(self.database, *known, log=folder / "hub.log" if tenders else None)
        self.url = self._process.url
        self.client = HubClient(self.url, TERMINAL, KEY)

    def account(
        self,
        *charges: int,
        balance: int = 0,
        state: AccountState = "open",
        bought: TownPurchase | None = None,
    ) -> TownAccount:
        """Add an account with these charges in fen, oldest month first and none overdue.

        With the last power that was `bought` its meter is one of a card's.
        """
        number = next(_numbers)
        today = datetime.now(HERE).date()
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
            closed_on=today if state == "closed" else None,
            balance_fen=balance,
            meters=(_meter(number, bought),),
            bills=tuple(_bill(month, charge, today) for month, charge in enumerate(charges, 1)),
        )
        with self._engine.begin() as connection:
            add_accounts(connection, [account], today, datetime.now(UTC))
        return account

    def books(self) -> Report:
        """What `power-hub check` reads in the books."""
        with self._engine.connect() as connection:
            return check(connection)

    def power_sold(self, account_no: str) -> list[tuple[str, str, int]]:
        """State, kind and amount of each purchase of power, by the hub's books."""
        columns = (purchases.c.state, purchases.c.kind, purchases.c.amount_fen)
        with self._engine.connect() as connection:
            found = connection.execute(select(*columns).where(purchases.c.account_no == account_no))
            return [(state, kind, fen) for state, kind, fen in found]

    def standing(self, account_no: str) -> tuple[int, int]:
        """Arrears and balance of the account, as the hub tells them."""
        told = self.client.get(f"/v1/accounts/{account_no}").json()
        return told["arrears_fen"], told["balance_fen"]

    @staticmethod
    def stays_on_its_day() -> None:
        """Wait over a midnight that is near: a late fee grows by the day."""
        now = datetime.now(HERE)
        soon = now + timedelta(seconds=60)
        if soon.date() != now.date():
            time.sleep(60)

    def forget_quotes(self) -> None:
        """Lose all quotes, as books do that were restored from an older copy."""
        with self._engine.begin() as connection:
            connection.execute(quotes.delete())

    def forget_heads(self) -> None:
        """Let the hub know nothing of any kiosk's journal."""
        with self._engine.begin() as connection:
            connection.execute(heads.delete())

    def known_seq(self) -> int:
        """The row of the kiosk's journal that the hub knows; 0 when it knows none."""
        with self._engine.connect() as connection:
            return connection.execute(select(heads.c.seq)).scalar() or 0

    def replace_terminal(self, folder: Path) -> None:
        """Two operators say that the kiosk's computer or disk was exchanged."""
        secret = folder / "passphrase"
        secret.write_text("eight electric eels eat\n", encoding="utf-8")
        known = ("--database", self.database, "--passphrase-file", str(secret))
        for name in ("wang", "li"):
            power_hub("person", "add", name, *known, check=False)  # a test before may have added them
        both = ("--by", "wang", "--and", "li", "--and-passphrase-file", str(secret))
        power_hub("terminal", "replace", TERMINAL, *known, *both, "--note", "disk exchanged")

    def close(self) -> None:
        """End the hub; its books must balance by its own command."""
        self.client.close()
        self._engine.dispose()
        assert self._process.stop() == 0
        told = power_hub("check", "--json", "--database", self.database)
        report = msgspec.json.decode(told.stdout, type=dict)
        assert report["ok"], report
        assert report["ledger_sum"] == 0


def _meter(number: int, bought: TownPurchase | None) -> TownMeter:
    meter_no, point = meter_number(f"9900099{number:014d}"), f"{number:016d}"
    if bought is None:
        return TownMeter(meter_no, point, "postpaid")
    return TownMeter(meter_no, point, "card", TownCard(f"A7{number:014d}", bought))


def _bill(month: int, charge: int, today: date) -> TownBill:
    return TownBill(
        month=f"2025-{month:02d}",
        kwh=100,
        lines=(),
        charge_fen=charge,
        read_on=date(2025, month, 1),
        issued_on=date(2025, month, 5),
        due_date=today + DUE_IN,
    )


@contextmanager
def founded(folder: Path, tenders: Tenders | None = None) -> Iterator[Town]:
    """A town for as long as the block lasts."""
    town = Town(folder, tenders)
    try:
        yield town
    finally:
        town.close()
