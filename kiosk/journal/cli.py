"""`power-kiosk journal`: read the journal and verify its hash chain, beside a running kiosk too."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kiosk.books import Books
from kiosk.command import Command
from kiosk.config import ConfigError, load
from kiosk.journal.row import Row, from_columns
from kiosk.journal.store import JournalDamaged, verify_rows
from kiosk.payment.model import Claim, Payment
from kiosk.payment.table import IllegalEvent


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "show", "verify"])
    parser.add_argument("id", nargs="?", help="payment or claim (show), or the beginning of its id")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, help="kiosk.toml that names the journal")
    where.add_argument("--journal", type=Path, help="the journal's file")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines for people")


def _run(args: argparse.Namespace) -> int:
    try:
        path: Path = args.journal or load(args.config).journal.path
        if args.action == "verify":
            return _verify(path, args.json)
        rows = list(read(path))
        if args.action == "show":
            return _show(rows, args.id or "", args.json)
        return _list(rows, args.json)
    except (ConfigError, JournalDamaged) as error:
        print(f"power-kiosk: {error}", file=sys.stderr)
        return 1


def read(path: Path) -> Iterator[Row]:
    """All rows of a journal, read-only. Raises JournalDamaged."""
    if not path.exists():
        raise JournalDamaged(f"{path}: no such journal")
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            for found in db.execute("SELECT seq, at, key, kind, body, hash FROM event ORDER BY seq"):
                yield from_columns(found)
        finally:
            db.close()
    except (sqlite3.DatabaseError, ValueError) as error:
        raise JournalDamaged(f"{path}: {error}") from error


def _verify(path: Path, as_json: bool) -> int:
    if not path.exists():
        raise JournalDamaged(f"{path}: no such journal")
    try:
        seq, head = verify_rows(path, read(path))
    except JournalDamaged as error:
        print(json.dumps({"ok": False, "error": str(error)}) if as_json else f"DAMAGED: {error}")
        return 1
    print(json.dumps({"ok": True, "rows": seq, "head": head}) if as_json else f"ok: {seq} rows, head {head}")
    return 0


def _list(rows: list[Row], as_json: bool) -> int:
    items = [_summary(item) for item in fold(rows)]
    if as_json:
        print(json.dumps(items, ensure_ascii=False))
        return 0
    for item in items:
        print("  ".join(f"{value}" for value in item.values()))
    return 0


def fold(rows: list[Row]) -> list[Payment | Claim]:
    """Every payment and claim of the journal as it stands, in the order in which they began."""
    books = Books.empty()
    for row in rows:
        try:
            books.apply(row.event)
        except (IllegalEvent, msgspec.DecodeError) as error:
            raise JournalDamaged(f"row {row.seq}: {error}") from error
    return [*books.payments.values(), *books.claims.values()]


def _summary(item: Payment | Claim) -> dict[str, Any]:
    if isinstance(item, Claim):
        return {
            "kind": "claim",
            "id": item.claim_id,
            "state": item.state.value,
            "at": item.made_at,
            "reason": item.reason,
            "amount_fen": item.amount_fen,
            "memo_fen": item.memo_fen,
            "reference": item.reference,
        }
    return {
        "kind": "payment",
        "id": item.payment_id,
        "state": item.state.value,
        "at": item.opened_at,
        "account_no": item.account.account_no,
        "inserted_fen": item.inserted_fen,
        "in_flight": not item.ended,
        "hub_no": item.credit.hub_no if item.credit else "",
    }


def _show(rows: list[Row], wanted: str, as_json: bool) -> int:
    found = [r for r in rows if wanted and r.key.startswith(wanted)]
    if not found:
        print(f"power-kiosk: nothing in the journal begins with {wanted!r}", file=sys.stderr)
        return 1
    for row in found:
        body = json.loads(row.body)
        if as_json:
            print(
                json.dumps(
                    {"seq": row.seq, "at": row.at, "hash": row.hash, "event": body}, ensure_ascii=False
                )
            )
        else:
            told = ", ".join(f"{k}={v}" for k, v in body.items() if k not in {"kind", "key"})
            print(f"{row.seq:>8}  {row.at}  {row.kind:<18} {told}")
    return 0


command = Command("read the journal: list, show ID, verify", _configure, _run)
