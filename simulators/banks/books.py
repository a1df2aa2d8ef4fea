"""A bank's books in one SQLite file: terminals, cards, each transaction, each message; no card number, no PIN.

Every change is committed before the answer leaves, so a bank that is killed and started again knows what it did.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.bank.elements import Totals, masked
from simulators.banks.cards import Card

PIN_TRIES = 3
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS terminal (
    tid TEXT PRIMARY KEY, batch INTEGER NOT NULL, pik BLOB NOT NULL, mak BLOB NOT NULL, signed_on INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS card (
    key TEXT PRIMARY KEY, card TEXT NOT NULL, balance_fen INTEGER NOT NULL, tries INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS business (
    id INTEGER PRIMARY KEY, tid TEXT NOT NULL, batch TEXT NOT NULL, stan TEXT NOT NULL, kind TEXT NOT NULL,
    card_key TEXT NOT NULL, card TEXT NOT NULL, fen INTEGER NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL,
    rrn TEXT NOT NULL, auth TEXT NOT NULL, date TEXT NOT NULL, at TEXT NOT NULL, original INTEGER,
    refunded_fen INTEGER NOT NULL DEFAULT 0, settled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS business_by_trace ON business (tid, batch, stan);
CREATE INDEX IF NOT EXISTS business_by_rrn ON business (tid, rrn);
CREATE TABLE IF NOT EXISTS unseen (
    tid TEXT, batch TEXT, stan TEXT, at TEXT NOT NULL, PRIMARY KEY (tid, batch, stan));
CREATE TABLE IF NOT EXISTS settlement (
    tid TEXT, batch TEXT, at TEXT NOT NULL, code INTEGER NOT NULL, theirs TEXT NOT NULL, ours TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS upload (tid TEXT, batch TEXT, stan TEXT, fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, line INTEGER NOT NULL, mti TEXT NOT NULL, kind TEXT NOT NULL,
    tid TEXT NOT NULL, stan TEXT NOT NULL, code TEXT NOT NULL, fault TEXT NOT NULL, request TEXT NOT NULL,
    answer TEXT NOT NULL);
"""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the bank knows of a terminal since its last sign-on."""

    tid: str
    batch: int
    pik: bytes
    mak: bytes
    signed_on: bool


class Books:
    """The books; without a path they are kept in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block is written, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Row]:
        """What a query finds."""
        return [dict(row) for row in self._db.execute(query, values)]

    def _one(self, query: str, *values: object) -> Row | None:
        row = self._db.execute(query, values).fetchone()
        return dict(row) if row else None

    # Small facts.

    def fact(self, name: str, default: str = "") -> str:
        """A value that was kept under a name."""
        row = self._one("SELECT value FROM meta WHERE name = ?", name)
        return str(row["value"]) if row else default

    def keep(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def count_up(self, name: str) -> int:
        """The next number of a counter, from 1."""
        number = int(self.fact(name, "0")) + 1
        self.keep(name, str(number))
        return number

    # Terminals.

    def terminal(self, tid: str) -> Terminal | None:
        """A terminal that has signed on at some time."""
        row = self._one("SELECT * FROM terminal WHERE tid = ?", tid)
        return Terminal(tid, row["batch"], row["pik"], row["mak"], bool(row["signed_on"])) if row else None

    def keep_terminal(self, terminal: Terminal) -> None:
        """Write a terminal as it now is."""
        self._db.execute(
            "INSERT OR REPLACE INTO terminal VALUES (?, ?, ?, ?, ?)",
            (terminal.tid, terminal.batch, terminal.pik, terminal.mak, terminal.signed_on),
        )

    def sign_off(self, tid: str | None = None) -> None:
        """A terminal, or all of them, must sign on before anything else."""
        self._db.execute("UPDATE terminal SET signed_on = 0 WHERE ?1 IS NULL OR tid = ?1", (tid,))

    # Cards.

    def issue(self, cards: Iterable[Card]) -> None:
        """Open the accounts of cards that the books do not know yet."""
        self._db.executemany(
            "INSERT OR IGNORE INTO card VALUES (?, ?, ?, ?)",
            [(card.key, masked(card.pan), card.balance_fen, PIN_TRIES) for card in cards],
        )

    def card(self, key: str) -> Row | None:
        """A card's balance and how many wrong PINs it still allows."""
        return self._one("SELECT * FROM card WHERE key = ?", key)

    def pay(self, key: str, fen: int) -> None:
        """Move money to a card's account, or from it if negative."""
        self._db.execute("UPDATE card SET balance_fen = balance_fen + ? WHERE key = ?", (fen, key))

    def set_tries(self, key: str, tries: int) -> None:
        """How many wrong PINs a card still allows."""
        self._db.execute("UPDATE card SET tries = ? WHERE key = ?", (tries, key))

    # Transactions.

    def book(self, **row: object) -> int:
        """Write a transaction; gives its number."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        query = f"INSERT INTO business ({names}) VALUES ({marks})"  # noqa: S608 - the names are this program's own
        return int(self._db.execute(query, tuple(row.values())).lastrowid or 0)

    def change(self, number: int, state: str) -> None:
        """Give a transaction another state."""
        self._db.execute("UPDATE business SET state = ? WHERE id = ?", (state, number))

    def refund(self, number: int, fen: int) -> None:
        """Count what was given back of a sale; negative if that was undone."""
        self._db.execute("UPDATE business SET refunded_fen = refunded_fen + ? WHERE id = ?", (fen, number))

    def by_trace(self, tid: str, batch: str, stan: str) -> Row | None:
        """The transaction with this trace number in a batch; an approved one before a declined one."""
        return self._one(
            "SELECT * FROM business WHERE tid = ? AND batch = ? AND stan = ? ORDER BY state = 'declined' LIMIT 1",
            tid,
            batch,
            stan,
        )

    def by_id(self, number: int) -> Row | None:
        """A transaction by its number."""
        return self._one("SELECT * FROM business WHERE id = ?", number)

    def by_rrn(self, tid: str, rrn: str) -> Row | None:
        """The sale that the bank gave this reference."""
        return self._one("SELECT * FROM business WHERE tid = ? AND rrn = ? AND kind = 'sale'", tid, rrn)

    def remember_unseen(self, tid: str, batch: str, stan: str, at: str) -> None:
        """A reversal came for what was never seen."""
        self._db.execute("INSERT OR IGNORE INTO unseen VALUES (?, ?, ?, ?)", (tid, batch, stan, at))

    def was_unseen(self, tid: str, batch: str, stan: str) -> bool:
        """Whether the reversal of this transaction came before it."""
        found = self._one("SELECT 1 FROM unseen WHERE tid = ? AND batch = ? AND stan = ?", tid, batch, stan)
        return found is not None

    # Settlement.

    def open_business(self, tid: str, batch: str) -> int:
        """How many transactions of a batch took or gave money and are not settled."""
        row = self._one(
            "SELECT count(*) AS n FROM business WHERE tid = ? AND batch = ? AND NOT settled AND state != 'declined'",
            tid,
            batch,
        )
        return int(row["n"]) if row else 0

    def totals(self, tid: str, batch: str) -> Totals:
        """A batch as the bank sees it: sales on one side, also voided ones; voids and refunds on the other."""
        row = self._one(
            "SELECT sum(kind = 'sale') AS debits, sum(fen * (kind = 'sale')) AS debit_fen,"
            " sum(kind != 'sale') AS credits, sum(fen * (kind != 'sale')) AS credit_fen"
            " FROM business WHERE tid = ? AND batch = ? AND state IN ('approved', 'voided')",
            tid,
            batch,
        )
        numbers = row or {}
        return Totals(
            *(int(numbers.get(name) or 0) for name in ("debits", "debit_fen", "credits", "credit_fen"))
        )

    def settle(self, tid: str, batch: str) -> None:
        """A batch is closed for good."""
        self._db.execute("UPDATE business SET settled = 1 WHERE tid = ? AND batch = ?", (tid, batch))

    def note_settlement(self, tid: str, batch: str, at: str, code: int, theirs: str, ours: str) -> None:
        """Keep what a terminal said of a batch and what the bank found."""
        self._db.execute(
            "INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?)", (tid, batch, at, code, theirs, ours)
        )

    def note_upload(self, tid: str, batch: str, stan: str, fen: int) -> None:
        """Keep a detail that a terminal sent of a batch."""
        self._db.execute("INSERT INTO upload VALUES (?, ?, ?, ?)", (tid, batch, stan, fen))

    # The log.

    def log(self, **row: object) -> None:
        """Keep one exchange, without anything secret."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        query = f"INSERT INTO log ({names}) VALUES ({marks})"  # noqa: S608 - as in `book`
        self._db.execute(query, tuple(row.values()))
