"""Who takes other money than notes: far ends on real wires, the customer before them, and what their own books say."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kiosk.journal.cli import read
from kiosk.journal.store import verify_rows
from kiosk.payment.model import Payment
from simulators.bench.cards import CardProgram
from simulators.bench.programs import Program
from simulators.bench.settings import kiosk_toml
from simulators.bench.tenders import Part, Tenders
from simulators.demo.far_books import of_bank, of_box
from simulators.far_end import ControlClient
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import PATIENCE, InProcess, Kiosk, OwnProcess, eventually
from tests.journeys.leaks import leaks, places
from tests.journeys.town import Town, founded

SPEED = 50.0


class Till:
    """The far ends of `tenders` with a town's hub that knows them. `do` orders one by its name."""

    def __init__(self, tenders: Tenders, town: Town) -> None:
        self.tenders, self.town = tenders, town

    def do(self, name: str, order: str, **how: Any) -> Any:
        """Give one order to one far end."""
        return self.tenders.far_ends[name](order, **how)

    def settings(self) -> dict[str, dict[str, Any]]:
        """The tables of kiosk.toml that lead to them."""
        text = kiosk_toml("http://127.0.0.1:1", self.tenders.folder, means=self.tenders.means())
        named = ("bank_card", "pin_pad", "eft_terminal", "scanner", "phone", "recharge")
        tables: dict[str, dict[str, Any]] = {}
        for name, keys in tomllib.loads(text).items():
            if name in named:
                tables[name] = {key: value for key, value in keys.items() if not isinstance(value, dict)}
                inner = {f"{name}.{key}": value for key, value in keys.items() if isinstance(value, dict)}
                tables |= inner
        return tables

    def moved(self) -> Mapping[str, tuple[int, int]]:
        """What was taken and given back of each tender, by the books of those who took it."""
        ends = self.tenders.far_ends
        cards = [
            of_bank(ends[bank]("transactions", last=100_000)["transactions"]) for bank in self.tenders.banks
        ]
        if "box" in ends:
            cards.append(of_box(ends["box"]("books")["rows"]))
        told = ends["wallet"]("books") if "wallet" in ends else {"paid_fen": 0, "refunded_fen": 0}
        return {
            "bank_card": (sum(taken for taken, _ in cards), sum(back for _, back in cards)),
            "qr": (told["paid_fen"], told["refunded_fen"]),
        }

    def booked(self) -> Mapping[str, int]:
        """What the hub's ledger has of each tender, read past all of its code."""
        with closing(sqlite3.connect(self.town.file)) as books:
            query = "SELECT substr(account, 1, instr(account, ':') - 1), sum(amount_fen) FROM legs GROUP BY 1"
            return {str(tender): int(fen) for tender, fen in books.execute(query)}

    def calm(self) -> None:
        """Nothing is wrong any more, and no card is in the slot."""
        for name in self.tenders.calm:
            self.do(name, "pass")
        reader = self.tenders.reader
        if reader is not None:
            reader.do("calm")
            if reader.do("status")["inserted"]:
                reader.do("pull")


