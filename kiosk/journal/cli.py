"""`power-kiosk journal`: read the journal, verify its hash chain, and prune what was over long ago."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kiosk.books import Books
from kiosk.command import Command
from kiosk.config import ConfigError, load
from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.prune import prune
from kiosk.journal.row import Row
from kiosk.journal.store import Journal
from kiosk.journal.verify import verify
from kiosk.payment.model import Claim, Payment
from kiosk.payment.table import IllegalEvent


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "show", "verify", "prune"])
    parser.add_argument("id", nargs="?", help="payment or claim (show), or the beginning of its id")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, help="kiosk.toml that names the journal")
    where.add_argument("--journal", type=Path, help="the journal's file, or an archive")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines for people")
    parser.add_argument(
        "--head", type=_head, metavar="SEQ:HASH", help="verify: a row as the hub or a report noted it"
    )
    parser.add_argument(
        "--archive",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="prune: write the removed rows there first; verify: archives that come before, oldest first",
    )
    parser.add_argument(
        "--keep-days", type=_days, metavar="N", help="prune: keep what was over in the last N days"
    )


def _head(text: str) -> tuple[int, str]:
    if not re.fullmatch(r"\d{1,15}:[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("expected the number of a row, a colon and 64 hex digits")
    seq, noted = text.split(":")
    return int(seq), noted


def _days(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text):
        raise argparse.ArgumentTypeError("expected a number of days")
    return int(text)


def _run(args: argparse.Namespace) -> int:
    try:
        path: Path = args.journal or load(args.config).journal.path
        if args.action == "verify":
            return _verify(path, args)
        if args.action == "prune":
            return _prune(path, args)
        if args.action == "show" and not args.id:
            print("power-kiosk: show takes an id, or its beginning; list tells them", file=sys.stderr)
            return 2
        rows = list(read(path))
        if args.action == "show":
            return _show(rows, args.id, args.json)
        return _list(path, rows, args.json)
    except (ConfigError, JournalError) as error:
        print(f"power-kiosk: {error}", file=sys.stderr)
        return 1


def read(path: Path) -> Iterator[Row]:
    """All rows of a journal or an archive, read-only. Raises JournalDamaged."""
    with file.reading(path) as db:
        yield from file.read_rows(db, file.read_anchor(db, path).packing)


def _verify(path: Path, args: argparse.Namespace) -> int:
    for part in (*args.archive, path):
        if not part.exists():
            raise JournalError(f"{part}: no such journal")
    try:
        found = verify(path, args.head, args.archive)
    except JournalDamaged as error:
        print(json.dumps({"ok": False, "error": str(error)}) if args.json else f"DAMAGED: {error}")
        return 1
    rows = found.last - found.first + 1
    if args.json:
        told = {"ok": True, "journal_id": found.journal_id, "first": found.first, "last": found.last}
        print(json.dumps({**told, "rows": rows, "head": found.head}))
        return 0
    part = f" ({found.first} to {found.last})" if rows and found.first > 1 else ""
    print(f"ok: {rows} rows{part} of journal {found.journal_id}, head {found.last}:{found.head}")
    return 0


def _prune(path: Path, args: argparse.Namespace) -> int:
    if args.keep_days is None or len(args.archive) > 1:
        print("power-kiosk: prune takes --keep-days N and one --archive FILE at most", file=sys.stderr)
        return 2
    if not path.exists():
        raise JournalDamaged(f"{path}: no such journal")
    before = datetime.now(UTC) - timedelta(days=args.keep_days)
    with closing(Journal(path)) as journal:
        done = prune(journal, before, args.archive[0] if args.archive else None)
    if args.json:
        print(json.dumps({"ok": True, "removed": done.removed, "anchor": done.anchor, "kept": done.kept}))
    else:
        none = ""
        if args.archive and not done.removed:
            finished = args.archive[0].exists()
            none = ", the archive was finished before" if finished else ", no archive was written"
        print(f"ok: {done.removed} rows removed up to row {done.anchor}, {done.kept} kept{none}")
    return 0


def _list(path: Path, rows: list[Row], as_json: bool) -> int:
    items = [_summary(item) for item in _folded(path, rows)]
    if as_json:
        print(json.dumps(items, ensure_ascii=False))
        return 0
    for item in items:
        told = {name: value for name, value in item.items() if value != "" and _PLAIN.get(name) != value}
        print("  ".join(_shown(name, value) for name, value in told.items()))
    return 0


_PLAIN = {"tender": "cash", "asked_fen": 0}
"""What goes without saying."""


def _shown(name: str, value: Any) -> str:
    if name == "in_flight":
        return "open" if value else "over"
    what = {"memo_fen": " as a memo", "asked_fen": " asked"}.get(name, "")
    return f"{value} fen{what}" if name.endswith("_fen") else f"{value}"


def _folded(path: Path, rows: list[Row]) -> list[Payment | Claim]:
    with file.reading(path) as db:
        books = file.read_anchor(db, path).books()
    return fold(rows, books)


def fold(rows: list[Row], books: Books | None = None) -> list[Payment | Claim]:
    """Every payment and claim of the rows as it stands, in the order in which they began."""
    books = books or Books.empty()
    for row in rows:
        try:
            books.apply(row.event)
        except (IllegalEvent, msgspec.DecodeError, ValueError, RecursionError) as error:
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
        "tender": item.tender,
        "asked_fen": item.asked_fen,
        "inserted_fen": item.inserted_fen,
        "in_flight": not item.ended,
        "hub_no": item.credit.hub_no if item.credit else "",
    }


def _show(rows: list[Row], wanted: str, as_json: bool) -> int:
    found = [row for row in rows if row.key.startswith(wanted)]
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
            what = ", ".join(f"{k}={v}" for k, v in body.items() if k not in {"kind", "key"})
            print(f"{row.seq:>8}  {row.at}  {row.kind:<18} {what}")
    return 0


command = Command("read the journal: list, show ID, verify; prune what was over long ago", _configure, _run)
