"""A bank's books as a judge reads them: totals by terminal, transactions, messages."""

from __future__ import annotations

import json
from typing import Any

from simulators.banks.books import Books

_STATE = (
    "CASE WHEN state = 'approved' AND refunded_fen >= fen THEN 'refunded'"
    " WHEN state = 'approved' AND settled THEN 'settled' ELSE state END"
)
_COLUMNS = "id, tid, batch, stan, kind, card, fen, refunded_fen, settled, code, rrn, auth, date, at, original"


def totals(books: Books, tid: str | None = None) -> dict[str, Any]:
    """What each terminal's sales came to, by state; `taken_fen` is what the bank took from cards and kept.

    States: approved, settled (approved, in a closed batch), refunded, voided, reversed, declined.
    """
    found: dict[str, Any] = {}
    query = (
        f"SELECT tid, {_STATE} AS told, count(*) AS count, sum(fen) AS fen,"  # noqa: S608 - both parts are ours
        " sum(CASE WHEN state = 'approved' THEN fen - refunded_fen ELSE 0 END) AS taken"
        " FROM business WHERE kind = 'sale' AND (?1 IS NULL OR tid = ?1) GROUP BY tid, told ORDER BY tid, told"
    )
    for row in books.rows(query, tid):
        terminal = found.setdefault(row["tid"], {"taken_fen": 0})
        terminal[row["told"]] = {"count": row["count"], "fen": row["fen"]}
        terminal["taken_fen"] += row["taken"]
    return found


def transactions(books: Books, tid: str | None = None, last: int = 1000) -> list[dict[str, Any]]:
    """The last transactions, oldest first, each with its state."""
    query = (
        f"SELECT {_COLUMNS}, {_STATE} AS state FROM business"  # noqa: S608 - as above
        " WHERE ?1 IS NULL OR tid = ?1 ORDER BY id DESC LIMIT ?2"
    )
    return books.rows(query, tid, last)[::-1]


def messages(books: Books, tid: str | None = None, last: int = 100) -> list[dict[str, Any]]:
    """The last exchanges, oldest first: request and answer as they were, without what is secret."""
    query = "SELECT * FROM log WHERE ?1 IS NULL OR tid = ?1 ORDER BY id DESC LIMIT ?2"
    rows = books.rows(query, tid, last)[::-1]
    return [
        {**row, "request": json.loads(row["request"]), "answer": json.loads(row["answer"])} for row in rows
    ]


def settlements(books: Books) -> list[dict[str, Any]]:
    """What terminals said of their batches, and what the bank found."""
    return books.rows("SELECT * FROM settlement ORDER BY rowid")


def differences(books: Books) -> list[dict[str, Any]]:
    """Transactions of uploaded batches that only one side knows, or with another amount."""
    return books.rows(
        "SELECT b.tid, b.batch, b.stan, b.fen AS bank_fen, u.fen AS their_fen FROM business b"
        " LEFT JOIN upload u USING (tid, batch, stan) WHERE b.state IN ('approved', 'voided') AND b.fen IS NOT u.fen"
        " AND (b.tid, b.batch) IN (SELECT tid, batch FROM upload)"
        " UNION ALL SELECT u.tid, u.batch, u.stan, NULL, u.fen FROM upload u LEFT JOIN business b"
        " ON (b.tid, b.batch, b.stan) = (u.tid, u.batch, u.stan) AND b.state IN ('approved', 'voided')"
        " WHERE b.id IS NULL"
    )