class Visit:
    """One kiosk in its cabinet beside the till, and what was in all books when it began."""

    def __init__(self, cabinet: Cabinet, till: Till, log: Callable[[], str]) -> None:
        self.cabinet, self.till, self._log = cabinet, till, log
        till.calm()
        self._before = till.town.books()
        self._moved, self._booked = till.moved(), till.booked()

    def settings(self, changes: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The till's tables with these changes."""
        tables = self.till.settings()
        for name, keys in changes.items():
            tables[name] = {**tables.get(name, {}), **keys}
        return tables

    def kiosk(self, **changes: dict[str, Any]) -> InProcess:
        """Start a kiosk in this process, and wait until it can be paid at by all means of the till."""
        return self.cabinet.kiosk(**self.settings(changes))

    def own_process(self, die: str = "", **changes: dict[str, Any]) -> OwnProcess:
        """Start one in a process of its own."""
        return self.cabinet.own_process(die, **self.settings(changes))

    # The customer.

    def chooses(self, kiosk: Kiosk, account_no: str, means: str) -> None:
        """Go from the first page to the choice of means, and take this one as soon as it works."""
        kiosk.to_means(account_no)
        kiosk.shown.wait(lambda p: any(c.id == means and c.enabled for c in p.choices), f"means {means}")
        kiosk.press(means)

    def puts_card_in(self, kiosk: Kiosk, bank: str = "bank_a", kind: str = "plain") -> None:
        """Put a bank's card in once it is asked for."""
        kiosk.page("insert_bank_card")
        assert self.till.do("bank_card", "insert", card=str(self.till.tenders.card_file(bank, kind)))[
            "powered"
        ]

    def types_pin(self, kiosk: Kiosk, pin: str) -> None:
        """Type a PIN at the PIN pad once it is asked for, and press enter."""
        kiosk.page("pin")
        eventually(lambda: self.till.do("pin_pad", "status")["entry"] == "open", "no PIN is taken")
        assert self.till.do("pin_pad", "press", digits=pin)["taken"] == len(pin)
        self.till.do("pin_pad", "enter")

    def pays_by_card(self, kiosk: Kiosk, account_no: str, bank: str = "bank_a") -> None:
        """From the first page to the moment in which the bank is asked."""
        self.chooses(kiosk, account_no, "bank_card")
        self.puts_card_in(kiosk, bank)
        self.types_pin(kiosk, self.till.tenders.card(bank).pin)

    def takes_card(self) -> None:
        """Take the bank card out of the slot."""
        self.till.do("bank_card", "pull")

    # The evidence.

    def _keeps_no_secrets(self, kiosk: Kiosk) -> None:
        """Whatever is kept or shown anywhere holds nothing of cards, PINs and secret numbers."""
        kept = places(self.cabinet, self.till.town, kiosk, self._log())
        empty = [name for name, text in kept.items() if not text]
        assert set(empty) <= {"the hub's log", "the receipts"}, f"nothing to search in {empty}"
        found = leaks(kept, self.till.town.file)
        assert not found, found

    def settled(self, kiosk: Kiosk, *, tender: str, taken: int, credited: int, suspense: int = 0) -> None:
        """Wait until nothing is in flight; then of the `taken` fen so many are credited and in suspense, the others
        given back, by the books of those who took them, by the hub's and by the journal."""
        eventually(lambda: all(item.over for item in kiosk.books()), "something is still in flight")
        kept = credited + suspense
        eventually(lambda: self._moved_since(tender) == (taken, taken - kept), "the far end's books differ")
        eventually(lambda: self._booked_since(tender) == kept, "the hub's ledger differs")
        verify_rows(kiosk.path, read(kiosk.path))
        paid = [p for p in kiosk.books() if isinstance(p, Payment) and p.credit is not None]
        assert sum(p.inserted_fen for p in paid) == credited
        books = self.till.town.books()
        assert books.findings == ()
        assert books.ledger_sum == 0
        assert books.credited_fen - self._before.credited_fen == credited
        assert books.suspense_fen - self._before.suspense_fen == suspense
        self._keeps_no_secrets(kiosk)

    def _moved_since(self, tender: str) -> tuple[int, int]:
        if tender == "recharge_card":
            return self._booked_since(
                tender
            ), 0  # the hub's own stock: `power-hub check` compares it with the ledger
        now, then = self.till.moved()[tender], self._moved[tender]
        return now[0] - then[0], now[1] - then[1]

    def _booked_since(self, tender: str) -> int:
        return self.till.booked().get(tender, 0) - self._booked.get(tender, 0)


@contextmanager
def opened(folder: Path, parts: Sequence[Part], reader: CardProgram | None) -> Iterator[Till]:
    """The far ends of these means and a town beside them, for as long as the block lasts."""
    with contextlib.ExitStack() as ends:

        def program(name: str, *command: str) -> Program:
            started = Program(name, command, folder)
            ends.callback(started.end)
            return started

        def device(name: str, options: tuple[str, ...]) -> Program:
            line = ("--link", str(folder / name), "--control", str(folder / f"{name}.sock"))
            speed = ("--speed", str(SPEED))
            return program(name, sys.executable, "-m", f"simulators.{name}", *line, *speed, *options)

        def control(name: str) -> ControlClient:
            client = ControlClient(folder / f"{name}.sock", timeout=PATIENCE)
            ends.callback(client.close)
            return client

        tenders = Tenders(folder, SPEED, frozenset(parts))
        tenders.start(program, device, control, reader)
        with founded(folder, tenders) as town:
            yield Till(tenders, town)
