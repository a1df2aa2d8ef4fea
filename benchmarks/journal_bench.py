"""The journal: appends against raw SQLite, recovery by length.

The events are those of a real journey: three months owed, paid with five notes, in fifteen appends. The raw peer
writes the same bytes as one row of a plain table, WAL and synchronous=FULL too, with SQLite's own defaults besides.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, GateError, at_most, quantile, within
from kiosk.journal.store import SNAPSHOT_EVERY, Journal
from kiosk.payment import events as ev

AT = "2026-11-22T20:23:03.168Z"
NOTES = ((5, 10000), (5, 10000), (5, 10000), (3, 2000), (2, 1000))
NOTES_MOST = 64
ROUNDS = 5
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
BEHIND = 250
"""So many rows stand behind the snapshot of each journal that is recovered: half of what can."""


def payment(number: int, notes: Sequence[tuple[int, int]] = NOTES) -> Iterator[list[ev.AnyEvent]]:
    """Give the appends of one payment, in order; `notes` by type and value."""
    key = f"{number:032x}"
    yield [_opened(key, number)]
    for count, (note_type, value_fen) in enumerate(notes):
        note = f"{number * NOTES_MOST + count:032x}"
        yield [
            ev.NoteIntended(
                key=key,
                note_id=note,
                note_type=note_type,
                value_fen=value_fen,
                counter=number * NOTES_MOST + count,
            )
        ]
        yield [ev.NoteStacked(key=key, note_id=note, value_fen=value_fen)]
    yield [ev.PayRequested(key=key, by="customer")]
    yield [
        ev.CreditSending(
            key=key,
            attempt=1,
            amount_fen=sum(value for _, value in notes),
            taken_at=AT,
            business_date="2026-11-23",
        )
    ]
    yield [_approved(key, number), ev.SlipIntended(key=key, job=f"{number + 1:032x}", slip="paid")]
    yield [ev.SlipPrinted(key=key, job=f"{number + 1:032x}")]


def _opened(key: str, number: int) -> ev.PaymentOpened:
    account = ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋*单元***房", "漠阳供电局城东供电所")
    months = ("2026-08", "2026-09", "2026-10")
    quote = ev.QuoteFacts(f"{number + 2:032x}", months, 32817, 532817, "2026-11-22T20:38:02.796514+00:00")
    return ev.PaymentOpened(
        key=key, kiosk_no=number, business="arrears", account=account, quote=quote, lang="zh", at=AT
    )


def _approved(key: str, number: int) -> ev.CreditApproved:
    return ev.CreditApproved(
        key=key,
        hub_no=f"{number:012d}",
        allocations=(
            ev.Allocation("2026-08", 181, 11325),
            ev.Allocation("2026-09", 0, 9255),
            ev.Allocation("2026-10", 0, 12056),
        ),
        to_balance_fen=183,
        balance_before_fen=0,
        balance_after_fen=183,
        arrears_after_fen=0,
        credited_at="2026-11-22T20:23:05.107686+00:00",
        business_date="2026-11-23",
    )


class Ledgered:
    """A journal with its books, driven as the kiosk's core thread drives it."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.books = self.journal.recover()
        self.appended = 0

    def append(self, events: Sequence[ev.AnyEvent]) -> float:
        """Decide, make durable; give the seconds that durability took."""
        for event in events:
            self.books.apply(event)
        began = time.perf_counter()
        self.journal.append(events, AT)
        took = time.perf_counter() - began
        self.appended += len(events)
        self.journal.snapshot_if_due(self.books)
        return took

    def close(self) -> None:
        """Close the file; raises GateError unless it holds exactly what was appended."""
        rows = sum(1 for _ in self.journal.rows())
        self.journal.close()
        if rows != self.appended:
            raise GateError(f"{self.appended} events were appended, the journal holds {rows}")


def figures(*, quick: bool) -> list[Figure]:
    """Measure on the disk that holds the temporary folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return [
            *_appends(Path(folder), payments=15 if quick else 60),
            *_recovery(Path(folder), LENGTHS[:2] if quick else LENGTHS),
        ]


def _appends(folder: Path, payments: int) -> list[Figure]:
    """Append by append in turn with the raw insert; the first round warms both up."""
    ours, raws = [], []
    ledgered, raw = Ledgered(folder / "journal.sqlite"), _raw(folder / "raw.sqlite")
    number = 0
    for _ in range(1 + ROUNDS):
        mine, theirs = [], []
        for _ in range(payments):
            number += 1
            for events in payment(number):
                body = b"".join(map(msgspec.json.encode, events))
                mine.append(ledgered.append(events))
                theirs.append(_insert(raw, body))
                ledgered.books.forget_ended()
        ours.append(mine)
        raws.append(theirs)
    ledgered.close()
    raw.close()

    def median_of(share: float, rounds: list[list[float]]) -> float:
        return 1000 * statistics.median(quantile(samples, share) for samples in rounds[1:])

    peer = "raw SQLite WAL/FULL insert"
    return [
        at_most("journal append, p99", median_of(0.99, ours), "ms", peer, median_of(0.99, raws), 1.5),
        at_most("journal append, p50", median_of(0.5, ours), "ms", peer, median_of(0.5, raws), 1.5),
    ]


def _raw(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE raw (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return db


def _insert(db: sqlite3.Connection, body: bytes) -> float:
    began = time.perf_counter()
    db.execute("INSERT INTO raw (body) VALUES (?)", (body,))
    return time.perf_counter() - began


def _recovery(folder: Path, lengths: Sequence[int]) -> Iterator[Figure]:
    """Open and fold journals of these lengths, each with a payment half way, in turn."""
    paths = {length: _long_journal(folder / f"rows{length}.sqlite", length) for length in lengths}
    seconds: dict[int, list[float]] = {length: [] for length in lengths}
    for turn in range(1 + ROUNDS):
        for length, path in paths.items():
            began = time.perf_counter()
            with closing(Journal(path)) as journal:
                books = journal.recover()
                took = time.perf_counter() - began
            if len(books.open_payments) != 1 or journal.head[0] < length:
                raise GateError(f"{path.name}: the payment that was under way is not on the books")
            if turn:
                seconds[length].append(took)
    medians = {length: statistics.median(samples) for length, samples in seconds.items()}
    for length, value in medians.items():
        yield within(f"recovery of a journal of {length:,} rows", value, "s", "budget", 1)
    longest, shortest = max(lengths), min(lengths)
    yield at_most(
        f"recovery, flat: {longest:,} rows", medians[longest], "s", f"{shortest:,} rows", medians[shortest], 2
    )


def _long_journal(path: Path, length: int) -> Path:
    """Write a journal of so many rows and one open payment, many payments an append: only its reading is measured."""
    ledgered, number, behind = Ledgered(path), 0, 0
    while ledgered.appended < length or not BEHIND <= behind < BEHIND + 32:
        many = min(20, max((length - ledgered.appended) // 16, 1))
        batch = [
            event for n in range(number + 1, number + many + 1) for events in payment(n) for event in events
        ]
        number += many
        ledgered.append(batch)
        behind += len(batch)
        if behind >= SNAPSHOT_EVERY:
            behind = 0
        ledgered.books.forget_ended()
    for events in list(payment(number + 1))[:4]:
        ledgered.append(events)
    ledgered.close()
    return path
