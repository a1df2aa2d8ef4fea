"""The QR acquirer's own books: orders and refunds in an SQLite file that outlasts a kill."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    order_no TEXT PRIMARY KEY, merchant TEXT NOT NULL, amount_fen INTEGER NOT NULL, subject TEXT NOT NULL,
    state TEXT NOT NULL, token TEXT NOT NULL UNIQUE, expires_at REAL NOT NULL, notify_url TEXT NOT NULL,
    wallet_no TEXT NOT NULL, payer TEXT NOT NULL, made_at REAL NOT NULL, paid_at REAL
);
CREATE TABLE IF NOT EXISTS refunds (
    refund_no TEXT PRIMARY KEY, order_no TEXT NOT NULL, amount_fen INTEGER NOT NULL, made_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS payer_codes (code TEXT PRIMARY KEY, order_no TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands: created, paid, closed or refunded. `token` names its page."""

    order_no: str
    merchant: str
    amount_fen: int
    subject: str
    state: str
    token: str
    expires_at: float
    notify_url: str
    wallet_no: str
    payer: str
    made_at: float
    paid_at: float | None


class WalletBooks:
    """Each method is one transaction, on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def order(self, order_no: str) -> Order | None:
        return self._one("SELECT * FROM orders WHERE order_no=?", order_no)

    def order_of_page(self, token: str) -> Order | None:
        return self._one("SELECT * FROM orders WHERE token=?", token)

    def orders(self) -> list[Order]:
        return [Order(*row) for row in self._db.execute("SELECT * FROM orders ORDER BY made_at, order_no")]

    def add(self, order: Order) -> None:
        values = [getattr(order, name) for name in Order.__slots__]
        self._db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def pay(self, order_no: str, payer: str) -> None:
        """Take the payer's money: the order is paid, whatever it was."""
        wallet_no = f"W{int(time.time() * 1000):013d}{order_no[:6]}"
        change = "UPDATE orders SET state='paid', payer=?, paid_at=?, wallet_no=? WHERE order_no=?"
        self._db.execute(change, (payer, time.time(), wallet_no, order_no))

    def close_order(self, order_no: str) -> None:
        self._db.execute("UPDATE orders SET state='closed' WHERE order_no=?", (order_no,))

    def refund(self, order_no: str, refund_no: str, amount_fen: int) -> None:
        """Give the money back, once for each number; the same number again changes nothing."""
        with self._db:
            self._db.execute("BEGIN")
            new = "INSERT OR IGNORE INTO refunds VALUES (?, ?, ?, ?)"
            self._db.execute(new, (refund_no, order_no, amount_fen, time.time()))
            self._db.execute("UPDATE orders SET state='refunded' WHERE order_no=?", (order_no,))

    def refund_of(self, order_no: str) -> str:
        """The number of the order's refund, empty where there is none."""
        row = self._db.execute("SELECT refund_no FROM refunds WHERE order_no=?", (order_no,)).fetchone()
        return row[0] if row else ""

    def spend_code(self, code: str, order_no: str) -> bool:
        """Use a payer's code; false when it was used for another order."""
        self._db.execute("INSERT OR IGNORE INTO payer_codes VALUES (?, ?)", (code, order_no))
        row = self._db.execute("SELECT order_no FROM payer_codes WHERE code=?", (code,)).fetchone()
        return bool(row[0] == order_no)

    def lose(self, order_no: str) -> None:
        """Forget an order, as no provider should."""
        self._db.execute("DELETE FROM orders WHERE order_no=?", (order_no,))

    def judged(self) -> dict[str, Any]:
        """What a judge needs: each order with what was taken and given back, and the sums in fen."""
        told = []
        for order in self.orders():
            paid = order.amount_fen if order.paid_at is not None else 0
            rows = self._db.execute("SELECT amount_fen FROM refunds WHERE order_no=?", (order.order_no,))
            back = [row[0] for row in rows]
            told.append(
                {
                    "order_no": order.order_no,
                    "state": order.state,
                    "amount_fen": order.amount_fen,
                    "paid_fen": paid,
                    "refunded_fen": sum(back),
                    "refunds": len(back),
                }
            )
        return {
            "orders": told,
            "paid_fen": sum(each["paid_fen"] for each in told),
            "refunded_fen": sum(each["refunded_fen"] for each in told),
        }

    def close(self) -> None:
        self._db.close()

    def _one(self, query: str, value: str) -> Order | None:
        row = self._db.execute(query, (value,)).fetchone()
        return Order(*row) if row else None
